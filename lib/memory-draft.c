/* memory-draft.c - a file without a name until it is complete */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "auto.h"
#include "memory-draft.h"

/* Somebody may have that name by chance. */
enum { TRIES = 100 };

static int
choose_name(char name[40])
{
	uint64_t number[2];

	if (getrandom(number, sizeof(number), 0) != sizeof(number))
		return -1;
	snprintf(name, 40, ".ipc.%016" PRIx64 "%014" PRIx64, number[0],
		number[1] & UINT64_C(0xffffffffffffff));
	return 0;
}

/* For file systems that know no file without a name. */
static int
begin_named(struct ipc_memory_draft *draft, int dir)
{
	for (int try = 0; try < TRIES; try++) {
		if (choose_name(draft->name) < 0)
			break;
		draft->fd = openat(dir, draft->name,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (draft->fd >= 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	draft->name[0] = '\0';
	return -1;
}

int
ipc_memory_draft_begin(
	struct ipc_memory_draft *draft, const struct ipc_memory_place *place)
{
	draft->name[0] = '\0';
	draft->fd = openat(place->dir, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (draft->fd >= 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		return -1;
	return begin_named(draft, place->dir);
}

/* linkat(2) for a file that has no name; the first way is not everybody's. */
static int
link_fd(int fd, int dir, const char *name)
{
	char self[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	if (linkat(fd, "", dir, name, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno == EEXIST)
		return -1;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, dir, name, AT_SYMLINK_FOLLOW);
}

/* The same each time for the same place, so that what a kill left is found again. */
static void
usual_name(const char *name, char usual[40])
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
	snprintf(usual, 40, ".ipc.%016" PRIx64, hash);
}

/* A draft that has a name is locked by whoever is at it. */
static bool
lock(int fd)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &all) == 0;
}

/* Removes what was a draft as ours is, and nobody is at; false when it is not that. */
static bool
remove_leftover(const struct ipc_memory_draft *draft, int dir)
{
	const char *name = draft->name;
	autoclose int fd =
		openat(dir, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat ours, st, now;

	return fd >= 0 && fstat(draft->fd, &ours) == 0 && fstat(fd, &st) == 0 &&
		S_ISREG(st.st_mode) && st.st_uid == ours.st_uid && lock(fd) &&
		fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
		now.st_dev == st.st_dev && now.st_ino == st.st_ino &&
		unlinkat(dir, name, 0) == 0;
}

static int
link_usual(struct ipc_memory_draft *draft, const struct ipc_memory_place *place)
{
	usual_name(place->name, draft->name);
	if (link_fd(draft->fd, place->dir, draft->name) == 0)
		return 0;
	if (errno != EEXIST || !remove_leftover(draft, place->dir))
		return -1;
	return link_fd(draft->fd, place->dir, draft->name);
}

/* No call links a file in place of another: it needs a name of its own first. */
static int
name_it(struct ipc_memory_draft *draft, const struct ipc_memory_place *place)
{
	if (draft->name[0] != '\0')
		return 0;
	lock(draft->fd);
	if (link_usual(draft, place) == 0)
		return 0;
	/* Another is at it, or what has that name is not ours. */
	for (int try = 0; try < TRIES; try++) {
		if (choose_name(draft->name) < 0)
			break;
		if (link_fd(draft->fd, place->dir, draft->name) == 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	draft->name[0] = '\0';
	return -1;
}

/* Where renameat2(2) cannot keep from replacing, linkat(2) can. */
static int
rename_new(int dir, const char *draft, const char *name)
{
	if (renameat2(dir, draft, dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL || linkat(dir, draft, dir, name, 0) < 0)
		return -1;
	return unlinkat(dir, draft, 0);
}

int
ipc_memory_draft_publish(struct ipc_memory_draft *draft,
	const struct ipc_memory_place *place, bool replace)
{
	int dir = place->dir;

	if (!replace && draft->name[0] == '\0')
		return link_fd(draft->fd, dir, place->name);
	if (replace && name_it(draft, place) < 0)
		return -1;
	if ((replace ? renameat(dir, draft->name, dir, place->name)
		     : rename_new(dir, draft->name, place->name)) < 0)
		return -1;
	draft->name[0] = '\0';
	return 0;
}

void
ipc_memory_draft_end(
	struct ipc_memory_draft *draft, const struct ipc_memory_place *place)
{
	if (draft->name[0] != '\0')
		unlinkat(place->dir, draft->name, 0);
	if (draft->fd >= 0)
		close(draft->fd);
	draft->fd = -1;
}
