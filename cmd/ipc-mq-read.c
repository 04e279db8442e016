/* ipc-mq-read.c - ipc-mq read: each message out, back, or saved; never lost */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <ipcutil/mq.h>

#include "hold.h"
#include "ipc-mq.h"
#include "outlet.h"

enum { GIVE_BACK_NS = 1000000000 };

/* One run: from where to where, and how far it is. */
struct reading {
	const struct read_args *args;
	struct ipc_mq mq;
	struct outlet out;
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

/* Finds another place for a message that cannot go out; call->err says why not. */
static int
rescue(struct call *call, struct reading *reading, const struct message *message)
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
	if (ipc_mq_give_back(&reading->mq, message->data, message->length,
		    message->priority, &wait, &failure) == 0)
		return ipc_refuse(&call->err, why.fault, why.code,
			"%s; the message was put back", why.sentence);
	if (message_save(message, call->program->name, path, sizeof(path), &failure) ==
		0)
		return ipc_refuse(&call->err, why.fault, why.code,
			"%s; the message is saved in '%s'", why.sentence, path);
	return ipc_refuse(&call->err, why.fault, why.code,
		"%s, nor %s; the message is lost", why.sentence, failure.sentence);
}

/*
 * The next message, in the outlet's room; 1 when there is none.  Waits only while
 * none is in hand.
 */
static int
take(struct call *call, struct reading *reading, struct message *message)
{
	struct ipc_error *err = &call->err;

	hold_yield(&reading->before); /* no wait may come that lets signals in */
	if (outlet_ready(&reading->out, err) < 0)
		return -1;
	message->data = outlet_room(&reading->out);
	ipc_wait_start(&reading->wait);
	if (ipc_mq_receive(&reading->mq, message->data, &message->length,
		    &message->priority, &reading->wait, err) == 0)
		return 0;
	if (err->code == EPIPE) /* the other end of standard output has gone */
		return outlet_failed(EPIPE, err);
	return err->fault == IPC_WOULD_BLOCK ? 1 : -1;
}

static int
give_out(struct call *call, struct reading *reading, const struct message *message)
{
	int result = outlet_write(&reading->out, message, &call->err);

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
	struct message message;

	while (reading->taken < wanted) {
		int result = take(call, reading, &message);

		if (result != 0)
			return result > 0 && args->all ? 0 : -1;
		if (give_out(call, reading, &message) < 0)
			return -1;
	}
	return 0;
}

int
mq_read(struct call *call)
{
	const struct read_args *args = call->args;
	struct reading reading = {
		.args = args,
		.wait = IPC_WAIT(args->all ? 0 : args->limit),
	};
	int result;
	bool told;

	if (args->all &&
		(args->follow || (args->limit != 0 && args->limit != IPC_FOREVER)))
		return cli_misuse(call, "--all does not wait: %s cannot be with it",
			args->follow ? "--follow" : "--timeout");
	if (framing_check(&args->framing, &call->err) < 0 ||
		ipc_mq_open(&reading.mq, &call->address, IPC_MQ_READ, IPC_NOBODY,
			&call->err) < 0)
		return -1;
	result = outlet_open(
		&reading.out, 1, &args->framing, reading.mq.message_size, &call->err);
	hold_begin(&reading.before);
	if (result == 0) {
		reading.wait.signals = reading.out.wait.signals = &reading.before;
		reading.wait.watched = reading.out.wait.watched;
		reading.out.wait.limit = args->limit;
		result = read_messages(call, &reading);
	}
	/* Before a signal that came may end us, unless that would have to wait. */
	told = result < 0 && outlet_has_room(STDERR_FILENO);
	if (told)
		cli_failed(call);
	outlet_close(&reading.out);
	ipc_mq_close(&reading.mq);
	hold_end(&reading.before);
	cli_say(call, "%ju messages of %ju bytes read from '%s'",
		(uintmax_t)reading.taken, (uintmax_t)reading.bytes, call->address.text);
	return told ? 0 : result;
}
