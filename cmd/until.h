/* until.h - --until-exit: an object that goes when a process ends */
#ifndef UNTIL_H
#define UNTIL_H

#include <signal.h>

#include <ipcutil/object.h>

#include "cli.h"

/* The option of create, and of set; the member is a pid_t, 0 when it is not given. */
#define UNTIL_EXIT_OPTION(type, member) \
	OPTION(PROCESS, 0, "until-exit", type, member, "PID", \
		"remove it as soon as process PID has ended, however it ended")
#define UNTIL_EXIT_SET_OPTION(type, member) \
	OPTION(PROCESS_OR_NEVER, 0, "until-exit", type, member, "PID|never", \
		"remove it as soon as process PID has ended, or not for that")

/*
 * Before anything is created: removes what ended processes have left behind, and fails
 * when there is no process pid.
 */
int until_begin(struct call *call, pid_t pid);

/*
 * After create: lets an object that was made just now belong to process pid.  One that
 * was there must belong to it already.  One of ends, signals that are held, ends a wait.
 */
int until_created(struct call *call, const struct ipc_object *object, bool made,
	pid_t pid, const sigset_t *ends);

/* How a verb makes one object. */
struct until_maker {
	/*
	 * Makes it, or finds what is there, and fills *object, whose address must hold
	 * from the root directory; *made tells which.  0, or -1 with call->err filled,
	 * and what it made has gone again.
	 */
	int (*make)(struct call *call, void *context, bool *made,
		struct ipc_object *object);
	void *context;
	pid_t pid; /* 0: it shall belong to no process */
};

/*
 * All of create: makes the object, lets it belong to the process and prints its address
 * as text says it.  One that was made survives no failure, and no signal comes between.
 */
int until_create(struct call *call, const struct until_maker *maker, const char *text);

/* For set: pid may be NEVER. */
int until_set(struct call *call, const struct ipc_object *object, pid_t pid);

#endif
