/*
 * test-table.c - the state of an object of every type, held in every way, as every user
 * sees it from every place: the whole table, with real processes
 */
#include "table.h"

/* Manners, as bits. */
enum {
	ONE = 1 << IN_PROCESS,
	PRIVATE = 1 << IN_THREAD,
	ORPHAN = 1 << WITHOUT_LEADER,
	HALTED = 1 << STOPPED,
	DEAD = 1 << ZOMBIE,
	ALL_OF_MEMORY = ONE | ORPHAN | HALTED | DEAD, /* threads share it */
	ALL = ALL_OF_MEMORY | PRIVATE,
};

/* What can be done with each type, and how: each is one claim. */
static const struct row {
	enum ipc_type type;
	enum deed deed;
	unsigned int manners;
} rows[] = {
	{ IPC_POSIX_MQ, NOTHING, ONE },
	{ IPC_POSIX_MQ, OPEN, ALL },
	{ IPC_POSIX_MQ, RECEIVE, ONE | PRIVATE | ORPHAN },
	{ IPC_POSIX_MQ, SEND, ONE },
	{ IPC_POSIX_MQ, FLIGHT, ONE | PRIVATE | DEAD },
	{ IPC_SYSV_MQ, NOTHING, ONE },
	{ IPC_SYSV_MQ, RECEIVE, ALL },
	{ IPC_SYSV_MQ, SEND, ONE | PRIVATE | ORPHAN },
	{ IPC_POSIX_SHM, NOTHING, ONE },
	{ IPC_POSIX_SHM, OPEN, ALL },
	{ IPC_POSIX_SHM, MAP, ALL_OF_MEMORY },
	{ IPC_POSIX_SHM, FLIGHT, ONE | PRIVATE | ORPHAN },
	{ IPC_SYSV_SHM, NOTHING, ONE },
	{ IPC_SYSV_SHM, ATTACH, ALL_OF_MEMORY },
	{ IPC_POSIX_SEM, NOTHING, ONE },
	{ IPC_POSIX_SEM, MAP, ALL_OF_MEMORY },
	{ IPC_POSIX_SEM, WAIT, ONE | ORPHAN },
	{ IPC_POSIX_SEM, FLIGHT, ONE },
	{ IPC_SYSV_SEM, NOTHING, ONE },
	{ IPC_SYSV_SEM, WAIT, ALL },
	{ IPC_SYSV_SEM, WAIT_ZERO, ONE | DEAD },
	{ IPC_FIFO, NOTHING, ONE },
	{ IPC_FIFO, OPEN, ALL },
	{ IPC_FIFO, OPENING, ALL },
	{ IPC_FIFO, FLIGHT, ONE | HALTED },
	{ IPC_PIPE, NOTHING, ONE },
	{ IPC_PIPE, OPEN, ALL },
	{ IPC_PIPE, RECEIVE, ONE | ORPHAN },
	{ IPC_PIPE, SEND, ONE },
	{ IPC_PIPE, FLIGHT, ONE | HALTED },
	{ IPC_MAPPED_FILE, NOTHING, ONE },
	{ IPC_MAPPED_FILE, OPEN, ONE | PRIVATE },
	{ IPC_MAPPED_FILE, MAP, ALL_OF_MEMORY },
	{ IPC_MAPPED_FILE, FLIGHT, ONE },
	{ IPC_RING, NOTHING, ONE },
	{ IPC_RING, OPEN, ONE },
	{ IPC_RING, MAP, ALL_OF_MEMORY },
	{ IPC_RING, FLIGHT, ONE },
	{ IPC_SOCKET_FILE, NOTHING, ONE },
	{ IPC_SOCKET_FILE, BIND, ALL },
	{ IPC_SOCKET_FILE, LISTEN, ONE },
	{ IPC_SOCKET_FILE, DATAGRAM, ONE },
};

static const char *const types[] = {
	[IPC_POSIX_MQ] = "POSIX queue",
	[IPC_SYSV_MQ] = "System V queue",
	[IPC_POSIX_SHM] = "POSIX shared memory",
	[IPC_SYSV_SHM] = "System V shared memory",
	[IPC_POSIX_SEM] = "POSIX semaphore",
	[IPC_SYSV_SEM] = "System V semaphore",
	[IPC_FIFO] = "FIFO",
	[IPC_PIPE] = "pipe",
	[IPC_MAPPED_FILE] = "mapped file",
	[IPC_RING] = "ring",
	[IPC_SOCKET_FILE] = "socket file",
};

static const char *const deeds[] = {
	[NOTHING] = "nobody",
	[OPEN] = "descriptor",
	[MAP] = "mapping without a descriptor",
	[ATTACH] = "attached",
	[RECEIVE] = "blocked receiver",
	[SEND] = "blocked sender",
	[WAIT] = "waiter",
	[WAIT_ZERO] = "waiter for zero",
	[FLIGHT] = "descriptor in flight in a socket",
	[OPENING] = "blocked in open",
	[BIND] = "bound",
	[LISTEN] = "listening",
	[DATAGRAM] = "bound for datagrams",
};

static const char *const manners[] = {
	[IN_PROCESS] = "",
	[IN_THREAD] = " of a thread with its own descriptors",
	[WITHOUT_LEADER] = " of a process whose first thread has ended",
	[STOPPED] = " of a process that is stopped",
	[ZOMBIE] = ", but that process is a zombie",
};

static const char *const places[] = {
	[HERE] = "",
	[BELOW] = " in the PID namespace below",
	[APART] = " in another PID namespace below",
};

/* What the kernel itself tells to everybody, wherever the holder is. */
static bool
is_counted(enum ipc_type type)
{
	return type == IPC_SYSV_SHM || type == IPC_SYSV_SEM || type == IPC_SOCKET_FILE;
}

/* What has ended holds nothing, and a stop ends semop(2) with EINTR. */
static bool
is_held(const struct row *row, enum manner manner)
{
	if (row->deed == NOTHING || manner == ZOMBIE)
		return false;
	return !(row->type == IPC_SYSV_SEM && manner == STOPPED);
}

/* By the call that he sleeps in, and by nothing else. */
static bool
is_calling(const struct row *row)
{
	return row->deed == OPENING ||
		(row->type == IPC_SYSV_MQ && row->deed != NOTHING);
}

/* Of one on its way nobody is told, and socket files and semaphores have no holders. */
static bool
is_told(const struct row *row, enum manner manner)
{
	if (FORGETS_CALLS && manner == STOPPED && is_calling(row))
		return false;
	return row->deed != FLIGHT && row->type != IPC_SYSV_SEM &&
		row->type != IPC_SOCKET_FILE;
}

/* A namespace shows what is in it and below; users see their own, also with hidepid. */
static bool
is_in_view(const struct viewer *viewer, enum place place)
{
	return viewer->user != OTHER &&
		(viewer->place == HERE || viewer->place == place);
}

/* Of a namespace below the first, and of a user, no view is complete. */
static bool
sees_all(const struct viewer *viewer)
{
	return viewer->user == ROOT && viewer->place == HERE &&
		is_in_first_pid_namespace();
}

/* One cell. */
struct cell {
	const struct row *row;
	enum manner manner;
	enum place place;
	const struct viewer *viewer;
};

/* One whose first thread has ended, hidepid may hide from its own user, too. */
static bool
may_be_hidden(const struct cell *cell)
{
	return cell->manner == WITHOUT_LEADER && cell->viewer->hidden &&
		cell->viewer->user != ROOT;
}

static bool
is_found(const struct cell *cell)
{
	return is_held(cell->row, cell->manner) && is_told(cell->row, cell->manner) &&
		is_in_view(cell->viewer, cell->place);
}

static enum ipc_state
wanted(const struct cell *cell)
{
	const enum ipc_type type = cell->row->type;
	const bool held = is_held(cell->row, cell->manner);

	if (is_found(cell) || (held && is_counted(type)))
		return IPC_IN_USE;
	if (type == IPC_SOCKET_FILE)
		return IPC_STALE;
	if (is_counted(type) || (!held && sees_all(cell->viewer)))
		return IPC_IDLE;
	return IPC_STATE_UNKNOWN;
}

static bool
is_right(const struct cell *cell, const struct answer *answer)
{
	const bool hidden = may_be_hidden(cell) && answer->holders == 0;

	if (hidden && !is_counted(cell->row->type))
		return answer->verdict.state == IPC_STATE_UNKNOWN;
	return answer->verdict.state == wanted(cell) &&
		(hidden || answer->holders == (is_found(cell) ? 1 : 0));
}

/*
 * Whether it is only that others, which are none of the test's, have something on
 * its way, come too fast or may not be looked at: no view is complete then.
 */
static bool
is_disturbed(const struct cell *cell, const struct answer *answer)
{
	enum {
		BY_OTHERS = IPC_BLIND_IN_FLIGHT | IPC_BLIND_OPENING |
			IPC_BLIND_RESTLESS | IPC_BLIND_DENIED | IPC_BLIND_STOPPED,
	};

	return wanted(cell) == IPC_IDLE && !is_counted(cell->row->type) &&
		answer->verdict.state == IPC_STATE_UNKNOWN && answer->holders == 0 &&
		answer->blind != 0 && !(answer->blind & ~(unsigned int)BY_OTHERS);
}

/* All that the claims share. */
static struct viewer viewers[VIEWERS_MAX];
static size_t viewer_count, cells, disturbed;

/* Others may be done soon; not for ever, and not once for each cell. */
static struct answer
ask_again(const struct cell *cell, const struct thing *thing, struct answer answer)
{
	static int patience = 400;

	while (is_disturbed(cell, &answer) && patience-- > 0) {
		nap();
		viewer_ask(cell->viewer, thing);
		answer = viewer_answer(cell->viewer);
	}
	return answer;
}

static bool
judge(const struct cell *cell, const struct thing *thing, struct answer answer)
{
	answer = ask_again(cell, thing, answer);
	cells++;
	if (is_disturbed(cell, &answer)) {
		if (disturbed++ == 0)
			diag("others disturb: %s", answer.verdict.why);
		return true;
	}
	if (is_right(cell, &answer))
		return true;
	diag("viewer %s; holder%s: %s, %zu found, wanted %s, %d: %s",
		viewer_text(cell->viewer),
		*places[cell->place] != '\0' ? places[cell->place] : " here",
		ipc_state_text(answer.verdict.state), answer.holders,
		ipc_state_text(wanted(cell)), is_found(cell), answer.verdict.why);
	return false;
}

/* All viewers look at the same time. */
static bool
all_judge(const struct row *row, enum manner manner, enum place place,
	const struct thing *thing)
{
	struct answer answers[VIEWERS_MAX];
	bool right = true;

	for (size_t i = 0; i < viewer_count; i++)
		viewer_ask(&viewers[i], thing);
	for (size_t i = 0; i < viewer_count; i++)
		answers[i] = viewer_answer(&viewers[i]);
	for (size_t i = 0; i < viewer_count; i++) {
		struct cell cell = { row, manner, place, &viewers[i] };

		right = judge(&cell, thing, answers[i]) && right;
	}
	return right;
}

static bool
test_place(const struct row *row, enum manner manner, enum place place)
{
	struct thing thing = thing_make(row->type);
	pid_t pid = 0;
	bool right;

	if (row->deed != NOTHING)
		pid = holder_start(&thing, row->deed, manner, place);
	thing_leave(&thing);
	right = pid >= 0 && all_judge(row, manner, place, &thing);
	crew_leave(pid);
	thing_remove(&thing);
	return right;
}

static void
test_claim(const struct row *row, enum manner manner)
{
	bool right = true;

	for (enum place place = HERE; place < PLACES; place++)
		if (place == HERE || (places_have(place) && row->deed != NOTHING))
			right = test_place(row, manner, place) && right;
	ok(right, "%s: %s%s", types[row->type], deeds[row->deed], manners[manner]);
}

int
main(void)
{
	if (getuid() == 0 && !is_in_first_user_namespace()) {
		ok(true, "the table # SKIP this root may not be another user");
		return tap_end();
	}
	umask(0);
	signal(SIGPIPE, SIG_IGN);
	places_make();
	for (enum place place = HERE; place < PLACES; place++)
		if (!places_have(place))
			diag("left out: holders%s", places[place]);
	viewers_start(viewers, &viewer_count);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (enum manner manner = IN_PROCESS; manner < MANNERS; manner++)
			if (rows[i].manners & 1U << manner)
				test_claim(&rows[i], manner);
	diag("%zu cells, %zu of them disturbed by others", cells, disturbed);
	viewers_end(viewers, viewer_count);
	places_leave();
	return tap_end();
}
