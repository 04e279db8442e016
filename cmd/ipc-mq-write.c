/* ipc-mq-write.c - ipc-mq write: messages from operands or standard input */
#include <errno.h>

#include <ipcutil/mq.h>

#include "ipc-mq.h"
#include "outlet.h"
#include "progress.h"
#include "write.h"

/* One run: from where to where, and how far it is. */
struct writing {
	const struct write_args *args;
	struct ipc_mq mq;
	struct outlet tee;
	struct ipc_wait wait;
	struct write_run run;
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
	progress_message(&writing->run.progress, message->length);
	if (!writing->args->tee)
		return 0;
	result = outlet_put(&writing->tee, message, &call->err);
	if (result > 0)
		cli_failed(call); /* framed so that it cannot be told apart */
	return result < 0 ? -1 : 0;
}

static int
pass(struct call *call, void *context, const struct ipc_message *message,
	uint64_t number)
{
	struct writing *writing = context;
	const bool has_types = writing->args->type != 0;

	if (has_types ? message->priority != 0 : message->type != 0)
		return ipc_refuse(&call->err, IPC_FAILED, EINVAL,
			"write message %ju: the messages of '%s' have no %s",
			(uintmax_t)number, call->address.text,
			has_types ? "priority" : "type");
	return send_one(call, writing, message);
}

static int
write_messages(struct call *call, struct writing *writing)
{
	const struct write_args *args = writing->args;
	const struct write_source source = {
		.framing = &args->framing,
		.most = *call->operands != NULL /* of which the queue tells */
			? SIZE_MAX
			: writing->mq.message_size,
		.limited_by = writing->mq.limited_by,
		.priority = args->priority,
		.type = args->type,
		.wait = writing->wait,
		.pass = pass,
		.passed = &writing->sent,
		.context = writing,
	};

	if (args->tee) {
		if (outlet_open(&writing->tee, 1, &args->framing, 0, NULL, &call->err) <
			0)
			return -1;
		writing->tee.wait.limit = args->limit;
		writing->tee.wait.interrupt = writing->wait.interrupt;
	}
	return *call->operands != NULL ? write_operands(call, &source)
				       : write_input(call, &source);
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
	write_begin(&writing.run, call, &args.framing, args.progress, IPC_UNKNOWN,
		&writing.wait);
	if (writing.wait.interrupt >= 0) /* msgsnd(2) and locks have only signals */
		writing.wait.signals = &writing.run.before;
	if (result == 0)
		result = write_messages(call, &writing);
	result = write_end(call, &writing.run, result);
	cli_say(call, "%ju messages of %ju bytes written to '%s'",
		(uintmax_t)writing.sent, (uintmax_t)writing.bytes, call->address.text);
	outlet_close(&writing.tee);
	ipc_mq_close(&writing.mq);
	return result;
}
