/* memory-create.c - making shared memory that is a file */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "auto.h"
#include "memory-draft.h"

/* Somebody may create and remove the same name in turn with us. */
enum { TRIES = 1000 };

/* An existing object of the size asked for is what create wanted. */
static int
accept_existing(const struct ipc_memory_place *place, const struct ipc_address *address,
	const struct ipc_memory_plan *plan, struct ipc_error *err)
{
	const char *text = ipc_address_text(address);
	struct stat st;
	autoclose int fd =
		ipc_memory_file_open(place, address, O_RDONLY, "create", &st, err);

	if (fd < 0 && errno == EACCES)
		fd = ipc_memory_file_open(place, address, O_WRONLY, "create", &st, err);
	if (fd < 0)
		return -1;
	if (!ipc_trust_found(st.st_uid, plan->trusted))
		return ipc_memory_foreign(address, st.st_uid, "create", err);
	if (ipc_memory_file_alone(address, &st, "create", err) < 0)
		return -1;
	if (plan->size != IPC_UNKNOWN && plan->size != (uint64_t)st.st_size)
		return ipc_refuse(err, IPC_EXISTS, EEXIST,
			"create '%s': it exists with %ju bytes, not %ju", text,
			(uintmax_t)st.st_size, (uintmax_t)plan->size);
	return 0;
}

int
ipc_memory_new_check(
	const struct ipc_address *address, uid_t trusted, struct ipc_error *err)
{
	struct ipc_memory_place place = { .dir = -1 };
	autoclose int fd = -1;
	struct stat st;

	if (ipc_memory_kind(address) != &ipc_memory_file)
		return 0;
	if (ipc_memory_place(address, &place, "create", err) < 0)
		return -1;
	fd = ipc_memory_file_open(&place, address, O_PATH, "create", &st, err);
	close(place.dir);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (!ipc_trust_found(st.st_uid, trusted))
		return ipc_memory_foreign(address, st.st_uid, "create", err);
	return ipc_fail(err, EEXIST, "create '%s'", ipc_address_text(address));
}

/* 0; 1 when there is such a name by now; -1. */
static int
make(const struct ipc_memory_place *place, const struct ipc_address *address,
	const struct ipc_memory_plan *plan, struct ipc_error *err)
{
	const char *text = ipc_address_text(address);
	struct ipc_memory_draft draft;
	int result = -1;

	if (plan->size == IPC_UNKNOWN)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'%s' does not exist: --size says how many bytes it shall have",
			text);
	if (ipc_memory_draft_begin(&draft, place) < 0)
		return ipc_memory_file_full(
			place->dir, address, plan->size, errno, "create", err);
	if (ipc_memory_file_grow(draft.fd, address, 0, plan->size, plan->sparse,
		    "create", err) == 0) {
		if (fchmod(draft.fd, plan->mode) == 0 &&
			ipc_memory_draft_publish(&draft, place, false) == 0)
			result = 0;
		else if (errno == EEXIST)
			result = 1;
		else
			ipc_fail(err, errno, "create '%s'", text);
	}
	ipc_memory_draft_end(&draft, place);
	return result;
}

static int
find_or_make(const struct ipc_memory_place *place, const struct ipc_address *address,
	const struct ipc_memory_plan *plan, bool *made, struct ipc_error *err)
{
	struct stat st;
	int result;

	for (int try = 0; try < TRIES; try++) {
		if (fstatat(place->dir, place->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
			if (plan->exclusive)
				break;
			result = accept_existing(place, address, plan, err);
			if (result == 0 || errno != ENOENT)
				return result;
		}
		result = make(place, address, plan, err);
		*made = result == 0;
		if (result <= 0)
			return result;
	}
	return ipc_fail(err, EEXIST, "create '%s'", ipc_address_text(address));
}

int
ipc_memory_file_create(const struct ipc_address *address,
	const struct ipc_memory_plan *plan, struct ipc_address *found, bool *made,
	struct ipc_error *err)
{
	struct ipc_memory_place place = { .dir = -1 };
	int result;

	if (ipc_memory_place(address, &place, "create", err) < 0)
		return -1;
	*found = *address;
	result = find_or_make(&place, address, plan, made, err);
	close(place.dir);
	return result;
}
