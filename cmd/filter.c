/* filter.c - which of the objects of an inventory: options of ipc-ls and ipc-rm */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <time.h>

#include "filter.h"

enum { NS_PER_S = 1000000000 };

const char *
filter_type(unsigned int place)
{
	return place < IPC_FAMILIES ? ipc_family_name(place) : NULL;
}

const char *
filter_state(unsigned int place)
{
	return place <= IPC_STALE ? ipc_state_text(place) : NULL;
}

/* The bits of the words of a list, or 0 when one is none of them. */
static unsigned int
read_list(const char *list, const char *(*word)(unsigned int place))
{
	unsigned int bits = 0;

	for (const char *end = ","; *end != '\0'; list = end + 1) {
		unsigned int i = 0;

		end = strchrnul(list, ',');
		while (word(i) != NULL &&
			(strncmp(list, word(i), (size_t)(end - list)) != 0 ||
				word(i)[end - list] != '\0'))
			i++;
		if (word(i) == NULL)
			return 0;
		bits |= 1U << i;
	}
	return bits;
}

int
filter_begin(struct filter *filter, struct call *call)
{
	filter->families = IPC_FAMILIES_ALL;
	if (filter->types != NULL)
		filter->families = read_list(filter->types, filter_type);
	if (filter->families == 0)
		return cli_misuse(call,
			"option '--type': '%s' is not a list of types such as mq,shm",
			filter->types);
	if (filter->states != NULL)
		filter->state_bits = read_list(filter->states, filter_state);
	if (filter->states != NULL && filter->state_bits == 0)
		return cli_misuse(call,
			"option '--state': '%s' is not a list of states: in-use, idle, "
			"stale, unknown",
			filter->states);
	if (filter->name != NULL && *filter->name == '\0')
		return cli_misuse(
			call, "option '--name' needs a pattern such as 'job*'");
	return 0;
}

bool
filter_needs_holders(const struct filter *filter)
{
	return filter->pid != 0 || filter->states != NULL;
}

bool
filter_is_narrow(const struct filter *filter)
{
	return filter_needs_holders(filter) || filter->owner.uid != (uid_t)-1 ||
		filter->owner.gid != (gid_t)-1 || filter->name != NULL ||
		filter->older_than > 0;
}

static bool
is_named(const struct ipc_item *item, const char *pattern)
{
	const char *address = ipc_address_text(&item->evidence.object.address);
	const char *slash = strrchr(address, '/');
	const char *type = ipc_family_name(item->family);
	const size_t length = strlen(type);

	/* As it is listed: a pattern alone, as s*, is none of types. */
	if (strncmp(pattern, type, length) == 0 && pattern[length] == ':' &&
		fnmatch(pattern + length + 1, address, 0) == 0)
		return true;
	return fnmatch(pattern, address, 0) == 0 ||
		(slash != NULL && fnmatch(pattern, slash + 1, 0) == 0);
}

static bool
belongs_to(const struct ipc_item *item, const struct owner *owner)
{
	return (owner->uid == (uid_t)-1 || owner->uid == item->evidence.object.uid) &&
		(owner->gid == (gid_t)-1 || owner->gid == item->gid);
}

static bool
is_held_by(const struct ipc_item *item, pid_t pid)
{
	for (size_t i = 0; i < item->evidence.holder_count; i++)
		if (item->evidence.holders[i].pid == pid)
			return true;
	return false;
}

/*
 * What is not known is not older than anything.  A time that is kept in seconds may have
 * been almost a second later.
 */
static bool
is_older_than(const struct ipc_item *item, int64_t span)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return item->used != IPC_UNKNOWN_TIME &&
		item->used <
		now.tv_sec - span / NS_PER_S - (now.tv_nsec < span % NS_PER_S);
}

bool
filter_passes_before_look(const struct filter *filter, const struct ipc_item *item)
{
	if (!(filter->families & 1U << item->family))
		return false;
	if (!belongs_to(item, &filter->owner))
		return false;
	if (filter->name != NULL && !is_named(item, filter->name))
		return false;
	return filter->older_than == 0 || is_older_than(item, filter->older_than);
}

static bool
passes_before_look(const struct ipc_item *item, const void *arg)
{
	return filter_passes_before_look(arg, item);
}

static bool
passes_after_look(const struct ipc_item *item, const void *arg)
{
	const struct filter *filter = arg;

	if (filter->pid != 0 && !is_held_by(item, filter->pid))
		return false;
	return filter->states == NULL ||
		filter->state_bits & 1U << ipc_stale_judge(&item->evidence).state;
}

void
filter_before_look(const struct filter *filter, struct ipc_inventory *inventory)
{
	ipc_inventory_keep(inventory, passes_before_look, filter);
}

void
filter_after_look(const struct filter *filter, struct ipc_inventory *inventory)
{
	ipc_inventory_keep(inventory, passes_after_look, filter);
}

bool
filter_passes(const struct filter *filter, const struct ipc_item *item)
{
	return filter_passes_before_look(filter, item) &&
		passes_after_look(item, filter);
}
