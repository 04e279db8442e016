/* walk.c - the files of one type that are found under directories */
#include <errno.h>
#include <fts.h>
#include <limits.h>
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

static int
walk(char *root, const char *dir, mode_t type,
	int (*visit)(const char *path, const struct stat *st, void *arg), void *arg,
	bool *complete, struct ipc_error *err)
{
	char *const roots[] = { root, NULL };
	__attribute__((cleanup(end))) FTS *tree =
		fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, by_name);
	const FTSENT *entry;
	int stop = 0;

	while (stop == 0) {
		errno = 0;
		entry = tree == NULL ? NULL : fts_read(tree);
		if (entry == NULL)
			return errno == 0 ? 0 : ipc_fail(err, errno, "list '%s'", dir);
		switch (entry->fts_info) {
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS:
			/* What vanishes meanwhile is not missed. */
			*complete = *complete && entry->fts_errno == ENOENT;
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
	bool *complete, struct ipc_error *err)
{
	int stop = 0;

	for (; *dirs != NULL && stop == 0; dirs++) {
		char root[PATH_MAX];

		if (realpath(*dirs, root) == NULL)
			return ipc_fail(err, errno, "list '%s'", *dirs);
		stop = walk(root, *dirs, type, visit, arg, complete, err);
	}
	return stop;
}
