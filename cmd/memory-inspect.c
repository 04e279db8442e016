/* memory-inspect.c - verbs of shared memory: inspect and ls */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory-verbs.h"

/* Those that are shown together. */
struct objects {
	struct call *call;
	struct ipc_memory_info *infos;
	size_t count, room;
};

/* What has to be counted. */
static enum ipc_memory_look
look_needed(const struct records *records)
{
	return records_want(records, "RESIDENT") ? IPC_MEMORY_COUNT : IPC_MEMORY_GLANCE;
}

static int
show(struct call *call, const struct ipc_memory_info *info,
	const struct ipc_evidence *evidence)
{
	struct memory_row row;

	memory_row_fill(&row, info, evidence);
	return record(&call->records, &row, &call->err);
}

/* With one look at all processes for all objects. */
static int
show_all(struct call *call, const struct ipc_memory_info *infos, size_t count)
{
	struct ipc_evidence *evidence = calloc(count + 1, sizeof(*evidence));
	struct ipc_holders holders = { 0 };
	int result;

	if (evidence == NULL)
		return ipc_fail(&call->err, errno, "look for holders");
	for (size_t i = 0; i < count; i++)
		evidence[i] = ipc_memory_evidence(&infos[i]);
	result = standing_find(call, evidence, count, &holders);
	for (size_t i = 0; i < count && result == 0; i++)
		result = show(call, &infos[i], &evidence[i]);
	ipc_holders_free(&holders);
	free(evidence);
	return result;
}

int
memory_inspect(struct call *call)
{
	struct ipc_memory_info info;

	if (ipc_memory_stat(
		    &call->address, look_needed(&call->records), &info, &call->err) < 0)
		return -1;
	return standing_is_wanted(&call->records) ? show_all(call, &info, 1)
						  : show(call, &info, NULL);
}

static int
show_now(const struct ipc_memory_info *info, void *arg)
{
	const struct objects *objects = arg;

	return show(objects->call, info, NULL);
}

static int
keep_for_later(const struct ipc_memory_info *info, void *arg)
{
	struct objects *objects = arg;
	struct ipc_address *address;

	if (objects->count == objects->room) {
		size_t room = objects->room * 2 + 64;
		struct ipc_memory_info *more =
			reallocarray(objects->infos, room, sizeof(*more));

		if (more == NULL)
			return ipc_fail(&objects->call->err, errno, "list");
		objects->infos = more;
		objects->room = room;
	}
	objects->infos[objects->count] = *info;
	address = &objects->infos[objects->count].address;
	if (address->kind == IPC_PATH) {
		address->path = strdup(address->path);
		if (address->path == NULL)
			return ipc_fail(&objects->call->err, errno, "list");
	}
	objects->count++;
	return 0;
}

static void
free_objects(struct objects *objects)
{
	for (size_t i = 0; i < objects->count; i++)
		if (objects->infos[i].address.kind == IPC_PATH)
			free((char *)objects->infos[i].address.path);
	free(objects->infos);
}

int
memory_ls(struct call *call,
	int (*each)(enum ipc_memory_look look,
		int (*visit)(const struct ipc_memory_info *info, void *arg), void *arg,
		bool *complete, struct ipc_error *err))
{
	bool is_later = standing_is_wanted(&call->records), complete;
	struct objects objects = { .call = call };
	int result = each(look_needed(&call->records),
		is_later ? keep_for_later : show_now, &objects, &complete, &call->err);

	if (result == 0 && is_later)
		result = show_all(call, objects.infos, objects.count);
	free_objects(&objects);
	if (result == 0 && !complete)
		cli_warn(call,
			"not all may be listed: not every process may be looked at");
	return result;
}
