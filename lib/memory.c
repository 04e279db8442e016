/* memory.c - shared memory of every kind: the address chooses the row */
#include <errno.h>

#include "guard.h"
#include "memory.h"

static bool
is_file(const struct ipc_address *address)
{
	return address->kind == IPC_POSIX_NAME || address->kind == IPC_PATH;
}

const struct ipc_memory_ops *
ipc_memory_kind(const struct ipc_address *address)
{
	return is_file(address) ? &ipc_memory_file : &ipc_memory_sysv;
}

static enum ipc_type
type_of(const struct ipc_address *address)
{
	switch (address->kind) {
	case IPC_POSIX_NAME:
		return IPC_POSIX_SHM;
	case IPC_PATH:
		return IPC_MAPPED_FILE;
	default:
		return IPC_SYSV_SHM;
	}
}

struct ipc_object
ipc_memory_object(const struct ipc_memory_info *info)
{
	bool has_file = is_file(&info->address);

	return (struct ipc_object){
		.type = type_of(&info->address),
		.device = has_file ? info->device : 0,
		.number = has_file ? info->inode : info->id,
		.uid = info->uid,
		.changed = has_file ? 0 : info->changed,
		.generation = info->generation,
		.address = info->address,
	};
}

struct ipc_evidence
ipc_memory_evidence(const struct ipc_memory_info *info)
{
	return (struct ipc_evidence){
		.object = ipc_memory_object(info),
		.attached = is_file(&info->address) ? 0 : info->attached,
	};
}

static int64_t
later(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

int64_t
ipc_memory_used(const struct ipc_memory_info *info)
{
	return later(info->accessed, later(info->modified, info->changed));
}

int
ipc_memory_foreign(const struct ipc_address *address, uid_t owner, const char *action,
	struct ipc_error *err)
{
	return ipc_refuse(err, IPC_REFUSED, EPERM,
		"%s '%s': it belongs to user %u; --trust-owner=%u allows it", action,
		ipc_address_text(address), owner, owner);
}

int
ipc_memory_create(const struct ipc_address *address, const struct ipc_memory_plan *plan,
	struct ipc_address *found, bool *made, struct ipc_error *err)
{
	*made = false;
	return ipc_memory_kind(address)->create(address, plan, found, made, err);
}

int
ipc_memory_open(struct ipc_memory *memory, const struct ipc_address *address,
	enum ipc_memory_access access, uid_t trusted, struct ipc_error *err)
{
	return ipc_memory_open_for(memory, address, access,
		access == IPC_MEMORY_READ ? "read" : "write to", trusted, err);
}

int
ipc_memory_open_for(struct ipc_memory *memory, const struct ipc_address *address,
	enum ipc_memory_access access, const char *action, uid_t trusted,
	struct ipc_error *err)
{
	*memory = (struct ipc_memory){
		.ops = ipc_memory_kind(address),
		.address = *address,
		.fd = -1,
		.id = -1,
		.access = access,
		.trusted = trusted,
		.action = action,
	};
	return memory->ops->open(memory, access, trusted, err);
}

void
ipc_memory_close(struct ipc_memory *memory)
{
	memory->ops->close(memory);
}

int
ipc_memory_resize(const struct ipc_address *address, uint64_t size, bool sparse,
	uid_t trusted, struct ipc_error *err)
{
	struct ipc_memory memory;
	int result;

	if (ipc_memory_open_for(
		    &memory, address, IPC_MEMORY_WRITE, "resize", trusted, err) < 0)
		return -1;
	result = memory.ops->set_size(&memory, size, sparse, err);
	ipc_memory_close(&memory);
	return result;
}

int
ipc_memory_stat(const struct ipc_address *address, enum ipc_memory_look look,
	struct ipc_memory_info *info, struct ipc_error *err)
{
	return ipc_memory_kind(address)->stat(address, look, info, err);
}

int
ipc_memory_change(const struct ipc_address *address,
	const struct ipc_memory_change *change, struct ipc_error *err)
{
	struct ipc_guard_renewal renewal;
	struct ipc_object object;
	struct ipc_memory_info info;
	int result;

	/* Of a file nothing changes that tells it from others, but its owner. */
	if (is_file(address) ||
		ipc_memory_stat(address, IPC_MEMORY_GLANCE, &info, NULL) < 0)
		return ipc_memory_kind(address)->change(address, change, err);
	object = ipc_memory_object(&info);
	if (ipc_guard_renew_begin(&renewal, &object, err) < 0)
		return -1;
	result = ipc_memory_kind(address)->change(address, change, err);
	if (result == 0 &&
		ipc_memory_stat(address, IPC_MEMORY_GLANCE, &info, NULL) == 0)
		object = ipc_memory_object(&info);
	ipc_guard_renew_end(&renewal, &object);
	return result;
}

int
ipc_memory_remove(const struct ipc_address *address, struct ipc_error *err)
{
	return ipc_memory_kind(address)->remove(address, err);
}
