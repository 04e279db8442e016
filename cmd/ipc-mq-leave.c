/* ipc-mq-leave.c - ipc-mq read: what becomes of messages that do not go out */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ipcutil/mq.h>

#include "hold.h"
#include "ipc-mq-read.h"
#include "ipc-mq.h"

enum { GIVE_BACK_NS = 1000000000 };

/* Says something, or of a failure; signals act when that has to wait. */
static void
say(struct call *call, const struct reading *reading, const char *text)
{
	sigset_t before = reading->before;
	bool may_wait = !outlet_has_room(STDERR_FILENO);

	if (may_wait)
		hold_end(&before);
	if (text != NULL)
		cli_warn(call, text);
	else
		cli_failed(call);
	if (may_wait)
		hold_begin(&before);
}

void
reading_failed(struct call *call, const struct reading *reading)
{
	say(call, reading, NULL);
}

void
reading_tell(struct call *call, struct reading *reading)
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
	say(call, reading, text);
}

/* Puts a message back within a time, or a second when we should be dead. */
static int
give_back(struct reading *reading, const struct ipc_message *message, int64_t left,
	struct ipc_error *failure)
{
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

/* Puts it back within a time, or else saves it: as reading_rescue(). */
static int
find_place(struct call *call, struct reading *reading,
	const struct ipc_message *message, int64_t limit)
{
	const struct ipc_error why = call->err;
	struct ipc_error failure;

	outlet_end(&reading->out);
	if (give_back(reading, message, limit, &failure) == 0) {
		ipc_refuse(&call->err, why.fault, why.code,
			"%s; the message was put back", why.sentence);
		return 0;
	}
	return message_rescue(message, "the message", call->program->name, &call->err);
}

int
reading_rescue(
	struct call *call, struct reading *reading, const struct ipc_message *message)
{
	int64_t asked = reading->args->limit;

	return find_place(
		call, reading, message, asked == IPC_FOREVER ? GIVE_BACK_NS : asked);
}

/* Messages that came while the rest of another was waited for. */
struct left {
	struct left *next;
	struct ipc_message message;
	char data[];
};

static struct left *
keep_message(const struct ipc_message *message)
{
	struct left *left = malloc(sizeof(*left) + message->length + 1);

	if (left == NULL)
		return NULL;
	*left = (struct left){ .message = *message };
	left->message.data = memcpy(left->data, message->data, message->length);
	return left;
}

/* Puts one back, or else saves it and tells where; *wait is for all of them. */
static void
leave(struct call *call, struct reading *reading, const struct ipc_message *message,
	const struct ipc_wait *wait)
{
	struct timespec left;

	ipc_wait_left(wait, &left);
	ipc_refuse(&call->err, IPC_FAILED, EAGAIN,
		"leave a message in '%s' that another came in the middle of",
		call->address.text);
	if (find_place(call, reading, message,
		    left.tv_sec * GIVE_BACK_NS + left.tv_nsec) < 0)
		reading_failed(call, reading);
}

/* What comes, until no message is in hand in part, in the order in which it came. */
static struct left *
take_rest(struct call *call, struct reading *reading, const struct ipc_wait *wait)
{
	const struct ipc_wait hurried = IPC_WAIT(GIVE_BACK_NS);
	struct left *first = NULL, **last = &first;
	struct ipc_message message;
	struct ipc_error failure;

	ipc_mq_join_hurry(&reading->join);
	while (ipc_mq_join_is_amid(&reading->join)) {
		/* What fails has gone back in pieces. */
		if (ipc_mq_join(&reading->join, &message, &hurried, &failure) != 0)
			continue;
		*last = keep_message(&message);
		if (*last != NULL)
			last = &(*last)->next;
		else
			leave(call, reading, &message, wait);
	}
	return first;
}

/* Puts back, whole, what a more urgent message came in the middle of. */
static void
leave_rest(struct call *call, struct reading *reading)
{
	struct ipc_wait wait = IPC_WAIT(GIVE_BACK_NS);
	struct left *left, *next;

	ipc_wait_start(&wait); /* should there be no memory for the rest */
	left = take_rest(call, reading, &wait);
	ipc_wait_start(&wait);
	for (; left != NULL; left = next) {
		next = left->next;
		leave(call, reading, &left->message, &wait);
		free(left);
	}
}

void
reading_finish(struct call *call, struct reading *reading)
{
	const struct ipc_error first_failure = call->err;

	if (ipc_mq_join_is_amid(&reading->join))
		leave_rest(call, reading);
	reading_tell(call, reading);
	call->err = first_failure;
}
