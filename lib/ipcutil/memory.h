/*
 * memory.h - memory that processes share: bytes at an offset in an object
 *
 * The object is named by an address, see address.h, which also chooses its kind: POSIX
 * shared memory, shm_overview(7); System V shared memory, sysvipc(7); or a file that
 * processes map, mmap(2).  The functions that can fail return -1 and fill *err; none
 * prints, exits or keeps state.  The words of *err name the object.
 *
 * None of them lets a signal come where a peer shortens an object that is in use.
 */
#ifndef IPCUTIL_MEMORY_H
#define IPCUTIL_MEMORY_H

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
#include <ipcutil/trust.h>
#include <ipcutil/wait.h>

__BEGIN_DECLS

/* How to open an object. */
enum ipc_memory_access {
	IPC_MEMORY_READ,
	IPC_MEMORY_WRITE, /* and to read, where that is allowed */
	IPC_MEMORY_BOTH,
};

/* An open object.  The caller owns it and ends it with ipc_memory_close(). */
struct ipc_memory {
	const struct ipc_memory_ops *ops; /* private */
	struct ipc_address address;
	int fd;        /* POSIX, file: the descriptor; close-on-exec; else -1 */
	int id;        /* System V */
	char *base;    /* private: where a segment is attached */
	uint64_t size; /* bytes, as of ipc_memory_open() or ipc_memory_lock() */
	enum ipc_memory_access access; /* private: how it was opened */
	uid_t trusted;                 /* private */
	const char *action; /* for the caller to set: what fails, "read", in messages */
	bool unseen;        /* private: nobody else can have it yet */
	bool extends; /* for the caller to set: what does not fit makes it longer */
};

/* What to create. */
struct ipc_memory_plan {
	uint64_t size;  /* bytes; IPC_UNKNOWN: those of the existing one */
	mode_t mode;    /* exact: the umask is not applied */
	bool exclusive; /* an existing object is a failure */
	bool sparse;    /* its memory is found when it is used */
	uid_t trusted;  /* see ipc_trust_found() */
};

/* One object as the system reports it.  What it does not tell is IPC_UNKNOWN. */
struct ipc_memory_info {
	struct ipc_address address;
	uint64_t size;     /* bytes */
	uint64_t used;     /* bytes that take room in memory, swap or on disk */
	uint64_t resident; /* bytes that are in memory */
	uint64_t attached; /* System V: how often it is attached */
	uint64_t locked;   /* System V: 1 when it is never swapped out, else 0 */
	uint64_t removed;  /* System V: 1 when it goes with the last to detach it */
	uint64_t device, inode; /* POSIX, file */
	uint64_t links;         /* the same: how many names it has */
	uint64_t key;           /* System V; 0: it is private, or was removed */
	uint64_t id;            /* System V */
	uint64_t creator;     /* System V: pid; of another PID namespace: IPC_UNKNOWN */
	uint64_t last;        /* System V: pid that attached or detached it last */
	uint64_t creator_uid; /* System V */
	int64_t attach_time, detach_time; /* System V: seconds since 1970 */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	int64_t created;     /* POSIX, file */
	uint64_t generation; /* see object.h */
	int64_t accessed;    /* last read(2), or attached; IPC_UNKNOWN_TIME */
	int64_t modified;    /* last write(2), or change of size */
	int64_t changed;     /* the same, or change of mode or owner */
};

/* What to change.  The values that say "leave it" are in brackets. */
struct ipc_memory_change {
	mode_t (*new_mode)(mode_t old, const void *arg); /* [NULL] */
	const void *arg;                                 /* for new_mode */
	uid_t uid;                                       /* [(uid_t)-1] */
	gid_t gid;                                       /* [(gid_t)-1] */
};

/* Which object *info is of. */
struct ipc_object ipc_memory_object(const struct ipc_memory_info *info);

/* What *info says of whether it is in use: for ipc_stale_find(). */
struct ipc_evidence ipc_memory_evidence(const struct ipc_memory_info *info);

/* When it was last used or set, as far as that is not through a mapping. */
int64_t ipc_memory_used(const struct ipc_memory_info *info);

/*
 * Makes an object of zeros, or finds one: without plan->exclusive an existing object of
 * the size asked for is as good as a new one, and nothing of it is changed.  *made tells
 * which, and *found is its address: a System V segment's is its id.  The memory of a new
 * one is taken, unless plan->sparse; that of a System V segment always is when it is
 * used.  A failure leaves nothing behind, and neither does a kill: a new POSIX object or
 * file gets its name when it is complete.  A System V segment gets its mode then: a kill
 * before leaves one of mode 0601, which is not found to be good before its mode is
 * changed, or another process has attached it.
 *
 * IPC_EXISTS	it exists, and exclusive was asked for or its size differs
 * IPC_REFUSED	it exists and belongs to another user, see ipc_trust_found(), or its name
 *		is that of something else: a FIFO, a symbolic link, one name of several;
 *		or it is a segment that is not complete, and does not become so in 10 s;
 *		or one with a key is to have the mode of such a segment
 * IPC_LIMIT	there is no room; RLIMIT_FSIZE; shmmni, shmmax or shmall of
 *		proc_sys_kernel; the words have the figures
 * IPC_MISUSE	it does not exist, and no size is given; an id
 */
int ipc_memory_create(const struct ipc_address *address,
	const struct ipc_memory_plan *plan, struct ipc_address *found, bool *made,
	struct ipc_error *err);

/*
 * Opens an existing object.  trusted is for ipc_trust_written().  For the owner of
 * *memory see there.  A process that has a lease on its file, fcntl(2), is waited for, as
 * by open(2).
 *
 * IPC_REFUSED	root was about to write to an ordinary user's object, or the name is
 *		that of something else, as above, or of a file with another size than it
 *		says: proc(5), sysfs(5)
 */
int ipc_memory_open(struct ipc_memory *memory, const struct ipc_address *address,
	enum ipc_memory_access access, uid_t trusted, struct ipc_error *err);
void ipc_memory_close(struct ipc_memory *memory);

/* The same for another action than "read" or "write to": that is what cannot be done. */
int ipc_memory_open_for(struct ipc_memory *memory, const struct ipc_address *address,
	enum ipc_memory_access access, const char *action, uid_t trusted,
	struct ipc_error *err);

/*
 * Writes bytes at an offset: all of them, or when they do not fit none.  Who waits in
 * ipc_word_wait() for one of them looks again.
 *
 * IPC_LIMIT	they do not fit, or there is no room to extend it, or RLIMIT_FSIZE
 * IPC_FAILED	EIO: a peer changed its size meanwhile, and bytes are missing or misplaced
 */
int ipc_memory_put(const struct ipc_memory *memory, uint64_t offset, const void *bytes,
	size_t length, struct ipc_error *err);

/*
 * The same with what a descriptor gives: length bytes, or all to its end (IPC_UNKNOWN).
 * Where it is known before that this does not fit, nothing is written; else it ends at
 * the end of the object, and fails when there is more.  *moved is how many bytes were
 * written, also by a failure.  Returns 0, or -1, or 1 when the descriptor failed with the
 * errno value err->code: ENODATA is its end before length bytes, EAGAIN and ETIMEDOUT that
 * nothing came; wait->limit is one on standing still, and wait->progress counts.
 *
 * IPC_REFUSED	the descriptor is that of the object itself
 */
int ipc_memory_fill(const struct ipc_memory *memory, uint64_t offset, int fd,
	uint64_t length, const struct ipc_wait *wait, uint64_t *moved,
	struct ipc_error *err);

/*
 * Lets an object that memory->extends end behind the moved bytes at an offset that the last
 * two wrote there.  What a peer cut off of them before is seen, but in the moment
 * between two calls in which one that is longer is made shorter.
 *
 * IPC_FAILED	a peer made it shorter
 */
int ipc_memory_trim(const struct ipc_memory *memory, uint64_t offset, uint64_t moved,
	struct ipc_error *err);

/*
 * Copies length bytes at an offset, or all to the end (IPC_UNKNOWN), to a descriptor.
 * *moved and the result are as above.
 */
int ipc_memory_drain(const struct ipc_memory *memory, uint64_t offset, int fd,
	uint64_t length, const struct ipc_wait *wait, uint64_t *moved,
	struct ipc_error *err);

/*
 * Locks an object, exclusive for one who writes or else for many who read, until it is
 * closed: an open file description lock of fcntl(2), which binds nobody who does not ask
 * for it.  It is the one that has the name when it is locked: another than was opened,
 * where that was replaced, and with the size of now.  Waiting for a time, it uses signals
 * as System V queues do: see mq.h.
 *
 * IPC_WOULD_BLOCK, IPC_TIMED_OUT	another has it
 * IPC_REFUSED	a System V segment: it has no descriptor
 */
int ipc_memory_lock(struct ipc_memory *memory, bool exclusive,
	const struct ipc_wait *wait, struct ipc_error *err);

/* An object that has no name yet.  The caller ends it with ipc_memory_new_end(). */
struct ipc_memory_new {
	struct ipc_memory memory;         /* empty, to be written to */
	struct ipc_memory_making *making; /* private */
};

/*
 * Begins a new object for an address, whether or not there is one; end it also after a
 * failure.  IPC_REFUSED: a System V key, as a segment of a key is found at once.
 */
int ipc_memory_new_begin(struct ipc_memory_new *new_one,
	const struct ipc_address *address, struct ipc_error *err);

/*
 * Looks whether ipc_memory_new_create() would find the name taken, before there is
 * anything to lose.
 *
 * IPC_EXISTS	there is an object of that name
 * IPC_REFUSED	it belongs to another user, see ipc_trust_found(), or is something else
 */
int ipc_memory_new_check(
	const struct ipc_address *address, uid_t trusted, struct ipc_error *err);

/*
 * Gives it its name: from now on it is there, with all that was written.  plan->size,
 * exclusive, sparse and trusted are of no meaning, *found as of ipc_memory_create().
 *
 * IPC_EXISTS	there is one of that name
 */
int ipc_memory_new_create(struct ipc_memory_new *new_one,
	const struct ipc_memory_plan *plan, struct ipc_address *found,
	struct ipc_error *err);

/*
 * Whether the one that has the name can be replaced: to be asked before there is work in a
 * new one.
 *
 * IPC_DENIED	it belongs to another user, and only that one or root can make another
 * IPC_REFUSED	a System V segment; and as ipc_memory_open()
 */
int ipc_memory_new_may_replace(
	const struct ipc_address *address, uid_t trusted, struct ipc_error *err);

/*
 * Lets it take the place of the one that has the name, with its mode, access control list
 * and owner, the process to which that belongs, and extended attributes of users where
 * possible: who opens the name finds the one or the other.  Who has
 * the old one goes on with that, but for those who wait in ipc_memory_lock(): the old one
 * is locked by us meanwhile.  trusted and failures as for ipc_memory_open(), for which the
 * old one must be writable, ipc_memory_new_may_replace() and ipc_memory_lock().
 *
 * IPC_REFUSED	the access control list cannot be kept
 */
int ipc_memory_new_replace(struct ipc_memory_new *new_one, uid_t trusted,
	const struct ipc_wait *wait, struct ipc_error *err);

void ipc_memory_new_end(struct ipc_memory_new *new_one);

/*
 * Makes an object longer or shorter.  What it is longer by are zeros, whose memory is
 * taken, unless sparse.  Whoever has mapped what is cut off gets SIGBUS when he uses it.
 *
 * IPC_LIMIT	as ipc_memory_create(); the size is as it was
 * IPC_REFUSED	a System V segment: its size is chosen when it is made; and as
 *		ipc_memory_open()
 */
int ipc_memory_resize(const struct ipc_address *address, uint64_t size, bool sparse,
	uid_t trusted, struct ipc_error *err);

/* What to look at: to count what is in memory takes time with large files. */
enum ipc_memory_look {
	IPC_MEMORY_GLANCE, /* of System V, used stays unknown, and resident of all */
	IPC_MEMORY_USED,   /* resident stays unknown where it has to be counted */
	IPC_MEMORY_COUNT,
};

/* Fills *info for one object.  One that may not be opened is described, too. */
int ipc_memory_stat(const struct ipc_address *address, enum ipc_memory_look look,
	struct ipc_memory_info *info, struct ipc_error *err);

/*
 * Calls visit for every object of POSIX shared memory, sorted by name, and then for
 * those of System V by id, until it returns non-zero; returns that value, or 0.  *info
 * lives only during the call.  Names of other kinds of object are left out.  *complete
 * is true.
 */
int ipc_memory_each_shm(enum ipc_memory_look look,
	int (*visit)(const struct ipc_memory_info *info, void *arg), void *arg,
	bool *complete, struct ipc_error *err);

/*
 * The same for every file that a process has mapped shared and not as code, sorted by
 * path; but those of /dev, those of /usr that nobody writes to, and those without a name
 * that leads to them from here, are left out.  *complete is false when not every process could be looked at.
 */
int ipc_memory_each_file(enum ipc_memory_look look,
	int (*visit)(const struct ipc_memory_info *info, void *arg), void *arg,
	bool *complete, struct ipc_error *err);

/*
 * Waits until length bytes of a file, or all to its end (IPC_UNKNOWN), whoever changed
 * them, and however, are on disk.  msync(2).
 */
int ipc_memory_sync(const struct ipc_memory *memory, uint64_t offset, uint64_t length,
	struct ipc_error *err);

enum ipc_memory_advice {
	IPC_MEMORY_WILLNEED, /* it is read into memory */
	IPC_MEMORY_DONTNEED, /* it leaves memory, as far as it is on disk and not mapped */
};

/* Tells the kernel of a file how it will be used.  posix_fadvise(2). */
int ipc_memory_advise(const struct ipc_memory *memory, uint64_t offset, uint64_t length,
	enum ipc_memory_advice advice, struct ipc_error *err);

/* Changes owner and mode, in that order, as chown(2) may clear mode bits. */
int ipc_memory_change(const struct ipc_address *address,
	const struct ipc_memory_change *change, struct ipc_error *err);

/*
 * Removes the name of an object, whose users go on with it; a System V segment is marked
 * and goes with the last who detaches it.  shm_unlink(3), unlink(2), shmctl(2).
 *
 * IPC_REFUSED	the name is that of something else
 */
int ipc_memory_remove(const struct ipc_address *address, struct ipc_error *err);

__END_DECLS

#endif
