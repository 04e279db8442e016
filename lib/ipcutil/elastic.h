/* elastic.h - a buffer between two pipes, for a writer that must not be held back */
#ifndef IPCUTIL_ELASTIC_H
#define IPCUTIL_ELASTIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/cdefs.h>

#include <ipcutil/error.h>

__BEGIN_DECLS

/* One, begun by ipc_elastic_begin(). */
struct ipc_elastic {
	int from, to;   /* what it reads and writes; -1: that end is done with */
	size_t held;    /* bytes in it */
	uint64_t moved; /* bytes that went through it */
	/* The rest is private. */
	int arrivals, from_watched, to_watched;
	size_t capacity, first, peak;
	char *room;
};

/* What initializes one that may be ended without having been begun. */
#define IPC_ELASTIC_NONE \
	{ \
		.from = -1, .to = -1, .arrivals = -1 \
	}

/*
 * Begins to move bytes from one pipe to another, and takes the descriptors over; they
 * become O_NONBLOCK, so that nobody else may have their descriptions.  At most capacity
 * bytes are in it, and it takes only as much memory as is used, which it gives back
 * when it is empty.  arrivals is of epoll(7): when it can be read, there is something for
 * ipc_elastic_step() to do; it stays the caller's.
 *
 * IPC_LIMIT	there is not that much memory, or max_user_watches of epoll(7) is reached
 */
int ipc_elastic_begin(struct ipc_elastic *elastic, int from, int to, size_t capacity,
	int arrivals, struct ipc_error *err);

/*
 * Moves what can be moved now, and never sleeps.  A full one reads nothing more.  The end
 * of its input is passed on when all before it has been written; when nobody reads what
 * it writes, it reads nothing more either, and its writer gets EPIPE.  -1: arrivals can
 * tell of it no longer, with the errors of ipc_elastic_begin().
 */
int ipc_elastic_step(struct ipc_elastic *elastic, struct ipc_error *err);

/* True when both ends are done with. */
bool ipc_elastic_has_ended(const struct ipc_elastic *elastic);

/* Closes what is open and frees the memory; also after a failure. */
void ipc_elastic_end(struct ipc_elastic *elastic);

__END_DECLS

#endif
