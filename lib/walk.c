/* walk.c - the files of one type that are found under directories */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory.h"
#include "walk.h"

/* Below one of the directories, whose turn it is. */
struct walk {
	const char *const *dirs, *const *turn;
	mode_t type;
	int (*visit)(const char *path, const struct stat *st, void *arg);
	void *arg;
	struct ipc_error *missed, *err;
	char path[PATH_MAX + NAME_MAX + 2]; /* of what is looked at */
};

/* A directory, and that in which it is; NULL: none of the walk. */
struct level {
	const struct level *above;
	dev_t device;
	ino_t inode;
};

/* Whether it is one of the directories up to end, or up to NULL. */
static bool
is_one_of(const char *const *dirs, const char *const *end, const struct level *level)
{
	struct stat dir;

	for (; dirs != end && *dirs != NULL; dirs++)
		if (stat(*dirs, &dir) == 0 && dir.st_dev == level->device &&
			dir.st_ino == level->inode)
			return true;
	return false;
}

/*
 * What is below several of the directories has one turn: that of the nearest.  A mount may
 * show a directory below itself.
 */
static bool
is_entered(const struct walk *walk, const struct level *level)
{
	const struct level *above = level->above;

	if (is_one_of(walk->dirs, above == NULL ? walk->turn : NULL, level))
		return false;
	for (; above != NULL; above = above->above)
		if (above->device != level->device || above->inode == level->inode)
			return false;
	return true;
}

/* What vanishes meanwhile is not missed. */
static int
miss(struct walk *walk, const struct level *above, int code)
{
	if (above == NULL || code == ENOMEM)
		return ipc_fail(walk->err, code, "list '%s'", *walk->turn);
	if (code != ENOENT && walk->missed->code == 0)
		ipc_fail(walk->missed, code, "list '%s'", walk->path);
	return 0;
}

/* Only what has no bytes and is no link can be a directory, or of a type that is visited. */
static int
may_be_looked_at(const struct dirent *entry)
{
	return entry->d_type != DT_REG && entry->d_type != DT_LNK &&
		strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int enter(struct walk *walk, size_t length, const struct level *level);

/* The file walk->path, of that length. */
static int
look(struct walk *walk, size_t length, const struct level *above)
{
	struct level level = { .above = above };
	struct stat st;

	if (lstat(walk->path, &st) < 0)
		return miss(walk, above, errno);
	if ((st.st_mode & S_IFMT) == walk->type)
		return walk->visit(walk->path, &st, walk->arg);
	level.device = st.st_dev;
	level.inode = st.st_ino;
	return S_ISDIR(st.st_mode) && is_entered(walk, &level)
		? enter(walk, length, &level)
		: 0;
}

static int
enter(struct walk *walk, size_t length, const struct level *level)
{
	struct dirent **entries;
	const int count =
		ipc_directory_list(AT_FDCWD, walk->path, may_be_looked_at, &entries);
	int stop = 0;

	if (count < 0)
		return miss(walk, level->above, errno);
	if (length == 1) /* that of "/" */
		length = 0;
	for (int i = 0; i < count; i++) {
		const int more = snprintf(walk->path + length,
			sizeof(walk->path) - length, "/%s", entries[i]->d_name);

		if (stop == 0)
			stop = look(walk, length + (size_t)more, level);
		free(entries[i]);
	}
	free(entries);
	return stop;
}

int
ipc_walk(const char *const *dirs, mode_t type,
	int (*visit)(const char *path, const struct stat *st, void *arg), void *arg,
	struct ipc_error *missed, struct ipc_error *err)
{
	struct walk walk = {
		.dirs = dirs,
		.turn = dirs,
		.type = type,
		.visit = visit,
		.arg = arg,
		.missed = missed,
		.err = err,
	};
	int stop = 0;

	for (; *walk.turn != NULL && stop == 0; walk.turn++) {
		if (realpath(*walk.turn, walk.path) == NULL)
			return ipc_fail(err, errno, "list '%s'", *walk.turn);
		stop = look(&walk, strlen(walk.path), NULL);
	}
	return stop;
}
