/* mq-split.c - sending a message in as many pieces as it takes */
#include <errno.h>
#include <mqueue.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>

#include "auto.h"
#include "mq-piece.h"
#include "mq.h"

int
ipc_mq_split(struct ipc_mq *mq, struct ipc_error *err)
{
	const char *name = mq->address.text;

	if (ipc_mq_has_types(&mq->address))
		return ipc_refuse(err, IPC_REFUSED, ENOTSUP,
			"split messages of '%s': a System V queue has no descriptor whose "
			"lock would keep their pieces together",
			name);
	if (mq->message_size <= sizeof(struct ipc_mq_piece))
		return ipc_refuse(err, IPC_LIMIT, EMSGSIZE,
			"split messages of '%s': one of %zu bytes has no room for a piece of "
			"them, which needs %zu (its message size, chosen at create)",
			name, mq->message_size, sizeof(struct ipc_mq_piece) + 1);
	mq->piece_size = mq->message_size;
	mq->message_size = IPC_MQ_SPLIT_MAX;
	mq->limited_by = " (the most that is split)";
	return 0;
}

/* How long room for many pieces is not looked for. */
enum { LOOK_NS = 5000000 };

/*
 * Whether all pieces can be sent without waiting, as only readers act meanwhile: 0,
 * EAGAIN, or EMSGSIZE when they never could.
 */
static int
look_for_room(int fd, uint64_t pieces)
{
	struct mq_attr attr;

	if (mq_getattr(fd, &attr) < 0)
		return errno;
	if (pieces > (uint64_t)attr.mq_maxmsg)
		return EMSGSIZE;
	return pieces <= (uint64_t)(attr.mq_maxmsg - attr.mq_curmsgs) ? 0 : EAGAIN;
}

/* The first piece goes in when nobody is putting pieces of another message back. */
static int
send_first(const struct ipc_mq *mq, int fd, const struct ipc_message *message,
	uint64_t id, char *buffer, const struct ipc_wait *wait)
{
	int code = ipc_mq_turn_take(fd, IPC_MQ_RETURNERS, wait);

	if (code != 0)
		return code == EAGAIN ? ETIMEDOUT : code; /* there may be room */
	code = ipc_mq_piece_send(mq, fd, message, id, 0, buffer);
	ipc_mq_turn_give(fd, IPC_MQ_RETURNERS);
	return code;
}

/* Sends the pieces, waiting for room before each; *sent is how many went. */
static int
send_pieces(const struct ipc_mq *mq, int fd, const struct ipc_message *message,
	const struct ipc_wait *wait, uint32_t *sent)
{
	uint64_t pieces = ipc_mq_piece_count(mq, message->length), id;
	autofree char *buffer = malloc(mq->piece_size);
	struct ipc_wait still = *wait;
	int code = 0;

	if (buffer == NULL || getrandom(&id, sizeof(id), 0) < 0)
		return errno;
	while (*sent < pieces && code == 0) {
		code = *sent == 0
			? send_first(mq, fd, message, id, buffer, &still)
			: ipc_mq_piece_send(mq, fd, message, id, *sent, buffer);
		if (code == 0) {
			++*sent;
			ipc_wait_start(&still);
		} else if (code == EAGAIN) {
			code = ipc_wait_for(fd, POLLOUT, &still);
		}
	}
	return code;
}

/* Waits for room for all pieces: poll(2) tells of that for one only. */
static int
await_room(int fd, uint64_t pieces, const struct ipc_wait *wait)
{
	struct ipc_wait nap = IPC_WAIT(LOOK_NS);
	struct timespec left;
	int code;

	while ((code = look_for_room(fd, pieces)) == EAGAIN && wait->limit != 0) {
		if (ipc_wait_left(wait, &left) != NULL && left.tv_sec == 0 &&
			left.tv_nsec == 0)
			return ETIMEDOUT;
		ipc_mq_turn_give(fd, IPC_MQ_WRITERS);
		ipc_wait_start(&nap);
		ipc_wait_for(-1, 0, &nap);
		code = ipc_mq_turn_take(fd, IPC_MQ_WRITERS, wait);
		if (code != 0)
			return code;
	}
	return code == EMSGSIZE ? EAGAIN : code;
}

/* Says why the message was not sent, and what becomes of the pieces that were. */
static int
not_sent(const struct ipc_mq *mq, uint64_t pieces, uint32_t sent,
	const struct ipc_wait *wait, int code, struct ipc_error *err)
{
	struct ipc_error why;

	if (code == EAGAIN && sent == 0)
		return ipc_refuse(err, IPC_WOULD_BLOCK, code,
			"write to '%s': it has no room for the message's %ju pieces",
			mq->address.text, (uintmax_t)pieces);
	ipc_mq_waited(mq, wait, "write to", "full", code, &why);
	if (sent == 0)
		return ipc_refuse(err, why.fault, why.code, "%s", why.sentence);
	return ipc_refuse(err, why.fault, why.code,
		"%s; the next reader will discard the %u of the message's %ju pieces "
		"that were sent",
		why.sentence, sent, (uintmax_t)pieces);
}

int
ipc_mq_piece_send_all(const struct ipc_mq *mq, int fd,
	const struct ipc_message *message, bool must_fit, const struct ipc_wait *wait,
	struct ipc_error *err)
{
	uint64_t pieces = ipc_mq_piece_count(mq, message->length);
	uint32_t sent = 0;
	int code = ipc_mq_turn_take(fd, IPC_MQ_WRITERS, wait);

	if (code != 0)
		return ipc_mq_waited(
			mq, wait, "write to", "with another writer", code, err);
	if (must_fit || wait->limit == 0)
		code = await_room(fd, pieces, wait);
	if (code == 0)
		code = send_pieces(mq, fd, message, wait, &sent);
	ipc_mq_turn_give(fd, IPC_MQ_WRITERS);
	return code == 0 ? 0 : not_sent(mq, pieces, sent, wait, code, err);
}
