/* memory-inspect.c - verbs of shared memory: inspect and ls */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory-verbs.h"
#include "standing.h"

/* What is shown of one object. */
struct row {
	struct ipc_memory_info info;
	struct standing standing;
	const char *type;
};

/* Those that are shown together. */
struct objects {
	struct call *call;
	struct ipc_memory_info *infos;
	size_t count, room;
};

#define FIRST_COLUMNS(object, type_text) \
	COLUMN(ADDRESS, "ADDRESS", struct row, info.address, object), \
		EXTRA_COLUMN(TEXT, "TYPE", struct row, type, type_text), \
		STATE_COLUMNS(struct row, standing), \
		COLUMN(SIZE, "SIZE", struct row, info.size, "bytes"), \
		COLUMN(SIZE, "USED", struct row, info.used, \
			"bytes that take room in memory, swap or on disk"), \
		EXTRA_COLUMN(SIZE, "RESIDENT", struct row, info.resident, \
			"bytes that are in memory"), \
		COLUMN(MODE, "MODE", struct row, info.mode, "permissions"), \
		COLUMN(USER, "USER", struct row, info.uid, "owner"), \
		EXTRA_COLUMN(GROUP, "GROUP", struct row, info.gid, "group"), \
		HOLDER_COLUMNS(struct row, standing)

#define TIME_COLUMNS(created_text) \
	EXTRA_COLUMN(TIME, "CREATED", struct row, info.created, created_text), \
		COLUMN(TIME, "MODIFIED", struct row, info.modified, \
			"last write or change of size, but not through a mapping"), \
		OWNER_COLUMN(struct row, standing), \
		EXTRA_COLUMN(TIME, "ACCESSED", struct row, info.accessed, \
			"last read, or attach or detach"), \
		EXTRA_COLUMN(TIME, "CHANGED", struct row, info.changed, \
			"last change of mode or owner, or as MODIFIED"), \
		EXTRA_COLUMN( \
			NUMBER, "INODE", struct row, info.inode, "inode of its file")

const struct field shm_columns[] = {
	FIRST_COLUMNS(
		"the object", "always shm: of POSIX or System V, as ADDRESS tells"),
	EXTRA_COLUMN(NUMBER, "ATTACHED", struct row, info.attached,
		"how often it is attached, or how many processes map it"),
	EXTRA_COLUMN(NUMBER, "LOCKED", struct row, info.locked,
		"System V: 1 when it is never swapped out"),
	TIME_COLUMNS("when it was made; not known of System V segments"),
	EXTRA_COLUMN(KEY, "KEY", struct row, info.key,
		"System V: its key; 0x00000000 for a private or removed one"),
	EXTRA_COLUMN(NUMBER, "ID", struct row, info.id, "System V: its id"),
	EXTRA_COLUMN(NUMBER, "REMOVED", struct row, info.removed,
		"System V: 1 when it goes with the last that detaches it"),
	EXTRA_COLUMN(NUMBER, "CREATOR", struct row, info.creator,
		"System V: process that made it"),
	EXTRA_COLUMN(NUMBER, "LAST_PID", struct row, info.last,
		"System V: process that attached or detached it last; 0: none yet"),
	EXTRA_COLUMN(TIME, "ATTACH_TIME", struct row, info.attach_time,
		"System V: last attach"),
	EXTRA_COLUMN(TIME, "DETACH_TIME", struct row, info.detach_time,
		"System V: last detach"),
	END_FIELDS,
};

const struct field mmap_columns[] = {
	FIRST_COLUMNS("the file", "always mmap"),
	EXTRA_COLUMN(NUMBER, "ATTACHED", struct row, info.attached,
		"how many processes map it"),
	EXTRA_COLUMN(NUMBER, "LOCKED", struct row, info.locked, "not known of files"),
	TIME_COLUMNS("when it was made, if its file system keeps that"),
	END_FIELDS,
};

/* What has to be counted. */
static enum ipc_memory_look
look_needed(const struct records *records)
{
	return records_want(records, "RESIDENT") ? IPC_MEMORY_COUNT : IPC_MEMORY_GLANCE;
}

static int64_t
later(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

/* The kernel counts mappings for System V alone. */
static uint64_t
count_mapped(const struct ipc_evidence *evidence)
{
	uint64_t count = 0;

	if (evidence->blind != 0)
		return IPC_UNKNOWN;
	for (size_t i = 0; i < evidence->holder_count; i++)
		count += (evidence->holders[i].access & IPC_ACCESS_MAPPED) != 0;
	return count;
}

static int
show(struct call *call, const struct ipc_memory_info *info,
	const struct ipc_evidence *evidence)
{
	struct row row = {
		.info = *info,
		.type = info->address.kind == IPC_PATH ? "mmap" : "shm",
	};

	standing_fill(&row.standing, evidence,
		later(info->accessed, later(info->modified, info->changed)));
	if (evidence != NULL && info->attached == IPC_UNKNOWN)
		row.info.attached = count_mapped(evidence);
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
