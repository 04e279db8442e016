/* shm-posix.c - POSIX shared memory, shm_overview(7): which files are such */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "directory.h"
#include "shm.h"

/* Whom each object is for. */
struct shm_visit {
	enum ipc_memory_look look;
	int (*visit)(const struct ipc_memory_info *info, void *arg);
	void *arg;
};

/* Semaphores are there, too: sem_overview(7). */
static int
is_name(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		strncmp(entry->d_name, "sem.", strlen("sem.")) != 0;
}

/* What is no regular file, or vanished meanwhile, is no object. */
static int
visit_one(const struct ipc_memory_place *place, void *arg)
{
	const struct shm_visit *to = arg;
	struct ipc_address address = { .kind = IPC_POSIX_NAME };
	struct ipc_memory_info info;
	autoclose int fd = -1;
	int code;

	snprintf(address.text, sizeof(address.text), "/%s", place->name);
	if (to->look == IPC_MEMORY_COUNT)
		fd = openat(place->dir, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	code = fd >= 0 ? ipc_memory_file_fill(fd, "", &address, to->look, &info)
		       : ipc_memory_file_fill(place->dir, place->name, &address,
				 IPC_MEMORY_GLANCE, &info);
	return code == 0 ? to->visit(&info, to->arg) : 0;
}

int
ipc_shm_dir_each(int (*is_wanted)(const struct dirent *entry),
	int (*visit)(const struct ipc_memory_place *place, void *arg), void *arg,
	struct ipc_error *err)
{
	struct ipc_memory_place place = {
		.dir = open(IPC_MEMORY_SHM_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	autoclose int dir = place.dir;
	struct dirent **entries = NULL;
	int count = dir < 0 ? -1 : ipc_directory_list(dir, ".", is_wanted, &entries);
	int stop = 0;

	if (count < 0)
		return errno == ENOENT
			? 0
			: ipc_fail(err, errno, "list '%s'", IPC_MEMORY_SHM_DIR);
	for (int i = 0; i < count; i++) {
		place.name = entries[i]->d_name;
		if (stop == 0)
			stop = visit(&place, arg);
		free(entries[i]);
	}
	free(entries);
	return stop;
}

int
ipc_shm_posix_each(enum ipc_memory_look look,
	int (*visit)(const struct ipc_memory_info *info, void *arg), void *arg,
	struct ipc_error *err)
{
	struct shm_visit to = { .look = look, .visit = visit, .arg = arg };

	return ipc_shm_dir_each(is_name, visit_one, &to, err);
}

int
ipc_memory_each_shm(enum ipc_memory_look look,
	int (*visit)(const struct ipc_memory_info *info, void *arg), void *arg,
	bool *complete, struct ipc_error *err)
{
	int stop = ipc_shm_posix_each(look, visit, arg, err);

	*complete = true;
	return stop == 0 ? ipc_shm_sysv_each(look, visit, arg, err) : stop;
}
