/* ipc-rm.h - the parts of ipc-rm */
#ifndef IPC_RM_H
#define IPC_RM_H

#include <stdbool.h>
#include <stddef.h>

#include <ipcutil/removal.h>

#include "cli.h"
#include "filter.h"
#include "item.h"

struct rm_args {
	struct filter filter;
	struct directories under;
	bool is_listed, stale, idle; /* --stdin */
	bool force, dry_run, in_use, data;
};

/* One run: what was asked for, and what came of it so far. */
struct rm {
	struct call *call;
	const struct rm_args *args;
	struct filter filter; /* of a search */
	int64_t used;         /* the same: what is looked at again, when it was found */
	struct item_view view;
	unsigned int allowed; /* for ipc_removal_check() */
	size_t removed, refused, unknown;
	void *shown; /* by --dry-run: a tree of strings, tsearch(3) */
};

/*
 * Removes the object of an address, if it is the one of that identity, which may be NULL,
 * or tells why not.
 */
void rm_one(struct rm *rm, const char *address, const char *identity);

/* Removes what standard input lists: 0, or -1 and nothing was removed. */
int rm_listed(struct rm *rm);

/* Removes what passes the filter: 0, or -1 and nothing was removed. */
int rm_found(struct rm *rm);

#endif
