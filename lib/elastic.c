/* elastic.c - a buffer between two pipes, for a writer that must not be held back */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <ipcutil/elastic.h>

enum {
	STEPS = 16,              /* of one turn: others have theirs, too */
	STEP = 1 << 20,          /* bytes of one */
	WORTH_FREEING = 1 << 20, /* bytes that are given back */
	NOTHING = -1,
};

/* Up to STEP bytes of the ring from there on: one part, or two. */
static int
parts(const struct ipc_elastic *elastic, size_t at, size_t length, struct iovec part[2])
{
	const size_t begin = at % elastic->capacity;
	const size_t wanted = length < STEP ? length : STEP;
	const size_t behind = elastic->capacity - begin;
	const size_t first = wanted < behind ? wanted : behind;

	part[0] = (struct iovec){ elastic->room + begin, first };
	part[1] = (struct iovec){ elastic->room, wanted - first };
	return wanted > first ? 2 : 1;
}

static void
drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Nobody takes what it has: its writer is to know. */
static void
give_up(struct ipc_elastic *elastic)
{
	drop(&elastic->to);
	drop(&elastic->from);
	elastic->held = 0;
}

/* True when something was read. */
static bool
take(struct ipc_elastic *elastic)
{
	struct iovec part[2];
	ssize_t length;
	int count;

	if (elastic->from < 0 || elastic->held == elastic->capacity)
		return false;
	count = parts(elastic, elastic->first + elastic->held,
		elastic->capacity - elastic->held, part);
	length = readv(elastic->from, part, count);
	if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR))
		drop(&elastic->from);
	if (length <= 0)
		return false;
	elastic->held += (size_t)length;
	if (elastic->held > elastic->peak)
		elastic->peak = elastic->held;
	return true;
}

/* It is empty: the ring begins anew, without the memory that it took. */
static void
rest(struct ipc_elastic *elastic)
{
	if (elastic->peak >= WORTH_FREEING)
		madvise(elastic->room, elastic->capacity, MADV_DONTNEED);
	elastic->first = elastic->peak = 0;
}

/* True when something was written. */
static bool
give(struct ipc_elastic *elastic)
{
	struct iovec part[2];
	ssize_t length;
	int count;

	if (elastic->to < 0 || elastic->held == 0)
		return false;
	count = parts(elastic, elastic->first, elastic->held, part);
	length = writev(elastic->to, part, count);
	if (length < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return false;
		give_up(elastic);
		return false;
	}
	elastic->first = (elastic->first + (size_t)length) % elastic->capacity;
	elastic->held -= (size_t)length;
	elastic->moved += (uint64_t)length;
	if (elastic->held == 0)
		rest(elastic);
	return length > 0;
}

/* Tells arrivals of what is wanted of an end from now on; NOTHING: not even its end. */
static int
watch(const struct ipc_elastic *elastic, int fd, int *watched, int wanted)
{
	struct epoll_event event = { .events =
					     wanted == NOTHING ? 0 : (uint32_t)wanted };

	if (fd < 0 || *watched == wanted)
		return 0;
	if (epoll_ctl(elastic->arrivals,
		    wanted == NOTHING             ? EPOLL_CTL_DEL
			    : *watched == NOTHING ? EPOLL_CTL_ADD
						  : EPOLL_CTL_MOD,
		    fd, &event) < 0)
		return -1;
	*watched = wanted;
	return 0;
}

static int
watch_both(struct ipc_elastic *elastic, struct ipc_error *err)
{
	/* One that is hung up tells so for ever: a full one does not want to know. */
	if (watch(elastic, elastic->from, &elastic->from_watched,
		    elastic->held < elastic->capacity ? EPOLLIN : NOTHING) == 0 &&
		watch(elastic, elastic->to, &elastic->to_watched,
			elastic->held > 0 ? EPOLLOUT : 0) == 0)
		return 0;
	if (errno == ENOSPC)
		return ipc_refuse(err, IPC_LIMIT, errno,
			"wait for a pipe: /proc/sys/fs/epoll/max_user_watches allows no "
			"more");
	return ipc_fail(err, errno, "wait for a pipe");
}

/* Whether nobody reads any more what is written. */
static bool
is_deserted(int fd)
{
	struct pollfd polled = { .fd = fd };

	return fd >= 0 && poll(&polled, 1, 0) > 0 && polled.revents & POLLERR;
}

int
ipc_elastic_step(struct ipc_elastic *elastic, struct ipc_error *err)
{
	bool moves = true;

	for (int i = 0; i < STEPS && moves; i++) {
		moves = take(elastic);
		moves = give(elastic) || moves;
	}
	if (is_deserted(elastic->to))
		give_up(elastic);
	if (elastic->from < 0 && elastic->held == 0)
		drop(&elastic->to);
	return watch_both(elastic, err);
}

bool
ipc_elastic_has_ended(const struct ipc_elastic *elastic)
{
	return elastic->from < 0 && elastic->to < 0;
}

static int
set_nonblocking(int fd)
{
	const int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int
ipc_elastic_begin(struct ipc_elastic *elastic, int from, int to, size_t capacity,
	int arrivals, struct ipc_error *err)
{
	void *room;

	*elastic = (struct ipc_elastic){
		.from = from,
		.to = to,
		.arrivals = arrivals,
		.capacity = capacity,
		.from_watched = NOTHING,
		.to_watched = NOTHING,
	};
	room = mmap(NULL, capacity, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED)
		return ipc_refuse(err, errno == ENOMEM ? IPC_LIMIT : IPC_FAILED, errno,
			"make a buffer of %zu bytes: there is not that much memory, or "
			"RLIMIT_AS (ulimit -v) does not allow it",
			capacity);
	elastic->room = room;
	if (set_nonblocking(from) < 0 || set_nonblocking(to) < 0)
		return ipc_fail(err, errno, "make a buffer");
	return ipc_elastic_step(elastic, err);
}

void
ipc_elastic_end(struct ipc_elastic *elastic)
{
	drop(&elastic->from);
	drop(&elastic->to);
	if (elastic->room != NULL)
		munmap(elastic->room, elastic->capacity);
	*elastic = (struct ipc_elastic)IPC_ELASTIC_NONE;
}
