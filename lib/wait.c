/* wait.c - the one place that sleeps */
#include <errno.h>
#include <poll.h>

#include <ipcutil/wait.h>

enum { NS_PER_S = 1000000000 };

void
ipc_wait_start(struct ipc_wait *wait)
{
	/* One system call less for those who wait for ever or not at all. */
	if (wait->limit != 0 && wait->limit != IPC_FOREVER)
		clock_gettime(CLOCK_MONOTONIC, &wait->start);
}

const struct timespec *
ipc_wait_left(const struct ipc_wait *wait, struct timespec *span)
{
	struct timespec now;
	int64_t ns = 0;

	if (wait->limit == IPC_FOREVER)
		return NULL;
	if (wait->limit != 0) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		ns = wait->limit - (now.tv_sec - wait->start.tv_sec) * NS_PER_S -
			(now.tv_nsec - wait->start.tv_nsec);
	}
	if (ns < 0)
		ns = 0;
	*span = (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
	return span;
}

int
ipc_wait_for(int fd, short events, const struct ipc_wait *wait)
{
	struct pollfd polled[] = {
		{ .fd = fd, .events = events },
		{ .fd = wait->watched }, /* POLLERR and POLLHUP need no asking */
		{ .fd = wait->interrupt, .events = POLLIN },
	};
	struct timespec span;
	int ready = ppoll(polled, 3, ipc_wait_left(wait, &span), wait->signals);

	if (ready < 0)
		return errno;
	if (ready == 0)
		return wait->limit == 0 ? EAGAIN : ETIMEDOUT;
	if ((polled[1].revents & (POLLERR | POLLHUP)) != 0)
		return EPIPE;
	return polled[0].revents == 0 ? EINTR : 0;
}
