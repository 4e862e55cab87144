/* conformance.c - I offer what the official conformance suite looks for
 *
 * The suite calls tools, prompts and resources by names of its own and says
 * what each must answer. I am a plugin like any other: all I know of the server
 * is <mcp/plugin.h>, and the server knows nothing of the suite.
 */

#include <mcp/plugin.h>

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

/* JSON as one writes it, without a backslash before every quote. */
#define JSON(...) #__VA_ARGS__

#define N(array) (sizeof(array) / sizeof((array)[0]))

MCP_PLUGIN;

/* One red pixel, and one silent sample. */
static const unsigned char png[] = {
	0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d,
	0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01,
	0x08, 0x02, 0x00, 0x00, 0x00, 0x90, 0x77, 0x53, 0xde, 0x00, 0x00, 0x00,
	0x0c, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0xb8, 0xa0, 0xa0, 0x00,
	0x00, 0x02, 0xd4, 0x01, 0x11, 0xf2, 0xa2, 0x0c, 0xfa, 0x00, 0x00, 0x00,
	0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
};
static const unsigned char wav[] = {
	0x52, 0x49, 0x46, 0x46, 0x26, 0x00, 0x00, 0x00, 0x57, 0x41, 0x56, 0x45,
	0x66, 0x6d, 0x74, 0x20, 0x10, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00,
	0x40, 0x1f, 0x00, 0x00, 0x80, 0x3e, 0x00, 0x00, 0x02, 0x00, 0x10, 0x00,
	0x64, 0x61, 0x74, 0x61, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00,
};

/* --- content ---------------------------------------------------------------- */

/* @context is the text. */
static int
say(struct mcp_call *call, void *context)
{
	mcp_text(call, context);
	return MCP_DONE;
}

static int
show_image(struct mcp_call *call, void *context)
{
	(void)context;
	mcp_image(call, "image/png", png, sizeof(png));
	return MCP_DONE;
}

static int
play_audio(struct mcp_call *call, void *context)
{
	(void)context;
	mcp_audio(call, "audio/wav", wav, sizeof(wav));
	return MCP_DONE;
}

static int
embed(struct mcp_call *call, void *context)
{
	(void)context;
	mcp_embed_text(call, "test://embedded-resource", "text/plain",
	    "This is an embedded resource content.");
	return MCP_DONE;
}

static int
mix(struct mcp_call *call, void *context)
{
	(void)context;
	mcp_text(call, "Multiple content types test:");
	mcp_image(call, "image/png", png, sizeof(png));
	mcp_embed_text(call, "test://mixed-content-resource",
	    "application/json", JSON({"test":"data","value":123}));
	return MCP_DONE;
}

static int
err(struct mcp_call *call, void *context)
{
	(void)context;
	mcp_text(call, "This tool intentionally returns an error for testing");
	mcp_is_error(call);
	return MCP_DONE;
}

/* --- while it runs ---------------------------------------------------------- */

static int
progress(struct mcp_call *call, void *context)
{
	(void)context;
	for (int done = 0; done <= 100; done += 50) {
		mcp_progress(call, done, 100, NULL);
		mcp_sleep(call, 50);
	}
	mcp_text(call, "Three steps were reported");
	return MCP_DONE;
}

static int
log_steps(struct mcp_call *call, void *context)
{
	(void)context;
	mcp_log_message(call, "info", NULL, JSON("Tool execution started"));
	mcp_sleep(call, 50);
	mcp_log_message(call, "info", NULL, JSON("Tool processing data"));
	mcp_sleep(call, 50);
	mcp_log_message(call, "info", NULL, JSON("Tool execution completed"));
	mcp_text(call, "Three messages were logged");
	return MCP_DONE;
}

/* The caller is let go, and comes back for the answer. */
static int
reconnect(struct mcp_call *call, void *context)
{
	mcp_release_connection(call);
	mcp_sleep(call, 100);
	return say(call, context);
}

/* @context is the list. */
static int
trigger_change(struct mcp_call *call, void *context)
{
	int n = mcp_list_changed(call, context);

	if (n < 0)
		mcp_is_error(call);
	mcp_printf(call, n < 0 ? "Nobody can be told" : "Told %d streams", n);
	return MCP_DONE;
}

static int
need_sampling(struct mcp_call *call, void *context)
{
	if (mcp_require(call, MCP_CAN_SAMPLE) != MCP_DONE)
		return MCP_FAILED;
	return say(call, context);
}

static int
echo_region(struct mcp_call *call, void *context)
{
	(void)context;
	mcp_printf(call, "Region: %s", mcp_string(call, "region", "nowhere"));
	return MCP_DONE;
}

/* --- asking ----------------------------------------------------------------- */

#define NAME_FORM \
	JSON({"type":"object", "properties":{"name":{"type":"string"}}, \
	    "required":["name"]})
#define OK_FORM \
	JSON({"type":"object", "properties":{"ok":{"type":"boolean"}}, \
	    "required":["ok"]})
#define ASK_CAPITAL \
	JSON({"messages":[{"role":"user", "content":{"type":"text", \
	    "text":"What is the capital of France?"}}], "maxTokens":100})

/* Say what stands at @pointer of @answer, between two other texts. */
static void
tell(struct mcp_call *call, const char *before, const char *answer,
    const char *pointer, const char *after)
{
	struct json_object *root = json_tokener_parse(answer), *at = NULL;

	json_pointer_get(root, pointer, &at);
	mcp_printf(call, "%s%s%s", before,
	    at != NULL ? json_object_get_string(at) : "nothing", after);
	json_object_put(root);
}

/* Shape: a form that is filled in, and repeated */
struct form {
	const char *message;
	const char *schema;
};

static const struct form defaults = { "Please check the defaults",
	JSON({"type":"object", "properties":{
	    "name":{"type":"string", "default":"John Doe"},
	    "age":{"type":"integer", "default":30},
	    "score":{"type":"number", "default":95.5},
	    "status":{"type":"string", "enum":["active","inactive","pending"],
		"default":"active"},
	    "verified":{"type":"boolean", "default":true}}}) };

static const struct form enums = { "Please choose",
	JSON({"type":"object", "properties":{
	    "untitledSingle":{"type":"string",
		"enum":["option1","option2","option3"]},
	    "titledSingle":{"type":"string", "oneOf":[
		{"const":"value1", "title":"First Option"},
		{"const":"value2", "title":"Second Option"},
		{"const":"value3", "title":"Third Option"}]},
	    "legacyEnum":{"type":"string", "enum":["opt1","opt2","opt3"],
		"enumNames":["Option One","Option Two","Option Three"]},
	    "untitledMulti":{"type":"array", "items":{"type":"string",
		"enum":["option1","option2","option3"]}},
	    "titledMulti":{"type":"array", "items":{"anyOf":[
		{"const":"value1", "title":"First Choice"},
		{"const":"value2", "title":"Second Choice"},
		{"const":"value3", "title":"Third Choice"}]}}}}) };

static const struct form person = { "Who are you?",
	JSON({"type":"object", "properties":{
	    "username":{"type":"string", "description":"User's response"},
	    "email":{"type":"string", "description":"User's email address"}},
	    "required":["username","email"]}) };

/* @context is the form; the message may be an argument. */
static int
elicit(struct mcp_call *call, void *context)
{
	const struct form *form = context;
	const char *answer;
	int condition = mcp_elicit(call, "form",
	    mcp_string(call, "message", form->message), form->schema, &answer);

	if (condition == MCP_DONE)
		mcp_printf(call, "User response: %s", answer);
	return condition;
}

static int
sample_prompt(struct mcp_call *call, void *context)
{
	struct json_object *params = json_tokener_parse(ASK_CAPITAL);
	const char *answer;
	int condition;

	(void)context;
	json_pointer_set(&params, "/messages/0/content/text",
	    json_object_new_string(mcp_string(call, "prompt", "")));
	condition = mcp_sample(call, "sample",
	    json_object_to_json_string(params), &answer);
	json_object_put(params);
	if (condition == MCP_DONE)
		tell(call, "LLM response: ", answer, "/content/text", "");
	return condition;
}

static int
greet(struct mcp_call *call, void *context)
{
	const char *answer;
	int condition = mcp_elicit(call, "user_name", "What is your name?",
	    NAME_FORM, &answer);

	(void)context;
	if (condition == MCP_DONE)
		tell(call, "Hello, ", answer, "/content/name", "!");
	return condition;
}

static int
sample(struct mcp_call *call, void *context)
{
	const char *answer;
	int condition = mcp_sample(call, "capital", ASK_CAPITAL, &answer);

	(void)context;
	if (condition == MCP_DONE)
		tell(call, "LLM response: ", answer, "/content/text", "");
	return condition;
}

static int
list_roots(struct mcp_call *call, void *context)
{
	const char *answer;
	int condition = mcp_roots(call, "roots", &answer);

	(void)context;
	if (condition == MCP_DONE)
		tell(call, "First root: ", answer, "/roots/0/uri", "");
	return condition;
}

/* Notes travel through the client and come back unchanged. */
static int
keep_state(struct mcp_call *call, void *context)
{
	const char *answer;
	int condition;

	(void)context;
	mcp_set_state(call, "a note");
	condition = mcp_elicit(call, "confirm", "Please confirm", OK_FORM,
	    &answer);
	if (condition == MCP_DONE)
		tell(call, "state-ok, confirmed: ", answer, "/content/ok", "");
	return condition;
}

/* All three go out at once. */
static int
ask_all(struct mcp_call *call, void *context)
{
	const char *name, *capital, *roots;
	int named = mcp_elicit(call, "user_name", "What is your name?",
	    NAME_FORM, &name);
	int sampled = mcp_sample(call, "capital", ASK_CAPITAL, &capital);
	int listed = mcp_roots(call, "roots", &roots);

	(void)context;
	if (named == MCP_FAILED || sampled == MCP_FAILED ||
	    listed == MCP_FAILED)
		return MCP_FAILED;
	if (named == MCP_PENDING || sampled == MCP_PENDING ||
	    listed == MCP_PENDING)
		return MCP_PENDING;
	tell(call, "Name: ", name, "/content/name", "");
	tell(call, "LLM response: ", capital, "/content/text", "");
	tell(call, "First root: ", roots, "/roots/0/uri", "");
	return MCP_DONE;
}

/* The second question depends on the first answer. */
static int
ask_twice(struct mcp_call *call, void *context)
{
	const char *name, *colour;
	int condition = mcp_elicit(call, "name", "What is your name?",
	    NAME_FORM, &name);

	(void)context;
	if (condition != MCP_DONE)
		return condition;
	condition = mcp_elicit(call, "colour", "What is your favourite colour?",
	    JSON({"type":"object", "properties":{"colour":{"type":"string"}},
		"required":["colour"]}), &colour);
	if (condition != MCP_DONE)
		return condition;
	tell(call, "Name: ", name, "/content/name", "");
	tell(call, "Colour: ", colour, "/content/colour", "");
	return MCP_DONE;
}

/* Only what this client can be asked. */
static int
ask_what_it_can(struct mcp_call *call, void *context)
{
	if (mcp_client_can(call, MCP_CAN_ELICIT))
		return greet(call, context);
	if (mcp_client_can(call, MCP_CAN_SAMPLE))
		return sample(call, context);
	if (mcp_client_can(call, MCP_CAN_ROOTS))
		return list_roots(call, context);
	mcp_text(call, "This client cannot be asked anything");
	return MCP_DONE;
}

/* --- tasks ------------------------------------------------------------------ */

static int
hello(struct mcp_call *call, void *context)
{
	(void)context;
	mcp_printf(call, "Hello, %s!", mcp_string(call, "name", "nobody"));
	return MCP_DONE;
}

/* What takes no time needs no task. */
static int
compute(struct mcp_call *call, void *context)
{
	double seconds = mcp_number(call, "seconds", 0);

	(void)context;
	if (seconds >= 1)
		mcp_become_task(call, false);
	if (seconds > 0 && mcp_sleep(call, (unsigned)(seconds * 1000)) != 0)
		return MCP_DONE; /* nobody wants to know any more */
	mcp_printf(call, "Computed %s", mcp_string(call, "label", "nothing"));
	return MCP_DONE;
}

static int
fail_as_task(struct mcp_call *call, void *context)
{
	(void)context;
	if (mcp_become_task(call, true) != MCP_DONE)
		return MCP_FAILED;
	mcp_sleep(call, 1000);
	mcp_text(call, "The job has failed, as it always does");
	mcp_is_error(call);
	return MCP_DONE;
}

static int
break_as_task(struct mcp_call *call, void *context)
{
	(void)context;
	mcp_become_task(call, false);
	mcp_sleep(call, 200);
	return mcp_fail(call, -32603, "The job broke, as it always does", NULL);
}

static int
confirm_delete(struct mcp_call *call, void *context)
{
	const char *answer;
	int condition;

	(void)context;
	mcp_become_task(call, false);
	condition = mcp_elicit(call, "confirm", "Really delete it?",
	    JSON({"type":"object", "properties":{"confirm":{"type":"boolean"}},
		"required":["confirm"]}), &answer);
	if (condition == MCP_DONE)
		tell(call, "Confirmed: ", answer, "/content/confirm", "");
	return condition;
}

static int
ask_two_as_task(struct mcp_call *call, void *context)
{
	const char *name, *ok;
	int named, agreed;

	(void)context;
	mcp_become_task(call, false);
	named = mcp_elicit(call, "name", "What is your name?", NAME_FORM,
	    &name);
	agreed = mcp_elicit(call, "ok", "Is that all right?", OK_FORM, &ok);
	if (named != MCP_DONE)
		return named;
	if (agreed != MCP_DONE)
		return agreed;
	tell(call, "Name: ", name, "/content/name", "");
	tell(call, "All right: ", ok, "/content/ok", "");
	return MCP_DONE;
}

/* One question before there is a task. */
static int
ask_then_become_task(struct mcp_call *call, void *context)
{
	const char *answer;
	int condition = mcp_elicit(call, "name", "What is your name?",
	    NAME_FORM, &answer);

	(void)context;
	if (condition != MCP_DONE)
		return condition;
	mcp_become_task(call, false);
	mcp_sleep(call, 200);
	tell(call, "Hello, ", answer, "/content/name", "!");
	return MCP_DONE;
}

/* --- prompts ---------------------------------------------------------------- */

static int
prompt_simple(struct mcp_call *call, void *context)
{
	(void)context;
	mcp_message(call, "user");
	mcp_text(call, "This is a simple prompt for testing.");
	return MCP_DONE;
}

static int
prompt_arguments(struct mcp_call *call, void *context)
{
	(void)context;
	mcp_message(call, "user");
	mcp_printf(call, "Prompt with arguments: arg1='%s', arg2='%s'",
	    mcp_string(call, "arg1", ""), mcp_string(call, "arg2", ""));
	return MCP_DONE;
}

static int
prompt_embedded(struct mcp_call *call, void *context)
{
	(void)context;
	mcp_message(call, "user");
	mcp_embed_text(call, mcp_string(call, "resourceUri", ""), "text/plain",
	    "Embedded resource content for testing.");
	mcp_message(call, "user");
	mcp_text(call, "Please process the embedded resource above.");
	return MCP_DONE;
}

static int
prompt_image(struct mcp_call *call, void *context)
{
	(void)context;
	mcp_message(call, "user");
	mcp_image(call, "image/png", png, sizeof(png));
	mcp_message(call, "user");
	mcp_text(call, "Please analyze the image above.");
	return MCP_DONE;
}

static int
prompt_asking(struct mcp_call *call, void *context)
{
	const char *answer;
	int condition = mcp_elicit(call, "user_context",
	    "What context should the prompt use?",
	    JSON({"type":"object", "properties":{"context":{"type":"string"}},
		"required":["context"]}), &answer);

	(void)context;
	if (condition != MCP_DONE)
		return condition;
	mcp_message(call, "user");
	tell(call, "Use this context: ", answer, "/content/context", "");
	return MCP_DONE;
}

static int
complete_arg1(struct mcp_call *call, void *context)
{
	static const char *const values[] = { "testValue1", "testValue2",
		"another" };
	const char *typed = mcp_string(call, "value", "");

	(void)context;
	for (size_t i = 0; i < N(values); i++)
		if (strncmp(values[i], typed, strlen(typed)) == 0)
			mcp_value(call, values[i]);
	return MCP_DONE;
}

/* --- resources -------------------------------------------------------------- */

static int
read_binary(struct mcp_call *call, void *context)
{
	(void)context;
	mcp_blob(call, "image/png", png, sizeof(png));
	return MCP_DONE;
}

static int
read_template(struct mcp_call *call, void *context)
{
	struct json_object *data = json_tokener_parse(mcp_arguments(call));
	const char *id = mcp_string(call, "id", "");
	char about[256];

	(void)context;
	snprintf(about, sizeof(about), "Data for ID: %s", id);
	json_object_object_add(data, "templateTest",
	    json_object_new_boolean(true));
	json_object_object_add(data, "data", json_object_new_string(about));
	mcp_text(call, json_object_to_json_string_ext(data,
	    JSON_C_TO_STRING_PLAIN));
	json_object_put(data);
	return MCP_DONE;
}

/* --- what there is ---------------------------------------------------------- */

struct entry {
	const char *definition;
	mcp_handler_fn handler;
	const void *context;
};

/* The suite calls the first one without arguments. */
static const struct entry tools[] = {
	{ JSON({"name":"test_simple_text", "description":"Answers a text"}),
	    say, "This is a simple text response for testing." },
	{ JSON({"name":"test_image_content", "description":"Answers an image"}),
	    show_image, NULL },
	{ JSON({"name":"test_audio_content", "description":"Answers a sound"}),
	    play_audio, NULL },
	{ JSON({"name":"test_embedded_resource",
	    "description":"Answers a resource"}),
	    embed, NULL },
	{ JSON({"name":"test_multiple_content_types",
	    "description":"Answers a text, an image and a resource"}),
	    mix, NULL },
	{ JSON({"name":"test_error_handling", "description":"Always fails"}),
	    err, NULL },
	{ JSON({"name":"test_tool_with_progress",
	    "description":"Reports its progress"}),
	    progress, NULL },
	{ JSON({"name":"test_tool_with_logging",
	    "description":"Logs what it does"}),
	    log_steps, NULL },
	{ JSON({"name":"test_logging_tool",
	    "description":"Logs what it does, if one wants to hear it"}),
	    log_steps, NULL },
	{ JSON({"name":"test_reconnection",
	    "description":"Answers on the caller's next connection"}),
	    reconnect, "Reconnection test completed" },
	{ JSON({"name":"test_sampling",
	    "description":"Has the client's model answer a prompt",
	    "inputSchema":{"type":"object",
		"properties":{"prompt":{"type":"string"}},
		"required":["prompt"]}}),
	    sample_prompt, NULL },
	{ JSON({"name":"test_elicitation",
	    "description":"Asks the user who they are",
	    "inputSchema":{"type":"object",
		"properties":{"message":{"type":"string"}},
		"required":["message"]}}),
	    elicit, &person },
	{ JSON({"name":"test_elicitation_sep1034_defaults",
	    "description":"Shows a form with defaults of every type"}),
	    elicit, &defaults },
	{ JSON({"name":"test_elicitation_sep1330_enums",
	    "description":"Shows a form with choices of every kind"}),
	    elicit, &enums },
	{ JSON({"name":"json_schema_2020_12_tool",
	    "description":"Has a schema that must be shown as it is",
	    "inputSchema":{
		"$schema":"https://json-schema.org/draft/2020-12/schema",
		"type":"object",
		"$defs":{"address":{"$anchor":"addressDef", "type":"object",
		    "properties":{"street":{"type":"string"},
			"city":{"type":"string"}}}},
		"properties":{"name":{"type":"string"},
		    "address":{"$ref":"#/$defs/address"},
		    "contactMethod":{"type":"string", "enum":["phone","email"]},
		    "phone":{"type":"string"}, "email":{"type":"string"}},
		"allOf":[{"anyOf":[{"required":["phone"]},
		    {"required":["email"]}]}],
		"if":{"properties":{"contactMethod":{"const":"phone"}},
		    "required":["contactMethod"]},
		"then":{"required":["phone"]},
		"else":{"required":["email"]},
		"additionalProperties":false}}),
	    say, "The arguments obey the schema" },
	{ JSON({"name":"test_missing_capability",
	    "description":"Needs a client with a model"}),
	    need_sampling, "The client has a model" },
	{ JSON({"name":"test_streaming_elicitation",
	    "description":"Asks nothing while it streams"}),
	    say, "Nothing was asked" },
	{ JSON({"name":"test_trigger_tool_change",
	    "description":"Announces that the tools have changed"}),
	    trigger_change, "tools" },
	{ JSON({"name":"test_trigger_prompt_change",
	    "description":"Announces that the prompts have changed"}),
	    trigger_change, "prompts" },
	{ JSON({"name":"test_x_mcp_header",
	    "description":"Has an argument that stands in a header too",
	    "inputSchema":{"type":"object", "properties":{
		"region":{"type":"string", "x-mcp-header":"Region"}}}}),
	    echo_region, NULL },
	{ JSON({"name":"test_input_required_result_elicitation",
	    "description":"Asks the user's name"}),
	    greet, NULL },
	{ JSON({"name":"test_input_required_result_sampling",
	    "description":"Asks the client's model"}),
	    sample, NULL },
	{ JSON({"name":"test_input_required_result_list_roots",
	    "description":"Asks for the client's roots"}),
	    list_roots, NULL },
	{ JSON({"name":"test_input_required_result_request_state",
	    "description":"Keeps a note from round to round"}),
	    keep_state, NULL },
	{ JSON({"name":"test_input_required_result_multiple_inputs",
	    "description":"Asks user, model and roots at once"}),
	    ask_all, NULL },
	{ JSON({"name":"test_input_required_result_multi_round",
	    "description":"Asks one thing after another"}),
	    ask_twice, NULL },
	{ JSON({"name":"test_input_required_result_tampered_state",
	    "description":"Keeps a note that nobody may alter"}),
	    keep_state, NULL },
	{ JSON({"name":"test_input_required_result_capabilities",
	    "description":"Asks only what the client can answer"}),
	    ask_what_it_can, NULL },
	{ JSON({"name":"greet", "description":"Greets at once",
	    "inputSchema":{"type":"object",
		"properties":{"name":{"type":"string"}},
		"required":["name"]}}),
	    hello, NULL },
	{ JSON({"name":"slow_compute",
	    "description":"Takes as long as it is told to",
	    "inputSchema":{"type":"object", "properties":{
		"seconds":{"type":"number", "minimum":0, "maximum":3600},
		"label":{"type":"string"}}}}),
	    compute, NULL },
	{ JSON({"name":"failing_job",
	    "description":"Fails after a second, as a task only"}),
	    fail_as_task, NULL },
	{ JSON({"name":"protocol_error_job",
	    "description":"Breaks soon, as a task"}),
	    break_as_task, NULL },
	{ JSON({"name":"confirm_delete",
	    "description":"Asks before it deletes, as a task",
	    "inputSchema":{"type":"object",
		"properties":{"filename":{"type":"string"}},
		"required":["filename"]}}),
	    confirm_delete, NULL },
	{ JSON({"name":"multi_input",
	    "description":"Asks two things at once, as a task"}),
	    ask_two_as_task, NULL },
	{ JSON({"name":"test_tool_with_task",
	    "description":"Asks a name, and then becomes a task"}),
	    ask_then_become_task, NULL },
};

static const struct entry prompts[] = {
	{ JSON({"name":"test_simple_prompt",
	    "description":"A prompt without arguments"}),
	    prompt_simple, NULL },
	{ JSON({"name":"test_prompt_with_arguments",
	    "description":"A prompt with two arguments",
	    "arguments":[
		{"name":"arg1", "description":"The first", "required":true},
		{"name":"arg2", "description":"The second", "required":true}]}),
	    prompt_arguments, NULL },
	{ JSON({"name":"test_prompt_with_embedded_resource",
	    "description":"A prompt that brings a resource",
	    "arguments":[{"name":"resourceUri",
		"description":"URI of the resource", "required":true}]}),
	    prompt_embedded, NULL },
	{ JSON({"name":"test_prompt_with_image",
	    "description":"A prompt that brings an image"}),
	    prompt_image, NULL },
	{ JSON({"name":"test_input_required_result_prompt",
	    "description":"A prompt that asks before it is made"}),
	    prompt_asking, NULL },
};

static const struct entry resources[] = {
	{ JSON({"uri":"test://static-text", "name":"static-text",
	    "description":"A text", "mimeType":"text/plain"}),
	    say, "This is the content of the static text resource." },
	{ JSON({"uri":"test://static-binary", "name":"static-binary",
	    "description":"An image", "mimeType":"image/png"}),
	    read_binary, NULL },
	{ JSON({"uri":"test://watched-resource", "name":"watched-resource",
	    "description":"A text one may subscribe to",
	    "mimeType":"text/plain"}),
	    say, "Watched resource content" },
	{ JSON({"uriTemplate":"test://template/{id}/data", "name":"template",
	    "description":"Data by id", "mimeType":"application/json"}),
	    read_template, NULL },
};

typedef int (*add_fn)(struct mcp_plugin *plugin, const char *definition,
    mcp_handler_fn handler, void *context);

/* Return: how many were refused */
static int
add_all(struct mcp_plugin *plugin, add_fn add, const struct entry *entries,
    size_t n)
{
	int refused = 0;

	for (size_t i = 0; i < n; i++)
		if (add(plugin, entries[i].definition, entries[i].handler,
			(void *)(uintptr_t)entries[i].context) != 0)
			refused++;
	return refused;
}

int
mcp_plugin_init(struct mcp_plugin *plugin)
{
	int refused = add_all(plugin, mcp_add_tool, tools, N(tools)) +
	    add_all(plugin, mcp_add_prompt, prompts, N(prompts)) +
	    add_all(plugin, mcp_add_resource, resources, N(resources));

	if (mcp_add_completion(plugin, "test_prompt_with_arguments", "arg1",
		complete_arg1, NULL) != 0)
		refused++;
	return refused;
}
