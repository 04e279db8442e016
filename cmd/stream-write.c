/* stream-write.c - write of byte streams: operands or standard input, bare or framed */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ipcutil/copy.h>
#include <ipcutil/stream.h>

#include "outlet.h"
#include "progress.h"
#include "stream.h"
#include "write.h"

const struct field stream_write_options[] = {
	WAIT_OPTIONS(struct stream_write_args, limit),
	BYTE_FRAMING_OPTIONS(struct stream_write_args, framing),
	OPTION_MEANS(FLAG, 0, "lock", struct stream_write_args, lock, "",
		"take turns with all that write with --lock: longer messages, whole"),
	OPTION_MEANS(FLAG, 0, "not-atomic", struct stream_write_args, not_atomic, "",
		"write longer messages, too: others may come in the middle of them"),
	OPTION_MEANS(FLAG, 0, "tee", struct stream_write_args, tee, "",
		"copy each message to standard output once it has been accepted"),
	PROGRESS_OPTION(struct stream_write_args, progress),
	OPTION(USER, 0, "trust-owner", struct stream_write_args, trusted, "USER",
		"as root, write to one of USER, too"),
	END_FIELDS,
};

/* One run: from where to where, and how far it is. */
struct writing {
	const struct stream_write_args *args;
	const struct stream_kind *kind;
	char name[PATH_MAX + 2]; /* in sentences */
	int fd;                  /* the end that is written to, or -1 */
	int turn;                /* the same of our own, with --lock, or -1 */
	struct outlet out;       /* on it, for messages */
	struct outlet tee;
	struct ipc_wait wait; /* one limit, from the start */
	struct write_run run;
	uint64_t messages; /* that were accepted */
	uint64_t bytes;
};

/* The wait of calls that sleep and know no wait->interrupt. */
static struct ipc_wait
asleep(const struct writing *writing)
{
	struct ipc_wait wait = writing->wait;

	if (wait.interrupt >= 0)
		wait.signals = &writing->run.before;
	return wait;
}

/* What is written at once, that is in one piece: pipe(7). */
static const char limited_by[] =
	" (with its frame PIPE_BUF, 4096: --lock or --not-atomic write longer ones)";

/* Bytes of the longest message that may be written. */
static size_t
longest(const struct stream_write_args *args)
{
	const struct framing *framing = &args->framing;

	if (args->lock || args->not_atomic || !framing_is_chosen(framing))
		return UINT32_MAX;
	if (framing->record != IPC_UNKNOWN)
		return PIPE_BUF;
	return framing->length_prefixed ? PIPE_BUF - FRAME_HEAD : PIPE_BUF - FRAME_TAIL;
}

static void
close_end(struct writing *writing)
{
	outlet_close(&writing->out);
	writing->out = (struct outlet)OUTLET_CLOSED;
	if (writing->turn >= 0)
		close(writing->turn);
	if (writing->fd >= 0)
		close(writing->fd);
	writing->fd = writing->turn = -1;
}

static int
reader_has_gone(struct call *call, const struct writing *writing)
{
	return ipc_refuse(&call->err, IPC_FAILED, EPIPE,
		"write to %s: its last reader has gone, after %ju bytes had been "
		"accepted",
		writing->name, (uintmax_t)writing->bytes);
}

static int
open_end(struct call *call, struct writing *writing)
{
	const struct stream_write_args *args = writing->args;
	const struct ipc_wait wait = asleep(writing);
	struct outlet *out = &writing->out;

	writing->fd = writing->kind->open(
		&call->address, IPC_PIPE_WRITE, args->trusted, &wait, &call->err);
	if (writing->fd < 0)
		return -1;
	if (args->lock)
		writing->turn = ipc_stream_reopen(writing->fd, IPC_PIPE_WRITE);
	if (args->lock && writing->turn < 0)
		return errno == ENXIO
			? reader_has_gone(call, writing)
			: ipc_fail(&call->err, errno, "lock %s", writing->name);
	if (outlet_open(out, writing->fd, &args->framing, 0, NULL, &call->err) < 0)
		return -1;
	out->name = writing->name;
	out->is_refusing = true;
	out->wait = writing->wait;
	return 0;
}

/* After a failure: when nothing was accepted, another reader may be awaited. */
static bool
may_go_back(const struct call *call, const struct writing *writing)
{
	return call->err.code == EPIPE && writing->kind->awaits_readers &&
		writing->bytes + writing->out.bytes == 0;
}

static int
go_back(struct call *call, struct writing *writing)
{
	int result;

	do {
		close_end(writing);
		result = open_end(call, writing);
	} while (result < 0 && call->err.code == EPIPE);
	return result;
}

static int
take_turn(struct call *call, const struct writing *writing)
{
	const struct ipc_wait wait = asleep(writing);
	int code = writing->turn < 0
		? 0
		: ipc_stream_turn_take(writing->turn, IPC_PIPE_WRITE, &wait);
	char span[IPC_SPAN_MAX];

	switch (code) {
	case 0:
		return 0;
	case EAGAIN:
		return ipc_refuse(&call->err, IPC_WOULD_BLOCK, EBUSY,
			"lock %s: another writer has it", writing->name);
	case ETIMEDOUT:
		return ipc_refuse(&call->err, IPC_TIMED_OUT, code,
			"lock %s: another writer had it for %s s", writing->name,
			ipc_span_text(writing->wait.limit, span));
	default:
		return ipc_fail(&call->err, code, "lock %s", writing->name);
	}
}

static void
give_turn(const struct writing *writing)
{
	if (writing->turn >= 0)
		ipc_stream_turn_give(writing->turn, IPC_PIPE_WRITE);
}

/* Writes a message to whoever reads now; 1 when it is framed so that it cannot be told. */
static int
put(struct call *call, struct writing *writing, const struct ipc_message *message)
{
	int result;

	if (take_turn(call, writing) < 0)
		return -1;
	writing->out.wait.start = writing->wait.start;
	result = outlet_put(&writing->out, message, &call->err);
	give_turn(writing);
	return result;
}

static int
tee(struct call *call, struct writing *writing, const struct ipc_message *message)
{
	/* What cannot be told apart was told of by put(). */
	return outlet_put(&writing->tee, message, &call->err) < 0 ? -1 : 0;
}

static int
write_message(struct call *call, void *context, const struct ipc_message *message,
	uint64_t number)
{
	struct writing *writing = context;
	struct outlet *out = &writing->out;
	int result;

	(void)number;
	if (writing->messages > 0) /* opening was no progress */
		ipc_wait_start(&writing->wait);
	writing->tee.wait.start = writing->wait.start;
	if (writing->args->tee &&
		(outlet_grow(&writing->tee, message->length, &call->err) < 0 ||
			outlet_ready(&writing->tee, &call->err) < 0))
		return -1;
	do
		result = put(call, writing, message);
	while (result < 0 && may_go_back(call, writing) && go_back(call, writing) == 0);
	progress_message(&writing->run.progress, out->bytes - writing->bytes);
	writing->bytes = out->bytes;
	if (result < 0)
		return call->err.code == EPIPE ? reader_has_gone(call, writing) : -1;
	if (result > 0)
		cli_failed(call);
	writing->messages++;
	return writing->args->tee ? tee(call, writing, message) : 0;
}

/* Until there is some: opening was no progress, and no input had been looked for. */
static int
wait_for_input(struct call *call, const struct writing *writing)
{
	struct ipc_wait wait = writing->wait;
	char span[IPC_SPAN_MAX];
	int code;

	if (wait.limit == 0) /* -n is about the stream: input may come */
		wait.limit = IPC_FOREVER;
	do
		code = ipc_wait_for(STDIN_FILENO, POLLIN, &wait);
	while (code == EINTR && wait.interrupt < 0);
	if (code == ETIMEDOUT)
		return ipc_refuse(&call->err, IPC_TIMED_OUT, code,
			"read standard input: nothing came for %s s",
			ipc_span_text(wait.limit, span));
	return code == 0 ? 0 : ipc_fail(&call->err, code, "read standard input");
}

static int
write_messages(struct call *call, struct writing *writing)
{
	const struct stream_write_args *args = writing->args;
	const struct write_source source = {
		.framing = &args->framing,
		.most = longest(args),
		.limited_by = limited_by,
		.wait = writing->wait,
		.pass = write_message,
		.passed = &writing->messages,
		.context = writing,
	};

	if (*call->operands != NULL)
		return write_operands(call, &source);
	return wait_for_input(call, writing) < 0 ? -1 : write_input(call, &source);
}

/* All of the input that is left, to whoever reads now. */
static int
copy_input(struct call *call, struct writing *writing, struct ipc_copy *copy)
{
	int result;

	if (take_turn(call, writing) < 0)
		return -1;
	copy->to = writing->fd;
	do {
		if (wait_for_input(call, writing) < 0)
			return -1;
		result = ipc_copy(copy, &call->err);
		writing->bytes = copy->moved;
	} while (result < 0 && copy->failed == STDIN_FILENO &&
		call->err.fault == IPC_WOULD_BLOCK);
	return result;
}

static int
write_bytes(struct call *call, struct writing *writing)
{
	struct ipc_copy copy = IPC_COPY(STDIN_FILENO, writing->fd, &writing->wait);
	struct ipc_message rest;
	int result;

	copy.from_name = "standard input";
	copy.to_name = writing->name;
	do
		result = copy_input(call, writing, &copy);
	while (result < 0 && may_go_back(call, writing) && go_back(call, writing) == 0);
	if (result < 0 && call->err.code == EPIPE)
		reader_has_gone(call, writing);
	rest = (struct ipc_message){ .data = copy.hand, .length = copy.in_hand };
	write_save(call, &rest);
	free(copy.hand);
	return result;
}

static int
check(struct call *call, const struct stream_write_args *args)
{
	if (framing_check(&args->framing, &call->err) < 0 ||
		framing_fits(&args->framing, longest(args), limited_by, &call->err) < 0)
		return -1;
	if (args->tee && *call->operands == NULL && !framing_is_chosen(&args->framing))
		return cli_misuse(call,
			"option '--tee' is for messages: operands, or framed input");
	return 0;
}

static int
write_all(struct call *call, struct writing *writing)
{
	const struct stream_write_args *args = writing->args;

	if (args->tee) {
		if (outlet_open(&writing->tee, 1, &args->framing, 0, NULL, &call->err) <
			0)
			return -1;
		writing->tee.wait.limit = args->limit;
		writing->tee.wait.interrupt = writing->wait.interrupt;
	}
	if (open_end(call, writing) < 0 &&
		(!may_go_back(call, writing) || go_back(call, writing) < 0))
		return -1;
	return *call->operands != NULL || framing_is_chosen(&args->framing)
		? write_messages(call, writing)
		: write_bytes(call, writing);
}

int
stream_write(struct call *call, const struct stream_kind *kind)
{
	const struct stream_write_args *args = call->args;
	struct writing writing = {
		.args = args,
		.kind = kind,
		.fd = -1,
		.turn = -1,
		.out = OUTLET_CLOSED,
		.tee = OUTLET_CLOSED,
		.wait = IPC_WAIT(args->limit),
	};
	int result;

	if (check(call, args) < 0)
		return -1;
	snprintf(writing.name, sizeof(writing.name), "'%s'",
		ipc_address_text(&call->address));
	ipc_wait_start(&writing.wait);
	write_begin(&writing.run, call, &args->framing, args->progress,
		*call->operands != NULL ? IPC_UNKNOWN : ipc_bytes_left(STDIN_FILENO),
		&writing.wait);
	result = write_end(call, &writing.run, write_all(call, &writing));
	close_end(&writing);
	outlet_close(&writing.tee);
	cli_say(call, "%ju bytes written to %s", (uintmax_t)writing.bytes,
		writing.name);
	return result;
}
