/* copy-way.h - the two ends of one copy, and the ways from one to the other */
#ifndef COPY_WAY_H
#define COPY_WAY_H

#include <sys/types.h>

#include <ipcutil/copy.h>

enum { COPY_PIPE_DEFAULT = 64 << 10 }; /* the capacity that nobody has chosen */

enum copy_kind { A_FILE, A_PIPE, A_SOCKET, A_TERMINAL, A_DEVICE };

struct copy_end {
	int fd;
	enum copy_kind kind;
	bool sleeps;  /* it lacks O_NONBLOCK */
	bool lends;   /* splice(2) of it gives its own pages */
	off_t offset; /* where the bytes to come begin; -1: where it stands */
	off_t size;   /* of a regular file, as it was first; or -1 */
};

struct copy_pair; /* of copy-pair.c */

struct copy_transfer {
	struct ipc_copy *copy;
	struct copy_end from, to;
	struct copy_end *at; /* which of them failed or is not ready; NULL: either */
	size_t way;
	struct ipc_wait wait;
	bool stands_still; /* and wait counts */
	bool has_grown;
	unsigned int waits;       /* since others were let go on last */
	unsigned int waits_apart; /* until they are the next time */
	uint64_t before;          /* what earlier calls had moved */
	uint64_t next_look;       /* signals are looked for when so much was moved */
	int own;                  /* one of the two opened anew, or -1 */
	int relay[2];             /* a pipe of our own, or -1 */
	size_t in_relay;
	struct copy_pair *pair; /* or NULL */
	char *buffer;
	size_t begin, end; /* what of it the destination has not */
};

/*
 * What stands behind the descriptors of t->copy, in t->from and t->to; fails where
 * reading or writing would.  0, or -1 with errno and t->at.
 */
int ipc_copy_look_at_source(struct copy_transfer *t);
int ipc_copy_look_at_destination(struct copy_transfer *t);

/* Whether the file is in memory alone: shared memory, or one of a tmpfs. */
bool ipc_copy_is_in_memory(int fd);

/* Where an end is now: in *offset, or NULL where it has none, as splice(2) wants it. */
off_t *ipc_copy_offset(
	const struct copy_transfer *t, const struct copy_end *end, off_t *offset);

/* Chooses the cheapest way; the last when bytes are in hand. */
void ipc_copy_first_way(struct copy_transfer *t);

/*
 * Moves at most length bytes and returns how many; 0 at the end of the source, which
 * for a file all ways should have said; or -1 with errno and t->at.  EAGAIN: an end is
 * not ready.
 */
ssize_t ipc_copy_step(struct copy_transfer *t, size_t length);

/* After a failure: whether there is another way, which is then taken. */
bool ipc_copy_other_way(struct copy_transfer *t, int code);

/*
 * The way of two threads, for much that a file in memory gets; the end of it may be told
 * before that of the source.  What it holds is released when it is left.
 */
bool ipc_copy_pair_suits(const struct copy_transfer *t);
ssize_t ipc_copy_pair_step(struct copy_transfer *t, size_t length);
void ipc_copy_pair_end(struct copy_transfer *t);

/* Enlarges a pipe that has the capacity of those that nobody chose one for. */
void ipc_copy_enlarge(int fd);

/* What is in t->relay is given up. */
void ipc_copy_drop_relay(struct copy_transfer *t);

#endif
