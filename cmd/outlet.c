/* outlet.c - a stream that messages are written to, made to lose none */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ipcutil/wait.h>

#include "hold.h"
#include "json.h"
#include "outlet.h"

enum { JSON_MEMBERS = 128 }; /* bytes of a line besides its data */

static int
cannot_write(int code, struct ipc_error *err)
{
	return ipc_fail(err, code, "write to standard output");
}

/*
 * A description of the pipe or terminal of our own, so that O_NONBLOCK is nobody
 * else's; -1 where that cannot be had.
 */
static int
open_again(int fd)
{
	char self[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return open(self, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int
outlet_open(struct outlet *out, int fd, const struct framing *framing, size_t most,
	struct ipc_error *err)
{
	struct rlimit limit;
	struct stat st;

	*out = (struct outlet){ .fd = fd, .framing = framing, .most = most, .own = -1 };
	if (fstat(fd, &st) < 0)
		return cannot_write(errno, err);
	/* poll(2) knows neither /dev/full nor a descriptor that is not for writing. */
	if (!S_ISSOCK(st.st_mode) && write(fd, "", 0) < 0)
		return cannot_write(errno, err); /* a socket would send it */
	out->is_file = S_ISREG(st.st_mode);
	out->appends = out->is_file && (fcntl(fd, F_GETFL) & O_APPEND) != 0;
	out->limit =
		getrlimit(RLIMIT_FSIZE, &limit) < 0 ? RLIM_INFINITY : limit.rlim_cur;
	out->is_socket = S_ISSOCK(st.st_mode);
	out->is_stream = S_ISFIFO(st.st_mode) || out->is_socket ||
		(S_ISCHR(st.st_mode) && isatty(fd));
	if (out->is_stream && !out->is_socket)
		out->own = open_again(fd);
	out->longest = framing->json ? 8 * most + JSON_MEMBERS
				     : FRAME_HEAD + most + FRAME_TAIL;
	out->buffer = malloc(FRAME_HEAD + most + FRAME_TAIL);
	if (out->buffer == NULL)
		return ipc_fail(
			err, errno, "make room for a message of %zu bytes", most);
	return 0;
}

void
outlet_close(struct outlet *out)
{
	free(out->buffer);
	if (out->buffer != NULL && out->own >= 0)
		close(out->own);
}

char *
outlet_room(const struct outlet *out)
{
	return out->buffer + FRAME_HEAD;
}

/* Where the next message will be written. */
static off_t
end_of(const struct outlet *out)
{
	struct stat st;

	return out->appends && fstat(out->fd, &st) == 0 ? st.st_size
							: lseek(out->fd, 0, SEEK_CUR);
}

/* RLIMIT_FSIZE: write(2) would write a part. */
static bool
is_beyond_limit(const struct outlet *out, size_t length)
{
	return out->is_file && out->limit != RLIM_INFINITY &&
		(rlim_t)end_of(out) + length > out->limit;
}

/* Takes the blocks for the longest message. */
static int
reserve(const struct outlet *out)
{
	if (is_beyond_limit(out, 1)) {
		errno = EFBIG;
		return -1;
	}
	while (fallocate(out->fd, FALLOC_FL_KEEP_SIZE, end_of(out),
		       (off_t)out->longest) < 0)
		if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
			return -1;
		else if (errno != EINTR)
			break; /* not every file system can */
	return 0;
}

int
outlet_ready(const struct outlet *out, const sigset_t *signals, struct ipc_error *err)
{
	const struct ipc_wait wait = {
		.limit = IPC_FOREVER,
		.signals = signals,
		.watched = out->fd,
	};
	int code = 0;

	if (out->is_file)
		return reserve(out) < 0 ? cannot_write(errno, err) : 0;
	if (out->is_stream)
		code = ipc_wait_for(out->fd, POLLOUT, &wait);
	return code == 0 ? 0 : cannot_write(code, err);
}

/* Sleeps until there is room, or a held signal waits: EINTR then. */
static int
wait_for_room(const struct outlet *out)
{
	struct pollfd polled[] = {
		{ .fd = out->fd, .events = POLLOUT },
		{ .events = POLLIN },
	};
	sigset_t held;
	int ready;

	hold_set(&held);
	polled[1].fd = signalfd(-1, &held, SFD_CLOEXEC);
	do
		ready = poll(polled, 2, -1);
	while (ready < 0 && errno == EINTR); /* by a signal that has a handler */
	if (polled[1].fd >= 0)
		close(polled[1].fd);
	if (ready < 0)
		return -1;
	if (polled[0].revents == 0) {
		errno = EINTR;
		return -1;
	}
	return 0;
}

bool
outlet_has_room(int fd)
{
	struct pollfd polled = { .fd = fd, .events = POLLOUT };

	return poll(&polled, 1, 0) != 0;
}

/*
 * write(2) that does not sleep, so that the held signals are noticed.  Where no
 * descriptor of our own could be had, a pipe takes PIPE_BUF bytes if it has room.
 */
static ssize_t
write_some(const struct outlet *out, const char *data, size_t length)
{
	if (!out->is_stream)
		return write(out->fd, data, length);
	if (out->is_socket)
		return send(out->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (out->own >= 0)
		return write(out->own, data, length);
	if (!outlet_has_room(out->fd)) {
		errno = EAGAIN;
		return -1;
	}
	return write(out->fd, data, length < PIPE_BUF ? length : PIPE_BUF);
}

static int
write_all(const struct outlet *out, const char *data, size_t length,
	struct ipc_error *err)
{
	if (is_beyond_limit(out, length))
		return cannot_write(EFBIG, err);
	while (length > 0) {
		ssize_t step = write_some(out, data, length);

		if (step >= 0) {
			data += step;
			length -= (size_t)step;
		} else if (errno == EAGAIN ? wait_for_room(out) < 0 : errno != EINTR) {
			return cannot_write(errno, err);
		}
	}
	return 0;
}

static int
write_json(
	const struct outlet *out, const struct message *message, struct ipc_error *err)
{
	char *line = NULL;
	size_t length = 0;
	FILE *text = open_memstream(&line, &length);
	bool whole = text != NULL;
	int result;

	if (whole) {
		fprintf(text, "{\"priority\":%u,\"type\":null,", message->priority);
		whole = json_put_bytes(text, "data", message->data, message->length);
		fputs("}\n", text);
		whole = fclose(text) == 0 && whole;
	}
	result = whole ? write_all(out, line, length, err) : cannot_write(ENOMEM, err);
	free(line);
	return result;
}

int
outlet_write(
	const struct outlet *out, const struct message *message, struct ipc_error *err)
{
	char *from = message->data;
	size_t length = message->length;

	if (out->framing->json)
		return write_json(out, message, err);
	if (out->framing->lines || out->framing->null)
		from[length++] = out->framing->lines ? '\n' : '\0';
	if (out->framing->length_prefixed) {
		for (size_t i = 0; i < FRAME_HEAD; i++)
			*--from = (char)(message->length >> (8 * i) & 255);
		length += FRAME_HEAD;
	}
	return write_all(out, from, length, err);
}
