/* registry.c - the files that tell which of a user's objects belong to whom */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "directory.h"
#include "registry.h"

/* Nobody is waited for without bound, as flock(2) would: who has the lock may be stopped. */
enum { FIRST_NAP_NS = 500000, LAST_NAP_NS = 8000000, NS_PER_S = 1000000000 };

/* Others may make and remove a directory in turn with us. */
enum { TRIES = 1000 };

static const char SHM[] = "/dev/shm";

/* The directory that a place is in, when it is safe to have it there; -1 with errno. */
static int
open_base(int place, uid_t uid)
{
	char path[32];
	autoclose int base = -1;
	struct stat st;

	snprintf(path, sizeof(path), "/run/user/%u", uid);
	base = open(
		place == 0 ? path : SHM, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (base < 0 || fstat(base, &st) < 0)
		return -1;
	errno = place == 0 ? ENOENT : EPERM;
	if (place == 0 && st.st_uid != uid)
		return -1;
	if (place == 1 && (st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0)
		return -1;
	return keep(&base);
}

/*
 * A directory that others may change is a trap.  One that another user has made holds
 * nothing of this one's, and is in the way only of who needs the place: then code is
 * EEXIST.
 */
static void
check(struct ipc_registry_place *place, int base, const char *name, uid_t uid)
{
	autoclose int dir =
		openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int code = errno;
	struct stat st;

	if (dir < 0 && code == ENOENT)
		return;
	if (fstatat(base, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		place->code = errno == ENOENT ? 0 : errno;
		return;
	}
	place->owner = st.st_uid;
	if (st.st_uid != uid)
		place->code = EEXIST;
	else if (dir < 0)
		place->code = code;
	else if (fstat(dir, &st) < 0 || st.st_uid != uid || (st.st_mode & 077) != 0)
		place->code = EPERM;
	else
		place->dir = keep(&dir);
}

/* The umask may take what is ours to have. */
static int
make_directory(int base, const char *name)
{
	if (mkdirat(base, name, 0700) == 0)
		return fchmodat(base, name, 0700, 0);
	return errno == EEXIST ? 0 : -1;
}

static void
open_place(struct ipc_registry *registry, int number, bool make)
{
	struct ipc_registry_place *place = &registry->places[number];
	autoclose int base = open_base(number, registry->uid);
	const char *name;

	snprintf(place->path, sizeof(place->path),
		number == 0 ? "/run/user/%u/ipcutil" : "/dev/shm/ipcutil-%u",
		registry->uid);
	name = strrchr(place->path, '/') + 1;
	place->dir = -1;
	place->owner = (uid_t)-1;
	place->code = base < 0 && errno != ENOENT ? errno : 0;
	if (base < 0)
		return;
	if (make && make_directory(base, name) < 0)
		place->code = errno;
	else
		check(place, base, name, registry->uid);
	if (place->code == EEXIST && !make)
		place->code = 0;
}

void
ipc_registry_look(struct ipc_registry *registry, uid_t uid)
{
	registry->uid = uid;
	for (int i = 0; i < IPC_REGISTRY_PLACES; i++)
		open_place(registry, i, false);
}

static void
close_all(struct ipc_registry *registry)
{
	for (int i = 0; i < IPC_REGISTRY_PLACES; i++) {
		if (registry->places[i].dir >= 0)
			close(registry->places[i].dir);
		registry->places[i].dir = -1;
	}
}

static int
refused(const struct ipc_registry_place *place, uid_t uid, struct ipc_error *err)
{
	if (place->code == EPERM && place->owner == (uid_t)-1)
		return ipc_refuse(err, IPC_REFUSED, EPERM,
			"use '%s', which tells what belongs to whom: anybody may remove "
			"what is in '%s'",
			place->path, SHM);
	if (place->code == EPERM || place->code == ELOOP || place->code == ENOTDIR ||
		place->code == EACCES || place->code == EEXIST)
		return ipc_refuse(err, IPC_REFUSED, EPERM,
			"use '%s', which tells what belongs to whom: it is not a directory "
			"of user %u alone (it is user %u's): remove it, as root if need be",
			place->path, uid, place->owner);
	return ipc_fail(err, place->code, "open '%s'", place->path);
}

static bool
is_pending(const sigset_t *signals)
{
	sigset_t pending;

	return signals != NULL && sigpending(&pending) == 0 &&
		sigandset(&pending, &pending, signals) == 0 && !sigisemptyset(&pending);
}

int
ipc_registry_wait(int dir, const struct ipc_wait *wait, const sigset_t *ends)
{
	struct ipc_wait nap = IPC_WAIT(FIRST_NAP_NS);
	struct timespec left;

	while (flock(dir, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return errno;
		ipc_wait_left(wait, &left);
		if (left.tv_sec == 0 && left.tv_nsec == 0)
			return EBUSY;
		if (is_pending(ends))
			return EINTR;
		ipc_wait_start(&nap);
		ipc_wait_for(-1, 0, &nap);
		if (nap.limit < LAST_NAP_NS)
			nap.limit *= 2;
	}
	return 0;
}

/* 1: locked; 0: it was removed meanwhile; -1: *err tells. */
static int
lock(const struct ipc_registry *registry, const struct ipc_registry_place *place,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	struct stat st;
	int code;

	if (place->dir < 0)
		return 1;
	code = ipc_registry_wait(place->dir, wait, registry->ends);
	if (code == EBUSY)
		return ipc_refuse(err, IPC_FAILED, EBUSY,
			"use '%s': another process has had it locked for %d s",
			place->path, registry->patience);
	if (code != 0)
		return ipc_fail(err, code, "lock '%s'", place->path);
	if (fstat(place->dir, &st) < 0)
		return ipc_fail(err, errno, "lock '%s'", place->path);
	return st.st_nlink > 0;
}

/* Always in the same order, so that no two wait for each other. */
static int
lock_all(struct ipc_registry *registry, const struct ipc_wait *wait,
	struct ipc_error *err)
{
	int result = 1;

	for (int i = 0; i < IPC_REGISTRY_PLACES && result == 1; i++) {
		if (registry->places[i].code != 0)
			return refused(&registry->places[i], registry->uid, err);
		result = lock(registry, &registry->places[i], wait, err);
	}
	return result;
}

/* 1: opened and locked; 0: once more, as something changed meanwhile; or -1. */
static int
open_and_lock(struct ipc_registry *registry, bool make, int *home,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	int base = open_base(0, registry->uid);

	*home = base < 0 ? 1 : 0;
	if (base >= 0)
		close(base);
	for (int i = 0; i < IPC_REGISTRY_PLACES; i++)
		open_place(registry, i, make && i == *home);
	if (make && registry->places[*home].dir < 0 &&
		registry->places[*home].code == 0)
		return *home == 1 && access(SHM, F_OK) < 0
			? ipc_refuse(err, IPC_FAILED, errno,
				  "open '%s': there is no such directory", SHM)
			: 0;
	return lock_all(registry, wait, err);
}

int
ipc_registry_lock(
	struct ipc_registry *registry, uid_t uid, bool make, struct ipc_error *err)
{
	struct ipc_wait wait = IPC_WAIT((int64_t)registry->patience * NS_PER_S);
	int home, result = 0;
	sigset_t all;

	registry->uid = uid;
	ipc_wait_start(&wait);
	for (int try = 0; try < TRIES && result == 0; try++) {
		result = open_and_lock(registry, make, &home, &wait, err);
		if (result < 0 && make)
			ipc_registry_tidy(&registry->places[home]);
		if (result != 1)
			close_all(registry);
	}
	if (result == 0)
		return ipc_refuse(err, IPC_FAILED, EBUSY,
			"use '%s': it is removed again and again",
			registry->places[make ? home : 0].path);
	if (result < 0)
		return -1;
	sigfillset(&all);
	registry->is_held = pthread_sigmask(SIG_SETMASK, &all, &registry->before) == 0;
	return home * make;
}

void
ipc_registry_tidy(const struct ipc_registry_place *place)
{
	if (place->dir >= 0 && flock(place->dir, LOCK_EX | LOCK_NB) == 0)
		rmdir(place->path); /* ENOTEMPTY mostly */
}

void
ipc_registry_close(struct ipc_registry *registry)
{
	close_all(registry);
	if (registry->is_held)
		pthread_sigmask(SIG_SETMASK, &registry->before, NULL);
	registry->is_held = false;
}

DIR *
ipc_registry_list(const struct ipc_registry_place *place)
{
	int copy = place->dir < 0 ? -1 : ipc_directory_open(place->dir, ".");
	DIR *list = copy < 0 ? NULL : fdopendir(copy);

	if (list == NULL && copy >= 0)
		close(copy);
	return list;
}

const char *
ipc_registry_next(DIR *list)
{
	const struct dirent *entry;

	while ((entry = readdir(list)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]) &&
			strlen(entry->d_name) < IPC_LEDGER_NAME_MAX)
			return entry->d_name;
	return NULL;
}

int
ipc_registry_file(
	const struct ipc_registry *registry, int place, const char *name, int flags)
{
	autoclose int fd = openat(registry->places[place].dir, name,
		flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode) || st.st_uid != registry->uid || st.st_nlink != 1) {
		errno = EBADMSG;
		return -1;
	}
	return keep(&fd);
}

void
ipc_registry_each(const struct ipc_registry *registry,
	void (*visit)(
		struct ipc_ledger *ledger, int place, const char *name, void *arg),
	void *arg)
{
	struct ipc_owner_id here;

	if (ipc_owner_here(&here, NULL) < 0)
		return;
	for (int place = 0; place < IPC_REGISTRY_PLACES; place++) {
		autoclosedir DIR *list = ipc_registry_list(&registry->places[place]);
		const char *name;

		while (list != NULL && (name = ipc_registry_next(list)) != NULL) {
			__attribute__((
				cleanup(ipc_ledger_free))) struct ipc_ledger ledger = {
				.text = NULL
			};
			autoclose int fd =
				ipc_registry_file(registry, place, name, O_RDWR);
			int code;

			code = fd < 0 ? errno : ipc_ledger_read(&ledger, fd, &here);
			if (code == 0)
				visit(&ledger, place, name, arg);
			else if (code == ENODATA) /* its maker was killed */
				unlinkat(registry->places[place].dir, name, 0);
		}
	}
}

int
ipc_registry_guard(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };

	return fcntl(fd, F_OFD_SETLK, &lock);
}

void
ipc_registry_unguard(int fd)
{
	struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_len = 1 };

	fcntl(fd, F_OFD_SETLK, &lock);
}

bool
ipc_registry_is_guarded(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}
