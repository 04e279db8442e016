/* ipc-ls.h - what ipc-ls does in files of their own */
#ifndef IPC_LS_H
#define IPC_LS_H

#include <ipcutil/inventory.h>

#include "filter.h"

struct ls_args {
	struct filter filter;
	const char *sort; /* NULL: as they are listed */
	bool reverse;
	const char *save, *new_since; /* files; NULL: not given */
	bool since_all;
	bool tree, dot, limits;
};

/* A process has an object. */
struct link {
	const struct ipc_item *item;
	const struct ipc_holder *holder;
};

/* All of them, *count, by process, for the caller to free; or NULL with *err filled. */
struct link *ls_links(
	const struct ipc_inventory *inventory, size_t *count, struct ipc_error *err);

/* Pictures of who has what.  0, or -1 with call->err filled. */
int ls_tree(struct call *call, const struct ipc_inventory *inventory);
int ls_dot(struct call *call, const struct ipc_inventory *inventory);

/* What is shown of the limits, and shows it.  0, or -1 with call->err filled. */
extern const struct field limit_columns[];
int ls_limits(struct call *call);

/* Whether --sort has a column: 0, or -1 with IPC_MISUSE. */
int ls_sort_check(struct call *call);

/* Sorts the objects as the options say.  0, or -1 with call->err filled. */
int ls_sort(struct call *call, struct ipc_inventory *inventory);

/* Writes what is there to a file.  0, or -1 with call->err filled. */
int ls_save(struct call *call, const struct ipc_inventory *inventory);

/* The lines of such a file, sorted; begins as { 0 }. */
struct ls_saved {
	char **line;
	size_t count, room;
};

/* Reads that of --new-since, if any, once: it may be a pipe.  0, or -1 with call->err filled. */
int ls_saved_read(struct call *call, struct ls_saved *saved);

void ls_saved_free(struct ls_saved *saved);

/* Takes out what was there when it was written, and, mostly, what goes by itself. */
void ls_keep_new(const struct call *call, const struct ls_saved *saved,
	struct ipc_inventory *inventory);

#endif
