/* mq-posix.c - POSIX message queues, mq_overview(7) */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
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
posix_open(struct ipc_mq *mq, const struct ipc_address *address,
	enum ipc_mq_access access, uid_t trusted, struct ipc_error *err)
{
	bool writes = access == IPC_MQ_WRITE;
	const char *action = writes ? "write to" : "read";
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
			return ipc_mq_posix_foreign(address, st.st_uid, action, err);
	}
	mq->message_size = (size_t)attr.mq_msgsize;
	mq->fd = keep(&fd);
	return 0;
}

static void
posix_close(struct ipc_mq *mq)
{
	mq_close(mq->fd);
}

/* Says why a wait for the queue to be less empty or less full was in vain. */
static int
waited(const struct ipc_mq *mq, const struct ipc_wait *wait, const char *action,
	const char *state, int code, struct ipc_error *err)
{
	const char *name = mq->address.text;
	char span[IPC_SPAN_MAX];

	if (code == EAGAIN)
		return ipc_refuse(err, IPC_WOULD_BLOCK, code, "%s '%s': it is %s",
			action, name, state);
	if (code == ETIMEDOUT)
		return ipc_refuse(err, IPC_TIMED_OUT, code,
			"%s '%s': it stayed %s for %s s", action, name, state,
			ipc_span_text(wait->limit, span));
	return ipc_fail(err, code, "%s '%s'", action, name);
}

static int
posix_send(const struct ipc_mq *mq, const void *data, size_t length,
	unsigned int priority, const struct ipc_wait *wait, struct ipc_error *err)
{
	int code = 0;

	while (mq_send(mq->fd, data, length, priority) < 0) {
		code = errno == EAGAIN ? ipc_wait_for(mq->fd, POLLOUT, wait) : errno;
		if (code != 0)
			return waited(mq, wait, "write to", "full", code, err);
	}
	return 0;
}

static int
posix_receive(const struct ipc_mq *mq, void *data, size_t *length,
	unsigned int *priority, const struct ipc_wait *wait, struct ipc_error *err)
{
	ssize_t taken;
	int code = 0;

	while ((taken = mq_receive(mq->fd, data, mq->message_size, priority)) < 0) {
		code = errno == EAGAIN ? ipc_wait_for(mq->fd, POLLIN, wait) : errno;
		if (code != 0)
			return waited(mq, wait, "read", "empty", code, err);
	}
	*length = (size_t)taken;
	return 0;
}

static int
posix_give_back(const struct ipc_mq *mq, const void *data, size_t length,
	unsigned int priority, const struct ipc_wait *wait, struct ipc_error *err)
{
	struct ipc_mq back = *mq;
	char self[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	autoclose int fd = -1;

	/* Not by name: it may be another queue's by now, or nobody's. */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", mq->fd);
	fd = open(self, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return ipc_fail(err, errno, "write to '%s'", mq->address.text);
	back.fd = fd;
	return posix_send(&back, data, length, priority, wait, err);
}

static int
posix_wait(const struct ipc_mq *mq, const struct ipc_wait *wait, struct ipc_error *err)
{
	int code = ipc_wait_for(mq->fd, POLLIN, wait);

	return code == 0 ? 0 : waited(mq, wait, "wait for", "empty", code, err);
}

static int
posix_peek(const struct ipc_address *address, struct ipc_error *err)
{
	return ipc_refuse(err, IPC_REFUSED, ENOTSUP,
		"peek at '%s': the kernel lets no one look at a POSIX queue's message "
		"without taking it",
		address->text);
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
	.send = posix_send,
	.receive = posix_receive,
	.give_back = posix_give_back,
	.wait = posix_wait,
	.peek = posix_peek,
	.stat = ipc_mq_posix_stat,
	.each = ipc_mq_posix_each,
	.change = ipc_mq_posix_change,
	.remove = posix_remove,
};
