/* removal-mq.c - removing POSIX message queues */
#include <errno.h>
#include <mqueue.h>
#include <sys/stat.h>

#include "auto.h"
#include "become.h"
#include "mq-posix.h"
#include "mqueuefs.h"
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

/* Where its file system can be seen, the name is looked up once more. */
static bool
is_replaced(const struct ipc_removal *removal)
{
	const char *name = removal->item->evidence.object.address.text + 1;
	bool ours;
	autoclose int dir = ipc_mqueuefs_open(&ours);
	struct stat root, st;

	return dir >= 0 && fstat(dir, &root) == 0 &&
		root.st_dev == removal->item->evidence.object.device &&
		fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		!is_the_queue(removal, &st);
}

static int
mq_commit(
	const struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err)
{
	const struct ipc_object *object = &removal->item->evidence.object;
	bool changed;
	int code = 0;

	(void)allowed;
	if (is_replaced(removal))
		return ipc_removal_other(removal, err);
	code = ipc_become(object->uid, &changed);
	if (code == 0 && mq_unlink(object->address.text) < 0)
		code = errno;
	ipc_become_root(changed);
	return code == 0 ? 0 : ipc_removal_fail(removal, code, err);
}

const struct ipc_removal_ops ipc_removal_mq = {
	.begin = mq_begin,
	.commit = mq_commit,
};
