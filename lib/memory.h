/* memory.h - what a kind of shared memory must be able to do: one row each; private */
#ifndef MEMORY_H
#define MEMORY_H

#include <sys/stat.h> /* struct stat */

#include <ipcutil/memory.h>

/* The members promise what the functions of the same name in <ipcutil/memory.h> do. */
struct ipc_memory_ops {
	int (*create)(const struct ipc_address *address,
		const struct ipc_memory_plan *plan, struct ipc_address *found,
		bool *made, struct ipc_error *err);
	int (*open)(struct ipc_memory *memory, enum ipc_memory_access access,
		uid_t trusted, struct ipc_error *err);
	void (*close)(struct ipc_memory *memory);
	int (*set_size)(struct ipc_memory *memory, uint64_t size, bool sparse,
		struct ipc_error *err);
	int (*stat)(const struct ipc_address *address, enum ipc_memory_look look,
		struct ipc_memory_info *info, struct ipc_error *err);
	int (*change)(const struct ipc_address *address,
		const struct ipc_memory_change *change, struct ipc_error *err);
	int (*remove)(const struct ipc_address *address, struct ipc_error *err);
};

extern const struct ipc_memory_ops ipc_memory_file; /* POSIX objects are files, too */
extern const struct ipc_memory_ops ipc_memory_sysv;

/* The row for an address. */
const struct ipc_memory_ops *ipc_memory_kind(const struct ipc_address *address);

/* Fails with IPC_REFUSED: it belongs to user owner. */
int ipc_memory_foreign(const struct ipc_address *address, uid_t owner,
	const char *action, struct ipc_error *err);

/* Where a file is: its directory, opened with O_PATH, which the caller closes; or -1. */
struct ipc_memory_place {
	int dir;
	const char *name; /* in it */
};

/* POSIX objects are where shm_open(3) has them. */
#define IPC_MEMORY_SHM_DIR "/dev/shm"

/* 0, or -1 with *err filled. */
int ipc_memory_place(const struct ipc_address *address, struct ipc_memory_place *place,
	const char *action, struct ipc_error *err);

/* What a file is, by its mode: "a FIFO". */
const char *ipc_memory_type_name(mode_t mode);

/* fchmod(2), which does not take a descriptor of O_PATH: this does.  0, or -1 with errno. */
int ipc_memory_change_mode(int fd, mode_t mode);

/*
 * Opens the regular file at a place and nothing else; flags are of open(2).  Returns the
 * descriptor, with *st filled, or -1.
 */
int ipc_memory_file_open(const struct ipc_memory_place *place,
	const struct ipc_address *address, int flags, const char *action,
	struct stat *st, struct ipc_error *err);

/*
 * 0, or -1 when the file has more than one name: then it may be one that somebody wants us
 * to change.
 */
int ipc_memory_file_alone(const struct ipc_address *address, const struct stat *st,
	const char *action, struct ipc_error *err);

/*
 * Describes a file: of a name in a directory, or of a descriptor of O_PATH and "", which
 * it takes to count.  0, or an errno value: EINVAL when it is no regular file.
 */
int ipc_memory_file_fill(int dir, const char *name, const struct ipc_address *address,
	enum ipc_memory_look look, struct ipc_memory_info *info);

int ipc_memory_file_create(const struct ipc_address *address,
	const struct ipc_memory_plan *plan, struct ipc_address *found, bool *made,
	struct ipc_error *err);
int ipc_memory_file_stat(const struct ipc_address *address, enum ipc_memory_look look,
	struct ipc_memory_info *info, struct ipc_error *err);

/*
 * Makes the file size bytes long: 0, or -1 with *err filled and the size as it was.
 * old is its size.
 */
int ipc_memory_file_grow(int fd, const struct ipc_address *address, uint64_t old,
	uint64_t size, bool sparse, const char *action, struct ipc_error *err);

/*
 * Takes the memory of the bytes up to end, and leaves the size: 0, or -1 with *err filled.
 * A file system that cannot do so is no failure.
 */
int ipc_memory_file_reserve(int fd, const struct ipc_address *address, uint64_t offset,
	uint64_t end, const char *action, struct ipc_error *err);

/* Gives back what was taken behind the end. */
void ipc_memory_file_give_back(int fd);

/* Fails since the object was made shorter when moved bytes were done. */
int ipc_memory_cut(
	const struct ipc_memory *memory, uint64_t moved, struct ipc_error *err);

/*
 * What a part of an object means, whose length may be IPC_UNKNOWN, which becomes that to
 * the end: 0, or -1 when there is no such part.
 */
int ipc_memory_part(const struct ipc_memory *memory, uint64_t offset, uint64_t *length,
	struct ipc_error *err);

/* Fails with 1, as the descriptor that bytes come from or go to failed with code. */
int ipc_memory_other_failed(int code, struct ipc_error *err);

/* A pipe of our own, whose ends never sleep: *out gives what was put into *in. */
int ipc_memory_relay(
	const struct ipc_memory *memory, int *out, int *in, struct ipc_error *err);

/* Fails with an errno value of growing or writing: tells the limit, where one was hit. */
int ipc_memory_file_full(int fd, const struct ipc_address *address, uint64_t size,
	int code, const char *action, struct ipc_error *err);

#endif
