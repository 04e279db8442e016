/* limits.h - the system's limits on IPC objects, and how much of each is used */
#ifndef IPCUTIL_LIMITS_H
#define IPCUTIL_LIMITS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/cdefs.h>
#include <sys/types.h>

#include <ipcutil/error.h>
#include <ipcutil/number.h>

__BEGIN_DECLS

/* One limit of our namespaces, or of one user. */
struct ipc_limit {
	const char *name;  /* "shmmni" */
	const char *what;  /* what is counted: "segments" */
	const char *where; /* what sets it: "sysctl kernel.shmmni" */
	uid_t user;        /* whose; (uid_t)-1: of all together, or of each object */
	uint64_t limit;    /* IPC_UNKNOWN: there is none, or it is not known */
	uint64_t use;      /* of a limit on one object: of the largest; IPC_UNKNOWN */
};

/*
 * How much of it is used, in whole hundredths: 100 and more only when nothing is left, as of
 * a limit of 0; IPC_UNKNOWN.
 */
uint64_t ipc_limit_percentage(const struct ipc_limit *limit);

/*
 * Calls visit for every limit until it returns non-zero; returns that value, or 0.  *limit
 * lives only during the call; its texts live for ever.  What belongs to a user is told for
 * each user who has some of it, in the order of their numbers:
 *
 *	RLIMIT_MSGQUEUE of a process of that user, as each has its own: our own for our
 *	user; what queues count against it is what getrlimit(2) says.  The kernel counts
 *	those that a user has made, and here it is those that he owns, as it tells only
 *	that.  The given user, for (uid_t)-1 the real one of this process, is told of in
 *	any case
 *	pipes, of the users who made them, as far as a process that we may look at has them
 *
 * *complete is false when not all could be counted.
 */
int ipc_limits_each(uid_t user, int (*visit)(const struct ipc_limit *limit, void *arg),
	void *arg, bool *complete, struct ipc_error *err);

__END_DECLS

#endif
