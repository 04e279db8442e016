/* memory-lock.c - one writer, or many readers, of shared memory at a time */
#include <errno.h>
#include <fcntl.h>

#include "interrupt.h"
#include "memory.h"

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

int
ipc_memory_lock(const struct ipc_memory *memory, bool exclusive,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	struct flock lock = {
		.l_type = exclusive ? F_WRLCK : F_RDLCK, /* of all of it */
		.l_whence = SEEK_SET,
	};
	struct ipc_interrupt sleep;
	int code;

	if (memory->fd < 0)
		return ipc_refuse(err, IPC_REFUSED, EOPNOTSUPP,
			"lock '%s': a System V segment has no descriptor to lock; agree on "
			"a semaphore, as 'ipc-sem run' takes it",
			memory->address.text);
	if (fcntl(memory->fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	if ((errno != EAGAIN && errno != EACCES) || wait->limit == 0)
		return failed(memory, wait, errno == EACCES ? EAGAIN : errno, err);
	if (ipc_interrupt_begin(&sleep, wait) < 0)
		return failed(memory, wait, errno, err);
	code = fcntl(memory->fd, F_OFD_SETLKW, &lock) == 0 ? 0 : errno;
	if (code == EINTR)
		code = ipc_interrupt_cause(&sleep);
	ipc_interrupt_end(&sleep);
	if (code == EINTR)
		ipc_interrupt_let_act(wait);
	return code == 0 ? 0 : failed(memory, wait, code, err);
}
