/* pipe.h - pipes without a name: pipe(2); and what FIFOs have in common with them */
#ifndef IPCUTIL_PIPE_H
#define IPCUTIL_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/cdefs.h>
#include <sys/types.h>

#include <ipcutil/address.h>
#include <ipcutil/error.h>
#include <ipcutil/holders.h>
#include <ipcutil/object.h>
#include <ipcutil/wait.h>

__BEGIN_DECLS

enum ipc_pipe_end { IPC_PIPE_READ, IPC_PIPE_WRITE };

/*
 * Which pipe an address means.  What a descriptor of a process is, is looked up; of an
 * inode it is not known whether there is such a pipe before its holders are.  The
 * object's type may be IPC_FIFO.
 *
 * IPC_NO_OBJECT	there is no such process, or it has no such descriptor
 * IPC_DENIED	the process may not be looked at
 * IPC_REFUSED	it is something else than a pipe: the words name it
 */
int ipc_pipe_find(const struct ipc_address *address, const char *action,
	struct ipc_object *object, struct ipc_error *err);

/* How much is in a pipe or a FIFO; each may be IPC_UNKNOWN. */
struct ipc_pipe_level {
	uint64_t queued;   /* bytes that were written and not read yet */
	uint64_t capacity; /* bytes that it can hold at most */
};

/*
 * Measures a pipe or a FIFO by a descriptor that one of its holders has.  It is not
 * opened, nor read; but where pidfd_getfd(2) is not allowed, a pipe, and never a FIFO, is
 * opened for a moment as that holder has it.  False: it has gone, as none of them has it
 * any more.
 */
bool ipc_pipe_measure(const struct ipc_object *object, const struct ipc_holder *holders,
	size_t count, struct ipc_pipe_level *level);

/*
 * A descriptor of a pipe or a FIFO, had as ipc_pipe_measure() has it.  The caller closes
 * it; meanwhile it counts as one more of that end.
 *
 * IPC_NO_OBJECT	nobody has it
 * IPC_DENIED	the holders' descriptors may not be had
 */
int ipc_pipe_borrow(const struct ipc_object *object, const struct ipc_holder *holders,
	size_t count, const char *action, struct ipc_error *err);

/*
 * Changes how much the pipe of a descriptor can hold; name is for sentences.  The kernel
 * rounds up.  Returns the capacity that it has then.
 *
 * IPC_LIMIT	pipe-max-size or pipe-user-pages-soft of proc(5) is reached
 * IPC_REFUSED	EBUSY: more bytes are in it
 */
int64_t ipc_pipe_resize(int fd, uint64_t size, const char *name, struct ipc_error *err);

/*
 * Opens an end of a pipe; "fd:N" is that descriptor itself, and has to be one of that
 * end.  The descriptor is new, above 2 and, but for "fd:N", blocking.
 *
 * Where nobody can write to it, who opens the end to read waits, as with a FIFO, for one
 * who does, and for the first bytes or the end of the last writer: the pipe of
 * ipc_pipe_create() has no writer at first.  Of "fd:N" the end of file is the kernel's.
 *
 * trusted is as ipc_trust_written() has it.  Errors of ipc_pipe_find() and of waiting,
 * and:
 *
 * IPC_FAILED	EBADF: "fd:N" is not open for that; ENXIO: nobody has it open to
 * read
 * IPC_REFUSED	to write, as root, to a pipe that another user made
 */
int ipc_pipe_open(const struct ipc_address *address, enum ipc_pipe_end end,
	uid_t trusted, const struct ipc_wait *wait, struct ipc_error *err);

/*
 * Makes a pipe of our own, close-on-exec and both descriptors above 2, that holds at
 * least size bytes, or as many as is usual, IPC_UNKNOWN.
 *
 * IPC_LIMIT	one of descriptors, or of pipes
 */
int ipc_pipe_make(int ends[2], uint64_t size, struct ipc_error *err);

/* Makes the pipe of a descriptor as large as the limits of the system allow. */
void ipc_pipe_enlarge(int fd);

/* What a pipe is made like. */
struct ipc_pipe_plan {
	uint64_t size;  /* bytes that it shall hold at least; IPC_UNKNOWN: the usual */
	bool keep_open; /* there is always one who could write: no end of file */
	pid_t until_exit; /* it goes with that process, too; 0: with none */
};

/*
 * Makes a pipe that lives without us: a process of its own, its holder, has the end to
 * read from, so that the end of file is the kernel's own.  SIGTERM ends it, and the pipe
 * with it when no other has it.  The address is PID/FD of the holder.
 *
 * IPC_NO_OBJECT	there is no process until_exit
 * IPC_LIMIT	one of pipes, or of processes
 */
int ipc_pipe_create(const struct ipc_pipe_plan *plan, struct ipc_address *address,
	struct ipc_error *err);

/*
 * Ends the holder of a pipe, which ipc_pipe_create() made, as is proven before: it has
 * a note about itself in memory that nobody can change or make look so.
 *
 * IPC_NO_OBJECT	there is no such process, or no such pipe
 * IPC_REFUSED	it is none of ipc_pipe_create()
 */
int ipc_pipe_remove(const struct ipc_address *address, struct ipc_error *err);

/* The same of the pipe that ipc_pipe_find() found, and of no other. */
int ipc_pipe_end(const struct ipc_object *object, struct ipc_error *err);

/* Whether ipc_pipe_end() would end it: fails as that, and changes nothing. */
int ipc_pipe_may_end(const struct ipc_object *object, struct ipc_error *err);

/* The process that the holder pid was told to end with; 0: none, or it is no holder. */
pid_t ipc_pipe_until_exit(pid_t pid, const struct ipc_object *object);

__END_DECLS

#endif
