/* memory-create.c - verbs of shared memory: create, resize, set, rm */
#include <errno.h>

#include <ipcutil/guard.h>

#include "memory-verbs.h"
#include "progress.h"
#include "until.h"

const struct field memory_create_options[] = {
	OPTION(SIZE, 's', "size", struct memory_create_args, size, "BYTES",
		"how long it is; K, M and G are powers of 1024"),
	OPTION(MODE_CHANGE, 'm', "mode", struct memory_create_args, mode, "MODE",
		"permissions, exactly: the umask has no part"),
	OPTION_MEANS(FLAG, 'x', "exclusive", struct memory_create_args, exclusive, "",
		"fail when it exists"),
	OPTION_MEANS(FLAG, 0, "sparse", struct memory_create_args, sparse, "",
		"take no memory before it is used"),
	OPTION_MEANS(FLAG, 0, "from-stdin", struct memory_create_args, from_stdin, "",
		"a new one with all of standard input, whole or not at all"),
	PROGRESS_OPTION(struct memory_create_args, progress),
	OPTION(USER, 0, "trust-owner", struct memory_create_args, trusted, "USER",
		"accept an existing one of USER, too"),
	UNTIL_EXIT_OPTION(struct memory_create_args, until_exit),
	END_FIELDS,
};

/* The object at an address; who removes it one day does not know where we are now. */
static int
look(struct call *call, const struct ipc_address *address, char path[PATH_MAX],
	struct ipc_object *object)
{
	struct ipc_memory_info info;

	if (ipc_memory_stat(address, IPC_MEMORY_GLANCE, &info, &call->err) < 0)
		return -1;
	*object = ipc_memory_object(&info);
	return ipc_address_absolute(&object->address, path, &call->err);
}

static int
make(struct call *call, void *plan, struct ipc_address *found, bool *made)
{
	return ipc_memory_create(&call->address, plan, found, made, &call->err);
}

/* What is made of standard input. */
struct filled {
	struct ipc_memory_new new;
	const struct ipc_memory_plan *plan;
};

static int
make_filled(struct call *call, void *context, struct ipc_address *found, bool *made)
{
	struct filled *filled = context;

	*made = ipc_memory_new_create(&filled->new, filled->plan, found, &call->err) ==
		0;
	return *made ? 0 : -1;
}

/* With all of standard input; what has that name already is a failure. */
static int
create_filled(struct call *call, const struct ipc_memory_plan *plan,
	struct until_maker *maker)
{
	const struct memory_create_args *args = call->args;
	struct filled filled = { .plan = plan };
	struct ipc_memory_new *new = &filled.new;
	uint64_t moved;
	int result;

	maker->make = make_filled;
	maker->context = &filled;
	if (ipc_memory_new_check(&call->address, plan->trusted, &call->err) < 0)
		return -1;
	result = ipc_memory_new_begin(new, &call->address, &call->err);
	new->memory.action = "create";
	if (result == 0)
		result = memory_take_input(call, &new->memory, 0, IPC_UNKNOWN,
			IPC_FOREVER, args->progress, &moved);
	if (result == 0)
		result = until_create(call, maker);
	ipc_memory_new_end(new);
	return result;
}

/* Standard input is there once. */
static int
check_input(struct call *call)
{
	const struct memory_create_args *args = call->args;
	const bool is_one = *call->operands == NULL;

	if (args->size == IPC_UNKNOWN && !args->sparse && is_one)
		return 0;
	while (*call->operands != NULL)
		call->operands++;
	return is_one ? cli_misuse(call, "option '--%s' cannot be with --from-stdin",
				args->sparse ? "sparse" : "size")
		      : cli_misuse(call, "option '--from-stdin' is for one object");
}

int
memory_create(struct call *call)
{
	const struct memory_create_args *args = call->args;
	struct ipc_memory_plan plan = {
		.size = args->size,
		.mode = mode_change(0600, args->mode),
		.exclusive = args->exclusive,
		.sparse = args->sparse,
		.trusted = args->trusted,
	};
	struct until_maker maker = {
		.make = make,
		.context = &plan,
		.look = look,
		.remove = ipc_memory_remove,
		.pid = args->until_exit,
	};

	if (!args->from_stdin)
		return until_create(call, &maker);
	return check_input(call) < 0 ? -1 : create_filled(call, &plan, &maker);
}

const struct field memory_resize_options[] = {
	OPTION(SIZE, 's', "size", struct memory_resize_args, size, "BYTES",
		"how long it shall be"),
	OPTION_MEANS(FLAG, 0, "sparse", struct memory_resize_args, sparse, "",
		"take no memory before it is used"),
	OPTION(USER, 0, "trust-owner", struct memory_resize_args, trusted, "USER",
		"as root, resize one of USER, too"),
	END_FIELDS,
};

int
memory_resize(struct call *call)
{
	const struct memory_resize_args *args = call->args;

	if (args->size == IPC_UNKNOWN)
		return cli_misuse(call, "'resize' needs --size");
	if (ipc_memory_resize(&call->address, args->size, args->sparse, args->trusted,
		    &call->err) < 0)
		return -1;
	cli_say(call, "'%s' has %ju bytes", ipc_address_text(&call->address),
		(uintmax_t)args->size);
	return 0;
}

const struct field memory_set_options[] = {
	OPTION(MODE_CHANGE, 'm', "mode", struct memory_set_args, mode, "MODE",
		"new permissions; symbolic ones change those it has"),
	OPTION(OWNER, 0, "owner", struct memory_set_args, owner, "USER[:GROUP]",
		"new owner"),
	UNTIL_EXIT_SET_OPTION(struct memory_set_args, until_exit),
	OPTION(WORD, 0, "value", struct memory_set_args, value, "N",
		"new value of a 64-bit word"),
	OPTION(WORD, 0, "expect", struct memory_set_args, expect, "N",
		"but only if it is N now: status 7 otherwise"),
	OPTION(SIZE, 'O', "offset", struct memory_set_args, offset, "BYTES",
		"the word there (default 0): a multiple of 8"),
	OPTION(USER, 0, "trust-owner", struct memory_set_args, trusted, "USER",
		"as root, change a word of USER, too"),
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

int
memory_set(struct call *call)
{
	const struct memory_set_args *args = call->args;
	const struct ipc_memory_change change = {
		.new_mode = args->mode == NULL ? NULL : mode_change,
		.arg = args->mode,
		.uid = args->owner.uid,
		.gid = args->owner.gid,
	};
	const bool changes = args->mode != NULL || args->owner.uid != (uid_t)-1 ||
		args->owner.gid != (gid_t)-1;
	const pid_t pid = args->until_exit;

	if (!args->value.given && (args->expect.given || args->offset != 0))
		return cli_misuse(call, "option '--%s' needs --value",
			args->expect.given ? "expect" : "offset");
	if (!changes && pid == 0 && !args->value.given)
		return cli_misuse(
			call, "'set' needs --mode, --owner, --until-exit or --value");
	if (pid > 0 && ipc_guard_check(pid, &call->err) < 0)
		return -1;
	/* First, as it can find that nothing is to be done. */
	if (args->value.given && memory_set_word(call) < 0)
		return -1;
	if (changes && ipc_memory_change(&call->address, &change, &call->err) < 0)
		return -1;
	if (pid != 0 && set_owner_process(call, pid) < 0)
		return -1;
	cli_say(call, "'%s' was changed", ipc_address_text(&call->address));
	return 0;
}

int
memory_rm(struct call *call)
{
	return remove_by(call, ipc_memory_remove);
}
