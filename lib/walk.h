/* walk.h - the files of one type that are found under directories */
#ifndef WALK_H
#define WALK_H

#include <sys/stat.h>

#include <ipcutil/error.h>

/*
 * Calls visit for every file of a type, S_IFIFO or S_IFSOCK, in each of the directories
 * up to NULL and those in them, once also where these overlap, sorted in each by name,
 * until it returns non-zero; returns that value, or 0.  path begins with '/' and lives
 * only during the call.  Follows no symbolic link but those that dirs names, and enters
 * no other file system.  *missed, which begins as { 0 }, tells the first below dirs that
 * cannot be looked at: a directory that may not be read, a name from the root of more
 * than PATH_MAX bytes.  What it tells already stays.
 *
 * IPC_NO_OBJECT	one of dirs is not there
 * IPC_DENIED	one of dirs may not be read
 */
int ipc_walk(const char *const *dirs, mode_t type,
	int (*visit)(const char *path, const struct stat *st, void *arg), void *arg,
	struct ipc_error *missed, struct ipc_error *err);

#endif
