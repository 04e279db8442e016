/* ipc-fifo.h - the verbs of ipc-fifo that have a file of their own */
#ifndef IPC_FIFO_H
#define IPC_FIFO_H

#include <ipcutil/fifo.h>

#include "cli.h"

struct hold_args {
	pid_t until_exit;
	bool background;
};

struct connect_args {
	int64_t limit;
	uid_t trusted;
	bool progress;
};

extern const struct field hold_options[];
extern const struct field connect_options[];

int fifo_inspect(struct call *call);
int fifo_ls(struct call *call);
int fifo_hold(struct call *call);
int fifo_connect(struct call *call);

#endif
