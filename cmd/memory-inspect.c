/* memory-inspect.c - verbs of shared memory: inspect and ls */
#include <stdlib.h>
#include <string.h>

#include "memory-verbs.h"

/* What has to be counted. */
static enum ipc_memory_look
look_needed(const struct records *records)
{
	return records_want(records, "RESIDENT") ? IPC_MEMORY_COUNT
		: records_want(records, "USED")  ? IPC_MEMORY_USED
						 : IPC_MEMORY_GLANCE;
}

static int
show(struct call *call, const void *info, const struct ipc_evidence *evidence)
{
	struct memory_row row;

	memory_row_fill(&row, info, evidence);
	return record(&call->records, &row, &call->err);
}

static struct ipc_evidence
evidence_of(const void *info)
{
	return ipc_memory_evidence(info);
}

static int
keep(void *kept)
{
	struct ipc_memory_info *info = kept;

	if (info->address.kind == IPC_PATH)
		info->address.path = strdup(info->address.path);
	return info->address.kind == IPC_PATH && info->address.path == NULL ? -1 : 0;
}

static void
drop(void *kept)
{
	struct ipc_memory_info *info = kept;

	if (info->address.kind == IPC_PATH)
		free((char *)info->address.path);
}

static const struct standing_type objects = {
	.info_size = sizeof(struct ipc_memory_info),
	.evidence = evidence_of,
	.show = show,
	.keep = keep,
	.drop = drop,
};

int
memory_inspect(struct call *call)
{
	struct ipc_memory_info info;

	if (ipc_memory_stat(
		    &call->address, look_needed(&call->records), &info, &call->err) < 0)
		return -1;
	return standing_show(call, &objects, &info);
}

static int
visit(const struct ipc_memory_info *info, void *list)
{
	return standing_add(list, info);
}

int
memory_ls(struct call *call,
	int (*each)(enum ipc_memory_look look,
		int (*visit)(const struct ipc_memory_info *info, void *arg), void *arg,
		bool *complete, struct ipc_error *err))
{
	struct standing_list list = { .call = call, .type = &objects };
	bool complete;
	int result =
		each(look_needed(&call->records), visit, &list, &complete, &call->err);

	result = standing_end(&list, result);
	if (result == 0 && !complete)
		cli_warn(call,
			"not all may be listed: not every process may be looked at");
	return result;
}
