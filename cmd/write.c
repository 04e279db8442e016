/* write.c - the verb write: messages that are operands, or come by standard input */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hold.h"
#include "inlet.h"
#include "outlet.h"
#include "write.h"

/* No other limit is one of this message alone. */
static bool
is_too_long(const struct call *call)
{
	return call->err.fault == IPC_LIMIT && call->err.code == EMSGSIZE;
}

/*
 * What is too long is told, and the others go on; what else fails ends it all, and so does
 * a signal while that cannot be told.
 */
static bool
goes_on(struct call *call, const struct write_source *source)
{
	struct ipc_wait wait = source->wait;

	wait.limit = IPC_FOREVER;
	if (!is_too_long(call) ||
		(!call->quiet && ipc_wait_for(STDERR_FILENO, POLLOUT, &wait) == EINTR))
		return false;
	cli_failed(call);
	return true;
}

static int
write_operand(struct call *call, const struct write_source *source, char *operand,
	uint64_t number)
{
	const struct ipc_message message = {
		.data = operand,
		.length = strlen(operand),
		.priority = source->priority,
		.type = source->type,
	};

	return message.length <= source->most
		? source->pass(call, source->context, &message, number)
		: message_too_long(number, "it", message.length, source->most,
			  source->limited_by, &call->err);
}

int
write_operands(struct call *call, const struct write_source *source)
{
	uint64_t number = 0;

	for (char **operand = call->operands; *operand != NULL; operand++)
		if (write_operand(call, source, *operand, ++number) < 0 &&
			!goes_on(call, source))
			return -1;
	return 0;
}

/* 1, or 0 at the end of the input, or -1. */
static int
write_next(struct call *call, const struct write_source *source, struct inlet *in)
{
	const uint64_t before = *source->passed;
	struct ipc_message message;
	int result = inlet_read(in, &message, &call->err);

	if (result <= 0)
		return result;
	if (source->pass(call, source->context, &message, in->number) == 0)
		return 1;
	if (*source->passed == before && !is_too_long(call))
		inlet_return(in);
	return -1;
}

void
write_save(struct call *call, const struct ipc_message *rest)
{
	if (rest->length == 0)
		return;
	message_rescue(
		rest, "input that was not written", call->program->name, &call->err);
	call->err.code = EIO; /* also when a signal came: it is told */
}

/* What ends within a message is no input, and a bare one is no more than was told of. */
static void
leave(struct call *call, struct inlet *in)
{
	struct ipc_message rest;

	if ((call->err.code == EBADMSG && !in->framing->json) || inlet_give_back(in) ||
		!framing_is_chosen(in->framing))
		return;
	rest = inlet_rest(in);
	write_save(call, &rest);
}

/* Others may take what poll(2) has told us of: read(2) would sleep then. */
static int
open_own(const struct ipc_wait *wait)
{
	const bool is_patient = wait->limit == IPC_FOREVER && wait->interrupt < 0;
	struct stat st;

	return !is_patient && fstat(STDIN_FILENO, &st) == 0 && S_ISFIFO(st.st_mode)
		? ipc_stream_reopen(STDIN_FILENO, IPC_PIPE_READ)
		: -1;
}

int
write_input(struct call *call, const struct write_source *source)
{
	struct inlet in;
	int result;

	if (framing_fits(
		    source->framing, source->most, source->limited_by, &call->err) < 0)
		return -1;
	result = inlet_open(&in, STDIN_FILENO, source->framing, source->most,
		source->priority, &call->err);
	in.type = source->type;
	in.limited_by = source->limited_by;
	if (source->wait.limit != 0)
		in.wait.limit = source->wait.limit;
	in.wait.interrupt = source->wait.interrupt;
	in.wait.progress = source->wait.progress;
	in.own = open_own(&in.wait);
	if (result == 0)
		while ((result = write_next(call, source, &in)) != 0)
			if (result < 0 && !goes_on(call, source))
				break;
	if (result < 0)
		leave(call, &in);
	inlet_close(&in);
	return result;
}

/* Framed input is read ahead: until it is left to others no signal may end us. */
static void
hold(struct write_run *run, struct ipc_wait *wait)
{
	hold_begin(&run->before);
	hold_let_stop(&run->before);
	run->signals = hold_watch(&run->before);
	if (run->signals < 0)
		hold_end(&run->before);
	wait->interrupt = run->signals;
}

void
write_begin(struct write_run *run, const struct call *call,
	const struct framing *framing, bool shown, uint64_t total,
	struct ipc_wait *wait)
{
	run->signals = -1;
	sigprocmask(SIG_SETMASK, NULL, &run->before);
	if (*call->operands == NULL && framing_is_chosen(framing))
		hold(run, wait);
	progress_begin(&run->progress, call, shown, total, wait);
}

int
write_end(struct call *call, struct write_run *run, int result)
{
	bool told;

	progress_end_line(&run->progress);
	told = result < 0 && call->err.code != EINTR && outlet_has_room(STDERR_FILENO);
	if (told)
		cli_failed(call);
	progress_end(&run->progress);
	if (run->signals >= 0) {
		close(run->signals);
		hold_end(&run->before);
	}
	return told ? 0 : result;
}
