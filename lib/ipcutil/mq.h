/*
 * mq.h - message queues: mailboxes that keep whole messages in the kernel
 *
 * A queue is named by an address, see address.h, which also chooses the kind of
 * queue: POSIX, mq_overview(7), or System V, sysvipc(7).  The functions that can
 * fail return -1 and fill *err; none prints, exits or keeps state.  The words of
 * *err name the queue.
 *
 * A System V queue that is removed while a call waits ends that call with
 * IPC_NO_OBJECT.  There the waiting for a message or for room uses a timer and a
 * real-time signal that nobody else does, puts back what it changed, and is not for
 * two threads at once; wait->watched and wait->interrupt are not noticed while it sleeps.
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
#include <ipcutil/message.h>
#include <ipcutil/number.h>
#include <ipcutil/object.h>
#include <ipcutil/stale.h>
#include <ipcutil/trust.h>
#include <ipcutil/wait.h>

__BEGIN_DECLS

/* The largest priority of a message of a POSIX queue; the larger is read first. */
enum { IPC_MQ_PRIORITY_MAX = 32767 };

/*
 * Which messages of a System V queue to take, as msgrcv(2): the oldest of all (0),
 * of that type (above 0), of any other (above 0, and except), or of the lowest
 * type that is at most -type (below 0).
 */
struct ipc_mq_choice {
	long type;
	bool except;
};

/* An open queue.  The caller owns it and ends it with ipc_mq_close(). */
struct ipc_mq {
	const struct ipc_mq_ops *ops; /* private */
	struct ipc_address address;
	int fd;                      /* POSIX: the descriptor; close-on-exec */
	int back;                    /* private */
	int id;                      /* System V */
	size_t message_size;         /* bytes of the longest message */
	size_t piece_size;           /* private */
	const char *limited_by;      /* what sets that, " (sysctl x)", or "" */
	struct ipc_mq_choice choice; /* for the caller to set; 0: all */
	struct msgbuf *buffer;       /* private, as the next two */
	uid_t creator;
	int key;
};

/* What to create. */
struct ipc_mq_plan {
	uint64_t capacity;     /* messages; IPC_UNKNOWN: not asked for */
	uint64_t message_size; /* bytes of the longest; IPC_UNKNOWN: the same */
	uint64_t bytes_limit;  /* System V: bytes of all messages; the same */
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
	uint64_t device, inode; /* POSIX */
	uint64_t key;           /* System V; 0: it is private */
	uint64_t id;            /* System V */
	uint64_t sender;        /* System V: pid of the last; 0: nobody yet; of another
					   PID namespace: IPC_UNKNOWN */
	uint64_t receiver;      /* the same */
	int64_t sent, received; /* when, in seconds since 1970; 0: never */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	int64_t created;  /* IPC_UNKNOWN_TIME: the kernel does not keep it */
	int64_t accessed; /* last message in or out, or look; seconds since 1970 */
	int64_t modified; /* last message in or out; System V: the later of the two */
	int64_t changed;  /* the same, or last change of mode or owner */
	int64_t set;      /* System V: when it was made, or mode, owner or limit set */
	uint64_t generation; /* System V: see object.h; else 0 */
};

/* Which object *info is of. */
struct ipc_object ipc_mq_object(const struct ipc_mq_info *info);

/*
 * What *info, and a look at the last sender and receiver of a System V queue, say of
 * whether it is in use: for ipc_stale_find().
 */
struct ipc_evidence ipc_mq_evidence(const struct ipc_mq_info *info);

/* When it was last used or set, or IPC_UNKNOWN_TIME: looks do not count. */
int64_t ipc_mq_used(const struct ipc_mq_info *info);

/* Whether messages of the queue have a type, as System V has it, or a priority. */
bool ipc_mq_has_types(const struct ipc_address *address);

/* What to change.  The values that say "leave it" are in brackets. */
struct ipc_mq_change {
	mode_t (*new_mode)(mode_t old, const void *arg); /* [NULL] */
	const void *arg;                                 /* for new_mode */
	uid_t uid;                                       /* [(uid_t)-1] */
	gid_t gid;                                       /* [(gid_t)-1] */
	uint64_t bytes_limit; /* System V: msg_qbytes [IPC_UNKNOWN] */
};

/*
 * Makes a queue, or finds one: without plan->exclusive an existing queue of the
 * geometry asked for is as good as a new one, and nothing of it is changed.
 * *made tells which, and *found is its address: a System V queue's is its id.  A
 * failure leaves no queue behind.  mq_open(3), msgget(2).
 *
 * IPC_EXISTS	it exists, and exclusive was asked for or its geometry differs
 * IPC_DENIED	it exists and may neither be read nor written
 * IPC_REFUSED	it exists and belongs to another user, see ipc_trust_found()
 * IPC_LIMIT	RLIMIT_MSGQUEUE, or queues_max, msg_max or msgsize_max of
 *		proc_sys_fs_mqueue, msgmni or msgmnb of proc_sys_kernel; the words have
 *		the figures
 * IPC_MISUSE	the kind of queue has no such geometry
 */
int ipc_mq_create(const struct ipc_address *address, const struct ipc_mq_plan *plan,
	struct ipc_address *found, bool *made, struct ipc_error *err);

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

/* The same for another action than "read" or "write to": that is what cannot be done. */
int ipc_mq_open_for(struct ipc_mq *mq, const struct ipc_address *address,
	enum ipc_mq_access access, const char *action, uid_t trusted,
	struct ipc_error *err);

/* Gives back what ipc_mq_open() took. */
void ipc_mq_close(struct ipc_mq *mq);

/*
 * Puts one message in, waiting for room as *wait says.  mq_send(3).
 *
 * IPC_LIMIT	it is longer than mq->message_size; nothing of it is sent
 * IPC_WOULD_BLOCK, IPC_TIMED_OUT	the queue is full
 */
int ipc_mq_send(const struct ipc_mq *mq, const struct ipc_message *message,
	const struct ipc_wait *wait, struct ipc_error *err);

/*
 * Takes the oldest message of the highest priority out, waiting for one as
 * *wait says.  message->data has room for mq->message_size bytes.  mq_receive(3),
 * msgrcv(2): System V queues have no priorities, and mq->choice chooses.  When
 * wait->watched ends the wait, nothing was taken and err->code is EPIPE.
 *
 * IPC_WOULD_BLOCK, IPC_TIMED_OUT	the queue is empty, or without such a message
 * IPC_LIMIT	err->code is E2BIG: the next is longer than mq->message_size and
 *		stays in the queue: see ipc_mq_grow()
 */
int ipc_mq_receive(const struct ipc_mq *mq, struct ipc_message *message,
	const struct ipc_wait *wait, struct ipc_error *err);

/*
 * Raises mq->message_size to what the longest message in a System V queue may have:
 * kernel.msgmax may have changed since ipc_mq_open().  For one that was opened to
 * read.
 */
int ipc_mq_grow(struct ipc_mq *mq, struct ipc_error *err);

/*
 * Takes what ipc_mq_give_back() will need, so that it cannot be missing when a
 * message is in hand: a descriptor, which ipc_mq_close() gives back.  That writing
 * is not allowed is no failure here.
 */
int ipc_mq_prepare_back(struct ipc_mq *mq, struct ipc_error *err);

/*
 * Puts a message back that ipc_mq_receive() took: as the last of its priority,
 * and into that very queue, whatever its name stands for by now.  Needs
 * permission to write.  Failures as ipc_mq_send().
 */
int ipc_mq_give_back(const struct ipc_mq *mq, const struct ipc_message *message,
	const struct ipc_wait *wait, struct ipc_error *err);

/* Bytes of the longest message that is split: four bytes can tell its length. */
#define IPC_MQ_SPLIT_MAX (UINT32_MAX < SIZE_MAX / 16 ? UINT32_MAX : SIZE_MAX / 16)

/*
 * Lets messages of up to IPC_MQ_SPLIT_MAX bytes, which is mq->message_size then, go
 * through a POSIX queue: from now on ipc_mq_send() and ipc_mq_give_back() send each
 * in pieces of what the queue takes, and ipc_mq_join() joins them.  A writer waits
 * for its turn, an open file description lock of fcntl(2), and has it for all the
 * pieces of one message; wait->limit 0 sends none where not all have room.  A
 * message that fails in its middle is discarded by the next reader, as is one whose
 * writer is killed; *err says so.  ipc_mq_give_back() waits until all pieces have room.
 *
 * IPC_REFUSED	a System V queue: it has no descriptor to lock
 * IPC_LIMIT	the queue's messages are too short for a piece
 */
int ipc_mq_split(struct ipc_mq *mq, struct ipc_error *err);

/* What one reader has of messages in pieces.  The caller owns it. */
struct ipc_mq_join {
	uint64_t discarded; /* messages whose remains were: the caller may set it */
	/* The rest is private. */
	struct ipc_mq *mq;
	struct ipc_mq_part *parts;
	char *piece, *whole;
	bool has_turn, is_hurried;
	struct ipc_wait hurry;
	uint64_t capacity, spare;
};

/*
 * Begins to join what comes from a queue opened to read, for which ipc_mq_split()
 * was called, and which must outlive it.  Needs permission to write, too: a reader
 * that must end in the middle of a message puts its pieces back.  The caller ends it
 * with ipc_mq_join_end(), also after a failure.
 */
int ipc_mq_join_begin(
	struct ipc_mq_join *join, struct ipc_mq *mq, struct ipc_error *err);
void ipc_mq_join_end(struct ipc_mq_join *join);

/*
 * Takes the next message, as ipc_mq_receive() does; message->data is the join's until
 * the next call.  A message of a writer that does not split is given as it is.
 * Readers take turns as writers do; an urgent message may come in the middle of
 * another, which is joined by a later call: see ipc_mq_join_is_amid().
 *
 * In the middle of a message wait->signals are not let in, and wait->interrupt ends the
 * wait as ipc_mq_join_hurry() does; a limit of 0 stands for none, as long as the writer
 * lives.  When the wait ends there, the pieces go back into
 * the queue, or where it has no room for all of them the message counts as discarded.
 * A message of which a piece is missing while no writer has the turn is discarded, and
 * so is one that memory has no room for, with ENOMEM at its end.
 *
 * Returns 0, or 1 when messages were discarded and nothing else is in hand: it may be
 * called again, or -1:
 *
 * IPC_WOULD_BLOCK, IPC_TIMED_OUT	the queue is empty, or with code EBUSY another
 *					reader is in the middle of a message
 */
int ipc_mq_join(struct ipc_mq_join *join, struct ipc_message *message,
	const struct ipc_wait *wait, struct ipc_error *err);

/* True while a message has come in part: ipc_mq_join() should be called again. */
bool ipc_mq_join_is_amid(const struct ipc_mq_join *join);

/*
 * Has the caller's reason to end soon: a message that has come in part is waited for
 * only as long as its pieces come, with no gap of a second, and while no more whole
 * messages come in between than the queue holds.  Then what is there of it goes back
 * or is discarded, and ipc_mq_join() fails with code EINTR.
 */
void ipc_mq_join_hurry(struct ipc_mq_join *join);

/*
 * Waits until any message is there and takes nothing.  Failures as ipc_mq_receive().
 * A System V queue is looked at, by IPC_STAT of msgctl(2), at once and then after
 * 1 ms, 2 ms and so on up to every 25 ms: the kernel cannot wait for a message
 * there and leave it.  Needs permission to read.
 */
int ipc_mq_wait(
	const struct ipc_mq *mq, const struct ipc_wait *wait, struct ipc_error *err);

/*
 * Copies the message at that place of a System V queue, counted from 0, the oldest.
 * Nothing is taken, and no time or pid changes.  MSG_COPY of msgrcv(2).
 *
 * IPC_WOULD_BLOCK	there is none at that place
 * IPC_LIMIT	err->code is E2BIG: as ipc_mq_receive(); or EMSGSIZE: it is longer
 *		than kernel.msgmax is by now, and the kernel copies none such
 * IPC_REFUSED	the queue is of POSIX: the kernel cannot do that with its messages,
 *		and to take one and send it again would change its place; or the
 *		kernel was built without it
 */
int ipc_mq_peek(const struct ipc_mq *mq, uint64_t place, struct ipc_message *message,
	struct ipc_error *err);

/* Takes all messages out until none is left; *discarded is how many those were. */
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
 * Calls visit for every queue, POSIX ones sorted by name and then those of System V
 * by id, until it returns non-zero;
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

/*
 * Removes the name of a POSIX queue, which goes when its last user closes it, or a
 * System V queue at once.  mq_unlink(3), msgctl(2).
 */
int ipc_mq_remove(const struct ipc_address *address, struct ipc_error *err);

__END_DECLS

#endif
