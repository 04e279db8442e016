/* mq-posix-create.c - POSIX message queues: making one, and the limits on it */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mqueue.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "mq-posix.h"
#include "mq.h"
#include "proc.h"

/* Somebody may create and remove the same name in turn with us. */
enum { TRIES = 1000 };

/* One figure of proc_sys_fs_mqueue(5), which is of our IPC namespace. */
static uint64_t
system_limit(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/sys/fs/mqueue/%s", name);
	return ipc_proc_number(path);
}

/* What the kernel gives those who do not ask. */
static uint64_t
usual(const char *usual_name, const char *most_name, uint64_t documented)
{
	uint64_t value = system_limit(usual_name), most = system_limit(most_name);

	if (value == IPC_UNKNOWN)
		value = documented;
	return value < most ? value : most;
}

/* mq_open(3) wants both of the geometry, or none. */
static struct mq_attr
geometry(const struct ipc_mq_plan *plan)
{
	uint64_t capacity = plan->capacity, message_size = plan->message_size;

	if (capacity == IPC_UNKNOWN)
		capacity = usual("msg_default", "msg_max", 10);
	if (message_size == IPC_UNKNOWN)
		message_size = usual("msgsize_default", "msgsize_max", 8192);
	return (struct mq_attr){
		.mq_maxmsg = (long)capacity,
		.mq_msgsize = (long)message_size,
	};
}

uint64_t
ipc_mq_posix_cost(uint64_t capacity, uint64_t message_size)
{
	enum { MSG_MSG = 48, TREE_NODE = 48, PRIORITIES = 32768 };
	const uint64_t nodes = capacity < PRIORITIES ? capacity : PRIORITIES;

	return capacity == IPC_UNKNOWN || message_size == IPC_UNKNOWN
		? IPC_UNKNOWN
		: capacity * MSG_MSG + nodes * TREE_NODE + capacity * message_size;
}

/* EMFILE may be either limit; only that of descriptors hits others, too. */
static int
too_many_files(const char *name, const struct mq_attr *attr, struct ipc_error *err)
{
	autoclose int other = open("/", O_PATH | O_CLOEXEC);
	struct rlimit limit = { 0 };

	if (other < 0 && errno == EMFILE)
		return ipc_fail(err, EMFILE, "create '%s'", name);
	getrlimit(RLIMIT_MSGQUEUE, &limit);
	return ipc_refuse(err, IPC_LIMIT, EMFILE,
		"create '%s': it needs %ju bytes; RLIMIT_MSGQUEUE (ulimit -q) allows %ju "
		"for all queues of a user together",
		name,
		(uintmax_t)ipc_mq_posix_cost(
			(uint64_t)attr->mq_maxmsg, (uint64_t)attr->mq_msgsize),
		(uintmax_t)limit.rlim_cur);
}

/* mq_overview(7): what no sysctl can exceed, and who has CAP_SYS_RESOURCE may have. */
enum { HARD_MSG_MAX = 65536, HARD_MSGSIZE_MAX = 16777216 };

static int
too_large(const char *name, const struct mq_attr *attr, struct ipc_error *err)
{
	const uint64_t messages = (uint64_t)attr->mq_maxmsg;
	const uint64_t size = (uint64_t)attr->mq_msgsize;
	const uint64_t msg_max = system_limit("msg_max");
	const uint64_t msgsize_max = system_limit("msgsize_max");

	if (messages > HARD_MSG_MAX || messages > msg_max)
		return ipc_refuse(err, IPC_LIMIT, EINVAL,
			"create '%s': a capacity of %ju messages is above the limit of "
			"%ju (%s)",
			name, (uintmax_t)messages,
			(uintmax_t)(messages > HARD_MSG_MAX ? HARD_MSG_MAX : msg_max),
			messages > HARD_MSG_MAX ? "of the kernel, which is fixed"
						: "sysctl fs.mqueue.msg_max");
	if (size > HARD_MSGSIZE_MAX || size > msgsize_max)
		return ipc_refuse(err, IPC_LIMIT, EINVAL,
			"create '%s': a message size of %ju bytes is above the limit of "
			"%ju (%s)",
			name, (uintmax_t)size,
			(uintmax_t)(size > HARD_MSGSIZE_MAX ? HARD_MSGSIZE_MAX
							    : msgsize_max),
			size > HARD_MSGSIZE_MAX ? "of the kernel, which is fixed"
						: "sysctl fs.mqueue.msgsize_max");
	return ipc_refuse(err, IPC_LIMIT, EINVAL,
		"create '%s': %ld messages of %ld bytes are more than the kernel allows",
		name, attr->mq_maxmsg, attr->mq_msgsize);
}

/* The kernel's errno names none of its limits. */
static int
refused(const char *name, const struct ipc_mq_plan *plan, int code,
	struct ipc_error *err)
{
	struct mq_attr attr = geometry(plan);

	switch (code) {
	case EINVAL:
	case EOVERFLOW:
		return too_large(name, &attr, err);
	case EMFILE:
		return too_many_files(name, &attr, err);
	case ENOSPC:
		return ipc_refuse(err, IPC_LIMIT, code,
			"create '%s': the system has its most of %ju queues "
			"(sysctl fs.mqueue.queues_max)",
			name, (uintmax_t)system_limit("queues_max"));
	default:
		return ipc_fail(err, code, "create '%s'", name);
	}
}

/* An existing queue of the geometry asked for is what create wanted. */
static int
accept_existing(int fd, const struct ipc_address *address,
	const struct ipc_mq_plan *plan, struct ipc_error *err)
{
	struct mq_attr has;
	struct stat st;

	if (fstat(fd, &st) < 0 || mq_getattr(fd, &has) < 0)
		return ipc_fail(err, errno, "create '%s'", address->text);
	if (!ipc_trust_found(st.st_uid, plan->trusted))
		return ipc_mq_foreign(address, st.st_uid, "create", err);
	if (plan->capacity != IPC_UNKNOWN && plan->capacity != (uint64_t)has.mq_maxmsg)
		return ipc_refuse(err, IPC_EXISTS, EEXIST,
			"create '%s': it exists with a capacity of %ld messages, not %ju",
			address->text, has.mq_maxmsg, (uintmax_t)plan->capacity);
	if (plan->message_size != IPC_UNKNOWN &&
		plan->message_size != (uint64_t)has.mq_msgsize)
		return ipc_refuse(err, IPC_EXISTS, EEXIST,
			"create '%s': it exists with a message size of %ld bytes, not %ju",
			address->text, has.mq_msgsize, (uintmax_t)plan->message_size);
	return 0;
}

static int
create(const struct ipc_address *address, const struct ipc_mq_plan *plan,
	struct mq_attr *attr, bool *made, struct ipc_error *err)
{
	const char *name = address->text;
	autoclose int fd = mq_open(
		name, O_RDONLY | O_CREAT | O_EXCL | O_NONBLOCK, plan->mode, attr);

	*made = fd >= 0;
	if (*made) {
		if (fchmod(fd, plan->mode) == 0) /* the umask took its part */
			return 0;
		ipc_fail(err, errno, "set the mode of '%s'", name);
		mq_unlink(name);
		return -1;
	}
	if (errno != EEXIST || plan->exclusive)
		return refused(name, plan, errno, err);
	fd = ipc_mq_posix_open_any(name);
	if (fd < 0)
		return ipc_fail(err, errno, "create '%s'", name);
	return accept_existing(fd, address, plan, err);
}

int
ipc_mq_posix_create(const struct ipc_address *address, const struct ipc_mq_plan *plan,
	struct ipc_address *found, bool *made, struct ipc_error *err)
{
	bool asks = plan->capacity != IPC_UNKNOWN || plan->message_size != IPC_UNKNOWN;
	struct mq_attr attr = asks ? geometry(plan) : (struct mq_attr){ 0 };
	int result = -1;

	if (plan->capacity == 0 || plan->message_size == 0)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'%s' would be a queue for 0 %s", address->text,
			plan->capacity == 0 ? "messages" : "bytes");
	if (plan->bytes_limit != IPC_UNKNOWN)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'%s' is a POSIX queue: it has no --bytes-limit but --capacity "
			"times --message-size",
			address->text);
	*found = *address;
	/* ENOENT: it was there, and was removed before we could look at it. */
	for (int try = 0; try < TRIES; try++) {
		result = create(address, plan, asks ? &attr : NULL, made, err);
		if (result == 0 || errno != ENOENT)
			break;
	}
	return result;
}
