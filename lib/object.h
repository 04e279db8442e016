/* object.h - what can be done with an object of any type: one row each */
#ifndef OBJECT_H
#define OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <ipcutil/error.h>
#include <ipcutil/object.h>

/* True for the types that have a row: those that can belong to a process. */
bool ipc_object_has_row(const struct ipc_object *object);

/* Looks again by the address: what is there now is in *now.  Leaves no trace. */
int ipc_object_look(
	const struct ipc_object *object, struct ipc_object *now, struct ipc_error *err);

/* True when it is seen that it is no more, or another is in its place. */
bool ipc_object_is_gone(const struct ipc_object *object);

/*
 * Tells a file, named as in statx(2) with AT_EMPTY_PATH, from all others that had or will
 * have its inode, by when it was made, which *st has of STATX_BTIME, and the number that file
 * systems have for that; 0 where neither is told.
 */
uint64_t ipc_object_generation(int dir, const char *name, const struct statx *st);

/* Whether the file is on a file system of that type; also when that is not told. */
bool ipc_object_is_on(int fd, uint32_t magic);

/* Tells an object from others that were made with other values; never 0. */
uint64_t ipc_object_made_with(const uint64_t *values, size_t count);

#endif
