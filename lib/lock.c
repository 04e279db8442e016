/* lock.c - locks of files, waited for with a limit */
#include <errno.h>
#include <stdbool.h>
#include <sys/file.h>

#include "interrupt.h"
#include "lock.h"

/* A lock that is wanted, and how. */
struct want {
	int fd;
	const struct flock *lock;
	bool waits;
};

static int
lock_it(void *context)
{
	const struct want *want = context;
	struct flock lock;
	int result;

	if (want->lock == NULL) {
		result = flock(want->fd, want->waits ? LOCK_EX : LOCK_EX | LOCK_NB);
	} else {
		lock = *want->lock;
		result = fcntl(
			want->fd, want->waits ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
	}
	if (result == 0)
		return 0;
	return errno == EACCES ? EAGAIN : errno; /* fcntl(2) may say either */
}

int
ipc_lock_take(int fd, const struct flock *lock, const struct ipc_wait *wait)
{
	struct want want = { .fd = fd, .lock = lock };
	int code = lock_it(&want);

	if (code != EAGAIN || wait->limit == 0)
		return code;
	want.waits = true;
	return ipc_interrupt_call(wait, lock_it, &want);
}
