/* ipc-mq-inspect.c - the verbs "inspect" and "ls": what is known of queues */
#include <errno.h>
#include <stdlib.h>

#include "ipc-mq.h"
#include "standing.h"

/* What is shown of one queue. */
struct row {
	struct ipc_mq_info info;
	struct standing standing;
};

/* Those that are shown together. */
struct queues {
	struct call *call;
	struct ipc_mq_info *infos;
	size_t count, room;
};

const struct field mq_columns[] = {
	COLUMN(ADDRESS, "ADDRESS", struct row, info.address, "the queue"),
	CONSTANT_COLUMN("TYPE", "mq", "kind of object: mq"),
	STATE_COLUMNS(struct row, standing),
	EXTRA_COLUMN(SIZE, "SIZE", struct row, info.size,
		"bytes that its messages may have together"),
	EXTRA_COLUMN(SIZE, "USED", struct row, info.bytes, "those in use: as BYTES"),
	COLUMN(NUMBER, "MESSAGES", struct row, info.messages, "messages in it"),
	COLUMN(NUMBER, "CAPACITY", struct row, info.capacity, "messages it takes"),
	EXTRA_COLUMN(
		SIZE, "BYTES", struct row, info.bytes, "bytes of the messages in it"),
	COLUMN(SIZE, "MESSAGE_SIZE", struct row, info.message_size,
		"bytes of the longest message it takes"),
	COLUMN(MODE, "MODE", struct row, info.mode, "permissions"),
	COLUMN(USER, "USER", struct row, info.uid, "owner"),
	EXTRA_COLUMN(GROUP, "GROUP", struct row, info.gid, "group"),
	HOLDER_COLUMNS(struct row, standing),
	EXTRA_COLUMN(TIME, "CREATED", struct row, info.created,
		"not kept for message queues"),
	COLUMN(TIME, "MODIFIED", struct row, info.modified, "last message in or out"),
	OWNER_COLUMN(struct row, standing),
	EXTRA_COLUMN(TIME, "ACCESSED", struct row, info.accessed,
		"last message in or out, or look at BYTES"),
	EXTRA_COLUMN(TIME, "CHANGED", struct row, info.changed,
		"the same, or last change of mode or owner"),
	EXTRA_COLUMN(NUMBER, "NOTIFY_PID", struct row, info.notify_pid,
		"process that mq_notify(3) will tell of a message; 0 for none"),
	EXTRA_COLUMN(NUMBER, "NOTIFY_SIGNAL", struct row, info.notify_signal,
		"signal it will get; 0 for none"),
	EXTRA_COLUMN(KEY, "KEY", struct row, info.key,
		"key of a System V queue; 0x00000000 for a private one"),
	EXTRA_COLUMN(NUMBER, "ID", struct row, info.id, "id of a System V queue"),
	EXTRA_COLUMN(NUMBER, "SENDER", struct row, info.sender,
		"process that put the last message into a System V queue; 0: none yet"),
	EXTRA_COLUMN(NUMBER, "RECEIVER", struct row, info.receiver,
		"process that took the last message out of it; 0: none yet"),
	EXTRA_COLUMN(
		NUMBER, "INODE", struct row, info.inode, "inode of the queue's file"),
	END_FIELDS,
};

/* What only a look that leaves a trace can tell. */
static enum ipc_mq_look
look_needed(const struct records *records)
{
	static const char *const columns[] = { "USED", "BYTES", "NOTIFY_PID",
		"NOTIFY_SIGNAL" };

	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		if (records_want(records, columns[i]))
			return IPC_MQ_STATUS;
	return IPC_MQ_GLANCE;
}

static int
show(struct call *call, const struct ipc_mq_info *info,
	const struct ipc_evidence *evidence)
{
	struct row row = { .info = *info };

	standing_fill(&row.standing, evidence,
		info->modified > info->set ? info->modified : info->set);
	return record(&call->records, &row, &call->err);
}

/* With one look at all processes for all queues. */
static int
show_all(struct call *call, const struct ipc_mq_info *infos, size_t count)
{
	struct ipc_evidence *evidence = calloc(count + 1, sizeof(*evidence));
	struct ipc_holders holders = { 0 };
	int result;

	if (evidence == NULL)
		return ipc_fail(&call->err, errno, "look for holders");
	for (size_t i = 0; i < count; i++)
		evidence[i] = ipc_mq_evidence(&infos[i]);
	result = standing_find(call, evidence, count, &holders);
	for (size_t i = 0; i < count && result == 0; i++)
		result = show(call, &infos[i], &evidence[i]);
	ipc_holders_free(&holders);
	free(evidence);
	return result;
}

int
mq_inspect(struct call *call)
{
	struct ipc_mq_info info;

	if (ipc_mq_stat(
		    &call->address, look_needed(&call->records), &info, &call->err) < 0)
		return -1;
	return standing_is_wanted(&call->records) ? show_all(call, &info, 1)
						  : show(call, &info, NULL);
}

static int
show_now(const struct ipc_mq_info *info, void *arg)
{
	const struct queues *queues = arg;

	return show(queues->call, info, NULL);
}

static int
keep_for_later(const struct ipc_mq_info *info, void *arg)
{
	struct queues *queues = arg;

	if (queues->count == queues->room) {
		size_t room = queues->room * 2 + 64;
		struct ipc_mq_info *more =
			reallocarray(queues->infos, room, sizeof(*more));

		if (more == NULL)
			return ipc_fail(&queues->call->err, errno, "list the queues");
		queues->infos = more;
		queues->room = room;
	}
	queues->infos[queues->count++] = *info;
	return 0;
}

int
mq_ls(struct call *call)
{
	bool later = standing_is_wanted(&call->records), complete;
	struct queues queues = { .call = call };
	int result = ipc_mq_each(look_needed(&call->records),
		later ? keep_for_later : show_now, &queues, &complete, &call->err);

	if (result == 0 && later)
		result = show_all(call, queues.infos, queues.count);
	free(queues.infos);
	if (result == 0 && !complete)
		cli_warn(call,
			"only queues that a visible process holds open are listed: "
			"no mqueue file system of this IPC namespace can be seen");
	return result;
}
