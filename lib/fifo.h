/* fifo.h - finding a FIFO without opening it: private to its files */
#ifndef FIFO_H
#define FIFO_H

#include <sys/stat.h> /* struct stat */

#include <ipcutil/fifo.h>

/*
 * A descriptor of O_PATH of the FIFO at an address, which stays the same object whatever
 * becomes of the name; or -1.  action is told: "read".
 */
int ipc_fifo_find(const struct ipc_address *address, const char *action,
	struct stat *st, struct ipc_error *err);

/* Where it is opened by that descriptor: a format, and room for it. */
#define IPC_FIFO_PATH "/proc/self/fd/%d"
enum { IPC_FIFO_PATH_MAX = sizeof("/proc/self/fd/") + 3 * sizeof(int) };

#endif
