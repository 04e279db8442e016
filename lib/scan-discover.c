/* scan-discover.c - objects that are found where nobody asked for them */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/openat2.h>

#include "auto.h"
#include "scan.h"

static void
free_address(struct ipc_object *object)
{
	if (object->address.kind == IPC_PATH)
		free((char *)object->address.path);
}

/* The slot in which an object is, or would be. */
static size_t *
slot_of(const struct ipc_scan_discovery *discovery, uint64_t device, uint64_t number)
{
	const size_t mask = discovery->slots - 1;
	size_t slot = (size_t)((number ^ device << 32) * 0x9e3779b97f4a7c15 >> 32);

	for (;; slot++) {
		size_t *place = &discovery->slot[slot & mask];
		const struct ipc_object *object;

		if (*place == 0)
			return place;
		object = &discovery->object[*place - 1];
		if (object->number == number && object->device == device)
			return place;
	}
}

/* Room for one more, with half of the slots free. */
static int
make_room(struct ipc_scan *scan)
{
	struct ipc_scan_discovery *discovery = &scan->discovery;
	const size_t room = discovery->room > 0 ? 2 * discovery->room : 64;
	const size_t objects = scan->plan->objects;
	struct ipc_object *more;
	size_t *newest;

	if (discovery->count < discovery->room)
		return 0;
	more = reallocarray(discovery->object, room, sizeof(*more));
	if (more == NULL)
		return -1;
	discovery->object = more;
	newest = reallocarray(scan->newest, objects + room, sizeof(*newest));
	if (newest == NULL)
		return -1;
	scan->newest = newest;
	memset(newest + objects + discovery->count, 0,
		(room - discovery->count) * sizeof(*newest));
	free(discovery->slot);
	discovery->slot = calloc(2 * room, sizeof(*discovery->slot));
	if (discovery->slot == NULL)
		return -1;
	discovery->slots = 2 * room;
	discovery->room = room;
	for (size_t i = 0; i < discovery->count; i++)
		*slot_of(discovery, more[i].device, more[i].number) = i + 1;
	return 0;
}

/* Its place among those that were discovered, or -1. */
static ssize_t
place_of(struct ipc_scan *scan, const struct ipc_object *object)
{
	struct ipc_scan_discovery *discovery = &scan->discovery;
	size_t *slot;

	if (make_room(scan) < 0)
		return ipc_fail(&scan->err, errno, "look for holders");
	slot = slot_of(discovery, object->device, object->number);
	if (*slot == 0) {
		discovery->object[discovery->count++] = *object;
		*slot = discovery->count;
	}
	return (ssize_t)*slot - 1;
}

ssize_t
ipc_scan_discover(struct ipc_scan *scan, enum ipc_type type, const struct statx *st)
{
	struct ipc_object object = {
		.type = type,
		.device = makedev(st->stx_dev_major, st->stx_dev_minor),
		.number = st->stx_ino,
		.uid = st->stx_uid,
	};
	ssize_t place;

	object.address = type == IPC_PIPE ? ipc_address_inode(object.number)
					  : (struct ipc_address){ .kind = IPC_PATH };
	place = place_of(scan, &object);
	return place < 0 ? -1 : place + (ssize_t)scan->plan->objects;
}

ssize_t
ipc_scan_discovered(const struct ipc_scan *scan, uint64_t device, uint64_t number)
{
	const size_t slots = scan->discovery.slots;
	const size_t place =
		slots == 0 ? 0 : *slot_of(&scan->discovery, device, number);

	return place == 0 ? -1 : (ssize_t)(place - 1 + scan->plan->objects);
}

static struct ipc_object *
object_at(const struct ipc_scan *scan, ssize_t place)
{
	return &scan->discovery.object[(size_t)place - scan->plan->objects];
}

/* No file of /proc is a FIFO. */
static bool
is_named(const struct ipc_object *object)
{
	return object->address.kind != IPC_PATH ||
		(object->address.path != NULL &&
			strncmp(object->address.path, "/proc/", 6) != 0);
}

bool
ipc_scan_is_named(const struct ipc_scan *scan, ssize_t place)
{
	return is_named(object_at(scan, place));
}

/* As the kernel has it at hand: no server of a file system is waited for. */
static bool
leads_to(const char *path, const struct ipc_object *object)
{
	const struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_CACHED | RESOLVE_NO_MAGICLINKS,
	};
	autoclose int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	struct statx st;

	return fd >= 0 &&
		statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &st) ==
		0 &&
		st.stx_ino == object->number &&
		makedev(st.stx_dev_major, st.stx_dev_minor) == object->device;
}

int
ipc_scan_name(
	struct ipc_scan *scan, ssize_t place, const char *path, const char *otherwise)
{
	struct ipc_object *object = object_at(scan, place);
	const bool leads = leads_to(path, object);
	char *copy;

	if (!leads && object->address.path != NULL)
		return 0;
	copy = strdup(leads ? path : otherwise);
	if (copy == NULL)
		return ipc_fail(&scan->err, errno, "look for holders");
	free((char *)object->address.path);
	object->address.path = copy;
	return 0;
}

/* Takes one over: the better of its names stays, the other is freed with its owner. */
static ssize_t
take(struct ipc_scan *scan, struct ipc_object *object)
{
	struct ipc_object without = *object, *ours;
	ssize_t place;

	if (object->address.kind == IPC_PATH)
		without.address.path = NULL;
	place = place_of(scan, &without);
	if (place < 0)
		return -1;
	ours = &scan->discovery.object[place];
	if (!is_named(ours) && object->address.path != NULL) {
		const char *path = ours->address.path;

		ours->address.path = object->address.path;
		object->address.path = path;
	}
	return place;
}

int
ipc_scan_join(struct ipc_scan *scan, struct ipc_scan *other)
{
	const size_t objects = scan->plan->objects;
	struct ipc_holder *holders;
	autofree size_t *places = calloc(other->discovery.count + 1, sizeof(*places));

	holders = reallocarray(
		scan->holders, scan->found + other->found + 1, sizeof(*holders));
	if (places == NULL || holders == NULL) {
		scan->holders = holders != NULL ? holders : scan->holders;
		return ipc_fail(&scan->err, errno, "look for holders");
	}
	scan->holders = holders;
	for (size_t i = 0; i < other->discovery.count; i++) {
		ssize_t place = take(scan, &other->discovery.object[i]);

		if (place < 0)
			return -1;
		places[i] = (size_t)place + objects;
	}
	for (size_t i = 0; i < other->found; i++) {
		struct ipc_holder *holder = &holders[scan->found + i];

		*holder = other->holders[i];
		if (holder->object >= objects)
			holder->object = places[holder->object - objects];
	}
	scan->found += other->found;
	scan->room = scan->found;
	scan->blind |= other->blind;
	return 0;
}

/* An object, and its place before. */
struct placed {
	struct ipc_object object;
	size_t place;
};

static int
by_identity(const void *one, const void *other)
{
	const struct ipc_object *a = &((const struct placed *)one)->object;
	const struct ipc_object *b = &((const struct placed *)other)->object;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

int
ipc_scan_arrange(struct ipc_scan *scan)
{
	struct ipc_scan_discovery *discovery = &scan->discovery;
	const size_t objects = scan->plan->objects;
	autofree struct placed *held = calloc(discovery->count + 1, sizeof(*held));
	autofree size_t *places = calloc(discovery->count + 1, sizeof(*places));
	size_t count = 0;

	if (held == NULL || places == NULL)
		return ipc_fail(&scan->err, errno, "look for holders");
	for (size_t i = 0; i < scan->found; i++)
		if (scan->holders[i].object >= objects)
			places[scan->holders[i].object - objects] = 1;
	for (size_t i = 0; i < discovery->count; i++)
		if (places[i] != 0)
			held[count++] = (struct placed){ discovery->object[i], i };
		else
			free_address(&discovery->object[i]);
	qsort(held, count, sizeof(*held), by_identity);
	for (size_t i = 0; i < count; i++) {
		discovery->object[i] = held[i].object;
		places[held[i].place] = objects + i;
	}
	discovery->count = count;
	for (size_t i = 0; i < scan->found; i++)
		if (scan->holders[i].object >= objects)
			scan->holders[i].object =
				places[scan->holders[i].object - objects];
	return 0;
}

void
ipc_scan_discovery_free(struct ipc_scan_discovery *discovery)
{
	for (size_t i = 0; i < discovery->count; i++)
		free_address(&discovery->object[i]);
	free(discovery->object);
	free(discovery->slot);
}
