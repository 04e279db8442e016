/* holders.h - which processes have an object */
#ifndef IPCUTIL_HOLDERS_H
#define IPCUTIL_HOLDERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/cdefs.h>
#include <sys/types.h>

#include <ipcutil/error.h>
#include <ipcutil/object.h>

__BEGIN_DECLS

/* How a process has an object: bits. */
enum ipc_access {
	IPC_ACCESS_READ = 1 << 0,     /* a descriptor to read from */
	IPC_ACCESS_WRITE = 1 << 1,    /* one to write to, or the same one */
	IPC_ACCESS_MAPPED = 1 << 2,   /* mmap(2), whether or not it has a descriptor */
	IPC_ACCESS_ATTACHED = 1 << 3, /* shmat(2) */
	IPC_ACCESS_BLOCKED = 1
		<< 4, /* it sleeps in msgsnd(2) or msgrcv(2); of a pipe or a
					 FIFO, in a call that reads or writes it, or
					 in poll(2) until it can */
	IPC_ACCESS_OPENING = 1
		<< 5, /* it sleeps in open(2) of a FIFO, to have it as the
					 first two say */
};

/*
 * One process that has one object.  Where we may not look at it any more, its start is 0,
 * its uid (uid_t)-1 and its command empty, as far as they are not told.
 */
struct ipc_holder {
	size_t object;  /* its place in the array that was asked about */
	pid_t pid;      /* of the process, whichever of its threads has it */
	uint64_t start; /* clock ticks since boot: pid and start name one process */
	uid_t uid;      /* effective */
	unsigned int access; /* bits of enum ipc_access */
	/* Of a pipe or a FIFO: its lowest descriptor of each end, or -1. */
	int read_fd, write_fd;
	char command[16]; /* proc_pid_comm(5): any bytes the process likes */
};

/*
 * Why a process may have an object and not be found: bits.  They are of the whole look,
 * and some concern only what can be had in that way.
 */
enum ipc_blind {
	IPC_BLIND_DENIED = 1 << 0,    /* processes that we may not look at */
	IPC_BLIND_HIDDEN = 1 << 1,    /* hidepid of proc(5) may hide some */
	IPC_BLIND_NAMESPACE = 1 << 2, /* ours is not the first PID namespace */
	IPC_BLIND_RESTLESS = 1 << 3, /* new ones came faster than they were looked at */
	IPC_BLIND_NO_PROC = 1 << 4,  /* /proc is not that of our PID namespace */
	/* Of files: descriptors that are nobody's, in a socket or kept by io_uring(7). */
	IPC_BLIND_IN_FLIGHT = 1 << 5,
	/* Of FIFOs: a process waits in open(2), and of which one cannot be told. */
	IPC_BLIND_OPENING = 1 << 6,
	/* Of FIFOs and System V queues: one is stopped in a call that cannot be told. */
	IPC_BLIND_STOPPED = 1 << 7,
	/* Of one file, and never of a look: it is in the upper layer of an overlay. */
	IPC_BLIND_LAYER = 1 << 8,
	/* Of socket files: the sockets of other network namespaces are not told. */
	IPC_BLIND_BOUND = 1 << 9,
};

/* What a look at all processes found.  ipc_holders_free() frees it. */
struct ipc_holders {
	struct ipc_holder *holder; /* by object, then by pid */
	size_t count;
	unsigned int blind; /* bits of enum ipc_blind */
};

/*
 * Finds who has the objects, all of them in one look at proc(5): descriptors and
 * mappings by device and inode, attached segments and blocked calls by System V id in
 * our IPC namespace, of every task of every process; the caller counts like any other.
 * What nobody was found to have is looked for once more, at the processes that have done
 * anything since: one may have handed it to another just when it was between the two.
 * Of one that waits in open(2), what its path names now is looked up, which another
 * file may have become meanwhile.
 * A descriptor that is only a path, O_PATH, is no use of a file.  Files of /proc are
 * read, nothing that belongs to another process is opened, locked or changed, and no
 * server of a file system is waited for.  What this cannot see is in holders->blind: the
 * types of the objects decide what it has to look for.  Never seen, nor told, is what the
 * kernel uses for requests of io_uring(7) or aio(7) whose ring has no descriptor, for
 * loop devices and for swap.  Semaphores of System V and socket
 * files have no holders here, and with them alone it looks at nothing.
 *
 * Where there are many processes, a thread helps, with all signals blocked; it has ended
 * when this returns.  Fails, and overlooks nothing, without memory or descriptors.
 */
int ipc_holders_find(const struct ipc_object *objects, size_t count,
	struct ipc_holders *holders, struct ipc_error *err);

/* What is there, and who has it.  ipc_discovery_free() frees it. */
struct ipc_discovery {
	struct ipc_object *objects; /* by type, device and number */
	size_t count;
	struct ipc_holders holders; /* of these objects, by their places */
};

/*
 * Finds all pipes and FIFOs that processes have, with all that ipc_holders_find() would
 * find of them but IPC_ACCESS_BLOCKED, in one look: types has bits, 1 << IPC_PIPE and
 * 1 << IPC_FIFO.  The address of a pipe is its inode; that of a FIFO is its path or,
 * where no path that we can follow leads to it, /proc/PID/fd/N.
 */
int ipc_holders_discover(
	unsigned int types, struct ipc_discovery *found, struct ipc_error *err);

/*
 * Both at once: the holders of the count objects, by their places, and what there is of
 * types beside them: the place of found->objects[i] is count + i.
 */
int ipc_holders_look(const struct ipc_object *const *objects, size_t count,
	unsigned int types, struct ipc_discovery *found, struct ipc_error *err);

void ipc_discovery_free(struct ipc_discovery *found);

/* The holders of the object at that place, *count of them; of no meaning when 0. */
const struct ipc_holder *ipc_holders_of(
	const struct ipc_holders *holders, size_t object, size_t *count);

void ipc_holders_free(struct ipc_holders *holders);

__END_DECLS

#endif
