/* stream.c - taking from a pipe exactly what is wanted, and taking turns at its ends */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <unistd.h>

#include <ipcutil/stream.h>

#include "auto.h"
#include "lock.h"

int
ipc_stream_open(struct ipc_stream *stream, const char *name, struct ipc_error *err)
{
	*stream = (struct ipc_stream)IPC_STREAM_CLOSED;
	stream->name = name;
	stream->arrivals = epoll_create1(EPOLL_CLOEXEC);
	if (stream->arrivals < 0 || pipe2(stream->relay, O_CLOEXEC | O_NONBLOCK) < 0)
		return ipc_fail(err, errno, "read %s", name);
	return 0;
}

void
ipc_stream_close(struct ipc_stream *stream)
{
	auto_close(&stream->relay[0]);
	auto_close(&stream->relay[1]);
	auto_close(&stream->arrivals);
}

size_t
ipc_stream_capacity(const struct ipc_stream *stream)
{
	int capacity = fcntl(stream->fd, F_GETPIPE_SZ);

	return capacity < 0 ? PIPE_BUF : (size_t)capacity;
}

/*
 * As many places as the pipe has, or fewer where no more can be had: when the relay is
 * full, the pipe is, or there is more in it than can be seen at once.
 */
static void
fit_relay(struct ipc_stream *stream)
{
	int capacity = fcntl(stream->fd, F_GETPIPE_SZ);

	if (capacity > 0 && capacity != fcntl(stream->relay[1], F_GETPIPE_SZ))
		(void)!fcntl(stream->relay[1], F_SETPIPE_SZ, capacity);
}

static bool
is_full(int fd)
{
	struct pollfd polled = { .fd = fd, .events = POLLOUT };

	return poll(&polled, 1, 0) == 0;
}

static bool
has_writers(int fd)
{
	struct pollfd polled = { .fd = fd };

	return poll(&polled, 1, 0) == 0;
}

/* All of what is in the relay, which is so much. */
static ssize_t
empty_relay(const struct ipc_stream *stream, char *data, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t step = read(stream->relay[0], data + done, length - done);

		if (step < 0 && errno != EINTR)
			return -1;
		done += step > 0 ? (size_t)step : 0;
	}
	return (ssize_t)done;
}

ssize_t
ipc_stream_look(struct ipc_stream *stream, char *data, size_t room, bool *is_all)
{
	bool had_writers = has_writers(stream->fd);
	ssize_t length;

	fit_relay(stream);
	length = tee(stream->fd, stream->relay[1], room, SPLICE_F_NONBLOCK);
	if (length <= 0)
		return length;
	*is_all = !had_writers || is_full(stream->relay[1]);
	return empty_relay(stream, data, (size_t)length);
}

ssize_t
ipc_stream_take(struct ipc_stream *stream, char *data, size_t length)
{
	ssize_t step = splice(
		stream->fd, NULL, stream->relay[1], NULL, length, SPLICE_F_NONBLOCK);

	return step <= 0 ? step : empty_relay(stream, data, (size_t)step);
}

/* poll(2) tells that there are bytes; epoll(7) can tell that some came. */
int
ipc_stream_wait_for_more(struct ipc_stream *stream, const struct ipc_wait *wait)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int code;

	if (epoll_ctl(stream->arrivals, EPOLL_CTL_ADD, stream->fd, &event) < 0 &&
		errno != EEXIST) /* it is watched already */
		return errno;
	code = ipc_wait_for(stream->arrivals, POLLIN, wait);
	if (code == 0)
		epoll_wait(stream->arrivals, &event, 1, 0);
	return code;
}

int
ipc_stream_reopen(int fd, enum ipc_pipe_end end)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path,
		(end == IPC_PIPE_READ ? O_RDONLY : O_WRONLY) | O_NONBLOCK | O_CLOEXEC);
}

/* A lock for writing wants a descriptor for that; a reader's is of another kind. */
int
ipc_stream_turn_take(int own, enum ipc_pipe_end end, const struct ipc_wait *wait)
{
	static const struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return ipc_lock_take(own, end == IPC_PIPE_WRITE ? &all : NULL, wait);
}

void
ipc_stream_turn_give(int own, enum ipc_pipe_end end)
{
	struct flock all = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	if (end == IPC_PIPE_WRITE)
		fcntl(own, F_OFD_SETLK, &all);
	else
		flock(own, LOCK_UN);
}
