/* removal-mq.c - removing POSIX message queues */
#include <errno.h>
#include <mqueue.h>
#include <sys/stat.h>

#include "become.h"
#include "mq-posix.h"
#include "removal.h"

static bool
is_the_queue(const struct ipc_removal *removal, const struct stat *st)
{
	const struct ipc_object *object = &removal->item->evidence.object;

	return st->st_dev == object->device && st->st_ino == object->number &&
		st->st_uid == object->uid;
}

/* While we have the lease, nobody can put a message into it. */
static int
mq_begin(struct ipc_removal *removal, struct ipc_evidence *evidence, uint64_t *messages,
	struct ipc_error *err)
{
	struct mq_attr attr;
	struct stat st;

	removal->fd = ipc_mq_posix_open_any(evidence->object.address.text);
	if (removal->fd < 0 && errno == EWOULDBLOCK)
		evidence->lease = IPC_LEASE_REFUSED;
	if (removal->fd < 0)
		return errno == EACCES || errno == EWOULDBLOCK
			? 0
			: ipc_removal_fail(removal, errno, err);
	if (fstat(removal->fd, &st) < 0)
		return ipc_removal_fail(removal, errno, err);
	if (!is_the_queue(removal, &st))
		return ipc_removal_other(removal, err);
	evidence->lease = ipc_removal_lease(removal);
	if (evidence->lease == IPC_LEASE_GRANTED && mq_getattr(removal->fd, &attr) == 0)
		*messages = (uint64_t)attr.mq_curmsgs;
	return 0;
}

/*
 * Whether it is what it was: one that was removed has no name, and another may have that.
 * While we have the lease, that is all.  0, or an errno value.
 */
static int
check(const struct ipc_removal *removal, unsigned int allowed)
{
	const struct ipc_object *object = &removal->item->evidence.object;
	struct ipc_mq_info info;
	struct ipc_object now;
	struct stat st;

	if (removal->fd >= 0)
		return fstat(removal->fd, &st) == 0 && st.st_nlink > 0 ? 0 : ESTALE;
	if (ipc_mq_stat(&object->address, IPC_MQ_GLANCE, &info, NULL) < 0)
		return 0; /* nobody may look at it */
	now = ipc_mq_object(&info);
	if (!ipc_object_is_same(object, &now))
		return ESTALE;
	return info.messages > 0 && !(allowed & IPC_REMOVE_DATA) ? ENOTEMPTY : 0;
}

/*
 * The kernel cannot compare and remove at once: nothing is done in between that could take
 * time.
 */
static int
act(const struct ipc_removal *removal, unsigned int allowed, bool removes,
	struct ipc_error *err)
{
	bool changed;
	int code;

	if (ipc_removal_become(removal, &changed, err) < 0)
		return -1;
	code = check(removal, allowed);
	if (code == 0 && removes &&
		mq_unlink(removal->item->evidence.object.address.text) < 0)
		code = errno;
	if (code == 0 && !removes && !ipc_removal_may_unstick(removal, 0))
		code = EACCES; /* which mq_unlink(3) makes of EPERM */
	ipc_become_root(changed);
	return code == 0 ? 0 : ipc_removal_fail(removal, code, err);
}

static int
mq_check(const struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err)
{
	return act(removal, allowed, false, err);
}

static int
mq_commit(
	const struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err)
{
	return act(removal, allowed, true, err);
}

const struct ipc_removal_ops ipc_removal_mq = {
	.begin = mq_begin,
	.check = mq_check,
	.commit = mq_commit,
};
