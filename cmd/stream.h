/* stream.h - write and read of byte streams: what ipc-fifo and ipc-pipe share */
#ifndef STREAM_H
#define STREAM_H

#include <ipcutil/pipe.h>
#include <ipcutil/trust.h>
#include <ipcutil/wait.h>

#include "cli.h"
#include "message.h"

struct stream_write_args {
	struct framing framing;
	int64_t limit;
	uid_t trusted;
	bool lock, not_atomic, tee, progress;
};

struct stream_read_args {
	struct framing framing;
	int64_t limit;
	uint64_t length; /* IPC_UNKNOWN: not given, as the next */
	uint64_t count;
	bool all, follow, progress;
};

/* What a program's byte streams are. */
struct stream_kind {
	/*
	 * Whether opening to write waits for a reader: then one who goes before
	 * anything was accepted is as if it had not come.
	 */
	bool awaits_readers;
	/*
	 * Opens an end: a descriptor that the caller closes, close-on-exec, O_NONBLOCK
	 * or not; or -1.  To write, where it awaits readers, it waits as *wait says,
	 * which has been started, until somebody has it open to read.  trusted is as
	 * ipc_trust_written() has it.
	 *
	 * IPC_WOULD_BLOCK, IPC_TIMED_OUT	nobody has it open to read
	 */
	int (*open)(const struct ipc_address *address, enum ipc_pipe_end end,
		uid_t trusted, const struct ipc_wait *wait, struct ipc_error *err);
};

extern const struct field stream_write_options[];
extern const struct field stream_read_options[];

int stream_write(struct call *call, const struct stream_kind *kind);
int stream_read(struct call *call, const struct stream_kind *kind);

/* The rows of a program, whose functions write_it and read_it call the two above. */
#define STREAM_VERBS(write_it, read_it) \
	{ .name = "write", \
		.operands = "ADDRESS [DATA]...", \
		.data = true, \
		.help = "put bytes in: the operands, or standard input", \
		.options = stream_write_options, \
		ARGS(struct stream_write_args, .framing = NO_FRAMING, \
			.limit = IPC_FOREVER, .trusted = IPC_NOBODY), \
		.run = write_it }, \
	{ \
		.name = "read", .operands = "ADDRESS", .command = true, \
		.help = "take bytes out, to standard output or COMMAND", \
		.options = stream_read_options, \
		ARGS(struct stream_read_args, .framing = NO_FRAMING, \
			.limit = IPC_FOREVER, .length = IPC_UNKNOWN, \
			.count = IPC_UNKNOWN), \
		.run = read_it \
	}

#endif
