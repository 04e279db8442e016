/* memory-draft.h - a file without a name until it is complete; private */
#ifndef MEMORY_DRAFT_H
#define MEMORY_DRAFT_H

#include "memory.h"

/* A file in the making.  The caller ends it with ipc_memory_draft_end(). */
struct ipc_memory_draft {
	int fd;        /* to read and write; -1 after a failure */
	char name[40]; /* where the file system knows none without; else "" */
};

/* Begins an empty file of mode 0600 at a place: 0, or -1 with errno. */
int ipc_memory_draft_begin(
	struct ipc_memory_draft *draft, const struct ipc_memory_place *place);

/* Gives it its name, in place of what has it when replace is true: 0, or -1 with errno. */
int ipc_memory_draft_publish(struct ipc_memory_draft *draft,
	const struct ipc_memory_place *place, bool replace);

/* Forgets a draft that was not published, and closes its file. */
void ipc_memory_draft_end(
	struct ipc_memory_draft *draft, const struct ipc_memory_place *place);

#endif
