/* ipc-ls.h - what ipc-ls does in files of their own */
#ifndef IPC_LS_H
#define IPC_LS_H

#include <ipcutil/inventory.h>

#include "filter.h"

struct ls_args {
	struct filter filter;
	const char *sort; /* NULL: as they are listed */
	bool reverse;
};

/* Sorts the objects as the options say.  0, or -1 with call->err filled. */
int ls_sort(struct call *call, struct ipc_inventory *inventory);

#endif
