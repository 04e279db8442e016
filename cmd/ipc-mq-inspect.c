/* ipc-mq-inspect.c - the verbs "inspect" and "ls": what is known of queues */
#include <errno.h>
#include <stdlib.h>

#include "ipc-mq.h"
#include "mq-columns.h"

/* Those that are shown together. */
struct queues {
	struct call *call;
	struct ipc_mq_info *infos;
	size_t count, room;
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
	struct mq_row row;

	mq_row_fill(&row, info, evidence);
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
