/* test-inventory.c - lib/inventory.c: all types in one list, whose holders are told */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ipcutil/inventory.h>

#include "crew.h"

static const struct ipc_inventory_plan everything = { .families = IPC_FAMILIES_ALL };

static char name[64], address[80]; /* of an object of the test, and "shm:" before it */

/* The item of an address, and how often it is there; or NULL. */
static const struct ipc_item *
find(const struct ipc_inventory *inventory, const char *wanted, size_t *count)
{
	const struct ipc_item *found = NULL;

	*count = 0;
	for (size_t i = 0; i < inventory->count; i++)
		if (strcmp(inventory->items[i].address, wanted) == 0) {
			found = &inventory->items[i];
			(*count)++;
		}
	return found;
}

static bool
is_ours(const struct ipc_item *item)
{
	for (size_t i = 0; item != NULL && i < item->evidence.holder_count; i++)
		if (item->evidence.holders[i].pid == getpid())
			return true;
	return false;
}

/* A FIFO that has no name any more. */
static void
open_nameless(int ends[2])
{
	char path[] = "/tmp/ipcutil-inventory-XXXXXX";

	must(mkdtemp(path) == NULL ? -1 : 0, "mkdtemp");
	must(chdir(path), "chdir");
	must(mkfifo("fifo", 0600), "mkfifo");
	ends[0] = open("fifo", O_RDONLY | O_NONBLOCK);
	ends[1] = open("fifo", O_WRONLY);
	must(ends[1], "open");
	unlink("fifo");
	must(chdir("/"), "chdir");
	rmdir(path);
}

/* How many FIFOs of that inode are listed; *item is the last. */
static size_t
count_inode(const struct ipc_inventory *inventory, int fd, const struct ipc_item **item)
{
	struct stat st;
	size_t count = 0;

	fstat(fd, &st);
	for (size_t i = 0; i < inventory->count; i++)
		if (inventory->items[i].evidence.object.number == st.st_ino &&
			inventory->items[i].evidence.object.device == st.st_dev) {
			*item = &inventory->items[i];
			count++;
		}
	return count;
}

static void
test_one_look(void)
{
	struct ipc_inventory inventory = { .items = NULL };
	const struct ipc_item *item = NULL;
	int fd = shm_open(name, O_RDWR | O_CREAT, 0600), pipes[2], ends[2];
	size_t count;

	must(fd, "shm_open");
	must(pipe(pipes), "pipe");
	open_nameless(ends);
	must(ipc_inventory_list(&inventory, &everything, NULL), "list");
	item = find(&inventory, address, &count);
	ok(count == 1 && item->evidence.holder_count == 0,
		"an object is listed, and its holders are not known yet");
	for (int look = 1; look <= 2; look++) {
		must(ipc_inventory_discover(&inventory, &everything, NULL), "discover");
		ok(is_ours(find(&inventory, address, &count)) && count == 1,
			"look %d finds that we have it", look);
		ok(count_inode(&inventory, pipes[0], &item) == 1 && is_ours(item) &&
				item->family == IPC_FAMILY_PIPE && item->is_passing,
			"and a pipe of ours");
		ok(count_inode(&inventory, ends[0], &item) == 1 && is_ours(item) &&
				item->family == IPC_FAMILY_FIFO && item->is_passing &&
				item->mode == 0600,
			"and a FIFO without a name, and what it is");
	}
	for (size_t i = 1; i < inventory.count; i++)
		if (inventory.items[i].family < inventory.items[i - 1].family)
			count = 0;
	is(count, 1, "the list is by family");
	ipc_inventory_free(&inventory);
	ipc_inventory_free(&inventory);
	is(inventory.count, 0, "and can be freed twice");
	close(fd);
}

static bool
has_address(const struct ipc_item *item, const void *arg)
{
	return strcmp(item->address, arg) == 0;
}

static void
test_one_address(void)
{
	static const char *const wrong[] = { "", ":", "shm", "shm:", "no:/x",
		"mq:", "/x", "SHM:/x", "shm:/a/b" };
	struct ipc_inventory inventory = { .items = NULL };
	struct ipc_error err;
	size_t count;
	char by_key[32], by_id[32];
	const key_t key = 0x4c000000 | getpid();
	int id = shmget(key, 100, IPC_CREAT | 0600);

	must(id, "shmget");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		ok(ipc_inventory_add(&inventory, wrong[i], &err) < 0 &&
				err.fault == IPC_MISUSE,
			"'%s' is no address", wrong[i]);
	ok(ipc_inventory_add(&inventory, "shm:/ipcutil-no-such", &err) < 0 &&
			err.fault == IPC_NO_OBJECT,
		"what is not there is told so");
	is(inventory.count, 0, "and nothing was added");
	snprintf(by_key, sizeof(by_key), "shm:key:0x%x", (unsigned int)key);
	snprintf(by_id, sizeof(by_id), "shm:id:%d", id);
	must(ipc_inventory_add(&inventory, by_key, NULL), "add");
	must(ipc_inventory_add(&inventory, address, NULL), "add");
	find(&inventory, by_id, &count);
	is(count, 1, "a key finds the object, whose address is its id");
	must(ipc_inventory_look(&inventory, NULL), "look");
	is(inventory.count, 2, "a look adds nothing");
	ipc_inventory_keep(&inventory, has_address, address);
	ok(inventory.count == 1 && has_address(inventory.items, address),
		"what does not pass is taken out");
	ipc_inventory_free(&inventory);
	shmctl(id, IPC_RMID, NULL);
}

int
main(void)
{
	snprintf(name, sizeof(name), "%s-inventory",
		getenv("PREFIX") != NULL ? getenv("PREFIX")
					 : "/ipcutil-test-inventory");
	snprintf(address, sizeof(address), "shm:%s", name);
	test_one_look();
	test_one_address();
	shm_unlink(name);
	return tap_end();
}
