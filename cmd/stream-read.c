/* stream-read.c - read of byte streams: bytes as they come, or messages one by one */
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

#include "child.h"
#include "hold.h"
#include "inlet.h"
#include "outlet.h"
#include "progress.h"
#include "stream.h"

const struct field stream_read_options[] = {
	OPTION(SIZE, 'N', "length", struct stream_read_args, length, "BYTES",
		"read exactly so many bytes"),
	OPTION(COUNT, 'c', "count", struct stream_read_args, count, "N",
		"read N messages instead of one"),
	OPTION_MEANS(FLAG, 'a', "all", struct stream_read_args, all, "",
		"read all messages that are there, and do not wait"),
	OPTION_MEANS(FLAG, 'f', "follow", struct stream_read_args, follow, "",
		"read for ever: more writers may come"),
	WAIT_OPTIONS(struct stream_read_args, limit),
	BYTE_FRAMING_OPTIONS(struct stream_read_args, framing),
	PROGRESS_OPTION(struct stream_read_args, progress),
	END_FIELDS,
};

/* One run: from where to where, and how far it is. */
struct reading {
	const struct stream_read_args *args;
	const struct stream_kind *kind;
	char name[PATH_MAX + 2]; /* in sentences */
	int fd;                  /* the end that is read from, or -1 */
	int turn;                /* the same of our own, for messages, or -1 */
	struct ipc_stream stream;
	struct inlet in;
	struct outlet out;
	struct child child; /* COMMAND, in place of out */
	struct ipc_wait wait;
	struct progress progress;
	sigset_t before; /* the signal mask that lets signals act */
	uint64_t taken;  /* messages */
	uint64_t bytes;
};

/*
 * Goes on behind the end of the stream: the new description is opened before the old one
 * is closed, or what comes in between would find nobody.
 */
static int
follow(struct call *call, struct reading *reading)
{
	int fd = ipc_stream_reopen(reading->fd, IPC_PIPE_READ);

	if (fd < 0)
		return ipc_fail(&call->err, errno, "read %s", reading->name);
	close(reading->fd);
	reading->fd = fd;
	return 0;
}

static int
failed(struct call *call, const struct reading *reading, int code)
{
	char span[IPC_SPAN_MAX];

	switch (code) {
	case EAGAIN:
		return ipc_refuse(&call->err, IPC_WOULD_BLOCK, code,
			"read %s: it is empty", reading->name);
	case ETIMEDOUT:
		return ipc_refuse(&call->err, IPC_TIMED_OUT, code,
			"read %s: it stayed empty for %s s", reading->name,
			ipc_span_text(reading->wait.limit, span));
	case EPIPE: /* the other end of standard output has gone */
		return outlet_failed(code, &call->err);
	default:
		return ipc_fail(&call->err, code, "read %s", reading->name);
	}
}

/* Until the first bytes, or the end: a FIFO has none before it had a writer. */
static int
wait_for_input(struct call *call, const struct reading *reading)
{
	int code = ipc_wait_for(reading->fd, POLLIN, &reading->wait);

	return code == 0 ? 0 : failed(call, reading, code);
}

/* Lets a signal act that waits; the line of --progress must not outlive us. */
static void
let_act(struct reading *reading)
{
	if (hold_is_pending(&reading->before))
		progress_end(&reading->progress);
	hold_yield(&reading->before);
}

/* Lets a signal act that ended a wait, if nothing is in hand. */
static void
yield(const struct call *call, struct reading *reading, bool has_rest)
{
	if (call->err.code == EINTR && !has_rest)
		let_act(reading);
}

/* Bytes as they come.  -n is about the stream: standard output may take its time. */
static int
copy_some(struct call *call, struct reading *reading, struct ipc_copy *copy)
{
	struct ipc_wait patient = reading->wait;
	int code, result;

	patient.limit = IPC_FOREVER;
	copy->from = reading->fd;
	for (;;) {
		result = ipc_copy(copy, &call->err);
		if (result >= 0 || call->err.fault != IPC_WOULD_BLOCK ||
			copy->failed != copy->to)
			return result;
		code = ipc_wait_for(copy->to, POLLOUT, &patient);
		if (code != 0)
			return outlet_failed(code, &call->err);
	}
}

static int
copy_bytes(struct call *call, struct reading *reading)
{
	const struct stream_read_args *args = reading->args;
	struct ipc_copy copy = IPC_COPY(reading->fd, STDOUT_FILENO, &reading->wait);
	struct ipc_message rest;
	int result;

	copy.from_name = reading->name;
	copy.to_name = "standard output";
	if (args->length != IPC_UNKNOWN)
		copy.length = args->length;
	do {
		result = copy.length > 0 ? wait_for_input(call, reading) : 0;
		if (result == 0)
			result = copy_some(call, reading, &copy);
	} while (result >= 0 && args->follow && copy.moved < copy.length &&
		(result = follow(call, reading)) == 0);
	reading->bytes = copy.moved;
	if (result < 0)
		yield(call, reading, copy.in_hand > 0);
	rest = (struct ipc_message){ .data = copy.hand, .length = copy.in_hand };
	if (rest.length > 0)
		message_rescue(&rest, "what had been read behind that",
			call->program->name, &call->err);
	free(copy.hand);
	if (result < 0 && args->all && call->err.fault == IPC_WOULD_BLOCK)
		return 0;
	if (result <= 0)
		return result;
	return ipc_refuse(&call->err, IPC_FAILED, ENODATA,
		"read %s: it ended after %ju of %ju bytes", reading->name,
		(uintmax_t)copy.moved, (uintmax_t)copy.length);
}

enum { YIELD_EVERY = 64 }; /* messages that nothing is waited for */

static int
take_turn(struct call *call, const struct reading *reading)
{
	struct ipc_wait wait = reading->wait;
	char span[IPC_SPAN_MAX];
	int code;

	if (reading->turn < 0)
		return 0;
	wait.signals = &reading->before;
	code = ipc_stream_turn_take(reading->turn, IPC_PIPE_READ, &wait);
	switch (code) {
	case 0:
		return 0;
	case EAGAIN:
		return ipc_refuse(&call->err, IPC_WOULD_BLOCK, code,
			"read %s: it is another reader's turn", reading->name);
	case ETIMEDOUT:
		return ipc_refuse(&call->err, IPC_TIMED_OUT, code,
			"read %s: it was another reader's turn for %s s", reading->name,
			ipc_span_text(wait.limit, span));
	default:
		return failed(call, reading, code);
	}
}

/* The next message: 1, or 0 when the stream has ended, or -1. */
static int
take(struct call *call, struct reading *reading, struct ipc_message *message)
{
	struct ipc_error *err = &call->err;
	int result;

	if (call->command != NULL || reading->taken % YIELD_EVERY == 0)
		let_act(reading);
	ipc_wait_start(&reading->wait);
	reading->out.wait.start = reading->wait.start;
	result = call->command != NULL ? child_prepare(&reading->child, err)
				       : outlet_ready(&reading->out, err);
	if (result < 0 || take_turn(call, reading) < 0)
		return -1;
	reading->in.wait = reading->wait;
	result = inlet_read(&reading->in, message, err);
	if (reading->turn >= 0)
		ipc_stream_turn_give(reading->turn, IPC_PIPE_READ);
	if (result < 0 && err->code == EPIPE)
		outlet_failed(EPIPE, err);
	return result;
}

static int
give_out(struct call *call, struct reading *reading, const struct ipc_message *message)
{
	int result = call->command != NULL
		? child_take(&reading->child, call, message)
		: outlet_put(&reading->out, message, &call->err);

	if (result < 0)
		return message_rescue(
			message, "the message", call->program->name, &call->err);
	if (result > 0) /* framed so that it cannot be told apart */
		cli_failed(call);
	reading->taken++;
	reading->bytes += message->length;
	progress_message(&reading->progress, message->length);
	return 0;
}

static int
follow_messages(struct call *call, struct reading *reading)
{
	if (follow(call, reading) < 0)
		return -1;
	reading->in.fd = reading->stream.fd = reading->fd;
	reading->in.ended = false;
	return 0;
}

/* The stream has ended: 0 to go on, 1 when that was all, or -1. */
static int
end_messages(struct call *call, struct reading *reading, uint64_t wanted)
{
	if (reading->args->all)
		return 1;
	if (reading->args->follow)
		return follow_messages(call, reading);
	return ipc_refuse(&call->err, IPC_FAILED, ENODATA,
		"read %s: it ended after %ju of %ju messages", reading->name,
		(uintmax_t)reading->taken, (uintmax_t)wanted);
}

static int
copy_messages(struct call *call, struct reading *reading)
{
	const struct stream_read_args *args = reading->args;
	const uint64_t wanted = args->count != IPC_UNKNOWN ? args->count
		: args->all || args->follow                ? UINT64_MAX
							   : 1;
	struct ipc_message message;
	int result = 0;

	while (result == 0 && reading->taken < wanted) {
		result = take(call, reading, &message);
		if (result > 0)
			result = give_out(call, reading, &message);
		else if (result == 0)
			result = end_messages(call, reading, wanted);
	}
	if (result < 0 && args->all && call->err.fault == IPC_WOULD_BLOCK)
		return 0;
	return result < 0 ? -1 : 0;
}

/*
 * What is in hand of a message that did not come whole, or when others read at the same
 * time of those behind the last that was wanted, cannot go back.
 */
static int
leave_rest(struct call *call, struct reading *reading, int result)
{
	const struct ipc_message rest = inlet_rest(&reading->in);

	if (result < 0)
		yield(call, reading, rest.length > 0);
	if (rest.length == 0)
		return result;
	if (result == 0)
		ipc_refuse(&call->err, IPC_FAILED, EBUSY,
			"read %s: as others read at the same time, more than the messages "
			"that were asked for came",
			reading->name);
	return message_rescue(
		&rest, "what had been taken", call->program->name, &call->err);
}

static int
read_messages(struct call *call, struct reading *reading)
{
	struct inlet *in = &reading->in;
	int result;

	reading->turn = ipc_stream_reopen(reading->fd, IPC_PIPE_READ);
	result = inlet_open(
		in, reading->fd, &reading->args->framing, UINT32_MAX, 0, &call->err);
	in->name = reading->name;
	in->stream = &reading->stream;
	reading->stream.fd = reading->fd;
	if (result == 0)
		result = copy_messages(call, reading);
	result = leave_rest(call, reading, result);
	inlet_close(in);
	if (reading->turn >= 0)
		close(reading->turn);
	return result;
}

static int
check_bytes(struct call *call, const struct stream_read_args *args)
{
	if (args->count != IPC_UNKNOWN || call->command != NULL)
		return cli_misuse(call,
			"%s is for messages: --lines, --null, --length-prefixed or "
			"--record says what one is",
			call->command != NULL ? "COMMAND" : "option '--count'");
	if (args->length != IPC_UNKNOWN && args->all)
		return cli_misuse(call, "option '--length' cannot be with --all");
	return 0;
}

/* What can be found wrong before anything is touched. */
static int
check(struct call *call, const struct stream_read_args *args)
{
	if (args->all &&
		(args->follow || (args->limit != 0 && args->limit != IPC_FOREVER)))
		return cli_misuse(call, "--all does not wait: %s cannot be with it",
			args->follow ? "--follow" : "--timeout");
	if (framing_check(&args->framing, &call->err) < 0)
		return -1;
	if (!framing_is_chosen(&args->framing))
		return check_bytes(call, args);
	if (args->framing.record != IPC_UNKNOWN && args->framing.record > UINT32_MAX)
		return ipc_refuse(&call->err, IPC_LIMIT, EMSGSIZE,
			"read records of %ju bytes: the longest that is taken has %ju",
			(uintmax_t)args->framing.record, (uintmax_t)UINT32_MAX);
	if (args->length != IPC_UNKNOWN)
		return cli_misuse(call,
			"option '--length' is for bytes: messages are counted by --count");
	return 0;
}

/* Where the bytes go; it is looked at before any is taken. */
static int
begin_output(struct call *call, struct reading *reading)
{
	static const struct framing bare = NO_FRAMING;
	const struct stream_read_args *args = reading->args;
	struct outlet *out = &reading->out;

	if (call->command != NULL) {
		if (child_begin(&reading->child, call->command, &reading->before,
			    &call->err) < 0)
			return -1;
		reading->wait.interrupt = reading->child.signals;
		return 0;
	}
	if (outlet_open(out, STDOUT_FILENO,
		    framing_is_chosen(&args->framing) ? &args->framing : &bare, 0,
		    &reading->before, &call->err) < 0)
		return -1;
	/* -n and -a are about the stream: standard output may take its time. */
	out->wait.limit = reading->wait.limit == 0 ? IPC_FOREVER : args->limit;
	out->wait.start = reading->wait.start;
	reading->wait.watched = out->wait.watched;
	reading->wait.interrupt = out->signals;
	return outlet_ready(out, &call->err);
}

/* Who opens it lets writers go on: what they write then must have somewhere to go. */
static int
open_end(struct call *call, struct reading *reading)
{
	if (framing_is_chosen(&reading->args->framing) &&
		ipc_stream_open(&reading->stream, reading->name, &call->err) < 0)
		return -1;
	reading->fd = reading->kind->open(
		&call->address, IPC_PIPE_READ, IPC_NOBODY, &reading->wait, &call->err);
	if (reading->fd >= 0)
		return 0;
	yield(call, reading, false);
	return call->err.code == EPIPE ? outlet_failed(EPIPE, &call->err) : -1;
}

/* All that is done while signals are held. */
static int
read_all(struct call *call, struct reading *reading)
{
	const struct stream_read_args *args = reading->args;
	int result;

	if (begin_output(call, reading) < 0 || open_end(call, reading) < 0)
		return -1;
	progress_begin(
		&reading->progress, call, args->progress, args->length, &reading->wait);
	reading->out.wait.progress = reading->wait.progress;
	result = framing_is_chosen(&args->framing) ? read_messages(call, reading)
						   : copy_bytes(call, reading);
	progress_end(&reading->progress);
	return result;
}

int
stream_read(struct call *call, const struct stream_kind *kind)
{
	const struct stream_read_args *args = call->args;
	struct reading reading = {
		.args = args,
		.kind = kind,
		.fd = -1,
		.turn = -1,
		.stream = IPC_STREAM_CLOSED,
		.out = OUTLET_CLOSED,
		.wait = IPC_WAIT(args->all ? 0 : args->limit),
	};
	int result;
	bool told;

	if (check(call, args) < 0)
		return -1;
	snprintf(reading.name, sizeof(reading.name), "'%s'",
		ipc_address_text(&call->address));
	ipc_wait_start(&reading.wait);
	hold_begin(&reading.before);
	result = read_all(call, &reading);
	/* Before a signal that came may end us, unless that would have to wait. */
	told = result < 0 && outlet_has_room(STDERR_FILENO);
	if (told)
		cli_failed(call);
	outlet_close(&reading.out);
	if (call->command != NULL)
		child_end(&reading.child);
	ipc_stream_close(&reading.stream);
	if (reading.fd >= 0)
		close(reading.fd);
	hold_end(&reading.before);
	cli_say(call, "%ju bytes read from %s", (uintmax_t)reading.bytes, reading.name);
	return told ? 0 : result;
}
