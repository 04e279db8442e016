/* copy-way.c - the ways that bytes can take from one descriptor to another */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auto.h"
#include "copy-way.h"

enum {
	BUFFER = 512 << 10,   /* stays in most second-level caches */
	RANGE = 16 << 20,     /* of a copy_file_range(2), which no signal ends */
	PIPE_LARGE = 1 << 20, /* the default of pipe-max-size; more leaves the caches */
};

off_t *
ipc_copy_offset(
	const struct copy_transfer *t, const struct copy_end *end, off_t *offset)
{
	if (end->offset < 0)
		return NULL;
	*offset = end->offset + (off_t)(t->copy->moved - t->before);
	return offset;
}

static bool
is_ready(const struct copy_end *end, short events)
{
	const struct ipc_wait now = IPC_WAIT(0);

	return ipc_wait_for(end->fd, events, &now) == 0;
}

static ssize_t
not_ready(struct copy_transfer *t, struct copy_end *end)
{
	t->at = end;
	errno = EAGAIN;
	return -1;
}

void
ipc_copy_enlarge(int fd)
{
	if (fcntl(fd, F_GETPIPE_SZ) != COPY_PIPE_DEFAULT)
		return;
	for (int size = PIPE_LARGE; size > COPY_PIPE_DEFAULT; size /= 2)
		if (fcntl(fd, F_SETPIPE_SZ, size) >= 0)
			return;
}

static int
need_relay(struct copy_transfer *t)
{
	if (t->relay[0] >= 0)
		return 0;
	if (pipe2(t->relay, O_CLOEXEC | O_NONBLOCK) < 0) {
		t->relay[0] = t->relay[1] = -1;
		return -1;
	}
	if (t->copy->length - t->copy->moved > COPY_PIPE_DEFAULT)
		ipc_copy_enlarge(t->relay[1]);
	return 0;
}

void
ipc_copy_drop_relay(struct copy_transfer *t)
{
	auto_close(&t->relay[0]);
	auto_close(&t->relay[1]);
	t->relay[0] = t->relay[1] = -1;
	t->in_relay = 0;
}

/*
 * The ways.  Each moves at most length bytes and returns how many; 0 at the end of
 * the source; or -1 with errno, and t->at where it knows.
 *
 * vmsplice(2) is in none: it lends pages to the pipe, which may not change before the
 * last reader has read them, also one that they were spliced or teed on to; and nothing
 * tells when that is.
 */

static bool
suits_range(const struct copy_transfer *t)
{
	return t->from.kind == A_FILE && t->to.kind == A_FILE &&
		!ipc_copy_is_in_memory(t->from.fd);
}

/* File systems do so that can let two files share their blocks; none in memory can. */
static ssize_t
by_range(struct copy_transfer *t, size_t length)
{
	off_t in, out;

	if (length > RANGE)
		length = RANGE;
	t->at = &t->to;
	return copy_file_range(t->from.fd, ipc_copy_offset(t, &t->from, &in), t->to.fd,
		ipc_copy_offset(t, &t->to, &out), length, 0);
}

/* What a socket or a terminal sleeps over, splice(2) sleeps over. */
static bool
suits_splice(const struct copy_transfer *t)
{
	if (t->from.kind == A_PIPE)
		return t->to.kind != A_SOCKET && t->to.kind != A_TERMINAL;
	return t->to.kind == A_PIPE && (!t->from.lends || t->copy->by_reference);
}

static bool
is_at_end(const struct copy_transfer *t)
{
	struct pollfd polled = { .fd = t->from.fd, .events = POLLIN };
	char byte;
	off_t in;

	switch (t->from.kind) {
	case A_FILE:
		return pread(t->copy->from, &byte, 1,
			       *ipc_copy_offset(t, &t->from, &in)) == 0;
	case A_PIPE:
		return poll(&polled, 1, 0) == 1 && polled.revents == POLLHUP;
	case A_SOCKET:
		return recv(t->from.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
	default:
		return false;
	}
}

static ssize_t
by_splice(struct copy_transfer *t, size_t length)
{
	off_t in, out;
	ssize_t step;
	int code;

	if (length > PIPE_LARGE)
		length = PIPE_LARGE;
	/* SPLICE_F_NONBLOCK is about pipes alone. */
	if (t->from.kind != A_PIPE && t->from.sleeps && !is_ready(&t->from, POLLIN))
		return not_ready(t, &t->from);
	step = splice(t->from.fd, ipc_copy_offset(t, &t->from, &in), t->to.fd,
		ipc_copy_offset(t, &t->to, &out), length, SPLICE_F_NONBLOCK);
	if (step >= 0)
		return step;
	code = errno;
	/* It looks for readers and for room first; but when all is there, none matters. */
	if ((code == EPIPE || code == EAGAIN) && is_at_end(t))
		return 0;
	t->at = code == EAGAIN                            ? NULL
		: code == EPIPE || t->from.kind == A_PIPE ? &t->to
							  : &t->from;
	errno = code;
	return -1;
}

static bool
suits_relay(const struct copy_transfer *t)
{
	return t->from.kind == A_FILE &&
		(t->to.kind == A_FILE || t->to.kind == A_DEVICE);
}

/*
 * As sendfile(2) does it, with a larger pipe and with offsets: the source's pages are
 * lent to a pipe that none but we read, and are copied at once.
 */
static ssize_t
by_relay(struct copy_transfer *t, size_t length)
{
	off_t in, out;
	ssize_t step;

	t->at = &t->from;
	if (need_relay(t) < 0)
		return -1;
	if (length > PIPE_LARGE)
		length = PIPE_LARGE;
	if (t->in_relay == 0) {
		step = splice(t->from.fd, ipc_copy_offset(t, &t->from, &in),
			t->relay[1], NULL, length, 0);
		if (step <= 0)
			return step;
		t->in_relay = (size_t)step;
	}
	t->at = &t->to;
	step = splice(t->relay[0], NULL, t->to.fd, ipc_copy_offset(t, &t->to, &out),
		t->in_relay, 0);
	if (step > 0)
		t->in_relay -= (size_t)step;
	return step;
}

/* read(2) of a pipe might sleep, as another reader may come first. */
static ssize_t
take_from_pipe(struct copy_transfer *t, size_t length)
{
	ssize_t step, got = 0;

	if (need_relay(t) < 0)
		return -1;
	step = splice(t->from.fd, NULL, t->relay[1], NULL, length, SPLICE_F_NONBLOCK);
	while (got < step) { /* a pipe of packets gives one at a time */
		ssize_t part = read(t->relay[0], t->buffer + got, (size_t)(step - got));

		if (part <= 0)
			return part;
		got += part;
	}
	return step;
}

static ssize_t
take(struct copy_transfer *t, size_t length)
{
	const struct copy_end *from = &t->from;
	off_t in;

	switch (from->kind) {
	case A_FILE:
		return pread(
			from->fd, t->buffer, length, *ipc_copy_offset(t, from, &in));
	case A_PIPE:
		return take_from_pipe(t, length);
	case A_SOCKET:
		return recv(from->fd, t->buffer, length, MSG_DONTWAIT);
	default:
		if (from->sleeps && !is_ready(from, POLLIN))
			return not_ready(t, &t->from);
		return read(from->fd, t->buffer, length);
	}
}

/*
 * write(2) to a pipe might sleep, as another writer may take the room that poll(2)
 * tells of.  The pages of the relay move; they are not copied once more.
 */
static ssize_t
give_to_pipe(struct copy_transfer *t, const char *data, size_t length)
{
	ssize_t step;

	if (need_relay(t) < 0)
		return -1;
	if (t->in_relay == 0) {
		step = write(t->relay[1], data, length);
		if (step < 0)
			return -1;
		t->in_relay = (size_t)step;
	}
	step = splice(
		t->relay[0], NULL, t->to.fd, NULL, t->in_relay, SPLICE_F_NONBLOCK);
	if (step > 0)
		t->in_relay -= (size_t)step;
	return step;
}

static ssize_t
give(struct copy_transfer *t, const char *data, size_t length)
{
	const struct copy_end *to = &t->to;
	off_t out;

	switch (to->kind) {
	case A_FILE:
		return ipc_copy_offset(t, to, &out) != NULL
			? pwrite(to->fd, data, length, out)
			: write(to->fd, data, length);
	case A_PIPE:
		return give_to_pipe(t, data, length);
	case A_SOCKET:
		return send(to->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	default:
		if (to->sleeps && !is_ready(to, POLLOUT))
			return not_ready(t, &t->to);
		/* Where poll(2) finds room at a terminal, there is some for a byte. */
		if (to->sleeps && to->kind == A_TERMINAL)
			length = 1;
		return write(to->fd, data, length);
	}
}

/* Fills the buffer; first, sees to it that what cannot go back can go on. */
static ssize_t
refill(struct copy_transfer *t, size_t length)
{
	ssize_t got;
	char *buffer = realloc(t->buffer, BUFFER); /* what was in hand may be smaller */

	if (buffer == NULL)
		return -1;
	t->buffer = buffer;
	if (t->from.kind != A_FILE && t->to.kind != A_FILE) {
		if (!is_ready(&t->to, POLLOUT))
			return not_ready(t, &t->to);
		/* poll(2) knows no /dev/full */
		if (t->to.kind == A_DEVICE && write(t->to.fd, "", 0) < 0) {
			t->at = &t->to;
			return -1;
		}
	}
	got = take(t, length < BUFFER ? length : BUFFER);
	t->begin = 0;
	t->end = got > 0 ? (size_t)got : 0;
	return got;
}

static bool
suits_buffer(const struct copy_transfer *t)
{
	(void)t;
	return true;
}

static ssize_t
by_buffer(struct copy_transfer *t, size_t length)
{
	ssize_t step = 1;

	t->at = &t->from;
	if (t->begin == t->end)
		step = refill(t, length);
	if (step <= 0)
		return step;
	t->at = &t->to;
	if (length > t->end - t->begin)
		length = t->end - t->begin;
	step = give(t, t->buffer + t->begin, length);
	if (step > 0) {
		t->begin += (size_t)step;
	} else if (step == 0) {
		errno = EIO; /* a device that takes nothing */
		step = -1;
	}
	return step;
}

static const struct way {
	bool (*suits)(const struct copy_transfer *t);
	ssize_t (*step)(struct copy_transfer *t, size_t length);
} ways[] = {
	{ suits_range, by_range },
	{ suits_splice, by_splice },
	{ ipc_copy_pair_suits, ipc_copy_pair_step },
	{ suits_relay, by_relay },
	{ suits_buffer, by_buffer },
};

enum { LAST_WAY = sizeof(ways) / sizeof(ways[0]) - 1 };

void
ipc_copy_first_way(struct copy_transfer *t)
{
	while (!ways[t->way].suits(t))
		t->way++;
	if (t->begin < t->end)
		t->way = LAST_WAY;
}

ssize_t
ipc_copy_step(struct copy_transfer *t, size_t length)
{
	return ways[t->way].step(t, length);
}

/*
 * The next one where this one is not for these two; from a file, which loses
 * nothing, also when it failed in any other way: reading and writing tell more.  The
 * error of a socket is told once.
 */
bool
ipc_copy_other_way(struct copy_transfer *t, int code)
{
	switch (code) {
	case EINTR:
	case EAGAIN:
	case EPIPE:
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return false;
	case EINVAL:
	case ENOSYS:
	case EOPNOTSUPP:
		break;
	default:
		if (t->from.kind != A_FILE)
			return false;
	}
	if (t->way == LAST_WAY || (t->from.kind == A_PIPE && t->to.kind == A_PIPE))
		return false;
	ipc_copy_drop_relay(t);
	ipc_copy_pair_end(t);
	do
		t->way++;
	while (!ways[t->way].suits(t));
	return true;
}
