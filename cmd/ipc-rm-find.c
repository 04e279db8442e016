/* ipc-rm-find.c - what to remove: what passes a filter, or what standard input lists */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ipc-rm.h"
#include "json.h"

/*
 * Whether it may be what is looked for: what is not known may be proven later.  A file that
 * is mapped is somebody's file, also when it is mapped no more.
 */
static bool
is_candidate(const struct ipc_item *item, const void *arg)
{
	const struct rm_args *args = arg;
	const enum ipc_state state = ipc_stale_judge(&item->evidence).state;

	if (item->is_passing && item->evidence.owner.state != IPC_OWNER_ENDED)
		return false;
	if (state != IPC_STATE_UNKNOWN)
		return state == IPC_STALE || (state == IPC_IDLE && args->idle);
	return args->idle || item->evidence.object.type == IPC_SOCKET_FILE ||
		item->evidence.owner.state == IPC_OWNER_ENDED;
}

static int
look(struct rm *rm, struct ipc_inventory *inventory)
{
	struct ipc_inventory_plan plan = { .dirs = rm->args->under.path };
	struct filter *filter = &rm->filter;

	*filter = rm->args->filter;
	if (filter_begin(filter, rm->call) < 0)
		return -1;
	/* Nobody but root may remove what is another's. */
	if (filter->owner.uid == IPC_NOBODY && geteuid() != 0)
		filter->owner.uid = geteuid();
	/* Of mapped files those that somebody has are found, and no others. */
	plan.families = filter->families & ~(1U << IPC_FAMILY_MMAP);
	if (ipc_inventory_list(inventory, &plan, &rm->call->err) < 0)
		return -1;
	filter_before_look(filter, inventory);
	if (ipc_inventory_look(inventory, &rm->call->err) < 0)
		return -1;
	filter_after_look(filter, inventory);
	ipc_inventory_keep(inventory, is_candidate, rm->args);
	return 0;
}

/*
 * That nobody has it is seen twice, so far apart: some open it, and close it soon,
 * and a socket that is just being bound has a file first.
 */
static void
let_a_second_pass(void)
{
	struct timespec left = { .tv_sec = 1 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

int
rm_found(struct rm *rm)
{
	struct ipc_inventory inventory = { .items = NULL };
	char identity[IPC_IDENTITY_MAX], missing[ITEM_MISSING_MAX];
	int result = look(rm, &inventory);

	if (result == 0 && item_missing(&inventory, "found", missing))
		cli_warn(rm->call, missing);
	if (result == 0 && inventory.count > 0)
		let_a_second_pass();
	for (size_t i = 0; i < inventory.count && result == 0; i++) {
		const struct ipc_item *item = &inventory.items[i];

		rm->used = item->used;
		rm_one(rm, item->address,
			ipc_object_identity(&item->evidence.object, identity));
	}
	ipc_inventory_free(&inventory);
	return result;
}

/* One that was listed. */
struct listed {
	char *address, *identity;
};

struct list {
	struct listed *items;
	size_t count, room;
};

/* What a line has: the address is that in base64, if it has one. */
enum { LISTED_ADDRESS, LISTED_BASE64, LISTED_IDENTITY, LISTED_KEYS };

static const char *const keys[LISTED_KEYS] = { "address", "address_base64",
	"identity" };

static const char *
take_member(const char *key, struct json_value *value, void *arg)
{
	char **members = arg;
	size_t i = 0;

	while (i < LISTED_KEYS && strcmp(key, keys[i]) != 0)
		i++;
	if (i == LISTED_KEYS)
		return NULL;
	if (members[i] != NULL)
		return "it has two addresses or identities";
	if (value->type != JSON_STRING)
		return "its address or identity is not a string";
	if (i == LISTED_BASE64 && !json_base64(value))
		return "its address_base64 is not base64";
	if (strlen(value->text) != value->length)
		return "its address or identity has a NUL within";
	members[i] = strdup(value->text);
	return members[i] == NULL ? "there is no memory for it" : NULL;
}

static void
free_listed(const struct listed *listed)
{
	free(listed->address);
	free(listed->identity);
}

static int
add(struct list *list, const struct listed *listed, struct ipc_error *err)
{
	if (list->count == list->room) {
		size_t room = 2 * list->room + 64;
		struct listed *more = reallocarray(list->items, room, sizeof(*more));

		if (more == NULL)
			return ipc_fail(err, errno, "read standard input");
		list->items = more;
		list->room = room;
	}
	list->items[list->count++] = *listed;
	return 0;
}

static int
add_line(struct rm *rm, struct list *list, char *line, size_t length)
{
	char *members[LISTED_KEYS] = { NULL };
	const char *wrong = json_read_object(line, length, take_member, members);
	const bool is_base64 = members[LISTED_BASE64] != NULL;
	const struct listed listed = {
		.address = members[is_base64 ? LISTED_BASE64 : LISTED_ADDRESS],
		.identity = members[LISTED_IDENTITY],
	};

	free(members[is_base64 ? LISTED_ADDRESS : LISTED_BASE64]); /* the other */
	if (wrong == NULL && (listed.address == NULL || listed.identity == NULL))
		wrong = "it has no address and identity, as ipc-ls --json tells them";
	if (wrong != NULL) {
		free_listed(&listed);
		return cli_misuse(rm->call, "line %zu of standard input: %s",
			list->count + 1, wrong);
	}
	if (ipc_inventory_check(listed.address, &rm->call->err) == 0 &&
		add(list, &listed, &rm->call->err) == 0)
		return 0;
	free_listed(&listed);
	return -1;
}

/* All of it comes before anything is done: a wrong line leaves all as it was. */
static int
read_list(struct rm *rm, struct list *list)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	int result = 0;

	while (result == 0 && (length = getline(&line, &room, stdin)) >= 0)
		result = add_line(rm, list, line, (size_t)length);
	free(line);
	if (result == 0 && !feof(stdin)) /* or no memory for a line */
		return ipc_fail(&rm->call->err, errno, "read standard input");
	return result;
}

int
rm_listed(struct rm *rm)
{
	struct list list = { .items = NULL };
	int result = read_list(rm, &list);

	for (size_t i = 0; i < list.count; i++) {
		if (result == 0)
			rm_one(rm, list.items[i].address, list.items[i].identity);
		free_listed(&list.items[i]);
	}
	free(list.items);
	return result;
}
