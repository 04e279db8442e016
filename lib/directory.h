/* directory.h - what is in a directory, whose access time stays; private */
#ifndef DIRECTORY_H
#define DIRECTORY_H

#include <dirent.h>

/*
 * Opens the directory path, which is no symbolic link, beside another for reading: a
 * descriptor that the caller closes, or -1 with errno.  To read it does not move its
 * access time, unless it is another user's and we have no CAP_FOWNER: open(2), O_NOATIME.
 */
int ipc_directory_open(int dir, const char *path);

/*
 * As scandirat(3), sorted by name in bytes, and as ipc_directory_open().  The entries, and
 * the array of them, are for the caller to free.
 */
int ipc_directory_list(int dir, const char *path,
	int (*is_wanted)(const struct dirent *entry), struct dirent ***entries);

#endif
