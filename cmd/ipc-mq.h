/* ipc-mq.h - the verbs of ipc-mq that have a file of their own */
#ifndef IPC_MQ_H
#define IPC_MQ_H

#include "cli.h"
#include "message.h"

struct read_args {
	struct framing framing;
	int64_t limit;
	uint64_t count; /* IPC_UNKNOWN: not given */
	bool all, follow;
};

struct write_args {
	struct framing framing;
	int64_t limit;
	unsigned int priority;
	bool tee;
	uid_t trusted;
};

int mq_read(struct call *call);
int mq_write(struct call *call);

#endif
