/* fuzz_scan.c - what the strict eye accepts, json-c reads, and nobody else
 * reads otherwise
 *
 * input = flags JSON
 */
#include "tests/fuzz/fuzz.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include <mcp/json.h>
#include <mcp/scan.h>
#include <mcp/tree.h>

static void
refused(struct mcp_text json, int condition, const struct mcp_scan_error *error)
{
	LAW(condition >= MCP_SCAN_E_SYNTAX && condition <= MCP_SCAN_E_NUL);
	LAW(error->offset <= json.len);
	LAW(error->line >= 1 && error->column >= 1 && error->what != NULL);
}

/* Of an array that was accepted each element is a value by itself. */
static void
elements(struct mcp_text json)
{
	struct mcp_text value = MCP_TEXT_INIT;

	while (mcp_scan_next(json, &value) == 0)
		LAW(value.len > 0 && fuzz_lies_in(value, json) &&
		    fuzz_is_json(value));
}

/* the members that a tree has, of all its objects */
static size_t
n_members(struct json_object *tree)
{
	size_t n = 0;

	if (json_object_is_type(tree, json_type_array))
		for (size_t i = 0; i < json_object_array_length(tree); i++)
			n += n_members(json_object_array_get_idx(tree, i));
	if (!json_object_is_type(tree, json_type_object))
		return n;
	json_object_object_foreach(tree, key, value)
		n += key != NULL ? 1 + n_members(value) : 0;
	return n;
}

/* and those that its text has: colons, but for those in strings */
static size_t
n_colons(struct mcp_text json)
{
	bool inside = false;
	size_t n = 0;

	for (size_t i = 0; i < json.len; i++)
		if (inside && json.at[i] == '\\')
			i++;
		else if (json.at[i] == '"')
			inside = !inside;
		else
			n += !inside && json.at[i] == ':';
	return n;
}

/* json-c puts U+FFFD where there is no character, and keeps one of two equal
 * keys: it was not to come to that. */
static void
is_whole(struct mcp_text json, unsigned flags, struct json_object *tree)
{
	char *string = mcp_text_dup(json);

	if (flags & MCP_SCAN_COMMENTS)
		mcp_scan_blank(string, json.len);
	json.at = string;
	LAW(mcp_scan(json, MCP_SCAN_MANY, NULL, 0, NULL) == 0);
	LAW(n_members(tree) == n_colons(json));
	LAW(strstr(mcp_json_text(tree), "\xef\xbf\xbd") == NULL ||
	    strcasestr(string, "fffd") != NULL ||
	    strstr(string, "\xef\xbf\xbd") != NULL);
	free(string);
}

/* Our tree is the one that json-c would have made. */
static void
is_tree(struct mcp_text json, struct json_object *theirs)
{
	struct json_object *ours;
	char *text;

	LAW(mcp_tree(json, NULL, &ours) == 0);
	LAW(json_object_equal(ours, theirs));
	text = mcp_text_dup(mcp_text_of(mcp_json_text(ours)));
	LAW(strcmp(text, mcp_json_text(theirs)) == 0);
	free(text);
	json_object_put(ours);
}

/* Each member lies where it is said to lie, and the tree without it is theirs
 * without it. */
static void
is_found(struct mcp_text json, struct json_object *theirs, const char *name,
    struct json_object *value)
{
	struct mcp_scan_watch watch = { name, MCP_TEXT_INIT }, aside = watch;
	struct json_object *found, *rest;

	mcp_scan_members(json, &watch, 1);
	LAW(watch.value.len > 0 && fuzz_lies_in(watch.value, json));
	LAW(mcp_tree(watch.value, NULL, &found) == 0);
	LAW(json_object_equal(found, value));
	LAW(mcp_tree(json, &aside, &rest) == 0);
	LAW(mcp_text_equal(aside.value, watch.value));
	LAW(json_object_object_length(rest) ==
	    json_object_object_length(theirs) - 1);
	LAW(!json_object_object_get_ex(rest, name, NULL));
	json_object_put(found);
	json_object_put(rest);
}

static void
members(struct mcp_text json, struct json_object *theirs)
{
	struct mcp_scan_watch watch = { "nobody's", MCP_TEXT_INIT };

	mcp_scan_members(json, &watch, 1);
	if (!json_object_is_type(theirs, json_type_object)) {
		LAW(watch.value.len == 0);
		return;
	}
	LAW((watch.value.len > 0) ==
	    json_object_object_get_ex(theirs, watch.name, NULL));
	json_object_object_foreach(theirs, name, value)
		is_found(json, theirs, name, value);
}

static void
accepted(struct mcp_text json, unsigned flags)
{
	struct json_object *tree = fuzz_json(json, flags);

	LAW(fuzz_is_json(mcp_text_of(mcp_json_text(tree))));
	is_whole(json, flags, tree);
	if ((flags & MCP_SCAN_COMMENTS) == 0) {
		is_tree(json, tree);
		members(json, tree);
	}
	LAW(mcp_scan_line(json, flags, "/a/0/b") >=
	    mcp_scan_line(json, flags, ""));
	json_object_put(tree);
	if ((flags & MCP_SCAN_COMMENTS) == 0)
		elements(json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text json = { (const char *)data, size };
	unsigned flags = fuzz_pick(&json, 4);
	struct mcp_scan_watch watch = { "id", MCP_TEXT_INIT };
	struct mcp_scan_error error;
	int condition = mcp_scan(json, flags, &watch, 1, &error);

	if (condition != 0)
		refused(json, condition, &error);
	else
		accepted(json, flags);
	LAW(fuzz_lies_in(watch.value, json));
	LAW(condition != 0 || watch.value.len == 0 ||
	    mcp_scan(watch.value, flags, NULL, 0, NULL) == 0);
	return 0;
}
