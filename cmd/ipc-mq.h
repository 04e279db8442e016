/* ipc-mq.h - the verbs of ipc-mq that have a file of their own */
#ifndef IPC_MQ_H
#define IPC_MQ_H

#include <ipcutil/mq.h>

#include "cli.h"
#include "message.h"

struct read_args {
	struct framing framing;
	int64_t limit;
	uint64_t count; /* IPC_UNKNOWN: not given */
	long type;
	long except; /* 0: no type is left out */
	bool all, follow, join, progress;
};

struct write_args {
	struct framing framing;
	int64_t limit;
	unsigned int priority;
	long type; /* 0: not given */
	bool tee, split, progress;
	uid_t trusted;
};

/* 0, or -1 with IPC_MISUSE when the kind of queue has no types, or no priorities. */
int mq_check_label(struct call *call, long type, unsigned int priority);

/* Which messages --type and --except choose: 0, or -1 with IPC_MISUSE. */
int mq_choose(
	struct call *call, const struct read_args *args, struct ipc_mq_choice *choice);

int mq_inspect(struct call *call);
int mq_ls(struct call *call);
int mq_peek(struct call *call);
int mq_read(struct call *call);
int mq_write(struct call *call);

#endif
