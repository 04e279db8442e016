/* sem-posix.c - POSIX semaphores, sem_overview(7): files that the C library maps */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "sem.h"
#include "shm.h"

static const char prefix[] = "sem.";

enum { PREFIX = sizeof(prefix) - 1 };

/* Where the file of a semaphore is, its name in buf; the caller closes place->dir. */
static int
find(const struct ipc_address *address, struct ipc_memory_place *place,
	char buf[NAME_MAX + 1], const char *action, struct ipc_error *err)
{
	if (ipc_memory_place(address, place, action, err) < 0)
		return -1;
	snprintf(buf, NAME_MAX + 1, "%s%s", prefix, address->text + 1);
	place->name = buf;
	return 0;
}

/* sem_open(3) makes a file of such a name, and links it to that of the semaphore. */
static bool
is_temporary(const char *name)
{
	enum { RANDOM = 6 };

	if (strlen(name) != RANDOM)
		return false;
	for (; *name != '\0'; name++)
		if (!isascii((unsigned char)*name) || !isalnum((unsigned char)*name))
			return false;
	return true;
}

/*
 * The sem_t of the C libraries: where words have 64 bits the value and, behind it, those
 * who wait; where they have 32 the value in all bits but the lowest.
 */
enum { SIZE_64 = 32, SIZE_32 = 16, VALUE_BITS = INT32_MAX };

static void
read_value(int path, struct ipc_sem_info *info)
{
	char self[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	autoclose int fd = -1;
	uint32_t words[2];

	if (info->size != SIZE_64 && info->size != SIZE_32)
		return;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", path);
	fd = open(self, O_RDONLY | O_NOATIME | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || pread(fd, words, sizeof(words), 0) != sizeof(words))
		return;
	info->value = info->size == SIZE_64 ? words[0] & VALUE_BITS : words[0] >> 1;
	if (info->size == SIZE_64)
		info->waiters = words[1];
}

static int
fill(int fd, const struct ipc_address *address, struct ipc_sem_info *info)
{
	struct ipc_memory_info file;
	int code = ipc_memory_file_fill(fd, "", address, IPC_MEMORY_GLANCE, &file);

	if (code != 0)
		return code;
	*info = (struct ipc_sem_info){
		.address = *address,
		.value = IPC_UNKNOWN,
		.members = 1,
		.waiters = IPC_UNKNOWN,
		.zero_waiters = IPC_UNKNOWN,
		.last = IPC_UNKNOWN,
		.size = file.size,
		.device = file.device,
		.inode = file.inode,
		.links = file.links,
		.temporary = is_temporary(address->text + 1),
		.key = IPC_UNKNOWN,
		.id = IPC_UNKNOWN,
		.creator_uid = IPC_UNKNOWN,
		.mode = file.mode,
		.uid = file.uid,
		.gid = file.gid,
		.created = file.created,
		.generation = file.generation,
		.operated = IPC_UNKNOWN_TIME,
		.changed = file.changed,
	};
	read_value(fd, info);
	return 0;
}

static int
posix_stat(const struct ipc_address *address, struct ipc_sem_info *info,
	struct ipc_error *err)
{
	struct ipc_memory_place place = { .dir = -1 };
	autoclose int dir = -1, fd = -1;
	char name[NAME_MAX + 1];
	struct stat st;
	int code;

	if (find(address, &place, name, "inspect", err) < 0)
		return -1;
	dir = place.dir;
	fd = ipc_memory_file_open(&place, address, O_PATH, "inspect", &st, err);
	if (fd < 0)
		return -1;
	code = fill(fd, address, info);
	return code == 0 ? 0 : ipc_fail(err, code, "inspect '%s'", address->text);
}

/* Whom each semaphore is for. */
struct visit {
	int (*visit)(const struct ipc_sem_info *info, void *arg);
	void *arg;
};

static int
is_name(const struct dirent *entry)
{
	return strncmp(entry->d_name, prefix, PREFIX) == 0 &&
		entry->d_name[PREFIX] != '\0';
}

/* What is no regular file, or vanished meanwhile, is no semaphore. */
static int
visit_one(const struct ipc_memory_place *place, void *arg)
{
	const struct visit *to = arg;
	struct ipc_address address = { .kind = IPC_POSIX_NAME };
	struct ipc_sem_info info;
	struct stat st;
	autoclose int fd =
		ipc_memory_file_open(place, &address, O_PATH, "list", &st, NULL);

	snprintf(address.text, sizeof(address.text), "/%s", place->name + PREFIX);
	if (fd < 0 || fill(fd, &address, &info) != 0)
		return 0;
	return to->visit(&info, to->arg);
}

static int
posix_each(int (*visit)(const struct ipc_sem_info *info, void *arg), void *arg,
	struct ipc_error *err)
{
	struct visit to = { .visit = visit, .arg = arg };

	return ipc_shm_dir_each(is_name, visit_one, &to, err);
}

static int
posix_remove(const struct ipc_address *address, struct ipc_error *err)
{
	struct ipc_memory_place place = { .dir = -1 };
	autoclose int dir = -1, fd = -1;
	char name[NAME_MAX + 1];
	struct stat st;

	if (find(address, &place, name, "remove", err) < 0)
		return -1;
	dir = place.dir;
	fd = ipc_memory_file_open(&place, address, O_PATH, "remove", &st, err);
	if (fd < 0)
		return -1;
	if (unlinkat(dir, name, 0) < 0)
		return ipc_fail(err, errno, "remove '%s'", address->text);
	return 0;
}

const struct ipc_sem_ops ipc_sem_posix = {
	.stat = posix_stat,
	.each = posix_each,
	.remove = posix_remove,
};
