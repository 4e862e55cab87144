/* schema_meta.c - I am the meta-schemas of JSON Schema 2020-12
 *
 * So a schema may refer to them, and a meta-schema of one's own may build upon
 * them. What they ask of a schema is asked when it is compiled, in words.
 *
 * Law: JSON Schema 2020-12, "Meta-Schemas and Vocabularies" and the appendices
 */
#include <string.h>

#include "schema_parts.h"

#define BASE "https://json-schema.org/draft/2020-12/"
#define HEAD(name)                                                             \
	"{\"$schema\":\"" BASE "schema\",\"$id\":\"" BASE name "\","           \
	"\"$dynamicAnchor\":\"meta\",\"type\":[\"object\",\"boolean\"],"
#define VOCABULARY(name)                                                       \
	"\"$vocabulary\":{\"" BASE "vocab/" name "\":true},\"properties\":{"
#define META "{\"$dynamicRef\":\"#meta\"}"
#define MAP_OF_META                                                            \
	"{\"type\":\"object\",\"additionalProperties\":" META ",\"default\":{}}"
#define ARRAY_OF_META "{\"type\":\"array\",\"minItems\":1,\"items\":" META "}"
#define COUNT "{\"type\":\"integer\",\"minimum\":0}"
#define NAMES                                                                  \
	"{\"type\":\"array\",\"items\":{\"type\":\"string\"},"                 \
	"\"uniqueItems\":true,\"default\":[]}"
#define ANCHOR                                                                 \
	"{\"type\":\"string\",\"pattern\":\"^[A-Za-z_][-A-Za-z0-9._]*$\"}"
#define REFERENCE "{\"type\":\"string\",\"format\":\"uri-reference\"}"
#define FLAG "{\"type\":\"boolean\",\"default\":false}"
#define STRING "{\"type\":\"string\"}"
#define NUMBER "{\"type\":\"number\"}"

static const struct {
	const char *uri;
	const char *text;
} metas[] = {
	{ BASE "schema",
	    HEAD(
		"schema") "\"$vocabulary\":{"
			  "\"" BASE "vocab/core\":true,"
			  "\"" BASE "vocab/applicator\":true,"
			  "\"" BASE "vocab/unevaluated\":true,"
			  "\"" BASE "vocab/validation\":true,"
			  "\"" BASE "vocab/meta-data\":true,"
			  "\"" BASE "vocab/format-annotation\":true,"
			  "\"" BASE "vocab/content\":true},"
			  "\"allOf\":[{\"$ref\":\"meta/core\"},"
			  "{\"$ref\":\"meta/applicator\"},{\"$ref\":\"meta/unevaluated\"},"
			  "{\"$ref\":\"meta/validation\"},{\"$ref\":\"meta/meta-data\"},"
			  "{\"$ref\":\"meta/format-annotation\"},"
			  "{\"$ref\":\"meta/content\"}],"
			  "\"properties\":{\"definitions\":" MAP_OF_META ","
			  "\"dependencies\":{\"type\":\"object\","
			  "\"additionalProperties\":{\"anyOf\":[" META "," NAMES
			  "]}},"
			  "\"$recursiveAnchor\":" ANCHOR
			  ",\"$recursiveRef\":" REFERENCE "}}" },
	{ BASE "meta/core",
	    HEAD("meta/core") VOCABULARY(
		"core") "\"$id\":{\"type\":\"string\","
			"\"format\":\"uri-reference\",\"pattern\":\"^[^#]*#?$\"},"
			"\"$schema\":{\"type\":\"string\",\"format\":\"uri\"},"
			"\"$ref\":" REFERENCE ",\"$anchor\":" ANCHOR ","
			"\"$dynamicRef\":" REFERENCE
			",\"$dynamicAnchor\":" ANCHOR ","
			"\"$vocabulary\":{\"type\":\"object\",\"propertyNames\":{"
			"\"type\":\"string\",\"format\":\"uri\"},"
			"\"additionalProperties\":{\"type\":\"boolean\"}},"
			"\"$comment\":" STRING ",\"$defs\":" MAP_OF_META "}}" },
	{ BASE "meta/applicator",
	    HEAD("meta/applicator") VOCABULARY(
		"applicator") "\"prefixItems\":" ARRAY_OF_META
			      ",\"items\":" META ",\"contains\":" META ","
			      "\"additionalProperties\":" META
			      ",\"properties\":" MAP_OF_META ","
			      "\"patternProperties\":{\"type\":\"object\","
			      "\"additionalProperties\":" META
			      ",\"propertyNames\":{"
			      "\"format\":\"regex\"},\"default\":{}},"
			      "\"dependentSchemas\":" MAP_OF_META
			      ",\"propertyNames\":" META ","
			      "\"if\":" META ",\"then\":" META ",\"else\":" META
			      ","
			      "\"allOf\":" ARRAY_OF_META
			      ",\"anyOf\":" ARRAY_OF_META ","
			      "\"oneOf\":" ARRAY_OF_META ",\"not\":" META
			      "}}" },
	{ BASE "meta/unevaluated",
	    HEAD("meta/unevaluated") VOCABULARY(
		"unevaluated") "\"unevaluatedItems\":" META
			       ",\"unevaluatedProperties\":" META "}}" },
	{ BASE "meta/validation",
	    HEAD("meta/validation") VOCABULARY(
		"validation") "\"type\":{"
			      "\"anyOf\":[{\"$ref\":\"#/$defs/simpleTypes\"},{\"type\":\"array\","
			      "\"items\":{\"$ref\":\"#/$defs/simpleTypes\"},\"minItems\":1,"
			      "\"uniqueItems\":true}]},\"const\":true,"
			      "\"enum\":{\"type\":\"array\",\"items\":true},"
			      "\"multipleOf\":{\"type\":\"number\",\"exclusiveMinimum\":0},"
			      "\"maximum\":" NUMBER
			      ",\"exclusiveMaximum\":" NUMBER ","
			      "\"minimum\":" NUMBER
			      ",\"exclusiveMinimum\":" NUMBER ","
			      "\"maxLength\":" COUNT ",\"minLength\":" COUNT ","
			      "\"pattern\":{\"type\":\"string\",\"format\":\"regex\"},"
			      "\"maxItems\":" COUNT ",\"minItems\":" COUNT ","
			      "\"uniqueItems\":" FLAG ",\"maxContains\":" COUNT
			      ","
			      "\"minContains\":" COUNT
			      ",\"maxProperties\":" COUNT ","
			      "\"minProperties\":" COUNT ",\"required\":" NAMES
			      ","
			      "\"dependentRequired\":{\"type\":\"object\","
			      "\"additionalProperties\":" NAMES "}},"
			      "\"$defs\":{\"simpleTypes\":{\"enum\":[\"array\",\"boolean\","
			      "\"integer\",\"null\",\"number\",\"object\",\"string\"]}}}" },
	{ BASE "meta/meta-data",
	    HEAD("meta/meta-data") VOCABULARY(
		"meta-data") "\"title\":" STRING ",\"description\":" STRING
			     ",\"default\":true,"
			     "\"deprecated\":" FLAG ",\"readOnly\":" FLAG ","
			     "\"writeOnly\":" FLAG
			     ",\"examples\":{\"type\":\"array\","
			     "\"items\":true}}}" },
	{ BASE "meta/format-annotation",
	    HEAD("meta/format-annotation")
		VOCABULARY("format-annotation") "\"format\":" STRING "}}" },
	{ BASE "meta/format-assertion",
	    HEAD("meta/format-assertion")
		VOCABULARY("format-assertion") "\"format\":" STRING "}}" },
	{ BASE "meta/content",
	    HEAD("meta/content")
		VOCABULARY("content") "\"contentEncoding\":" STRING
				      ",\"contentMediaType\":" STRING ","
				      "\"contentSchema\":" META "}}" },
};

const char *
schema_meta(const char *uri)
{
	for (size_t i = 0; i < sizeof(metas) / sizeof(metas[0]); i++)
		if (strcmp(metas[i].uri, uri) == 0)
			return metas[i].text;
	return NULL;
}
