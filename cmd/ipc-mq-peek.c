/* ipc-mq-peek.c - ipc-mq peek: copies of messages, which stay where they are */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ipcutil/mq.h>

#include "ipc-mq.h"
#include "outlet.h"

/* One run: from where to where, and how far it is. */
struct peeking {
	const struct read_args *args;
	struct ipc_mq mq;
	struct outlet out;
	uint64_t seen;  /* messages in the queue */
	uint64_t shown; /* those of them that were chosen */
};

/* A message that waits for its turn. */
struct kept {
	struct ipc_message message;
	uint64_t place;
};

int
mq_choose(struct call *call, const struct read_args *args, struct ipc_mq_choice *choice)
{
	if (args->except != 0 && args->type != 0)
		return cli_misuse(call, "only one of --type and --except can be");
	*choice = (struct ipc_mq_choice){
		.type = args->except != 0 ? args->except : args->type,
		.except = args->except != 0,
	};
	return mq_check_label(call, choice->type, 0);
}

static bool
is_chosen(const struct ipc_message *message, const struct ipc_mq_choice *choice)
{
	if (choice->type < 0)
		return message->type <= -choice->type;
	return choice->type == 0 || (message->type == choice->type) != choice->except;
}

/* The next message that is chosen, in the outlet's room: 1, 0 for no more, or -1. */
static int
look(struct call *call, struct peeking *peeking, struct ipc_message *message)
{
	struct ipc_mq *mq = &peeking->mq;

	for (;;) {
		message->data = outlet_room(&peeking->out);
		if (ipc_mq_peek(mq, peeking->seen, message, &call->err) == 0) {
			peeking->seen++;
			if (is_chosen(message, &mq->choice))
				return 1;
		} else if (call->err.code == E2BIG) {
			if (ipc_mq_grow(mq, &call->err) < 0 ||
				outlet_grow(&peeking->out, mq->message_size,
					&call->err) < 0)
				return -1;
		} else {
			return call->err.fault == IPC_WOULD_BLOCK ? 0 : -1;
		}
	}
}

static int
show(struct call *call, struct peeking *peeking, const struct ipc_message *message)
{
	int result = outlet_write(&peeking->out, message, &call->err);

	if (result < 0)
		return -1;
	if (result > 0)
		cli_failed(call); /* framed so that it cannot be told apart */
	peeking->shown++;
	return 0;
}

static int
show_in_order(struct call *call, struct peeking *peeking, uint64_t wanted)
{
	struct ipc_message message;
	int result = 1;

	while (peeking->shown < wanted) {
		result = look(call, peeking, &message);
		if (result <= 0)
			break;
		if (show(call, peeking, &message) < 0)
			return -1;
	}
	return result < 0 ? -1 : 0;
}

static int
by_type(const void *a, const void *b)
{
	const struct kept *one = a, *other = b;

	if (one->message.type != other->message.type)
		return one->message.type < other->message.type ? -1 : 1;
	return (one->place > other->place) - (one->place < other->place);
}

/* Keeps copies of all that are chosen; the caller frees them, also after a failure. */
static int
keep_all(
	struct call *call, struct peeking *peeking, struct kept **list, uint64_t *count)
{
	struct ipc_message message;
	size_t room = 0;
	int result;

	while ((result = look(call, peeking, &message)) > 0) {
		struct kept *kept;

		if (*count == room) {
			room = 2 * room + 64;
			kept = reallocarray(*list, room, sizeof(*kept));
			if (kept == NULL)
				return ipc_fail(&call->err, errno, "keep messages");
			*list = kept;
		}
		kept = *list + *count;
		*kept = (struct kept){ .message = message, .place = *count };
		kept->message.data = malloc(message.length + 1);
		if (kept->message.data == NULL)
			return ipc_fail(&call->err, errno, "keep messages");
		memcpy(kept->message.data, message.data, message.length);
		++*count;
	}
	return result;
}

/* As msgrcv(2) takes them by a negative type: the lowest first, then the oldest. */
static int
show_by_type(struct call *call, struct peeking *peeking, uint64_t wanted)
{
	struct kept *list = NULL;
	uint64_t count = 0;
	int result = keep_all(call, peeking, &list, &count);

	if (result == 0 && count > 0)
		qsort(list, count, sizeof(*list), by_type);
	for (uint64_t i = 0; i < count; i++) {
		struct ipc_message message = list[i].message;

		if (result == 0 && i < wanted) {
			message.data = outlet_room(&peeking->out);
			memcpy(message.data, list[i].message.data, message.length);
			result = show(call, peeking, &message);
		}
		free(list[i].message.data);
	}
	free(list);
	return result;
}

static int
peek(struct call *call, struct peeking *peeking)
{
	const struct read_args *args = peeking->args;
	uint64_t wanted = args->count != IPC_UNKNOWN ? args->count
		: args->all                          ? UINT64_MAX
						     : 1;
	int result;

	result = peeking->mq.choice.type < 0 ? show_by_type(call, peeking, wanted)
					     : show_in_order(call, peeking, wanted);
	if (result < 0 || args->all || peeking->shown > 0)
		return result;
	return ipc_refuse(&call->err, IPC_WOULD_BLOCK, EAGAIN, "peek at '%s': it is %s",
		call->address.text,
		peeking->seen == 0 ? "empty" : "without such a message");
}

int
mq_peek(struct call *call)
{
	const struct read_args *args = call->args;
	struct peeking peeking = { .args = args, .out = { .own = -1, .signals = -1 } };
	struct ipc_mq_choice choice;
	int result = -1;

	if (framing_check(&args->framing, &call->err) < 0 ||
		mq_choose(call, args, &choice) < 0 ||
		ipc_mq_open_for(&peeking.mq, &call->address, IPC_MQ_READ, "peek at",
			IPC_NOBODY, &call->err) < 0)
		return -1;
	peeking.mq.choice = choice;
	if (outlet_open(&peeking.out, 1, &args->framing, peeking.mq.message_size, NULL,
		    &call->err) == 0)
		result = peek(call, &peeking);
	outlet_close(&peeking.out);
	ipc_mq_close(&peeking.mq);
	return result;
}
