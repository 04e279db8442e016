/* ipc-rm - remove IPC objects, but none that is in use or another one */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc-rm.h"

static const struct field rm_options[] = {
	OPTION_MEANS(FLAG, 0, "stdin", struct rm_args, is_listed, "",
		"remove what ipc-ls --json lists on standard input, if it is still that"),
	OPTION_MEANS(FLAG, 0, "stale", struct rm_args, stale, "",
		"remove what is stale: abandoned, and nobody has it"),
	OPTION_MEANS(FLAG, 0, "idle", struct rm_args, idle, "",
		"remove what nobody has; needs --older-than"),
	FILTER_OPTIONS(struct rm_args, filter),
	OPTION(DIRECTORIES, 0, "under", struct rm_args, under, "DIR",
		"with --stale and --idle: also files under DIR; can be given again"),
	OPTION_MEANS(FLAG, 0, "dry-run", struct rm_args, dry_run, "",
		"list what would be removed, and remove nothing"),
	OPTION_MEANS(FLAG, 0, "in-use", struct rm_args, in_use, "",
		"also what is in use, or may be"),
	OPTION_MEANS(FLAG, 0, "discard-data", struct rm_args, data, "",
		"also what holds messages, or bytes of a pipe, which are lost"),
	OPTION_MEANS(FLAG, 'f', "force", struct rm_args, force, "",
		"what is not there is no failure"),
	END_FIELDS,
};

static bool
is_search(const struct rm_args *args)
{
	return args->stale || args->idle;
}

static bool
says_how(const struct records *records)
{
	return records->json || records->raw || records->export || records->bytes ||
		records->noheadings || records->chosen != NULL;
}

/* Whether something but one of the four ways to say what to remove was given. */
static int
check(struct call *call)
{
	const struct rm_args *args = call->args;
	const bool has_operands = *call->operands != NULL;

	if (has_operands + args->is_listed + args->stale + args->idle != 1)
		return cli_misuse(call,
			"one of these says what to remove: operands, --stdin, --stale, --idle");
	if (args->idle && args->filter.older_than <= 0)
		return cli_misuse(call,
			"option '--idle' needs '--older-than' and an age above 0");
	if (is_search(args) && args->in_use)
		return cli_misuse(
			call, "option '--in-use' needs operands or '--stdin'");
	if (!is_search(args) &&
		(*args->under.path != NULL || args->filter.types != NULL ||
			filter_is_narrow(&args->filter)))
		return cli_misuse(call, "a filter needs '--stale' or '--idle'");
	if (!args->dry_run && says_how(&call->records))
		return cli_misuse(call,
			"options such as '--json' say how to list, and need '--dry-run'");
	return 0;
}

/*
 * Why a search leaves it, or NULL.  What was found idle before may be in use by now, or may
 * have been meanwhile; what was not known may be proven.
 */
static const char *
why_left(const struct rm *rm, const struct ipc_removal *removal)
{
	const enum ipc_state state = removal->verdict.state;

	if (!is_search(rm->args))
		return NULL;
	if (state != IPC_STALE && !(rm->args->idle && state == IPC_IDLE))
		return removal->verdict.why;
	return removal->item->used == rm->used &&
			filter_passes_before_look(&rm->filter, removal->item)
		? NULL
		: "it was used or set meanwhile";
}

static int
compare(const void *one, const void *other)
{
	return strcmp(one, other);
}

/*
 * Shows what would be removed.  A second time it would not be there; but a segment is, as
 * long as it is attached.
 */
static int
show(struct rm *rm, const struct ipc_removal *removal, const char *address)
{
	const struct ipc_object *object = &removal->item->evidence.object;
	char identity[IPC_IDENTITY_MAX], text[IPC_IDENTITY_MAX + 16];
	char *key, *const *found = NULL;

	if (removal->item->evidence.attached > 0)
		return item_show(&rm->view, removal->item);
	/* Types of System V have ids of their own; a file is one by all its addresses. */
	snprintf(text, sizeof(text), "%d %s",
		ipc_object_is_sysv(object) ? (int)object->type : -1,
		ipc_object_identity(object, identity));
	key = strdup(text);
	if (key != NULL)
		found = tsearch(key, &rm->shown, compare);
	if (found != NULL && *found == key)
		return item_show(&rm->view, removal->item);
	free(key);
	return found == NULL ? ipc_fail(&rm->call->err, ENOMEM, "remove '%s'", address)
			     : ipc_refuse(&rm->call->err, IPC_NO_OBJECT, ENOENT,
				       "remove '%s': there is no such object", address);
}

static int
remove_it(struct rm *rm, struct ipc_removal *removal, const char *address)
{
	struct ipc_error *err = &rm->call->err;
	const bool only_shows = rm->args->dry_run;
	int result = only_shows ? ipc_removal_check(removal, rm->allowed, err)
				: ipc_removal_commit(removal, rm->allowed, err);

	ipc_removal_release(removal);
	if (result == 0 && only_shows)
		result = show(rm, removal, address);
	else if (result == 0)
		cli_say(rm->call, "removed '%s'", removal->item->address);
	rm->removed += result == 0;
	return result;
}

static void
leave(struct rm *rm, struct ipc_removal *removal, const char *why)
{
	ipc_removal_release(removal);
	rm->unknown += removal->verdict.state == IPC_STATE_UNKNOWN;
	cli_say(rm->call, "'%s' is left: %s", removal->item->address, why);
}

/* Absence is no failure of a search, which somebody else may have made, too. */
static void
fail(struct rm *rm)
{
	if (rm->call->err.fault == IPC_NO_OBJECT &&
		(rm->args->force || is_search(rm->args)))
		return;
	rm->refused++;
	cli_failed(rm->call);
}

void
rm_one(struct rm *rm, const char *address, const char *identity)
{
	struct ipc_removal removal;
	int result = ipc_removal_begin(&removal, address, identity, &rm->call->err);
	const char *why = result == 0 ? why_left(rm, &removal) : NULL;

	if (why != NULL)
		leave(rm, &removal, why);
	else if (result == 0)
		result = remove_it(rm, &removal, address);
	ipc_removal_end(&removal);
	if (result < 0)
		fail(rm);
}

static void
summarize(const struct rm *rm)
{
	char text[160], left[64] = "";

	if (rm->unknown > 0)
		snprintf(left, sizeof(left),
			", left %zu of which the state is not known", rm->unknown);
	snprintf(text, sizeof(text), "%s %zu, refused %zu%s",
		rm->args->dry_run ? "would remove" : "removed", rm->removed,
		rm->refused, left);
	cli_warn(rm->call, text);
}

static int
rm(struct call *call)
{
	struct rm rm = { .call = call, .args = call->args };
	int result = 0;

	if (check(call) < 0)
		return -1;
	rm.allowed = (rm.args->in_use ? IPC_REMOVE_IN_USE : 0U) |
		(rm.args->data ? IPC_REMOVE_DATA : 0U);
	item_view_begin(&rm.view, call, &call->records);
	if (rm.args->is_listed)
		result = rm_listed(&rm);
	else if (is_search(rm.args))
		result = rm_found(&rm);
	for (; *call->operands != NULL; call->operands++)
		rm_one(&rm, *call->operands, NULL);
	if (result == 0 && (rm.args->is_listed || is_search(rm.args)))
		summarize(&rm);
	tdestroy(rm.shown, free);
	return result;
}

static const struct verb verbs[] = {
	{ .name = "ipc-rm",
		.operands = "[TYPE:ADDRESS]...",
		.help = "remove IPC objects, but none that is in use",
		.options = rm_options,
		ARGS(struct rm_args, .filter = NO_FILTER),
		.columns = item_columns,
		.groups = item_groups,
		.run = rm },
	{ .name = NULL },
};

const struct program this_program = {
	.name = "ipc-rm",
	.help = "safe removal of IPC objects, for shell scripts",
	.verbs = verbs,
};
