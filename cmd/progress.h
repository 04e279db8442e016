/* progress.h - how far a long transfer is, in one line on standard error */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <signal.h>

#include <ipcutil/wait.h>

#include "cli.h"

#define PROGRESS_OPTION(type, member) \
	OPTION_MEANS(FLAG, 0, "progress", type, member, "", \
		"show on a terminal how far it is, when it lasts; with -v anywhere")

/* What a line tells.  IPC_UNKNOWN: nothing of that. */
struct progress_figures {
	const char *program;
	uint64_t moved, total; /* bytes; those so far, and in all */
	uint64_t messages;
	int64_t span;  /* nanoseconds since it began */
	uint64_t rate; /* bytes a second, lately */
	bool has_ended;
};

struct progress {
	struct ipc_progress bytes; /* must be the first */
	struct progress_figures figures;
	/* The rest is progress.c's own. */
	struct ipc_wait *wait; /* NULL: nothing is wanted */
	bool is_terminal;
	struct timespec start;
	int width;       /* of the line that stands there; 0: none yet */
	sigset_t before; /* that lets signals act; held are those that end us */
	int signals;     /* signalfd(2) of these, or -1 */
};

/*
 * Begins a transfer of total bytes, or IPC_UNKNOWN, by calls that take *wait.  When it
 * lasts longer than a second, and wanted is true, which is --progress, a line is shown each
 * second, in place of the one before if standard error is a terminal; elsewhere only
 * --verbose asks for them, and nothing does with --quiet.
 *
 * The caller ends the transfer with progress_end(), once or more, and no copy of *wait is
 * used behind it.  That ends the line, and then lets signals act that would have left it
 * as it was.  Meanwhile they are held, and wait->interrupt tells of them: see hold.h.  Who
 * has set that before has held them, too.
 */
void progress_begin(struct progress *progress, const struct call *call, bool wanted,
	uint64_t total, struct ipc_wait *wait);
void progress_end(struct progress *progress);

/* Ends the line alone: what is told next stands behind it, and no signal acts before. */
void progress_end_line(struct progress *progress);

/* Counts a message, and its bytes, which no call of the library does. */
void progress_message(struct progress *progress, uint64_t bytes);

/* Longer than any line. */
enum { PROGRESS_MAX = 256 };

/*
 * The line, of at most width columns: of what does not fit, the last parts are left
 * out.  Returns its length.
 */
int progress_line(
	const struct progress_figures *figures, int width, char line[PROGRESS_MAX]);

#endif
