/* proc.h - the figures of proc(5) */
#ifndef PROC_H
#define PROC_H

#include <stdint.h>

/* The number that is all of a file, or IPC_UNKNOWN. */
uint64_t ipc_proc_number(const char *path);

#endif
