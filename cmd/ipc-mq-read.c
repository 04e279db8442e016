/* ipc-mq-read.c - ipc-mq read: each message out, back, or saved; never lost */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <ipcutil/mq.h>

#include "hold.h"
#include "ipc-mq-read.h"
#include "ipc-mq.h"

enum { YIELD_EVERY = 64 }; /* messages that nothing is waited for */

static uint64_t
messages_wanted(const struct read_args *args)
{
	if (args->count != IPC_UNKNOWN)
		return args->count;
	return args->all || args->follow ? UINT64_MAX : 1;
}

/* Makes room for a message of size bytes, where it is to go out from. */
static int
make_room(struct call *call, struct reading *reading, size_t size)
{
	char *room;

	if (call->command == NULL)
		return outlet_grow(&reading->out, size, &call->err);
	room = realloc(reading->room, size + 1);
	if (room == NULL)
		return ipc_fail(&call->err, errno,
			"make room for a message of %zu bytes", size);
	reading->room = room;
	return 0;
}

/* The next message, joined; data that are not in the outlet's room yet. */
static int
receive_joined(struct call *call, struct reading *reading, struct ipc_message *message)
{
	int result;

	while ((result = ipc_mq_join(
			&reading->join, message, &reading->wait, &call->err)) > 0)
		reading_tell(call, reading);
	return result;
}

/* For a message that is longer than any could be when the queue was opened. */
static int
grow(struct call *call, struct reading *reading)
{
	if (ipc_mq_grow(&reading->mq, &call->err) < 0)
		return -1;
	return make_room(call, reading, reading->mq.message_size);
}

static int
receive(struct call *call, struct reading *reading, struct ipc_message *message)
{
	do {
		message->data = call->command != NULL ? reading->room
						      : outlet_room(&reading->out);
		if (ipc_mq_receive(&reading->mq, message, &reading->wait, &call->err) ==
			0)
			return 0;
	} while (call->err.code == E2BIG && grow(call, reading) == 0);
	return -1;
}

/* Lets a signal act that waits; the line of --progress must not outlive us. */
static void
yield(struct reading *reading)
{
	if (hold_is_pending(&reading->before))
		progress_end(&reading->progress);
	hold_yield(&reading->before);
}

/* The next message; 1 when there is none.  Waits only while none is in hand. */
static int
take(struct call *call, struct reading *reading, struct ipc_message *message)
{
	struct ipc_error *err = &call->err;
	bool is_amid = ipc_mq_join_is_amid(&reading->join);
	int result;

	/* No wait may come that lets signals in; but in a message's middle none may. */
	if (is_amid && hold_is_pending(&reading->before)) {
		reading->is_stopped = true;
		return ipc_fail(err, EINTR, "read '%s'", call->address.text);
	}
	if (!is_amid && (call->command != NULL || reading->taken % YIELD_EVERY == 0))
		yield(reading);
	reading->out.wait.signals = is_amid ? NULL : reading->wait.signals;
	reading->out.wait.interrupt =
		reading->out.wait.signals == NULL ? reading->out.signals : -1;
	ipc_wait_start(&reading->wait);
	reading->out.wait.start = reading->wait.start;
	result = call->command != NULL ? child_prepare(&reading->child, err)
				       : outlet_ready(&reading->out, err);
	if (result < 0)
		return -1;
	result = reading->args->join ? receive_joined(call, reading, message)
				     : receive(call, reading, message);
	if (result == 0)
		return 0;
	reading_tell(call, reading);
	if (err->code == EINTR) /* and nothing is in hand */
		yield(reading);
	if (err->code == EPIPE) /* the other end of standard output has gone */
		return outlet_failed(EPIPE, err);
	return err->fault == IPC_WOULD_BLOCK && err->code == EAGAIN ? 1 : -1;
}

static int
give_out(struct call *call, struct reading *reading, const struct ipc_message *message)
{
	struct outlet *out = &reading->out;
	int result = call->command != NULL ? child_take(&reading->child, call, message)
		: reading->args->join      ? outlet_put(out, message, &call->err)
					   : outlet_write(out, message, &call->err);

	if (result < 0) {
		reading_rescue(call, reading, message);
		return -1;
	}
	if (result > 0) /* framed so that it cannot be told apart */
		reading_failed(call, reading);
	reading->taken++;
	reading->bytes += message->length;
	progress_message(&reading->progress, message->length);
	return 0;
}

static int
read_messages(struct call *call, struct reading *reading)
{
	const struct read_args *args = reading->args;
	uint64_t wanted = messages_wanted(args);
	struct ipc_message message;

	while (reading->taken < wanted) {
		int result = take(call, reading, &message);

		if (result != 0)
			return result > 0 && args->all ? 0 : -1;
		if (give_out(call, reading, &message) < 0)
			return -1;
		reading_tell(call, reading);
	}
	return 0;
}

/* What can be found wrong before anything is touched. */
static int
check(struct call *call, const struct read_args *args)
{
	if (args->all &&
		(args->follow || (args->limit != 0 && args->limit != IPC_FOREVER)))
		return cli_misuse(call, "--all does not wait: %s cannot be with it",
			args->follow ? "--follow" : "--timeout");
	if (call->command != NULL && framing_is_chosen(&args->framing))
		return cli_misuse(
			call, "COMMAND gets each message alone: no option frames it");
	return framing_check(&args->framing, &call->err);
}

/* Where messages go, and room for the longest. */
static int
begin_output(struct call *call, struct reading *reading)
{
	size_t size = reading->args->join ? 0 : reading->mq.message_size;
	struct rlimit limit;

	if (call->command == NULL) {
		if (outlet_open(&reading->out, 1, &reading->args->framing, size,
			    &reading->before, &call->err) < 0)
			return -1;
		reading->out.wait.limit = reading->args->limit;
		reading->wait.watched = reading->out.wait.watched;
		reading->wait.interrupt = reading->out.signals;
		return 0;
	}
	/* Its standard output is its own affair; but the message is put into a file. */
	if (child_begin(&reading->child, call->command, &reading->before, &call->err) <
			0 ||
		ipc_mq_prepare_back(&reading->mq, &call->err) < 0)
		return -1;
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < size)
		return ipc_refuse(&call->err, IPC_LIMIT, EFBIG,
			"run '%s': a message may have %zu bytes, and RLIMIT_FSIZE "
			"(ulimit -f) allows %ju",
			call->command[0], size, (uintmax_t)limit.rlim_cur);
	reading->wait.interrupt = reading->child.signals;
	return make_room(call, reading, size);
}

static int
begin_joining(struct call *call, struct reading *reading)
{
	if (ipc_mq_split(&reading->mq, &call->err) < 0)
		return -1;
	return ipc_mq_join_begin(&reading->join, &reading->mq, &call->err);
}

static void
end_output(struct call *call, struct reading *reading)
{
	outlet_close(&reading->out);
	if (call->command != NULL)
		child_end(&reading->child);
	free(reading->room);
}

int
mq_read(struct call *call)
{
	const struct read_args *args = call->args;
	struct reading reading = {
		.args = args,
		.wait = IPC_WAIT(args->all ? 0 : args->limit),
		.out = OUTLET_CLOSED,
	};
	struct ipc_mq_choice choice;
	int result;
	bool told;

	if (check(call, args) < 0 || mq_choose(call, args, &choice) < 0 ||
		ipc_mq_open(&reading.mq, &call->address, IPC_MQ_READ, IPC_NOBODY,
			&call->err) < 0)
		return -1;
	reading.mq.choice = choice;
	hold_begin(&reading.before);
	reading.wait.signals = &reading.before;
	result = begin_output(call, &reading);
	progress_begin(
		&reading.progress, call, args->progress, IPC_UNKNOWN, &reading.wait);
	if (result == 0 && args->join)
		result = begin_joining(call, &reading);
	if (result == 0)
		result = read_messages(call, &reading);
	progress_end(&reading.progress);
	/* Before a signal that came may end us, unless that would have to wait. */
	told = result < 0 && !reading.is_stopped && outlet_has_room(STDERR_FILENO);
	if (told)
		cli_failed(call);
	reading_finish(call, &reading);
	ipc_mq_join_end(&reading.join);
	end_output(call, &reading);
	ipc_mq_close(&reading.mq);
	hold_end(&reading.before);
	cli_say(call, "%ju messages of %ju bytes read from '%s'",
		(uintmax_t)reading.taken, (uintmax_t)reading.bytes, call->address.text);
	return told || reading.is_stopped ? 0 : result;
}
