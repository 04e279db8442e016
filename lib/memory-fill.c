/* memory-fill.c - bytes into shared memory */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ipcutil/copy.h>

#include "auto.h"
#include "fault.h"
#include "memory.h"
#include "word.h"

/* The object's size by now, which a peer may have changed. */
static uint64_t
size_of(const struct ipc_memory *memory)
{
	struct stat st;

	if (memory->fd < 0 || fstat(memory->fd, &st) < 0)
		return memory->size;
	return (uint64_t)st.st_size;
}

static int
too_much(const struct ipc_memory *memory, uint64_t offset, uint64_t length,
	struct ipc_error *err)
{
	return ipc_refuse(err, IPC_LIMIT, ENOSPC,
		"%s '%s': %ju bytes at offset %ju do not fit: it has %ju",
		memory->action, ipc_address_text(&memory->address), (uintmax_t)length,
		(uintmax_t)offset, (uintmax_t)memory->size);
}

/* Whether length bytes may be written at an offset; INT64_MAX is beyond any file. */
static int
check_room(const struct ipc_memory *memory, uint64_t offset, uint64_t length,
	struct ipc_error *err)
{
	const uint64_t most = memory->extends ? INT64_MAX : memory->size;

	if (offset > most || length > most - offset)
		return too_much(memory, offset, length, err);
	return 0;
}

int
ipc_memory_reserve(const struct ipc_memory *memory, uint64_t offset, uint64_t length,
	struct ipc_error *err)
{
	if (check_room(memory, offset, length, err) < 0)
		return -1;
	if (!memory->extends || length == 0)
		return 0;
	return ipc_memory_file_reserve(
		memory->fd, &memory->address, offset, offset + length, "write to", err);
}

int
ipc_memory_cut(const struct ipc_memory *memory, uint64_t moved, struct ipc_error *err)
{
	return ipc_refuse(err, IPC_FAILED, EIO,
		"%s '%s': it was made shorter meanwhile; %ju bytes were done",
		memory->action, ipc_address_text(&memory->address), (uintmax_t)moved);
}

/* Whether a peer cut off bytes that are ours or that we are to write. */
static bool
is_cut(const struct ipc_memory *memory, uint64_t offset, uint64_t moved)
{
	if (memory->extends)
		return moved > 0 && size_of(memory) < offset + moved;
	return size_of(memory) < memory->size;
}

/* Writes by pwrite(2), which makes a file longer: 0, or -1. */
static int
put_bytes(const struct ipc_memory *memory, uint64_t offset, const char *bytes,
	size_t length, uint64_t *moved, struct ipc_error *err)
{
	while (length > 0) {
		ssize_t count = pwrite(memory->fd, bytes, length, (off_t)offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return ipc_memory_file_full(memory->fd, &memory->address,
				offset + length, errno, memory->action, err);
		bytes += count;
		offset += (uint64_t)count;
		length -= (size_t)count;
		*moved += (uint64_t)count;
	}
	return 0;
}

/* A byte, and where it shall go. */
struct store {
	char *to;
	char byte;
};

static void
store_it(void *arg)
{
	const struct store *store = arg;

	*(volatile char *)store->to = store->byte;
}

/* Stores a byte by way of a mapping: false when that cannot be. */
static bool
store_byte(const struct ipc_memory *memory, uint64_t offset, char byte)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), before = offset % page;
	char *map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, memory->fd,
		(off_t)(offset - before));
	struct store store = { .byte = byte };
	bool is_stored;

	if (map == MAP_FAILED)
		return false;
	store.to = map + before;
	is_stored = ipc_fault_guard(store_it, &store, map, page) == 0;
	munmap(map, page);
	if (is_stored)
		futimens(memory->fd, NULL); /* a store tells inotify(7) nothing */
	return is_stored;
}

/*
 * The last byte of an object is stored, as only write(2) makes a file longer: what a peer
 * cuts off at any time is still missing when all is done.  Where nothing can be mapped, or
 * there is no room, the time for that is that of one call.
 */
static int
put_last(const struct ipc_memory *memory, char byte, uint64_t *moved,
	struct ipc_error *err)
{
	if (store_byte(memory, memory->size - 1, byte)) {
		++*moved;
		return 0;
	}
	if (is_cut(memory, memory->size, 0))
		return ipc_memory_cut(memory, *moved, err);
	return put_bytes(memory, memory->size - 1, &byte, 1, moved, err);
}

/* Whether length bytes at an offset have the last byte of what must not get longer. */
static bool
has_last(const struct ipc_memory *memory, uint64_t offset, uint64_t length)
{
	return memory->fd >= 0 && !memory->extends && length > 0 &&
		offset + length == memory->size;
}

/* Writes within the object: 0, or -1 with the bytes before the failure in *moved. */
static int
put_all(const struct ipc_memory *memory, uint64_t offset, const char *bytes,
	size_t length, uint64_t *moved, struct ipc_error *err)
{
	const bool last = has_last(memory, offset, length);

	if (memory->base != NULL) {
		memcpy(memory->base + offset, bytes, length);
		*moved += length;
		return 0;
	}
	if (is_cut(memory, offset, 0))
		return ipc_memory_cut(memory, *moved, err);
	if (put_bytes(memory, offset, bytes, length - last, moved, err) < 0 ||
		(last && put_last(memory, bytes[length - 1], moved, err) < 0))
		return -1;
	return is_cut(memory, offset, *moved) ? ipc_memory_cut(memory, *moved, err) : 0;
}

int
ipc_memory_put(const struct ipc_memory *memory, uint64_t offset, const void *bytes,
	size_t length, struct ipc_error *err)
{
	uint64_t moved = 0;

	if (check_room(memory, offset, length, err) < 0)
		return -1;
	if (put_all(memory, offset, bytes, length, &moved, err) < 0)
		return -1;
	ipc_word_wake_written(memory, offset, length);
	return 0;
}

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
 * is not known; what makes a file longer lets a peer's cut be seen in time.
 */
static uint64_t
step_of(const struct ipc_memory *memory, int fd)
{
	if (memory->unseen)
		return INT64_MAX;
	if (memory->extends || ipc_bytes_left(fd) == IPC_UNKNOWN)
		return 1 << 20;
	return 64 << 20;
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
	const uint64_t step = step_of(memory, fd);
	struct ipc_wait at_once = IPC_WAIT(0), standing = *wait;
	struct ipc_copy copy = IPC_COPY(fd, memory->fd, &at_once);
	int result = 0;

	at_once.progress = wait->progress;
	copy.to_offset = (int64_t)offset;
	while (result == 0 && *moved < length) {
		ipc_wait_start(&standing);
		errno = ipc_wait_for(fd, POLLIN, &standing);
		if (errno != 0)
			return 2;
		if (is_cut(memory, offset, *moved))
			return ipc_memory_cut(memory, *moved, err);
		copy.length = length - *moved < step ? length : *moved + step;
		result = ipc_copy(&copy, err);
		*moved = copy.moved;
		if (result < 0 && copy.failed == fd && errno == EAGAIN)
			result = 0;
	}
	free(copy.hand);
	if (result >= 0)
		return result;
	if (copy.failed == fd)
		return 2;
	return ipc_memory_file_full(memory->fd, &memory->address, offset + *moved + 1,
		errno, memory->action, err);
}

/* The same, but for the last byte of the object. */
static int
write_in(const struct ipc_memory *memory, uint64_t offset, int fd, uint64_t length,
	const struct ipc_wait *wait, uint64_t *moved, struct ipc_error *err)
{
	const bool last = has_last(memory, offset, length);
	int result = copy_in(memory, offset, fd, length - last, wait, moved, err);
	char byte;

	if (result != 0 || !last)
		return result;
	result = take_one(memory, fd, wait, &byte, err);
	return result == 0 ? put_last(memory, byte, moved, err) : result;
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
		ipc_memory_reserve(
			memory, offset, known == IPC_UNKNOWN ? 0 : known, err) < 0)
		return -1;
	most = length < end - offset ? length : end - offset;
	result = memory->base != NULL
		? read_in(memory, offset, fd, most, wait, moved, err)
		: write_in(memory, offset, fd, most, wait, moved, err);
	code = errno;
	ipc_word_wake_written(memory, offset, *moved);
	if (memory->extends && known != IPC_UNKNOWN && *moved < known)
		ipc_memory_file_give_back(memory->fd);
	if (result < 0)
		return -1;
	if (result == 2)
		return ipc_memory_other_failed(code, err);
	if (is_cut(memory, offset, *moved))
		return ipc_memory_cut(memory, *moved, err);
	if (length != IPC_UNKNOWN)
		return result == 0 ? 0 : ipc_memory_other_failed(ENODATA, err);
	return result == 0 ? check_end(memory, fd, wait, *moved, err) : 0;
}
