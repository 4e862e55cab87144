/* schema_value.c - I know when two JSON values are one to JSON Schema
 *
 * 1 is 1.0, and a multiple is one in decimal, as people wrote it: 0.0075 is a
 * multiple of 0.0001, whatever binary fractions say.
 *
 * Law: JSON Schema 2020-12, "Instance Equality", "multipleOf", "uniqueItems"
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema_parts.h"

#define LOOKED_THROUGH 4 /* members, before the others are hashed */

/* Most objects are small, and to look through those is faster than to hash. */
struct lh_entry *
value_member(struct lh_table *table, const char *name)
{
	struct lh_entry *entry = lh_table_head(table);

	for (int i = 0; i < LOOKED_THROUGH && entry != NULL; i++) {
		if (strcmp(lh_entry_k(entry), name) == 0)
			return entry;
		entry = lh_entry_next(entry);
	}
	return entry == NULL ? NULL : lh_table_lookup_entry(table, name);
}

long double
value_number(struct json_object *value)
{
	if (json_object_is_type(value, json_type_double))
		return json_object_get_double(value);
	if (json_object_get_int64(value) < 0)
		return (long double)json_object_get_int64(value);
	return (long double)json_object_get_uint64(value);
}

/* No double from 2^53 on has a fraction. */
static bool
is_whole(double number)
{
	return number == number &&
	    (number <= -0x1p53 || number >= 0x1p53 ||
		(double)(int64_t)number == number);
}

unsigned
value_type(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return TYPE_NULL;
	case json_type_boolean:
		return TYPE_BOOLEAN;
	case json_type_object:
		return TYPE_OBJECT;
	case json_type_array:
		return TYPE_ARRAY;
	case json_type_string:
		return TYPE_STRING;
	case json_type_int:
		return TYPE_NUMBER | TYPE_INTEGER;
	default:
		return is_whole(json_object_get_double(value))
		    ? TYPE_NUMBER | TYPE_INTEGER
		    : TYPE_NUMBER;
	}
}

static bool
equal_arrays(struct visit *visit, struct json_object *a, struct json_object *b)
{
	size_t n = json_object_array_length(a);

	if (n != json_object_array_length(b))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!value_equal(visit, json_object_array_get_idx(a, i),
			json_object_array_get_idx(b, i)))
			return false;
	return true;
}

static bool
equal_objects(struct visit *visit, struct json_object *a, struct json_object *b)
{
	struct json_object *other;

	if (json_object_object_length(a) != json_object_object_length(b))
		return false;
	json_object_object_foreach(a, key, value)
		if (!json_object_object_get_ex(b, key, &other) ||
		    !value_equal(visit, value, other))
			return false;
	return true;
}

static bool
equal_strings(struct json_object *a, struct json_object *b)
{
	int len = json_object_get_string_len(a);

	return len == json_object_get_string_len(b) &&
	    memcmp(json_object_get_string(a), json_object_get_string(b),
		(size_t)len) == 0;
}

bool
value_equal(struct visit *visit, struct json_object *a, struct json_object *b)
{
	if (!visit_charge(visit, 1))
		return false;
	if (value_is_number(a) && value_is_number(b))
		return value_number(a) == value_number(b);
	if (json_object_get_type(a) != json_object_get_type(b))
		return false;
	switch (json_object_get_type(a)) {
	case json_type_array:
		return equal_arrays(visit, a, b);
	case json_type_object:
		return equal_objects(visit, a, b);
	case json_type_string:
		return equal_strings(a, b);
	case json_type_boolean:
		return json_object_get_boolean(a) == json_object_get_boolean(b);
	default:
		return true;
	}
}

/* --- multiples ----------------------------------------------------------- */

/* mantissa * 10^exponent; the sign does not matter. */
struct decimal {
	uint64_t mantissa;
	int exponent;
};

static struct decimal
decimal_read(const char *text)
{
	struct decimal out = { 0, 0 };
	bool fraction = false;

	for (; *text != '\0' && *text != 'e'; text++) {
		if (*text >= '0' && *text <= '9') {
			out.mantissa =
			    out.mantissa * 10 + (uint64_t)(*text - '0');
			out.exponent -= fraction;
		} else if (*text != '-') {
			fraction = true;
		}
	}
	if (*text == 'e')
		out.exponent += atoi(text + 1);
	return out;
}

/* A double is the shortest number that reads as it. */
static struct decimal
decimal_of(struct json_object *value)
{
	struct decimal out = { 0, 0 };
	char text[40];
	double number;

	if (json_object_is_type(value, json_type_int)) {
		if (json_object_get_int64(value) < 0)
			out.mantissa = -(uint64_t)json_object_get_int64(value);
		else
			out.mantissa = json_object_get_uint64(value);
	} else {
		number = json_object_get_double(value);
		for (int digits = 14; digits <= 16; digits++) {
			snprintf(text, sizeof(text), "%.*e", digits, number);
			if (strtod(text, NULL) == number)
				break;
		}
		out = decimal_read(text);
	}
	while (out.mantissa != 0 && out.mantissa % 10 == 0) {
		out.mantissa /= 10;
		out.exponent++;
	}
	return out;
}

static uint64_t
mul_mod(uint64_t a, uint64_t b, uint64_t modulus)
{
	return (uint64_t)((unsigned __int128)a * b % modulus);
}

bool
value_is_multiple(struct json_object *value, struct json_object *of)
{
	struct decimal a = decimal_of(value), b = decimal_of(of);

	if (a.mantissa == 0)
		return true;
	/* no mantissa ends in 0, so what is finer than @of is no multiple */
	if (a.exponent < b.exponent || b.mantissa == 0)
		return false;
	a.mantissa %= b.mantissa;
	for (; a.exponent > b.exponent && a.mantissa != 0; a.exponent--)
		a.mantissa = mul_mod(a.mantissa, 10, b.mantissa);
	return a.mantissa == 0;
}

/* --- twins --------------------------------------------------------------- */

static uint64_t
mix(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *at = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t hash_of(struct visit *visit, struct json_object *value);

/* Members have no order. */
static uint64_t
hash_object(struct visit *visit, struct json_object *object)
{
	uint64_t sum = TYPE_OBJECT, hash;

	json_object_object_foreach(object, key, value) {
		hash = hash_of(visit, value);
		sum += mix(hash, key, strlen(key));
	}
	return sum;
}

static uint64_t
hash_array(struct visit *visit, struct json_object *array)
{
	uint64_t hash = TYPE_ARRAY, item;

	for (size_t i = 0; i < json_object_array_length(array); i++) {
		item = hash_of(visit, json_object_array_get_idx(array, i));
		hash = mix(hash, &item, sizeof(item));
	}
	return hash;
}

static uint64_t
hash_of(struct visit *visit, struct json_object *value)
{
	const uint64_t seed = UINT64_C(0xcbf29ce484222325);
	double number;

	if (!visit_charge(visit, 1))
		return 0;
	if (value_is_number(value)) {
		number = (double)value_number(value) + 0.0; /* no -0 */
		return mix(seed, &number, sizeof(number));
	}
	switch (json_object_get_type(value)) {
	case json_type_array:
		return hash_array(visit, value);
	case json_type_object:
		return hash_object(visit, value);
	case json_type_string:
		return mix(seed + TYPE_STRING, json_object_get_string(value),
		    (size_t)json_object_get_string_len(value));
	default:
		return value_type(value) +
		    (json_object_get_boolean(value) ? 1000 : 0);
	}
}

struct hashed {
	uint64_t hash;
	size_t index;
};

static int
hashed_compare(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* @all is sorted: equal items are neighbours, or nearly. */
static bool
find_twins(struct visit *visit, struct json_object *array,
    const struct hashed *all, size_t n, size_t twins[2])
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1;
		     j < n && all[j].hash == all[i].hash && visit->stopped == 0;
		     j++)
			if (value_equal(visit,
				json_object_array_get_idx(array, all[i].index),
				json_object_array_get_idx(
				    array, all[j].index))) {
				twins[0] = all[i].index;
				twins[1] = all[j].index;
				return true;
			}
	return false;
}

bool
value_twins(struct visit *visit, struct json_object *array, size_t twins[2])
{
	size_t n = json_object_array_length(array);
	struct hashed *all;
	bool found;

	if (n < 2 || !visit_charge(visit, n))
		return false;
	all = calloc(n, sizeof(*all));
	if (all == NULL) {
		visit_stop(visit, -ENOMEM);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		all[i].hash =
		    hash_of(visit, json_object_array_get_idx(array, i));
		all[i].index = i;
	}
	qsort(all, n, sizeof(*all), hashed_compare);
	found = visit->stopped == 0 && find_twins(visit, array, all, n, twins);
	free(all);
	return found;
}

size_t
value_code_points(struct json_object *string)
{
	const char *at = json_object_get_string(string);
	size_t len = (size_t)json_object_get_string_len(string), n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)at[i] & 0xc0) != 0x80;
	return n;
}
