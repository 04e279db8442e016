/* ipc-ls - the IPC objects of the machine, for shell scripts */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ipc-ls.h"
#include "item.h"
#include "standing.h"

static const struct field ls_options[] = {
	FILTER_OPTIONS(struct ls_args, filter),
	OPTION(TEXT, 0, "sort", struct ls_args, sort, "COL",
		"sort by this column; what is not known comes last"),
	OPTION_MEANS(FLAG, 0, "reverse", struct ls_args, reverse, "",
		"in the reverse order"),
	OPTION(TEXT, 0, "save", struct ls_args, save, "FILE",
		"write to FILE what is there, for --new-since, and print nothing"),
	OPTION(TEXT, 0, "new-since", struct ls_args, new_since, "FILE",
		"only what was not there at that --save, and would stay: status 7 then"),
	OPTION_MEANS(FLAG, 0, "since-all", struct ls_args, since_all, "",
		"with --new-since: also what goes with the processes that have it"),
	OPTION_MEANS(FLAG, 0, "tree", struct ls_args, tree, "",
		"show each process, its objects, and who else has them"),
	OPTION_MEANS(FLAG, 0, "dot", struct ls_args, dot, "",
		"print a graph of processes and objects, for dot(1) of Graphviz"),
	OPTION_MEANS(FLAG, 0, "limits", struct ls_args, limits, "",
		"show the system's limits, and how much of each is used"),
	END_FIELDS,
};

/* Also to sort by it, but not as one of all. */
static bool
is_named(const struct call *call, const char *column)
{
	const struct ls_args *args = call->args;

	return (args->sort != NULL && strcasecmp(args->sort, column) == 0) ||
		(!call->records.all && records_want(&call->records, column));
}

/* What takes time, or moves an access time, only for who asks for it by name. */
static bool
wants_counts(const struct call *call)
{
	static const char *const columns[] = { "USED", "BYTES", "NOTIFY_PID",
		"NOTIFY_SIGNAL", "RESIDENT" };

	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		if (is_named(call, columns[i]))
			return true;
	return false;
}

/* Whether a process is in another namespace than ours; where that is not told, not. */
static bool
is_elsewhere(pid_t pid, const char *namespace)
{
	char path[64];
	struct stat its, ours;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, namespace);
	if (pid == 0 || stat(path, &its) < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/self/ns/%s", namespace);
	return stat(path, &ours) == 0 &&
		(its.st_ino != ours.st_ino || its.st_dev != ours.st_dev);
}

/* What the process of --pid may have that is not of our namespaces; returns its length. */
static size_t
tell_elsewhere(pid_t pid, char *sentence, size_t room)
{
	const bool ipc = is_elsewhere(pid, "ipc"), mount = is_elsewhere(pid, "mnt");

	if (!ipc && !mount)
		return 0;
	return (size_t)snprintf(sentence, room,
		"process %d is in another %s namespace: what is only there is not listed",
		(int)pid,
		ipc && mount  ? "IPC and mount"
			: ipc ? "IPC"
			      : "mount");
}

/* One line tells all that may be missing. */
static void
warn(struct call *call, const struct ipc_inventory *inventory)
{
	const struct ls_args *args = call->args;
	char reasons[IPC_BLIND_TEXT_MAX], missing[ITEM_MISSING_MAX];
	char sentence[sizeof(reasons) + sizeof(missing) + 256];
	size_t length = tell_elsewhere(args->filter.pid, sentence, sizeof(sentence));

	if (item_missing(inventory, "listed", missing))
		length += (size_t)snprintf(sentence + length, sizeof(sentence) - length,
			"%s%s", length > 0 ? "; " : "", missing);
	if (inventory->holders.blind != 0)
		length += (size_t)snprintf(sentence + length, sizeof(sentence) - length,
			"%snot all holders may be known: %s", length > 0 ? "; " : "",
			ipc_blind_text(inventory->holders.blind, reasons));
	if (length > 0)
		cli_warn(call, sentence);
}

/* For what a column, a filter or a picture shows, or for objects found in no other way. */
static bool
needs_look(const struct call *call, const struct filter *filter)
{
	const struct ls_args *args = call->args;
	const unsigned int passing = 1U << IPC_FAMILY_PIPE | 1U << IPC_FAMILY_FIFO;

	return filter->families & passing || filter_needs_holders(filter) ||
		args->tree || args->dot || args->new_since != NULL ||
		(args->save == NULL &&
			(standing_is_wanted(&call->records) || args->sort != NULL));
}

/* Lists what passes the filter. */
static int
take(struct call *call, struct ls_saved *saved, struct ipc_inventory *inventory)
{
	const struct ls_args *args = call->args;
	struct filter filter = args->filter;
	struct ipc_inventory_plan plan = {
		.dirs = (const char *const *)call->operands,
		.uses = records_want(&call->records, "USED"),
		.counts = wants_counts(call),
	};

	if (filter_begin(&filter, call) < 0 ||
		standing_check_process(call, "objects", filter.pid) < 0 ||
		ls_saved_read(call, saved) < 0)
		return -1;
	plan.families = filter.families;
	if (args->new_since != NULL && !args->since_all)
		plan.families &= ~(unsigned int)IPC_FAMILIES_PASSING;
	if (ipc_inventory_list(inventory, &plan, &call->err) < 0)
		return -1;
	filter_before_look(&filter, inventory);
	ls_keep_new(call, saved, inventory);
	if (!needs_look(call, &filter))
		return 0;
	if (ipc_inventory_discover(inventory, &plan, &call->err) < 0)
		return -1;
	/* What the look has found, too. */
	filter_before_look(&filter, inventory);
	filter_after_look(&filter, inventory);
	ls_keep_new(call, saved, inventory);
	return 0;
}

static int
show(struct call *call, const struct ipc_inventory *inventory)
{
	struct item_view view;

	item_view_begin(&view, call, &call->records);
	for (size_t i = 0; i < inventory->count; i++)
		if (item_show(&view, &inventory->items[i]) < 0)
			return -1;
	return 0;
}

/* How it is shown. */
static int (*picture(const struct call *call))(
	struct call *, const struct ipc_inventory *)
{
	const struct ls_args *args = call->args;

	return args->tree ? ls_tree : args->dot ? ls_dot : show;
}

static int
list(struct call *call, struct ipc_inventory *inventory)
{
	const struct ls_args *args = call->args;
	struct ls_saved saved = { .count = 0 };
	int result = take(call, &saved, inventory);

	ls_saved_free(&saved);
	if (result < 0)
		return -1;
	if (args->save != NULL)
		return ls_save(call, inventory);
	if (ls_sort(call, inventory) < 0 || picture(call)(call, inventory) < 0)
		return -1;
	if (args->new_since != NULL && inventory->count > 0) {
		cli_warn(call, "something new was found");
		call->status = STATUS_REFUSED;
	}
	return 0;
}

/* Limits are those of the system, or of a user. */
static bool
chooses_objects(const struct call *call)
{
	const struct ls_args *args = call->args;
	struct filter others = args->filter;

	others.owner.uid = (uid_t)-1;
	return args->sort != NULL || args->reverse || others.types != NULL ||
		call->operands[0] != NULL || filter_is_narrow(&others);
}

/* The option that says how records are shown, or NULL. */
static const char *
form_of(const struct records *records)
{
	return records->json              ? "--json"
		: records->export         ? "--export"
		: records->chosen != NULL ? "--output"
		: records->raw            ? "--raw"
		: records->bytes          ? "--bytes"
		: records->noheadings     ? "--noheadings"
					  : NULL;
}

/* What cannot be together. */
static int
check(struct call *call)
{
	const struct ls_args *args = call->args;
	const char *form = form_of(&call->records);
	const bool saves = args->save != NULL, compares = args->new_since != NULL;

	if (args->tree + args->dot + args->limits + saves > 1)
		return cli_misuse(
			call, "only one of --tree, --dot, --limits and --save can be");
	if ((args->tree || args->dot || saves) && form != NULL)
		return cli_misuse(call, "%s shows no records: %s cannot be with it",
			args->tree          ? "--tree"
				: args->dot ? "--dot"
					    : "--save",
			form);
	if (saves && (args->sort != NULL || args->reverse))
		return cli_misuse(call,
			"--save has no order: --sort and --reverse cannot be with it");
	if (args->limits && chooses_objects(call))
		return cli_misuse(call,
			"--limits can be with --user, but with nothing else that chooses "
			"or sorts objects");
	if (compares && (args->limits || saves))
		return cli_misuse(
			call, "--new-since can be with neither --limits nor --save");
	if (compares && (args->tree || args->dot))
		return cli_misuse(call,
			"%s shows only what somebody has: --new-since cannot be with it",
			args->tree ? "--tree" : "--dot");
	if ((saves && *args->save == '\0') || (compares && *args->new_since == '\0'))
		return cli_misuse(
			call, "--save and --new-since need the name of a file");
	if (args->since_all && !compares)
		return cli_misuse(call, "--since-all needs --new-since");
	return ls_sort_check(call);
}

static int
ls(struct call *call)
{
	const struct ls_args *args = call->args;
	struct ipc_inventory inventory = { .items = NULL };
	int result;

	if (check(call) < 0)
		return -1;
	if (args->limits)
		return ls_limits(call);
	result = list(call, &inventory);
	if (result == 0)
		warn(call, &inventory);
	ipc_inventory_free(&inventory);
	return result;
}

static const struct column_group limit_groups[] = {
	{ "--limits", limit_columns },
	{ NULL, NULL },
};

static const struct verb verbs[] = {
	{ .name = "ipc-ls",
		.operands = "[DIR]...",
		.help = "list the IPC objects of the machine, and who has them",
		.options = ls_options,
		ARGS(struct ls_args, .filter = NO_FILTER),
		.columns = item_columns,
		.groups = item_groups,
		.instead = limit_groups,
		.run = ls },
	{ .name = NULL },
};

const struct program this_program = {
	.name = "ipc-ls",
	.help = "the IPC objects of the machine, for shell scripts",
	.verbs = verbs,
};
