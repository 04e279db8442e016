/* memory-fill.c - what a descriptor gives, into shared memory */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ipcutil/copy.h>

#include "auto.h"
#include "memory-put.h"
#include "word.h"

/* One that is copied into itself, and grows, would never end. */
static bool
is_itself(const struct ipc_memory *memory, int fd)
{
	struct stat its, given;

	return memory->fd >= 0 && fstat(memory->fd, &its) == 0 &&
		fstat(fd, &given) == 0 && its.st_dev == given.st_dev &&
		its.st_ino == given.st_ino;
}

int
ipc_memory_other_failed(int code, struct ipc_error *err)
{
	ipc_fail(err, code, "use the other end");
	return 1;
}

int
ipc_memory_relay(
	const struct ipc_memory *memory, int *out, int *in, struct ipc_error *err)
{
	int relay[2];

	if (pipe2(relay, O_CLOEXEC | O_NONBLOCK) < 0)
		return ipc_fail(err, errno, "%s '%s'", memory->action,
			ipc_address_text(&memory->address));
	*out = relay[0];
	*in = relay[1];
	return 0;
}

/* One byte of a descriptor: 0; 1 at its end; -1, or 2 when it failed. */
static int
take_one(const struct ipc_memory *memory, int fd, const struct ipc_wait *wait,
	char *byte, struct ipc_error *err)
{
	autoclose int out = -1, in = -1;
	struct ipc_copy copy;
	int result;

	if (ipc_memory_relay(memory, &out, &in, err) < 0)
		return -1;
	copy = (struct ipc_copy)IPC_COPY(fd, in, wait);
	copy.length = 1;
	result = ipc_copy(&copy, err);
	free(copy.hand);
	if (result == 0 && read(out, byte, 1) != 1)
		result = -1;
	return result < 0 ? 2 : result;
}

/* At the end of the object nothing more may come. */
static int
check_end(const struct ipc_memory *memory, int fd, const struct ipc_wait *wait,
	uint64_t moved, struct ipc_error *err)
{
	char byte;

	switch (take_one(memory, fd, wait, &byte, err)) {
	case 0:
		return ipc_refuse(err, IPC_LIMIT, ENOSPC,
			"%s '%s': it is full after %ju bytes, and there are more",
			memory->action, ipc_address_text(&memory->address),
			(uintmax_t)moved);
	case 1:
		return 0;
	case 2:
		return ipc_memory_other_failed(errno, err);
	default:
		return -1;
	}
}

/*
 * The most bytes between two looks at the size: the more, the faster.  When a stream comes
 * is not known.
 */
static uint64_t
step_of(const struct ipc_memory *memory, int fd)
{
	if (memory->unseen)
		return INT64_MAX;
	return ipc_bytes_left(fd) == IPC_UNKNOWN ? 1 << 20 : 64 << 20;
}

/* How far it is. */
struct filling {
	const struct ipc_memory *memory;
	uint64_t offset; /* where it began */
	uint64_t size;   /* of the object when it was looked at last */
	struct ipc_copy copy;
	struct ipc_error *err;
};

/* As copy_in(); that nothing more came yet is no failure. */
static int
step_copy(struct filling *filling)
{
	const struct ipc_memory *memory = filling->memory;
	struct ipc_copy *copy = &filling->copy;
	int result = ipc_copy(copy, filling->err);

	if (result >= 0)
		return result;
	if (copy->failed == copy->from)
		return errno == EAGAIN ? 0 : 2;
	return ipc_memory_file_full(memory->fd, &memory->address,
		filling->offset + copy->moved + 1, errno, memory->action, filling->err);
}

static int
step_last(struct filling *filling, const struct ipc_wait *wait)
{
	struct ipc_copy *copy = &filling->copy;
	char byte;
	int result = take_one(filling->memory, copy->from, wait, &byte, filling->err);

	return result == 0 ? ipc_memory_put_last(filling->memory, filling->size, byte,
				     filling->size, &copy->moved, filling->err)
			   : result;
}

static int
step_behind(struct filling *filling)
{
	const uint64_t before = filling->copy.moved, at = filling->offset + before;
	int result, code;

	if (ipc_memory_append_begin(filling->memory, at, filling->size, filling->err) <
		0)
		return -1;
	filling->copy.to_offset = IPC_COPY_HERE;
	result = step_copy(filling);
	code = errno;
	filling->copy.to_offset = (int64_t)filling->offset;
	if (ipc_memory_append_end(filling->memory, at, filling->copy.moved - before,
		    result < 0 ? NULL : filling->err) < 0)
		return -1;
	errno = code;
	return result;
}

/* Within the object as it is now, but its last byte; that; or behind it. */
static int
step(struct filling *filling, uint64_t length, const struct ipc_wait *wait)
{
	const struct ipc_memory *memory = filling->memory;
	const uint64_t at = filling->offset + filling->copy.moved;
	uint64_t most = step_of(memory, filling->copy.from);

	if (!memory->unseen && filling->size == at + 1)
		return step_last(filling, wait);
	if (!memory->unseen && filling->size > at && most > filling->size - 1 - at)
		most = filling->size - 1 - at;
	if (most > length - filling->copy.moved)
		most = length - filling->copy.moved;
	filling->copy.length = filling->copy.moved + most;
	return memory->unseen || filling->size > at ? step_copy(filling)
						    : step_behind(filling);
}

/* Looks at the size: whether it is shorter than it was, or than what was written. */
static bool
is_cut(struct filling *filling)
{
	const struct ipc_memory *memory = filling->memory;
	const uint64_t moved = filling->copy.moved, before = filling->size;

	if (memory->unseen)
		return false;
	filling->size = ipc_memory_size_now(memory);
	if (moved == 0 &&
		memory->extends) /* it has the size that it has when we begin */
		return false;
	return filling->size < before || filling->size < filling->offset + moved;
}

/*
 * As ipc_copy() does: 0; 1 when the descriptor ended before; -1, or 2 when it failed.
 * The size is looked at when there is input, and just before it is written: what a peer
 * has cut off does not come back, as a hole.
 */
static int
copy_in(const struct ipc_memory *memory, uint64_t offset, int fd, uint64_t length,
	const struct ipc_wait *wait, uint64_t *moved, struct ipc_error *err)
{
	struct ipc_wait at_once = IPC_WAIT(0), standing = *wait;
	struct filling filling = {
		.memory = memory,
		.offset = offset,
		.size = memory->size,
		.copy = IPC_COPY(fd, memory->fd, &at_once),
		.err = err,
	};
	int result = 0;

	at_once.progress = wait->progress;
	filling.copy.to_offset = (int64_t)offset;
	while (result == 0 && *moved < length) {
		ipc_wait_start(&standing);
		errno = ipc_wait_for(fd, POLLIN, &standing);
		if (errno != 0)
			return 2;
		if (is_cut(&filling))
			return ipc_memory_cut(memory, *moved, err);
		result = step(&filling, length, wait);
		*moved = filling.copy.moved;
	}
	free(filling.copy.hand);
	if ((result == 0 || result == 1) && is_cut(&filling))
		return ipc_memory_cut(memory, *moved, err);
	return result;
}

/* What is in the relay and in hand, to memory: 0, or -1. */
static int
take_copied(struct ipc_copy *copy, int out, char *to)
{
	uint64_t got = 0;

	while (got < copy->moved) {
		ssize_t count = read(out, to + got, copy->moved - got);

		if (count < 0 && errno != EINTR)
			return -1;
		got += count > 0 ? (uint64_t)count : 0;
	}
	if (copy->in_hand > 0)
		memcpy(to + got, copy->hand, copy->in_hand);
	copy->moved += copy->in_hand;
	return 0;
}

/* The same for a segment, which has no descriptor: by a pipe, which it is read from. */
static int
read_in(const struct ipc_memory *memory, uint64_t offset, int fd, uint64_t length,
	const struct ipc_wait *wait, uint64_t *moved, struct ipc_error *err)
{
	const struct ipc_wait now = IPC_WAIT(0);
	struct ipc_wait standing = *wait;
	autoclose int out = -1, in = -1;
	int result = 0, code = 0;

	if (ipc_memory_relay(memory, &out, &in, err) < 0)
		return -1;
	while (*moved < length && result == 0) {
		struct ipc_copy copy = IPC_COPY(fd, in, &now);

		copy.length = length - *moved;
		copy.by_reference = true; /* it is read at once */
		ipc_wait_start(&standing);
		errno = ipc_wait_for(fd, POLLIN, &standing);
		if (errno != 0)
			return 2;
		result = ipc_copy(&copy, NULL);
		code = errno;
		if (take_copied(&copy, out, memory->base + offset + *moved) < 0)
			result = -1, code = errno;
		else if (result < 0 && (code == EAGAIN || code == EINTR))
			result = 0;
		*moved += copy.moved;
		ipc_progress_add(wait->progress, copy.moved);
		free(copy.hand);
	}
	errno = code;
	return result < 0 ? 2 : result;
}

int
ipc_memory_fill(const struct ipc_memory *memory, uint64_t offset, int fd,
	uint64_t length, const struct ipc_wait *wait, uint64_t *moved,
	struct ipc_error *err)
{
	uint64_t known = length == IPC_UNKNOWN ? ipc_bytes_left(fd) : length;
	const uint64_t end = memory->extends ? INT64_MAX : memory->size;
	uint64_t most;
	int result, code;

	*moved = 0;
	if (is_itself(memory, fd))
		return ipc_refuse(err, IPC_REFUSED, EINVAL,
			"%s '%s': it is its own input", memory->action,
			ipc_address_text(&memory->address));
	/* It goes when there is no room: to take that before costs a 20th of the speed. */
	if (!memory->unseen &&
		ipc_memory_put_reserve(
			memory, offset, known == IPC_UNKNOWN ? 0 : known, err) < 0)
		return -1;
	most = length < end - offset ? length : end - offset;
	result = memory->base != NULL
		? read_in(memory, offset, fd, most, wait, moved, err)
		: copy_in(memory, offset, fd, most, wait, moved, err);
	code = errno;
	ipc_word_wake_written(memory, offset, *moved);
	if (memory->extends && known != IPC_UNKNOWN && *moved < known)
		ipc_memory_file_give_back(memory->fd);
	if (result < 0)
		return -1;
	if (result == 2)
		return ipc_memory_other_failed(code, err);
	if (length != IPC_UNKNOWN)
		return result == 0 ? 0 : ipc_memory_other_failed(ENODATA, err);
	return result == 0 ? check_end(memory, fd, wait, *moved, err) : 0;
}
