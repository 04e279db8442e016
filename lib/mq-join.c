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

/* A turn lasts no longer than a message comes: -n and the like wait for it, too. */
enum { TURN_NS = 1000000000 };

/*
 * A message of which some pieces have come.  One that is more urgent comes in
 * between; but of one priority there is only one, as its writers take turns.
 */
struct ipc_mq_part {
	struct ipc_mq_part *next;
	struct ipc_message message;
	uint64_t id;
	uint64_t missing; /* pieces that have not come */
	bool here[];      /* which have */
};

int
ipc_mq_join_begin(struct ipc_mq_join *join, struct ipc_mq *mq, struct ipc_error *err)
{
	const char *name = mq->address.text;

	*join = (struct ipc_mq_join){ .mq = mq };
	if (ipc_mq_prepare_back(mq, err) < 0)
		return -1;
	if (mq->back < 0)
		return ipc_fail(err, EACCES,
			"write to '%s', as a reader that joins must", name);
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
	free(part->message.data);
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

/* Where the part of a piece is linked, or would be; an older one is discarded. */
static struct ipc_mq_part **
find(struct ipc_mq_join *join, const struct ipc_mq_piece *piece, unsigned int priority)
{
	struct ipc_mq_part **place = &join->parts;

	while (*place != NULL && (*place)->message.priority != priority)
		place = &(*place)->next;
	if (*place != NULL &&
		((*place)->id != piece->id ||
			(*place)->message.length != piece->length ||
			(*place)->here[piece->number]))
		discard(join, place);
	return place;
}

static struct ipc_mq_part *
new_part(const struct ipc_mq *mq, const struct ipc_mq_piece *piece,
	unsigned int priority)
{
	uint64_t pieces = ipc_mq_piece_count(mq, piece->length);
	struct ipc_mq_part *part = calloc(1, sizeof(*part) + pieces);

	if (part == NULL)
		return NULL;
	part->id = piece->id;
	part->missing = pieces;
	part->message.length = piece->length;
	part->message.priority = priority;
	part->message.data = malloc(piece->length + 1); /* empty ones, too */
	if (part->message.data != NULL)
		return part;
	free(part);
	return NULL;
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
	if (*place == NULL)
		*place = new_part(mq, &piece, message->priority);
	part = *place;
	if (part == NULL) {
		mq_send(mq->back, join->piece, size, message->priority);
		return ENOMEM;
	}
	memcpy(part->message.data + piece.number * ipc_mq_piece_room(mq),
		join->piece + sizeof(piece), size - sizeof(piece));
	part->here[piece.number] = true;
	if (--part->missing > 0)
		return 0;
	*message = part->message;
	join->whole = part->message.data;
	part->message.data = NULL;
	free_part(place);
	return 0;
}

/* True when the queue has room for all the pieces in hand. */
static bool
can_put_back(const struct ipc_mq_join *join)
{
	uint64_t in_hand = 0;
	struct mq_attr attr;

	for (const struct ipc_mq_part *part = join->parts; part != NULL;
		part = part->next)
		in_hand += ipc_mq_piece_count(join->mq, part->message.length) -
			part->missing;
	return mq_getattr(join->mq->fd, &attr) == 0 &&
		in_hand <= (uint64_t)(attr.mq_maxmsg - attr.mq_curmsgs);
}

/* 0, or EAGAIN when the writer was faster: then there are pieces to take. */
static int
put_part_back(struct ipc_mq_join *join, struct ipc_mq_part *part)
{
	const struct ipc_mq *mq = join->mq;
	uint64_t pieces = ipc_mq_piece_count(mq, part->message.length);
	int code = 0;

	for (uint32_t number = 0; number < pieces && code == 0; number++) {
		if (!part->here[number])
			continue;
		code = ipc_mq_piece_send(
			mq, mq->back, &part->message, part->id, number, join->piece);
		if (code == 0) {
			part->here[number] = false;
			part->missing++;
		}
	}
	return code;
}

/*
 * Lets go of messages whose writer stands still, for the reason code.  Their pieces
 * may stand in any order, as long as no message of the same priority is between
 * them: the writer's turn sees to that.  What has no room is lost.
 */
static int
let_go(struct ipc_mq_join *join, int code)
{
	while (join->parts != NULL && !can_put_back(join))
		discard(join, &join->parts);
	while (join->parts != NULL) {
		if (put_part_back(join, join->parts) != 0)
			return 0;
		free_part(&join->parts);
	}
	return code;
}

/* Waits for the next piece of a message while its writer has the turn. */
static int
wait_for_piece(const struct ipc_mq_join *join, const struct ipc_wait *still)
{
	struct ipc_wait look = {
		.limit = LOOK_NS,
		.watched = -1,
		.interrupt = still->interrupt,
	};
	struct timespec left;
	bool is_limited = still->limit != 0 && ipc_wait_left(still, &left) != NULL;
	int code;

	if (is_limited && left.tv_sec == 0 && left.tv_nsec < look.limit)
		look.limit = left.tv_nsec;
	ipc_wait_start(&look);
	code = ipc_wait_for(join->mq->fd, POLLIN, &look);
	if (is_limited && left.tv_sec == 0 && left.tv_nsec == 0)
		return code == EAGAIN ? ETIMEDOUT : code;
	return code == ETIMEDOUT ? 0 : code;
}

/* Waits for a message and for the readers' turn. */
static int
begin(struct ipc_mq_join *join, const struct ipc_wait *still)
{
	struct ipc_wait turn = *still;
	int code = ipc_wait_for(join->mq->fd, POLLIN, still);

	if (code != 0)
		return code;
	if (turn.limit == 0) {
		turn.limit = TURN_NS;
		ipc_wait_start(&turn);
	}
	code = ipc_mq_turn_take(join->mq->back, IPC_MQ_READERS, &turn);
	join->has_turn = code == 0;
	return code == ETIMEDOUT && still->limit == 0 ? EBUSY : code;
}

/* Does what can be done next, after which it is well to look again. */
static int
step(struct ipc_mq_join *join, struct ipc_message *message, struct ipc_wait *still)
{
	const struct ipc_mq *mq = join->mq;
	bool is_amid = join->parts != NULL, is_written;
	ssize_t size;
	int code = join->has_turn ? 0 : begin(join, still);

	if (code != 0)
		return code;
	/* Before the look at the queue: what a writer sent that has ended is in it. */
	is_written = is_amid && ipc_mq_turn_is_taken(mq->back, IPC_MQ_WRITERS);
	size = mq_receive(mq->fd, join->piece, mq->piece_size, &message->priority);
	if (size >= 0) {
		ipc_wait_start(still);
		return add(join, (size_t)size, message);
	}
	if (errno != EAGAIN)
		return errno;
	if (!is_amid) {
		give_turn(join); /* another reader was faster */
		return 0;
	}
	if (is_written) {
		code = wait_for_piece(join, still);
		return code == 0 ? 0 : let_go(join, code);
	}
	while (join->parts != NULL)
		discard(join, &join->parts);
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
