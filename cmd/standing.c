/* standing.c - who holds an object and what follows: columns that every type has */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ipcutil/guard.h>

#include "standing.h"

enum { NS_PER_S = 1000000000 };

/* Only these need a look at all processes. */
static bool
wants_holders(const struct records *records)
{
	return records_want(records, "STATE") || records_want(records, "WHY") ||
		records_want(records, "HOLDERS") || records_want(records, "ATTACHED");
}

bool
standing_is_wanted(const struct records *records)
{
	return wants_holders(records) || records_want(records, "OWNER_PID") ||
		records_want(records, "IDENTITY");
}

int
standing_check_process(struct call *call, const char *objects, pid_t pid)
{
	if (pid == 0 || ipc_guard_check(pid, &call->err) == 0)
		return 0;
	if (call->err.fault != IPC_NO_OBJECT)
		return -1;
	return ipc_refuse(&call->err, IPC_NO_OBJECT, ESRCH,
		"list the %s of process '%d': there is no such process", objects,
		(int)pid);
}

/* An incomplete view is told where something might look different with all of it. */
static void
warn(struct call *call, const struct ipc_holders *holders, bool is_in_doubt)
{
	char reasons[IPC_BLIND_TEXT_MAX], sentence[sizeof(reasons) + 64];

	if (holders->blind == 0 || call->is_told ||
		!(is_in_doubt || records_want(&call->records, "HOLDERS") ||
			records_want(&call->records, "READERS") ||
			records_want(&call->records, "WRITERS")))
		return;
	call->is_told = true;
	snprintf(sentence, sizeof(sentence), "not all holders may be known: %s",
		ipc_blind_text(holders->blind, reasons));
	cli_warn(call, sentence);
}

/* Looks at all processes. */
static int
find_holders(struct call *call, struct ipc_evidence *evidence, size_t count,
	struct ipc_holders *holders)
{
	bool is_in_doubt = false;

	*holders = (struct ipc_holders){ 0 };
	if (ipc_stale_find(evidence, count, holders, &call->err) < 0)
		return -1;
	for (size_t i = 0; i < count && !is_in_doubt; i++)
		is_in_doubt = ipc_stale_judge(&evidence[i]).state == IPC_STATE_UNKNOWN;
	warn(call, holders, is_in_doubt);
	return 0;
}

int
standing_find(struct call *call, struct ipc_evidence *evidence, size_t count,
	struct ipc_holders *holders)
{
	*holders = (struct ipc_holders){ 0 };
	return wants_holders(&call->records)
		? find_holders(call, evidence, count, holders)
		: ipc_stale_find_owners(evidence, count, &call->err);
}

static int64_t
age(int64_t used)
{
	const int64_t now = time(NULL);

	if (used == IPC_UNKNOWN_TIME)
		return IPC_UNKNOWN_TIME;
	if (used < now - INT64_MAX / NS_PER_S)
		return INT64_MAX; /* a file system may tell any time */
	return now < used ? 0 : (now - used) * NS_PER_S;
}

void
standing_fill(
	struct standing *standing, const struct ipc_evidence *evidence, int64_t used)
{
	standing->age = age(used);
	if (evidence == NULL)
		return;
	standing->verdict = ipc_stale_judge(evidence);
	standing->state = ipc_state_text(standing->verdict.state);
	standing->why = standing->verdict.why;
	standing->holding = (struct holding){
		.holder = evidence->holders,
		.count = evidence->holder_count,
	};
	standing->identity =
		ipc_object_identity(&evidence->object, standing->identity_text);
	standing->owner_pid = evidence->owner.state == IPC_OWNER_UNKNOWN
		? IPC_UNKNOWN
		: (uint64_t)evidence->owner.pid;
}

static bool
needs_holders(const struct standing_type *type, const struct records *records)
{
	return type->needs_holders != NULL && type->needs_holders(records);
}

static bool
is_wanted(const struct standing_type *type, const struct records *records)
{
	return standing_is_wanted(records) || needs_holders(type, records);
}

/* With one look at all processes for all of them. */
static int
show_all(struct call *call, const struct standing_type *type, const char *infos,
	size_t count)
{
	struct ipc_evidence *evidence = calloc(count + 1, sizeof(*evidence));
	struct ipc_holders holders = { 0 };
	int result;

	if (evidence == NULL)
		return ipc_fail(&call->err, errno, "look for holders");
	for (size_t i = 0; i < count; i++)
		evidence[i] = type->evidence(infos + i * type->info_size);
	result = needs_holders(type, &call->records)
		? find_holders(call, evidence, count, &holders)
		: standing_find(call, evidence, count, &holders);
	for (size_t i = 0; i < count && result == 0; i++)
		result = type->show(call, infos + i * type->info_size, &evidence[i]);
	ipc_holders_free(&holders);
	free(evidence);
	return result;
}

int
standing_show(struct call *call, const struct standing_type *type, const void *info)
{
	return is_wanted(type, &call->records) ? show_all(call, type, info, 1)
					       : type->show(call, info, NULL);
}

int
standing_add(struct standing_list *list, const void *info)
{
	const struct standing_type *type = list->type;
	char *kept;

	if (!is_wanted(type, &list->call->records))
		return type->show(list->call, info, NULL);
	if (list->count == list->room) {
		const size_t room = list->room * 2 + 64;
		char *more = reallocarray(list->infos, room, type->info_size);

		if (more == NULL)
			return ipc_fail(&list->call->err, errno, "list");
		list->infos = more;
		list->room = room;
	}
	kept = memcpy(
		list->infos + list->count * type->info_size, info, type->info_size);
	if (type->keep != NULL && type->keep(kept) < 0)
		return ipc_fail(&list->call->err, errno, "list");
	list->count++;
	return 0;
}

int
standing_end(struct standing_list *list, int result)
{
	if (result == 0 && list->count > 0)
		result = show_all(list->call, list->type, list->infos, list->count);
	for (size_t i = 0; list->type->drop != NULL && i < list->count; i++)
		list->type->drop(list->infos + i * list->type->info_size);
	free(list->infos);
	return result;
}
