/*
 * word.h - a 64-bit word of shared memory: counters, and the waiting for them
 *
 * A word is unsigned, stands at an offset that 8 divides, and has the byte order of the
 * machine.  Each change is one atomic operation, for every process that uses the same
 * kind, as of <stdatomic.h>; who waits sleeps in futex(2).
 *
 * A peer that makes a file shorter turns a touch of its memory into SIGBUS.  While one of
 * these functions touches it that signal is caught, and an error follows: for so long
 * the disposition of SIGBUS is ours, and they are not for two threads at once.
 */
#ifndef IPCUTIL_WORD_H
#define IPCUTIL_WORD_H

#include <ipcutil/memory.h>

__BEGIN_DECLS

/* A word that is mapped.  The caller owns it and ends it with ipc_word_close(). */
struct ipc_word {
	const struct ipc_memory *memory;
	uint64_t offset;
	uint64_t *at;      /* private */
	void *map;         /* private: NULL for a System V segment */
	size_t map_length; /* private */
};

/*
 * Maps the word at an offset of an open object, which must outlive it; to change it that
 * has to be open as IPC_MEMORY_BOTH, to wait IPC_MEMORY_READ will do.
 *
 * IPC_MISUSE	8 does not divide the offset
 * IPC_LIMIT	it is not in the object
 */
int ipc_word_open(struct ipc_word *word, const struct ipc_memory *memory,
	uint64_t offset, struct ipc_error *err);
void ipc_word_close(struct ipc_word *word);

int ipc_word_get(const struct ipc_word *word, uint64_t *value, struct ipc_error *err);

/*
 * Adds to the word, modulo 2^64, so that a negative number may be its complement;
 * *value is what it is then.  Wakes who waits.
 */
int ipc_word_add(const struct ipc_word *word, uint64_t number, uint64_t *value,
	struct ipc_error *err);

/* Sets the word, whatever it was.  Wakes who waits. */
int ipc_word_set(const struct ipc_word *word, uint64_t value, struct ipc_error *err);

/*
 * Sets the word if it is *expected, which is what it was then.  Wakes who waits.
 *
 * IPC_REFUSED	it was not: it is as it was
 */
int ipc_word_exchange(const struct ipc_word *word, uint64_t *expected, uint64_t value,
	struct ipc_error *err);

/* What to wait for. */
struct ipc_word_goal {
	uint64_t value;
	bool at_least; /* or more */
};

/*
 * Waits until the word is what the goal says; *value is what it is then.  It is looked at
 * when a function of this library, or a process that uses FUTEX_WAKE, changed it, and
 * four times a second, as other stores wake nobody.
 *
 * wait->signals, wait->watched and wait->interrupt are not looked at.
 *
 * IPC_WOULD_BLOCK, IPC_TIMED_OUT	it is not, or has not become so
 * IPC_NO_OBJECT	the object was removed, and no name leads to it any more
 */
int ipc_word_wait(const struct ipc_word *word, const struct ipc_word_goal *goal,
	const struct ipc_wait *wait, uint64_t *value, struct ipc_error *err);

/*
 * Waits until something changes a POSIX object or a file that can be noticed: write(2),
 * a change of size, mode, owner or name, a change by the functions of this library; but
 * not a store through a mapping.  inotify(7).
 *
 * IPC_WOULD_BLOCK, IPC_TIMED_OUT	nothing did
 * IPC_REFUSED	a System V segment: nothing tells of it
 */
int ipc_memory_wait(const struct ipc_memory *memory, const struct ipc_wait *wait,
	struct ipc_error *err);

__END_DECLS

#endif
