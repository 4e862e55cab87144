/* fuzz_template.c - a template says what it was made of */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "common/template.h"

/* Each piece as it must have stood there. */
static void
write_back(const struct mcp_template *template, struct mcp_buf *out)
{
	for (size_t i = 0; i < template->n; i++) {
		const struct mcp_template_piece *piece = &template->pieces[i];

		if (piece->place)
			mcp_buf_printf(out, "{%s}", piece->text);
		for (size_t j = 0; !piece->place && j < piece->len; j++) {
			char c = piece->text[j];

			mcp_buf_putc(out, c);
			if (c == '{' || c == '}')
				mcp_buf_putc(out, c);
		}
	}
}

static struct mcp_text
no_value(void *context, const char *name)
{
	(void)context;
	LAW(*name != '\0');
	return MCP_TEXT_INIT;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text rest = { (const char *)data, size };
	char *text = fuzz_cut(&rest);
	struct mcp_template template = { NULL, 0 };
	struct mcp_buf again = MCP_BUF_INIT, out = MCP_BUF_INIT;
	const char *why = NULL;
	int condition = template_init(&template, mcp_text_of(text), &why);

	LAW(condition == 0 || condition == TEMPLATE_E_BAD);
	LAW((condition == 0) == (why == NULL));
	write_back(&template, &again);
	if (condition == 0)
		LAW(mcp_text_is(mcp_buf_view(&again), text));
	mcp_template_expand(&template, no_value, NULL, &out);
	LAW(out.len <= again.len);
	template_deinit(&template);
	mcp_buf_deinit(&again);
	mcp_buf_deinit(&out);
	free(text);
	return 0;
}
