/*
 * stale.h - whether an object is in use, idle or stale, and why
 *
 * The rules stand here, for every type; the evidence comes from who knows the type, as
 * ipc_mq_evidence(), and from ipc_stale_find().  A state is proven or it is unknown.
 * That the process which made an object has ended proves nothing: that of a shell
 * script always has.
 */
#ifndef IPCUTIL_STALE_H
#define IPCUTIL_STALE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/cdefs.h>
#include <sys/types.h>

#include <ipcutil/error.h>
#include <ipcutil/guard.h>
#include <ipcutil/holders.h>
#include <ipcutil/number.h>
#include <ipcutil/object.h>

__BEGIN_DECLS

enum ipc_state {
	IPC_STATE_UNKNOWN, /* a proof could not be had */
	IPC_IN_USE,        /* a process holds it: it is open, mapped, attached, bound */
	IPC_IDLE,          /* proven: nobody does now */
	IPC_STALE,         /* and what it belonged to has ended, or nobody is bound */
};

/* "in-use", "idle", "stale" or "unknown". */
const char *ipc_state_text(enum ipc_state state);

/* A process that the kernel names as the last which did something to the object. */
enum ipc_user_state {
	IPC_USER_NONE, /* nobody did that yet, or nobody tells who */
	IPC_USER_LIVES,
	IPC_USER_ENDED,   /* there is no such process, or only a zombie */
	IPC_USER_UNKNOWN, /* of another PID namespace, or not surely the same */
};

struct ipc_user {
	enum ipc_user_state state;
	pid_t pid;
};

/*
 * Tells of process pid, which did something at that time, in seconds since 1970.
 * pid 0 with a time is of another PID namespace; time 0 or IPC_UNKNOWN_TIME: never.
 * A process that began over two seconds later is another one, if the clock was not set
 * meanwhile: IPC_USER_UNKNOWN.
 */
struct ipc_user ipc_user_find(uint64_t pid, int64_t time);

/* Whether a process is bound to a socket file. */
enum ipc_bound { IPC_BOUND_UNKNOWN, IPC_BOUND, IPC_BOUND_NOBODY };

/* Whether the kernel gave us a write lease, fcntl(2), which it does when nobody has it. */
enum ipc_lease { IPC_LEASE_UNKNOWN, IPC_LEASE_REFUSED, IPC_LEASE_GRANTED };

/* All that is known; what the type has none of stays 0. */
struct ipc_evidence {
	struct ipc_object object;
	/* Of one type alone, from who knows it. */
	uint64_t attached;   /* System V shared memory: shm_nattch of shmctl(2) */
	uint64_t waiters;    /* System V semaphores: GETNCNT and GETZCNT of semctl(2) */
	uint64_t notify_pid; /* POSIX queue: who asked mq_notify(3); or IPC_UNKNOWN */
	struct ipc_user users[2]; /* System V: sender and receiver; last to operate */
	enum ipc_bound bound;
	enum ipc_lease lease; /* files and POSIX queues: only asked before a removal */
	/* Of every type, from ipc_stale_find(). */
	const struct ipc_holder *holders;
	size_t holder_count;
	unsigned int blind; /* bits of enum ipc_blind */
	struct ipc_owner owner;
};

/* Longer than all reasons of ipc_blind_text() together. */
enum { IPC_BLIND_TEXT_MAX = 544 };

/* What follows. */
struct ipc_verdict {
	enum ipc_state state;
	char why[IPC_BLIND_TEXT_MAX + 64]; /* the evidence, in words */
};

/* The rules: looks at nothing but *evidence. */
struct ipc_verdict ipc_stale_judge(const struct ipc_evidence *evidence);

/*
 * Fills the last members of count pieces of evidence, whose objects are set, as
 * ipc_holders_find().  The holders are those of *holders, which the caller frees.
 */
int ipc_stale_find(struct ipc_evidence *evidence, size_t count,
	struct ipc_holders *holders, struct ipc_error *err);

/* The rest of it, when *holders is what ipc_holders_look() has found. */
int ipc_stale_complete(struct ipc_evidence *const *evidence, size_t count,
	const struct ipc_holders *holders, struct ipc_error *err);

/* Fills the owners alone, without a look at processes that are not owners. */
int ipc_stale_find_owners(
	struct ipc_evidence *evidence, size_t count, struct ipc_error *err);

/* Why a view of bits of enum ipc_blind is not complete, in words; "" when it is. */
const char *ipc_blind_text(unsigned int blind, char buf[IPC_BLIND_TEXT_MAX]);

__END_DECLS

#endif
