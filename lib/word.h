/* word.h - who waits for words of shared memory, woken; private */
#ifndef WORD_H
#define WORD_H

#include <stddef.h>

#include <ipcutil/memory.h>
#include <ipcutil/word.h>

/* Wakes all who wait for a word in the mapped bytes; what has vanished does not matter. */
void ipc_word_wake(const void *bytes, size_t length);

/*
 * The same for bytes that were written otherwise, if they are few: who waits looks again
 * by himself a little later.
 */
void ipc_word_wake_written(
	const struct ipc_memory *memory, uint64_t offset, uint64_t length);

/* Fails since the object was made shorter, and has no such word any more. */
int ipc_word_cut(const struct ipc_word *word, struct ipc_error *err);

/* ipc_word_wait() that looks by itself each time so many nanoseconds have passed. */
int ipc_word_wait_looking(const struct ipc_word *word, const struct ipc_word_goal *goal,
	const struct ipc_wait *wait, int64_t interval, uint64_t *value,
	struct ipc_error *err);

#endif
