/* inventory.c - the objects of every type, in one list */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "inventory.h"
#include "sock.h"

/* Where that is a path, it is part of the text, which the item owns. */
static void
set_address(struct ipc_item *item, const struct ipc_address *address)
{
	struct ipc_address *own = &item->evidence.object.address;

	*own = *address;
	if (own->kind == IPC_PATH)
		own->path = strchr(item->address, ':') + 1;
}

static int
no_memory(struct ipc_error *err)
{
	return ipc_fail(err, ENOMEM, "list the objects");
}

struct ipc_item *
ipc_inventory_add_item(
	const struct ipc_inventory_lister *lister, const struct ipc_evidence *evidence)
{
	struct ipc_inventory *inventory = lister->inventory;
	const struct ipc_address *address = &evidence->object.address;
	struct ipc_item *item;

	if (inventory->count == inventory->room) {
		size_t room = inventory->room * 2 + 64;
		struct ipc_item *more =
			reallocarray(inventory->items, room, sizeof(*more));

		if (more == NULL)
			return NULL;
		inventory->items = more;
		inventory->room = room;
	}
	item = &inventory->items[inventory->count];
	*item = (struct ipc_item){
		.family = lister->family,
		.evidence = *evidence,
		.size = IPC_UNKNOWN,
	};
	if (asprintf(&item->address, "%s:%s", ipc_family_name(lister->family),
		    ipc_address_text(address)) < 0)
		return NULL;
	set_address(item, address);
	inventory->count++;
	return item;
}

const char *
ipc_family_name(enum ipc_family family)
{
	return ipc_inventory_rows[family].name;
}

/* Also where no type is looked for that is found in them. */
static int
check_directories(const char *const *dirs, struct ipc_error *err)
{
	for (; dirs != NULL && *dirs != NULL; dirs++) {
		autoclose int fd = open(*dirs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return ipc_fail(err, errno, "list '%s'", *dirs);
	}
	return 0;
}

int
ipc_inventory_list(struct ipc_inventory *inventory,
	const struct ipc_inventory_plan *plan, struct ipc_error *err)
{
	struct ipc_inventory_lister lister = {
		.inventory = inventory, .plan = plan, .err = err
	};

	if (check_directories(plan->dirs, err) < 0)
		return -1;
	for (unsigned int i = 0; i < IPC_FAMILIES; i++) {
		bool complete = true;

		if (!(plan->families & 1U << i) || ipc_inventory_rows[i].list == NULL)
			continue;
		lister.family = i;
		if (ipc_inventory_rows[i].list(&lister, &complete) < 0)
			return -1;
		if (!complete)
			inventory->incomplete |= 1U << i;
	}
	return 0;
}

/* Reads an address with its type before it: the row of the type, or NULL. */
static const struct ipc_inventory_row *
read_address(const char *address, struct ipc_address *plain, struct ipc_error *err)
{
	const char *colon = strchrnul(address, ':');
	const size_t length = (size_t)(colon - address);

	for (unsigned int i = 0; *colon == ':' && i < IPC_FAMILIES; i++) {
		const struct ipc_inventory_row *row = &ipc_inventory_rows[i];

		if (strncmp(row->name, address, length) == 0 &&
			row->name[length] == '\0')
			return row->address(colon + 1, plain, err) < 0 ? NULL : row;
	}
	ipc_refuse(err, IPC_MISUSE, EINVAL,
		"'%s' is not an address with its type before it, such as 'shm:id:42'",
		address);
	return NULL;
}

int
ipc_inventory_check(const char *address, struct ipc_error *err)
{
	struct ipc_address plain;

	return read_address(address, &plain, err) == NULL ? -1 : 0;
}

int
ipc_inventory_add(
	struct ipc_inventory *inventory, const char *address, struct ipc_error *err)
{
	struct ipc_inventory_lister lister = { .inventory = inventory, .err = err };
	struct ipc_address plain;
	const struct ipc_inventory_row *row = read_address(address, &plain, err);

	if (row == NULL)
		return -1;
	lister.family = (enum ipc_family)(row - ipc_inventory_rows);
	return row->look(&lister, &plain);
}

/* Bits of the families that only a look at processes finds. */
static unsigned int
discovered_of(unsigned int families)
{
	unsigned int bits = 0;

	for (unsigned int i = 0; i < IPC_FAMILIES; i++)
		if (ipc_inventory_rows[i].discovered != NULL)
			bits |= families & 1U << i;
	return bits;
}

/* Adds what a look has found, in the order of its places. */
static int
add_discovered(struct ipc_inventory *inventory, const struct ipc_discovery *found,
	struct ipc_error *err)
{
	struct ipc_inventory_lister lister = { .inventory = inventory, .err = err };

	for (size_t i = 0; i < found->count; i++) {
		const struct ipc_inventory_row *row = ipc_inventory_rows;

		while (row->discovered == NULL || row->type != found->objects[i].type)
			row++;
		lister.family = (enum ipc_family)(row - ipc_inventory_rows);
		if (row->discovered(&lister, &found->objects[i]) < 0)
			return -1;
	}
	return 0;
}

/* A socket whose path leads nobody who has it to its file goes with them. */
static void
see_whether_gone(struct ipc_item *item)
{
	const struct ipc_evidence *evidence = &item->evidence;
	bool is_gone = item->family == IPC_FAMILY_SOCK && item->sock.is_gone &&
		evidence->holder_count > 0;

	for (size_t i = 0; i < evidence->holder_count && is_gone; i++)
		is_gone = ipc_sock_is_gone_for(&item->sock, evidence->holders[i].pid);
	item->is_passing |= is_gone;
}

/*
 * Fills the evidence of all items, whose holders one look has found.  To ask whether nobody
 * is bound to a socket file would be to connect to it.
 */
static int
complete(struct ipc_inventory *inventory, struct ipc_error *err)
{
	autofree struct ipc_evidence **evidence =
		calloc(inventory->count + 1, sizeof(*evidence));

	if (evidence == NULL)
		return no_memory(err);
	for (size_t i = 0; i < inventory->count; i++) {
		evidence[i] = &inventory->items[i].evidence;
		if (evidence[i]->object.type == IPC_SOCKET_FILE &&
			evidence[i]->bound == IPC_BOUND_UNKNOWN)
			inventory->holders.blind |= IPC_BLIND_BOUND;
	}
	if (ipc_stale_complete(evidence, inventory->count, &inventory->holders, err) <
		0)
		return -1;
	for (size_t i = 0; i < inventory->count; i++)
		see_whether_gone(&inventory->items[i]);
	return 0;
}

/* By family, and else as they are. */
static int
sort(struct ipc_inventory *inventory, struct ipc_error *err)
{
	struct ipc_item *sorted = calloc(inventory->count + 1, sizeof(*sorted));
	size_t count = 0;

	if (sorted == NULL)
		return no_memory(err);
	for (unsigned int family = 0; family < IPC_FAMILIES; family++)
		for (size_t i = 0; i < inventory->count; i++)
			if (inventory->items[i].family == family)
				sorted[count++] = inventory->items[i];
	free(inventory->items);
	inventory->items = sorted;
	inventory->room = inventory->count + 1;
	return 0;
}

static unsigned int
types_of(unsigned int families)
{
	unsigned int types = 0;

	for (unsigned int i = 0; i < IPC_FAMILIES; i++)
		if (families & 1U << i)
			types |= 1U << ipc_inventory_rows[i].type;
	return types;
}

int
ipc_inventory_discover(struct ipc_inventory *inventory,
	const struct ipc_inventory_plan *plan, struct ipc_error *err)
{
	autofree const struct ipc_object **objects =
		calloc(inventory->count + 1, sizeof(*objects));
	const unsigned int families = discovered_of(plan->families);
	struct ipc_discovery found;
	bool is_longer;
	int result;

	if (objects == NULL)
		return no_memory(err);
	for (size_t i = 0; i < inventory->count; i++) {
		objects[i] = &inventory->items[i].evidence.object;
		inventory->items[i].evidence.holder_count = 0;
	}
	ipc_holders_free(&inventory->holders);
	if (ipc_holders_look(
		    objects, inventory->count, types_of(families), &found, err) < 0)
		return -1;
	inventory->holders = found.holders;
	if (found.holders.blind != 0)
		inventory->incomplete |= families;
	found.holders = (struct ipc_holders){ .count = 0 };
	is_longer = found.count > 0;
	result = add_discovered(inventory, &found, err);
	ipc_discovery_free(&found);
	if (result < 0 || complete(inventory, err) < 0)
		return -1;
	return is_longer ? sort(inventory, err) : 0;
}

int
ipc_inventory_look(struct ipc_inventory *inventory, struct ipc_error *err)
{
	static const struct ipc_inventory_plan nothing_more = { .families = 0 };

	return ipc_inventory_discover(inventory, &nothing_more, err);
}

void
ipc_inventory_keep(struct ipc_inventory *inventory,
	bool (*passes)(const struct ipc_item *item, const void *arg), const void *arg)
{
	size_t kept = 0;

	for (size_t i = 0; i < inventory->count; i++)
		if (passes(&inventory->items[i], arg))
			inventory->items[kept++] = inventory->items[i];
		else
			free(inventory->items[i].address);
	inventory->count = kept;
}

void
ipc_inventory_free(struct ipc_inventory *inventory)
{
	for (size_t i = 0; i < inventory->count; i++)
		free(inventory->items[i].address);
	free(inventory->items);
	ipc_holders_free(&inventory->holders);
	*inventory = (struct ipc_inventory){ 0 };
}
