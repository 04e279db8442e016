/* ipc-mq-write.c - ipc-mq write: messages from operands or standard input */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <ipcutil/mq.h>

#include "inlet.h"
#include "ipc-mq.h"
#include "outlet.h"
#include "progress.h"

/* One run: from where to where, and how far it is. */
struct writing {
	const struct write_args *args;
	struct ipc_mq mq;
	struct outlet tee;
	struct ipc_wait wait;
	struct progress progress;
	uint64_t sent;
	uint64_t bytes;
};

/* Sends one message, and copies it once it has been accepted. */
static int
send_one(struct call *call, struct writing *writing, const struct ipc_message *message)
{
	int result;

	ipc_wait_start(&writing->wait);
	writing->tee.wait.start = writing->wait.start;
	if (writing->args->tee &&
		(outlet_grow(&writing->tee, message->length, &call->err) < 0 ||
			outlet_ready(&writing->tee, &call->err) < 0))
		return -1;
	if (ipc_mq_send(&writing->mq, message, &writing->wait, &call->err) < 0)
		return -1;
	writing->sent++;
	writing->bytes += message->length;
	progress_message(&writing->progress, message->length);
	if (!writing->args->tee)
		return 0;
	result = outlet_put(&writing->tee, message, &call->err);
	if (result > 0)
		cli_failed(call); /* framed so that it cannot be told apart */
	return result < 0 ? -1 : 0;
}

/* What is too long is told, and the others go on; what else fails ends it all. */
static bool
goes_on(struct call *call)
{
	if (call->err.code != EMSGSIZE)
		return false;
	cli_failed(call);
	return true;
}

static int
write_operands(struct call *call, struct writing *writing)
{
	for (char **operand = call->operands; *operand != NULL; operand++) {
		const struct ipc_message message = {
			.data = *operand,
			.length = strlen(*operand),
			.priority = writing->args->priority,
			.type = writing->args->type,
		};

		if (send_one(call, writing, &message) < 0 && !goes_on(call))
			return -1;
	}
	return 0;
}

static int
write_next(struct call *call, struct writing *writing, struct inlet *in)
{
	struct ipc_message message;
	int result = inlet_read(in, &message, &call->err);

	if (result <= 0)
		return result;
	if (writing->args->type == 0 ? message.type != 0 : message.priority != 0)
		return ipc_refuse(&call->err, IPC_FAILED, EINVAL,
			"write message %ju: the messages of '%s' have no %s",
			(uintmax_t)in->number, call->address.text,
			writing->args->type == 0 ? "type" : "priority");
	return send_one(call, writing, &message) < 0 ? -1 : 1;
}

static int
write_input(struct call *call, struct writing *writing)
{
	const struct write_args *args = writing->args;
	struct inlet in;
	int result = inlet_open(&in, 0, &args->framing, writing->mq.message_size,
		args->priority, &call->err);

	if (args->limit != 0) /* -n is about the queue: input may come */
		in.wait.limit = args->limit;
	in.wait.interrupt = writing->wait.interrupt;
	in.wait.progress = writing->wait.progress;
	in.type = args->type;
	in.limited_by = writing->mq.limited_by;
	if (result == 0)
		while ((result = write_next(call, writing, &in)) != 0)
			if (result < 0 && !goes_on(call))
				break;
	inlet_close(&in);
	return result;
}

static int
write_messages(struct call *call, struct writing *writing)
{
	const struct write_args *args = writing->args;

	if (args->tee) {
		if (outlet_open(&writing->tee, 1, &args->framing, 0, NULL, &call->err) <
			0)
			return -1;
		writing->tee.wait.limit = args->limit;
		writing->tee.wait.interrupt = writing->wait.interrupt;
	}
	return *call->operands != NULL ? write_operands(call, writing)
				       : write_input(call, writing);
}

int
mq_write(struct call *call)
{
	struct write_args args = *(const struct write_args *)call->args;
	struct writing writing = {
		.args = &args,
		.wait = IPC_WAIT(args.limit),
		.tee = OUTLET_CLOSED,
	};
	int result;

	if (mq_check_label(call, args.type, args.priority) < 0)
		return -1;
	if (args.type == 0 && ipc_mq_has_types(&call->address))
		args.type = 1; /* msgsnd(2) wants one */
	if (framing_check(&args.framing, &call->err) < 0)
		return -1;
	if (*call->operands != NULL && framing_is_chosen(&args.framing) && !args.tee)
		return cli_misuse(
			call, "messages are framed on standard input, not as operands");
	if (ipc_mq_open(&writing.mq, &call->address, IPC_MQ_WRITE, args.trusted,
		    &call->err) < 0)
		return -1;
	result = args.split ? ipc_mq_split(&writing.mq, &call->err) : 0;
	progress_begin(
		&writing.progress, call, args.progress, IPC_UNKNOWN, &writing.wait);
	if (args.type != 0 &&
		writing.wait.interrupt >= 0) /* msgsnd(2) has only signals */
		writing.wait.signals = &writing.progress.before;
	if (result == 0)
		result = write_messages(call, &writing);
	progress_end(&writing.progress);
	cli_say(call, "%ju messages of %ju bytes written to '%s'",
		(uintmax_t)writing.sent, (uintmax_t)writing.bytes, call->address.text);
	outlet_close(&writing.tee);
	ipc_mq_close(&writing.mq);
	return result;
}
