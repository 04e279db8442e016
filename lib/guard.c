/* guard.c - objects that belong to a process, and go when it ends */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "guard.h"
#include "guardian.h"
#include "object.h"

#define autofree_ledger __attribute__((cleanup(ipc_ledger_free)))
#define autorelease __attribute__((cleanup(ipc_registry_close)))
#define autorestore __attribute__((cleanup(ipc_registry_be_ourselves)))

int
ipc_guard_check(pid_t pid, struct ipc_error *err)
{
	struct ipc_owner_id owner;
	autoclose int pidfd = ipc_owner_open(pid, &owner, err);

	return pidfd < 0 ? -1 : 0;
}

/* Whether it may belong to a process at all, and be told from others by its user. */
static int
check(const struct ipc_object *object, struct ipc_error *err)
{
	const char *name = ipc_address_text(&object->address);
	struct ipc_object now;

	if (!ipc_object_has_row(object))
		return ipc_refuse(err, IPC_REFUSED, ENOTSUP,
			"let '%s' belong to a process: its type cannot", name);
	if (ipc_object_look(object, &now, err) < 0) {
		if (errno != EACCES)
			return -1;
		return ipc_refuse(err, IPC_DENIED, EACCES,
			"let '%s' belong to a process: its mode keeps its owner from "
			"opening it, so nobody could tell later whether it is the same",
			name);
	}
	if (!ipc_object_is_same(object, &now))
		return ipc_refuse(err, IPC_NO_OBJECT, ENOENT,
			"let '%s' belong to a process: it is another one by now", name);
	return 0;
}

static int
check_user(const struct ipc_object *object, struct ipc_error *err)
{
	if (geteuid() == 0 || geteuid() == object->uid)
		return 0;
	return ipc_refuse(err, IPC_DENIED, EPERM,
		"change to whom '%s' belongs: it is user %u's",
		ipc_address_text(&object->address), object->uid);
}

/* What to take out, and from which files not. */
struct drop {
	const struct ipc_object *object;
	const struct ipc_owner_id *except;
	const struct ipc_owner_id *here;
	int code;
};

static void
drop_from(struct ipc_ledger *ledger, int place, const char *name, void *arg)
{
	struct drop *drop = arg;
	size_t line;
	int code;

	(void)place;
	(void)name;
	if (ledger->owner.ipc_namespace != drop->here->ipc_namespace ||
		(drop->except != NULL &&
			ipc_owner_is_same(&ledger->owner, drop->except)) ||
		!ipc_ledger_find(ledger, drop->object, &line))
		return;
	code = ipc_ledger_strike(ledger, line);
	if (code != 0)
		drop->code = code;
}

/* In the words of an object, which the innermost function does not know. */
static int
cannot_note(const struct ipc_registry_place *place, const char *name, int code,
	struct ipc_error *err)
{
	const char *limit = code == EFBIG
		? "RLIMIT_FSIZE (ulimit -f) allows no more bytes"
		: code == ENOSPC || code == EDQUOT
		? "no room is left in its file system"
		: NULL;

	if (limit == NULL)
		return ipc_fail(err, code, "note in '%s/%s' what belongs to a process",
			place->path, name);
	return ipc_refuse(err, IPC_LIMIT, code,
		"note in '%s/%s' what belongs to a process: %s", place->path, name,
		limit);
}

int
ipc_guard_drop(const struct ipc_object *object, struct ipc_error *err)
{
	struct ipc_owner_id here;
	struct drop drop = { .object = object, .here = &here };
	autorelease struct ipc_registry registry = IPC_NO_REGISTRY;
	autorestore struct ipc_registry_user before = IPC_REGISTRY_OURSELVES;

	if (check_user(object, err) < 0 || ipc_owner_here(&here, err) < 0 ||
		ipc_registry_become(object->uid, &before, err) < 0)
		return -1;
	if (ipc_registry_lock(&registry, object->uid, false, err) < 0)
		return -1;
	ipc_registry_each(&registry, drop_from, &drop);
	return drop.code == 0 ? 0
			      : ipc_fail(err, drop.code, "take '%s' from its process",
					ipc_address_text(&object->address));
}

/* Lines of objects that are gone, or have another in their place. */
static void
strike_gone(struct ipc_ledger *ledger)
{
	struct ipc_object object;
	size_t line;

	for (size_t place = 0; ipc_ledger_next(ledger, &place, &line, &object);)
		if (ipc_object_has_row(&object) && ipc_object_is_gone(&object))
			ipc_ledger_strike(ledger, line);
}

/* Looked at when it has grown to the next power of two: each line costs one look. */
static void
compact(struct ipc_ledger *ledger)
{
	enum { FEW = 32 };
	size_t lines = ipc_ledger_lines(ledger);

	if (lines >= FEW && (lines & (lines - 1)) == 0)
		strike_gone(ledger);
}

/* The file of a process, and its guardian, who may have been killed. */
struct home {
	struct ipc_registry *registry;
	int place;
	char name[IPC_LEDGER_NAME_MAX];
	int fd;
	bool is_new;
};

/* Where it is already, or else in the place for new ones. */
static int
open_home(struct home *home, const struct ipc_owner_id *owner, struct ipc_error *err)
{
	const int wanted = home->place;

	ipc_ledger_name(owner, home->name);
	for (int i = 0; i < IPC_REGISTRY_PLACES && home->fd < 0; i++) {
		if (home->registry->places[i].dir < 0)
			continue;
		home->fd = ipc_registry_file(home->registry, i, home->name, O_RDWR);
		home->place = i;
		if (home->fd < 0 && errno != ENOENT)
			return cannot_note(
				&home->registry->places[i], home->name, errno, err);
	}
	if (home->fd >= 0)
		return 0;
	home->place = wanted;
	home->is_new = true;
	home->fd = ipc_registry_file(
		home->registry, wanted, home->name, O_RDWR | O_CREAT | O_EXCL);
	if (home->fd < 0)
		return cannot_note(
			&home->registry->places[wanted], home->name, errno, err);
	fchmod(home->fd, 0600); /* the umask took its part */
	return 0;
}

static void
close_home(const struct home *home)
{
	if (home->fd >= 0)
		close(home->fd);
}

static int
start_guardian(const struct home *home, pid_t pid, int pidfd, struct ipc_error *err)
{
	/* Another opening of it, so that the lock is not ours. */
	autoclose int file =
		ipc_registry_file(home->registry, home->place, home->name, O_RDWR);
	const struct ipc_guardian guardian = {
		.pid = pid,
		.pidfd = pidfd,
		.file = file,
		.uid = home->registry->uid,
		.name = home->name,
		.place = &home->registry->places[home->place],
	};

	if (file < 0 || ipc_registry_guard(file) < 0)
		return cannot_note(guardian.place, home->name, errno, err);
	return ipc_guardian_start(&guardian, err);
}

/* Reads the file; one whose making was not ended is made anew. */
static int
read_home(struct home *home, const struct ipc_owner_id *owner,
	struct ipc_ledger *ledger, struct ipc_error *err)
{
	int code = home->is_new ? ENODATA : ipc_ledger_read(ledger, home->fd, NULL);

	if (code == ENODATA) {
		ipc_ledger_free(ledger);
		code = ftruncate(home->fd, 0) < 0 ? errno
						  : ipc_ledger_begin(home->fd, owner);
		if (code == 0)
			code = ipc_ledger_read(ledger, home->fd, NULL);
	}
	if (code == 0 && !ipc_owner_is_same(&ledger->owner, owner))
		code = EBADMSG;
	return code == 0 ? 0
			 : cannot_note(&home->registry->places[home->place], home->name,
				   code, err);
}

/* Puts the object in and sees to it that a guardian watches; undoes it otherwise. */
static int
put(struct home *home, const struct ipc_object *object,
	const struct ipc_owner_id *owner, int pidfd, struct ipc_error *err)
{
	autofree_ledger struct ipc_ledger ledger = { .text = NULL };
	size_t line;
	bool was_there;
	int code = 0;

	if (read_home(home, owner, &ledger, err) < 0)
		return -1;
	was_there = ipc_ledger_find(&ledger, object, &line);
	if (!was_there) {
		ipc_ledger_strike_namesakes(&ledger, object);
		compact(&ledger);
		code = ipc_ledger_put(&ledger, object, &line);
	}
	if (code != 0)
		return cannot_note(
			&home->registry->places[home->place], home->name, code, err);
	if (ipc_owner_has_ended(pidfd))
		ipc_owner_gone(owner->pid, err);
	else if (ipc_registry_is_guarded(home->fd) ||
		start_guardian(home, owner->pid, pidfd, err) == 0)
		return 0;
	if (!was_there)
		ipc_ledger_strike(&ledger, line);
	return -1;
}

int
ipc_guard_add(const struct ipc_object *object, pid_t pid, const sigset_t *ends,
	struct ipc_error *err)
{
	struct ipc_owner_id owner;
	struct drop others = { .object = object, .except = &owner, .here = &owner };
	autoclose int pidfd = ipc_owner_open(pid, &owner, err);
	autorelease struct ipc_registry registry = IPC_NO_REGISTRY;
	__attribute__((cleanup(close_home))) struct home home = {
		.registry = &registry,
		.fd = -1,
	};
	autorestore struct ipc_registry_user before = IPC_REGISTRY_OURSELVES;

	if (pidfd < 0 || check_user(object, err) < 0 ||
		ipc_registry_become(object->uid, &before, err) < 0 ||
		check(object, err) < 0)
		return -1;
	registry.ends = ends;
	home.place = ipc_registry_lock(&registry, object->uid, true, err);
	if (home.place < 0)
		return -1;
	if (open_home(&home, &owner, err) == 0 &&
		put(&home, object, &owner, pidfd, err) == 0) {
		ipc_registry_each(&registry, drop_from, &others);
		return 0;
	}
	if (home.is_new && home.fd >= 0)
		unlinkat(registry.places[home.place].dir, home.name, 0);
	ipc_registry_tidy(&registry.places[home.place]);
	return -1;
}
