/* holders.c - which processes have an object */
#include <stdlib.h>

#include <ipcutil/holders.h>

#include "scan.h"

int
ipc_holders_find(const struct ipc_object *objects, size_t count,
	struct ipc_holders *holders, struct ipc_error *err)
{
	return ipc_scan_all(objects, count, IPC_SCAN_QUERY, holders, err);
}

int
ipc_holders_discover(
	unsigned int types, struct ipc_discovery *found, struct ipc_error *err)
{
	return ipc_holders_look(NULL, 0, types, found, err);
}

int
ipc_holders_look(const struct ipc_object *const *objects, size_t count,
	unsigned int types, struct ipc_discovery *found, struct ipc_error *err)
{
	return ipc_scan_look(objects, count, types, IPC_SCAN_QUERY, found, err);
}

void
ipc_discovery_free(struct ipc_discovery *found)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->objects[i].address.kind == IPC_PATH)
			free((char *)found->objects[i].address.path);
	free(found->objects);
	ipc_holders_free(&found->holders);
	*found = (struct ipc_discovery){ 0 };
}

/* The place of the first holder of this object or a later one. */
static size_t
place_of(const struct ipc_holders *holders, size_t object)
{
	size_t low = 0, high = holders->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (holders->holder[middle].object < object)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct ipc_holder *
ipc_holders_of(const struct ipc_holders *holders, size_t object, size_t *count)
{
	size_t first = place_of(holders, object);

	*count = place_of(holders, object + 1) - first;
	return *count > 0 ? &holders->holder[first] : NULL;
}

void
ipc_holders_free(struct ipc_holders *holders)
{
	free(holders->holder);
	*holders = (struct ipc_holders){ 0 };
}
