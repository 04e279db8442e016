/* memory-drain.c - bytes out of shared memory */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ipcutil/copy.h>

#include "auto.h"
#include "memory.h"

#ifndef MADV_POPULATE_READ /* of Linux 5.14 */
#define MADV_POPULATE_READ 22
#endif

enum { WINDOW = 16 << 20 }; /* of a segment, whose page tables are filled at once */

static int
copy_out(const struct ipc_memory *memory, uint64_t offset, int fd, uint64_t length,
	const struct ipc_wait *wait, uint64_t *moved, struct ipc_error *err)
{
	struct ipc_copy copy = IPC_COPY(memory->fd, fd, wait);
	int result;

	copy.from_offset = (int64_t)offset;
	copy.length = length;
	result = ipc_copy(&copy, err);
	*moved = copy.moved;
	free(copy.hand);
	if (result > 0)
		return ipc_memory_cut(memory, *moved, err);
	if (result < 0 && copy.failed == fd)
		return ipc_memory_other_failed(errno, err);
	if (result < 0)
		return ipc_fail(err, errno, "%s '%s'", memory->action,
			ipc_address_text(&memory->address));
	return 0;
}

/* One touch for many pages; where the kernel cannot, each is touched when it is read. */
static void
populate(const struct ipc_memory *memory, uint64_t offset, uint64_t end)
{
	const uint64_t first = offset - offset % WINDOW;

	if (end > first + WINDOW)
		end = first + WINDOW;
	madvise(memory->base + first, end - first, MADV_POPULATE_READ);
}

/* By a pipe, which the copy can take from without ever sleeping. */
static int
write_out(const struct ipc_memory *memory, uint64_t offset, int fd, uint64_t length,
	const struct ipc_wait *wait, uint64_t *moved, struct ipc_error *err)
{
	const uint64_t end = offset + length;
	autoclose int out = -1, in = -1;
	uint64_t next = offset; /* to populate */

	if (ipc_memory_relay(memory, &out, &in, err) < 0)
		return -1;
	while (*moved < length) {
		struct ipc_copy copy = IPC_COPY(out, fd, wait);
		uint64_t at = offset + *moved;
		ssize_t step;
		int result;

		if (at >= next) {
			populate(memory, at, end);
			next = at - at % WINDOW + WINDOW;
		}
		step = write(in, memory->base + at, (end < next ? end : next) - at);
		if (step < 0 && errno == EINTR)
			continue;
		if (step < 0)
			return ipc_fail(err, errno, "%s '%s'", memory->action,
				ipc_address_text(&memory->address));
		copy.length = (uint64_t)step;
		result = ipc_copy(&copy, err);
		*moved += copy.moved;
		free(copy.hand);
		if (result < 0)
			return ipc_memory_other_failed(errno, err);
	}
	return 0;
}

int
ipc_memory_part(const struct ipc_memory *memory, uint64_t offset, uint64_t *length,
	struct ipc_error *err)
{
	const char *text = ipc_address_text(&memory->address);

	if (offset > memory->size)
		return ipc_refuse(err, IPC_FAILED, ENXIO,
			"%s '%s': offset %ju is behind its end: it has %ju bytes",
			memory->action, text, (uintmax_t)offset,
			(uintmax_t)memory->size);
	if (*length == IPC_UNKNOWN)
		*length = memory->size - offset;
	if (*length > memory->size - offset)
		return ipc_refuse(err, IPC_FAILED, ENXIO,
			"%s '%s': there are not %ju bytes at offset %ju: it has %ju",
			memory->action, text, (uintmax_t)*length, (uintmax_t)offset,
			(uintmax_t)memory->size);
	return 0;
}

int
ipc_memory_drain(const struct ipc_memory *memory, uint64_t offset, int fd,
	uint64_t length, const struct ipc_wait *wait, uint64_t *moved,
	struct ipc_error *err)
{
	*moved = 0;
	if (ipc_memory_part(memory, offset, &length, err) < 0)
		return -1;
	return memory->base != NULL
		? write_out(memory, offset, fd, length, wait, moved, err)
		: copy_out(memory, offset, fd, length, wait, moved, err);
}
