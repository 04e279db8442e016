/* copy.c - bytes from one descriptor to another, in the cheapest way the two allow */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ipcutil/number.h>

#include "auto.h"
#include "copy-way.h"

enum {
	OTHERS = 1000000, /* nanoseconds: more than filling or emptying a pipe takes */
	LOOK = 4 << 20,   /* moved, before signals are looked for again */
};

static int
wait_for(struct copy_transfer *t, struct copy_end *end, short events)
{
	int code = ipc_wait_for(end->fd, events, &t->wait);

	t->at = code == EPIPE ? &t->to : end;
	return code;
}

/*
 * Lets those who fill and empty the ends go on, where they have this processor, too: they
 * then do much at once, and each of us sleeps less often.  Where others use that time, it
 * is tried the more seldom.
 */
static bool
let_go_on(struct copy_transfer *t)
{
	struct ipc_wait turn = IPC_WAIT(OTHERS);
	struct timespec left;

	if (t->waits++ < t->waits_apart)
		return false;
	ipc_wait_start(&turn);
	sched_yield();
	ipc_wait_left(&turn, &left);
	t->waits = 0;
	t->waits_apart =
		left.tv_nsec == 0 ? 16 * (t->waits_apart + 1) : t->waits_apart / 16;
	return true;
}

/* Until the end is ready that was not, or one after the other where that is not known. */
static int
stand_still(struct copy_transfer *t)
{
	struct copy_end *at = t->at;
	int code = 0;

	if (!t->stands_still) {
		ipc_wait_start(&t->wait);
		t->stands_still = true;
		if (t->wait.limit > 0 && t->copy->moved > t->before && let_go_on(t))
			return 0;
	}
	if (at != &t->to)
		code = wait_for(t, &t->from, POLLIN);
	if (code == 0 && at != &t->from)
		code = wait_for(t, &t->to, POLLOUT);
	return code;
}

/* While bytes move, nothing waits, and signals would not be let in. */
static int
look_for_signals(struct copy_transfer *t)
{
	struct ipc_wait now = t->wait;
	int code;

	if (now.signals == NULL && now.interrupt < 0 && now.watched < 0)
		return 0;
	now.limit = 0;
	code = ipc_wait_for(-1, 0, &now);
	t->at = code == EPIPE ? &t->to : &t->from;
	return code == EAGAIN ? 0 : code;
}

static void
has_moved(struct copy_transfer *t, size_t length)
{
	t->copy->moved += length;
	t->stands_still = false;
	if (!t->has_grown && !t->copy->keep_capacity &&
		t->copy->moved - t->before >= COPY_PIPE_DEFAULT) {
		t->has_grown = true;
		if (t->from.kind == A_PIPE)
			ipc_copy_enlarge(t->from.fd);
		if (t->to.kind == A_PIPE)
			ipc_copy_enlarge(t->to.fd);
	}
	ipc_progress_add(t->wait.progress, length);
}

static size_t
bytes_left(const struct copy_transfer *t)
{
	uint64_t left =
		t->copy->moved < t->copy->length ? t->copy->length - t->copy->moved : 0;

	return left < SSIZE_MAX ? (size_t)left : SSIZE_MAX;
}

/* 0 to go on, 1 at the end of the source, -1 with errno and t->at. */
static int
move_some(struct copy_transfer *t)
{
	ssize_t step;
	int code = 0;

	if (t->copy->moved >= t->next_look) {
		code = look_for_signals(t);
		t->next_look = t->copy->moved + LOOK;
	}
	step = code == 0 ? ipc_copy_step(t, bytes_left(t)) : -1;
	if (step > 0)
		has_moved(t, (size_t)step);
	/* Some files say so to all but read(2). */
	else if (step == 0)
		return t->from.kind != A_FILE || !ipc_copy_other_way(t, EINVAL);
	else if (code == 0 && !ipc_copy_other_way(t, errno))
		code = errno == EAGAIN ? stand_still(t) : errno;
	errno = code;
	return code == 0 ? 0 : -1;
}

static int
fail_at(const struct copy_transfer *t, const struct copy_end *end, int code,
	struct ipc_error *err)
{
	struct ipc_copy *copy = t->copy;
	bool is_source = end == &t->from;
	const char *verb = is_source ? "read" : "write to";
	const char *name = is_source ? copy->from_name : copy->to_name;
	char span[IPC_SPAN_MAX];

	copy->failed = is_source ? copy->from : copy->to;
	switch (code) {
	case EAGAIN:
		return ipc_refuse(err, IPC_WOULD_BLOCK, code, "%s %s: it is %s", verb,
			name, is_source ? "empty" : "full");
	case ETIMEDOUT:
		if (!t->stands_still) /* a network's */
			break;
		return ipc_refuse(err, IPC_TIMED_OUT, code,
			"%s %s: it stayed %s for %s s", verb, name,
			is_source ? "empty" : "full",
			ipc_span_text(t->wait.limit, span));
	case EINTR:
		return ipc_refuse(
			err, IPC_FAILED, code, "%s %s: a signal came", verb, name);
	case EINVAL:
		if (t->from.kind != A_PIPE || t->to.kind != A_PIPE)
			break;
		return ipc_refuse(err, IPC_FAILED, code,
			"%s %s: it is the pipe that is read", verb, name);
	default:
		break;
	}
	return ipc_fail(err, code, "%s %s", verb, name);
}

static void
begin(struct copy_transfer *t)
{
	struct ipc_copy *copy = t->copy;

	copy->failed = -1;
	t->wait = *copy->wait;
	t->next_look = t->before;
	if (copy->in_hand > 0) {
		t->buffer = copy->hand;
		t->end = copy->in_hand;
	}
	copy->hand = NULL;
	copy->in_hand = 0;
	ipc_copy_first_way(t);
}

/* Puts the source's position and what is in hand where the caller finds them. */
static void
end(struct copy_transfer *t)
{
	struct ipc_copy *copy = t->copy;
	int code = errno;
	off_t position;

	ipc_copy_drop_relay(t);
	ipc_copy_pair_end(t);
	auto_close(&t->own);
	if (t->from.kind == A_FILE && copy->from_offset == IPC_COPY_HERE)
		lseek(copy->from, *ipc_copy_offset(t, &t->from, &position), SEEK_SET);
	if (t->from.kind != A_FILE && t->begin < t->end) {
		copy->in_hand = t->end - t->begin;
		copy->hand = memmove(t->buffer, t->buffer + t->begin, copy->in_hand);
		t->buffer = NULL;
	}
	free(t->buffer);
	errno = code;
}

int
ipc_copy(struct ipc_copy *copy, struct ipc_error *err)
{
	struct copy_transfer t = {
		.copy = copy,
		.before = copy->moved,
		.own = -1,
		.relay = { -1, -1 },
	};
	int result =
		ipc_copy_look_at_source(&t) < 0 || ipc_copy_look_at_destination(&t) < 0
		? -1
		: 0;

	if (result < 0)
		return fail_at(&t, t.at, errno, err);
	begin(&t);
	while (result == 0 && bytes_left(&t) > 0)
		result = move_some(&t);
	end(&t);
	if (result < 0)
		return fail_at(&t, t.at, errno, err);
	return result == 1 && copy->length != IPC_COPY_TO_END;
}
