/* inventory-rows.c - what an inventory must know of each type: one row each */
#include <errno.h>
#include <sys/stat.h>

#include "inventory.h"

static int
no_memory(struct ipc_error *err)
{
	return ipc_fail(err, ENOMEM, "list the objects");
}

static int
add_mq(const struct ipc_mq_info *info, void *arg)
{
	const struct ipc_inventory_lister *lister = arg;
	const struct ipc_evidence evidence = ipc_mq_evidence(info);
	struct ipc_item *item = ipc_inventory_add_item(lister, &evidence);

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
look_at_mq(struct ipc_inventory_lister *lister, const struct ipc_address *address)
{
	struct ipc_mq_info info;

	if (ipc_mq_stat(address, IPC_MQ_GLANCE, &info, lister->err) < 0)
		return -1;
	return add_mq(&info, lister);
}

static int
list_mq(struct ipc_inventory_lister *lister, bool *complete)
{
	return ipc_mq_each(lister->plan->counts ? IPC_MQ_STATUS : IPC_MQ_GLANCE, add_mq,
		lister, complete, lister->err);
}

static int
add_memory(const struct ipc_memory_info *info, void *arg)
{
	const struct ipc_inventory_lister *lister = arg;
	const struct ipc_evidence evidence = ipc_memory_evidence(info);
	struct ipc_item *item = ipc_inventory_add_item(lister, &evidence);

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
look_at_memory(struct ipc_inventory_lister *lister, const struct ipc_address *address)
{
	struct ipc_memory_info info;

	if (ipc_memory_stat(address, IPC_MEMORY_GLANCE, &info, lister->err) < 0)
		return -1;
	return add_memory(&info, lister);
}

static enum ipc_memory_look
memory_look(const struct ipc_inventory_plan *plan)
{
	return plan->counts  ? IPC_MEMORY_COUNT
		: plan->uses ? IPC_MEMORY_USED
			     : IPC_MEMORY_GLANCE;
}

static int
list_shm(struct ipc_inventory_lister *lister, bool *complete)
{
	return ipc_memory_each_shm(
		memory_look(lister->plan), add_memory, lister, complete, lister->err);
}

static int
list_mmap(struct ipc_inventory_lister *lister, bool *complete)
{
	return ipc_memory_each_file(
		memory_look(lister->plan), add_memory, lister, complete, lister->err);
}

static int
add_sem(const struct ipc_sem_info *info, void *arg)
{
	const struct ipc_inventory_lister *lister = arg;
	const struct ipc_evidence evidence = ipc_sem_evidence(info);
	struct ipc_item *item = ipc_inventory_add_item(lister, &evidence);

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
look_at_sem(struct ipc_inventory_lister *lister, const struct ipc_address *address)
{
	struct ipc_sem_info info;

	if (ipc_sem_stat(address, &info, lister->err) < 0)
		return -1;
	return add_sem(&info, lister);
}

static int
list_sem(struct ipc_inventory_lister *lister, bool *complete)
{
	(void)complete; /* it always is */
	return ipc_sem_each(add_sem, lister, lister->err);
}

static int
add_fifo(const struct ipc_fifo_info *info, void *arg)
{
	const struct ipc_inventory_lister *lister = arg;
	const struct ipc_evidence evidence = ipc_fifo_evidence(info);
	struct ipc_item *item = ipc_inventory_add_item(lister, &evidence);

	if (item == NULL)
		return no_memory(lister->err);
	item->mode = info->mode;
	item->gid = info->gid;
	item->used = ipc_fifo_used(info);
	item->fifo = *info;
	item->fifo.address = item->evidence.object.address;
	return 0;
}

static int
look_at_fifo(struct ipc_inventory_lister *lister, const struct ipc_address *address)
{
	struct ipc_fifo_info info;

	if (ipc_fifo_stat(address, &info, lister->err) < 0)
		return -1;
	return add_fifo(&info, lister);
}

/* Others come with the processes that have them. */
static int
list_fifo(struct ipc_inventory_lister *lister, bool *complete)
{
	struct ipc_error *missed = &lister->inventory->missed;
	int result = 0;

	if (lister->plan->dirs != NULL)
		result = ipc_fifo_each_in(
			lister->plan->dirs, add_fifo, lister, missed, lister->err);
	*complete = missed->code == 0;
	return result;
}

/* What a path tells that leads to it only by way of a process that has it. */
static void
fill_nameless(struct ipc_fifo_info *info)
{
	struct stat st;

	if (stat(ipc_address_text(&info->address), &st) < 0 ||
		st.st_ino != info->inode || st.st_dev != info->device)
		return; /* it has gone */
	info->mode = st.st_mode & 07777;
	info->gid = st.st_gid;
	info->accessed = st.st_atime;
	info->modified = st.st_mtime;
	info->changed = st.st_ctime;
}

/* Adds it in any case: the holders are told by its place. */
static int
add_discovered_fifo(
	struct ipc_inventory_lister *lister, const struct ipc_object *object)
{
	struct ipc_fifo_info info = {
		.address = object->address,
		.device = object->device,
		.inode = object->number,
		.mode = (mode_t)-1,
		.uid = object->uid,
		.gid = (gid_t)-1,
		.created = IPC_UNKNOWN_TIME,
		.accessed = IPC_UNKNOWN_TIME,
		.modified = IPC_UNKNOWN_TIME,
		.changed = IPC_UNKNOWN_TIME,
	};
	struct ipc_fifo_info named;

	if (ipc_fifo_stat(&object->address, &named, NULL) == 0 &&
		named.inode == object->number && named.device == object->device)
		return add_fifo(&named, lister);
	fill_nameless(&info);
	if (add_fifo(&info, lister) < 0)
		return -1;
	lister->inventory->items[lister->inventory->count - 1].is_passing = true;
	return 0;
}

static int
add_pipe(struct ipc_inventory_lister *lister, const struct ipc_object *object)
{
	const struct ipc_evidence evidence = { .object = *object };
	struct ipc_item *item = ipc_inventory_add_item(lister, &evidence);

	if (item == NULL)
		return no_memory(lister->err);
	item->is_passing = true;
	item->used = IPC_UNKNOWN_TIME;
	item->mode = (mode_t)-1;
	item->gid = (gid_t)-1;
	return 0;
}

static int
look_at_pipe(struct ipc_inventory_lister *lister, const struct ipc_address *address)
{
	struct ipc_object object;

	if (ipc_pipe_find(address, "inspect", &object, lister->err) < 0)
		return -1;
	return add_pipe(lister, &object);
}

static int
add_sock(const struct ipc_sock_info *info, void *arg)
{
	const struct ipc_inventory_lister *lister = arg;
	const struct ipc_evidence evidence = ipc_sock_evidence(info);
	struct ipc_item *item = ipc_inventory_add_item(lister, &evidence);

	if (item == NULL)
		return no_memory(lister->err);
	item->size = IPC_UNKNOWN;
	item->mode = info->mode;
	item->gid = info->gid;
	item->used = info->changed;
	item->is_passing = info->address.kind == IPC_ABSTRACT;
	item->sock = *info;
	item->sock.address = item->evidence.object.address;
	return 0;
}

static int
look_at_sock(struct ipc_inventory_lister *lister, const struct ipc_address *address)
{
	struct ipc_sock_info info;

	if (ipc_sock_stat(address, &info, lister->err) < 0)
		return -1;
	return add_sock(&info, lister);
}

static int
list_sock(struct ipc_inventory_lister *lister, bool *complete)
{
	struct ipc_error *missed = &lister->inventory->missed;
	int result = ipc_sock_each(
		lister->plan->dirs, add_sock, lister, missed, lister->err);

	*complete = missed->code == 0;
	return result;
}

const struct ipc_inventory_row ipc_inventory_rows[IPC_FAMILIES] = {
	[IPC_FAMILY_MQ] = {
		.name = "mq",
		.address = ipc_address_mq,
		.look = look_at_mq,
		.list = list_mq,
	},
	[IPC_FAMILY_SHM] = {
		.name = "shm",
		.address = ipc_address_shm,
		.look = look_at_memory,
		.list = list_shm,
	},
	[IPC_FAMILY_SEM] = {
		.name = "sem",
		.address = ipc_address_sem,
		.look = look_at_sem,
		.list = list_sem,
	},
	[IPC_FAMILY_FIFO] = {
		.name = "fifo",
		.address = ipc_address_path,
		.look = look_at_fifo,
		.list = list_fifo,
		.discovered = add_discovered_fifo,
		.type = IPC_FIFO,
	},
	[IPC_FAMILY_MMAP] = {
		.name = "mmap",
		.address = ipc_address_path,
		.look = look_at_memory,
		.list = list_mmap,
	},
	[IPC_FAMILY_PIPE] = {
		.name = "pipe",
		.address = ipc_address_pipe,
		.look = look_at_pipe,
		.discovered = add_pipe,
		.type = IPC_PIPE,
	},
	[IPC_FAMILY_SOCK] = {
		.name = "sock",
		.address = ipc_address_sock,
		.look = look_at_sock,
		.list = list_sock,
	},
};
