/* whole.h - what takes shared libraries, which quick programs are not linked with */
#ifndef WHOLE_H
#define WHOLE_H

#include <stdbool.h>
#include <sys/types.h>

#include "value.h"

/*
 * In a quick program, goes on as the whole one beside it, and does not return where there
 * is one.  To be called before anything was done that would be done twice.
 */
void whole_instead(char **argv);

/* The names of a user and a group, which may be put into buf; NULL: they have none. */
const char *whole_user(uid_t uid, char buf[VALUE_MAX]);
const char *whole_group(gid_t gid, char buf[VALUE_MAX]);

/* Whose names these are; false: nobody's. */
bool whole_find_user(const char *name, uid_t *uid);
bool whole_find_group(const char *name, gid_t *gid);

/* Loads a library for dlsym(3); NULL, and why. */
void *whole_library(const char *library, const char **why);

#endif
