/* mqueuefs.h - the file system that holds the POSIX queues, mounted or not */
#ifndef MQUEUEFS_H
#define MQUEUEFS_H

#include <stdbool.h>

/*
 * Opens the root of the queue file system of our own IPC namespace: a private
 * view of it when we may have one, else the first mount of it, which may be of
 * another namespace.  Returns a descriptor that the caller closes, for openat(2)
 * and readdir(3), or -1.  *ours is true when the namespace is surely ours.
 */
int ipc_mqueuefs_open(bool *ours);

/* True in the IPC namespace that the system started with: the usual mounts are its. */
bool ipc_mqueuefs_in_first_namespace(void);

/* True when fd is an open queue. */
bool ipc_mqueuefs_is_queue(int fd);

/*
 * Calls visit with the name, as mq_open(3) takes it, of every queue that a
 * descriptor of a visible process holds open; more than once when several do.
 * Returns 0, or -1 with errno when that could not be found out.
 */
int ipc_mqueuefs_each_held(void (*visit)(const char *name, void *arg), void *arg);

#endif
