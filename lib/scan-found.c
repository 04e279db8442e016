/* scan-found.c - the objects that are looked for, and who was found to have one */
#include <errno.h>
#include <stdlib.h>

#include "scan.h"

static bool
is_before(const struct ipc_scan_key *key, const struct ipc_scan_key *other)
{
	return key->device < other->device ||
		(key->device == other->device && key->number < other->number);
}

/* The place of the first key that is not before that one. */
static size_t
place_of(const struct ipc_scan_plan *plan, const struct ipc_scan_key *wanted)
{
	size_t low = 0, high = plan->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_before(&plan->keys[middle], wanted))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct ipc_scan_key *
ipc_scan_key(const struct ipc_scan_plan *plan, uint64_t device, uint64_t number)
{
	const struct ipc_scan_key wanted = { .device = device, .number = number };
	const size_t place = place_of(plan, &wanted);

	return place < plan->count && plan->keys[place].device == device &&
			plan->keys[place].number == number
		? &plan->keys[place]
		: NULL;
}

bool
ipc_scan_has_device(const struct ipc_scan_plan *plan, uint64_t device)
{
	const struct ipc_scan_key wanted = { .device = device };
	const size_t place = place_of(plan, &wanted);

	if (plan->discovers & 1U << IPC_FIFO ||
		(plan->discovers & 1U << IPC_PIPE && device == plan->pipes))
		return true;
	return place < plan->count && plan->keys[place].device == device;
}

void *
ipc_scan_room(void *array, size_t *room, size_t count, size_t size)
{
	size_t wanted = *room > 0 ? 2 * *room : 64;

	if (count < *room)
		return array;
	array = reallocarray(array, wanted, size);
	if (array != NULL)
		*room = wanted;
	return array;
}

static int
lower(int one, int other)
{
	return one >= 0 && (other < 0 || one < other) ? one : other;
}

void
ipc_scan_merge(struct ipc_holder *holder, const struct ipc_holder *more)
{
	holder->access |= more->access;
	holder->read_fd = lower(holder->read_fd, more->read_fd);
	holder->write_fd = lower(holder->write_fd, more->write_fd);
}

int
ipc_scan_note(struct ipc_scan *scan, size_t object, unsigned int access, int fd)
{
	const size_t newest = scan->newest[object];
	const struct ipc_holder holder = {
		.object = object,
		.pid = scan->pid,
		.access = access,
		.read_fd = access & IPC_ACCESS_READ ? fd : -1,
		.write_fd = access & IPC_ACCESS_WRITE ? fd : -1,
	};
	struct ipc_holder *holders;

	if (newest > scan->first && newest <= scan->found &&
		scan->holders[newest - 1].object == object) {
		ipc_scan_merge(&scan->holders[newest - 1], &holder);
		return 0;
	}
	holders = ipc_scan_room(
		scan->holders, &scan->room, scan->found, sizeof(*holders));
	if (holders == NULL)
		return ipc_fail(&scan->err, errno, "look for holders");
	scan->holders = holders;
	holders[scan->found++] = holder;
	scan->newest[object] = scan->found;
	return 0;
}

int
ipc_scan_found(struct ipc_scan *scan, const struct ipc_scan_key *key,
	unsigned int access, int fd)
{
	const struct ipc_scan_key *end = scan->plan->keys + scan->plan->count;

	for (const struct ipc_scan_key *same = key; same < end &&
		same->device == key->device && same->number == key->number;
		same++)
		if (ipc_scan_note(scan, same->object, access, fd) < 0)
			return -1;
	return 0;
}
