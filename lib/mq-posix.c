/* mq-posix.c - POSIX message queues, mq_overview(7) */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "mq-piece.h"
#include "mq-posix.h"
#include "mq.h"

int
ipc_mq_posix_open(const char *name, int access)
{
	/* The kernel sets close-on-exec by itself. */
	return mq_open(name, access | O_NONBLOCK);
}

int
ipc_mq_posix_open_any(const char *name)
{
	int fd = ipc_mq_posix_open(name, O_RDONLY);

	return fd < 0 && errno == EACCES ? ipc_mq_posix_open(name, O_WRONLY) : fd;
}

static int
posix_open(struct ipc_mq *mq, enum ipc_mq_access access, const char *action,
	uid_t trusted, struct ipc_error *err)
{
	const struct ipc_address *address = &mq->address;
	bool writes = access == IPC_MQ_WRITE;
	autoclose int fd =
		ipc_mq_posix_open(address->text, writes ? O_WRONLY : O_RDONLY);
	struct mq_attr attr;
	struct stat st;

	if (fd < 0 || mq_getattr(fd, &attr) < 0)
		return ipc_fail(err, errno, "%s '%s'", action, address->text);
	if (writes && geteuid() == 0) {
		if (fstat(fd, &st) < 0)
			return ipc_fail(err, errno, "%s '%s'", action, address->text);
		if (!ipc_trust_written(st.st_uid, trusted))
			return ipc_mq_foreign(address, st.st_uid, action, err);
	}
	mq->message_size = (size_t)attr.mq_msgsize;
	mq->limited_by = " (its message size, chosen at create)";
	mq->fd = keep(&fd);
	return 0;
}

static void
posix_close(struct ipc_mq *mq)
{
	mq_close(mq->fd);
	if (mq->back >= 0)
		close(mq->back);
}

static int
posix_send(const struct ipc_mq *mq, const struct ipc_message *message,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	int code = 0;

	if (mq->piece_size > 0)
		return ipc_mq_piece_send_all(mq, mq->fd, message, false, wait, err);
	while (mq_send(mq->fd, message->data, message->length, message->priority) < 0) {
		code = errno == EAGAIN ? ipc_wait_for(mq->fd, POLLOUT, wait) : errno;
		if (code != 0)
			return ipc_mq_waited(mq, wait, "write to", "full", code, err);
	}
	return 0;
}

static int
posix_receive(const struct ipc_mq *mq, struct ipc_message *message,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	ssize_t taken;
	int code = 0;

	while ((taken = mq_receive(mq->fd, message->data, mq->message_size,
			&message->priority)) < 0) {
		code = errno == EAGAIN ? ipc_wait_for(mq->fd, POLLIN, wait) : errno;
		if (code != 0)
			return ipc_mq_waited(mq, wait, "read", "empty", code, err);
	}
	message->length = (size_t)taken;
	message->type = 0;
	return 0;
}

/* Not by name: it may be another queue's by now, or nobody's. */
static int
open_back(const struct ipc_mq *mq)
{
	char self[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", mq->fd);
	return open(self, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

static int
posix_prepare_back(struct ipc_mq *mq, struct ipc_error *err)
{
	if (mq->back < 0)
		mq->back = open_back(mq);
	if (mq->back >= 0 || (errno != EMFILE && errno != ENFILE && errno != ENOMEM))
		return 0;
	return ipc_fail(err, errno, "write to '%s'", mq->address.text);
}

static int
posix_give_back(const struct ipc_mq *mq, const struct ipc_message *message,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	struct ipc_mq back = *mq;
	struct stat st;
	autoclose int fd = mq->back < 0 ? open_back(mq) : -1;

	back.fd = mq->back < 0 ? fd : mq->back;
	if (back.fd < 0)
		return ipc_fail(err, errno, "write to '%s'", mq->address.text);
	if (fstat(back.fd, &st) == 0 && st.st_nlink == 0)
		return ipc_refuse(err, IPC_NO_OBJECT, ENOENT,
			"write to '%s': it was removed", mq->address.text);
	if (mq->piece_size > 0)
		return ipc_mq_piece_send_all(mq, back.fd, message, true, wait, err);
	return posix_send(&back, message, wait, err);
}

/* None is longer than the queue was made for. */
static int
posix_grow(struct ipc_mq *mq, struct ipc_error *err)
{
	return ipc_refuse(err, IPC_LIMIT, EMSGSIZE,
		"read '%s': no message has more than %zu bytes", mq->address.text,
		mq->message_size);
}

static int
posix_wait(const struct ipc_mq *mq, const struct ipc_wait *wait, struct ipc_error *err)
{
	int code = ipc_wait_for(mq->fd, POLLIN, wait);

	return code == 0 ? 0 : ipc_mq_waited(mq, wait, "wait for", "empty", code, err);
}

static int
posix_peek(const struct ipc_mq *mq, uint64_t place, struct ipc_message *message,
	struct ipc_error *err)
{
	(void)place;
	(void)message;
	return ipc_refuse(err, IPC_REFUSED, ENOTSUP,
		"peek at '%s': the kernel lets no one look at a POSIX queue's message "
		"without taking it",
		mq->address.text);
}

static int
posix_purge(const struct ipc_mq *mq, uint64_t *discarded, struct ipc_error *err)
{
	static const struct ipc_wait not_at_all = IPC_WAIT(0);
	autofree char *data = malloc(mq->message_size);
	struct ipc_message message = { .data = data };
	struct ipc_error failure;

	if (data == NULL)
		return ipc_fail(err, errno, "purge '%s'", mq->address.text);
	while (posix_receive(mq, &message, &not_at_all, &failure) == 0)
		++*discarded;
	if (failure.fault == IPC_WOULD_BLOCK)
		return 0;
	if (err != NULL)
		*err = failure;
	return -1;
}

static int
posix_remove(const struct ipc_address *address, struct ipc_error *err)
{
	if (mq_unlink(address->text) < 0)
		return ipc_fail(err, errno, "remove '%s'", address->text);
	return 0;
}

const struct ipc_mq_ops ipc_mq_posix = {
	.create = ipc_mq_posix_create,
	.open = posix_open,
	.close = posix_close,
	.grow = posix_grow,
	.send = posix_send,
	.receive = posix_receive,
	.prepare_back = posix_prepare_back,
	.give_back = posix_give_back,
	.wait = posix_wait,
	.peek = posix_peek,
	.purge = posix_purge,
	.stat = ipc_mq_posix_stat,
	.each = ipc_mq_posix_each,
	.change = ipc_mq_posix_change,
	.remove = posix_remove,
};
