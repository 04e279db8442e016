/*
 * sock.h - Unix-domain sockets: those that are bound to a name, and files that were
 *
 * unix(7).  An address is the path of a file or an abstract name, "@name".  What is bound
 * is told for our network namespace: to a file, somebody of another one may be bound, too.
 * The functions that can fail return -1 and fill *err, whose words name the socket.  But
 * for ipc_sock_probe() none of them connects to a socket.
 */
#ifndef IPCUTIL_SOCK_H
#define IPCUTIL_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/cdefs.h>
#include <sys/types.h>

#include <ipcutil/address.h>
#include <ipcutil/error.h>
#include <ipcutil/number.h>
#include <ipcutil/object.h>
#include <ipcutil/stale.h>

__BEGIN_DECLS

/* One name.  What is not told, or is not there, is IPC_UNKNOWN. */
struct ipc_sock_info {
	struct ipc_address address; /* a path is as it was bound, or as it was found */
	const char *kind;           /* "stream", "dgram", "seqpacket"; "" */
	uint64_t listening;         /* 1 when it is, else 0 */
	uint64_t backlog;           /* connections that may wait, of one that listens */
	uint64_t pending;           /* those that wait to be accepted */
	uint64_t peers;             /* sockets that are connected to it */
	uint64_t queued; /* bytes that wait to be read, of one that does not listen */
	uint64_t inode;  /* of the socket that is bound */
	uint64_t socket_device; /* of all sockets; 0 when none is bound */
	uint64_t device, file;  /* of the file, and its inode */
	bool is_gone;           /* the path, as we see it, leads to that file no more */
	enum ipc_bound bound;   /* none of ours: IPC_BOUND_UNKNOWN */
	mode_t mode; /* of the file; (mode_t)-1: it has none that is known, nor gid */
	uid_t uid;   /* of the file, else of the socket; (uid_t)-1 */
	gid_t gid;   /* (gid_t)-1 */
	int64_t created;     /* the file, in seconds since 1970; IPC_UNKNOWN_TIME */
	uint64_t generation; /* of its file: see object.h */
	int64_t changed;     /* the file, or its mode or owner */
};

/*
 * Which object *info is of: the socket when one is bound, else the file.  So a file that
 * nobody is known to be bound to, and the same with a server, are not the same object.
 */
struct ipc_object ipc_sock_object(const struct ipc_sock_info *info);

/* What *info says of whether it is in use: for ipc_stale_find(). */
struct ipc_evidence ipc_sock_evidence(const struct ipc_sock_info *info);

/*
 * Fills *info.  info->address keeps the path of *address.
 *
 * IPC_NO_OBJECT	there is no such file, or nobody is bound to the abstract name
 * IPC_REFUSED	the path is that of something else, a symbolic link among it
 */
int ipc_sock_stat(const struct ipc_address *address, struct ipc_sock_info *info,
	struct ipc_error *err);

/*
 * Calls visit for every socket file in the directories dirs, up to NULL, and those in
 * them, and then for every other name to which a socket is bound, until it returns
 * non-zero; returns that value, or 0.  *info lives only during the call.  dirs may be NULL.
 * *missed, which begins as { 0 }, tells the first below them that could not be looked at.
 *
 * IPC_NO_OBJECT	one of dirs is not there
 * IPC_DENIED	one of dirs may not be read
 */
int ipc_sock_each(const char *const *dirs,
	int (*visit)(const struct ipc_sock_info *info, void *arg), void *arg,
	struct ipc_error *missed, struct ipc_error *err);

/*
 * Asks the kernel whether a socket is bound to a file, in any network namespace: connects
 * a datagram socket, which one of another kind refuses unseen; one of datagrams does not
 * notice it either.  IPC_BOUND_UNKNOWN: it does not say.
 *
 * IPC_NO_OBJECT	there is no such file
 * IPC_REFUSED	it is no socket
 */
int ipc_sock_probe(const struct ipc_address *address, enum ipc_bound *bound,
	struct ipc_error *err);

/*
 * Removes a socket file, also one that is bound to: no one finds that by this name then.
 *
 * IPC_REFUSED	it is something else, or an abstract name, which goes with its socket
 */
int ipc_sock_remove(const struct ipc_address *address, struct ipc_error *err);

__END_DECLS

#endif
