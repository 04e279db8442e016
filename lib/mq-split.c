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
	return 0;
}

/* Whether all pieces can be sent without waiting; only readers act meanwhile. */
static bool
has_room(int fd, uint64_t pieces)
{
	struct mq_attr attr;

	return mq_getattr(fd, &attr) == 0 &&
		pieces <= (uint64_t)(attr.mq_maxmsg - attr.mq_curmsgs);
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
		code = ipc_mq_piece_send(mq, fd, message, id, *sent, buffer);
		if (code == 0) {
			++*sent;
			ipc_wait_start(&still);
		} else if (code == EAGAIN) {
			code = ipc_wait_for(fd, POLLOUT, &still);
		}
	}
	return code;
}

/* Says why the message was not sent, and what becomes of the pieces that were. */
static int
not_sent(const struct ipc_mq *mq, uint64_t pieces, uint32_t sent,
	const struct ipc_wait *wait, int code, struct ipc_error *err)
{
	struct ipc_error why;

	if (code == EAGAIN)
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
	code = (must_fit || wait->limit == 0) && !has_room(fd, pieces)
		? EAGAIN
		: send_pieces(mq, fd, message, wait, &sent);
	ipc_mq_turn_give(fd, IPC_MQ_WRITERS);
	return code == 0 ? 0 : not_sent(mq, pieces, sent, wait, code, err);
}
