/* ipc-fifo - FIFOs, which are named pipes, for shell scripts */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include <ipcutil/fifo.h>
#include <ipcutil/guard.h>

#include "fifo-columns.h"
#include "ipc-fifo.h"
#include "remove.h"
#include "stream.h"
#include "until.h"

struct create_args {
	const char *mode;
	bool exclusive;
	uid_t trusted;
	pid_t until_exit;
};

static const struct field create_options[] = {
	OPTION(MODE_CHANGE, 'm', "mode", struct create_args, mode, "MODE",
		"permissions, exactly: the umask has no part"),
	OPTION_MEANS(FLAG, 'x', "exclusive", struct create_args, exclusive, "",
		"fail when the FIFO exists"),
	OPTION(USER, 0, "trust-owner", struct create_args, trusted, "USER",
		"accept an existing FIFO of USER, too"),
	UNTIL_EXIT_OPTION(struct create_args, until_exit),
	END_FIELDS,
};

/* The object at an address; who removes it one day does not know where we are now. */
static int
look(struct call *call, const struct ipc_address *address, char path[PATH_MAX],
	struct ipc_object *object)
{
	struct ipc_fifo_info info;

	if (ipc_fifo_stat(address, &info, &call->err) < 0)
		return -1;
	*object = ipc_fifo_object(&info);
	return ipc_address_absolute(&object->address, path, &call->err);
}

static int
make(struct call *call, void *plan, struct ipc_address *found, bool *made)
{
	*found = call->address;
	return ipc_fifo_create(found, plan, made, &call->err);
}

static int
fifo_create(struct call *call)
{
	const struct create_args *args = call->args;
	struct ipc_fifo_plan plan = {
		.mode = mode_change(0600, args->mode),
		.exclusive = args->exclusive,
		.trusted = args->trusted,
	};
	const struct until_maker maker = {
		.make = make,
		.context = &plan,
		.look = look,
		.remove = ipc_fifo_remove,
		.pid = args->until_exit,
	};

	return until_create(call, &maker);
}

static const struct stream_kind fifos = { .awaits_readers = true,
	.open = ipc_fifo_open };

static int
fifo_write(struct call *call)
{
	return stream_write(call, &fifos);
}

static int
fifo_read(struct call *call)
{
	return stream_read(call, &fifos);
}

struct set_args {
	const char *mode;
	struct owner owner;
	pid_t until_exit;
};

static const struct field set_options[] = {
	OPTION(MODE_CHANGE, 'm', "mode", struct set_args, mode, "MODE",
		"new permissions; symbolic ones change those it has"),
	OPTION(OWNER, 0, "owner", struct set_args, owner, "USER[:GROUP]", "new owner"),
	UNTIL_EXIT_SET_OPTION(struct set_args, until_exit),
	END_FIELDS,
};

static int
set_owner_process(struct call *call, pid_t pid)
{
	char path[PATH_MAX];
	struct ipc_object object;

	if (look(call, &call->address, path, &object) < 0)
		return -1;
	return until_set(call, &object, pid);
}

static int
fifo_set(struct call *call)
{
	const struct set_args *args = call->args;
	const struct ipc_fifo_change change = {
		.new_mode = args->mode == NULL ? NULL : mode_change,
		.arg = args->mode,
		.uid = args->owner.uid,
		.gid = args->owner.gid,
	};
	const bool changes = args->mode != NULL || args->owner.uid != (uid_t)-1 ||
		args->owner.gid != (gid_t)-1;
	const pid_t pid = args->until_exit;

	if (!changes && pid == 0)
		return cli_misuse(call, "'set' needs --mode, --owner or --until-exit");
	if (pid > 0 && ipc_guard_check(pid, &call->err) < 0)
		return -1;
	if (changes && ipc_fifo_change(&call->address, &change, &call->err) < 0)
		return -1;
	if (pid != 0 && set_owner_process(call, pid) < 0)
		return -1;
	cli_say(call, "'%s' was changed", ipc_address_text(&call->address));
	return 0;
}

struct resize_args {
	uint64_t size; /* IPC_UNKNOWN: not given */
};

static const struct field resize_options[] = {
	OPTION(SIZE, 's', "size", struct resize_args, size, "BYTES",
		"how many bytes it shall take; the kernel rounds up"),
	END_FIELDS,
};

/* By a descriptor that somebody has: it is not opened, which its users would notice. */
static int
resize(struct call *call, const struct ipc_object *object, uint64_t size)
{
	const char *name = ipc_address_text(&call->address);
	struct ipc_holders holders;
	int64_t now = -1;
	int fd;

	if (ipc_holders_find(object, 1, &holders, &call->err) < 0)
		return -1;
	fd = ipc_pipe_borrow(
		object, holders.holder, holders.count, "resize", &call->err);
	if (fd >= 0)
		now = ipc_pipe_resize(fd, size, name, &call->err);
	else if (call->err.fault == IPC_NO_OBJECT)
		ipc_refuse(&call->err, IPC_FAILED, ENXIO,
			"resize '%s': %s has it open, and it has room for bytes only "
			"while somebody has",
			name,
			holders.blind == 0 ? "nobody"
					   : "no process that we may look at");
	ipc_holders_free(&holders);
	if (fd >= 0)
		close(fd);
	if (now >= 0)
		cli_say(call, "'%s' takes %jd bytes", name, (intmax_t)now);
	return now < 0 ? -1 : 0;
}

static int
fifo_resize(struct call *call)
{
	const struct resize_args *args = call->args;
	struct ipc_fifo_info info;
	struct ipc_object object;

	if (args->size == IPC_UNKNOWN)
		return cli_misuse(call, "'resize' needs --size");
	if (ipc_fifo_stat(&call->address, &info, &call->err) < 0)
		return -1;
	object = ipc_fifo_object(&info);
	return resize(call, &object, args->size);
}

static int
fifo_rm(struct call *call)
{
	return remove_by(call, ipc_fifo_remove);
}

static const struct verb verbs[] = {
	{ .name = "create",
		.operands = "ADDRESS...",
		.help = "make a FIFO and print its address",
		.options = create_options,
		ARGS(struct create_args, .mode = "0600", .trusted = IPC_NOBODY),
		.run = fifo_create },
	STREAM_VERBS(fifo_write, fifo_read),
	{ .name = "hold",
		.operands = "ADDRESS",
		.help = "keep a FIFO open: readers see no end as writers come and go",
		.options = hold_options,
		ARGS(struct hold_args, .background = false),
		.run = fifo_hold },
	{ .name = "connect",
		.operands = "ADDRESS REPLY",
		.help = "standard input to one FIFO, and the other to standard output",
		.options = connect_options,
		ARGS(struct connect_args, .limit = IPC_FOREVER, .trusted = IPC_NOBODY),
		.run = fifo_connect },
	{ .name = "inspect",
		.synonyms = "stat info",
		.operands = "ADDRESS...",
		.help = "tell everything known of a FIFO, and who has which end",
		.columns = fifo_columns,
		.list = true,
		.run = fifo_inspect },
	{ .name = "ls",
		.synonyms = "list",
		.operands = "[DIR]...",
		.help = "list the FIFOs that are open, and those under each DIR",
		.columns = fifo_columns,
		.run = fifo_ls },
	{ .name = "set",
		.operands = "ADDRESS...",
		.help = "change the mode or owner of a FIFO",
		.options = set_options,
		ARGS(struct set_args, .owner = { (uid_t)-1, (gid_t)-1 }),
		.run = fifo_set },
	{ .name = "resize",
		.operands = "ADDRESS...",
		.help = "let a FIFO take more bytes, or fewer, while it is open",
		.options = resize_options,
		ARGS(struct resize_args, .size = IPC_UNKNOWN),
		.run = fifo_resize },
	REMOVE_VERB("remove a FIFO's name, also when it is in use", fifo_rm),
	{ .name = NULL },
};

const struct program this_program = {
	.name = "ipc-fifo",
	.help = "FIFOs, which are named pipes, for shell scripts",
	.verbs = verbs,
	.address = ipc_address_path,
};
