/* mq-sysv.c - System V message queues, sysvipc(7) */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "interrupt.h"
#include "mq-sysv.h"
#include "mq.h"

static const char BY_SYSTEM[] = " (sysctl kernel.msgmax)";
static const char BY_QUEUE[] = " (the queue's --bytes-limit)";

static int
find(key_t key)
{
	return msgget(key, 0);
}

static int
stat_id(int id, void *ds)
{
	return msgctl(id, IPC_STAT, ds);
}

static int
remove_id(int id)
{
	return msgctl(id, IPC_RMID, NULL);
}

static int
last_place(void)
{
	struct msginfo totals;

	return msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&totals);
}

static int
stat_place(int place, void *ds)
{
	return msgctl(place, MSG_STAT_ANY, ds);
}

const struct ipc_sysv ipc_mq_sysv_kind = {
	.name = "queue",
	.names = "queues",
	.find = find,
	.stat = stat_id,
	.remove = remove_id,
	.last_place = last_place,
	.stat_place = stat_place,
};

/* Room for the longest message: of those to come, or, to read, of those in it. */
static int
make_room(struct ipc_mq *mq, size_t size, const char *action, struct ipc_error *err)
{
	struct msgbuf *buffer = realloc(mq->buffer, sizeof(long) + size);

	if (buffer == NULL)
		return ipc_fail(err, errno, "%s '%s'", action, mq->address.text);
	mq->buffer = buffer;
	mq->message_size = size;
	return 0;
}

static int
sysv_open(struct ipc_mq *mq, enum ipc_mq_access access, const char *action,
	uid_t trusted, struct ipc_error *err)
{
	const struct ipc_address *address = &mq->address;
	bool writes = access == IPC_MQ_WRITE;
	uint64_t longest = ipc_mq_sysv_longest();
	struct msqid_ds ds = { .msg_qbytes = longest };

	mq->id = ipc_sysv_id(&ipc_mq_sysv_kind, address, action, err);
	if (mq->id < 0)
		return -1;
	mq->limited_by = BY_SYSTEM;
	if (ipc_sysv_look(&ipc_mq_sysv_kind, mq->id, &ds) < 0 &&
		(errno != EACCES || writes))
		return ipc_sysv_fail(&ipc_mq_sysv_kind, address, action, errno, err);
	if (writes && !ipc_trust_written(ds.msg_perm.uid, trusted))
		return ipc_mq_foreign(address, ds.msg_perm.uid, action, err);
	if (writes && !ipc_trust_written(ds.msg_perm.cuid, trusted))
		return ipc_mq_foreign(address, ds.msg_perm.cuid, action, err);
	mq->creator = ds.msg_perm.cuid;
	mq->key = ds.msg_perm.__key;
	/* What is longer than all of the queue would wait for ever. */
	if (ds.msg_qbytes < longest) {
		longest = ds.msg_qbytes;
		mq->limited_by = BY_QUEUE;
	}
	/* They were sent while the limits were higher. */
	if (!writes && ds.__msg_cbytes > longest)
		longest = ds.__msg_cbytes;
	return make_room(mq, longest, action, err);
}

static void
sysv_close(struct ipc_mq *mq)
{
	free(mq->buffer);
}

static int
sysv_grow(struct ipc_mq *mq, struct ipc_error *err)
{
	uint64_t longest = ipc_mq_sysv_longest();
	struct msqid_ds ds;

	if (ipc_sysv_look(&ipc_mq_sysv_kind, mq->id, &ds) == 0 &&
		ds.__msg_cbytes > longest)
		longest = ds.__msg_cbytes;
	if (longest <= mq->message_size) /* it is gone, and another came */
		longest = 2 * mq->message_size + 1;
	return make_room(mq, longest, "read", err);
}

/* One msgsnd(2) or msgrcv(2) with these flags: as they return. */
static ssize_t
send_once(const struct ipc_mq *mq, size_t length, int flags)
{
	return msgsnd(mq->id, mq->buffer, length, flags);
}

static ssize_t
receive_once(const struct ipc_mq *mq, size_t length, int flags)
{
	flags |= mq->choice.except ? MSG_EXCEPT : 0;
	return msgrcv(mq->id, mq->buffer, length, mq->choice.type, flags);
}

/*
 * Does it without sleeping, or else asleep until it is done: the result, or -1 with
 * errno, EAGAIN and ETIMEDOUT those of wait.h.
 */
static ssize_t
do_or_wait(ssize_t (*once)(const struct ipc_mq *mq, size_t length, int flags),
	const struct ipc_mq *mq, size_t length, const struct ipc_wait *wait)
{
	ssize_t result = once(mq, length, IPC_NOWAIT);
	struct ipc_interrupt sleep;
	int code;

	if (result >= 0 || (errno != EAGAIN && errno != ENOMSG))
		return result;
	if (wait->limit == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (ipc_interrupt_begin(&sleep, wait) < 0)
		return -1;
	result = once(mq, length, 0);
	code = result < 0 && errno == EINTR ? ipc_interrupt_cause(&sleep) : errno;
	ipc_interrupt_end(&sleep);
	errno = code;
	return result;
}

/* What can never be sent is not waited for: limits may have changed since the open. */
static int
check_limits(const struct ipc_mq *mq, size_t length, struct ipc_error *err)
{
	uint64_t longest = ipc_mq_sysv_longest();
	bool is_queues = false;
	struct msqid_ds ds;

	if (ipc_sysv_look(&ipc_mq_sysv_kind, mq->id, &ds) == 0 &&
		ds.msg_qbytes < longest) {
		longest = ds.msg_qbytes;
		is_queues = true;
	}
	if (length <= longest && longest > 0)
		return 0;
	return ipc_refuse(err, IPC_LIMIT, EMSGSIZE,
		"write to '%s': a message of %zu bytes is longer than the %ju it takes%s",
		mq->address.text, length, (uintmax_t)longest,
		is_queues ? BY_QUEUE : BY_SYSTEM);
}

static int
sysv_send(const struct ipc_mq *mq, const struct ipc_message *message,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	mq->buffer->mtype = message->type;
	memcpy(mq->buffer->mtext, message->data, message->length);
	if (send_once(mq, message->length, IPC_NOWAIT) == 0)
		return 0;
	if (errno == EAGAIN || errno == EINVAL) {
		if (check_limits(mq, message->length, err) < 0)
			return -1;
		if (do_or_wait(send_once, mq, message->length, wait) == 0)
			return 0;
	}
	if (errno == EAGAIN || errno == ETIMEDOUT || errno == ENOBUFS)
		return ipc_mq_waited(mq, wait, "write to", "full", errno, err);
	return ipc_sysv_fail(&ipc_mq_sysv_kind, &mq->address, "write to", errno, err);
}

/* Says why there is none, or what else errno says. */
static int
cannot_take(const struct ipc_mq *mq, const struct ipc_wait *wait, const char *action,
	struct ipc_error *err)
{
	const char *state = mq->choice.type == 0 ? "empty" : "without such a message";

	if (errno == EAGAIN || errno == ETIMEDOUT || errno == ENOBUFS)
		return ipc_mq_waited(mq, wait, action, state, errno, err);
	if (errno == E2BIG)
		return ipc_refuse(err, IPC_LIMIT, E2BIG,
			"%s '%s': a message is longer than %zu bytes", action,
			mq->address.text, mq->message_size);
	return ipc_sysv_fail(&ipc_mq_sysv_kind, &mq->address, action, errno, err);
}

static void
take_out(const struct ipc_mq *mq, size_t length, struct ipc_message *message)
{
	memcpy(message->data, mq->buffer->mtext, length);
	message->length = length;
	message->type = mq->buffer->mtype;
	message->priority = 0;
}

static int
sysv_receive(const struct ipc_mq *mq, struct ipc_message *message,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	ssize_t length = do_or_wait(receive_once, mq, mq->message_size, wait);

	if (length < 0) {
		cannot_take(mq, wait, "read", err);
		if (errno == EINTR)
			ipc_interrupt_let_act(wait);
		return -1;
	}
	take_out(mq, (size_t)length, message);
	return 0;
}

/* What is left of a pause when the limit is the nearer end. */
static int64_t
shortened(int64_t pause, const struct ipc_wait *wait)
{
	struct timespec left;

	if (ipc_wait_left(wait, &left) != NULL && left.tv_sec == 0 &&
		left.tv_nsec < pause)
		return left.tv_nsec;
	return pause;
}

/*
 * The kernel has no way to sleep until a message is there and leave it: msgrcv(2)
 * with no room at all refuses those that have bytes, but takes an empty one.  So it
 * looks again and again, seldom enough to cost nothing.
 */
static int
sysv_wait(const struct ipc_mq *mq, const struct ipc_wait *wait, struct ipc_error *err)
{
	enum { FIRST_NS = 1000000, LAST_NS = 25000000 };
	struct ipc_wait nap = *wait;
	struct msqid_ds ds;
	int code;

	for (int64_t pause = FIRST_NS;;
		pause = pause < LAST_NS / 2 ? 2 * pause : LAST_NS) {
		if (msgctl(mq->id, IPC_STAT, &ds) < 0) {
			code = errno == EINVAL && pause > FIRST_NS ? EIDRM : errno;
			return ipc_sysv_fail(
				&ipc_mq_sysv_kind, &mq->address, "wait for", code, err);
		}
		if (ds.msg_qnum > 0)
			return 0;
		nap.limit = shortened(pause, wait);
		if (nap.limit == 0)
			code = wait->limit == 0 ? EAGAIN : ETIMEDOUT;
		ipc_wait_start(&nap);
		if (nap.limit > 0)
			code = ipc_wait_for(-1, 0, &nap);
		if (nap.limit == 0 || code != ETIMEDOUT)
			return ipc_mq_waited(mq, wait, "wait for", "empty", code, err);
	}
}

/* The kernel copies no message that is longer than kernel.msgmax by now: EINVAL. */
static int
cannot_peek(const struct ipc_mq *mq, int code, struct ipc_error *err)
{
	struct msqid_ds ds;

	if (code == ENOMSG)
		return ipc_refuse(err, IPC_WOULD_BLOCK, EAGAIN,
			"peek at '%s': it is empty", mq->address.text);
	if (code == ENOSYS)
		return ipc_refuse(err, IPC_REFUSED, ENOTSUP,
			"peek at '%s': this kernel was built without "
			"CONFIG_CHECKPOINT_RESTORE",
			mq->address.text);
	if (code == EINVAL && msgctl(mq->id, IPC_STAT, &ds) == 0)
		return ipc_refuse(err, IPC_LIMIT, EMSGSIZE,
			"peek at '%s': a message is longer than %ju bytes (sysctl "
			"kernel.msgmax) and can only be read",
			mq->address.text, (uintmax_t)ipc_mq_sysv_longest());
	errno = code;
	return cannot_take(mq, NULL, "peek at", err);
}

static int
sysv_peek(const struct ipc_mq *mq, uint64_t place, struct ipc_message *message,
	struct ipc_error *err)
{
	struct msqid_ds ds;
	size_t room = mq->message_size;
	ssize_t length;

	/* The kernel makes a copy of all the room first. */
	if (ipc_sysv_look(&ipc_mq_sysv_kind, mq->id, &ds) == 0 &&
		ds.__msg_cbytes < room)
		room = ds.__msg_cbytes;
	length = msgrcv(mq->id, mq->buffer, room, (long)place, MSG_COPY | IPC_NOWAIT);

	if (length < 0)
		return cannot_peek(mq, errno, err);
	take_out(mq, (size_t)length, message);
	return 0;
}

/* With no room, and no error for it, the bytes are not even copied. */
static int
sysv_purge(const struct ipc_mq *mq, uint64_t *discarded, struct ipc_error *err)
{
	while (msgrcv(mq->id, mq->buffer, 0, 0, IPC_NOWAIT | MSG_NOERROR) >= 0)
		++*discarded;
	return errno == ENOMSG
		? 0
		: ipc_sysv_fail(&ipc_mq_sysv_kind, &mq->address, "purge", errno, err);
}

/* Ids come back: it must be the queue that the message came from. */
static int
sysv_give_back(const struct ipc_mq *mq, const struct ipc_message *message,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	struct msqid_ds ds;

	if (ipc_sysv_look(&ipc_mq_sysv_kind, mq->id, &ds) == 0 &&
		(ds.msg_perm.cuid != mq->creator || ds.msg_perm.__key != mq->key))
		return ipc_sysv_fail(
			&ipc_mq_sysv_kind, &mq->address, "write to", EIDRM, err);
	return sysv_send(mq, message, wait, err);
}

static int
sysv_prepare_back(struct ipc_mq *mq, struct ipc_error *err)
{
	(void)mq;
	(void)err;
	return 0; /* its id is all that it takes */
}

static int
sysv_remove(const struct ipc_address *address, struct ipc_error *err)
{
	return ipc_sysv_remove(&ipc_mq_sysv_kind, address, err);
}

const struct ipc_mq_ops ipc_mq_sysv = {
	.create = ipc_mq_sysv_create,
	.open = sysv_open,
	.close = sysv_close,
	.grow = sysv_grow,
	.send = sysv_send,
	.receive = sysv_receive,
	.prepare_back = sysv_prepare_back,
	.give_back = sysv_give_back,
	.wait = sysv_wait,
	.peek = sysv_peek,
	.purge = sysv_purge,
	.stat = ipc_mq_sysv_stat,
	.each = ipc_mq_sysv_each,
	.change = ipc_mq_sysv_change,
	.remove = sysv_remove,
};
