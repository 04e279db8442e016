/* ipc-shm - shared memory for shell scripts */
#include "memory-verbs.h"

static int
shm_ls(struct call *call)
{
	return memory_ls(call, ipc_memory_each_shm);
}

static const struct verb verbs[] = {
	MEMORY_VERBS("an object", "objects", shm_columns, shm_ls),
	{ .name = NULL },
};

const struct program this_program = {
	.name = "ipc-shm",
	.help = "shared memory for shell scripts",
	.verbs = verbs,
	.address = ipc_address_shm,
};
