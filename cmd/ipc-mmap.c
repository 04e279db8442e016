/* ipc-mmap - memory-mapped files for shell scripts */
#include <errno.h>

#include "memory-verbs.h"

static int
mmap_ls(struct call *call)
{
	return memory_ls(call, ipc_memory_each_file);
}

struct part_args {
	uint64_t offset;
	uint64_t length; /* IPC_UNKNOWN: not given */
	bool willneed, dontneed;
};

#define PART_OPTIONS \
	OPTION(SIZE, 'O', "offset", struct part_args, offset, "BYTES", \
		"begin there (default 0)"), \
		OPTION(SIZE, 'N', "length", struct part_args, length, "BYTES", \
			"so many bytes (default: to the end)")

static const struct field sync_options[] = {
	PART_OPTIONS,
	END_FIELDS,
};

static int
mmap_sync(struct call *call)
{
	const struct part_args *args = call->args;
	struct ipc_memory memory;
	int result;

	if (ipc_memory_open_for(&memory, &call->address, IPC_MEMORY_READ, "sync",
		    IPC_NOBODY, &call->err) < 0)
		return -1;
	result = ipc_memory_sync(&memory, args->offset, args->length, &call->err);
	ipc_memory_close(&memory);
	if (result == 0)
		cli_say(call, "'%s' is on disk", ipc_address_text(&call->address));
	return result;
}

static const struct field advise_options[] = {
	OPTION_MEANS(FLAG, 0, "willneed", struct part_args, willneed, "",
		"it will be used soon: read it into memory"),
	OPTION_MEANS(FLAG, 0, "dontneed", struct part_args, dontneed, "",
		"it will not: what is on disk, too, may leave memory"),
	PART_OPTIONS,
	END_FIELDS,
};

static int
mmap_advise(struct call *call)
{
	const struct part_args *args = call->args;
	struct ipc_memory memory;
	int result;

	if (args->willneed + args->dontneed != 1)
		return cli_misuse(call, "'advise' needs --willneed or --dontneed");
	if (ipc_memory_open_for(&memory, &call->address, IPC_MEMORY_READ, "advise",
		    IPC_NOBODY, &call->err) < 0)
		return -1;
	result = ipc_memory_advise(&memory, args->offset, args->length,
		args->willneed ? IPC_MEMORY_WILLNEED : IPC_MEMORY_DONTNEED, &call->err);
	ipc_memory_close(&memory);
	return result;
}

static const struct verb verbs[] = {
	MEMORY_VERBS("a file", "files that processes share", mmap_columns, mmap_ls),
	{ .name = "sync",
		.operands = "ADDRESS...",
		.help = "wait until what was written is on disk",
		.options = sync_options,
		ARGS(struct part_args, .length = IPC_UNKNOWN),
		.run = mmap_sync },
	{ .name = "advise",
		.operands = "ADDRESS...",
		.help = "tell the kernel whether a file will be used",
		.options = advise_options,
		ARGS(struct part_args, .length = IPC_UNKNOWN),
		.run = mmap_advise },
	{ .name = NULL },
};

const struct program this_program = {
	.name = "ipc-mmap",
	.help = "memory-mapped files for shell scripts",
	.verbs = verbs,
	.address = ipc_address_path,
};
