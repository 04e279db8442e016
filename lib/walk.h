/* walk.h - the files of one type that are found under directories */
#ifndef WALK_H
#define WALK_H

#include <stdbool.h>
#include <sys/stat.h>

#include <ipcutil/error.h>

/*
 * Calls visit for every file of a type, S_IFIFO or S_IFSOCK, in each of the directories
 * up to NULL and those in them, once also where these overlap, sorted in each by name, until
 * it returns non-zero; returns that value, or 0.  path begins with '/' and lives only during the call.  Follows no
 * symbolic link but those that dirs names, and enters no other file system; a name from
 * the root of more than PATH_MAX bytes, and a directory that may not be read, make
 * *complete false, which is otherwise left alone.
 *
 * IPC_NO_OBJECT	one of dirs is not there
 */
int ipc_walk(const char *const *dirs, mode_t type,
	int (*visit)(const char *path, const struct stat *st, void *arg), void *arg,
	bool *complete, struct ipc_error *err);

#endif
