/* removal-file.c - removing objects that are files, by what the name leads to */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "auto.h"
#include "become.h"
#include "layer.h"
#include "memory.h"
#include "object.h"
#include "removal.h"
#include "sock.h"

/* The directory and the name in it, of every type. */
static int
find(struct ipc_removal *removal, struct ipc_error *err)
{
	const struct ipc_object *object = &removal->item->evidence.object;
	struct ipc_memory_place place = { .dir = -1 };

	if (ipc_memory_place(&object->address, &place, "remove", err) < 0)
		return -1;
	removal->dir = place.dir;
	snprintf(removal->name, sizeof(removal->name), "%s%s",
		object->type == IPC_POSIX_SEM ? "sem." : "", place.name);
	return 0;
}

/* Who may replace it: nobody who is not trusted, or its owner alone, as in /tmp. */
static int
check_directory(struct ipc_removal *removal, struct ipc_error *err)
{
	struct stat st;

	if (fstat(removal->dir, &st) < 0)
		return ipc_removal_fail(removal, errno, err);
	removal->is_shared = (st.st_mode & S_IWOTH) != 0;
	if (removal->is_shared && !(st.st_mode & S_ISVTX))
		return ipc_refuse(err, IPC_REFUSED, EPERM,
			"remove '%s': everybody may replace what is in its directory",
			removal->item->address);
	return 0;
}

/* The file that the object is, or to which the socket is bound. */
static bool
is_the_file(const struct ipc_item *item, const struct stat *st)
{
	const struct ipc_object *object = &item->evidence.object;
	const bool is_socket = object->type == IPC_SOCKET;

	return st->st_dev == (is_socket ? item->sock.device : object->device) &&
		st->st_ino == (is_socket ? item->sock.file : object->number) &&
		st->st_uid == object->uid;
}

static bool
is_of_generation(const struct ipc_removal *removal)
{
	const struct ipc_object *object = &removal->item->evidence.object;
	struct statx st;

	return object->generation == 0 ||
		(statx(removal->path, "", AT_EMPTY_PATH, STATX_BTIME, &st) == 0 &&
			ipc_object_generation(removal->path, "", &st) ==
				object->generation);
}

static int
open_path(struct ipc_removal *removal, struct stat *st, struct ipc_error *err)
{
	removal->path =
		openat(removal->dir, removal->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (removal->path < 0 || fstat(removal->path, st) < 0)
		return ipc_removal_fail(removal, errno, err);
	/* While it is open, no other gets its inode. */
	if (!is_the_file(removal->item, st) || !is_of_generation(removal))
		return ipc_removal_other(removal, err);
	if (st->st_nlink == 1)
		return 0;
	return ipc_refuse(err, IPC_REFUSED, EMLINK,
		"remove '%s': it is one of the %ju names (hard links) of a file",
		removal->item->address, (uintmax_t)st->st_nlink);
}

/*
 * A lease needs a descriptor; who may not read it gets none, and there is no proof.
 * overlayfs gives one on what processes have mapped, but open no more.
 */
static enum ipc_lease
lease(struct ipc_removal *removal)
{
	char self[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	if (ipc_object_is_on(removal->path, OVERLAYFS_SUPER_MAGIC))
		return IPC_LEASE_UNKNOWN;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", removal->path);
	removal->fd = open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (removal->fd < 0) /* somebody else has a lease, and so the file */
		return errno == EWOULDBLOCK ? IPC_LEASE_REFUSED : IPC_LEASE_UNKNOWN;
	return ipc_removal_lease(removal);
}

static int
file_begin(struct ipc_removal *removal, struct ipc_evidence *evidence,
	uint64_t *messages, struct ipc_error *err)
{
	struct stat st;
	int code = 0;

	(void)messages;
	if (find(removal, err) < 0 || check_directory(removal, err) < 0 ||
		open_path(removal, &st, err) < 0)
		return -1;
	if (S_ISREG(st.st_mode))
		evidence->lease = lease(removal);
	else if (evidence->object.type == IPC_SOCKET_FILE) {
		code = ipc_sock_probe_file(removal->path, &evidence->bound);
		ipc_layer_mark(&evidence, 1);
	}
	return code == 0 ? 0 : ipc_removal_fail(removal, code, err);
}

/* What the name leads to, in whatever way it got there. */
static bool
leads_to_it(const struct ipc_removal *removal, const char *name)
{
	struct stat st;

	return fstatat(removal->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		is_the_file(removal->item, &st);
}

/* Whether somebody waits to open it until our lease ends. */
static bool
is_wanted(const struct ipc_removal *removal)
{
	return removal->item->evidence.lease == IPC_LEASE_GRANTED &&
		fcntl(removal->fd, F_GETLEASE) != F_WRLCK;
}

/* Where the file system cannot give another name to a file alone. */
static int
remove_at_once(const struct ipc_removal *removal, struct ipc_error *err)
{
	if (!leads_to_it(removal, removal->name))
		return ipc_removal_other(removal, err);
	return unlinkat(removal->dir, removal->name, 0) == 0
		? 0
		: ipc_removal_fail(removal, errno, err);
}

/* code is that of a removal that failed, or 0. */
static int
put_back(const struct ipc_removal *removal, const char *aside, int code,
	struct ipc_error *err)
{
	const bool is_it = leads_to_it(removal, aside);

	if (renameat2(removal->dir, aside, removal->dir, removal->name,
		    RENAME_NOREPLACE) < 0)
		return ipc_refuse(err, IPC_FAILED, errno,
			"remove '%s': another one took its place, and its name before "
			"that could have it again: %s; it has the name %s now",
			removal->item->address, strerror(errno), aside);
	if (code != 0)
		return ipc_removal_fail(removal, code, err);
	if (!is_it)
		return ipc_removal_other(removal, err);
	return ipc_refuse(err, IPC_REFUSED, EBUSY,
		"remove '%s': it is in use: a process opens it just now",
		removal->item->address);
}

/* By a name that nobody knows, one object is removed, and never another. */
static int
remove_file(
	const struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err)
{
	char aside[sizeof(".ipc-rm-") + 2 * sizeof(uint64_t)];
	uint64_t random;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		return ipc_removal_fail(removal, errno, err);
	snprintf(aside, sizeof(aside), ".ipc-rm-%016" PRIx64, random);
	if (!leads_to_it(removal, removal->name))
		return ipc_removal_other(removal, err);
	if (renameat2(removal->dir, removal->name, removal->dir, aside,
		    RENAME_NOREPLACE) < 0)
		return errno == EINVAL || errno == ENOSYS
			? remove_at_once(removal, err)
			: ipc_removal_fail(removal, errno, err);
	if (!leads_to_it(removal, aside) ||
		(!(allowed & IPC_REMOVE_IN_USE) && is_wanted(removal)))
		return put_back(removal, aside, 0, err);
	return unlinkat(removal->dir, aside, 0) == 0
		? 0
		: put_back(removal, aside, errno, err);
}

static bool
has_capability(unsigned int which)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	return syscall(SYS_capget, &header, data) == 0 &&
		data[CAP_TO_INDEX(which)].effective & CAP_TO_MASK(which);
}

bool
ipc_removal_may_unstick(const struct ipc_removal *removal, uid_t directory)
{
	return geteuid() == removal->item->evidence.object.uid ||
		geteuid() == directory || has_capability(CAP_FOWNER);
}

/* Why the kernel would not remove it, an errno value, or 0. */
static int
why_denied(const struct ipc_removal *removal)
{
	struct statx dir, file;

	/* Nobody may write to a directory that is immutable. */
	if (faccessat(removal->dir, ".", W_OK | X_OK, AT_EACCESS) < 0 ||
		statx(removal->dir, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &dir) < 0 ||
		statx(removal->path, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &file) < 0)
		return errno;
	if (file.stx_attributes & STATX_ATTR_MOUNT_ROOT)
		return EBUSY;
	if (dir.stx_attributes & STATX_ATTR_APPEND ||
		file.stx_attributes & (STATX_ATTR_APPEND | STATX_ATTR_IMMUTABLE) ||
		(dir.stx_mode & S_ISVTX &&
			!ipc_removal_may_unstick(removal, dir.stx_uid)))
		return EPERM;
	return 0;
}

static int
become(const struct ipc_removal *removal, bool *changed, struct ipc_error *err)
{
	*changed = false;
	return removal->is_shared ? ipc_removal_become(removal, changed, err) : 0;
}

static int
file_check(
	const struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err)
{
	bool changed;
	int code;

	(void)allowed;
	if (become(removal, &changed, err) < 0)
		return -1;
	code = why_denied(removal);
	ipc_become_root(changed);
	return code == 0 ? 0 : ipc_removal_fail(removal, code, err);
}

/* No signal ends us while it has another name. */
static int
file_commit(
	const struct ipc_removal *removal, unsigned int allowed, struct ipc_error *err)
{
	bool changed;
	int result;
	sigset_t all, before;

	if (become(removal, &changed, err) < 0)
		return -1;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	result = remove_file(removal, allowed, err);
	sigprocmask(SIG_SETMASK, &before, NULL);
	ipc_become_root(changed);
	return result;
}

const struct ipc_removal_ops ipc_removal_file = {
	.begin = file_begin,
	.check = file_check,
	.commit = file_commit,
};
