/* memory-put.c - bytes at an offset, also where a peer changes the size meanwhile */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault.h"
#include "memory-put.h"
#include "word.h"

uint64_t
ipc_memory_size_now(const struct ipc_memory *memory)
{
	struct stat st;

	if (memory->fd < 0 || fstat(memory->fd, &st) < 0)
		return memory->size;
	return (uint64_t)st.st_size;
}

/* Whether length bytes may be written at an offset; INT64_MAX is beyond any file. */
static int
check_room(const struct ipc_memory *memory, uint64_t offset, uint64_t length,
	struct ipc_error *err)
{
	const uint64_t most = memory->extends ? INT64_MAX : memory->size;

	if (offset <= most && length <= most - offset)
		return 0;
	return ipc_refuse(err, IPC_LIMIT, ENOSPC,
		"%s '%s': %ju bytes at offset %ju do not fit: it %s %ju",
		memory->action, ipc_address_text(&memory->address), (uintmax_t)length,
		(uintmax_t)offset, memory->extends ? "cannot have more than" : "has",
		(uintmax_t)most);
}

int
ipc_memory_put_reserve(const struct ipc_memory *memory, uint64_t offset,
	uint64_t length, struct ipc_error *err)
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

/* Writes from where the descriptor stands: 0, or -1; end is that of all there is to write. */
static int
put_bytes(const struct ipc_memory *memory, const char *bytes, size_t length,
	uint64_t end, uint64_t *moved, struct ipc_error *err)
{
	while (length > 0) {
		ssize_t count = write(memory->fd, bytes, length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return ipc_memory_file_full(memory->fd, &memory->address, end,
				errno, memory->action, err);
		bytes += count;
		length -= (size_t)count;
		*moved += (uint64_t)count;
	}
	return 0;
}

static int
put_at(const struct ipc_memory *memory, uint64_t offset, const char *bytes,
	size_t length, uint64_t end, uint64_t *moved, struct ipc_error *err)
{
	if (lseek(memory->fd, (off_t)offset, SEEK_SET) < 0)
		return ipc_fail(err, errno, "%s '%s'", memory->action,
			ipc_address_text(&memory->address));
	return put_bytes(memory, bytes, length, end, moved, err);
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

int
ipc_memory_put_last(const struct ipc_memory *memory, uint64_t size, char byte,
	uint64_t end, uint64_t *moved, struct ipc_error *err)
{
	if (store_byte(memory, size - 1, byte)) {
		++*moved;
		return 0;
	}
	if (ipc_memory_size_now(memory) < size)
		return ipc_memory_cut(memory, *moved, err);
	return put_at(memory, size - 1, &byte, 1, end, moved, err);
}

int
ipc_memory_append_begin(const struct ipc_memory *memory, uint64_t offset, uint64_t size,
	struct ipc_error *err)
{
	if (size < offset &&
		ipc_memory_file_grow(memory->fd, &memory->address, size, offset, true,
			memory->action, err) < 0)
		return -1;
	if (fcntl(memory->fd, F_SETFL, fcntl(memory->fd, F_GETFL) | O_APPEND) < 0)
		return ipc_fail(err, errno, "%s '%s'", memory->action,
			ipc_address_text(&memory->address));
	return 0;
}

int
ipc_memory_append_end(const struct ipc_memory *memory, uint64_t offset, uint64_t moved,
	struct ipc_error *err)
{
	const off_t at = lseek(memory->fd, 0, SEEK_CUR);

	fcntl(memory->fd, F_SETFL, fcntl(memory->fd, F_GETFL) & ~O_APPEND);
	if (moved == 0 || at == (off_t)(offset + moved))
		return 0;
	return ipc_refuse(err, IPC_FAILED, EIO,
		"%s '%s': its size was changed meanwhile, and bytes went to the wrong "
		"place",
		memory->action, ipc_address_text(&memory->address));
}

static int
append(const struct ipc_memory *memory, uint64_t offset, const char *bytes,
	size_t length, uint64_t size, uint64_t *moved, struct ipc_error *err)
{
	uint64_t appended = 0;
	int result;

	if (ipc_memory_append_begin(memory, offset, size, err) < 0)
		return -1;
	result = put_bytes(memory, bytes, length, offset + length, &appended, err);
	*moved += appended;
	return ipc_memory_append_end(
		       memory, offset, appended, result < 0 ? NULL : err) < 0
		? -1
		: result;
}

/* Writes at an offset: 0, or -1 with the bytes before the failure in *moved. */
static int
put_all(const struct ipc_memory *memory, uint64_t offset, const char *bytes,
	size_t length, uint64_t *moved, struct ipc_error *err)
{
	const uint64_t end = offset + length, size = ipc_memory_size_now(memory);
	const size_t within = offset >= size ? 0
		: length < size - offset     ? length
					     : size - offset;
	const bool last = within > 0 && offset + within == size;

	if (memory->unseen)
		return put_at(memory, offset, bytes, length, end, moved, err);
	if (!memory->extends && size < memory->size)
		return ipc_memory_cut(memory, *moved, err);
	if (put_at(memory, offset, bytes, within - last, end, moved, err) < 0 ||
		(last &&
			ipc_memory_put_last(
				memory, size, bytes[within - 1], end, moved, err) < 0))
		return -1;
	if (within < length &&
		append(memory, offset + within, bytes + within, length - within, size,
			moved, err) < 0)
		return -1;
	return ipc_memory_size_now(memory) < (end > size ? end : size)
		? ipc_memory_cut(memory, *moved, err)
		: 0;
}

int
ipc_memory_put(const struct ipc_memory *memory, uint64_t offset, const void *bytes,
	size_t length, struct ipc_error *err)
{
	uint64_t moved = 0;

	if (memory->base != NULL) {
		if (check_room(memory, offset, length, err) < 0)
			return -1;
		memcpy(memory->base + offset, bytes, length);
	} else if (ipc_memory_put_reserve(memory, offset, length, err) < 0 ||
		(length > 0 &&
			put_all(memory, offset, bytes, length, &moved, err) < 0)) {
		return -1;
	}
	ipc_word_wake_written(memory, offset, length);
	return 0;
}

int
ipc_memory_trim(const struct ipc_memory *memory, uint64_t offset, uint64_t moved,
	struct ipc_error *err)
{
	const uint64_t end = offset + moved, size = ipc_memory_size_now(memory);

	if (moved > 0 && size < end)
		return ipc_memory_cut(memory, moved, err);
	if (size == end)
		return 0;
	return ipc_memory_file_grow(
		memory->fd, &memory->address, size, end, true, memory->action, err);
}
