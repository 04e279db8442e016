/* sock.h - the sockets of our network namespace that have a name; private */
#ifndef SOCK_H
#define SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include <ipcutil/sock.h>

/* Where it is learned: sock_diag(7), or proc_net(5), which knows less. */
enum ipc_sock_source { IPC_SOCK_DIAG, IPC_SOCK_PROC };

/* One socket with a name; as struct ipc_sock_info. */
struct ipc_sock_entry {
	char name[sizeof(((struct sockaddr_un *)0)->sun_path) + 1]; /* '@': abstract */
	int type;                /* SOCK_STREAM and so on */
	bool listens, has_file;  /* has_file: device and file are told */
	uint64_t device;         /* of the file system */
	uint32_t file;           /* the lower half of the inode */
	uint64_t inode;          /* of the socket */
	uint64_t queue, backlog; /* pending or queued; IPC_UNKNOWN */
	uid_t uid;               /* or (uid_t)-1 */
};

struct ipc_sock_table {
	struct ipc_sock_entry
		*entries; /* by name and file; of one, who listens first */
	size_t count, room;
	uint64_t *peers; /* for every connected socket its peer, sorted */
	size_t peer_count, peer_room;
	bool knows_peers;
	uint64_t device; /* of sockets */
};

/* Reads it: 0, or an errno value.  ipc_sock_table_free() also after a failure. */
int ipc_sock_table_read(struct ipc_sock_table *table, enum ipc_sock_source source);
void ipc_sock_table_free(struct ipc_sock_table *table);

/* True when they have one name and, where that is told, one file. */
bool ipc_sock_is_same_name(
	const struct ipc_sock_entry *one, const struct ipc_sock_entry *other);

/* ipc_sock_probe() of a socket file that is held open, with O_PATH: 0, or an errno value. */
int ipc_sock_probe_file(int path, enum ipc_bound *bound);

/*
 * Whether the path of one that is gone for us leads to another file than the socket's, or to
 * none, from the root of a process as well.
 */
bool ipc_sock_is_gone_for(const struct ipc_sock_info *info, pid_t pid);

#endif
