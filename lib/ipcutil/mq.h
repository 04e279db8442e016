/*
 * mq.h - message queues: mailboxes that keep whole messages in the kernel
 *
 * A queue is named by an address, see address.h, which also chooses the kind of
 * queue: POSIX, mq_overview(7).  The functions that can fail return -1 and fill
 * *err; none prints, exits or keeps state.  The words of *err name the queue.
 */
#ifndef IPCUTIL_MQ_H
#define IPCUTIL_MQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/cdefs.h>
#include <sys/types.h>

#include <ipcutil/address.h>
#include <ipcutil/error.h>
#include <ipcutil/number.h>
#include <ipcutil/trust.h>
#include <ipcutil/wait.h>

__BEGIN_DECLS

/* The largest priority of a message; the larger is read first. */
enum { IPC_MQ_PRIORITY_MAX = 32767 };

/* An open queue.  The caller owns it and ends it with ipc_mq_close(). */
struct ipc_mq {
	const struct ipc_mq_ops *ops; /* private */
	struct ipc_address address;
	int fd;              /* POSIX: the descriptor; close-on-exec */
	size_t message_size; /* bytes of the longest message */
};

/* What to create. */
struct ipc_mq_plan {
	uint64_t capacity;     /* messages; IPC_UNKNOWN: not asked for */
	uint64_t message_size; /* bytes of the longest; IPC_UNKNOWN: the same */
	mode_t mode;           /* exact: the umask is not applied */
	bool exclusive;        /* an existing queue is a failure */
	uid_t trusted;         /* see ipc_trust_found() */
};

/* One queue as the system reports it.  What it does not tell is IPC_UNKNOWN. */
struct ipc_mq_info {
	struct ipc_address address;
	uint64_t size;          /* bytes that all its messages may have */
	uint64_t bytes;         /* bytes that the messages in it have */
	uint64_t capacity;      /* messages that it takes */
	uint64_t messages;      /* messages in it */
	uint64_t message_size;  /* bytes of the longest it takes */
	uint64_t notify_pid;    /* who asked mq_notify(3); 0: nobody */
	uint64_t notify_signal; /* sent to that process; 0: none */
	uint64_t inode;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	int64_t created;  /* IPC_UNKNOWN_TIME: the kernel does not keep it */
	int64_t accessed; /* last message in or out, or look; seconds since 1970 */
	int64_t modified; /* last message in or out */
	int64_t changed;  /* the same, or last change of mode or owner */
};

/* What to change.  The values that say "leave it" are in brackets. */
struct ipc_mq_change {
	mode_t (*new_mode)(mode_t old, const void *arg); /* [NULL] */
	const void *arg;                                 /* for new_mode */
	uid_t uid;                                       /* [(uid_t)-1] */
	gid_t gid;                                       /* [(gid_t)-1] */
};

/*
 * Makes a queue, or finds one: without plan->exclusive an existing queue of the
 * geometry asked for is as good as a new one, and nothing of it is changed.
 * *made tells which.  A failure leaves no queue behind.  mq_open(3).
 *
 * IPC_EXISTS	it exists, and exclusive was asked for or its geometry differs
 * IPC_REFUSED	it exists and belongs to another user, see ipc_trust_found()
 * IPC_LIMIT	RLIMIT_MSGQUEUE, or queues_max, msg_max or msgsize_max of
 *		proc_sys_fs_mqueue; the words have the figures
 */
int ipc_mq_create(const struct ipc_address *address, const struct ipc_mq_plan *plan,
	bool *made, struct ipc_error *err);

/* How to open a queue. */
enum ipc_mq_access { IPC_MQ_READ, IPC_MQ_WRITE };

/*
 * Opens an existing queue.  trusted is for ipc_trust_written().  For the owner
 * of *mq see there.
 *
 * IPC_REFUSED	root was about to write to an ordinary user's queue
 */
int ipc_mq_open(struct ipc_mq *mq, const struct ipc_address *address,
	enum ipc_mq_access access, uid_t trusted, struct ipc_error *err);

/* Gives back what ipc_mq_open() took. */
void ipc_mq_close(struct ipc_mq *mq);

/*
 * Puts one message in, waiting for room as *wait says.  mq_send(3).
 *
 * IPC_LIMIT	it is longer than mq->message_size; nothing of it is sent
 * IPC_WOULD_BLOCK, IPC_TIMED_OUT	the queue is full
 */
int ipc_mq_send(const struct ipc_mq *mq, const void *data, size_t length,
	unsigned int priority, const struct ipc_wait *wait, struct ipc_error *err);

/*
 * Takes the oldest message of the highest priority out, waiting for one as
 * *wait says.  data has room for mq->message_size bytes.  mq_receive(3).  When
 * wait->watched ends the wait, nothing was taken and err->code is EPIPE.
 *
 * IPC_WOULD_BLOCK, IPC_TIMED_OUT	the queue is empty
 */
int ipc_mq_receive(const struct ipc_mq *mq, void *data, size_t *length,
	unsigned int *priority, const struct ipc_wait *wait, struct ipc_error *err);

/*
 * Puts a message back that ipc_mq_receive() took: as the last of its priority,
 * and into that very queue, whatever its name stands for by now.  Needs
 * permission to write.  Failures as ipc_mq_send().
 */
int ipc_mq_give_back(const struct ipc_mq *mq, const void *data, size_t length,
	unsigned int priority, const struct ipc_wait *wait, struct ipc_error *err);

/* Waits until a message is there and takes nothing.  Failures as ipc_mq_receive(). */
int ipc_mq_wait(
	const struct ipc_mq *mq, const struct ipc_wait *wait, struct ipc_error *err);

/*
 * Refuses, IPC_REFUSED: the kernel has no way to look at a message of a POSIX
 * queue and leave it, and to take it and send it again would change its place.
 */
int ipc_mq_peek(const struct ipc_address *address, struct ipc_error *err);

/* Takes messages out until none is left; *discarded is how many those were. */
int ipc_mq_purge(const struct ipc_mq *mq, uint64_t *discarded, struct ipc_error *err);

/* What to look at: the status file tells more, and reading it moves times. */
enum ipc_mq_look {
	IPC_MQ_GLANCE, /* bytes and notify_* stay unknown; no trace is left */
	IPC_MQ_STATUS, /* all; the kernel sets `accessed` and `changed` after */
};

/*
 * Fills *info for one queue.  One that may not be opened is described as far as
 * its file in the queue file system tells, where that can be reached.
 */
int ipc_mq_stat(const struct ipc_address *address, enum ipc_mq_look look,
	struct ipc_mq_info *info, struct ipc_error *err);

/*
 * Calls visit for every queue, sorted by address, until it returns non-zero;
 * returns that value, or 0.  *info lives only during the call.  A queue that
 * vanishes meanwhile is skipped.  *complete is false when there may be queues
 * that could not be seen: no queue file system can be reached, and only those
 * that a visible process holds open are found.  Mounts nothing that others see.
 */
int ipc_mq_each(enum ipc_mq_look look,
	int (*visit)(const struct ipc_mq_info *info, void *arg), void *arg,
	bool *complete, struct ipc_error *err);

/*
 * Changes mode and owner.  Neither happens when the first that is asked for
 * fails: owner before mode, as chown(2) may clear mode bits.
 */
int ipc_mq_change(const struct ipc_address *address, const struct ipc_mq_change *change,
	struct ipc_error *err);

/* Removes the name; the queue goes when its last user closes it.  mq_unlink(3). */
int ipc_mq_remove(const struct ipc_address *address, struct ipc_error *err);

__END_DECLS

#endif
