/*
 * crowd.c - many processes that sleep, and some of them hold objects
 *
 *	crowd PROCESSES OBJECTS PREFIX [SEGMENTS]
 *
 * Makes OBJECTS objects of POSIX shared memory, PREFIX-1 and so on.  Every tenth process
 * holds one: with a descriptor, or with a mapping alone.  SEGMENTS private segments of
 * System V shared memory stay beside them, without a holder.  Prints a line when all is
 * there.  At the end of its standard input, processes and objects go, and not before; or
 * when one could not be made.
 */
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
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

static bool
hold(const char *name, bool maps)
{
	int fd = shm_open(name, O_RDWR, 0);
	bool holds = fd >= 0;

	if (holds && maps) {
		holds = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED;
		close(fd);
	}
	if (!holds)
		warn("hold '%s'", name);
	return holds;
}

/* The process of that number.  It tells whether it has what it holds. */
static _Noreturn void
sleep_with(const char *prefix, size_t process, size_t objects, int told)
{
	size_t holder = process / ONE_IN;
	char name[NAME_MAX];
	bool holds = true;

	name_object(prefix, holder % objects + 1, name);
	if (process % ONE_IN == 0)
		holds = hold(name, holder % 2 == 0);
	if (write(told, &holds, sizeof(holds)) < 0)
		err(1, "write");
	for (;;)
		pause();
}

/* False: not all of them are there. */
static bool
start(const char *prefix, size_t processes, size_t objects)
{
	int ends[2];
	size_t started;
	bool holds, all = true;

	if (pipe(ends) < 0) {
		warn("pipe");
		return false;
	}
	for (started = 0; started < processes; started++) {
		pid_t pid = fork();

		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			signal(SIGTERM, SIG_DFL);
			sleep_with(prefix, started, objects, ends[1]);
		}
		if (pid < 0) {
			warn("fork");
			break;
		}
	}
	close(ends[1]);
	for (size_t i = 0; i < started; i++) /* who has told can be ended */
		all = read(ends[0], &holds, sizeof(holds)) > 0 && holds && all;
	close(ends[0]);
	return started == processes && all;
}

static bool
make_objects(const char *prefix, size_t objects)
{
	char name[NAME_MAX];
	bool done = true;

	for (size_t i = 1; i <= objects && done; i++) {
		int fd;

		name_object(prefix, i, name);
		fd = shm_open(name, O_RDWR | O_CREAT, 0600);
		done = fd >= 0 && ftruncate(fd, SIZE) == 0;
		if (!done)
			warn("make '%s'", name);
		if (fd >= 0)
			close(fd);
	}
	return done;
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

/* Each gets an id, or -1. */
static bool
make_segments(int *ids, size_t count)
{
	bool done = true;

	for (size_t i = 0; i < count; i++) {
		ids[i] = shmget(IPC_PRIVATE, SIZE, 0600);
		if (ids[i] < 0 && done)
			warn("make a segment");
		done = done && ids[i] >= 0;
	}
	return done;
}

static void
remove_segments(const int *ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] >= 0)
			shmctl(ids[i], IPC_RMID, NULL);
}

/* Until the end of standard input. */
static void
stay(void)
{
	char byte;

	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
}

int
main(int argc, char **argv)
{
	size_t processes, objects, segments;
	bool done;
	int *ids;

	if (argc != 4 && argc != 5)
		errx(2, "usage: crowd PROCESSES OBJECTS PREFIX [SEGMENTS]");
	processes = strtoul(argv[1], NULL, 10);
	objects = strtoul(argv[2], NULL, 10);
	segments = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;
	ids = calloc(segments + 1, sizeof(*ids));
	if (ids == NULL)
		err(1, "make segments");
	close_range(STDERR_FILENO + 1, ~0U, 0); /* each would have what we were left */
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	setpgid(0, 0); /* all of them in a group */
	done = make_segments(ids, segments);
	done = make_objects(argv[3], objects) && done;
	done = done && start(argv[3], processes, objects);
	if (done)
		stay();
	remove_objects(argv[3], objects);
	remove_segments(ids, segments);
	free(ids);
	kill(0, SIGTERM); /* not this one */
	while (wait(NULL) > 0)
		continue;
	return done ? 0 : 1;
}
