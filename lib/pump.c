/* pump.c - several copies at once: the two directions of a conversation */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>

#include <ipcutil/number.h>
#include <ipcutil/pump.h>

enum { TURN = 4 << 20 }; /* bytes that one copy may move before the others move, too */

/* One of the copies. */
struct line {
	struct ipc_copy *copy;
	bool has_ended;
	int awaited; /* the descriptor that was not ready, or -1 */
};

struct running {
	const struct ipc_pump *pump;
	struct line lines[IPC_PUMP_MAX];
	struct ipc_wait wait;
	bool has_failed;
	bool is_over; /* for the others, too */
};

static void
end_line(struct running *running, struct line *line)
{
	line->has_ended = true;
	line->awaited = -1;
	if (running->pump->ended != NULL &&
		!running->pump->ended(
			running->pump->context, (size_t)(line - running->lines)))
		running->is_over = true;
}

/* Moves what can be moved without waiting; true when that was something. */
static bool
move(struct running *running, struct line *line, struct ipc_error *err)
{
	struct ipc_copy *copy = line->copy;
	const uint64_t before = copy->moved;
	struct ipc_wait now = running->wait;
	struct ipc_error failure;
	int result;

	now.limit = 0;
	copy->wait = &now;
	copy->length = before + TURN;
	result = ipc_copy(copy, &failure);
	copy->length = IPC_COPY_TO_END;
	copy->wait = running->pump->wait;
	line->awaited = -1;
	if (result < 0 && failure.fault == IPC_WOULD_BLOCK) {
		line->awaited = copy->failed;
	} else if (result != 0) {
		if (result < 0 && !running->has_failed && err != NULL)
			*err = failure;
		running->has_failed |= result < 0;
		end_line(running, line);
	}
	return copy->moved > before || line->has_ended;
}

/* Moves in all that are ready; true when one did. */
static bool
move_all(struct running *running, struct ipc_error *err)
{
	bool has_moved = false;

	for (size_t i = 0; i < running->pump->count && !running->is_over; i++) {
		struct line *line = &running->lines[i];

		if (!line->has_ended && line->awaited < 0)
			has_moved |= move(running, line, err);
	}
	return has_moved;
}

static bool
all_wait(const struct running *running)
{
	for (size_t i = 0; i < running->pump->count; i++)
		if (!running->lines[i].has_ended && running->lines[i].awaited < 0)
			return false;
	return true;
}

/* What to poll(2) for: of each copy what was not ready, and whether it is read. */
static void
fill(const struct running *running, struct pollfd *polled)
{
	for (size_t i = 0; i < running->pump->count; i++) {
		const struct line *line = &running->lines[i];
		bool is_source = line->awaited == line->copy->from;

		polled[2 * i] = (struct pollfd){
			.fd = line->awaited,
			.events = is_source ? POLLIN : POLLOUT,
		};
		polled[2 * i + 1] = (struct pollfd){
			.fd = line->has_ended ? -1 : line->copy->to,
		};
	}
}

/* Until one is ready: 0, or an errno value as of ipc_wait_for(). */
static int
wait_for_one(struct running *running)
{
	struct pollfd polled[2 * IPC_PUMP_MAX + IPC_WAIT_MORE];
	int code;

	fill(running, polled);
	code = ipc_wait_for_any(polled, 2 * running->pump->count, &running->wait);
	for (size_t i = 0; code == 0 && i < running->pump->count; i++) {
		struct line *line = &running->lines[i];

		if (polled[2 * i].revents != 0)
			line->awaited = -1;
		else if ((polled[2 * i + 1].revents & (POLLERR | POLLHUP)) != 0) {
			line->copy->failed = line->copy->to;
			end_line(running, line);
		}
	}
	return code;
}

static int
stands_still(const struct running *running, int code, struct ipc_error *err)
{
	char span[IPC_SPAN_MAX];

	switch (code) {
	case EAGAIN:
		return ipc_refuse(err, IPC_WOULD_BLOCK, code,
			"%s: nothing can be moved at once", running->pump->action);
	case ETIMEDOUT:
		return ipc_refuse(err, IPC_TIMED_OUT, code,
			"%s: nothing was moved for %s s", running->pump->action,
			ipc_span_text(running->wait.limit, span));
	default:
		return ipc_fail(err, code, "%s", running->pump->action);
	}
}

static bool
is_done(const struct running *running)
{
	for (size_t i = 0; i < running->pump->count; i++)
		if (!running->lines[i].has_ended)
			return running->is_over;
	return true;
}

int
ipc_pump(const struct ipc_pump *pump, struct ipc_error *err)
{
	struct running running = { .pump = pump, .wait = *pump->wait };
	int code;

	assert(pump->count <= IPC_PUMP_MAX);
	for (size_t i = 0; i < pump->count; i++)
		running.lines[i] = (struct line){
			.copy = &pump->copies[i],
			.awaited = pump->copies[i].from,
		};
	while (!is_done(&running)) {
		code = all_wait(&running) ? wait_for_one(&running) : 0;
		if (code != 0)
			return stands_still(&running, code, err);
		if (move_all(&running, err))
			ipc_wait_start(&running.wait);
	}
	return running.has_failed ? -1 : 0;
}
