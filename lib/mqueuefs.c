/* mqueuefs.c - the file system that holds the POSIX queues, mounted or not */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "auto.h"
#include "directory.h"
#include "mqueuefs.h"
#include "proc.h"

/* MQUEUE_MAGIC is in no installed header: statfs(2). */
enum { MQUEUE_MAGIC = 0x19800202 };

/* A mount that is in no tree: nobody sees it, and it goes with its descriptor. */
static int
open_detached(void)
{
	autoclose int fs = fsopen("mqueue", FSOPEN_CLOEXEC);
	autoclose int mount = -1;

	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	mount = fsmount(fs, FSMOUNT_CLOEXEC,
		MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return ipc_directory_open(mount, ".");
}

static int
open_mounted(void)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	autofree char *line = NULL;
	char path[PATH_MAX];
	size_t room = 0;
	int dir = -1;

	if (mounts == NULL)
		return -1;
	while (dir < 0 && getline(&line, &room, mounts) > 0) {
		if (strstr(line, " - mqueue ") == NULL ||
			sscanf(line, "%*s %*s %*s / %4095s", path) != 1)
			continue;
		ipc_proc_unescape(path);
		dir = ipc_directory_open(AT_FDCWD, path);
		if (dir >= 0 && !ipc_mqueuefs_is_queue(dir)) { /* hidden by another */
			close(dir);
			dir = -1;
		}
	}
	fclose(mounts);
	return dir;
}

int
ipc_mqueuefs_open(bool *ours)
{
	int dir = open_detached();

	*ours = dir >= 0;
	return *ours ? dir : open_mounted();
}

bool
ipc_mqueuefs_in_first_namespace(void)
{
	static const ino_t first = 0xEFFFFFFF; /* PROC_IPC_INIT_INO of the kernel */
	struct stat st;

	return stat("/proc/self/ns/ipc", &st) == 0 && st.st_ino == first;
}

bool
ipc_mqueuefs_is_queue(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == MQUEUE_MAGIC;
}

/* One descriptor: its link has the form of a queue's, and so has what it is. */
static void
visit_descriptor(
	int fds, const char *fd, void (*visit)(const char *name, void *arg), void *arg)
{
	char link[NAME_MAX + 2]; /* "/name" */
	ssize_t length = readlinkat(fds, fd, link, sizeof(link));
	struct stat st;

	/* No slash but the first: no stat, so no disk or server, for other files. */
	if (length < 2 || (size_t)length == sizeof(link) || link[0] != '/' ||
		memchr(link + 1, '/', (size_t)length - 1) != NULL)
		return;
	link[length] = '\0';
	if (fstatat(fds, fd, &st, 0) == 0 && S_ISREG(st.st_mode))
		visit(link, arg);
}

/* opendir(3) beside another directory. */
static DIR *
opendir_at(int dir, const char *path)
{
	autoclose int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	if (stream != NULL)
		keep(&fd);
	return stream;
}

int
ipc_mqueuefs_each_held(void (*visit)(const char *name, void *arg), void *arg)
{
	autoclosedir DIR *proc = opendir("/proc");
	const struct dirent *process, *entry;

	if (proc == NULL)
		return -1;
	while ((process = readdir(proc)) != NULL) {
		autoclosedir DIR *fds = NULL;
		char path[NAME_MAX + 4];

		if (!isdigit((unsigned char)process->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "%s/fd", process->d_name);
		fds = opendir_at(dirfd(proc), path);
		if (fds == NULL &&
			(errno == EMFILE || errno == ENFILE || errno == ENOMEM))
			return -1;
		while (fds != NULL && (entry = readdir(fds)) != NULL)
			visit_descriptor(dirfd(fds), entry->d_name, visit, arg);
	}
	return 0;
}
