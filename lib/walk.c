/* walk.c - the files of one type that are found under directories */
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "walk.h"

static int
by_name(const FTSENT **one, const FTSENT **other)
{
	return strcmp((*one)->fts_name, (*other)->fts_name);
}

static void
end(FTS **tree)
{
	if (*tree != NULL)
		fts_close(*tree);
}

/* Whether it is one of the directories up to end, or up to NULL. */
static bool
is_one_of(const char *const *dirs, const char *const *end, const struct stat *st)
{
	struct stat dir;

	for (; dirs != end && *dirs != NULL; dirs++)
		if (stat(*dirs, &dir) == 0 && dir.st_dev == st->st_dev &&
			dir.st_ino == st->st_ino)
			return true;
	return false;
}

/* What is below several of the directories has one turn: that of the nearest. */
static int
walk(char *root, const char *const *dirs, const char *const *turn, mode_t type,
	int (*visit)(const char *path, const struct stat *st, void *arg), void *arg,
	struct ipc_error *missed, struct ipc_error *err)
{
	char *const roots[] = { root, NULL };
	__attribute__((cleanup(end))) FTS *tree =
		fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, by_name);
	FTSENT *entry;
	int stop = 0;

	while (stop == 0) {
		errno = 0;
		entry = tree == NULL ? NULL : fts_read(tree);
		if (entry == NULL)
			return errno == 0 ? 0
					  : ipc_fail(err, errno, "list '%s'", *turn);
		switch (entry->fts_info) {
		case FTS_D:
			if (is_one_of(dirs, entry->fts_level == 0 ? turn : NULL,
				    entry->fts_statp))
				fts_set(tree, entry, FTS_SKIP);
			break;
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS:
			if (entry->fts_level == FTS_ROOTLEVEL)
				return ipc_fail(
					err, entry->fts_errno, "list '%s'", *turn);
			/* What vanishes meanwhile is not missed. */
			if (entry->fts_errno != ENOENT && missed->code == 0)
				ipc_fail(missed, entry->fts_errno, "list '%s'",
					entry->fts_path);
			break;
		case FTS_DEFAULT: /* neither a file with bytes nor a directory or link */
			if ((entry->fts_statp->st_mode & S_IFMT) == type)
				stop = visit(entry->fts_path, entry->fts_statp, arg);
			break;
		default:
			break;
		}
	}
	return stop;
}

int
ipc_walk(const char *const *dirs, mode_t type,
	int (*visit)(const char *path, const struct stat *st, void *arg), void *arg,
	struct ipc_error *missed, struct ipc_error *err)
{
	int stop = 0;

	for (const char *const *turn = dirs; *turn != NULL && stop == 0; turn++) {
		char root[PATH_MAX];

		if (realpath(*turn, root) == NULL)
			return ipc_fail(err, errno, "list '%s'", *turn);
		stop = walk(root, dirs, turn, type, visit, arg, missed, err);
	}
	return stop;
}
