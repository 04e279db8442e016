/* guardian.c - the process that waits for another's end and removes what it owned */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "background.h"
#include "guardian.h"
#include "object.h"

/* If the name still leads to it. */
static void
remove_file(int file, const struct ipc_registry_place *place, const char *name)
{
	struct stat st, named;

	if (fstat(file, &st) < 0 ||
		fstatat(place->dir, name, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
		st.st_ino != named.st_ino || st.st_dev != named.st_dev)
		return;
	unlinkat(place->dir, name, 0);
	ipc_registry_tidy(place);
}

void
ipc_guardian_remove_all(
	int file, uid_t uid, const struct ipc_registry_place *place, const char *name)
{
	struct ipc_ledger ledger;
	struct ipc_object object;
	struct ipc_error failure;
	bool all_gone = true;
	size_t line;

	if (ipc_ledger_read(&ledger, file, NULL) != 0) {
		ipc_ledger_free(&ledger);
		return;
	}
	for (size_t start = 0; ipc_ledger_next(&ledger, &start, &line, &object);) {
		if (object.uid != uid || !ipc_object_has_row(&object))
			continue;
		if (ipc_object_remove(&object, &failure) < 0 &&
			failure.fault != IPC_NO_OBJECT)
			all_gone = false;
		else
			ipc_ledger_strike(&ledger, line);
	}
	ipc_ledger_free(&ledger);
	if (all_gone)
		remove_file(file, place, name);
}

/* How long others may keep it from removing what it has to. */
enum { LOCK_NS = 50000000 };

/* When it looks whether anything is left to remove: the longer there was, the less often. */
enum { FIRST_LOOK_MS = 1000, LAST_LOOK_MS = 64000 };

enum watched {
	LIVES,
	HAS_ENDED,
	UNKNOWN, /* it cannot know, and must not remove what has its owner */
};

static enum watched
watch(const struct ipc_guardian *guardian, int limit_ms)
{
	struct pollfd process = { .fd = guardian->pidfd, .events = POLLIN };
	int count;

	while ((count = poll(&process, 1, limit_ms)) < 0)
		if (errno != EINTR && errno != EAGAIN && errno != ENOMEM)
			return UNKNOWN;
	return count == 0                         ? LIVES
		: (process.revents & POLLIN) != 0 ? HAS_ENDED
						  : UNKNOWN;
}

/* A guardian that is one, with copies of all that the caller has. */
struct life {
	struct ipc_guardian guardian;
	struct ipc_registry_place place;
};

static int
lock(const struct life *life)
{
	struct ipc_wait wait = IPC_WAIT(LOCK_NS);

	ipc_wait_start(&wait);
	return ipc_registry_wait(life->place.dir, &wait, NULL);
}

static bool
all_gone(const struct ipc_guardian *guardian)
{
	struct ipc_ledger ledger;
	struct ipc_object object;
	bool is_gone = ipc_ledger_read(&ledger, guardian->file, NULL) == 0;
	size_t line;

	for (size_t start = 0;
		is_gone && ipc_ledger_next(&ledger, &start, &line, &object);)
		is_gone = ipc_object_has_row(&object) && ipc_object_is_gone(&object);
	ipc_ledger_free(&ledger);
	return is_gone;
}

/* Whether nothing is left to be removed: then none can be added either, under the lock. */
static bool
is_done(const struct life *life)
{
	if (!all_gone(&life->guardian) || lock(life) != 0)
		return false;
	if (all_gone(&life->guardian))
		return true;
	flock(life->place.dir, LOCK_UN);
	return false;
}

/* As long as there is something to remove, and the process lives. */
static enum watched
stay(const struct life *life)
{
	enum watched watched;
	int limit_ms = FIRST_LOOK_MS;
	bool was_gone = false;

	while ((watched = watch(&life->guardian, limit_ms)) == LIVES) {
		/* A file may be away for a moment: it is gone when it is so twice. */
		if (was_gone && is_done(life))
			break;
		was_gone = all_gone(&life->guardian);
		if (!was_gone && limit_ms < LAST_LOOK_MS)
			limit_ms *= 2;
	}
	return watched;
}

/* Our own: a lock on the other is its opener's. */
static int
open_place(void *context)
{
	struct life *life = context;

	life->place.dir =
		openat(life->place.dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return life->place.dir < 0 ? -1 : 0;
}

static void
live(void *context)
{
	const struct life *life = context;
	const struct ipc_guardian *guardian = &life->guardian;
	const enum watched watched = stay(life);

	if (watched == UNKNOWN)
		return;
	/* From now on it watches nobody: whoever adds needs another guardian. */
	ipc_registry_unguard(guardian->file);
	/*
	 * Who has the lock may be stopped, and then it goes on without.  That is safe:
	 * whoever adds looks, after its line is in, whether the process has ended.
	 */
	if (watched == HAS_ENDED)
		lock(life);
	/* Where inodes tell nothing, another process may have the file by now. */
	if (ipc_registry_is_guarded(guardian->file))
		return;
	/* What comes back in this moment is not to be removed: its owner lives. */
	if (watched == LIVES)
		remove_file(guardian->file, &life->place, guardian->name);
	else
		ipc_guardian_remove_all(
			guardian->file, guardian->uid, &life->place, guardian->name);
}

int
ipc_guardian_start(const struct ipc_guardian *guardian, struct ipc_error *err)
{
	struct life life = { .guardian = *guardian, .place = *guardian->place };
	char action[64], title[64];
	const struct ipc_background background = {
		.action = action,
		.name = "ipc-until-exit",
		.title = title,
		.uid = guardian->uid,
		.fds = { &life.guardian.pidfd, &life.guardian.file, &life.place.dir },
		.prepare = open_place,
		.run = live,
		.context = &life,
	};

	snprintf(action, sizeof(action), "start a guardian for process '%d'",
		(int)guardian->pid);
	snprintf(title, sizeof(title),
		"ipc-until-exit: waits for the end of process %d", (int)guardian->pid);
	return ipc_background_start(&background, err) < 0 ? -1 : 0;
}
