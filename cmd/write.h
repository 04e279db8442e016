/* write.h - the verb write: messages that are operands, or come by standard input */
#ifndef WRITE_H
#define WRITE_H

#include <ipcutil/wait.h>

#include "cli.h"
#include "message.h"
#include "progress.h"

/* Messages, and where they go. */
struct write_source {
	const struct framing *framing;
	size_t most;            /* bytes of the longest that is taken */
	const char *limited_by; /* what sets that, " (sysctl x)" */
	unsigned int priority;  /* of those that tell none */
	long type;              /* the same */
	struct ipc_wait wait;   /* for input; 0 is for ever: -n is not about that */
	/*
	 * Passes on one of that number, from 1, and counts *passed when it was accepted,
	 * also if it fails then.  0, or -1: where it is too long, IPC_LIMIT and EMSGSIZE,
	 * that is told and the others go on; all else ends it.
	 */
	int (*pass)(struct call *call, void *context, const struct ipc_message *message,
		uint64_t number);
	const uint64_t *passed;
	void *context;
};

int write_operands(struct call *call, const struct write_source *source);

/*
 * What was read ahead and not passed on is left to who reads standard input behind us,
 * where it is a file; else messages are saved, and the failure tells where.
 */
int write_input(struct call *call, const struct write_source *source);

/* Saves input that nobody else has, and adds to the failure where. */
void write_save(struct call *call, const struct ipc_message *rest);

/* One run: how far it is, and signals that wait while input is in hand. */
struct write_run {
	struct progress progress;
	sigset_t
		before; /* lets signals act, which may be held where wait->interrupt is set */
	int signals; /* write.c's own */
};

void write_begin(struct write_run *run, const struct call *call,
	const struct framing *framing, bool shown, uint64_t total,
	struct ipc_wait *wait);

/*
 * Ends it and returns the result; a failure is told before a signal may end us, unless that
 * would have to wait.
 */
int write_end(struct call *call, struct write_run *run, int result);

#endif
