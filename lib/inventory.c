/* inventory.c - the objects of every type, in one list: one row each */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ipcutil/inventory.h>

#include "auto.h"

/* One that lists. */
struct lister {
	struct ipc_inventory *inventory;
	const struct ipc_inventory_plan *plan;
	enum ipc_family family;
	struct ipc_error *err;
};

/* What can be done with the objects of a family. */
struct row {
	const char *name;
	int (*address)(
		const char *text, struct ipc_address *address, struct ipc_error *err);
	/* Adds the object of an address. */
	int (*look)(struct lister *lister, const struct ipc_address *address);
	/* Adds all there are. */
	int (*list)(struct lister *lister, bool *complete);
};

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

/* Adds an item, for the caller to fill what it is not given; or NULL. */
static struct ipc_item *
add(const struct lister *lister, const struct ipc_evidence *evidence)
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
	*item = (struct ipc_item){ .family = lister->family, .evidence = *evidence };
	if (asprintf(&item->address, "%s:%s", ipc_family_name(lister->family),
		    ipc_address_text(address)) < 0)
		return NULL;
	set_address(item, address);
	inventory->count++;
	return item;
}

static int
add_mq(const struct ipc_mq_info *info, void *arg)
{
	const struct lister *lister = arg;
	const struct ipc_evidence evidence = ipc_mq_evidence(info);
	struct ipc_item *item = add(lister, &evidence);

	if (item == NULL)
		return no_memory(lister->err);
	item->size = info->size;
	item->messages = info->messages;
	item->mode = info->mode;
	item->gid = info->gid;
	item->used = ipc_mq_used(info);
	item->mq = *info;
	return 0;
}

static int
look_at_mq(struct lister *lister, const struct ipc_address *address)
{
	struct ipc_mq_info info;

	if (ipc_mq_stat(address, IPC_MQ_GLANCE, &info, lister->err) < 0)
		return -1;
	return add_mq(&info, lister);
}

static int
list_mq(struct lister *lister, bool *complete)
{
	return ipc_mq_each(lister->plan->counts ? IPC_MQ_STATUS : IPC_MQ_GLANCE, add_mq,
		lister, complete, lister->err);
}

static int
add_memory(const struct ipc_memory_info *info, void *arg)
{
	const struct lister *lister = arg;
	const struct ipc_evidence evidence = ipc_memory_evidence(info);
	struct ipc_item *item = add(lister, &evidence);

	if (item == NULL)
		return no_memory(lister->err);
	item->size = info->size;
	item->mode = info->mode;
	item->gid = info->gid;
	item->used = ipc_memory_used(info);
	item->is_passing = lister->family == IPC_FAMILY_MMAP || info->removed == 1;
	item->memory = *info;
	item->memory.address = item->evidence.object.address;
	return 0;
}

static int
look_at_memory(struct lister *lister, const struct ipc_address *address)
{
	struct ipc_memory_info info;

	if (ipc_memory_stat(address, IPC_MEMORY_GLANCE, &info, lister->err) < 0)
		return -1;
	return add_memory(&info, lister);
}

static int
list_shm(struct lister *lister, bool *complete)
{
	return ipc_memory_each_shm(
		lister->plan->counts ? IPC_MEMORY_COUNT : IPC_MEMORY_GLANCE, add_memory,
		lister, complete, lister->err);
}

static int
list_mmap(struct lister *lister, bool *complete)
{
	return ipc_memory_each_file(
		lister->plan->counts ? IPC_MEMORY_COUNT : IPC_MEMORY_GLANCE, add_memory,
		lister, complete, lister->err);
}

static int
add_sem(const struct ipc_sem_info *info, void *arg)
{
	const struct lister *lister = arg;
	const struct ipc_evidence evidence = ipc_sem_evidence(info);
	struct ipc_item *item = add(lister, &evidence);

	if (item == NULL)
		return no_memory(lister->err);
	item->size = info->size;
	item->mode = info->mode;
	item->gid = info->gid;
	item->used = ipc_sem_used(info);
	item->sem = *info;
	return 0;
}

static int
look_at_sem(struct lister *lister, const struct ipc_address *address)
{
	struct ipc_sem_info info;

	if (ipc_sem_stat(address, &info, lister->err) < 0)
		return -1;
	return add_sem(&info, lister);
}

static int
list_sem(struct lister *lister, bool *complete)
{
	(void)complete; /* it always is */
	return ipc_sem_each(add_sem, lister, lister->err);
}

static int
add_sock(const struct ipc_sock_info *info, void *arg)
{
	const struct lister *lister = arg;
	const struct ipc_evidence evidence = ipc_sock_evidence(info);
	struct ipc_item *item = add(lister, &evidence);

	if (item == NULL)
		return no_memory(lister->err);
	item->size = IPC_UNKNOWN;
	item->mode = info->mode;
	item->gid = info->gid;
	item->used = info->changed;
	item->is_passing = info->file == IPC_UNKNOWN;
	item->sock = *info;
	item->sock.address = item->evidence.object.address;
	return 0;
}

static int
look_at_sock(struct lister *lister, const struct ipc_address *address)
{
	struct ipc_sock_info info;

	if (ipc_sock_stat(address, &info, lister->err) < 0)
		return -1;
	return add_sock(&info, lister);
}

static int
list_sock(struct lister *lister, bool *complete)
{
	return ipc_sock_each(
		lister->plan->dirs, add_sock, lister, complete, lister->err);
}

static const struct row rows[IPC_FAMILIES] = {
	[IPC_FAMILY_MQ] = { "mq", ipc_address_mq, look_at_mq, list_mq },
	[IPC_FAMILY_SHM] = { "shm", ipc_address_shm, look_at_memory, list_shm },
	[IPC_FAMILY_SEM] = { "sem", ipc_address_sem, look_at_sem, list_sem },
	[IPC_FAMILY_MMAP] = { "mmap", ipc_address_path, look_at_memory, list_mmap },
	[IPC_FAMILY_SOCK] = { "sock", ipc_address_sock, look_at_sock, list_sock },
};

const char *
ipc_family_name(enum ipc_family family)
{
	return rows[family].name;
}

int
ipc_inventory_list(struct ipc_inventory *inventory,
	const struct ipc_inventory_plan *plan, struct ipc_error *err)
{
	struct lister lister = { .inventory = inventory, .plan = plan, .err = err };

	for (unsigned int i = 0; i < IPC_FAMILIES; i++) {
		bool complete = true;

		if (!(plan->families & 1U << i))
			continue;
		lister.family = i;
		if (rows[i].list(&lister, &complete) < 0)
			return -1;
		if (!complete)
			inventory->incomplete |= 1U << i;
	}
	return 0;
}

int
ipc_inventory_add(
	struct ipc_inventory *inventory, const char *address, struct ipc_error *err)
{
	const char *colon = strchrnul(address, ':');
	const size_t length = (size_t)(colon - address);
	struct lister lister = { .inventory = inventory, .err = err };
	struct ipc_address plain;

	for (unsigned int i = 0; *colon == ':' && i < IPC_FAMILIES; i++) {
		if (strncmp(rows[i].name, address, length) != 0 ||
			rows[i].name[length] != '\0')
			continue;
		lister.family = i;
		if (rows[i].address(colon + 1, &plain, err) < 0)
			return -1;
		return rows[i].look(&lister, &plain);
	}
	return ipc_refuse(err, IPC_MISUSE, EINVAL,
		"'%s' is not an address with its type before it, such as 'shm:id:42'",
		address);
}

int
ipc_inventory_look(struct ipc_inventory *inventory, struct ipc_error *err)
{
	autofree struct ipc_evidence *evidence =
		calloc(inventory->count + 1, sizeof(*evidence));
	int result;

	if (evidence == NULL)
		return no_memory(err);
	for (size_t i = 0; i < inventory->count; i++) {
		evidence[i] = inventory->items[i].evidence;
		inventory->items[i].evidence.holder_count = 0;
	}
	ipc_holders_free(&inventory->holders);
	result = ipc_stale_find(evidence, inventory->count, &inventory->holders, err);
	for (size_t i = 0; i < inventory->count && result == 0; i++)
		inventory->items[i].evidence = evidence[i];
	return result;
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
