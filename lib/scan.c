/* scan.c - looks at all processes: what for, and what came of it */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "pipe.h"
#include "scan.h"

static int
compare(uint64_t one, uint64_t other)
{
	return (one > other) - (one < other);
}

static int
by_key(const void *one, const void *other)
{
	const struct ipc_scan_key *a = one, *b = other;
	int order = compare(a->device, b->device);

	if (order == 0)
		order = compare(a->number, b->number);
	return order != 0 ? order : compare(a->object, b->object);
}

static int
by_object(const void *one, const void *other)
{
	const struct ipc_holder *a = one, *b = other;
	int order = compare(a->object, b->object);

	if (order == 0)
		order = compare((uint64_t)a->pid, (uint64_t)b->pid);
	return order != 0 ? order : compare(a->start, b->start);
}

/* What has to be looked at for an object, and what tells it there. */
static unsigned int
prepare(const struct ipc_object *object, struct ipc_scan_key *key)
{
	key->device = object->device;
	key->number = object->number;
	switch (object->type) {
	case IPC_POSIX_MQ:
		return IPC_SCAN_FILES | IPC_SCAN_FLIGHT;
	case IPC_FIFO:
		return IPC_SCAN_FILES | IPC_SCAN_FLIGHT | IPC_SCAN_OPENING |
			IPC_SCAN_WAITS;
	case IPC_PIPE:
		return IPC_SCAN_FILES | IPC_SCAN_FLIGHT | IPC_SCAN_WAITS;
	case IPC_POSIX_SHM:
	case IPC_POSIX_SEM:
	case IPC_MAPPED_FILE:
	case IPC_RING:
		return IPC_SCAN_FILES | IPC_SCAN_FLIGHT | IPC_SCAN_MAPS;
	case IPC_SYSV_MQ:
		key->device = IPC_SCAN_QUEUE_ID;
		return IPC_SCAN_CALLS;
	case IPC_SYSV_SHM:
		key->device = IPC_SCAN_SEGMENT_ID;
		return IPC_SCAN_SEGMENTS;
	case IPC_SOCKET:
		return IPC_SCAN_FILES;
	case IPC_SYSV_SEM:    /* semctl(2) tells who waits, and nobody holds it */
	case IPC_SOCKET_FILE: /* its inode is not that of the socket */
		break;
	}
	return 0;
}

static int
learn_anonymous_device(struct ipc_scan_plan *plan)
{
	autoclose int fd = eventfd(0, EFD_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	plan->anonymous = st.st_dev;
	return 0;
}

static int
learn(struct ipc_scan_plan *plan)
{
	struct stat st;

	if (stat("/proc/self/ns/ipc", &st) == 0) {
		plan->ipc_device = st.st_dev;
		plan->ipc_inode = st.st_ino;
	}
	if (plan->discovers != 0 && ipc_pipe_device(&plan->pipes) < 0)
		return -1;
	if (plan->wants & IPC_SCAN_SEGMENTS && ipc_scan_learn_devices(plan) < 0)
		return -1;
	return plan->wants & IPC_SCAN_FLIGHT ? learn_anonymous_device(plan) : 0;
}

/*
 * Of a subvolume of btrfs, or a layer of an overlay, st_dev is no device of a file
 * system, and the mappings of its files tell another one.
 */
static int
add_keys_of_any_device(struct ipc_scan_plan *plan)
{
	const size_t count = plan->count;
	int mounted = 1;

	for (size_t i = 0; i < count; i++) {
		const struct ipc_scan_key *key = &plan->keys[i];

		if (key->device >= IPC_SCAN_ANY_DEVICE)
			break;
		if (i == 0 || key->device != plan->keys[i - 1].device)
			mounted = ipc_scan_is_mounted(key->device);
		if (mounted < 0)
			return -1;
		if (mounted > 0)
			continue;
		plan->keys[plan->count] = *key;
		plan->keys[plan->count++].device = IPC_SCAN_ANY_DEVICE;
	}
	return 0;
}

/* Sorts the keys of those objects that can be seen. */
static int
make_keys(struct ipc_scan_plan *plan, const struct ipc_object *const *objects,
	size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct ipc_scan_key *key = &plan->keys[plan->count];

		key->wants = prepare(objects[i], key);
		key->object = i;
		plan->wants |= key->wants;
		plan->count += key->wants != 0;
	}
	qsort(plan->keys, plan->count, sizeof(*plan->keys), by_key);
	if (plan->wants & IPC_SCAN_MAPS) {
		if (add_keys_of_any_device(plan) < 0)
			return -1;
		qsort(plan->keys, plan->count, sizeof(*plan->keys), by_key);
	}
	return 0;
}

/* A process whose directory came twice is one; of two with one number, the first ended. */
static void
sort(struct ipc_scan *scan)
{
	size_t kept = 0;

	if (scan->found == 0)
		return;
	qsort(scan->holders, scan->found, sizeof(*scan->holders), by_object);
	for (size_t i = 1; i < scan->found; i++) {
		struct ipc_holder *last = &scan->holders[kept],
				  *next = &scan->holders[i];

		if (next->object == last->object && next->pid == last->pid) {
			if (next->start == last->start)
				ipc_scan_merge(next, last);
			*last = *next;
		} else
			scan->holders[++kept] = *next;
	}
	scan->found = kept + 1;
}

struct ipc_scan *
ipc_scan_begin(const struct ipc_scan_plan *plan)
{
	struct ipc_scan *scan = calloc(1, sizeof(*scan));

	if (scan == NULL)
		return NULL;
	scan->plan = plan;
	scan->form = plan->form;
	scan->newest = calloc(plan->objects + 1, sizeof(*scan->newest));
	if (scan->newest == NULL) {
		free(scan);
		return NULL;
	}
	return scan;
}

void
ipc_scan_end(struct ipc_scan *scan)
{
	free(scan->holders);
	free(scan->newest);
	free(scan->tables);
	ipc_scan_discovery_free(&scan->discovery);
	free(scan);
}

static int
arrange(struct ipc_scan *scan, struct ipc_discovery *found)
{
	if (ipc_scan_arrange(scan) < 0)
		return -1;
	sort(scan);
	found->objects = scan->discovery.object;
	found->count = scan->discovery.count;
	scan->discovery.object = NULL;
	scan->discovery.count = 0;
	found->holders.holder = scan->holders;
	found->holders.count = scan->found;
	found->holders.blind |= scan->blind;
	scan->holders = NULL;
	return 0;
}

static int
look(const struct ipc_scan_plan *plan, struct ipc_discovery *found,
	struct ipc_error *err)
{
	struct ipc_scan *scan = ipc_scan_begin(plan);
	int result;

	if (scan == NULL)
		return ipc_fail(err, errno, "look for holders");
	if (plan->wants & IPC_SCAN_OPENING && access("/proc/self/wchan", F_OK) < 0)
		scan->blind |= IPC_BLIND_OPENING;
	result = ipc_scan_processes(scan);
	if (result == 0)
		result = arrange(scan, found);
	if (result < 0 && err != NULL)
		*err = scan->err;
	errno = scan->err.code;
	ipc_scan_end(scan);
	return result;
}

/* Looks for what is in a plan, as far as there is something to look at. */
static int
look_by(struct ipc_scan_plan *plan, struct ipc_discovery *found, struct ipc_error *err)
{
	if (plan->wants == 0)
		return 0;
	if (ipc_scan_view(&found->holders.blind) < 0)
		return ipc_fail(err, errno, "look for holders");
	if (found->holders.blind & IPC_BLIND_NO_PROC)
		return 0;
	if (learn(plan) < 0)
		return ipc_fail(err, errno, "look for holders");
	return look(plan, found, err);
}

int
ipc_scan_look(const struct ipc_object *const *objects, size_t count, unsigned int types,
	enum ipc_scan_form form, struct ipc_discovery *found, struct ipc_error *err)
{
	autofree struct ipc_scan_key *keys = calloc(2 * count + 1, sizeof(*keys));
	struct ipc_scan_plan plan = {
		.keys = keys,
		.objects = count,
		.discovers = types,
		.form = form,
	};

	*found = (struct ipc_discovery){ .count = 0 };
	if (keys == NULL || make_keys(&plan, objects, count) < 0)
		return ipc_fail(err, errno, "look for holders");
	if (types != 0)
		plan.wants |= IPC_SCAN_FILES | IPC_SCAN_FLIGHT | IPC_SCAN_WAITS;
	if (types & 1U << IPC_FIFO)
		plan.wants |= IPC_SCAN_OPENING;
	return look_by(&plan, found, err);
}

int
ipc_scan_all(const struct ipc_object *objects, size_t count, enum ipc_scan_form form,
	struct ipc_holders *holders, struct ipc_error *err)
{
	autofree const struct ipc_object **pointers =
		calloc(count + 1, sizeof(*pointers));
	struct ipc_discovery found;
	int result;

	if (pointers == NULL)
		return ipc_fail(err, errno, "look for holders");
	for (size_t i = 0; i < count; i++)
		pointers[i] = &objects[i];
	result = ipc_scan_look(pointers, count, 0, form, &found, err);
	free(found.objects);
	*holders = found.holders;
	return result;
}
