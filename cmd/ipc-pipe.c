/* ipc-pipe - pipes without a name, for shell scripts */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include <ipcutil/number.h>

#include "ipc-pipe.h"
#include "outlet.h"
#include "pipe-columns.h"
#include "remove.h"
#include "stream.h"
#include "until.h"

struct create_args {
	uint64_t size; /* IPC_UNKNOWN: not given */
	bool keep_open;
	pid_t until_exit;
};

static const struct field create_options[] = {
	OPTION(SIZE, 's', "size", struct create_args, size, "BYTES",
		"how much it holds: the next power of two (default: as usual)"),
	OPTION_MEANS(FLAG, 0, "keep-open", struct create_args, keep_open, "",
		"keep the end to write, too: readers never see an end"),
	UNTIL_EXIT_OPTION(struct create_args, until_exit),
	END_FIELDS,
};

static int
pipe_create(struct call *call)
{
	const struct create_args *args = call->args;
	const struct ipc_pipe_plan plan = {
		.size = args->size,
		.keep_open = args->keep_open,
		.until_exit = args->until_exit,
	};
	struct ipc_address address;

	if (ipc_pipe_create(&plan, &address, &call->err) < 0)
		return -1;
	/* One whose address nobody gets to know would be a leak. */
	if (printf("%s\n", address.text) < 0 || fflush(stdout) != 0) {
		outlet_failed(errno, &call->err);
		ipc_pipe_remove(&address, NULL);
		return -1;
	}
	cli_say(call, "process %d keeps the pipe '%s'", (int)address.pid, address.text);
	return 0;
}

static const struct stream_kind pipes = { .open = ipc_pipe_open };

static int
pipe_write(struct call *call)
{
	return stream_write(call, &pipes);
}

static int
pipe_read(struct call *call)
{
	return stream_read(call, &pipes);
}

struct resize_args {
	uint64_t size; /* IPC_UNKNOWN: not given */
};

static const struct field resize_options[] = {
	OPTION(SIZE, 's', "size", struct resize_args, size, "BYTES",
		"how much it shall hold: the next power of two"),
	END_FIELDS,
};

/* A descriptor of it, of which nobody notices anything where that can be. */
static int
reach(struct call *call)
{
	struct ipc_object object;
	struct ipc_holders holders;
	int fd;

	if (ipc_pipe_find(&call->address, "resize", &object, &call->err) < 0 ||
		ipc_holders_find(&object, 1, &holders, &call->err) < 0)
		return -1;
	fd = ipc_pipe_borrow(
		&object, holders.holder, holders.count, "resize", &call->err);
	ipc_holders_free(&holders);
	return fd;
}

static int
pipe_resize(struct call *call)
{
	const struct resize_args *args = call->args;
	int64_t capacity;
	int fd;

	if (args->size == IPC_UNKNOWN)
		return cli_misuse(call, "'resize' needs --size");
	fd = reach(call);
	if (fd < 0)
		return -1;
	capacity = ipc_pipe_resize(fd, args->size, call->address.text, &call->err);
	close(fd);
	if (capacity < 0)
		return -1;
	cli_say(call, "'%s' holds %jd bytes", call->address.text, (intmax_t)capacity);
	return 0;
}

static int
pipe_rm(struct call *call)
{
	return remove_by(call, ipc_pipe_remove);
}

static const struct verb verbs[] = {
	{ .name = "run",
		.operands = "COMMAND...",
		.data = true,
		.help = "run shell commands that are joined by pipes",
		.options = run_options,
		ARGS(struct run_args, .size = IPC_UNKNOWN, .buffer = IPC_UNKNOWN),
		.run = pipe_run },
	{ .name = "create",
		.help = "make a pipe that lives without a parent, and print its address",
		.options = create_options,
		ARGS(struct create_args, .size = IPC_UNKNOWN),
		.run = pipe_create },
	STREAM_VERBS(pipe_write, pipe_read),
	{ .name = "inspect",
		.synonyms = "stat info",
		.operands = "ADDRESS...",
		.help = "tell everything known of a pipe, and who has which end",
		.columns = pipe_columns,
		.list = true,
		.run = pipe_inspect },
	{ .name = "ls",
		.synonyms = "list",
		.help = "list the pipes that processes have",
		.options = ls_options,
		ARGS(struct ls_args, .pid = 0),
		.columns = pipe_columns,
		.run = pipe_ls },
	{ .name = "resize",
		.operands = "ADDRESS...",
		.help = "change how much a pipe holds",
		.options = resize_options,
		ARGS(struct resize_args, .size = IPC_UNKNOWN),
		.run = pipe_resize },
	REMOVE_VERB("end the holder of a pipe that 'create' made", pipe_rm),
	{ .name = NULL },
};

const struct program this_program = {
	.name = "ipc-pipe",
	.help = "pipes without a name, for shell scripts",
	.verbs = verbs,
	.address = ipc_address_pipe,
};
