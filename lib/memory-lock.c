/* memory-lock.c - one writer, or many readers, of shared memory at a time */
#include <errno.h>
#include <fcntl.h>

#include "lock.h"
#include "memory.h"

/* It may be replaced each time just before it is locked. */
enum { TRIES = 1000 };

static int
failed(const struct ipc_memory *memory, const struct ipc_wait *wait, int code,
	struct ipc_error *err)
{
	const char *text = ipc_address_text(&memory->address);
	char span[IPC_SPAN_MAX];

	if (code == EAGAIN)
		return ipc_refuse(
			err, IPC_WOULD_BLOCK, code, "lock '%s': another has it", text);
	if (code == ETIMEDOUT)
		return ipc_refuse(err, IPC_TIMED_OUT, code,
			"lock '%s': another had it for %s s", text,
			ipc_span_text(wait->limit, span));
	return ipc_fail(err, code, "lock '%s'", text);
}

static int
lock_it(const struct ipc_memory *memory, bool exclusive, const struct ipc_wait *wait,
	struct ipc_error *err)
{
	const struct flock lock = {
		.l_type = exclusive ? F_WRLCK : F_RDLCK, /* of all of it */
		.l_whence = SEEK_SET,
	};
	int code;

	if (memory->fd < 0)
		return ipc_refuse(err, IPC_REFUSED, EOPNOTSUPP,
			"lock '%s': a System V segment has no descriptor to lock; agree on "
			"a semaphore, as 'ipc-sem run' takes it",
			memory->address.text);
	code = ipc_lock_take(memory->fd, &lock, wait);
	return code == 0 ? 0 : failed(memory, wait, code, err);
}

/* Whether it has its name, and its size by now. */
static bool
is_there(struct ipc_memory *memory)
{
	struct ipc_memory_info its, named;

	if (ipc_memory_file_fill(
		    memory->fd, "", &memory->address, IPC_MEMORY_GLANCE, &its) != 0 ||
		ipc_memory_stat(&memory->address, IPC_MEMORY_GLANCE, &named, NULL) < 0)
		return false;
	memory->size = its.size;
	return its.device == named.device && its.inode == named.inode;
}

/* After a failure, too, it is the caller's to close. */
static int
open_again(struct ipc_memory *memory, struct ipc_error *err)
{
	const struct ipc_memory old = *memory;

	ipc_memory_close(memory);
	if (ipc_memory_open(memory, &old.address, old.access, old.trusted, err) < 0)
		return -1;
	memory->extends = old.extends;
	return 0;
}

int
ipc_memory_lock(struct ipc_memory *memory, bool exclusive, const struct ipc_wait *wait,
	struct ipc_error *err)
{
	for (int try = 0; try < TRIES; try++) {
		if (lock_it(memory, exclusive, wait, err) < 0)
			return -1;
		if (is_there(memory))
			return 0;
		if (open_again(memory, err) < 0)
			return -1;
	}
	return ipc_refuse(err, IPC_FAILED, ESTALE,
		"lock '%s': it is replaced again and again",
		ipc_address_text(&memory->address));
}
