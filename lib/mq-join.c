/* mq-join.c - receiving messages that come in pieces */
#include <errno.h>
#include <mqueue.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "mq-piece.h"
#include "mq.h"

/* The end of a lock wakes no poll(2): so long until the writers' turn is looked at. */
enum { LOOK_NS = 100000000 };

/*
 * So long is waited for turns that take no longer than a message comes, whatever the
 * limit, and for a writer that stands still, whatever the hurry.
 */
enum { PATIENCE_NS = 1000000000 };

/*
 * A message of which some pieces have come.  One that is more urgent comes in
 * between; but of one priority there is only one, as its writers take turns.
 */
struct ipc_mq_part {
	struct ipc_mq_part *next;
	struct ipc_mq_piece head;
	unsigned int priority;
	uint64_t pieces, come;
	bool is_too_long; /* for the memory there is, or never to be whole */
	char *data;
	size_t room;
	bool *here; /* which pieces have come, of those up to the room */
};

int
ipc_mq_join_begin(struct ipc_mq_join *join, struct ipc_mq *mq, struct ipc_error *err)
{
	const char *name = mq->address.text;
	struct mq_attr attr;

	*join = (struct ipc_mq_join){ .mq = mq };
	if (mq_getattr(mq->fd, &attr) < 0)
		return ipc_fail(err, errno, "read '%s'", name);
	join->capacity = (uint64_t)attr.mq_maxmsg;
	if (ipc_mq_prepare_back(mq, err) < 0)
		return -1;
	if (mq->back < 0)
		return ipc_fail(
			err, errno, "write to '%s', as a reader that joins must", name);
	join->piece = malloc(mq->piece_size);
	if (join->piece == NULL)
		return ipc_fail(err, errno, "read '%s'", name);
	return 0;
}

static void
free_part(struct ipc_mq_part **place)
{
	struct ipc_mq_part *part = *place;

	*place = part->next;
	free(part->data);
	free(part->here);
	free(part);
}

/* Its writer has gone, or a reader that had some of its pieces. */
static void
discard(struct ipc_mq_join *join, struct ipc_mq_part **place)
{
	join->discarded++;
	free_part(place);
}

static void
give_turn(struct ipc_mq_join *join)
{
	if (join->has_turn)
		ipc_mq_turn_give(join->mq->back, IPC_MQ_READERS);
	join->has_turn = false;
}

void
ipc_mq_join_end(struct ipc_mq_join *join)
{
	while (join->parts != NULL)
		free_part(&join->parts);
	give_turn(join);
	free(join->piece);
	free(join->whole);
}

static bool
has_come(const struct ipc_mq_part *part, uint32_t number)
{
	return number < part->room && part->here[number];
}

/* Where the part of a piece is linked, or would be; an older one is discarded. */
static struct ipc_mq_part **
find(struct ipc_mq_join *join, const struct ipc_mq_piece *piece, unsigned int priority)
{
	struct ipc_mq_part **place = &join->parts;

	while (*place != NULL && (*place)->priority != priority)
		place = &(*place)->next;
	if (*place == NULL ||
		((*place)->head.id == piece->id &&
			(*place)->head.length == piece->length &&
			!has_come(*place, piece->number)))
		return place;
	discard(join, place);
	while (*place != NULL) /* those behind it are of other priorities */
		place = &(*place)->next;
	return place;
}

static int
add_part(const struct ipc_mq *mq, const struct ipc_mq_piece *piece,
	unsigned int priority, struct ipc_mq_part **place)
{
	struct ipc_mq_part *part = calloc(1, sizeof(*part));

	if (part == NULL)
		return ENOMEM;
	part->head = *piece;
	part->priority = priority;
	part->pieces = ipc_mq_piece_count(mq, piece->length);
	*place = part;
	return 0;
}

/* Makes room for that piece and those before: as they come, whatever is promised. */
static int
make_room(const struct ipc_mq *mq, struct ipc_mq_part *part, uint32_t number)
{
	size_t room = number < part->room ? part->room : 2 * (size_t)number + 1;
	bool *here;
	char *data;

	if (room > part->pieces)
		room = part->pieces;
	if (room == part->room)
		return 0;
	data = realloc(part->data, room * ipc_mq_piece_room(mq) + 1);
	if (data != NULL)
		part->data = data;
	here = realloc(part->here, room);
	if (here != NULL)
		part->here = here;
	if (data == NULL || here == NULL)
		return -1;
	memset(here + part->room, false, room - part->room);
	part->room = room;
	return 0;
}

/* Lets go of the bytes, but not of the count: its other pieces will come, too. */
static void
give_up(struct ipc_mq_part *part)
{
	free(part->data);
	free(part->here);
	part->data = NULL;
	part->here = NULL;
	part->room = 0;
	part->is_too_long = true;
}

/* The part at that place is whole. */
static int
hand_out(struct ipc_mq_join *join, struct ipc_mq_part **place,
	struct ipc_message *message)
{
	struct ipc_mq_part *part = *place;

	if (part->is_too_long) {
		discard(join, place);
		return ENOMEM;
	}
	*message = (struct ipc_message){
		.data = part->data,
		.length = part->head.length,
		.priority = part->priority,
	};
	join->whole = part->data;
	part->data = NULL;
	free_part(place);
	return 0;
}

/* Puts a piece to the others; message->data are set when it was the last. */
static int
add(struct ipc_mq_join *join, size_t size, struct ipc_message *message)
{
	const struct ipc_mq *mq = join->mq;
	struct ipc_mq_piece piece;
	struct ipc_mq_part **place, *part;

	if (!ipc_mq_piece_read(mq, join->piece, size, &piece)) {
		message->data = join->piece; /* of a writer that does not split */
		message->length = size;
		return 0;
	}
	place = find(join, &piece, message->priority);
	if (*place == NULL && add_part(mq, &piece, message->priority, place) != 0) {
		join->discarded++;
		return ENOMEM;
	}
	part = *place;
	/* What is missing before it is in the queue, or lost. */
	if (!part->is_too_long &&
		(piece.number > part->come + join->capacity ||
			make_room(mq, part, piece.number) < 0))
		give_up(part);
	if (!part->is_too_long) {
		memcpy(part->data + piece.number * ipc_mq_piece_room(mq),
			join->piece + sizeof(piece), size - sizeof(piece));
		part->here[piece.number] = true;
	}
	ipc_wait_start(&join->hurry);
	return ++part->come < part->pieces ? 0 : hand_out(join, place, message);
}

static bool
has_room_for_all(const struct ipc_mq_join *join)
{
	uint64_t in_hand = 0;
	struct mq_attr attr;

	for (const struct ipc_mq_part *part = join->parts; part != NULL;
		part = part->next)
		in_hand += part->come;
	return mq_getattr(join->mq->fd, &attr) == 0 &&
		in_hand <= (uint64_t)(attr.mq_maxmsg - attr.mq_curmsgs);
}

/* 0, or EAGAIN when its writer was faster: then there are pieces to take. */
static int
put_part_back(struct ipc_mq_join *join, struct ipc_mq_part *part)
{
	const struct ipc_mq *mq = join->mq;
	const struct ipc_message message = {
		.data = part->data,
		.length = part->head.length,
		.priority = part->priority,
	};
	int code = 0;

	for (uint32_t number = 0; part->come > 0 && code == 0; number++) {
		if (!has_come(part, number))
			continue;
		code = ipc_mq_piece_send(
			mq, mq->back, &message, part->head.id, number, join->piece);
		if (code == 0) {
			part->here[number] = false;
			part->come--;
		}
	}
	return code;
}

static int
receive_piece(struct ipc_mq_join *join, struct ipc_message *message)
{
	const struct ipc_mq *mq = join->mq;
	ssize_t size =
		mq_receive(mq->fd, join->piece, mq->piece_size, &message->priority);

	return size < 0 ? errno : add(join, (size_t)size, message);
}

/*
 * Lets go of messages whose writer stands still, for the reason code.  Their pieces
 * may stand in any order, if no message of the same priority is between them: none
 * can begin before this turn ends, and the queue was empty in it.  What has no room is
 * lost.  0 when there was a piece to take after all.
 */
static int
let_go(struct ipc_mq_join *join, int code, struct ipc_message *message)
{
	struct ipc_wait patience = IPC_WAIT(PATIENCE_NS);
	int back = join->mq->back, result;

	ipc_wait_start(&patience);
	ipc_mq_turn_take(back, IPC_MQ_RETURNERS, &patience);
	result = receive_piece(join, message);
	if (result == EAGAIN) {
		result = 0;
		for (struct ipc_mq_part **place = &join->parts; *place != NULL;)
			if ((*place)->is_too_long)
				discard(join, place);
			else
				place = &(*place)->next;
		while (join->parts != NULL && !has_room_for_all(join))
			discard(join, &join->parts);
		while (join->parts != NULL && result == 0) {
			result = put_part_back(join, join->parts);
			if (result == 0)
				free_part(&join->parts);
		}
		result = result == 0 ? code : 0;
	}
	ipc_mq_turn_give(back, IPC_MQ_RETURNERS);
	return result;
}

/* Waits for the next piece of a message while its writer has the turn. */
static int
wait_for_piece(const struct ipc_mq_join *join, const struct ipc_wait *still)
{
	struct ipc_wait look = IPC_WAIT(LOOK_NS);
	struct timespec left;
	bool is_limited = still->limit != 0 && ipc_wait_left(still, &left) != NULL;
	int code;

	look.interrupt = join->is_hurried ? -1 : still->interrupt;
	if (is_limited && left.tv_sec == 0 && left.tv_nsec < look.limit)
		look.limit = left.tv_nsec;
	ipc_wait_start(&look);
	code = ipc_wait_for(join->mq->fd, POLLIN, &look);
	if (is_limited && left.tv_sec == 0 && left.tv_nsec == 0)
		return code == EAGAIN ? ETIMEDOUT : code;
	return code == ETIMEDOUT ? 0 : code;
}

void
ipc_mq_join_hurry(struct ipc_mq_join *join)
{
	if (join->is_hurried)
		return;
	join->is_hurried = true;
	join->hurry = (struct ipc_wait)IPC_WAIT(PATIENCE_NS);
	join->spare = join->capacity;
	ipc_wait_start(&join->hurry);
}

/*
 * No piece is there, and a writer has its turn.  After a signal it gets a while still:
 * what it stands still for may be us.
 */
static int
await_writer(
	struct ipc_mq_join *join, struct ipc_message *message, struct ipc_wait *still)
{
	int code = wait_for_piece(join, join->is_hurried ? &join->hurry : still);

	if (code == EINTR && !join->is_hurried) {
		ipc_mq_join_hurry(join);
		return 0;
	}
	if (code == 0)
		return 0;
	code = let_go(join, join->is_hurried ? EINTR : code, message);
	if (code == 0)
		ipc_wait_start(still);
	return code;
}

static void
discard_all(struct ipc_mq_join *join)
{
	while (join->parts != NULL)
		discard(join, &join->parts);
}

/* Waits for a message and for the readers' turn. */
static int
begin(struct ipc_mq_join *join, const struct ipc_wait *still)
{
	struct ipc_wait turn = *still, watch = IPC_WAIT(0);
	int code = ipc_wait_for(join->mq->fd, POLLIN, still);

	if (code != 0)
		return code;
	if (turn.limit == 0) {
		turn.limit = PATIENCE_NS;
		ipc_wait_start(&turn);
	}
	code = ipc_mq_turn_take(join->mq->back, IPC_MQ_READERS, &turn);
	join->has_turn = code == 0;
	if (code == ETIMEDOUT && still->limit == 0)
		return EBUSY;
	watch.watched = still->watched; /* the lock was not interrupted by its end */
	return code == 0 && ipc_wait_for(-1, 0, &watch) == EPIPE ? EPIPE : code;
}

/* Does what can be done next, after which it is well to look again. */
static int
step(struct ipc_mq_join *join, struct ipc_message *message, struct ipc_wait *still)
{
	bool is_amid = join->parts != NULL, is_written;
	int code = join->has_turn ? 0 : begin(join, still);

	if (code != 0)
		return code;
	/* Before the look at the queue: what a writer sent that has ended is in it. */
	is_written = is_amid && ipc_mq_turn_is_taken(join->mq->back, IPC_MQ_WRITERS);
	code = receive_piece(join, message);
	if (code == 0)
		ipc_wait_start(still);
	if (code != EAGAIN)
		return code;
	if (is_written)
		return await_writer(join, message, still);
	discard_all(join);
	if (!is_amid)
		give_turn(join); /* another reader was faster */
	return 0;
}

int
ipc_mq_join(struct ipc_mq_join *join, struct ipc_message *message,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	struct ipc_wait still = *wait;
	uint64_t discarded = join->discarded;
	int code;

	free(join->whole);
	join->whole = NULL;
	*message = (struct ipc_message){ .data = NULL };
	do
		code = step(join, message, &still);
	while (code == 0 && message->data == NULL &&
		(join->discarded == discarded || join->parts != NULL));
	/* Others might come without end while one does not. */
	if (join->is_hurried && message->data != NULL && join->spare-- == 0)
		discard_all(join);
	if (join->parts == NULL)
		give_turn(join);
	if (code == 0)
		return message->data == NULL ? 1 : 0;
	if (code == EBUSY)
		return ipc_refuse(err, IPC_WOULD_BLOCK, code,
			"read '%s': another reader is in the middle of a message",
			join->mq->address.text);
	return ipc_mq_waited(join->mq, wait, "read", "empty", code, err);
}

bool
ipc_mq_join_is_amid(const struct ipc_mq_join *join)
{
	return join->parts != NULL;
}
