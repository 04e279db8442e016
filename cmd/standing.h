/* standing.h - who holds an object and what follows: columns that every type has */
#ifndef STANDING_H
#define STANDING_H

#include <stdbool.h>
#include <stdint.h>

#include <ipcutil/stale.h>

#include "cli.h"

/* What the columns are of. */
struct standing {
	const char *state;
	const char *why; /* of verdict, which is private */
	struct ipc_verdict verdict;
	struct holding holding;
	int64_t age; /* nanoseconds; IPC_UNKNOWN_TIME */
	uint64_t owner_pid;
	const char *identity; /* of identity_text, which is private */
	char identity_text[IPC_IDENTITY_MAX];
};

/* Rows of a record of type whose member is a struct standing; none is cheap. */
#define STATE_COLUMNS(type, member) \
	EXTRA_COLUMN( \
		TEXT, "STATE", type, member.state, "in-use, idle, stale or unknown"), \
		EXTRA_COLUMN(TEXT, "WHY", type, member.why, "the evidence for STATE")
#define HOLDER_COLUMNS(type, member) \
	EXTRA_COLUMN(HOLDERS, "HOLDERS", type, member.holding, \
		"processes that have it: PID[/FD]:ACCESS:COMMAND"), \
		EXTRA_COLUMN(SPAN, "AGE", type, member.age, \
			"time since it was last used or set")
#define OWNER_COLUMN(type, member) \
	EXTRA_COLUMN(NUMBER, "OWNER_PID", type, member.owner_pid, \
		"process with which it goes (--until-exit); 0: none"), \
		EXTRA_COLUMN(TEXT, "IDENTITY", type, member.identity, \
			"what tells it from others of its address, for ipc-rm")

/* True when a column is shown that needs evidence. */
bool standing_is_wanted(const struct records *records);

/*
 * Looks whether there is a process of which to list the "pipes", or what they are; 0 is none
 * that was asked for.  0, or -1 with IPC_NO_OBJECT in call->err.
 */
int standing_check_process(struct call *call, const char *objects, pid_t pid);

/*
 * Fills the evidence for count objects, of which the first members are set, as far as
 * columns that are shown need it; tells the person, once, when not everything could be
 * seen.  The caller frees *holders, after the last use of the evidence.
 */
int standing_find(struct call *call, struct ipc_evidence *evidence, size_t count,
	struct ipc_holders *holders);

/*
 * Fills a standing: the age from the time of last use, in seconds since 1970 or
 * IPC_UNKNOWN_TIME, the rest from the evidence, or not when that is NULL.
 */
void standing_fill(
	struct standing *standing, const struct ipc_evidence *evidence, int64_t used);

/* How the objects of a type are shown, whose infos are structs of the library. */
struct standing_type {
	size_t info_size;
	struct ipc_evidence (*evidence)(const void *info);
	int (*show)(struct call *call, const void *info,
		const struct ipc_evidence *evidence); /* which may be NULL */
	int (*keep)(void *info);  /* makes what it points to its own; NULL: nothing */
	void (*drop)(void *info); /* frees that */
	/* Whether columns of its own need a look at all processes; NULL: none does. */
	bool (*needs_holders)(const struct records *records);
};

/* Shows one object, with evidence where a column needs that: 0, or -1. */
int standing_show(
	struct call *call, const struct standing_type *type, const void *info);

/* Many objects, for which one look at all processes will do. */
struct standing_list {
	struct call *call;
	const struct standing_type *type;
	char *infos; /* private, as are count and room */
	size_t count, room;
};

/* Shows an object, or keeps a copy where a column needs evidence: 0, or -1. */
int standing_add(struct standing_list *list, const void *info);

/* Shows those that were kept unless result is -1, and frees them: 0, or -1. */
int standing_end(struct standing_list *list, int result);

#endif
