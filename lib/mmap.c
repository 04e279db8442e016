/* mmap.c - files that processes map: to disk and back, and which they are */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "auto.h"
#include "memory.h"

/*
 * msync(2) is the one call for a part that also waits for the disk's own cache; but of a
 * file that is open to read it does nothing.  What it cannot do is done for all.
 */
static int
sync_part(int fd, uint64_t offset, uint64_t length)
{
	const uint64_t before = offset % (uint64_t)sysconf(_SC_PAGESIZE);
	char self[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	autoclose int own = -1;
	void *map = MAP_FAILED;
	int result;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	own = open(self, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own >= 0)
		map = mmap(NULL, length + before, PROT_READ, MAP_SHARED, own,
			(off_t)(offset - before));
	if (map == MAP_FAILED)
		return fdatasync(fd);
	result = msync(map, length + before, MS_SYNC);
	munmap(map, length + before);
	return result;
}

int
ipc_memory_sync(const struct ipc_memory *memory, uint64_t offset, uint64_t length,
	struct ipc_error *err)
{
	if (ipc_memory_part(memory, offset, &length, err) < 0)
		return -1;
	if (length == 0)
		return 0;
	if (sync_part(memory->fd, offset, length) < 0)
		return ipc_fail(
			err, errno, "sync '%s'", ipc_address_text(&memory->address));
	return 0;
}

int
ipc_memory_advise(const struct ipc_memory *memory, uint64_t offset, uint64_t length,
	enum ipc_memory_advice advice, struct ipc_error *err)
{
	int code;

	if (ipc_memory_part(memory, offset, &length, err) < 0)
		return -1;
	if (length == 0) /* which would mean all that follows */
		return 0;
	code = posix_fadvise(memory->fd, (off_t)offset, (off_t)length,
		advice == IPC_MEMORY_WILLNEED ? POSIX_FADV_WILLNEED
					      : POSIX_FADV_DONTNEED);
	if (code != 0)
		return ipc_fail(
			err, code, "advise '%s'", ipc_address_text(&memory->address));
	return 0;
}

/* The files found so far. */
struct found {
	struct file {
		char *path;
		uint64_t inode;
		uint64_t device; /* of the file system, which need not be st_dev */
	} * file;
	size_t count, room;
	int code; /* an errno value when one could not be added */
};

static void
add(struct found *found, const char *path, uint64_t inode, uint64_t device)
{
	if (found->count == found->room) {
		size_t room = found->room * 2 + 64;
		struct file *more = reallocarray(found->file, room, sizeof(*more));

		if (more == NULL) {
			found->code = errno;
			return;
		}
		found->file = more;
		found->room = room;
	}
	found->file[found->count] =
		(struct file){ .path = strdup(path), .inode = inode, .device = device };
	if (found->file[found->count].path == NULL)
		found->code = errno;
	else
		found->count++;
}

/* Undoes the \012 of proc_pid_maps(5), in place; false when there is none. */
static bool
unescape(char *path)
{
	const char *const given = path;
	char *to = path;

	for (; *path != '\0'; *to++ = *path++)
		if (strncmp(path, "\\012", 4) == 0) {
			path += 3;
			*path = '\n';
		}
	*to = '\0';
	return given + strlen(given) != path;
}

static bool
begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Of /dev, never with a name, or installed to be read by all, as what iconv(3) needs. */
static bool
is_other(const char *path, bool is_written)
{
	return begins_with(path, "/dev/") || begins_with(path, "/memfd:") ||
		begins_with(path, "/SYSV") ||
		(!is_written && begins_with(path, "/usr/"));
}

/*
 * What is shared, and no code.  The kernel does not escape a backslash, nor what looks as
 * if it told that a file was deleted: which file it is, the path that leads to it tells.
 */
static void
read_line(char *line, struct found *found)
{
	char access[5];
	unsigned int major, minor;
	uint64_t inode;
	int at = 0;

	if (sscanf(line, "%*x-%*x %4s %*x %x:%x %" SCNu64 " %n", access, &major, &minor,
		    &inode, &at) != 4 ||
		access[3] != 's' || access[2] == 'x' || line[at] != '/')
		return;
	line += at;
	line[strcspn(line, "\n")] = '\0';
	if (is_other(line, access[1] == 'w'))
		return;
	add(found, line, inode, makedev(major, minor));
	if (unescape(line))
		add(found, line, inode, makedev(major, minor));
}

/* Reads /proc/PATH/maps; false when there is nothing in it. */
static bool
read_maps(int proc, const char *path, struct found *found, bool *complete)
{
	char name[NAME_MAX * 2 + 32];
	autofree char *line = NULL;
	size_t room = 0, lines = 0;
	FILE *file;
	int fd;

	snprintf(name, sizeof(name), "%s/maps", path);
	fd = openat(proc, name, O_RDONLY | O_CLOEXEC);
	file = fd < 0 ? NULL : fdopen(fd, "r");
	if (file == NULL) {
		*complete = *complete && (errno == ENOENT || errno == ESRCH);
		if (fd >= 0)
			close(fd);
		return false;
	}
	for (; getline(&line, &room, file) > 0; lines++)
		read_line(line, found);
	fclose(file);
	return lines > 0;
}

/* A process whose first thread has ended shows nothing but in the others. */
static void
read_process(int proc, const char *pid, struct found *found, bool *complete)
{
	char path[NAME_MAX * 2 + 8];
	autoclosedir DIR *tasks = NULL;
	const struct dirent *task;
	int fd;

	if (read_maps(proc, pid, found, complete))
		return;
	snprintf(path, sizeof(path), "%s/task", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tasks = fd < 0 ? NULL : fdopendir(fd);
	while (tasks != NULL && (task = readdir(tasks)) != NULL) {
		if (!isdigit((unsigned char)task->d_name[0]) ||
			strcmp(task->d_name, pid) == 0)
			continue;
		snprintf(path, sizeof(path), "%s/task/%s", pid, task->d_name);
		if (read_maps(proc, path, found, complete))
			return;
	}
}

/* By path, and then one file after the other. */
static int
by_path(const void *a, const void *b)
{
	const struct file *one = a, *other = b;
	int order = strcmp(one->path, other->path);

	if (order == 0)
		order = (one->inode > other->inode) - (one->inode < other->inode);
	if (order == 0)
		order = (one->device > other->device) - (one->device < other->device);
	return order;
}

/* The device that mappings of the file are told of, or st_dev where that is not seen. */
static uint64_t
mapped_device(int fd, const struct stat *st)
{
	char self[sizeof("/proc/self/fdinfo/") + 3 * sizeof(int)];
	char root[64], *line = NULL;
	unsigned int major, minor, mount = 0, id;
	uint64_t device = st->st_dev;
	size_t room = 0;
	FILE *file;

	snprintf(self, sizeof(self), "/proc/self/fdinfo/%d", fd);
	file = fopen(self, "re");
	while (file != NULL && getline(&line, &room, file) > 0)
		if (sscanf(line, "mnt_id: %u", &mount) == 1)
			break;
	if (file != NULL)
		fclose(file);
	file = fopen("/proc/self/mountinfo", "re");
	while (file != NULL && getline(&line, &room, file) > 0)
		if (sscanf(line, "%u %*u %u:%u %63s", &id, &major, &minor, root) == 4 &&
			id == mount)
			device = makedev(major, minor);
	if (file != NULL)
		fclose(file);
	free(line);
	return device;
}

/* The path may be of another mount namespace, or of another file by now. */
static bool
is_still(int fd, const struct stat *st, const struct file *file)
{
	return st->st_ino == file->inode &&
		(st->st_dev == file->device || mapped_device(fd, st) == file->device);
}

/* Visits a file, and says whether it was there to be. */
static int
visit_one(const struct file *file, enum ipc_memory_look look,
	int (*visit)(const struct ipc_memory_info *info, void *arg), void *arg,
	bool *is_there)
{
	struct ipc_memory_place place = { .dir = -1 };
	struct ipc_memory_info info;
	struct ipc_address address;
	autoclose int fd = -1;
	struct stat st;

	*is_there = false;
	if (ipc_address_path(file->path, &address, NULL) < 0 ||
		ipc_memory_place(&address, &place, "list", NULL) < 0)
		return 0;
	fd = ipc_memory_file_open(&place, &address, O_PATH, "list", &st, NULL);
	close(place.dir);
	if (fd < 0 || !is_still(fd, &st, file) ||
		ipc_memory_file_fill(fd, "", &address, look, &info) != 0)
		return 0;
	*is_there = true;
	return visit(&info, arg);
}

/* The path of each once, whichever of those that it was told of is there. */
static int
visit_all(const struct found *found, enum ipc_memory_look look,
	int (*visit)(const struct ipc_memory_info *info, void *arg), void *arg)
{
	bool is_there = false;
	int stop = 0;

	for (size_t i = 0; i < found->count && stop == 0; i++) {
		const struct file *file = &found->file[i];

		if (i > 0 && strcmp(file[-1].path, file->path) != 0)
			is_there = false;
		if (i > 0 && (is_there || by_path(&file[-1], file) == 0))
			continue;
		stop = visit_one(file, look, visit, arg, &is_there);
	}
	return stop;
}

int
ipc_memory_each_file(enum ipc_memory_look look,
	int (*visit)(const struct ipc_memory_info *info, void *arg), void *arg,
	bool *complete, struct ipc_error *err)
{
	autoclosedir DIR *proc = opendir("/proc");
	struct found found = { .count = 0 };
	const struct dirent *process;
	int stop = 0;

	*complete = true;
	if (proc == NULL)
		return ipc_fail(err, errno, "list '/proc'");
	while ((process = readdir(proc)) != NULL)
		if (isdigit((unsigned char)process->d_name[0]))
			read_process(dirfd(proc), process->d_name, &found, complete);
	if (found.code != 0)
		stop = ipc_fail(err, found.code, "list the files");
	if (found.count > 0)
		qsort(found.file, found.count, sizeof(*found.file), by_path);
	if (stop == 0)
		stop = visit_all(&found, look, visit, arg);
	for (size_t i = 0; i < found.count; i++)
		free(found.file[i].path);
	free(found.file);
	return stop;
}
