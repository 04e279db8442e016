/* proc.h - the figures of proc(5) */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <ipcutil/error.h>

/*
 * Fails at what was reached by /proc/self/fd: as it is open, what is not there is the way to
 * it.
 */
int ipc_proc_fail(
	const char *action, const char *text, int code, struct ipc_error *err);

/* The number that is all of a file, or IPC_UNKNOWN. */
uint64_t ipc_proc_number(const char *path);

/* What proc_pid_stat(5) tells everybody of a process. */
struct ipc_proc_stat {
	char command[16];   /* any bytes */
	char state;         /* 'R', 'S', 'Z' and so on, of the leading thread */
	unsigned int flags; /* PF_* of the kernel */
	unsigned int threads;
	uint64_t start; /* clock ticks since boot */
};

/* Reads DIR/PATH/stat, PATH being "PID" or "PID/task/TID".  0, or an errno value. */
int ipc_proc_stat(int dir, const char *path, struct ipc_proc_stat *stat);

/*
 * The effective user of DIR/PATH: 0, or an errno value.  It is root's when the process has
 * ended and the directory was open: ask before ipc_proc_stat().
 */
int ipc_proc_uid(int dir, const char *path, uid_t *uid);

/* True for a zombie, but not for one whose other threads live on. */
bool ipc_proc_has_ended(const struct ipc_proc_stat *stat);

/* Undoes the \040 of proc_pid_mountinfo(5), in place. */
void ipc_proc_unescape(char *path);

#endif
