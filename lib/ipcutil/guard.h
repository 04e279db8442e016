/*
 * guard.h - objects that belong to a process, and go when it ends: --until-exit
 *
 * Who belongs to whom stands in files of the objects' owner, one for each process they
 * belong to, in /run/user/UID/ipcutil or, where there is no /run/user/UID, in
 * /dev/shm/ipcutil-UID.  A guardian, one process for each file, waits for that process
 * to end and then removes what the file names, as far as it is still the same object.
 */
#ifndef IPCUTIL_GUARD_H
#define IPCUTIL_GUARD_H

#include <signal.h>
#include <stddef.h>
#include <sys/cdefs.h>
#include <sys/types.h>

#include <ipcutil/error.h>
#include <ipcutil/object.h>

__BEGIN_DECLS

/*
 * Checks that there is a process pid which has not ended, so that nothing need be
 * made for one that has.
 *
 * IPC_NO_OBJECT	there is none, or it is a zombie
 */
int ipc_guard_check(pid_t pid, struct ipc_error *err);

/*
 * Lets an object belong to process pid, from now on and in place of any other:
 * returns 0 when a guardian watches.  That is a process of its own, as the object's
 * owner, in its own session, which has no descriptor of ours.  A failure changes
 * nothing.  For root: the file system ids of the thread, see setfsuid(2), change for a
 * moment.  Who holds the lock of the files is waited for, up to 2 s, or until one of the
 * blocked signals in ends, which may be NULL, is pending.
 *
 * IPC_NO_OBJECT	there is no such process, or it has ended
 * IPC_DENIED	the object is another user's, and we are not root
 * IPC_REFUSED	the directory of the files is not safe: it is not the owner's alone
 * IPC_FAILED	EBUSY: others have had the files locked all the time
 */
int ipc_guard_add(const struct ipc_object *object, pid_t pid, const sigset_t *ends,
	struct ipc_error *err);

/* Lets an object belong to no process; one that does not is no failure. */
int ipc_guard_drop(const struct ipc_object *object, struct ipc_error *err);

/* What is known of the process that an object belongs to. */
enum ipc_owner_state {
	IPC_OWNER_NONE, /* it belongs to none */
	IPC_OWNER_LIVES,
	IPC_OWNER_ENDED, /* proven: another boot, no such pid, a zombie, another start */
	IPC_OWNER_UNKNOWN, /* the files may not be read, or another namespace's */
};

struct ipc_owner {
	enum ipc_owner_state state;
	pid_t pid; /* 0: none, or not known */
};

/*
 * Removes what processes that ended have left behind because their guardian was
 * killed: of our own effective user's objects only.  Cheap where there is nothing.
 */
void ipc_guard_sweep(void);

__END_DECLS

#endif
