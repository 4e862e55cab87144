/* postgres_text.h - I write and read values as PostgreSQL does: as text
 *
 * Which text that is, depends on the type. I know the types every server has;
 * one that a site has made itself is a text to me, and goes in as an array
 * where the value is one.
 *
 * Law: PostgreSQL "Data Types"; the session says DateStyle ISO, IntervalStyle
 * iso_8601 and bytea_output hex.
 */
#ifndef FCGI_POSTGRES_TEXT_H
#define FCGI_POSTGRES_TEXT_H

#include "fcgi/database.h"

struct postgres_type;

/* postgres_type_of() - by its object id; of an unknown one, what is said above
 */
const struct postgres_type *postgres_type_of(unsigned oid);

/* postgres_text_put() - append @value as a parameter of @type wants it, and
 * @value is not null
 * Shape:  of json and jsonb any value, as JSON; of an array an array; of bytea
 *         a string in base64; elsewhere arrays and objects are JSON texts
 * Return: 0; DATABASE_E_NUL; DATABASE_E_VALUE; -ENOMEM */
int postgres_text_put(struct mcp_buf *out, struct json_object *value,
    const struct postgres_type *type);

/* postgres_text_get() - what a column of @type says in @text
 * Shape:  dates and times as ISO 8601 has them; a numeric of at most 15 digits
 *         as a number, else as a text; NaN and infinity of a float as null;
 *         arrays, json and jsonb as JSON
 * Owner:  out->text is @text or in @scratch, which is overwritten */
void postgres_text_get(struct mcp_text text, const struct postgres_type *type,
    struct mcp_buf *scratch, struct database_value *out);

/* postgres_text_claim() - append a JSON Schema of all that can come out */
void postgres_text_claim(const struct postgres_type *type, struct mcp_buf *out);

#endif
