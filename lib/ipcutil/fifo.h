/*
 * fifo.h - FIFOs: pipes that have a name in the file system, fifo(7)
 *
 * The functions that can fail return -1 and fill *err; none prints, exits or keeps state.
 * The words of *err name the FIFO.  What is no FIFO, a symbolic link among it, is never
 * opened, and is refused with IPC_REFUSED; and none but ipc_fifo_open() opens a FIFO,
 * which its peers would notice.
 */
#ifndef IPCUTIL_FIFO_H
#define IPCUTIL_FIFO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/cdefs.h>
#include <sys/types.h>

#include <ipcutil/address.h>
#include <ipcutil/error.h>
#include <ipcutil/object.h>
#include <ipcutil/pipe.h>
#include <ipcutil/stale.h>
#include <ipcutil/trust.h>
#include <ipcutil/wait.h>

__BEGIN_DECLS

/* What to create. */
struct ipc_fifo_plan {
	mode_t mode;    /* exact: the umask is not applied */
	bool exclusive; /* an existing FIFO is a failure */
	uid_t trusted;  /* see ipc_trust_found() */
};

/* One FIFO as its file system reports it; times are in seconds since 1970. */
struct ipc_fifo_info {
	struct ipc_address address;
	uint64_t device, inode;
	uint64_t generation; /* of its file: see object.h */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	int64_t created;  /* IPC_UNKNOWN_TIME: its file system does not keep it */
	int64_t accessed; /* last read */
	int64_t modified; /* last write */
	int64_t changed;  /* the same, or last change of mode or owner */
};

/* What to change. */
struct ipc_fifo_change {
	mode_t (*new_mode)(mode_t old, const void *arg); /* or NULL */
	const void *arg;                                 /* for new_mode */
	uid_t uid;                                       /* (uid_t)-1: as it is */
	gid_t gid;                                       /* the same */
};

/* Which object *info is of. */
struct ipc_object ipc_fifo_object(const struct ipc_fifo_info *info);

/* What *info says of whether it is in use: for ipc_stale_find(). */
struct ipc_evidence ipc_fifo_evidence(const struct ipc_fifo_info *info);

/* When it was last used or set. */
int64_t ipc_fifo_used(const struct ipc_fifo_info *info);

/*
 * Makes a FIFO, or finds the one that is there and changes nothing of it; *made tells
 * which.  mkfifo(3).  In a directory where others may write, only sticky ones are safe.
 *
 * IPC_EXISTS	it exists, and plan->exclusive
 * IPC_REFUSED	there is something else; or it is another user's, and not trusted, or
 *		one of several names (hard links)
 */
int ipc_fifo_create(const struct ipc_address *address, const struct ipc_fifo_plan *plan,
	bool *made, struct ipc_error *err);

/*
 * Opens an end, O_NONBLOCK and close-on-exec; returns the descriptor, which is the
 * caller's.  To write, it sleeps in open(2) until somebody has it open to read, or as
 * *wait says, which has been started; wait->watched and wait->interrupt are not looked
 * at.  To read, it waits for nobody: poll(2) waits then for the first bytes, or for the
 * end of the first writer, and before that read(2) tells an end that is none.
 *
 * IPC_WOULD_BLOCK, IPC_TIMED_OUT	nobody has it open to read
 * IPC_REFUSED	to write: it is another user's, see ipc_trust_written(), or one of
 *		several names
 */
int ipc_fifo_open(const struct ipc_address *address, enum ipc_pipe_end end,
	uid_t trusted, const struct ipc_wait *wait, struct ipc_error *err);

/*
 * Holds both ends open: readers see no end while writers come and go, writers find a
 * reader, and bytes wait in it for whoever reads.  Returns 0 when process until_exit has
 * ended; where that is 0, never.
 *
 * IPC_NO_OBJECT	there is no such FIFO, or no such process
 */
int ipc_fifo_hold(
	const struct ipc_address *address, pid_t until_exit, struct ipc_error *err);

/*
 * The same in a process of its own, which is nobody's child and has no other descriptor
 * of ours: returns its id when it holds the FIFO, or -1.  SIGTERM ends it.
 *
 * IPC_LIMIT	there can be no more processes
 */
pid_t ipc_fifo_hold_in_background(
	const struct ipc_address *address, pid_t until_exit, struct ipc_error *err);

/* Fills *info, and opens nothing. */
int ipc_fifo_stat(const struct ipc_address *address, struct ipc_fifo_info *info,
	struct ipc_error *err);

/* The same for one that ipc_holders_discover() found, whose path may be of proc(5). */
int ipc_fifo_describe(const struct ipc_object *object, struct ipc_fifo_info *info,
	struct ipc_error *err);

/*
 * Calls visit for every FIFO in the directories up to NULL and those in them, until it
 * returns non-zero; returns that value, or 0.  *info lives only during the call.  No
 * symbolic link is followed but those that dirs names, no other file system entered.
 * *missed, which begins as { 0 }, tells the first below them that could not be looked at.
 *
 * IPC_NO_OBJECT	one of dirs is not there
 * IPC_DENIED	one of dirs may not be read
 */
int ipc_fifo_each_in(const char *const *dirs,
	int (*visit)(const struct ipc_fifo_info *info, void *arg), void *arg,
	struct ipc_error *missed, struct ipc_error *err);

/* Changes owner and mode, in this order: chown(2) may clear mode bits. */
int ipc_fifo_change(const struct ipc_address *address,
	const struct ipc_fifo_change *change, struct ipc_error *err);

/* Removes the name; who has it open goes on with it. */
int ipc_fifo_remove(const struct ipc_address *address, struct ipc_error *err);

__END_DECLS

#endif
