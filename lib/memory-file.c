/* memory-file.c - shared memory that is a file: of POSIX, or one that is mapped */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "auto.h"
#include "memory.h"
#include "proc.h"

enum { DIRECTORY = O_PATH | O_DIRECTORY | O_CLOEXEC };

int
ipc_memory_place(const struct ipc_address *address, struct ipc_memory_place *place,
	const char *action, struct ipc_error *err)
{
	const char *text = ipc_address_text(address);
	const char *slash = strrchr(text, '/');
	char path[PATH_MAX] = ".";

	place->name = slash == NULL ? text : slash + 1;
	if (address->kind == IPC_POSIX_NAME)
		strcpy(path, IPC_MEMORY_SHM_DIR);
	else if (slash != NULL)
		snprintf(path, sizeof(path), "%.*s", (int)(slash - text + 1), text);
	place->dir = open(path, DIRECTORY);
	if (place->dir >= 0)
		return 0;
	if (address->kind == IPC_POSIX_NAME)
		return ipc_refuse(err, IPC_FAILED, errno,
			"%s '%s': there is no %s, where POSIX shared memory is", action,
			text, path);
	return ipc_fail(err, errno, "%s '%s'", action, text);
}

const char *
ipc_memory_type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "a regular file";
	case S_IFDIR:
		return "a directory";
	case S_IFLNK:
		return "a symbolic link";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a device";
	}
}

/* Refuses what is no regular file, or fails with the errno value code. */
static int
cannot_open(const struct ipc_memory_place *place, const struct ipc_address *address,
	int code, const char *action, struct ipc_error *err)
{
	const char *text = ipc_address_text(address);
	struct stat st;

	if (fstatat(place->dir, place->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		!S_ISREG(st.st_mode))
		return ipc_refuse(err, IPC_REFUSED, EINVAL, "%s '%s': it is %s", action,
			text, ipc_memory_type_name(st.st_mode));
	return ipc_fail(err, code, "%s '%s'", action, text);
}

/* As any open(2) waits for who has a lease on a regular file, fcntl(2), to end it. */
static int
open_leased(const struct ipc_memory_place *place, int flags)
{
	char self[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	autoclose int path =
		openat(place->dir, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (path < 0 || fstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", path);
	return open(self, flags | O_NOCTTY | O_CLOEXEC);
}

int
ipc_memory_file_open(const struct ipc_memory_place *place,
	const struct ipc_address *address, int flags, const char *action,
	struct stat *st, struct ipc_error *err)
{
	/* O_NONBLOCK: a FIFO that waits for its other end would hold us up. */
	autoclose int fd = openat(place->dir, place->name,
		flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 && errno == EWOULDBLOCK)
		fd = open_leased(place, flags);
	if (fd < 0)
		return cannot_open(place, address, errno, action, err);
	if (fstat(fd, st) < 0)
		return ipc_fail(
			err, errno, "%s '%s'", action, ipc_address_text(address));
	if (!S_ISREG(st->st_mode))
		return ipc_refuse(err, IPC_REFUSED, EINVAL, "%s '%s': it is %s", action,
			ipc_address_text(address), ipc_memory_type_name(st->st_mode));
	return keep(&fd);
}

int
ipc_memory_file_alone(const struct ipc_address *address, const struct stat *st,
	const char *action, struct ipc_error *err)
{
	if (st->st_nlink <= 1)
		return 0;
	return ipc_refuse(err, IPC_REFUSED, EMLINK,
		"%s '%s': it is one of the %ju names (hard links) of a %s", action,
		ipc_address_text(address), (uintmax_t)st->st_nlink,
		S_ISFIFO(st->st_mode) ? "FIFO" : "file");
}

int
ipc_memory_file_full(int fd, const struct ipc_address *address, uint64_t size, int code,
	const char *action, struct ipc_error *err)
{
	const char *text = ipc_address_text(address);
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY };
	struct statvfs fs;

	getrlimit(RLIMIT_FSIZE, &limit);
	if (code == EFBIG && limit.rlim_cur != RLIM_INFINITY &&
		address->kind == IPC_SYSV_PRIVATE)
		return ipc_refuse(err, IPC_LIMIT, code,
			"%s '%s': RLIMIT_FSIZE (ulimit -f) allows %ju bytes in the memory "
			"file that keeps the input until all is there",
			action, text, (uintmax_t)limit.rlim_cur);
	if (code == EFBIG && limit.rlim_cur != RLIM_INFINITY)
		return ipc_refuse(err, IPC_LIMIT, code,
			"%s '%s': %ju bytes are above the %ju that RLIMIT_FSIZE "
			"(ulimit -f) allows a file",
			action, text, (uintmax_t)size, (uintmax_t)limit.rlim_cur);
	if (code == EFBIG)
		return ipc_refuse(err, IPC_LIMIT, code,
			"%s '%s': %ju bytes are more than its file system allows a file",
			action, text, (uintmax_t)size);
	if ((code == ENOSPC || code == EDQUOT) && fstatvfs(fd, &fs) == 0)
		return ipc_refuse(err, IPC_LIMIT, code,
			"%s '%s': %s: no room for %ju bytes; its file system has %ju "
			"left",
			action, text, strerror(code), (uintmax_t)size,
			(uintmax_t)fs.f_bavail * fs.f_frsize);
	return ipc_fail(err, code, "%s '%s'", action, text);
}

/* fallocate(2) from one size to another; 0, or an errno value. */
static int
take_so(int fd, int how, uint64_t old, uint64_t size)
{
	while (fallocate(fd, how, (off_t)old, (off_t)(size - old)) < 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

/*
 * First the room, and then the size, which can only grow so, whatever a peer does.  What
 * fails leaves the size alone, and no room that is needed by others.
 */
static int
take(int fd, uint64_t old, uint64_t size)
{
	int code = take_so(fd, FALLOC_FL_KEEP_SIZE, old, size);
	struct stat st;

	if (code == 0)
		code = take_so(fd, 0, old, size);
	else if (code == EOPNOTSUPP)
		code = posix_fallocate(fd, (off_t)old, (off_t)(size - old));
	if (code == 0 || fstat(fd, &st) < 0 || (uint64_t)st.st_size != old)
		return code;
	return ftruncate(fd, (off_t)old) < 0 ? errno : code;
}

/* Looked at before: the kernel would send SIGXFSZ. */
static bool
is_allowed(uint64_t size)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) < 0 || size <= limit.rlim_cur;
}

void
ipc_memory_file_give_back(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || ftruncate(fd, st.st_size) < 0)
		return; /* the next change of size does */
}

int
ipc_memory_file_reserve(int fd, const struct ipc_address *address, uint64_t offset,
	uint64_t end, const char *action, struct ipc_error *err)
{
	int code = !is_allowed(end) ? EFBIG
		: end > offset      ? take_so(fd, FALLOC_FL_KEEP_SIZE, offset, end)
				    : 0;

	if (code == 0 || code == EOPNOTSUPP)
		return 0;
	ipc_memory_file_give_back(fd);
	return ipc_memory_file_full(fd, address, end, code, action, err);
}

int
ipc_memory_file_grow(int fd, const struct ipc_address *address, uint64_t old,
	uint64_t size, bool sparse, const char *action, struct ipc_error *err)
{
	int code = 0;

	if (size > old && !is_allowed(size))
		code = EFBIG;
	else if (size > old && !sparse)
		code = take(fd, old, size);
	else if (ftruncate(fd, (off_t)size) < 0)
		code = errno;
	if (code == 0)
		return 0;
	return ipc_memory_file_full(fd, address, size, code, action, err);
}

/*
 * Files of proc(5) say that they are empty, and those of sysfs(5) that they are a page long:
 * their bytes are made when they are read.  None can be mapped, as one can whose size a
 * peer changes just now.
 */
static bool
has_false_size(int fd, const struct stat *st)
{
	const bool is_empty = st->st_size == 0;
	char byte;
	void *map;

	if (pread(fd, &byte, 1, is_empty ? 0 : st->st_size - 1) != is_empty)
		return false;
	map = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		munmap(map, 1);
	return map == MAP_FAILED;
}

static int
file_open(struct ipc_memory *memory, enum ipc_memory_access access, uid_t trusted,
	struct ipc_error *err)
{
	const bool writes = access != IPC_MEMORY_READ;
	const char *action = memory->action;
	struct ipc_memory_place place = { .dir = -1 };
	autoclose int fd = -1;
	struct stat st;

	if (ipc_memory_place(&memory->address, &place, action, err) < 0)
		return -1;
	fd = ipc_memory_file_open(
		&place, &memory->address, writes ? O_RDWR : O_RDONLY, action, &st, err);
	if (fd < 0 && errno == EACCES && access == IPC_MEMORY_WRITE)
		fd = ipc_memory_file_open(
			&place, &memory->address, O_WRONLY, action, &st, err);
	close(place.dir);
	if (fd < 0)
		return -1;
	if (writes && !ipc_trust_written(st.st_uid, trusted))
		return ipc_memory_foreign(&memory->address, st.st_uid, action, err);
	if (writes && ipc_memory_file_alone(&memory->address, &st, action, err) < 0)
		return -1;
	if (has_false_size(fd, &st))
		return ipc_refuse(err, IPC_REFUSED, EINVAL,
			"%s '%s': it does not have as many bytes as its size says",
			action, ipc_address_text(&memory->address));
	memory->size = (uint64_t)st.st_size;
	memory->fd = keep(&fd);
	return 0;
}

static void
file_close(struct ipc_memory *memory)
{
	if (memory->fd >= 0)
		close(memory->fd);
}

static int
file_set_size(
	struct ipc_memory *memory, uint64_t size, bool sparse, struct ipc_error *err)
{
	struct stat st;

	if (fstat(memory->fd, &st) < 0)
		return ipc_fail(
			err, errno, "resize '%s'", ipc_address_text(&memory->address));
	return ipc_memory_file_grow(memory->fd, &memory->address, (uint64_t)st.st_size,
		size, sparse, "resize", err);
}

int
ipc_memory_change_mode(int fd, mode_t mode)
{
	char self[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return chmod(self, mode);
}

static int
file_change(const struct ipc_address *address, const struct ipc_memory_change *change,
	struct ipc_error *err)
{
	const char *text = ipc_address_text(address);
	struct ipc_memory_place place = { .dir = -1 };
	autoclose int fd = -1;
	struct stat st;

	if (ipc_memory_place(address, &place, "change", err) < 0)
		return -1;
	fd = ipc_memory_file_open(&place, address, O_PATH, "change", &st, err);
	close(place.dir);
	if (fd < 0 || ipc_memory_file_alone(address, &st, "change", err) < 0)
		return -1;
	if ((change->uid != (uid_t)-1 || change->gid != (gid_t)-1) &&
		fchownat(fd, "", change->uid, change->gid, AT_EMPTY_PATH) < 0)
		return ipc_fail(err, errno, "change the owner of '%s'", text);
	if (change->new_mode == NULL)
		return 0;
	if (ipc_memory_change_mode(
		    fd, change->new_mode(st.st_mode & 07777, change->arg)) < 0)
		return ipc_proc_fail("change the mode of", text, errno, err);
	return 0;
}

static int
file_remove(const struct ipc_address *address, struct ipc_error *err)
{
	struct ipc_memory_place place = { .dir = -1 };
	autoclose int dir = -1;
	struct stat st;

	if (ipc_memory_place(address, &place, "remove", err) < 0)
		return -1;
	dir = place.dir;
	if (fstatat(dir, place.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		!S_ISREG(st.st_mode))
		return cannot_open(&place, address, EINVAL, "remove", err);
	if (unlinkat(dir, place.name, 0) < 0)
		return ipc_fail(err, errno, "remove '%s'", ipc_address_text(address));
	return 0;
}

const struct ipc_memory_ops ipc_memory_file = {
	.create = ipc_memory_file_create,
	.open = file_open,
	.close = file_close,
	.set_size = file_set_size,
	.stat = ipc_memory_file_stat,
	.change = file_change,
	.remove = file_remove,
};
