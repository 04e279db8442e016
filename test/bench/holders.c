/*
 * holders.c - asks the library alone who has some files
 *
 *	holders [-n OBJECTS] FILE...
 *
 * Prints a line for each process that has one.  The question is of so many objects, at
 * least: the others are ones that nobody has.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <ipcutil/holders.h>

static size_t
count_of(const char *option, int files)
{
	size_t count = option != NULL ? strtoul(option, NULL, 10) : 0;

	return count > (size_t)files ? count : (size_t)files;
}

static struct ipc_object
object_at(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		err(1, "stat '%s'", path);
	return (struct ipc_object){
		.type = IPC_POSIX_SHM,
		.device = st.st_dev,
		.number = st.st_ino,
	};
}

static struct ipc_object
nobodys(size_t number)
{
	return (struct ipc_object){ .type = IPC_POSIX_SHM, .number = number };
}

int
main(int argc, char **argv)
{
	const bool more = argc > 2 && strcmp(argv[1], "-n") == 0;
	char **files = argv + (more ? 3 : 1);
	const int given = argc - (more ? 3 : 1);
	const size_t count = count_of(more ? argv[2] : NULL, given);
	struct ipc_object *objects = calloc(count + 1, sizeof(*objects));
	struct ipc_holders holders;
	struct ipc_error error;

	if (objects == NULL)
		err(1, "holders");
	for (size_t i = 0; i < count; i++)
		objects[i] = i < (size_t)given ? object_at(files[i]) : nobodys(i);
	if (ipc_holders_find(objects, count, &holders, &error) < 0)
		errx(1, "cannot %s", error.sentence);
	for (size_t i = 0; i < holders.count; i++)
		printf("%s %d %x\n", files[holders.holder[i].object],
			(int)holders.holder[i].pid, holders.holder[i].access);
	ipc_holders_free(&holders);
	free(objects);
	return 0;
}
