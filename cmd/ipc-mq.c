/* ipc-mq - message queues for shell scripts */
#include <errno.h>

#include <ipcutil/guard.h>
#include <ipcutil/mq.h>

#include "cli.h"
#include "ipc-mq.h"
#include "mq-columns.h"
#include "progress.h"
#include "remove.h"
#include "until.h"

struct create_args {
	uint64_t capacity;
	uint64_t message_size;
	uint64_t bytes_limit;
	const char *mode;
	bool exclusive;
	uid_t trusted;
	pid_t until_exit;
};

static const struct field create_options[] = {
	OPTION(COUNT, 'c', "capacity", struct create_args, capacity, "N",
		"messages it takes (default: system's, mostly 10)"),
	{ .kind = SIZE,
		.letter = 's',
		.name = "message-size",
		.synonym = "size",
		.offset = MEMBER(SIZE, struct create_args, message_size),
		.arg = "BYTES",
		.help = "bytes of the longest message (default: system's, mostly 8192)" },
	OPTION(SIZE, 0, "bytes-limit", struct create_args, bytes_limit, "BYTES",
		"bytes of all messages of a System V queue (default: the system's)"),
	OPTION(MODE_CHANGE, 'm', "mode", struct create_args, mode, "MODE",
		"permissions, exactly: the umask has no part"),
	OPTION_MEANS(FLAG, 'x', "exclusive", struct create_args, exclusive, "",
		"fail when the queue exists"),
	OPTION(USER, 0, "trust-owner", struct create_args, trusted, "USER",
		"accept an existing queue of USER, too"),
	UNTIL_EXIT_OPTION(struct create_args, until_exit),
	END_FIELDS,
};

static int
look(struct call *call, const struct ipc_address *address, char path[PATH_MAX],
	struct ipc_object *object)
{
	struct ipc_mq_info info;

	(void)path; /* queues have none */
	if (ipc_mq_stat(address, IPC_MQ_GLANCE, &info, &call->err) < 0)
		return -1;
	*object = ipc_mq_object(&info);
	return 0;
}

static int
make(struct call *call, void *plan, struct ipc_address *found, bool *made)
{
	return ipc_mq_create(&call->address, plan, found, made, &call->err);
}

static int
mq_create(struct call *call)
{
	const struct create_args *args = call->args;
	struct ipc_mq_plan plan = {
		.capacity = args->capacity,
		.message_size = args->message_size,
		.bytes_limit = args->bytes_limit,
		.mode = mode_change(0600, args->mode),
		.exclusive = args->exclusive,
		.trusted = args->trusted,
	};
	const struct until_maker maker = {
		.make = make,
		.context = &plan,
		.look = look,
		.remove = ipc_mq_remove,
		.pid = args->until_exit,
	};

	return until_create(call, &maker);
}

int
mq_check_label(struct call *call, long type, unsigned int priority)
{
	bool has_types = ipc_mq_has_types(&call->address);

	if (type != 0 && !has_types)
		return cli_misuse(call,
			"'%s' is a POSIX queue: its messages have no type",
			call->address.text);
	if (priority != 0 && has_types)
		return cli_misuse(call,
			"'%s' is a System V queue: its messages have no priority",
			call->address.text);
	return 0;
}

/* Which messages of a System V queue, and how: for read and peek. */
#define CHOICE_OPTIONS \
	OPTION(TYPE, 't', "type", struct read_args, type, "N", \
		"System V: messages of type N, or the lowest up to -N"), \
		OPTION(MESSAGE_TYPE, 0, "except", struct read_args, except, "N", \
			"System V: messages of any type but N"), \
		FRAMING_OPTIONS(struct read_args, framing)

static const struct field read_options[] = {
	OPTION(COUNT, 'c', "count", struct read_args, count, "N",
		"read N messages instead of one"),
	OPTION_MEANS(FLAG, 'a', "all", struct read_args, all, "",
		"read until the queue is empty, and do not wait"),
	OPTION_MEANS(
		FLAG, 'f', "follow", struct read_args, follow, "", "read for ever"),
	OPTION_MEANS(FLAG, 0, "join", struct read_args, join, "",
		"join the pieces that writers with --split send"),
	WAIT_OPTIONS(struct read_args, limit),
	CHOICE_OPTIONS,
	PROGRESS_OPTION(struct read_args, progress),
	END_FIELDS,
};

static const struct field peek_options[] = {
	OPTION(COUNT, 'c', "count", struct read_args, count, "N",
		"show the first N messages instead of one"),
	OPTION_MEANS(FLAG, 'a', "all", struct read_args, all, "", "show all messages"),
	CHOICE_OPTIONS,
	END_FIELDS,
};

static const struct field write_options[] = {
	OPTION(PRIORITY, 'p', "priority", struct write_args, priority, "N",
		"the larger is read first, up to 32767"),
	OPTION(MESSAGE_TYPE, 't', "type", struct write_args, type, "N",
		"type of a message of a System V queue (default 1)"),
	WAIT_OPTIONS(struct write_args, limit),
	FRAMING_OPTIONS(struct write_args, framing),
	OPTION_MEANS(FLAG, 0, "split", struct write_args, split, "",
		"send longer messages, too, in pieces, for readers that --join"),
	OPTION_MEANS(FLAG, 0, "tee", struct write_args, tee, "",
		"copy each message to standard output once it has been accepted"),
	PROGRESS_OPTION(struct write_args, progress),
	OPTION(USER, 0, "trust-owner", struct write_args, trusted, "USER",
		"as root, write to a queue of USER, too"),
	END_FIELDS,
};

struct wait_args {
	int64_t limit;
};

static const struct field wait_options[] = {
	WAIT_OPTIONS(struct wait_args, limit),
	END_FIELDS,
};

static int
mq_wait(struct call *call)
{
	const struct wait_args *args = call->args;
	struct ipc_wait wait = IPC_WAIT(args->limit);
	struct ipc_mq mq;
	int result;

	if (ipc_mq_open_for(&mq, &call->address, IPC_MQ_READ, "wait for", IPC_NOBODY,
		    &call->err) < 0)
		return -1;
	ipc_wait_start(&wait);
	result = ipc_mq_wait(&mq, &wait, &call->err);
	ipc_mq_close(&mq);
	return result;
}

struct set_args {
	const char *mode;
	struct owner owner;
	uint64_t bytes_limit;
	pid_t until_exit;
};

static const struct field set_options[] = {
	OPTION(MODE_CHANGE, 'm', "mode", struct set_args, mode, "MODE",
		"new permissions; symbolic ones change those it has"),
	OPTION(OWNER, 0, "owner", struct set_args, owner, "USER[:GROUP]",
		"new owner; only root may give a POSIX queue away"),
	OPTION(SIZE, 0, "bytes-limit", struct set_args, bytes_limit, "BYTES",
		"new limit of a System V queue; above msgmnb for CAP_SYS_RESOURCE"),
	UNTIL_EXIT_SET_OPTION(struct set_args, until_exit),
	END_FIELDS,
};

static int
set_owner_process(struct call *call, pid_t pid)
{
	struct ipc_mq_info info;
	struct ipc_object object;

	if (ipc_mq_stat(&call->address, IPC_MQ_GLANCE, &info, &call->err) < 0)
		return -1;
	object = ipc_mq_object(&info);
	return until_set(call, &object, pid);
}

static int
mq_set(struct call *call)
{
	const struct set_args *args = call->args;
	const struct ipc_mq_change change = {
		.new_mode = args->mode == NULL ? NULL : mode_change,
		.arg = args->mode,
		.uid = args->owner.uid,
		.gid = args->owner.gid,
		.bytes_limit = args->bytes_limit,
	};
	const bool changes = args->mode != NULL || args->bytes_limit != IPC_UNKNOWN ||
		args->owner.uid != (uid_t)-1 || args->owner.gid != (gid_t)-1;
	const pid_t pid = args->until_exit;

	if (!changes && pid == 0)
		return cli_misuse(call,
			"'set' needs --mode, --owner, --bytes-limit or --until-exit");
	if (pid > 0 && ipc_guard_check(pid, &call->err) < 0)
		return -1;
	if (changes && ipc_mq_change(&call->address, &change, &call->err) < 0)
		return -1;
	if (pid != 0 && set_owner_process(call, pid) < 0)
		return -1;
	cli_say(call, "'%s' was changed", call->address.text);
	return 0;
}

static int
mq_purge(struct call *call)
{
	struct ipc_mq mq;
	uint64_t discarded;
	int result;

	if (ipc_mq_open_for(&mq, &call->address, IPC_MQ_READ, "purge", IPC_NOBODY,
		    &call->err) < 0)
		return -1;
	result = ipc_mq_purge(&mq, &discarded, &call->err);
	cli_say(call, "%ju messages discarded from '%s'", (uintmax_t)discarded,
		call->address.text);
	ipc_mq_close(&mq);
	return result;
}

static int
mq_rm(struct call *call)
{
	return remove_by(call, ipc_mq_remove);
}

static const struct verb verbs[] = {
	{ .name = "create",
		.operands = "ADDRESS...",
		.help = "make a queue and print its address",
		.options = create_options,
		ARGS(struct create_args, .capacity = IPC_UNKNOWN,
			.message_size = IPC_UNKNOWN, .bytes_limit = IPC_UNKNOWN,
			.mode = "0600", .trusted = IPC_NOBODY),
		.run = mq_create },
	{ .name = "write",
		.synonyms = "send",
		.operands = "ADDRESS [MESSAGE]...",
		.data = true,
		.help = "put messages in: the operands, or standard input",
		.options = write_options,
		ARGS(struct write_args, .framing = NO_FRAMING, .limit = IPC_FOREVER,
			.trusted = IPC_NOBODY),
		.run = mq_write },
	{ .name = "read",
		.synonyms = "recv",
		.operands = "ADDRESS",
		.command = true,
		.help = "take messages out, to standard output or COMMAND",
		.options = read_options,
		ARGS(struct read_args, .framing = NO_FRAMING, .limit = IPC_FOREVER,
			.count = IPC_UNKNOWN),
		.run = mq_read },
	{ .name = "peek",
		.operands = "ADDRESS",
		.help = "look at messages and leave them: POSIX queues refuse",
		.options = peek_options,
		ARGS(struct read_args, .framing = NO_FRAMING, .count = IPC_UNKNOWN),
		.run = mq_peek },
	{ .name = "wait",
		.operands = "ADDRESS",
		.help = "wait until there is a message, and leave it",
		.options = wait_options,
		ARGS(struct wait_args, .limit = IPC_FOREVER),
		.run = mq_wait },
	{ .name = "inspect",
		.synonyms = "stat info",
		.operands = "ADDRESS...",
		.help = "tell everything known of a queue",
		.columns = mq_columns,
		.list = true,
		.run = mq_inspect },
	{ .name = "ls",
		.synonyms = "list",
		.help = "list the queues",
		.columns = mq_columns,
		.run = mq_ls },
	{ .name = "set",
		.operands = "ADDRESS...",
		.help = "change the mode, owner or limit of a queue",
		.options = set_options,
		ARGS(struct set_args, .owner = { (uid_t)-1, (gid_t)-1 },
			.bytes_limit = IPC_UNKNOWN),
		.run = mq_set },
	{ .name = "purge",
		.operands = "ADDRESS...",
		.help = "discard all messages",
		.run = mq_purge },
	REMOVE_VERB("remove a queue's name, also when it is in use", mq_rm),
	{ .name = NULL }
};

const struct program this_program = {
	.name = "ipc-mq",
	.help = "message queues for shell scripts",
	.verbs = verbs,
	.address = ipc_address_mq,
};
