/* filter.h - which of the objects of an inventory: options of ipc-ls and ipc-rm */
#ifndef FILTER_H
#define FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <ipcutil/inventory.h>

#include "cli.h"

/* What was asked for; the values that leave a part out are in brackets. */
struct filter {
	const char *types;     /* [NULL] a list */
	struct owner owner;    /* [-1, -1] */
	const char *name;      /* [NULL] a pattern */
	pid_t pid;             /* [0] */
	const char *states;    /* [NULL] a list */
	int64_t older_than;    /* nanoseconds [0] */
	unsigned int families; /* private, as the next: bits of what the lists say */
	unsigned int state_bits;
};

/* The words of the lists, and NULL behind the last. */
const char *filter_type(unsigned int place);
const char *filter_state(unsigned int place);

#define NO_FILTER \
	{ \
		.owner = {(uid_t)-1, (gid_t)-1 } \
	}

#define FILTER_OPTIONS(type, member) \
	OPTION_WORDS("type", type, member.types, "TYPES", filter_type, \
		"only of the types in this list"), \
		OPTION(OWNER, 0, "user", type, member.owner, "USER[:GROUP]", \
			"only what belongs to USER, and to GROUP"), \
		OPTION(TEXT, 0, "name", type, member.name, "GLOB", \
			"only where the address, or what is behind its last slash, is GLOB"), \
		OPTION(PROCESS, 0, "pid", type, member.pid, "PID", \
			"only what process PID has"), \
		OPTION_WORDS("state", type, member.states, "STATES", filter_state, \
			"only in the states of this list"), \
		OPTION(SPAN, 0, "older-than", type, member.older_than, "AGE", \
			"only what was last used or set longer ago than AGE")

/* Reads the lists.  0, or -1 with IPC_MISUSE in call->err. */
int filter_begin(struct filter *filter, struct call *call);

/* True when something but types was asked for. */
bool filter_is_narrow(const struct filter *filter);

/* True when what it asks for needs evidence: ipc_inventory_look(). */
bool filter_needs_holders(const struct filter *filter);

/* Takes out of an inventory what does not pass, whatever the evidence will be... */
void filter_before_look(const struct filter *filter, struct ipc_inventory *inventory);

/* ...and what does not pass with the evidence. */
void filter_after_look(const struct filter *filter, struct ipc_inventory *inventory);

/* Whether one passes the first of these, and both. */
bool filter_passes_before_look(
	const struct filter *filter, const struct ipc_item *item);
bool filter_passes(const struct filter *filter, const struct ipc_item *item);

#endif
