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
	WORTH = 32 << 20, /* less is over before a thread is at it */
	PAGE = 4096,
};

/*
 * The pieces of a source in a ring.  Each is read by whoever comes first, and written in
 * its turn by the caller's thread alone, which reads where none is ready.  What was read
 * and not written is dropped: a file keeps it.
 */
struct copy_pair {
	struct ipc_thread reader;
	pthread_mutex_t mutex;
	pthread_cond_t is_read, has_room;
	int fd;
	off_t offset; /* of the first piece */
	size_t length;
	size_t claimed, written; /* pieces: those that somebody reads or has read */
	size_t given;            /* bytes of the next one to be written */
	bool has_ended;          /* no further one is to be claimed */
	struct {
		bool is_read;
		size_t length; /* less than it should be: the last that there is */
	} piece[PIECES];
	_Alignas(PAGE) char bytes[][PIECE];
};

static size_t
length_of(const struct copy_pair *pair, size_t number)
{
	const size_t left = pair->length - number * PIECE;

	return left < PIECE ? left : PIECE;
}

static bool
is_all_claimed(const struct copy_pair *pair)
{
	return pair->has_ended || pair->claimed * PIECE >= pair->length;
}

static size_t
in_ring(const struct copy_pair *pair)
{
	return pair->claimed - pair->written;
}

/* With the mutex, but not as it reads.  Why one comes short, another way finds out. */
static void
read_next(struct copy_pair *pair)
{
	const size_t number = pair->claimed++, at = number % PIECES;
	const size_t length = length_of(pair, number);
	ssize_t got;

	pair->piece[at].is_read = false;
	pthread_mutex_unlock(&pair->mutex);
	got = pread(pair->fd, pair->bytes[at], length,
		pair->offset + (off_t)(number * PIECE));
	pthread_mutex_lock(&pair->mutex);
	pair->piece[at].is_read = true;
	pair->piece[at].length = got > 0 ? (size_t)got : 0;
	if (pair->piece[at].length < length)
		pair->has_ended = true;
}

static void *
read_on(void *arg)
{
	struct copy_pair *pair = arg;

	pthread_mutex_lock(&pair->mutex);
	while (!is_all_claimed(pair)) {
		if (in_ring(pair) < PIECES) {
			read_next(pair);
			pthread_cond_signal(&pair->is_read);
			continue;
		}
		while (!pair->has_ended && in_ring(pair) > FEW)
			pthread_cond_wait(&pair->has_room, &pair->mutex);
	}
	pthread_mutex_unlock(&pair->mutex);
	return NULL;
}

bool
ipc_copy_pair_suits(const struct copy_transfer *t)
{
	off_t in;

	return t->from.kind == A_FILE && t->to.kind == A_FILE &&
		t->copy->length - t->copy->moved >= WORTH &&
		t->from.size - *ipc_copy_offset(t, &t->from, &in) >= WORTH &&
		ipc_copy_is_in_memory(t->to.fd);
}

static int
begin(struct copy_transfer *t, size_t length)
{
	struct copy_pair *pair =
		aligned_alloc(PAGE, sizeof(*pair) + PIECES * sizeof(pair->bytes[0]));
	off_t in;

	if (pair == NULL)
		return -1;
	*pair = (struct copy_pair){
		.reader = { .run = read_on, .arg = pair },
		.mutex = PTHREAD_MUTEX_INITIALIZER,
		.is_read = PTHREAD_COND_INITIALIZER,
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

/* Until the next piece is read: its length. */
static size_t
await(struct copy_pair *pair)
{
	const size_t at = pair->written % PIECES;
	size_t length = 0;

	pthread_mutex_lock(&pair->mutex);
	while (in_ring(pair) == 0 ? !is_all_claimed(pair) : !pair->piece[at].is_read)
		if (in_ring(pair) < PIECES && !is_all_claimed(pair))
			read_next(pair);
		else
			pthread_cond_wait(&pair->is_read, &pair->mutex);
	if (in_ring(pair) > 0)
		length = pair->piece[at].length;
	pthread_mutex_unlock(&pair->mutex);
	return length;
}

static void
make_room(struct copy_pair *pair)
{
	pthread_mutex_lock(&pair->mutex);
	pair->written++;
	pair->given = 0;
	if (in_ring(pair) <= FEW)
		pthread_cond_signal(&pair->has_room);
	pthread_mutex_unlock(&pair->mutex);
}

ssize_t
ipc_copy_pair_step(struct copy_transfer *t, size_t length)
{
	struct copy_pair *pair;
	const char *bytes;
	ssize_t step;
	off_t out;

	t->at = &t->from;
	if (t->pair == NULL && begin(t, length) < 0) {
		errno = EOPNOTSUPP;
		return -1;
	}
	pair = t->pair;
	length = await(pair) - pair->given;
	if (length == 0)
		return 0;
	t->at = &t->to;
	bytes = pair->bytes[pair->written % PIECES] + pair->given;
	step = ipc_copy_offset(t, &t->to, &out) != NULL
		? pwrite(t->to.fd, bytes, length, out)
		: write(t->to.fd, bytes, length);
	if (step > 0)
		pair->given += (size_t)step;
	if (pair->given == length_of(pair, pair->written))
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
	pthread_cond_destroy(&pair->is_read);
	pthread_mutex_destroy(&pair->mutex);
	free(pair);
	t->pair = NULL;
}
