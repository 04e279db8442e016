/* ipc-pipe.h - what the files of ipc-pipe share */
#ifndef IPC_PIPE_H
#define IPC_PIPE_H

#include <ipcutil/pipe.h>

#include "cli.h"

struct run_args {
	uint64_t size, buffer; /* IPC_UNKNOWN: not given */
	bool duplex, status, progress;
};

struct ls_args {
	pid_t pid; /* 0: not given */
};

extern const struct field run_options[];
extern const struct field ls_options[];

int pipe_run(struct call *call);
int pipe_inspect(struct call *call);
int pipe_ls(struct call *call);

#endif
