/* guard-owners.c - to which processes objects belong: it looks, and changes nothing */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "guard.h"

#define autofree_ledger __attribute__((cleanup(ipc_ledger_free)))

/* The objects of one search, sorted, and where what is found of them goes. */
struct search {
	struct ipc_evidence **sorted;
	size_t count;
	struct ipc_owner_id here;
};

static int
order(uint64_t one, uint64_t other)
{
	return (one > other) - (one < other);
}

/* By user, then by what has an order of all that ipc_object_is_same() looks at. */
static int
compare(const struct ipc_object *one, const struct ipc_object *other)
{
	int result = order(one->uid, other->uid);

	if (result == 0)
		result = order(one->type, other->type);
	if (result == 0)
		result = order(one->device, other->device);
	if (result == 0)
		result = order(one->number, other->number);
	if (result == 0)
		result = order((uint64_t)one->changed, (uint64_t)other->changed);
	return result;
}

static int
by_object(const void *one, const void *other)
{
	return compare(&(*(struct ipc_evidence *const *)one)->object,
		&(*(struct ipc_evidence *const *)other)->object);
}

static int
to_object(const void *object, const void *evidence)
{
	return compare(object, &(*(struct ipc_evidence *const *)evidence)->object);
}

/* The same object may be asked about more than once. */
static void
tell(const struct search *search, const struct ipc_object *object,
	const struct ipc_owner *owner)
{
	struct ipc_evidence **found = bsearch(object, search->sorted, search->count,
		sizeof(*search->sorted), to_object);
	struct ipc_evidence **end = search->sorted + search->count;

	while (found != NULL && found > search->sorted &&
		to_object(object, found - 1) == 0)
		found--;
	for (; found != NULL && found < end && to_object(object, found) == 0; found++)
		if (ipc_object_is_same(object, &(*found)->object))
			(*found)->owner = *owner;
}

/* What is of another boot, or IPC namespace, is none of the objects here. */
static void
search_ledger(const struct search *search, uid_t uid, const struct ipc_ledger *ledger)
{
	struct ipc_owner owner = { .pid = ledger->owner.pid };
	struct ipc_object object;
	size_t line;

	if (strcmp(ledger->owner.boot, search->here.boot) != 0 ||
		ledger->owner.ipc_namespace != search->here.ipc_namespace)
		return;
	owner.state = ipc_owner_state(&ledger->owner, &search->here);
	if (ledger->owner.pid_namespace != search->here.pid_namespace)
		owner.pid = 0;
	for (size_t place = 0; ipc_ledger_next(ledger, &place, &line, &object);)
		if (object.uid == uid)
			tell(search, &object, &owner);
}

/* False: there may be what could not be read. */
static bool
search_file(const struct search *search, const struct ipc_registry *registry, int place,
	const char *name, size_t *bytes)
{
	autofree_ledger struct ipc_ledger ledger = { .text = NULL };
	autoclose int fd = ipc_registry_file(registry, place, name, O_RDONLY);
	int code = errno;

	if (fd >= 0)
		code = ipc_ledger_read(&ledger, fd, &search->here);
	*bytes += ledger.length;
	if (fd >= 0 && code == 0)
		search_ledger(search, registry->uid, &ledger);
	else if (fd < 0 && (code == EBADMSG || code == ENOENT || code == ELOOP))
		return true; /* it went, or was never a file */
	return code == 0 || code == ENODATA;
}

/* Who has more files in a directory, and in all of them more bytes, makes others wait. */
enum { FILES_MOST = 4096, BYTES_MOST = 64 << 20 };

static bool
search_user(const struct search *search, uid_t uid)
{
	__attribute__((cleanup(ipc_registry_close))) struct ipc_registry registry =
		IPC_NO_REGISTRY;
	bool is_complete = true;
	size_t bytes = 0;

	ipc_registry_look(&registry, uid);
	for (int place = 0; place < IPC_REGISTRY_PLACES; place++) {
		autoclosedir DIR *list = ipc_registry_list(&registry.places[place]);
		size_t seen = 0;
		const char *name;

		if (registry.places[place].code != 0 ||
			(list == NULL && registry.places[place].dir >= 0))
			is_complete = false;
		while (list != NULL && (name = ipc_registry_next(list)) != NULL)
			if (++seen > FILES_MOST || bytes > BYTES_MOST) {
				is_complete = false;
				break;
			} else if (!search_file(
					   search, &registry, place, name, &bytes)) {
				is_complete = false;
			}
	}
	return is_complete;
}

static void
set_all(const struct search *search, enum ipc_owner_state state)
{
	for (size_t i = 0; i < search->count; i++)
		search->sorted[i]->owner = (struct ipc_owner){ .state = state };
}

/* Those of the user of the one at that place; returns the place of the next user's. */
static size_t
find_of_user(const struct search *search, size_t place)
{
	const uid_t uid = search->sorted[place]->object.uid;
	const bool is_complete = search_user(search, uid);

	for (; place < search->count && search->sorted[place]->object.uid == uid;
		place++) {
		struct ipc_owner *owner = &search->sorted[place]->owner;

		if (!is_complete && owner->state == IPC_OWNER_NONE)
			owner->state = IPC_OWNER_UNKNOWN;
	}
	return place;
}

int
ipc_registry_owners(
	struct ipc_evidence *const *evidence, size_t count, struct ipc_error *err)
{
	autofree struct ipc_evidence **sorted = calloc(count + 1, sizeof(*sorted));
	struct search search = { .sorted = sorted, .count = count };

	if (sorted == NULL)
		return ipc_fail(err, errno, "look for owners");
	memcpy(sorted, evidence, count * sizeof(*sorted));
	set_all(&search, IPC_OWNER_UNKNOWN);
	if (count == 0 || ipc_owner_here(&search.here, NULL) < 0)
		return 0;
	qsort(sorted, count, sizeof(*sorted), by_object);
	set_all(&search, IPC_OWNER_NONE);
	for (size_t place = 0; place < count;)
		place = find_of_user(&search, place);
	return 0;
}
