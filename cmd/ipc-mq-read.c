/* ipc-mq-read.c - ipc-mq read: each message out, back, or saved; never lost */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <ipcutil/mq.h>

#include "child.h"
#include "hold.h"
#include "ipc-mq.h"
#include "outlet.h"

enum { GIVE_BACK_NS = 1000000000 };

/* One run: from where to where, and how far it is. */
struct reading {
	const struct read_args *args;
	struct ipc_mq mq;
	struct outlet out;
	struct child child; /* COMMAND, in place of out */
	char *room;         /* for its message */
	struct ipc_wait wait;
	sigset_t before; /* the signal mask that lets signals act */
	uint64_t taken;
	uint64_t bytes;
	bool rescued; /* a message could not go out */
};

static uint64_t
messages_wanted(const struct read_args *args)
{
	if (args->count != IPC_UNKNOWN)
		return args->count;
	return args->all || args->follow ? UINT64_MAX : 1;
}

/* Finds another place for a message that cannot go out; call->err says why not. */
static int
rescue(struct call *call, struct reading *reading, const struct ipc_message *message)
{
	struct ipc_wait wait = IPC_WAIT(GIVE_BACK_NS);
	struct ipc_error why = call->err, failure;
	char path[PATH_MAX];

	/* As long as asked for, but not when it should be dead by now. */
	if (reading->args->limit < wait.limit ||
		(reading->args->limit != IPC_FOREVER && why.code != EINTR))
		wait.limit = reading->args->limit;
	ipc_wait_start(&wait);
	outlet_end(&reading->out);
	if (ipc_mq_give_back(&reading->mq, message, &wait, &failure) == 0)
		return ipc_refuse(&call->err, why.fault, why.code,
			"%s; the message was put back", why.sentence);
	if (message_save(message, call->program->name, path, sizeof(path), &failure) ==
		0)
		return ipc_refuse(&call->err, why.fault, why.code,
			"%s; the message is saved in '%s'", why.sentence, path);
	return ipc_refuse(&call->err, why.fault, why.code,
		"%s, nor %s; the message is lost", why.sentence, failure.sentence);
}

/* Room for the longest message. */
static int
make_room(struct call *call, struct reading *reading)
{
	size_t size = reading->mq.message_size;
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

/* Where messages go.  Standard output is COMMAND's own affair. */
static int
open_output(struct call *call, struct reading *reading)
{
	const struct read_args *args = reading->args;

	if (call->command == NULL)
		return outlet_open(&reading->out, 1, &args->framing,
			reading->mq.message_size, &call->err);
	if (child_begin(&reading->child, call->command, &reading->before, &call->err) <
			0 ||
		ipc_mq_prepare_back(&reading->mq, &call->err) < 0)
		return -1;
	return make_room(call, reading);
}

static void
close_output(struct call *call, struct reading *reading)
{
	if (call->command == NULL) {
		outlet_close(&reading->out);
	} else {
		child_end(&reading->child);
		free(reading->room);
	}
}

/*
 * The next message, in the room for it; 1 when there is none.  Waits only while
 * none is in hand.
 */
static int
take(struct call *call, struct reading *reading, struct ipc_message *message)
{
	struct ipc_error *err = &call->err;
	bool has_command = call->command != NULL;

	hold_yield(&reading->before); /* no wait may come that lets signals in */
	if ((has_command ? child_prepare(&reading->child, err)
			 : outlet_ready(&reading->out, err)) < 0)
		return -1;
	ipc_wait_start(&reading->wait);
	do {
		message->data =
			has_command ? reading->room : outlet_room(&reading->out);
		if (ipc_mq_receive(&reading->mq, message, &reading->wait, err) == 0)
			return 0;
		/* E2BIG: it is longer than any could be when the queue was opened. */
	} while (err->code == E2BIG && ipc_mq_grow(&reading->mq, err) == 0 &&
		make_room(call, reading) == 0);
	if (err->code == EPIPE) /* the other end of standard output has gone */
		return outlet_failed(EPIPE, err);
	return err->fault == IPC_WOULD_BLOCK ? 1 : -1;
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
give_out(struct call *call, struct reading *reading, const struct ipc_message *message)
{
	int result;

	if (call->command != NULL)
		result = run_command(call, reading, message);
	else
		result = outlet_write(&reading->out, message, &call->err);
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

int
mq_read(struct call *call)
{
	const struct read_args *args = call->args;
	struct reading reading = {
		.args = args,
		.out = { .own = -1, .signals = -1 },
		.wait = IPC_WAIT(args->all ? 0 : args->limit),
	};
	struct ipc_mq_choice choice;
	int result;
	bool told;

	if (check(call, args) < 0 || mq_choose(call, args, &choice) < 0 ||
		ipc_mq_open(&reading.mq, &call->address, IPC_MQ_READ, IPC_NOBODY,
			&call->err) < 0)
		return -1;
	reading.mq.choice = choice;
	result = open_output(call, &reading);
	hold_begin(&reading.before);
	if (result == 0) {
		reading.wait.signals = reading.out.wait.signals = &reading.before;
		reading.wait.watched =
			call->command == NULL ? reading.out.wait.watched : -1;
		reading.out.wait.limit = args->limit;
		result = read_messages(call, &reading);
	}
	/* Before a signal that came may end us, unless that would have to wait. */
	told = result < 0 && outlet_has_room(STDERR_FILENO);
	if (told)
		cli_failed(call);
	close_output(call, &reading);
	ipc_mq_close(&reading.mq);
	hold_end(&reading.before);
	cli_say(call, "%ju messages of %ju bytes read from '%s'",
		(uintmax_t)reading.taken, (uintmax_t)reading.bytes, call->address.text);
	return told ? 0 : result;
}
