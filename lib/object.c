/* object.c - which object: what stays the same for as long as it lives */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <ipcutil/fifo.h>
#include <ipcutil/memory.h>
#include <ipcutil/mq.h>

#include "object.h"

bool
ipc_object_is_sysv(const struct ipc_object *object)
{
	return object->type == IPC_SYSV_MQ || object->type == IPC_SYSV_SHM ||
		object->type == IPC_SYSV_SEM;
}

bool
ipc_object_is_same(const struct ipc_object *one, const struct ipc_object *other)
{
	return one->type == other->type && one->device == other->device &&
		one->number == other->number && one->uid == other->uid &&
		one->changed == other->changed &&
		(one->generation == other->generation || one->generation == 0 ||
			other->generation == 0);
}

const char *
ipc_object_identity(const struct ipc_object *object, char buf[IPC_IDENTITY_MAX])
{
	/* The inode of a pipe does not tell its user, who never changes. */
	const uid_t uid = object->type == IPC_PIPE ? 0 : object->uid;

	snprintf(buf, IPC_IDENTITY_MAX,
		"%" PRIu64 ".%" PRIu64 ".%u.%" PRId64 ".%" PRIu64, object->number,
		object->device, uid, object->changed, object->generation);
	return buf;
}

/* FNV-1a, a hash. */
static uint64_t
mix(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *byte = bytes;

	for (; length > 0; byte++, length--)
		hash = (hash ^ *byte) * 0x100000001b3;
	return hash;
}

uint64_t
ipc_object_generation(int dir, const char *name, const struct statx *st)
{
	_Alignas(struct file_handle) char
		room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	struct file_handle *handle = (void *)room;
	uint64_t hash = 0;
	int mount;

	/* The time alone has the resolution of the timer. */
	if (st->stx_mask & STATX_BTIME)
		hash = mix(hash, &st->stx_btime, sizeof(st->stx_btime));
	handle->handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(dir, name, handle, &mount, AT_EMPTY_PATH) == 0)
		hash = mix(hash, handle->f_handle, handle->handle_bytes);
	return hash;
}

bool
ipc_object_is_on(int fd, uint32_t magic)
{
	struct statfs fs;

	return fstatfs(fd, &fs) < 0 || (uint32_t)fs.f_type == magic;
}

uint64_t
ipc_object_made_with(const uint64_t *values, size_t count)
{
	static const uint64_t basis = 0xcbf29ce484222325;
	const uint64_t hash = mix(basis, values, count * sizeof(*values));

	return hash != 0 ? hash : basis;
}

static int
look_at_mq(const struct ipc_address *address, struct ipc_object *now,
	struct ipc_error *err)
{
	struct ipc_mq_info info;

	if (ipc_mq_stat(address, IPC_MQ_GLANCE, &info, err) < 0)
		return -1;
	*now = ipc_mq_object(&info);
	return 0;
}

static int
look_at_memory(const struct ipc_address *address, struct ipc_object *now,
	struct ipc_error *err)
{
	struct ipc_memory_info info;

	if (ipc_memory_stat(address, IPC_MEMORY_GLANCE, &info, err) < 0)
		return -1;
	*now = ipc_memory_object(&info);
	return 0;
}

static int
look_at_fifo(const struct ipc_address *address, struct ipc_object *now,
	struct ipc_error *err)
{
	struct ipc_fifo_info info;

	if (ipc_fifo_stat(address, &info, err) < 0)
		return -1;
	*now = ipc_fifo_object(&info);
	return 0;
}

/* A type that can belong to a process has a row. */
static const struct {
	int (*look)(const struct ipc_address *address, struct ipc_object *now,
		struct ipc_error *err);
	int (*remove)(const struct ipc_address *address, struct ipc_error *err);
} rows[IPC_SOCKET_FILE + 1] = {
	[IPC_POSIX_MQ] = { look_at_mq, ipc_mq_remove },
	[IPC_SYSV_MQ] = { look_at_mq, ipc_mq_remove },
	[IPC_POSIX_SHM] = { look_at_memory, ipc_memory_remove },
	[IPC_SYSV_SHM] = { look_at_memory, ipc_memory_remove },
	[IPC_FIFO] = { look_at_fifo, ipc_fifo_remove },
	[IPC_MAPPED_FILE] = { look_at_memory, ipc_memory_remove },
};

bool
ipc_object_has_row(const struct ipc_object *object)
{
	return rows[object->type].look != NULL;
}

int
ipc_object_look(
	const struct ipc_object *object, struct ipc_object *now, struct ipc_error *err)
{
	return rows[object->type].look(&object->address, now, err);
}

bool
ipc_object_is_gone(const struct ipc_object *object)
{
	struct ipc_error failure;
	struct ipc_object now;

	return ipc_object_look(object, &now, &failure) == 0
		? !ipc_object_is_same(object, &now)
		: failure.fault == IPC_NO_OBJECT;
}

int
ipc_object_remove(const struct ipc_object *object, struct ipc_error *err)
{
	struct ipc_object now;

	if (ipc_object_look(object, &now, err) < 0)
		return -1;
	if (!ipc_object_is_same(object, &now))
		return ipc_refuse(err, IPC_NO_OBJECT, ENOENT,
			"remove '%s': it is another one by now",
			ipc_address_text(&object->address));
	return rows[object->type].remove(&object->address, err);
}
