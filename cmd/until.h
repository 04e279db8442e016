/* until.h - --until-exit: an object that goes when a process ends */
#ifndef UNTIL_H
#define UNTIL_H

#include <limits.h>

#include <ipcutil/object.h>

#include "cli.h"

/* The option of create, and of set; the member is a pid_t, 0 when it is not given. */
#define UNTIL_EXIT_OPTION(type, member) \
	OPTION(PROCESS, 0, "until-exit", type, member, "PID", \
		"remove it as soon as process PID has ended, however it ended")
#define UNTIL_EXIT_SET_OPTION(type, member) \
	OPTION(PROCESS_OR_NEVER, 0, "until-exit", type, member, "PID|never", \
		"remove it as soon as process PID has ended, or not for that")

/* How a verb makes objects of a type. */
struct until_maker {
	/* Makes it, or finds what is there: its address, and *made tells which. */
	int (*make)(struct call *call, void *context, struct ipc_address *found,
		bool *made);
	void *context;
	/* Fills *object, with an address, in path, that holds from the root directory. */
	int (*look)(struct call *call, const struct ipc_address *found,
		char path[PATH_MAX], struct ipc_object *object);
	int (*remove)(const struct ipc_address *found, struct ipc_error *err);
	pid_t pid; /* 0: it shall belong to no process */
};

/*
 * All of create: makes the object, lets it belong to the process and prints its address.
 * One that was there must belong to it already.  One that was made survives no failure,
 * and no signal comes before it belongs to the process.
 */
int until_create(struct call *call, const struct until_maker *maker);

/* For set: pid may be NEVER. */
int until_set(struct call *call, const struct ipc_object *object, pid_t pid);

#endif
