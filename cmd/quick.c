/*
 * quick.c - what makes of a program one that is linked statically and starts fast
 *
 * No such program can have libsmartcols or the services of nsswitch.conf(5), which are
 * shared libraries.  Each has a whole program beside it, made of the same sources, that
 * goes on in its place when a command line wants records or names.  Where there is none
 * it does what it can by itself: it shows records as all but tables, and knows the names
 * of /etc/passwd and /etc/group.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ipcutil/number.h>

#include "cli.h"
#include "signals.h"
#include "whole.h"

#define WHOLE "-whole"

/*
 * In a build tree it is in the same directory, and whoever owns the one owns the other.  With
 * privileges that our caller has not, it is not looked for: a link to us may be anywhere.
 */
static void
go_on_beside(char **argv)
{
	char path[PATH_MAX + sizeof(WHOLE)];
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
	struct stat quick, whole;

	if (length < 0 || getauxval(AT_SECURE) != 0 ||
		stat("/proc/self/exe", &quick) < 0)
		return;
	memcpy(path + length, WHOLE, sizeof(WHOLE));
	if (lstat(path, &whole) == 0 && S_ISREG(whole.st_mode) &&
		whole.st_uid == quick.st_uid)
		execv(path, argv);
}

void
whole_instead(char **argv)
{
	char path[PATH_MAX];

	signals_give_back();
	go_on_beside(argv);
	snprintf(path, sizeof(path), PKGLIBEXECDIR "/%s" WHOLE, this_program.name);
	execv(path, argv);
	signals_ignore();
}

/*
 * Finds the line of that name or, where it is NULL, of *id; then *id is its id and buf the
 * name.  passwd(5) and group(5) begin alike.
 */
static bool
find(const char *path, const char *name, id_t *id, char buf[VALUE_MAX])
{
	char line[1024];
	FILE *lines = fopen(path, "re");
	bool found = false;

	while (lines != NULL && !found && fgets(line, sizeof(line), lines) != NULL) {
		char *rest = line;
		const char *first = strsep(&rest, ":");
		const char *third =
			strsep(&rest, ":") == NULL ? NULL : strsep(&rest, ":");
		uint64_t number;

		if (third == NULL || !ipc_number(third, 10, UINT32_MAX, &number))
			continue;
		found = name == NULL ? number == *id : strcmp(first, name) == 0;
		if (found) {
			snprintf(buf, VALUE_MAX, "%s", first);
			*id = (id_t)number;
		}
	}
	if (lines != NULL)
		fclose(lines);
	return found;
}

const char *
whole_user(uid_t uid, char buf[VALUE_MAX])
{
	return find("/etc/passwd", NULL, &uid, buf) ? buf : NULL;
}

const char *
whole_group(gid_t gid, char buf[VALUE_MAX])
{
	return find("/etc/group", NULL, &gid, buf) ? buf : NULL;
}

bool
whole_find_user(const char *name, uid_t *uid)
{
	char same[VALUE_MAX];

	return find("/etc/passwd", name, uid, same);
}

bool
whole_find_group(const char *name, gid_t *gid)
{
	char same[VALUE_MAX];

	return find("/etc/group", name, gid, same);
}

void *
whole_library(const char *library, const char **why)
{
	(void)library;
	*why = "no whole program can be run from '" PKGLIBEXECDIR "'";
	return NULL;
}
