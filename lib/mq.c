/* mq.c - message queues of every kind: the address chooses the row */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "auto.h"
#include "guard.h"
#include "mq.h"

bool
ipc_mq_has_types(const struct ipc_address *address)
{
	return address->kind != IPC_POSIX_NAME;
}

struct ipc_object
ipc_mq_object(const struct ipc_mq_info *info)
{
	bool is_sysv = ipc_mq_has_types(&info->address);

	return (struct ipc_object){
		.type = is_sysv ? IPC_SYSV_MQ : IPC_POSIX_MQ,
		.device = is_sysv ? 0 : info->device,
		.number = is_sysv ? info->id : info->inode,
		.uid = info->uid,
		.changed = is_sysv ? info->set : 0,
		.generation = info->generation,
		.address = info->address,
	};
}

struct ipc_evidence
ipc_mq_evidence(const struct ipc_mq_info *info)
{
	return (struct ipc_evidence){
		.object = ipc_mq_object(info),
		.notify_pid = info->notify_pid,
		.users = {
			ipc_user_find(info->sender, info->sent),
			ipc_user_find(info->receiver, info->received),
		},
	};
}

int64_t
ipc_mq_used(const struct ipc_mq_info *info)
{
	return info->modified > info->set ? info->modified : info->set;
}

static const struct ipc_mq_ops *
kind_of(const struct ipc_address *address)
{
	return ipc_mq_has_types(address) ? &ipc_mq_sysv : &ipc_mq_posix;
}

int
ipc_mq_waited(const struct ipc_mq *mq, const struct ipc_wait *wait, const char *action,
	const char *state, int code, struct ipc_error *err)
{
	const char *name = mq->address.text;
	char span[IPC_SPAN_MAX];
	struct rlimit limit = { 0 };

	if (code == EAGAIN)
		return ipc_refuse(err, IPC_WOULD_BLOCK, code, "%s '%s': it is %s",
			action, name, state);
	if (code == ETIMEDOUT)
		return ipc_refuse(err, IPC_TIMED_OUT, code,
			"%s '%s': it stayed %s for %s s", action, name, state,
			ipc_span_text(wait->limit, span));
	if (code == ENOBUFS) { /* of ipc_interrupt_begin() */
		getrlimit(RLIMIT_SIGPENDING, &limit);
		return ipc_refuse(err, IPC_LIMIT, code,
			"%s '%s': the timer for that needs a signal, and "
			"RLIMIT_SIGPENDING (ulimit -i) allows %ju",
			action, name, (uintmax_t)limit.rlim_cur);
	}
	return ipc_fail(err, code, "%s '%s'", action, name);
}

int
ipc_mq_foreign(const struct ipc_address *address, uid_t owner, const char *action,
	struct ipc_error *err)
{
	return ipc_refuse(err, IPC_REFUSED, EPERM,
		"%s '%s': it belongs to user %u; --trust-owner=%u allows it", action,
		address->text, owner, owner);
}

int
ipc_mq_create(const struct ipc_address *address, const struct ipc_mq_plan *plan,
	struct ipc_address *found, bool *made, struct ipc_error *err)
{
	return kind_of(address)->create(address, plan, found, made, err);
}

int
ipc_mq_open(struct ipc_mq *mq, const struct ipc_address *address,
	enum ipc_mq_access access, uid_t trusted, struct ipc_error *err)
{
	return ipc_mq_open_for(mq, address, access,
		access == IPC_MQ_WRITE ? "write to" : "read", trusted, err);
}

int
ipc_mq_open_for(struct ipc_mq *mq, const struct ipc_address *address,
	enum ipc_mq_access access, const char *action, uid_t trusted,
	struct ipc_error *err)
{
	*mq = (struct ipc_mq){
		.ops = kind_of(address),
		.address = *address,
		.fd = -1,
		.back = -1,
		.limited_by = "",
	};
	return mq->ops->open(mq, access, action, trusted, err);
}

void
ipc_mq_close(struct ipc_mq *mq)
{
	mq->ops->close(mq);
}

int
ipc_mq_grow(struct ipc_mq *mq, struct ipc_error *err)
{
	return mq->ops->grow(mq, err);
}

int
ipc_mq_send(const struct ipc_mq *mq, const struct ipc_message *message,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	if (message->length > mq->message_size)
		return ipc_refuse(err, IPC_LIMIT, EMSGSIZE,
			"write to '%s': a message of %zu bytes is longer than the %zu "
			"it takes%s",
			mq->address.text, message->length, mq->message_size,
			mq->limited_by);
	return mq->ops->send(mq, message, wait, err);
}

int
ipc_mq_receive(const struct ipc_mq *mq, struct ipc_message *message,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	return mq->ops->receive(mq, message, wait, err);
}

int
ipc_mq_prepare_back(struct ipc_mq *mq, struct ipc_error *err)
{
	return mq->ops->prepare_back(mq, err);
}

int
ipc_mq_give_back(const struct ipc_mq *mq, const struct ipc_message *message,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	return mq->ops->give_back(mq, message, wait, err);
}

int
ipc_mq_wait(const struct ipc_mq *mq, const struct ipc_wait *wait, struct ipc_error *err)
{
	return mq->ops->wait(mq, wait, err);
}

int
ipc_mq_peek(const struct ipc_mq *mq, uint64_t place, struct ipc_message *message,
	struct ipc_error *err)
{
	return mq->ops->peek(mq, place, message, err);
}

int
ipc_mq_purge(const struct ipc_mq *mq, uint64_t *discarded, struct ipc_error *err)
{
	*discarded = 0;
	return mq->ops->purge(mq, discarded, err);
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
	int stop = ipc_mq_posix.each(look, visit, arg, complete, err);
	bool sysv_complete;

	if (stop == 0)
		stop = ipc_mq_sysv.each(look, visit, arg, &sysv_complete, err);
	return stop;
}

int
ipc_mq_change(const struct ipc_address *address, const struct ipc_mq_change *change,
	struct ipc_error *err)
{
	struct ipc_guard_renewal renewal;
	struct ipc_object object;
	struct ipc_mq_info info;
	int result;

	/* Of a POSIX queue nothing changes that tells it from others, but its owner. */
	if (!ipc_mq_has_types(address) ||
		ipc_mq_stat(address, IPC_MQ_GLANCE, &info, NULL) < 0)
		return kind_of(address)->change(address, change, err);
	object = ipc_mq_object(&info);
	if (ipc_guard_renew_begin(&renewal, &object, err) < 0)
		return -1;
	result = kind_of(address)->change(address, change, err);
	if (result == 0 && ipc_mq_stat(address, IPC_MQ_GLANCE, &info, NULL) == 0)
		object = ipc_mq_object(&info);
	ipc_guard_renew_end(&renewal, &object);
	return result;
}

int
ipc_mq_remove(const struct ipc_address *address, struct ipc_error *err)
{
	return kind_of(address)->remove(address, err);
}
