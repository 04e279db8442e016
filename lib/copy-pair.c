/* copy-pair.c - a file into memory by two threads: as one writes, the other reads on */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "copy-way.h"
#include "thread.h"

enum {
	PIECE = 64 << 10,
	PIECES = 6, /* 8 of 256 KiB are 5 % faster, and five times as much memory */
	FEW = PIECES / 2, /* as many are left when a reader that had no room is woken */
	APART = 2, /* from the piece at its turn, which the writer may be getting */
	WORTH = 32 << 20, /* less is over before a thread is at it */
	PAGE = 4096,
};

/*
 * The pieces of a source.  The reader gets those that come next into a ring; the caller's
 * thread alone writes them, in their order, and itself reads one that is not ready, as the
 * reader may be without a processor for long.  What was read and not written is dropped:
 * a file keeps it.
 */
struct copy_pair {
	struct ipc_thread reader;
	pthread_mutex_t mutex;
	pthread_cond_t has_room;
	int fd;
	off_t offset; /* of the first piece */
	size_t length;
	size_t next;          /* the piece that the reader gets next */
	size_t written;       /* pieces that the destination has */
	size_t ready[PIECES]; /* the piece + 1 that is in this place of the ring */
	bool has_ended;       /* the reader gets no more */
	const char *bytes;    /* what the destination has not of the piece in hand */
	size_t left;          /* of it */
	bool is_last;         /* it is shorter than it should be */
	_Alignas(PAGE) char ring[][PIECE]; /* and one more, for the caller's thread */
};

static size_t
length_of(const struct copy_pair *pair, size_t number)
{
	const size_t left = pair->length - number * PIECE;

	return left < PIECE ? left : PIECE;
}

static ssize_t
get(struct copy_pair *pair, size_t number, char *to)
{
	return pread(pair->fd, to, length_of(pair, number),
		pair->offset + (off_t)(number * PIECE));
}

/* Chooses what is not at its turn before it has been got; false at the end. */
static bool
choose_next(struct copy_pair *pair)
{
	if (pair->next < pair->written + APART)
		pair->next = pair->written + APART;
	return !pair->has_ended && pair->next * PIECE < pair->length;
}

/* Where a piece comes short it ends, and the caller's thread finds out why. */
static void *
read_on(void *arg)
{
	struct copy_pair *pair = arg;

	pthread_mutex_lock(&pair->mutex);
	while (choose_next(pair)) {
		const size_t number = pair->next, at = number % PIECES;
		ssize_t got;

		if (number >= pair->written + PIECES) {
			while (!pair->has_ended && pair->next > pair->written + FEW)
				pthread_cond_wait(&pair->has_room, &pair->mutex);
			continue;
		}
		pair->next++;
		pthread_mutex_unlock(&pair->mutex);
		got = get(pair, number, pair->ring[at]);
		pthread_mutex_lock(&pair->mutex);
		pair->ready[at] = number + 1;
		if (got != (ssize_t)length_of(pair, number)) {
			pair->ready[at] = 0;
			pair->has_ended = true;
		}
	}
	pthread_mutex_unlock(&pair->mutex);
	return NULL;
}

bool
ipc_copy_pair_suits(const struct copy_transfer *t)
{
	off_t in;

	/* The names of block devices are in memory, too. */
	return t->from.kind == A_FILE && t->to.size >= 0 &&
		t->copy->length - t->copy->moved >= WORTH &&
		t->from.size - *ipc_copy_offset(t, &t->from, &in) >= WORTH &&
		ipc_copy_is_in_memory(t->to.fd);
}

static int
begin(struct copy_transfer *t, size_t length)
{
	struct copy_pair *pair = aligned_alloc(
		PAGE, sizeof(*pair) + (PIECES + 1) * sizeof(pair->ring[0]));
	off_t in;

	if (pair == NULL)
		return -1;
	*pair = (struct copy_pair){
		.reader = { .run = read_on, .arg = pair },
		.mutex = PTHREAD_MUTEX_INITIALIZER,
		.has_room = PTHREAD_COND_INITIALIZER,
		.fd = t->from.fd,
		.offset = *ipc_copy_offset(t, &t->from, &in),
	};
	pair->length = (size_t)(t->from.size - pair->offset);
	if (pair->length > length)
		pair->length = length;
	if (!ipc_thread_start(&pair->reader)) {
		free(pair);
		return -1;
	}
	t->pair = pair;
	return 0;
}

/* The piece at its turn into the hand; of none at the end, or when reading fails. */
static void
take(struct copy_pair *pair)
{
	const size_t number = pair->written, at = number % PIECES;
	ssize_t got = (ssize_t)length_of(pair, number);
	bool is_ready;

	pthread_mutex_lock(&pair->mutex);
	is_ready = pair->ready[at] == number + 1;
	pthread_mutex_unlock(&pair->mutex);
	pair->bytes = pair->ring[is_ready ? at : PIECES];
	if (!is_ready)
		got = get(pair, number, pair->ring[PIECES]);
	pair->left = got > 0 ? (size_t)got : 0;
	pair->is_last = pair->left < PIECE;
}

static void
make_room(struct copy_pair *pair)
{
	pthread_mutex_lock(&pair->mutex);
	pair->written++;
	if (pair->next <= pair->written + FEW)
		pthread_cond_signal(&pair->has_room);
	pthread_mutex_unlock(&pair->mutex);
}

ssize_t
ipc_copy_pair_step(struct copy_transfer *t, size_t length)
{
	struct copy_pair *pair;
	ssize_t step;
	off_t out;

	t->at = &t->from;
	if (t->pair == NULL && begin(t, length) < 0) {
		errno = EOPNOTSUPP;
		return -1;
	}
	pair = t->pair;
	if (pair->left == 0 && !pair->is_last)
		take(pair);
	if (pair->left == 0)
		return 0;
	t->at = &t->to;
	step = ipc_copy_offset(t, &t->to, &out) != NULL
		? pwrite(t->to.fd, pair->bytes, pair->left, out)
		: write(t->to.fd, pair->bytes, pair->left);
	if (step <= 0)
		return step;
	pair->bytes += step;
	pair->left -= (size_t)step;
	if (pair->left == 0)
		make_room(pair);
	return step;
}

void
ipc_copy_pair_end(struct copy_transfer *t)
{
	struct copy_pair *pair = t->pair;

	if (pair == NULL)
		return;
	pthread_mutex_lock(&pair->mutex);
	pair->has_ended = true;
	pthread_cond_signal(&pair->has_room);
	pthread_mutex_unlock(&pair->mutex);
	pthread_join(pair->reader.id, NULL);
	pthread_cond_destroy(&pair->has_room);
	pthread_mutex_destroy(&pair->mutex);
	free(pair);
	t->pair = NULL;
}
