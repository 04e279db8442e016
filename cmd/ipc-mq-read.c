/* ipc-mq-read.c - ipc-mq read: each message out, back, or saved; never lost */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ipcutil/mq.h>

#include "child.h"
#include "hold.h"
#include "ipc-mq.h"
#include "outlet.h"

enum {
	GIVE_BACK_NS = 1000000000,
	YIELD_EVERY = 64, /* messages that nothing is waited for */
};

/* One run: from where to where, and how far it is. */
struct reading {
	const struct read_args *args;
	struct ipc_mq mq;
	struct ipc_mq_join join; /* with --join */
	struct outlet out;
	struct child child; /* COMMAND, in place of out */
	char *room;         /* for its message */
	struct ipc_wait wait;
	sigset_t before; /* the signal mask that lets signals act */
	uint64_t taken;
	uint64_t bytes;
};

static uint64_t
messages_wanted(const struct read_args *args)
{
	if (args->count != IPC_UNKNOWN)
		return args->count;
	return args->all || args->follow ? UINT64_MAX : 1;
}

/* Puts a message back: as long as asked for, or a second when we should be dead. */
static int
give_back(struct reading *reading, const struct ipc_message *message,
	struct ipc_error *failure)
{
	int64_t asked = reading->args->limit;
	int64_t left = asked == IPC_FOREVER ? GIVE_BACK_NS : asked;

	do {
		struct ipc_wait wait =
			IPC_WAIT(left < GIVE_BACK_NS ? left : GIVE_BACK_NS);

		ipc_wait_start(&wait);
		if (ipc_mq_give_back(&reading->mq, message, &wait, failure) == 0)
			return 0;
		left -= wait.limit;
	} while (left > 0 && failure->fault == IPC_TIMED_OUT &&
		!hold_is_pending(&reading->before));
	return -1;
}

/* Finds another place for a message that cannot go out; call->err says why not. */
static int
rescue(struct call *call, struct reading *reading, const struct ipc_message *message)
{
	struct ipc_error why = call->err, failure;
	char path[PATH_MAX];

	outlet_end(&reading->out);
	if (give_back(reading, message, &failure) == 0)
		return ipc_refuse(&call->err, why.fault, why.code,
			"%s; the message was put back", why.sentence);
	if (message_save(message, call->program->name, path, sizeof(path), &failure) ==
		0)
		return ipc_refuse(&call->err, why.fault, why.code,
			"%s; the message is saved in '%s'", why.sentence, path);
	return ipc_refuse(&call->err, why.fault, why.code,
		"%s, nor %s; the message is lost", why.sentence, failure.sentence);
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

/* Tells of messages that came to nothing, while none is in hand. */
static void
tell_discarded(struct call *call, struct reading *reading)
{
	struct ipc_mq_join *join = &reading->join;
	char text[128];

	if (join->discarded == 0 || ipc_mq_join_is_amid(join))
		return;
	snprintf(text, sizeof(text),
		"the remains of %ju message%s discarded: %s writer, or a reader in %s "
		"middle, ended",
		(uintmax_t)join->discarded, join->discarded == 1 ? " were" : "s were",
		join->discarded == 1 ? "its" : "their",
		join->discarded == 1 ? "its" : "their");
	join->discarded = 0;
	hold_end(&reading->before); /* standard error may be full */
	cli_warn(call, text);
	hold_begin(&reading->before);
}

/* The next message, joined; data that are not in the outlet's room yet. */
static int
receive_joined(struct call *call, struct reading *reading, struct ipc_message *message)
{
	int result;

	while ((result = ipc_mq_join(
			&reading->join, message, &reading->wait, &call->err)) > 0)
		tell_discarded(call, reading);
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

/* The next message; 1 when there is none.  Waits only while none is in hand. */
static int
take(struct call *call, struct reading *reading, struct ipc_message *message)
{
	struct ipc_error *err = &call->err;
	int result;

	/* No wait may come that lets signals in. */
	if (call->command != NULL || reading->taken % YIELD_EVERY == 0)
		hold_yield(&reading->before);
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
	if (err->code == EPIPE) /* the other end of standard output has gone */
		return outlet_failed(EPIPE, err);
	return err->fault == IPC_WOULD_BLOCK && err->code == EAGAIN ? 1 : -1;
}

/* Runs COMMAND for the message, whose status is ours when it fails. */
static int
run_command(
	struct call *call, struct reading *reading, const struct ipc_message *message)
{
	int status = child_run(&reading->child, message, &call->err);

	if (status == CHILD_NOT_RUN)
		call->status = STATUS_OURS;
	else if (status == CHILD_NOT_EXECUTED)
		call->status = call->err.code == ENOENT ? STATUS_NOT_FOUND
							: STATUS_NOT_EXECUTABLE;
	else if (status != 0)
		ipc_refuse(&call->err, IPC_FAILED, ECANCELED,
			"count a message as taken: '%s' ended with status %d",
			call->command[0], status);
	if (status > 0)
		call->status = status;
	return status == 0 ? 0 : -1;
}

static int
write_out(struct call *call, struct reading *reading, const struct ipc_message *message)
{
	struct ipc_message copy = *message;

	if (reading->args->join) {
		if (outlet_grow(&reading->out, message->length, &call->err) < 0)
			return -1;
		copy.data = outlet_room(&reading->out);
		memcpy(copy.data, message->data, message->length);
	}
	return outlet_write(&reading->out, &copy, &call->err);
}

static int
give_out(struct call *call, struct reading *reading, const struct ipc_message *message)
{
	int result = call->command != NULL ? run_command(call, reading, message)
					   : write_out(call, reading, message);

	if (result < 0)
		return rescue(call, reading, message);
	if (result > 0) {                   /* framed so that it cannot be told apart */
		hold_end(&reading->before); /* standard error may be full */
		cli_failed(call);
		hold_begin(&reading->before);
	}
	reading->taken++;
	reading->bytes += message->length;
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
		tell_discarded(call, reading);
	}
	return 0;
}

/* Puts back, whole, what a more urgent message came in the middle of. */
static int
finish(struct call *call, struct reading *reading)
{
	struct ipc_wait wait = IPC_WAIT(GIVE_BACK_NS);
	struct ipc_message message;
	struct ipc_error failure;
	int result = 0, joined = 0;

	wait.interrupt = reading->wait.interrupt;
	/* What fails has gone back in pieces. */
	while (joined >= 0 && ipc_mq_join_is_amid(&reading->join)) {
		ipc_wait_start(&wait);
		joined = ipc_mq_join(&reading->join, &message, &wait, &failure);
		if (joined != 0 ||
			ipc_mq_give_back(&reading->mq, &message, &wait, &failure) == 0)
			continue;
		call->err = failure;
		result = rescue(call, reading, &message);
	}
	tell_discarded(call, reading);
	return result;
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

	if (call->command == NULL) {
		if (outlet_open(&reading->out, 1, &reading->args->framing, size,
			    &reading->before, &call->err) < 0)
			return -1;
		reading->out.wait.limit = reading->args->limit;
		reading->wait.watched = reading->out.wait.watched;
		reading->wait.interrupt = reading->out.signals;
		return 0;
	}
	/* Its standard output is its own affair. */
	if (child_begin(&reading->child, call->command, &reading->before, &call->err) <
			0 ||
		ipc_mq_prepare_back(&reading->mq, &call->err) < 0)
		return -1;
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
	if (result == 0 && args->join)
		result = begin_joining(call, &reading);
	if (result == 0)
		result = read_messages(call, &reading);
	if (result == 0)
		result = finish(call, &reading);
	/* Before a signal that came may end us, unless that would have to wait. */
	told = result < 0 && outlet_has_room(STDERR_FILENO);
	if (told)
		cli_failed(call);
	if (args->join)
		ipc_mq_join_end(&reading.join);
	end_output(call, &reading);
	ipc_mq_close(&reading.mq);
	hold_end(&reading.before);
	cli_say(call, "%ju messages of %ju bytes read from '%s'",
		(uintmax_t)reading.taken, (uintmax_t)reading.bytes, call->address.text);
	return told ? 0 : result;
}
