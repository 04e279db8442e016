/* ipc-mq-inspect.c - the verbs "inspect" and "ls": what is known of queues */
#include "ipc-mq.h"
#include "mq-columns.h"

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
show(struct call *call, const void *info, const struct ipc_evidence *evidence)
{
	struct mq_row row;

	mq_row_fill(&row, info, evidence);
	return record(&call->records, &row, &call->err);
}

static struct ipc_evidence
evidence_of(const void *info)
{
	return ipc_mq_evidence(info);
}

static const struct standing_type queues = {
	.info_size = sizeof(struct ipc_mq_info),
	.evidence = evidence_of,
	.show = show,
};

int
mq_inspect(struct call *call)
{
	struct ipc_mq_info info;

	if (ipc_mq_stat(
		    &call->address, look_needed(&call->records), &info, &call->err) < 0)
		return -1;
	return standing_show(call, &queues, &info);
}

static int
visit(const struct ipc_mq_info *info, void *list)
{
	return standing_add(list, info);
}

int
mq_ls(struct call *call)
{
	struct standing_list list = { .call = call, .type = &queues };
	bool complete;
	int result = ipc_mq_each(
		look_needed(&call->records), visit, &list, &complete, &call->err);

	result = standing_end(&list, result);
	if (result == 0 && !complete)
		cli_warn(call,
			"only queues that a visible process holds open are listed: "
			"no mqueue file system of this IPC namespace can be seen");
	return result;
}
