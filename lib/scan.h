/* scan.h - looks at all processes: what for, where one is, what it found */
#ifndef SCAN_H
#define SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <ipcutil/error.h>
#include <ipcutil/holders.h>
#include <ipcutil/object.h>

/* What has to be looked at to see who has objects of these types: bits. */
enum ipc_scan_want {
	IPC_SCAN_FILES = 1 << 0,    /* descriptors */
	IPC_SCAN_MAPS = 1 << 1,     /* mappings of files */
	IPC_SCAN_SEGMENTS = 1 << 2, /* mappings of System V shared memory */
	IPC_SCAN_CALLS = 1 << 3,    /* msgsnd(2) and msgrcv(2) */
	IPC_SCAN_OPENING = 1 << 4,  /* open(2) of a FIFO */
	IPC_SCAN_FLIGHT = 1 << 5,   /* descriptors that no process has */
	IPC_SCAN_WAITS = 1 << 6,    /* calls that wait for what a pipe can do */
};

/* How mappings are read: the first form is known since Linux 6.11. */
enum ipc_scan_form { IPC_SCAN_QUERY, IPC_SCAN_TEXT };

/* In place of the device of a file, for objects that have an id. */
#define IPC_SCAN_SEGMENT_ID UINT64_MAX
#define IPC_SCAN_QUEUE_ID (UINT64_MAX - 1)
/* Beside the key of a file of which mappings may tell another device. */
#define IPC_SCAN_ANY_DEVICE (UINT64_MAX - 2)

/* What tells an object, and its place in the array. */
struct ipc_scan_key {
	uint64_t device, number;
	size_t object;
	unsigned int wants; /* bits of enum ipc_scan_want */
};

/* The call that a task sleeps in: proc_pid_syscall(5). */
struct ipc_scan_call {
	long number;
	uint64_t argument[6];
	bool is_forgotten; /* it is stopped in one, and the kernel does not know which */
};

/* A directory of /proc whose entries have numbers for names. */
struct ipc_scan_list {
	int fd;
	size_t length, at; /* in buffer */
	const char *name;  /* of the entry that the last call told */
	uint64_t number, inode;
	_Alignas(8) char buffer[65536];
};

/* Such a number can be used again at once; the inode is another one then. */
struct ipc_scan_entry {
	uint64_t number, inode;
	/* Of a process: what ipc_scan_rest() told before any was looked at; IPC_UNKNOWN. */
	uint64_t rest;
	bool has_one_task; /* when it was looked at */
	bool has_moved;    /* it had done something by the second look */
};

struct ipc_scan_entries {
	struct ipc_scan_entry *entry; /* by number */
	size_t count, room;
};

/* How often something is looked at that changes meanwhile. */
enum { IPC_SCAN_LOOKS = 16 };

enum { IPC_SCAN_DEVICES = 24, IPC_SCAN_SOCKETS = 256 };

/* Objects that were found without a question for them, by device and number. */
struct ipc_scan_discovery {
	struct ipc_object *object;
	size_t count, room;
	size_t *slot; /* a table of places, each and 1, or 0; a power of two of them */
	size_t slots;
};

/* What it looks for. */
struct ipc_scan_plan {
	struct ipc_scan_key *keys; /* by device, number, object */
	size_t count;
	size_t objects;         /* their number */
	unsigned int discovers; /* all objects of these types, too: bits, 1 << type */
	uint64_t pipes;         /* the device of pipes without a name */
	unsigned int wants;     /* bits of enum ipc_scan_want */
	enum ipc_scan_form form;
	dev_t anonymous;                  /* the device of io_uring(7) */
	dev_t segments[IPC_SCAN_DEVICES]; /* those of System V shared memory */
	size_t segment_devices;
	dev_t ipc_device; /* of the name of our IPC namespace */
	ino_t ipc_inode;
};

/* One who looks; there may be several at once. */
struct ipc_scan {
	const struct ipc_scan_plan *plan;
	enum ipc_scan_form form;
	/* Where it is. */
	pid_t pid, tid; /* of a process, and of the task of it that is looked at */
	int process;    /* its directory in /proc */
	struct ipc_scan_list tasks, descriptors;
	uint64_t sockets[IPC_SCAN_SOCKETS]; /* some of those looked at, by inode */
	pid_t *tables; /* of descriptors, looked at: a task of each, as kcmp(2) orders */
	size_t table_count, table_room;
	bool moved; /* something of this process has gone, and may be elsewhere in it */
	bool receives; /* this process can be given descriptors while it does nothing */
	bool has_one_task;
	char text[65536];
	/* That of the newest task when the look began; 0: it is not told. */
	unsigned long last_number;
	unsigned int helpers; /* threads of ours since */
	/* What it found. */
	struct ipc_holder *holders;
	size_t found, room;
	size_t first;   /* holder of this process */
	size_t *newest; /* of each object: the place behind its last holder */
	struct ipc_scan_discovery discovery; /* behind the others */
	unsigned int blind;                  /* bits of enum ipc_blind */
	struct ipc_error err;
};

/* Looks at entries of a directory; 0, or -1. */
typedef int ipc_scan_looker(
	struct ipc_scan *scan, int dir, struct ipc_scan_entries *entries);

/*
 * Looks once more at some of all that are there, and were looked at: some_gone tells
 * whether there were others.  0; 1 when there is no need for it; or -1.
 */
typedef int ipc_scan_relooker(
	struct ipc_scan *scan, int dir, struct ipc_scan_entries *all, bool some_gone);

/* Finds the objects' holders, mappings being read in that form if the kernel has it. */
int ipc_scan_all(const struct ipc_object *objects, size_t count,
	enum ipc_scan_form form, struct ipc_holders *holders, struct ipc_error *err);

/*
 * The same, and finds all objects of types, bits of 1 << type, that processes have: their
 * places are those behind the count that are known.
 */
int ipc_scan_look(const struct ipc_object *const *objects, size_t count,
	unsigned int types, enum ipc_scan_form form, struct ipc_discovery *found,
	struct ipc_error *err);

/* The place of a discovered object, which is one more when it is new; or -1. */
ssize_t ipc_scan_discover(
	struct ipc_scan *scan, enum ipc_type type, const struct statx *st);

/* The place of one that was discovered before, or -1. */
ssize_t ipc_scan_discovered(
	const struct ipc_scan *scan, uint64_t device, uint64_t number);

/* Whether a discovered FIFO has a path that leads to it. */
bool ipc_scan_is_named(const struct ipc_scan *scan, ssize_t place);

/* Names it: by that path, if it leads to it, or otherwise by the other.  0, or -1. */
int ipc_scan_name(
	struct ipc_scan *scan, ssize_t place, const char *path, const char *otherwise);

/* Adds what another one found; what is left of that one is to be ended. */
int ipc_scan_join(struct ipc_scan *scan, struct ipc_scan *other);

/* Sorts those that have holders, by type, device and number, and forgets the others. */
int ipc_scan_arrange(struct ipc_scan *scan);

void ipc_scan_discovery_free(struct ipc_scan_discovery *discovery);

/* The array of so many with room for one more, as realloc(3); NULL leaves it as it is. */
void *ipc_scan_room(void *array, size_t *room, size_t count, size_t size);

/* The first of the keys with that device and number, or NULL. */
const struct ipc_scan_key *ipc_scan_key(
	const struct ipc_scan_plan *plan, uint64_t device, uint64_t number);

/* Whether something on that device is looked for. */
bool ipc_scan_has_device(const struct ipc_scan_plan *plan, uint64_t device);

/*
 * Notes that this process has all objects with the same device and number, with that
 * descriptor, or -1.
 */
int ipc_scan_found(struct ipc_scan *scan, const struct ipc_scan_key *key,
	unsigned int access, int fd);

/* Notes that this process has the object at that place, so. */
int ipc_scan_note(struct ipc_scan *scan, size_t object, unsigned int access, int fd);

/* Adds what else a process has of the same object. */
void ipc_scan_merge(struct ipc_holder *holder, const struct ipc_holder *more);

/*
 * Tells what it means that errno kept us from looking: nothing when the process has
 * gone, a blind spot when we may not.  Fails when descriptors or memory ran out.
 */
int ipc_scan_missed(struct ipc_scan *scan);

/* One more who looks, by the same plan, or NULL; ipc_scan_end() frees it. */
struct ipc_scan *ipc_scan_begin(const struct ipc_scan_plan *plan);
void ipc_scan_end(struct ipc_scan *scan);

/* Looks at all processes: with a second thread where there are many. */
int ipc_scan_processes(struct ipc_scan *scan);

/*
 * What changes, of a process, when it does anything: the CPU time that it has taken, in
 * nanoseconds, or IPC_UNKNOWN.  That of one which is on a CPU may be told late.
 */
uint64_t ipc_scan_rest(pid_t pid);

/* The last number that a task was given in our PID namespace; 0: that is not told. */
unsigned long ipc_scan_last_number(void);

/*
 * An ipc_scan_relooker for what nobody was found to have, of the processes in /proc: a
 * descriptor can be handed from one to another just when the first look is between the
 * two.  Who has done nothing since has what it had, unless another process, which is no
 * thread of it, has the same descriptors or memory: when one has ended, or may have been
 * there, look() looks at all.  One that leaves them just then, by execve(2) or unshare(2),
 * is not known.
 */
int ipc_scan_again(struct ipc_scan *scan, int proc, struct ipc_scan_entries *all,
	bool some_gone, ipc_scan_looker *look);

/* Looks at the process of that number, in a directory that is /proc: all of its tasks. */
int ipc_scan_process(struct ipc_scan *scan, int proc, pid_t pid);

/* Each looks at one task: a directory of /proc. */
int ipc_scan_files(struct ipc_scan *scan, int task);
int ipc_scan_calls(struct ipc_scan *scan, int task);
int ipc_scan_openings(struct ipc_scan *scan, int task);
int ipc_scan_waits(struct ipc_scan *scan, int task);
int ipc_scan_maps(struct ipc_scan *scan, int task, bool *mapped);

/* The call that a task sleeps in: 1; 0 none, or it is not told; -1 as ipc_scan_missed(). */
int ipc_scan_call(struct ipc_scan *scan, int task, struct ipc_scan_call *call);

/*
 * The function of the kernel that a task sleeps in, by its file wchan; "0" when that is not
 * told: 0 or -1.
 */
int ipc_scan_function(int dir, const char *path, char text[64]);

/* Whether that tells the call: the task may run, or be stopped or frozen in any. */
bool ipc_scan_is_telling(const char *function);

/* Bytes of a task's memory: how many of them there are up to what is not there, or -1. */
ssize_t ipc_scan_memory(int task, uint64_t address, void *to, size_t size);

/* Whether a task is in our IPC namespace. */
bool ipc_scan_is_ours(const struct ipc_scan *scan, int task);

/* Learns the devices of System V shared memory; as open(2). */
int ipc_scan_learn_devices(struct ipc_scan_plan *plan);

/* openat(2) and read(2) of a small file; its length, without a terminating NUL, or -1. */
ssize_t ipc_scan_read(int dir, const char *path, char *text, size_t size);

/* Opens the directory; as openat(2). */
int ipc_scan_list(struct ipc_scan_list *list, int dir, const char *path);

/* As if that number were the next entry, which it need not be. */
void ipc_scan_try(struct ipc_scan_list *list, uint64_t number);

/* Goes to the first of a directory of descriptors that is not below number; as lseek(2). */
int ipc_scan_skip(struct ipc_scan_list *list, uint64_t number);

/* Goes to the next entry: 1 when there is one, 0 at the end, -1 as getdents(2). */
int ipc_scan_next(struct ipc_scan_list *list);

/*
 * Looks at all entries of the directory, and at those that are new since, until there
 * are none or it is restless; and goes on so after again(), if that is not NULL, was
 * called then with all that are there, and did not return 1.  -1 as one of these; 1, with
 * errno: they cannot be listed.
 */
int ipc_scan_each(struct ipc_scan *scan, struct ipc_scan_list *list, int dir,
	const char *path, ipc_scan_looker *look, ipc_scan_relooker *again);

/* Adds one entry behind the others; 0, or -1 without memory. */
int ipc_scan_add(struct ipc_scan_entries *entries, const struct ipc_scan_entry *entry);

/* Whether an errno value tells that descriptors or memory ran out: looks fail then. */
bool ipc_scan_ran_out(int code);

/*
 * Whether a file system that we see has that device: its files have, too.  1, 0, or -1
 * when something ran out.
 */
int ipc_scan_is_mounted(uint64_t device);

/* Whether our PID namespace is the first: it has all processes. */
bool ipc_scan_is_first_namespace(void);

/* Adds what is already known to be out of sight: 0, or -1 when something ran out. */
int ipc_scan_view(unsigned int *blind);

#endif
