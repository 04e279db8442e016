/* memory-transfer.c - verbs of shared memory: write and read */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ipcutil/copy.h>

#include "memory-verbs.h"
#include "progress.h"

#define LOCK_OPTION(type, member, help) \
	OPTION_MEANS(FLAG, 0, "lock", type, member, "", help)

const struct field memory_write_options[] = {
	OPTION(SIZE, 'O', "offset", struct memory_write_args, offset, "BYTES",
		"write there (default 0)"),
	OPTION(SIZE, 'N', "length", struct memory_write_args, length, "BYTES",
		"write so many bytes of standard input (default: all)"),
	OPTION_MEANS(FLAG, 0, "truncate", struct memory_write_args, truncate, "",
		"let it end where the input ends, longer or shorter"),
	OPTION_MEANS(FLAG, 0, "atomic", struct memory_write_args, atomic, "",
		"put a new one in its place: all of the input or nothing"),
	LOCK_OPTION(struct memory_write_args, lock,
		"while nobody reads or writes with --lock"),
	WAIT_OPTIONS(struct memory_write_args, limit),
	PROGRESS_OPTION(struct memory_write_args, progress),
	OPTION(USER, 0, "trust-owner", struct memory_write_args, trusted, "USER",
		"as root, write to one of USER, too"),
	END_FIELDS,
};

const struct field memory_read_options[] = {
	OPTION(SIZE, 'O', "offset", struct memory_read_args, offset, "BYTES",
		"read from there (default 0)"),
	OPTION(SIZE, 'N', "length", struct memory_read_args, length, "BYTES",
		"read so many bytes (default: to the end)"),
	LOCK_OPTION(struct memory_read_args, lock, "while nobody writes with --lock"),
	WAIT_OPTIONS(struct memory_read_args, limit),
	PROGRESS_OPTION(struct memory_read_args, progress),
	END_FIELDS,
};

/* Fails because a standard stream does: for want of time it has statuses of its own. */
static int
stream_failed(struct call *call, const char *action, const char *state, int64_t limit)
{
	const int code = call->err.code;
	char span[IPC_SPAN_MAX];

	if (code == ETIMEDOUT)
		return ipc_refuse(&call->err, IPC_TIMED_OUT, code,
			"%s: it stayed %s for %s s", action, state,
			ipc_span_text(limit, span));
	return ipc_refuse(
		&call->err, IPC_FAILED, code, "%s: %s", action, strerror(code));
}

/* All operands, one behind the other, or none of them. */
static int
write_operands(struct call *call, const struct ipc_memory *memory, uint64_t offset,
	uint64_t *moved)
{
	size_t length = 0;
	char *all, *end;
	int result;

	for (char **operand = call->operands; *operand != NULL; operand++)
		length += strlen(*operand);
	end = all = malloc(length + 1);
	if (all == NULL)
		return ipc_fail(&call->err, errno, "write to '%s'",
			ipc_address_text(&call->address));
	for (char **operand = call->operands; *operand != NULL; operand++)
		end = stpcpy(end, *operand);
	result = ipc_memory_put(memory, offset, all, length, &call->err);
	*moved = result == 0 ? length : 0;
	free(all);
	return result;
}

int
memory_take_input(struct call *call, const struct ipc_memory *memory, uint64_t offset,
	uint64_t length, int64_t limit, bool shown, uint64_t *moved)
{
	/* -n is about the object: input may come. */
	struct ipc_wait wait = IPC_WAIT(limit == 0 ? IPC_FOREVER : limit);
	struct progress progress;
	int result;

	progress_begin(&progress, call, shown,
		length == IPC_UNKNOWN ? ipc_bytes_left(0) : length, &wait);
	ipc_wait_start(&wait);
	result = ipc_memory_fill(memory, offset, 0, length, &wait, moved, &call->err);
	progress_end(&progress);
	if (result <= 0)
		return result;
	if (call->err.code == ENODATA)
		return ipc_refuse(&call->err, IPC_FAILED, ENODATA,
			"write to '%s': standard input ended after %ju of %ju bytes",
			ipc_address_text(&call->address), (uintmax_t)*moved,
			(uintmax_t)length);
	return stream_failed(call, "read standard input", "empty", limit);
}

static int
put(struct call *call, const struct ipc_memory *memory, uint64_t *moved)
{
	const struct memory_write_args *args = call->args;

	*moved = 0;
	return *call->operands != NULL
		? write_operands(call, memory, args->offset, moved)
		: memory_take_input(call, memory, args->offset, args->length,
			  args->limit, args->progress, moved);
}

static int
cannot_truncate(struct call *call)
{
	return ipc_refuse(&call->err, IPC_REFUSED, EOPNOTSUPP,
		"truncate '%s': the size of a System V segment is chosen when it is made",
		call->address.text);
}

static int
write_in_place(struct call *call, uint64_t *moved)
{
	const struct memory_write_args *args = call->args;
	struct ipc_wait wait = IPC_WAIT(args->limit);
	struct ipc_memory memory;
	int result = 0;

	if (ipc_memory_open(&memory, &call->address, IPC_MEMORY_WRITE, args->trusted,
		    &call->err) < 0)
		return -1;
	memory.extends = args->truncate;
	if (args->truncate && memory.fd < 0)
		result = cannot_truncate(call);
	ipc_wait_start(&wait);
	if (result == 0 && args->lock)
		result = ipc_memory_lock(&memory, true, &wait, &call->err);
	if (result == 0)
		result = put(call, &memory, moved);
	if (result == 0 && args->truncate)
		result = ipc_memory_trim(&memory, args->offset, *moved, &call->err);
	ipc_memory_close(&memory);
	return result;
}

static int
write_anew(struct call *call, uint64_t *moved)
{
	const struct memory_write_args *args = call->args;
	struct ipc_wait wait = IPC_WAIT(args->limit);
	struct ipc_memory_new new;
	int result;

	/* What cannot be replaced is told before the input is read. */
	if (ipc_memory_new_may_replace(&call->address, args->trusted, &call->err) < 0)
		return -1;
	result = ipc_memory_new_begin(&new, &call->address, &call->err);
	if (result == 0)
		result = put(call, &new.memory, moved);
	ipc_wait_start(&wait);
	if (result == 0)
		result = ipc_memory_new_replace(&new, args->trusted, &wait, &call->err);
	ipc_memory_new_end(&new);
	return result;
}

int
memory_write(struct call *call)
{
	const struct memory_write_args *args = call->args;
	uint64_t moved = 0;
	int result;

	if (*call->operands != NULL && args->length != IPC_UNKNOWN)
		return cli_misuse(
			call, "option '--length' is for standard input, not operands");
	if (args->atomic && (args->offset != 0 || args->lock))
		return cli_misuse(call, "option '--%s' cannot be with --atomic",
			args->lock ? "lock" : "offset");
	result = args->atomic ? write_anew(call, &moved) : write_in_place(call, &moved);
	cli_say(call, "%ju bytes written to '%s'", (uintmax_t)moved,
		ipc_address_text(&call->address));
	return result;
}

static int
drain(struct call *call, const struct ipc_memory *memory, uint64_t *moved)
{
	const struct memory_read_args *args = call->args;
	/* -n is about the lock: output may get room. */
	struct ipc_wait wait = IPC_WAIT(args->limit == 0 ? IPC_FOREVER : args->limit);
	struct progress progress;
	int result;

	progress_begin(&progress, call, args->progress,
		args->length != IPC_UNKNOWN           ? args->length
			: args->offset < memory->size ? memory->size - args->offset
						      : 0,
		&wait);
	result = ipc_memory_drain(
		memory, args->offset, 1, args->length, &wait, moved, &call->err);
	progress_end(&progress);
	return result;
}

int
memory_read(struct call *call)
{
	const struct memory_read_args *args = call->args;
	struct ipc_wait wait = IPC_WAIT(args->limit);
	struct ipc_memory memory;
	uint64_t moved = 0;
	int result = 0;

	if (ipc_memory_open(&memory, &call->address, IPC_MEMORY_READ, IPC_NOBODY,
		    &call->err) < 0)
		return -1;
	ipc_wait_start(&wait);
	if (args->lock)
		result = ipc_memory_lock(&memory, false, &wait, &call->err);
	if (result == 0)
		result = drain(call, &memory, &moved);
	ipc_memory_close(&memory);
	if (result > 0)
		result = stream_failed(
			call, "write to standard output", "full", args->limit);
	cli_say(call, "%ju bytes read from '%s'", (uintmax_t)moved,
		ipc_address_text(&call->address));
	return result;
}
