/* test-pipe.c - pipes and FIFOs: who has which end, who waits, and what is found unasked */
#include <poll.h>
#include <pthread.h>

#include <ipcutil/pipe.h>

#include "crew.h"

enum {
	READ = IPC_ACCESS_READ,
	WRITE = IPC_ACCESS_WRITE,
	BLOCKED = IPC_ACCESS_BLOCKED,
	OPENING = IPC_ACCESS_OPENING,
	BOTH_TYPES = 1 << IPC_PIPE | 1 << IPC_FIFO,
};

static char directory[48], fifo[64];
static int ends[2]; /* of a pipe */

static struct ipc_object
object_of(enum ipc_type type, int fd)
{
	struct stat st;

	must(fstat(fd, &st), "fstat");
	return (struct ipc_object){
		.type = type,
		.device = st.st_dev,
		.number = st.st_ino,
		.uid = st.st_uid,
	};
}

/* Tasks of the crew, which inherit the pipe. */
static void
keep_end(const void *end)
{
	close(ends[1 - *(const int *)end]);
}

static void
keep_reader(const void *arg)
{
	(void)arg;
	close(ends[1]);
}

static void
keep_all(const void *arg)
{
	(void)arg;
}

static void
keep_twice(const void *arg)
{
	(void)arg;
	must(dup2(ends[0], 77), "dup2");
	must(dup2(ends[1], 78), "dup2");
}

static void
sleep_in_read(const void *arg)
{
	char byte;

	(void)arg;
	close(ends[1]);
	crew_ready();
	must((int)read(ends[0], &byte, 1), "read");
}

static void
sleep_in_write(const void *arg)
{
	static const char bytes[2 * 65536];

	(void)arg;
	close(ends[0]);
	crew_ready();
	must((int)write(ends[1], bytes, sizeof(bytes)), "write");
}

static void
sleep_in_poll(const void *arg)
{
	struct pollfd polled[] = { { .fd = -1 }, { .fd = ends[0], .events = POLLIN } };

	(void)arg;
	close(ends[1]);
	crew_ready();
	must(poll(polled, 2, -1), "poll");
}

static void
sleep_in_splice(const void *arg)
{
	int others[2];

	(void)arg;
	close(ends[1]);
	must(pipe(others), "pipe");
	crew_ready();
	must((int)splice(ends[0], NULL, others[1], NULL, 100, 0), "splice");
}

/* One that has an end of a new pipe, and we the other. */
static void
waits(crew_task *task, int end, unsigned int access, const char *claim)
{
	struct ipc_object object;
	struct look look;
	pid_t pid;

	must(pipe(ends), "pipe");
	object = object_of(IPC_PIPE, ends[0]);
	pid = crew_join(task, NULL);
	close(ends[end]);
	for (int i = 0; i < 2000; i++) {
		look = look_for(&object, pid, IPC_SCAN_QUERY);
		if (look.access == access)
			break;
		nap();
	}
	ok(look.access == access, "%s", claim);
	crew_leave(pid);
	close(ends[1 - end]);
}

static void
test_ends(void)
{
	struct ipc_object object;
	struct look look;
	pid_t pid;

	must(pipe(ends), "pipe");
	object = object_of(IPC_PIPE, ends[0]);
	for (int end = 0; end < 2; end++) {
		pid = crew_join(keep_end, &end);
		look = look_for(&object, pid, IPC_SCAN_QUERY);
		ok(look.count == 2 && look.access == (end == 0 ? READ : WRITE) &&
				look.holder.read_fd == (end == 0 ? ends[0] : -1) &&
				look.holder.write_fd == (end == 1 ? ends[1] : -1),
			"who has the %s end, and by which descriptor",
			end == 0 ? "read" : "write");
		crew_leave(pid);
	}
	pid = crew_join(keep_twice, NULL);
	look = look_for(&object, pid, IPC_SCAN_QUERY);
	ok(look.access == (READ | WRITE) && look.holder.read_fd == ends[0] &&
			look.holder.write_fd == ends[1],
		"of several descriptors the lowest is told");
	crew_leave(pid);
	close(ends[0]);
	close(ends[1]);
	ok(nobody_holds(&object), "a pipe that is closed is nobody's");
}

static void
test_waits(void)
{
	waits(sleep_in_read, 0, READ | BLOCKED,
		"one that sleeps in read(2) of an empty pipe");
	waits(sleep_in_poll, 0, READ | BLOCKED, "in poll(2)");
	waits(sleep_in_splice, 0, READ | BLOCKED, "in splice(2)");
	waits(keep_reader, 0, READ, "one that has it and does something else");
	waits(sleep_in_write, 1, WRITE | BLOCKED,
		"one that sleeps in write(2) of a full one");
}

/* How a task names the FIFO that it opens. */
enum way { ABSOLUTE, RELATIVE, PARENT, AT, OPENAT2, LINK, OWN_FD, CHROOT, WAYS };

static const char *const ways[] = {
	[ABSOLUTE] = "by its path",
	[RELATIVE] = "by its name",
	[PARENT] = "by a path with ..",
	[AT] = "below a directory that is open",
	[OPENAT2] = "with openat2(2)",
	[LINK] = "by a symbolic link",
	[OWN_FD] = "by a descriptor in /proc/self/fd",
	[CHROOT] = "from below another root directory",
};

static void
open_in_that_way(const void *arg)
{
	/* As of <linux/openat2.h>, which not all have. */
	const uint64_t how[3] = { O_WRONLY };
	const enum way way = *(const enum way *)arg;
	char path[160];
	int fd;

	must(chdir(directory), directory);
	snprintf(path, sizeof(path), "%s/../%s/fifo", directory,
		strrchr(directory, '/') + 1);
	fd = must(open(".", O_RDONLY | O_DIRECTORY), ".");
	if (way == CHROOT)
		must(chroot("."), "chroot");
	crew_ready();
	switch (way) {
	case ABSOLUTE:
		must(open(fifo, O_WRONLY), fifo);
		break;
	case RELATIVE:
		must(open("fifo", O_WRONLY), "fifo");
		break;
	case PARENT:
		must(open(path, O_WRONLY), path);
		break;
	case AT:
		must(chdir("/"), "/");
		must(openat(fd, "fifo", O_WRONLY), "fifo");
		break;
	case OPENAT2:
		must((int)syscall(437, fd, "fifo", how, sizeof(how)), "openat2");
		break;
	case LINK:
		must(open("link", O_WRONLY), "link");
		break;
	case OWN_FD:
		fd = must(open("fifo", O_PATH), "fifo");
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		must(open(path, O_WRONLY), path);
		break;
	case CHROOT:
		must(open("/fifo", O_WRONLY), "/fifo");
		break;
	case WAYS:
		break;
	}
}

static void
test_openings(void)
{
	const struct ipc_object object = object_at(IPC_FIFO, fifo);
	char link[sizeof(directory) + 8];

	snprintf(link, sizeof(link), "%s/link", directory);
	must(symlink("fifo", link), link);
	for (enum way way = ABSOLUTE; way < WAYS; way++) {
		pid_t pid;

		if (way == CHROOT && getuid() != 0) {
			ok(true, "who opens it %s # SKIP not root", ways[way]);
			continue;
		}
		pid = crew_join(open_in_that_way, &way);
		ok(comes_to_hold(pid, &object, WRITE | OPENING), "who opens it %s",
			ways[way]);
		crew_leave(pid);
	}
	unlink(link);
}

/* What was discovered of an object; its holder with that pid. */
static const struct ipc_object *
discovered(const struct ipc_discovery *found, const struct ipc_object *object,
	pid_t pid, struct ipc_holder *holder)
{
	size_t count;

	*holder = (struct ipc_holder){ .pid = 0 };
	for (size_t i = 0; i < found->count; i++) {
		const struct ipc_holder *holders;

		if (!ipc_object_is_same(&found->objects[i], object))
			continue;
		holders = ipc_holders_of(&found->holders, i, &count);
		for (size_t j = 0; j < count; j++)
			if (holders[j].pid == pid)
				*holder = holders[j];
		return &found->objects[i];
	}
	return NULL;
}

static void *
be_there(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

static void
test_discovery(void)
{
	const struct ipc_object named = object_at(IPC_FIFO, fifo);
	struct ipc_object object, gone;
	const struct ipc_object *there;
	struct ipc_discovery found;
	struct ipc_holder holder;
	pthread_t thread;
	char text[64];
	int fd;

	must(pipe(ends), "pipe");
	object = object_of(IPC_PIPE, ends[0]);
	close(must(dup(ends[0]), "dup"));
	fd = must(open(fifo, O_RDWR), fifo);
	is(ipc_holders_discover(BOTH_TYPES, &found, NULL), 0, "a look at everything");
	there = discovered(&found, &object, getpid(), &holder);
	snprintf(text, sizeof(text), "inode:%ju", (uintmax_t)object.number);
	ok(there != NULL && strcmp(ipc_address_text(&there->address), text) == 0,
		"finds a pipe, by its inode");
	ok(holder.access == (READ | WRITE) && holder.read_fd == ends[0] &&
			holder.write_fd == ends[1] && holder.start > 0,
		"with who has it");
	there = discovered(&found, &named, getpid(), &holder);
	ok(there != NULL && strcmp(ipc_address_text(&there->address), fifo) == 0 &&
			holder.read_fd == fd && holder.write_fd == fd,
		"and a FIFO, by its path");
	for (size_t i = 1; i < found.count; i++)
		if (found.objects[i - 1].type > found.objects[i].type)
			diag("not sorted at %zu", i);
	ipc_discovery_free(&found);
	is(ipc_holders_discover(1 << IPC_PIPE, &found, NULL), 0, "a look at pipes");
	ok(discovered(&found, &object, getpid(), &holder) != NULL &&
			discovered(&found, &named, getpid(), &holder) == NULL,
		"finds no FIFOs");
	ipc_discovery_free(&found);
	gone = object;
	close(ends[0]);
	close(ends[1]);
	must(unlink(fifo), fifo);
	must(-pthread_create(&thread, NULL, be_there, NULL), "pthread_create");
	is(ipc_holders_discover(BOTH_TYPES, &found, NULL), 0, "a later look");
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	ok(discovered(&found, &gone, getpid(), &holder) == NULL,
		"finds no pipe that was closed");
	there = discovered(&found, &named, getpid(), &holder);
	snprintf(text, sizeof(text), "/proc/%d/fd/%d", (int)getpid(), fd);
	ok(there != NULL && strcmp(ipc_address_text(&there->address), text) == 0,
		"and a FIFO without a name, by its descriptor");
	ipc_discovery_free(&found);
	close(fd);
	must(mkfifo(fifo, 0600), fifo);
}

/* One who only waits for it has no descriptor by which it could be found. */
static void
test_discovery_of_openers(void)
{
	const struct ipc_object named = object_at(IPC_FIFO, fifo);
	const struct ipc_object *there = NULL;
	const enum way way = RELATIVE;
	pid_t pid = crew_join(open_in_that_way, &way);
	struct ipc_discovery found;
	struct ipc_holder holder;

	for (int i = 0; i < 2000 && there == NULL; i++) {
		ipc_holders_discover(BOTH_TYPES, &found, NULL);
		there = discovered(&found, &named, pid, &holder);
		if (there == NULL)
			ipc_discovery_free(&found);
	}
	ok(there != NULL && strcmp(ipc_address_text(&there->address), fifo) == 0 &&
			holder.access == (WRITE | OPENING) && holder.write_fd == -1,
		"a FIFO that somebody waits to open is found");
	ipc_discovery_free(&found);
	crew_leave(pid);
}

/* More objects than any table has room for at first, of more processes than one looks at. */
static void
test_many(void)
{
	enum { PIPES = 400, CROWD = 300 };
	static int pipes[PIPES][2];
	static pid_t pids[CROWD];
	size_t missed = 0;
	struct ipc_discovery found;

	for (size_t i = 0; i < PIPES; i++)
		must(pipe(pipes[i]), "pipe");
	for (size_t i = 0; i < CROWD; i++)
		pids[i] = crew_join(keep_all, NULL);
	must(ipc_holders_discover(1 << IPC_PIPE, &found, NULL), "discover");
	for (size_t i = 0; i < PIPES; i++) {
		const struct ipc_object object = object_of(IPC_PIPE, pipes[i][1]);
		struct ipc_holder holder;

		for (size_t j = 0; j < CROWD; j++)
			missed +=
				discovered(&found, &object, pids[j], &holder) == NULL ||
				holder.access != (READ | WRITE);
	}
	is(missed, 0, "each of many pipes is found with each of many who have it");
	ipc_discovery_free(&found);
	for (size_t i = 0; i < CROWD; i++)
		crew_leave(pids[i]);
	for (size_t i = 0; i < PIPES; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
}

static void
test_measure(void)
{
	struct ipc_holder holder = { .pid = getpid(), .write_fd = -1 };
	struct ipc_pipe_level level;
	struct ipc_object object;

	must(pipe(ends), "pipe");
	must((int)write(ends[1], "three", 5), "write");
	object = object_of(IPC_PIPE, ends[0]);
	holder.read_fd = ends[0];
	ok(ipc_pipe_measure(&object, &holder, 1, &level) && level.queued == 5 &&
			level.capacity >= 5,
		"a pipe is measured by a descriptor of whoever has it");
	close(ends[0]);
	close(ends[1]);
	ok(!ipc_pipe_measure(&object, &holder, 1, &level),
		"and one that has gone is told");
}

static void
do_nothing(const void *arg)
{
	(void)arg;
	crew_ready();
}

/* Its process is a zombie by its leading thread, of which /proc shows no descriptors. */
static void
test_measure_without_leader(void)
{
	struct ipc_pipe_level level;
	struct ipc_holder holder;
	struct ipc_object object;

	must(pipe(ends), "pipe");
	must((int)write(ends[1], "three", 5), "write");
	object = object_of(IPC_PIPE, ends[0]);
	holder = (struct ipc_holder){ .read_fd = ends[0], .write_fd = ends[1] };
	holder.pid = crew_join_as(CREW_WITHOUT_LEADER, do_nothing, NULL);
	close(ends[0]);
	close(ends[1]);
	ok(ipc_pipe_measure(&object, &holder, 1, &level) && level.queued == 5,
		"also one that only threads have whose leader has ended");
	crew_leave(holder.pid);
	ok(!ipc_pipe_measure(&object, &holder, 1, &level), "until they have ended");
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	snprintf(directory, sizeof(directory), "/tmp/ipcutil-pipe-XXXXXX");
	must(mkdtemp(directory) == NULL ? -1 : 0, "mkdtemp");
	snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
	must(mkfifo(fifo, 0600), fifo);
	test_ends();
	test_waits();
	test_openings();
	test_discovery();
	test_discovery_of_openers();
	test_many();
	test_measure();
	test_measure_without_leader();
	unlink(fifo);
	rmdir(directory);
	return tap_end();
}
