/* inlet-pipe.c - an inlet that takes no more from a pipe than the next message */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

#include "inlet-fill.h"

/* What can be seen of the next message, besides what is in hand of it. */
struct sight {
	size_t length; /* bytes in the pipe, behind those in hand in the inlet's room */
	size_t wanted; /* bytes that the message needs; SIZE_MAX: more than those */
	bool is_all;   /* no more can come before some are taken */
};

/* Bytes of the message with its frame, as far as its first length bytes tell. */
static size_t
extent(const struct inlet *in, size_t length)
{
	const struct framing *framing = in->framing;
	const char *from = in->buffer + in->start, *end;

	if (framing->record != IPC_UNKNOWN)
		return framing->record;
	if (framing->length_prefixed)
		return length < FRAME_HEAD ? SIZE_MAX : FRAME_HEAD + inlet_length(from);
	end = memchr(from + in->seen, framing->lines ? '\n' : '\0', length - in->seen);
	return end == NULL ? SIZE_MAX : (size_t)(end - from) + 1;
}

/* Looks at so many bytes.  0, or an errno value; EAGAIN: it is empty, ENODATA: ended. */
static int
look_at(struct inlet *in, size_t most, struct sight *sight)
{
	const size_t held = in->end - in->start;
	ssize_t length =
		ipc_stream_look(in->stream, in->buffer + in->end, most, &sight->is_all);

	*sight = (struct sight){ .is_all = length > 0 && sight->is_all };
	if (length <= 0)
		return length == 0 ? ENODATA : errno;
	sight->length = (size_t)length;
	sight->wanted = extent(in, held + sight->length);
	if (sight->wanted != SIZE_MAX)
		sight->wanted -= held;
	return 0;
}

/* A glance at the first bytes is cheaper than a look at all, and mostly enough. */
static int
look(struct inlet *in, struct sight *sight, struct ipc_error *err)
{
	int code;

	if (inlet_make_room(in, PIPE_BUF, err) < 0)
		return errno;
	code = look_at(in, PIPE_BUF, sight);
	if (code != 0 || sight->wanted <= sight->length || sight->is_all)
		return code;
	if (inlet_make_room(in, ipc_stream_capacity(in->stream), err) < 0)
		return errno;
	return look_at(in, in->room - in->end, sight);
}

/* Until something comes to what was seen; what was begun is ended, without a limit of 0. */
static int
wait_for(struct inlet *in, const struct sight *sight)
{
	struct ipc_wait wait = in->wait;

	if (wait.limit == 0 && in->start < in->end)
		wait.limit = IPC_FOREVER;
	return sight->length == 0 ? ipc_wait_for(in->fd, POLLIN, &wait)
				  : ipc_stream_wait_for_more(in->stream, &wait);
}

/* Fails as nothing comes, with an errno value of waiting. */
static int
stands_still(const struct inlet *in, const struct sight *sight, int code,
	struct ipc_error *err)
{
	const uintmax_t next = in->number + 1;
	const bool is_amid = sight->length > 0 || in->start < in->end;
	char span[IPC_SPAN_MAX];

	ipc_span_text(in->wait.limit, span);
	switch (code) {
	case EAGAIN:
		if (is_amid)
			return ipc_refuse(err, IPC_WOULD_BLOCK, EBUSY,
				"read %s: only a part of message %ju is there",
				in->name, next);
		return ipc_refuse(
			err, IPC_WOULD_BLOCK, code, "read %s: it is empty", in->name);
	case ETIMEDOUT:
		if (is_amid)
			return ipc_refuse(err, IPC_TIMED_OUT, code,
				"read %s: nothing came to a part of message %ju for %s s",
				in->name, next, span);
		return ipc_refuse(err, IPC_TIMED_OUT, code,
			"read %s: it stayed empty for %s s", in->name, span);
	default:
		return ipc_refuse(err, IPC_FAILED, code, "read %s: %s", in->name,
			code == EINTR ? "a signal came" : strerror(code));
	}
}

/* Takes what is the message's; others may have taken it, and other bytes come. */
static int
take(struct inlet *in, const struct sight *sight, struct ipc_error *err)
{
	size_t length = sight->wanted < sight->length ? sight->wanted : sight->length;
	ssize_t taken = ipc_stream_take(in->stream, in->buffer + in->end, length);

	if (taken < 0 && errno != EAGAIN)
		return ipc_refuse(err, IPC_FAILED, errno, "read %s: %s", in->name,
			strerror(errno));
	in->end += taken > 0 ? (size_t)taken : 0;
	ipc_wait_start(&in->wait);
	return 0;
}

int
inlet_take(struct inlet *in, struct ipc_error *err)
{
	struct sight sight = { 0 };
	size_t before = 0;
	int code = wait_for(in, &sight); /* also for the first writer of a FIFO */

	while (code == 0) {
		code = look(in, &sight, err);
		if (code == ENODATA) {
			in->ended = true;
			return 0;
		}
		if (code != 0 && code != EAGAIN)
			return ipc_fail(err, code, "read %s", in->name);
		if (sight.length > 0 && (sight.wanted <= sight.length || sight.is_all))
			return take(in, &sight, err);
		if (sight.length > before)
			ipc_wait_start(&in->wait);
		before = sight.length;
		code = wait_for(in, &sight);
	}
	return stands_still(in, &sight, code, err);
}
