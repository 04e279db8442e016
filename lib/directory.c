/* directory.c - what is in a directory, whose access time stays */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "directory.h"

int
ipc_directory_open(int dir, const char *path)
{
	enum { HOW = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
	int fd = openat(dir, path, HOW | O_NOATIME);

	return fd < 0 && errno == EPERM ? openat(dir, path, HOW) : fd;
}

/* What has been listed so far. */
struct list {
	struct dirent **entry;
	size_t count, room;
};

static int
add(struct list *list, const struct dirent *entry)
{
	if (list->count == list->room) {
		size_t room = list->room * 2 + 64;
		struct dirent **more = reallocarray(list->entry, room, sizeof(*more));

		if (more == NULL)
			return -1;
		list->entry = more;
		list->room = room;
	}
	list->entry[list->count] = malloc(entry->d_reclen);
	if (list->entry[list->count] == NULL)
		return -1;
	memcpy(list->entry[list->count++], entry, entry->d_reclen);
	return 0;
}

/* 0, or -1 with errno. */
static int
fill(struct list *list, DIR *stream, int (*is_wanted)(const struct dirent *entry))
{
	const struct dirent *entry;

	while (errno = 0, (entry = readdir(stream)) != NULL)
		if (is_wanted(entry) && add(list, entry) < 0)
			return -1;
	return errno == 0 ? 0 : -1;
}

static int
by_name(const void *one, const void *other)
{
	const struct dirent *const *a = one, *const *b = other;

	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
free_list(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->entry[i]);
	free(list->entry);
}

int
ipc_directory_list(int dir, const char *path,
	int (*is_wanted)(const struct dirent *entry), struct dirent ***entries)
{
	autoclose int fd = ipc_directory_open(dir, path);
	autoclosedir DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct list list = { .count = 0 };

	if (stream == NULL)
		return -1;
	keep(&fd);
	if (fill(&list, stream, is_wanted) < 0) {
		const int code = errno;

		free_list(&list);
		errno = code;
		return -1;
	}
	if (list.count > 0)
		qsort(list.entry, list.count, sizeof(*list.entry), by_name);
	*entries = list.entry;
	return (int)list.count;
}
