/* wait.c - the one place that sleeps */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>

#include <ipcutil/wait.h>

enum { NS_PER_S = 1000000000 };

static int64_t
span_between(const struct timespec *from, const struct timespec *to)
{
	return (to->tv_sec - from->tv_sec) * NS_PER_S + to->tv_nsec - from->tv_nsec;
}

void
ipc_progress_start(struct ipc_progress *progress)
{
	clock_gettime(CLOCK_MONOTONIC_COARSE, &progress->told);
}

void
ipc_progress_add(struct ipc_progress *progress, uint64_t bytes)
{
	struct timespec now;

	if (progress == NULL)
		return;
	progress->moved += bytes;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (span_between(&progress->told, &now) < progress->interval)
		return;
	progress->told = now;
	progress->tell(progress);
}

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
		ns = wait->limit - span_between(&wait->start, &now);
	}
	if (ns < 0)
		ns = 0;
	*span = (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
	return span;
}

/* At most so long as nobody need be told. */
static const struct timespec *
next_part(
	const struct ipc_wait *wait, const struct timespec *left, struct timespec *part)
{
	const int64_t ns = wait->progress != NULL ? wait->progress->interval : 0;

	*part = (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
	if (ns == 0 || (left != NULL && span_between(left, part) >= 0))
		return left;
	return part;
}

static bool
has_any(const struct pollfd *polled, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (polled[i].revents != 0)
			return true;
	return false;
}

int
ipc_wait_for_any(struct pollfd *polled, size_t count, const struct ipc_wait *wait)
{
	struct pollfd *watched = &polled[count], *interrupt = &polled[count + 1];
	const sigset_t *signals = wait->interrupt < 0 ? wait->signals : NULL;
	const struct timespec *left, *part;
	struct timespec spans[2];
	int ready;

	/* POLLERR and POLLHUP need no asking */
	*watched = (struct pollfd){ .fd = wait->watched };
	*interrupt = (struct pollfd){ .fd = wait->interrupt, .events = POLLIN };
	do {
		left = ipc_wait_left(wait, &spans[0]);
		part = next_part(wait, left, &spans[1]);
		ready = ppoll(polled, count + IPC_WAIT_MORE, part, signals);
		if (ready < 0)
			return errno;
		ipc_progress_add(wait->progress, 0);
	} while (ready == 0 && part != left);
	if (ready == 0)
		return wait->limit == 0 ? EAGAIN : ETIMEDOUT;
	if ((watched->revents & (POLLERR | POLLHUP)) != 0)
		return EPIPE;
	return has_any(polled, count) ? 0 : EINTR;
}

int
ipc_wait_for(int fd, short events, const struct ipc_wait *wait)
{
	struct pollfd polled[1 + IPC_WAIT_MORE] = { { .fd = fd, .events = events } };

	return ipc_wait_for_any(polled, 1, wait);
}
