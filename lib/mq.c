/* mq.c - message queues of every kind: the address chooses the row */
#include <errno.h>
#include <stdlib.h>

#include "auto.h"
#include "mq.h"

static const struct ipc_mq_ops *
kind_of(const struct ipc_address *address)
{
	(void)address; /* POSIX queues are the one kind */
	return &ipc_mq_posix;
}

int
ipc_mq_create(const struct ipc_address *address, const struct ipc_mq_plan *plan,
	bool *made, struct ipc_error *err)
{
	return kind_of(address)->create(address, plan, made, err);
}

int
ipc_mq_open(struct ipc_mq *mq, const struct ipc_address *address,
	enum ipc_mq_access access, uid_t trusted, struct ipc_error *err)
{
	*mq = (struct ipc_mq){ .ops = kind_of(address), .address = *address, .fd = -1 };
	return mq->ops->open(mq, address, access, trusted, err);
}

void
ipc_mq_close(struct ipc_mq *mq)
{
	mq->ops->close(mq);
}

int
ipc_mq_send(const struct ipc_mq *mq, const void *data, size_t length,
	unsigned int priority, const struct ipc_wait *wait, struct ipc_error *err)
{
	if (length > mq->message_size)
		return ipc_refuse(err, IPC_LIMIT, EMSGSIZE,
			"write to '%s': a message of %zu bytes is longer than the %zu it takes "
			"(its message size, chosen at create)",
			mq->address.text, length, mq->message_size);
	return mq->ops->send(mq, data, length, priority, wait, err);
}

int
ipc_mq_receive(const struct ipc_mq *mq, void *data, size_t *length,
	unsigned int *priority, const struct ipc_wait *wait, struct ipc_error *err)
{
	return mq->ops->receive(mq, data, length, priority, wait, err);
}

int
ipc_mq_give_back(const struct ipc_mq *mq, const void *data, size_t length,
	unsigned int priority, const struct ipc_wait *wait, struct ipc_error *err)
{
	return mq->ops->give_back(mq, data, length, priority, wait, err);
}

int
ipc_mq_wait(const struct ipc_mq *mq, const struct ipc_wait *wait, struct ipc_error *err)
{
	return mq->ops->wait(mq, wait, err);
}

int
ipc_mq_peek(const struct ipc_address *address, struct ipc_error *err)
{
	return kind_of(address)->peek(address, err);
}

int
ipc_mq_purge(const struct ipc_mq *mq, uint64_t *discarded, struct ipc_error *err)
{
	static const struct ipc_wait not_at_all = IPC_WAIT(0);
	autofree void *data = malloc(mq->message_size);
	struct ipc_error failure;
	unsigned int priority;
	size_t length;

	*discarded = 0;
	if (data == NULL)
		return ipc_fail(err, errno, "purge '%s'", mq->address.text);
	while (ipc_mq_receive(mq, data, &length, &priority, &not_at_all, &failure) == 0)
		++*discarded;
	if (failure.fault == IPC_WOULD_BLOCK)
		return 0;
	if (err != NULL)
		*err = failure;
	return -1;
}

int
ipc_mq_stat(const struct ipc_address *address, enum ipc_mq_look look,
	struct ipc_mq_info *info, struct ipc_error *err)
{
	return kind_of(address)->stat(address, look, info, err);
}

int
ipc_mq_each(enum ipc_mq_look look,
	int (*visit)(const struct ipc_mq_info *info, void *arg), void *arg,
	bool *complete, struct ipc_error *err)
{
	return ipc_mq_posix.each(look, visit, arg, complete, err);
}

int
ipc_mq_change(const struct ipc_address *address, const struct ipc_mq_change *change,
	struct ipc_error *err)
{
	return kind_of(address)->change(address, change, err);
}

int
ipc_mq_remove(const struct ipc_address *address, struct ipc_error *err)
{
	return kind_of(address)->remove(address, err);
}
