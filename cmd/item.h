/* item.h - the objects of an inventory as records: each by the columns of its program */
#ifndef ITEM_H
#define ITEM_H

#include <ipcutil/inventory.h>

#include "cli.h"

/* What every type has, and then what some have. */
extern const struct field item_columns[];
extern const struct column_group item_groups[];

/* Longer than what item_missing() tells. */
enum { ITEM_MISSING_MAX = sizeof(((struct ipc_error *)0)->sentence) + 256 };

/*
 * Whether some objects may be missing in an inventory, and then which and why: "not all may
 * be DONE of: mq, fifo; cannot list '/x': Permission denied".
 */
bool item_missing(const struct ipc_inventory *inventory, const char *done,
	char sentence[ITEM_MISSING_MAX]);

/* How items are shown.  item_view_begin() fills it. */
struct item_view {
	struct call *call;
	struct records *records;
	struct record_fields fields[IPC_FAMILIES];
};

void item_view_begin(
	struct item_view *view, struct call *call, struct records *records);

/* Shows one item.  0, or -1 with err of the view's call filled. */
int item_show(const struct item_view *view, const struct ipc_item *item);

/*
 * The exact value of the first column of a view, of HOLDERS their number; the caller frees
 * it.  NULL: it is not known, or the type has none, or errno is ENOMEM.
 */
char *item_value(const struct item_view *view, const struct ipc_item *item);

#endif
