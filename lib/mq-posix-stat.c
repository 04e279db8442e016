/* mq-posix-stat.c - POSIX message queues: describing, listing and changing them */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "mq-posix.h"
#include "mqueuefs.h"

struct names {
	char **name;
	size_t count;
	size_t room;
	int code; /* an errno value when one could not be added */
};

static void
free_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->name[i]);
	free(names->name);
}

static void
add_name(const char *name, void *arg)
{
	struct names *names = arg;

	if (names->count == names->room) {
		size_t room = names->room * 2 + 64;
		char **more = reallocarray(names->name, room, sizeof(*more));

		if (more == NULL) {
			names->code = errno;
			return;
		}
		names->name = more;
		names->room = room;
	}
	names->name[names->count] = strdup(name);
	if (names->name[names->count] == NULL)
		names->code = errno;
	else
		names->count++;
}

static void
add_directory(int dir, struct names *names)
{
	int copy = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	autoclosedir DIR *entries = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (entries == NULL) {
		names->code = errno;
		return;
	}
	while ((entry = readdir(entries)) != NULL) {
		char name[sizeof(entry->d_name) + 1];

		snprintf(name, sizeof(name), "/%s", entry->d_name);
		if (entry->d_type != DT_DIR)
			add_name(name, names);
	}
}

/* A mount may show the queues of another IPC namespace than ours. */
enum whose { OURS, FOREIGN, UNPROVEN };

/* Every open queue of ours has the device of our file system. */
static bool
has_device_of(int queue, int dir)
{
	struct stat st, root;

	return fstat(queue, &st) == 0 && fstat(dir, &root) == 0 &&
		st.st_dev == root.st_dev;
}

static enum whose
whose_is(int dir, const struct names *names)
{
	size_t missing = 0;

	for (size_t i = 0; i < names->count; i++) {
		autoclose int fd = ipc_mq_posix_open_any(names->name[i]);

		if (fd >= 0)
			return has_device_of(fd, dir) ? OURS : FOREIGN;
		missing += errno == ENOENT;
	}
	return names->count > 0 && missing == names->count ? FOREIGN : UNPROVEN;
}

/* Good enough to look at: the mounts that the system began with are usually there. */
static bool
is_credible(enum whose whose)
{
	return whose == OURS ||
		(whose == UNPROVEN && ipc_mqueuefs_in_first_namespace());
}

/* A failure that says nothing of what is there. */
static bool
is_ours_to_mend(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOMEM;
}

/* Lists the queue file system, or where none of ours can be had what is held. */
static int
list(struct names *names, int *dir)
{
	bool ours;

	*dir = ipc_mqueuefs_open(&ours);
	if (*dir >= 0)
		add_directory(*dir, names);
	if (*dir >= 0 && !ours && !is_credible(whose_is(*dir, names))) {
		close(*dir);
		*dir = -1;
		free_names(names);
		*names = (struct names){ 0 };
		errno = ENOENT;
	}
	if (*dir < 0 && is_ours_to_mend(errno))
		return errno;
	if (*dir < 0 && ipc_mqueuefs_each_held(add_name, names) < 0)
		return errno;
	return names->code;
}

/* mqueue_read_file() of the kernel writes it; a queue's descriptor will do. */
static void
read_status(int fd, struct ipc_mq_info *info)
{
	char text[256];
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);
	uint64_t bytes, pid;
	unsigned int how, signal;

	if (length <= 0)
		return;
	text[length] = '\0';
	if (sscanf(text, "QSIZE:%" SCNu64 " NOTIFY:%u SIGNO:%u NOTIFY_PID:%" SCNu64,
		    &bytes, &how, &signal, &pid) != 4)
		return;
	info->bytes = bytes;
	info->notify_signal = signal;
	info->notify_pid = pid;
}

static void
fill_file(struct ipc_mq_info *info, const char *name, const struct stat *st)
{
	*info = (struct ipc_mq_info){
		.size = IPC_UNKNOWN,
		.bytes = IPC_UNKNOWN,
		.capacity = IPC_UNKNOWN,
		.messages = IPC_UNKNOWN,
		.message_size = IPC_UNKNOWN,
		.notify_pid = IPC_UNKNOWN,
		.notify_signal = IPC_UNKNOWN,
		.device = st->st_dev,
		.inode = st->st_ino,
		.key = IPC_UNKNOWN,
		.id = IPC_UNKNOWN,
		.sender = IPC_UNKNOWN,
		.receiver = IPC_UNKNOWN,
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.created = IPC_UNKNOWN_TIME,
		.accessed = st->st_atime,
		.modified = st->st_mtime,
		.changed = st->st_ctime,
		.set = IPC_UNKNOWN_TIME,
	};
	snprintf(info->address.text, sizeof(info->address.text), "%s", name);
}

/* The root for one queue that may not be opened, to look at it or to change it. */
static int
open_root(bool to_change)
{
	__attribute__((cleanup(free_names))) struct names names = { 0 };
	bool ours;
	autoclose int dir = ipc_mqueuefs_open(&ours);
	enum whose whose;

	if (dir < 0 || ours)
		return keep(&dir);
	add_directory(dir, &names);
	whose = whose_is(dir, &names);
	return (to_change ? whose == OURS : is_credible(whose)) ? keep(&dir) : -1;
}

/* 0, or an errno value.  dir is the queue file system's root, or -1. */
static int
describe(const char *name, int dir, enum ipc_mq_look look, struct ipc_mq_info *info)
{
	autoclose int fd = ipc_mq_posix_open_any(name);
	int code = errno;
	struct mq_attr attr;
	struct stat st;

	if (fd < 0) {
		if (code != EACCES || dir < 0 ||
			fstatat(dir, name + 1, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return code;
		fill_file(info, name, &st);
		return 0;
	}
	if (fstat(fd, &st) < 0 || mq_getattr(fd, &attr) < 0)
		return errno;
	fill_file(info, name, &st);
	info->capacity = (uint64_t)attr.mq_maxmsg;
	info->messages = (uint64_t)attr.mq_curmsgs;
	info->message_size = (uint64_t)attr.mq_msgsize;
	info->size = info->capacity * info->message_size;
	if (look == IPC_MQ_STATUS)
		read_status(fd, info);
	return 0;
}

int
ipc_mq_posix_stat(const struct ipc_address *address, enum ipc_mq_look look,
	struct ipc_mq_info *info, struct ipc_error *err)
{
	int code = describe(address->text, -1, look, info);

	if (code == EACCES) {
		autoclose int dir = open_root(false);

		code = describe(address->text, dir, look, info);
	}
	return code == 0 ? 0 : ipc_fail(err, code, "inspect '%s'", address->text);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
ipc_mq_posix_each(enum ipc_mq_look look,
	int (*visit)(const struct ipc_mq_info *info, void *arg), void *arg,
	bool *complete, struct ipc_error *err)
{
	__attribute__((cleanup(free_names))) struct names names = { 0 };
	autoclose int dir = -1;
	struct ipc_mq_info info;
	const char *last = "";
	int stop = 0, code;

	code = list(&names, &dir);
	if (code != 0)
		return ipc_fail(err, code, "list the queues");
	*complete = dir >= 0;
	if (names.count > 0)
		qsort(names.name, names.count, sizeof(*names.name), by_text);
	for (size_t i = 0; i < names.count && stop == 0; i++) {
		if (strcmp(names.name[i], last) != 0 &&
			describe(names.name[i], dir, look, &info) == 0)
			stop = visit(&info, arg);
		last = names.name[i];
	}
	return stop;
}

/* A descriptor of the queue's file that will do for its mode and owner. */
static int
open_file(const char *name)
{
	int fd = ipc_mq_posix_open_any(name);
	autoclose int dir = -1;

	if (fd >= 0 || errno != EACCES)
		return fd;
	dir = open_root(true);
	if (dir >= 0)
		fd = openat(dir, name + 1, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		errno = EACCES;
	return fd;
}

/* fchmod(2), which does not take a descriptor of O_PATH. */
static int
change_mode(int fd, mode_t mode)
{
	char self[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	if (fchmod(fd, mode) == 0)
		return 0;
	if (errno != EBADF)
		return -1;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return chmod(self, mode);
}

int
ipc_mq_posix_change(const struct ipc_address *address,
	const struct ipc_mq_change *change, struct ipc_error *err)
{
	const char *name = address->text;
	autoclose int fd = open_file(name);
	struct stat st;

	if (fd < 0 && errno == EACCES)
		return ipc_refuse(err, IPC_DENIED, EACCES,
			"change '%s': its mode keeps us from opening it, and no mqueue file "
			"system is proven to hold it",
			name);
	if (fd < 0 || fstat(fd, &st) < 0)
		return ipc_fail(err, errno, "change '%s'", name);
	if (change->bytes_limit != IPC_UNKNOWN)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'%s' is a POSIX queue: its geometry is chosen at create",
			name);
	if ((change->uid != (uid_t)-1 || change->gid != (gid_t)-1) &&
		fchownat(fd, "", change->uid, change->gid, AT_EMPTY_PATH) < 0)
		return ipc_fail(err, errno, "change the owner of '%s'", name);
	if (change->new_mode == NULL)
		return 0;
	if (change_mode(fd, change->new_mode(st.st_mode & 07777, change->arg)) < 0)
		return ipc_fail(err, errno, "change the mode of '%s'", name);
	return 0;
}
