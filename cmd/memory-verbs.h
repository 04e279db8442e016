/* memory-verbs.h - the verbs that ipc-shm and ipc-mmap share */
#ifndef MEMORY_VERBS_H
#define MEMORY_VERBS_H

#include <ipcutil/memory.h>

#include "cli.h"
#include "memory-columns.h"
#include "remove.h"

struct memory_create_args {
	uint64_t size; /* IPC_UNKNOWN: not given */
	const char *mode;
	bool exclusive, sparse, from_stdin, progress;
	uid_t trusted;
	pid_t until_exit;
};

struct memory_write_args {
	uint64_t offset;
	uint64_t length; /* IPC_UNKNOWN: not given */
	int64_t limit;
	bool truncate, atomic, lock, progress;
	uid_t trusted;
};

struct memory_read_args {
	uint64_t offset;
	uint64_t length; /* IPC_UNKNOWN: not given */
	int64_t limit;
	bool lock, progress;
};

struct memory_resize_args {
	uint64_t size; /* IPC_UNKNOWN: not given */
	bool sparse;
	uid_t trusted;
};

struct memory_set_args {
	const char *mode;
	struct owner owner;
	pid_t until_exit;
	uint64_t offset;
	struct word expect, value;
	uid_t trusted;
};

struct memory_add_args {
	uint64_t offset;
	uid_t trusted;
};

struct memory_wait_args {
	uint64_t offset;
	int64_t limit;
	struct word value;
	bool at_least, changed;
};

extern const struct field memory_create_options[];
extern const struct field memory_write_options[];
extern const struct field memory_read_options[];
extern const struct field memory_resize_options[];
extern const struct field memory_set_options[];
extern const struct field memory_add_options[];
extern const struct field memory_wait_options[];

int memory_create(struct call *call);
int memory_write(struct call *call);
int memory_read(struct call *call);
int memory_resize(struct call *call);
int memory_set(struct call *call);
int memory_add(struct call *call);
int memory_wait(struct call *call);

/*
 * Writes standard input there: length bytes, or all of it (IPC_UNKNOWN), and tells of it
 * if shown, --progress, is true.
 */
int memory_take_input(struct call *call, const struct ipc_memory *memory,
	uint64_t offset, uint64_t length, int64_t limit, bool shown, uint64_t *moved);

/* The part of memory_set() that is about a word: --value. */
int memory_set_word(struct call *call);

int memory_rm(struct call *call);
int memory_inspect(struct call *call);

/* Shows what one of the functions ipc_memory_each_* visits. */
int memory_ls(struct call *call,
	int (*each)(enum ipc_memory_look look,
		int (*visit)(const struct ipc_memory_info *info, void *arg), void *arg,
		bool *complete, struct ipc_error *err));

/*
 * The rows of a program for objects that are called so, "a file" and "files", and have
 * these columns; ls is its verb "ls".
 */
#define MEMORY_VERBS(object, objects, object_columns, ls) \
	{ .name = "create", \
		.operands = "ADDRESS...", \
		.help = "make " object " and print its address", \
		.options = memory_create_options, \
		ARGS(struct memory_create_args, .size = IPC_UNKNOWN, .mode = "0600", \
			.trusted = IPC_NOBODY), \
		.run = memory_create }, \
		{ .name = "write", \
			.operands = "ADDRESS [DATA]...", \
			.data = true, \
			.help = "put bytes in: the operands, or standard input", \
			.options = memory_write_options, \
			ARGS(struct memory_write_args, .length = IPC_UNKNOWN, \
				.limit = IPC_FOREVER, .trusted = IPC_NOBODY), \
			.run = memory_write }, \
		{ .name = "read", \
			.operands = "ADDRESS", \
			.help = "copy bytes to standard output", \
			.options = memory_read_options, \
			ARGS(struct memory_read_args, .length = IPC_UNKNOWN, \
				.limit = IPC_FOREVER), \
			.run = memory_read }, \
		{ .name = "add", \
			.operands = "ADDRESS [N]...", \
			.data = true, \
			.help = "add N, or 1, to a 64-bit word, and print what it is then", \
			.options = memory_add_options, \
			ARGS(struct memory_add_args, .trusted = IPC_NOBODY), \
			.run = memory_add }, \
		{ .name = "wait", \
			.operands = "ADDRESS", \
			.help = "wait for a change, or for a value of a 64-bit word", \
			.options = memory_wait_options, \
			ARGS(struct memory_wait_args, .limit = IPC_FOREVER), \
			.run = memory_wait }, \
		{ .name = "inspect", \
			.synonyms = "stat info", \
			.operands = "ADDRESS...", \
			.help = "tell everything known of " object, \
			.columns = object_columns, \
			.list = true, \
			.run = memory_inspect }, \
		{ .name = "ls", \
			.synonyms = "list", \
			.help = "list the " objects, \
			.columns = object_columns, \
			.run = ls }, \
		{ .name = "set", \
			.operands = "ADDRESS...", \
			.help = "change the mode or owner of " object \
				", or a word in it", \
			.options = memory_set_options, \
			ARGS(struct memory_set_args, \
				.owner = { (uid_t)-1, (gid_t)-1 }, \
				.trusted = IPC_NOBODY), \
			.run = memory_set }, \
		{ .name = "resize", \
			.operands = "ADDRESS...", \
			.help = "make " object " longer or shorter", \
			.options = memory_resize_options, \
			ARGS(struct memory_resize_args, .size = IPC_UNKNOWN, \
				.trusted = IPC_NOBODY), \
			.run = memory_resize }, \
		REMOVE_VERB("remove the name of " object ", also when it is in use", \
			memory_rm)

#endif
