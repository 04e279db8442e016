/* owner.c - a process that objects belong to: who it is, and whether it has ended */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "auto.h"
#include "owner.h"
#include "proc.h"

/* The number of a namespace, or 0 where the kernel has none of the kind. */
static uint64_t namespace(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static int
read_boot_id(char boot[IPC_BOOT_ID_MAX])
{
	autoclose int fd =
		open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, boot, IPC_BOOT_ID_MAX - 1);

	if (length < 0)
		return -1;
	boot[length] = '\0';
	boot[strcspn(boot, "\n")] = '\0';
	return 0;
}

/* A /proc of another PID namespace would tell of other processes. */
static bool
proc_is_ours(void)
{
	char link[16], self[16];
	ssize_t length = readlink("/proc/self", link, sizeof(link) - 1);

	if (length < 0)
		return false;
	link[length] = '\0';
	snprintf(self, sizeof(self), "%d", (int)getpid());
	return strcmp(link, self) == 0;
}

int
ipc_owner_here(struct ipc_owner_id *here, struct ipc_error *err)
{
	*here = (struct ipc_owner_id){
		.pid_namespace = namespace("/proc/self/ns/pid"),
		.time_namespace = namespace("/proc/self/ns/time"),
		.ipc_namespace = namespace("/proc/self/ns/ipc"),
	};
	if (here->pid_namespace != 0 && proc_is_ours() && read_boot_id(here->boot) == 0)
		return 0;
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
		return ipc_fail(err, errno, "read '/proc'");
	return ipc_refuse(err, IPC_FAILED, ENOTSUP,
		"tell who a process is: /proc is not there, or not that of our PID "
		"namespace");
}

int
ipc_owner_gone(pid_t pid, struct ipc_error *err)
{
	return ipc_refuse(err, IPC_NO_OBJECT, ESRCH, "watch process '%d': it has ended",
		(int)pid);
}

static int
cannot_watch(pid_t pid, int code, struct ipc_error *err)
{
	switch (code) {
	case ESRCH:
	case EINVAL: /* a thread, and before Linux 6.15 */
	case ENOENT:
		return ipc_refuse(err, IPC_NO_OBJECT, ESRCH,
			"watch process '%d': there is no such process", (int)pid);
	case ENOSYS:
		return ipc_refuse(err, IPC_FAILED, code,
			"watch process '%d': this kernel has no pidfd_open(2)",
			(int)pid);
	default:
		return ipc_fail(err, code, "watch process '%d'", (int)pid);
	}
}

/* A leading thread that has exited is a zombie, too, while others live on. */
bool
ipc_owner_has_ended(int pidfd)
{
	struct pollfd process = { .fd = pidfd, .events = POLLIN };

	while (poll(&process, 1, 0) < 0)
		if (errno != EINTR)
			return false;
	return process.revents != 0;
}

/* 0, or an errno value.  That pid was the descriptor's all the time, its end proves. */
static int
read_start(pid_t pid, uint64_t *start)
{
	autoclose int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct ipc_proc_stat stat;
	char name[16];
	int code;

	if (proc < 0)
		return errno;
	snprintf(name, sizeof(name), "%d", (int)pid);
	code = ipc_proc_stat(proc, name, &stat);
	if (code == 0)
		*start = stat.start;
	return code;
}

/* Since Linux 6.9; before, all have the same. */
static uint64_t
inode_of(int pidfd)
{
	enum { PID_FS = 0x50494446 };
	struct statfs fs;
	struct stat st;

	return fstatfs(pidfd, &fs) == 0 && fs.f_type == PID_FS && fstat(pidfd, &st) == 0
		? st.st_ino
		: 0;
}

static bool
is_same_inode(uint64_t one, uint64_t other)
{
	return one == other || one == 0 || other == 0;
}

int
ipc_owner_open(pid_t pid, struct ipc_owner_id *id, struct ipc_error *err)
{
	autoclose int pidfd = -1;
	int code;

	if (pid <= 0)
		return cannot_watch(pid, ESRCH, err);
	if (ipc_owner_here(id, err) < 0)
		return -1;
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0)
		return cannot_watch(pid, errno, err);
	id->pid = pid;
	id->inode = inode_of(pidfd);
	code = read_start(pid, &id->start);
	if (ipc_owner_has_ended(pidfd))
		return ipc_owner_gone(pid, err);
	if (code == ENOENT || code == ESRCH)
		return ipc_refuse(err, IPC_DENIED, EACCES,
			"watch process '%d': /proc hides it, see hidepid of proc(5)",
			(int)pid);
	if (code != 0)
		return cannot_watch(pid, code, err);
	return keep(&pidfd);
}

enum ipc_owner_state
ipc_owner_state(const struct ipc_owner_id *id, const struct ipc_owner_id *here)
{
	autoclose int pidfd = -1;
	uint64_t start;
	int code;

	if (strcmp(id->boot, here->boot) != 0)
		return IPC_OWNER_ENDED;
	if (id->pid_namespace != here->pid_namespace)
		return IPC_OWNER_UNKNOWN;
	pidfd = pidfd_open(id->pid, 0);
	if (pidfd < 0) /* a thread has taken the number */
		return errno == ESRCH || errno == EINVAL || errno == ENOENT
			? IPC_OWNER_ENDED
			: IPC_OWNER_UNKNOWN;
	code = read_start(id->pid, &start);
	if (ipc_owner_has_ended(pidfd) || !is_same_inode(id->inode, inode_of(pidfd)))
		return IPC_OWNER_ENDED;
	if (code != 0 || id->time_namespace != here->time_namespace)
		return IPC_OWNER_UNKNOWN;
	return start == id->start ? IPC_OWNER_LIVES : IPC_OWNER_ENDED;
}

bool
ipc_owner_is_same(const struct ipc_owner_id *one, const struct ipc_owner_id *other)
{
	return strcmp(one->boot, other->boot) == 0 &&
		one->pid_namespace == other->pid_namespace &&
		one->time_namespace == other->time_namespace &&
		one->ipc_namespace == other->ipc_namespace && one->pid == other->pid &&
		one->start == other->start && is_same_inode(one->inode, other->inode);
}
