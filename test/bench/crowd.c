/*
 * crowd.c - many processes that sleep, and some of them hold objects
 *
 *	crowd PROCESSES OBJECTS PREFIX [SEGMENTS]
 *
 * Makes OBJECTS objects of POSIX shared memory, PREFIX-1 and so on.  Every tenth process
 * holds one: with a descriptor, or with a mapping alone.  SEGMENTS private segments of
 * System V shared memory stay beside them, without a holder.  Prints a line when all is
 * there.  At the end of its standard input, processes and objects go, and not before.
 */
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 4096, ONE_IN = 10 };

static void
name_object(const char *prefix, size_t number, char name[NAME_MAX])
{
	snprintf(name, NAME_MAX, "%s-%zu", prefix, number);
}

/* The process of that number; written to: it has what it holds. */
static _Noreturn void
sleep_with(const char *prefix, size_t process, size_t objects, int written)
{
	size_t holder = process / ONE_IN;
	char name[NAME_MAX];
	int fd;

	name_object(prefix, holder % objects + 1, name);
	if (process % ONE_IN == 0) {
		fd = shm_open(name, O_RDWR, 0);
		if (fd < 0)
			err(1, "open '%s'", name);
		if (holder % 2 == 0) {
			if (mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0) ==
				MAP_FAILED)
				err(1, "map '%s'", name);
			close(fd);
		}
	}
	if (write(written, "", 1) < 0)
		err(1, "write");
	for (;;)
		pause();
}

static void
start(const char *prefix, size_t processes, size_t objects)
{
	int ends[2];
	char byte;

	if (pipe(ends) < 0)
		err(1, "pipe");
	for (size_t i = 0; i < processes; i++)
		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			signal(SIGTERM, SIG_DFL);
			sleep_with(prefix, i, objects, ends[1]);
		}
	close(ends[1]);
	for (size_t i = 0; i < processes; i++)
		if (read(ends[0], &byte, 1) != 1)
			errx(1, "a process has ended");
	close(ends[0]);
}

static void
make_objects(const char *prefix, size_t objects)
{
	char name[NAME_MAX];

	for (size_t i = 1; i <= objects; i++) {
		int fd;

		name_object(prefix, i, name);
		fd = shm_open(name, O_RDWR | O_CREAT, 0600);
		if (fd < 0 || ftruncate(fd, SIZE) < 0)
			err(1, "make '%s'", name);
		close(fd);
	}
}

static void
remove_objects(const char *prefix, size_t objects)
{
	char name[NAME_MAX];

	for (size_t i = 1; i <= objects; i++) {
		name_object(prefix, i, name);
		shm_unlink(name);
	}
}

static int *
make_segments(size_t count)
{
	int *ids = calloc(count + 1, sizeof(*ids));

	if (ids == NULL)
		err(1, "make segments");
	for (size_t i = 0; i < count; i++) {
		ids[i] = shmget(IPC_PRIVATE, SIZE, 0600);
		if (ids[i] < 0)
			err(1, "make a segment");
	}
	return ids;
}

static void
remove_segments(int *ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		shmctl(ids[i], IPC_RMID, NULL);
	free(ids);
}

int
main(int argc, char **argv)
{
	size_t processes, objects, segments;
	char byte;
	int *ids;

	if (argc != 4 && argc != 5)
		errx(2, "usage: crowd PROCESSES OBJECTS PREFIX [SEGMENTS]");
	processes = strtoul(argv[1], NULL, 10);
	objects = strtoul(argv[2], NULL, 10);
	segments = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;
	close_range(STDERR_FILENO + 1, ~0U, 0); /* each would have what we were left */
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	setpgid(0, 0); /* all of them in a group */
	make_objects(argv[3], objects);
	ids = make_segments(segments);
	start(argv[3], processes, objects);
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	remove_objects(argv[3], objects);
	remove_segments(ids, segments);
	kill(0, SIGTERM); /* not this one */
	while (wait(NULL) > 0)
		continue;
	return 0;
}
