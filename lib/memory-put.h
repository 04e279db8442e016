/* memory-put.h - writing to a file whose size a peer may change meanwhile */
#ifndef MEMORY_PUT_H
#define MEMORY_PUT_H

#include "memory.h"

/* The size by now. */
uint64_t ipc_memory_size_now(const struct ipc_memory *memory);

/*
 * Sees to it that length bytes at an offset can be written: they fit, or their memory is
 * taken where memory->extends lets them make it longer, which this does not yet.
 *
 * IPC_LIMIT	as ipc_memory_put(); nothing has changed
 */
int ipc_memory_put_reserve(const struct ipc_memory *memory, uint64_t offset,
	uint64_t length, struct ipc_error *err);

/*
 * Only write(2) makes a file longer.  So the last byte of one of that size is stored, and
 * what a peer cuts off at any time is still missing when all is done.  Where nothing can be
 * mapped, or there is no room, it is written, and the time for that is that of one call.
 * end is that of all there is to write.
 */
int ipc_memory_put_last(const struct ipc_memory *memory, uint64_t size, char byte,
	uint64_t end, uint64_t *moved, struct ipc_error *err);

/*
 * What makes a file of that size longer, from offset on, is appended: it goes to the end,
 * wherever a peer has that just then, and the descriptor tells afterwards whether that was
 * at the offset, when so many bytes were moved.  Between the two write(2) appends.
 */
int ipc_memory_append_begin(const struct ipc_memory *memory, uint64_t offset,
	uint64_t size, struct ipc_error *err);
int ipc_memory_append_end(const struct ipc_memory *memory, uint64_t offset,
	uint64_t moved, struct ipc_error *err);

#endif
