/* object.h - which object: what stays the same for as long as it lives */
#ifndef IPCUTIL_OBJECT_H
#define IPCUTIL_OBJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/cdefs.h>
#include <sys/types.h>

#include <ipcutil/address.h>
#include <ipcutil/error.h>

__BEGIN_DECLS

enum ipc_type {
	IPC_POSIX_MQ,
	IPC_SYSV_MQ,
	IPC_POSIX_SHM,
	IPC_SYSV_SHM,
	IPC_POSIX_SEM,
	IPC_SYSV_SEM,
	IPC_FIFO,
	IPC_PIPE, /* one without a name: pipe(2) */
	IPC_MAPPED_FILE,
	IPC_RING,
	IPC_SOCKET,      /* one that is bound to a name: unix(7) */
	IPC_SOCKET_FILE, /* what is left of one */
};

/*
 * One object.  Its address may stand for another one later, and so may its number
 * when it is gone: two looks saw the same object when ipc_object_is_same() says so.
 */
struct ipc_object {
	enum ipc_type type;
	uint64_t device; /* st_dev of its file, or of all sockets; System V: 0 */
	uint64_t number; /* inode of its file, or its own; System V: its id */
	uid_t uid;       /* owner */
	int64_t changed; /* System V: *_ctime, in seconds since 1970; else 0 */
	/*
	 * Of a file: which of all that had its inode; System V: what it was made with, as
	 * its key, creator and size; 0: not told.
	 */
	uint64_t generation;
	struct ipc_address address;
};

/* True when nothing tells the one from the other; the addresses have no part in it. */
bool ipc_object_is_same(const struct ipc_object *one, const struct ipc_object *other);

/* Long enough for any identity. */
enum { IPC_IDENTITY_MAX = 128 };

/*
 * Tells an object from all others that had or will have its address, in one word in buf;
 * returns buf.  Two looks, by processes of the same PID and user namespaces, saw the same
 * object when the words are the same.
 */
const char *ipc_object_identity(
	const struct ipc_object *object, char buf[IPC_IDENTITY_MAX]);

/*
 * Removes an object if it still is what its address stands for.  As only its address
 * can be removed, another one may take its place in between: a few microseconds.
 *
 * IPC_NO_OBJECT	it is not there any more
 */
int ipc_object_remove(const struct ipc_object *object, struct ipc_error *err);

/* True for the types of sysvipc(7). */
bool ipc_object_is_sysv(const struct ipc_object *object);

__END_DECLS

#endif
