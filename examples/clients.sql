-- clients.sql - a small customer register for the example, made up entirely
--
--   sqlite3 clients.db < clients.sql
--
-- Test Client and 2,499 others, the same on every machine: fifty first names
-- and fifty last names, each pair once.

BEGIN;

CREATE TABLE clients (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	email TEXT NOT NULL,
	phone TEXT,
	notes TEXT,
	created_at TEXT NOT NULL,
	updated_at TEXT NOT NULL
);

CREATE UNIQUE INDEX clients_email ON clients (email);

INSERT INTO clients VALUES (1, 'Test Client', 'test@example.com',
	'+1-202-555-0100', 'The one to try things out with.',
	'2025-06-21T08:31:48Z', '2025-06-21T08:31:48Z');

WITH RECURSIVE
lists (first, last, note, host) AS (VALUES (
	'["Ada","Amina","Anders","Beatriz","Björn","Carla","Chen","Clara","Daniel",
	  "David","Elena","Emeka","Emma","Fatima","Felix","Giulia","Grace","Hana",
	  "Hugo","Ines","Ivan","Jana","João","Jonas","Julia","Kofi","Lars","Leila",
	  "Lin","Lucas","Magda","Maria","Mateo","Mei","Nadia","Nils","Noah","Olga",
	  "Omar","Paula","Petra","Rafael","Rosa","Samuel","Sofia","Tariq","Thomas",
	  "Vera","Yuki","Zofia"]',
	'["Abebe","Almeida","Andersson","Bakker","Bauer","Becker","Bianchi","Brown",
	  "Castro","Cohen","Costa","Dubois","Eriksen","Fischer","Fontana","Garcia",
	  "Haddad","Hansen","Horvat","Ibrahim","Ito","Jansen","Johnson","Kaya",
	  "Keller","Kim","Kowalski","Lambert","Larsen","Lopez","Martin","Meyer",
	  "Mensah","Moreau","Nakamura","Nguyen","Novak","Okafor","Oliveira",
	  "Petrov","Popescu","Rossi","Santos","Schmidt","Silva","Smith","Tanaka",
	  "Virtanen","Weber","Yilmaz"]',
	'["Prefers e-mail.","Call after noon.","Invoices by post.","",
	  "Renews every spring.","Asked for a quote in writing.",
	  "Met at the trade fair."]',
	'["example.com","example.net","example.org"]')),
numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2499),
people (n, first, last, note, host) AS (
	SELECT n, json_extract(first, '$[' || (n % 50) || ']'),
		json_extract(last, '$[' || ((n + n / 50) % 50) || ']'),
		json_extract(note, '$[' || (n % 7) || ']'),
		json_extract(host, '$[' || (n % 3) || ']')
	FROM numbers, lists)
INSERT INTO clients
SELECT n + 1,
	first || ' ' || last,
	lower(replace(replace(first, 'ö', 'oe'), 'ã', 'a') || '.' || last)
		|| '@' || host,
	printf('+1-%03d-555-01%02d', 201 + n * 37 % 700, n * 13 % 100),
	nullif(note, ''),
	strftime('%Y-%m-%dT%H:%M:%SZ', '2022-01-03 08:00:00',
		printf('+%d minutes', n * 547)),
	strftime('%Y-%m-%dT%H:%M:%SZ', '2022-01-03 08:00:00',
		printf('+%d minutes', n * 547 + n * n % 90000))
FROM people;

COMMIT;
