/* fuzz_upgrade.c - what a broker has left is taken over, or refused, and given
 * back whole; what was taken over can be left again
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker/broker.h"

static struct mcp_config *
config(void)
{
	static struct mcp_config *config;
	struct mcp_problems problems = MCP_PROBLEMS_INIT;

	if (config == NULL &&
	    mcp_config_load(fuzz_file(MCP_TEXT("{}")), &config, &problems) !=
		0) {
		mcp_problems_print(&problems, 2);
		abort();
	}
	mcp_problems_deinit(&problems);
	return config;
}

/* A rehearsal opens none, and what is left has descriptors. */
static void
give_door(struct broker *broker, struct door *door)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	TAILQ_INIT(&door->visits);
	if (uv_pipe_init(&broker->loop, &door->listener.pipe, 0) != 0 ||
	    uv_pipe_open(&door->listener.pipe, fd) != 0)
		abort();
}

static void
begin(struct broker *broker)
{
	static char program[] = "mcp-broker", *words[] = { program, NULL };
	struct mcp_config *shared = config();
	char *none = NULL;

	if (broker_init(broker, &shared, NULL) != 0 ||
	    reload_init(broker, "", "", &none) != 0 ||
	    upgrade_init(broker, 1, words, "") != 0)
		abort();
	give_door(broker, &broker->mount);
	give_door(broker, &broker->admin);
}

static void
end(struct broker *broker)
{
	uv_close(&broker->mount.listener.handle, NULL);
	uv_close(&broker->admin.listener.handle, NULL);
	upgrade_forget(broker);
	broker->config = NULL; /* it is shared */
	broker_deinit(broker);
}

static int
load(struct broker *broker, struct mcp_text state)
{
	struct heritage heritage = HERITAGE_INIT;
	int error;

	heritage.bytes = state;
	error = heritage_open(&heritage, true);
	if (error == 0)
		error = upgrade_load(broker, &heritage);
	LAW(error == 0 || error == -EINVAL || error == -ENOMEM);
	heritage_deinit(&heritage);
	return error;
}

/* Nothing of it is lost by one more upgrade. Who is connected is not there in a
 * rehearsal, and cannot be left. */
static void
can_be_left_again(struct broker *broker)
{
	static struct broker next;
	struct state_writer first = { MCP_BUF_INIT, STATE_FILES_STAY,
		&broker->clock };
	struct state_writer second = { MCP_BUF_INIT, STATE_FILES_STAY,
		&next.clock };

	if (broker->quota.n_streams > 0 ||
	    !TAILQ_EMPTY(&broker->mount.visits) ||
	    !TAILQ_EMPTY(&broker->admin.visits))
		return;
	upgrade_save(broker, &first);
	begin(&next);
	LAW(load(&next, mcp_buf_view(&first.bytes)) == 0);
	upgrade_save(&next, &second);
	LAW(first.bytes.len == second.bytes.len);
	end(&next);
	mcp_buf_deinit(&first.bytes);
	mcp_buf_deinit(&second.bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct broker broker;

	begin(&broker);
	if (load(&broker, (struct mcp_text){ (const char *)data, size }) == 0)
		can_be_left_again(&broker);
	end(&broker);
	return 0;
}
