/* test-copy.c - bytes from one descriptor to another */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>

#include <ipcutil/copy.h>

#include "tap.h"

enum {
	MOST = 6 << 20,
	MORE = 777,
	TERMINAL_MOST = 20000,
	MIB = 1 << 20,
	DEADLINE = 300, /* seconds, on a machine that is slow */
};
static const struct ipc_wait at_once = IPC_WAIT(0), for_long = IPC_WAIT(30000000000),
			     briefly = IPC_WAIT(1000000);

/* What is sent, and what came: shared with the processes at the far ends. */
static char *data, *came;
static size_t *came_length;
static char dir[PATH_MAX];

static void *
shared(size_t size)
{
	void *memory = mmap(
		NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		exit(99);
	return memory;
}

static unsigned int
descriptors(void)
{
	DIR *list = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (list != NULL && readdir(list) != NULL)
		count++;
	closedir(list);
	return count;
}

/* Must not fail, or no test makes sense. */
static int
must(int result)
{
	if (result < 0) {
		perror("# test-copy");
		exit(99);
	}
	return result;
}

/*
 * The kinds of ends.  Streams have two of them: [0] is read, [1] written; a file's
 * are the same.
 */

static void
make_pipe(int ends[2])
{
	must(pipe2(ends, O_CLOEXEC));
}

static void
make_sleepless_pipe(int ends[2])
{
	must(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
}

static void
make_packet_pipe(int ends[2])
{
	must(pipe2(ends, O_CLOEXEC | O_DIRECT));
}

/* The name of a file that is there for a moment. */
static const char *
name(void)
{
	static char path[sizeof(dir) + 8];

	snprintf(path, sizeof(path), "%s/it", dir);
	return path;
}

static void
make_fifo(int ends[2])
{
	int both;

	must(mkfifo(name(), 0600));
	both = must(open(name(), O_RDWR | O_CLOEXEC));
	ends[0] = must(open(name(), O_RDONLY | O_CLOEXEC));
	ends[1] = must(open(name(), O_WRONLY | O_CLOEXEC));
	close(both);
	unlink(name());
}

static void
make_socket(int ends[2])
{
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
}

static void
make_sleepless_socket(int ends[2])
{
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends));
}

/* The terminal is ends[1]. */
static void
make_terminal(int ends[2])
{
	struct termios raw;

	ends[0] = must(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
	must(grantpt(ends[0]));
	must(unlockpt(ends[0]));
	ends[1] = must(open(ptsname(ends[0]), O_RDWR | O_NOCTTY | O_CLOEXEC));
	must(tcgetattr(ends[1], &raw));
	cfmakeraw(&raw);
	must(tcsetattr(ends[1], TCSANOW, &raw));
}

/* The terminal is ends[0]. */
static void
make_read_terminal(int ends[2])
{
	int other;

	make_terminal(ends);
	other = ends[0];
	ends[0] = ends[1];
	ends[1] = other;
}

static void
make_file_of(int ends[2], int flags)
{
	ends[0] = ends[1] =
		must(open(name(), O_RDWR | O_CREAT | O_CLOEXEC | flags, 0600));
	unlink(name());
}

static void
make_file(int ends[2])
{
	make_file_of(ends, 0);
}

static void
make_appended(int ends[2])
{
	make_file_of(ends, O_APPEND);
}

static void
make_shm(int ends[2])
{
	char shm[64];

	snprintf(shm, sizeof(shm), "/ipcutil-test-copy-%d", (int)getpid());
	ends[0] = ends[1] = must(shm_open(shm, O_RDWR | O_CREAT | O_EXCL, 0600));
	shm_unlink(shm);
}

static void
make_memfd(int ends[2])
{
	ends[0] = ends[1] = must(memfd_create("test-copy", MFD_CLOEXEC));
}

static const struct kind {
	const char *name;
	void (*make)(int ends[2]);
	bool is_file;
	size_t most;
} kinds[] = {
	{ "file", make_file, true, MOST },
	{ "shared memory", make_shm, true, MOST },
	{ "memfd", make_memfd, true, MOST },
	{ "file for appending", make_appended, true, MOST },
	{ "pipe", make_pipe, false, MOST },
	{ "pipe with O_NONBLOCK", make_sleepless_pipe, false, MOST },
	{ "pipe of packets", make_packet_pipe, false, MOST },
	{ "FIFO", make_fifo, false, MOST },
	{ "socket", make_socket, false, MOST },
	{ "socket with O_NONBLOCK", make_sleepless_socket, false, MOST },
	{ "terminal", make_terminal, false, TERMINAL_MOST },
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void
close_both(const int ends[2])
{
	close(ends[0]);
	if (ends[1] != ends[0])
		close(ends[1]);
}

static void
write_all(int fd, const char *from, size_t length)
{
	struct ipc_wait wait = for_long;

	ipc_wait_start(&wait);
	while (length > 0) {
		ssize_t step = write(fd, from, length);

		if (step < 0 &&
			(errno != EAGAIN || ipc_wait_for(fd, POLLOUT, &wait) != 0))
			exit(98);
		if (step > 0) {
			from += step;
			length -= (size_t)step;
		}
	}
}

/* Up to the end, or the hang-up of a terminal, or most. */
static size_t
read_all(int fd, char *to, size_t most)
{
	struct ipc_wait wait = for_long;
	size_t length = 0;

	ipc_wait_start(&wait);
	while (length < most) {
		ssize_t step = read(fd, to + length, most - length);

		if (step == 0 || (step < 0 && errno != EAGAIN))
			break;
		if (step < 0 && ipc_wait_for(fd, POLLIN, &wait) != 0)
			exit(97);
		if (step > 0)
			length += (size_t)step;
	}
	return length;
}

/* Fills the source, by a process where it is a stream; 0 or its id. */
static pid_t
fill(const struct kind *kind, int ends[2], size_t length, const int others[2])
{
	pid_t pid;

	if (kind->is_file) {
		write_all(ends[1], data, length);
		lseek(ends[1], 0, SEEK_SET);
		return 0;
	}
	pid = must(fork());
	if (pid == 0) {
		close_both(others);
		close(ends[0]);
		write_all(ends[1], data, length);
		if (kind->most == TERMINAL_MOST) /* a hang-up would discard it */
			pause();
		_exit(0);
	}
	close(ends[1]);
	ends[1] = ends[0];
	return pid;
}

/* Starts the process that takes what comes out of a stream; 0 or its id. */
static pid_t
drain(const struct kind *kind, int ends[2], const int others[2])
{
	pid_t pid;

	*came_length = 0;
	if (kind->is_file)
		return 0;
	pid = must(fork());
	if (pid == 0) {
		close_both(others);
		close(ends[1]);
		*came_length = read_all(ends[0], came, MOST);
		_exit(0);
	}
	close(ends[0]);
	ends[0] = ends[1];
	return pid;
}

static bool
has_come(const struct kind *kind, const int ends[2], pid_t pid, size_t length)
{
	int status = 0;

	if (kind->is_file) {
		lseek(ends[0], 0, SEEK_SET);
		*came_length = read_all(ends[0], came, MOST);
	}
	close_both(ends);
	if (pid > 0)
		waitpid(pid, &status, 0);
	return status == 0 && *came_length == length && memcmp(came, data, length) == 0;
}

static bool
copies(int from, int to, uint64_t length, uint64_t moved)
{
	struct ipc_copy copy = IPC_COPY(from, to, &for_long);
	struct ipc_error error;
	int result;

	copy.length = length;
	do
		result = ipc_copy(&copy, &error);
	while (result < 0 && error.code == EINTR);
	if (result < 0)
		diag("%s", error.sentence);
	free(copy.hand);
	return result == 0 && copy.moved == moved && copy.in_hand == 0 &&
		copy.failed == -1;
}

/* First length bytes of more, and not one too many, then the rest. */
static bool
passes(const struct kind *source, const struct kind *sink, size_t length)
{
	static const int none[] = { -1, -1 };
	bool has_end = source->most > TERMINAL_MOST;
	int from[2], to[2], status = 0;
	pid_t feeder, drainer;
	bool good;

	source->make(from);
	feeder = fill(source, from, length + MORE, none);
	sink->make(to);
	drainer = drain(sink, to, from);
	good = copies(from[0], to[1], length, length) &&
		copies(from[0], to[1], has_end ? IPC_COPY_TO_END : MORE, MORE);
	if (feeder > 0) {
		if (!has_end)
			kill(feeder, SIGTERM);
		waitpid(feeder, &status, 0);
	}
	close_both(from);
	return has_come(sink, to, drainer, length + MORE) && good;
}

static void
test_pairs(void)
{
	static const size_t lengths[] = { 0, 1, 4095, 4096, 4097, 16383, 65536, 65537,
		MIB - MORE, MIB + 1, 3 * MIB + 12345 };
	struct kind source;

	for (size_t i = 0; i < KINDS; i++)
		for (size_t j = 0; j < KINDS; j++) {
			size_t good = 0, tried = 0;

			source = kinds[i];
			if (source.most == TERMINAL_MOST)
				source.make = make_read_terminal;
			for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]);
				k++) {
				size_t length = lengths[k];

				if (length > source.most || length > kinds[j].most)
					continue;
				tried++;
				if (passes(&source, &kinds[j], length))
					good++;
				else
					diag("of %zu bytes: not", length);
			}
			is(good, tried, "from a %s to a %s: all lengths", kinds[i].name,
				kinds[j].name);
		}
}

/* A pipe or the like that holds length bytes, or a file. */
static void
make_full(void (*make)(int ends[2]), int ends[2], size_t length)
{
	make(ends);
	write_all(ends[1], data, length);
	if (ends[0] == ends[1])
		lseek(ends[0], 0, SEEK_SET);
}

static size_t
queued(int fd)
{
	int count = -1;

	ioctl(fd, FIONREAD, &count);
	return (size_t)count;
}

static void
test_devices(void)
{
	int null = must(open("/dev/null", O_RDWR | O_CLOEXEC));
	int zero = must(open("/dev/zero", O_RDWR | O_CLOEXEC));
	int file[2], pipes[2];
	struct stat st;

	for (size_t i = 0; i < KINDS; i++) {
		int ends[2];
		bool good;

		if (kinds[i].most == TERMINAL_MOST)
			continue;
		make_full(kinds[i].make, ends, 4000);
		good = copies(ends[0], null, 4000, 4000) &&
			copies(null, ends[1], IPC_COPY_TO_END, 0) &&
			copies(zero, ends[1], 5001, 5001);
		if (ends[0] == ends[1])
			lseek(ends[0], kinds[i].make == make_appended ? -5001 : 4000,
				kinds[i].make == make_appended ? SEEK_END : SEEK_SET);
		good = good && read_all(ends[0], came, 5001) == 5001;
		for (size_t k = 0; good && k < 5001; k++)
			good = came[k] == 0;
		ok(good, "a %s and /dev/null, /dev/zero", kinds[i].name);
		close_both(ends);
	}
	ok(copies(zero, null, 5 * MIB + 1, 5 * MIB + 1), "/dev/zero to /dev/null");
	make_file(file);
	make_pipe(pipes);
	close(zero);
	zero = must(open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC));
	ok(ipc_copy(&(struct ipc_copy)IPC_COPY(zero, file[1], &for_long), NULL) == 0 &&
			fstat(file[1], &st) == 0 && st.st_size > 0,
		"a file of /proc, whose length is told as 0, to a file");
	lseek(zero, 0, SEEK_SET);
	ok(copies(zero, pipes[1], IPC_COPY_TO_END, (uint64_t)st.st_size),
		"and to a pipe");
	lseek(zero, 3, SEEK_SET);
	ok(copies(zero, null, IPC_COPY_TO_END, (uint64_t)st.st_size - 3),
		"a part of it");
	close_both(file);
	close_both(pipes);
	close(null);
	close(zero);
}

static void
test_full_device(void)
{
	int full = must(open("/dev/full", O_WRONLY | O_CLOEXEC));

	for (size_t i = 0; i < KINDS; i++) {
		struct ipc_copy copy = IPC_COPY(-1, full, &for_long);
		struct ipc_error error;
		int ends[2];

		if (kinds[i].most == TERMINAL_MOST)
			continue;
		make_full(kinds[i].make, ends, 5000);
		copy.from = ends[0];
		copy.length = 5000;
		ok(ipc_copy(&copy, &error) == -1 && error.code == ENOSPC &&
				copy.moved == 0 && copy.failed == full &&
				copy.in_hand == 0 &&
				read_all(ends[0], came, 5000) == 5000 &&
				memcmp(came, data, 5000) == 0,
			"/dev/full: nothing is taken out of a %s", kinds[i].name);
		close_both(ends);
	}
	close(full);
}

/* copy's bytes are data from an offset on, in a file at an offset. */
static bool
is_at(int fd, off_t offset, size_t from, size_t length)
{
	return pread(fd, came, length, offset) == (ssize_t)length &&
		memcmp(came, data + from, length) == 0;
}

static void
test_offsets(const struct kind *one, const struct kind *other)
{
	struct ipc_copy copy = IPC_COPY(-1, -1, &for_long), here;
	int from[2], to[2], pipes[2];

	make_full(one->make, from, MOST);
	make_full(other->make, to, 100);
	make_pipe(pipes);
	copy.from = from[0];
	copy.to = to[1];
	copy.from_offset = 70001;
	copy.to_offset = 4097;
	copy.length = 2 * MIB + 3;
	lseek(from[0], 11, SEEK_SET);
	lseek(to[1], 22, SEEK_SET);
	ok(ipc_copy(&copy, NULL) == 0 && is_at(to[0], 4097, 70001, 2 * MIB + 3) &&
			lseek(from[0], 0, SEEK_CUR) == 11 &&
			lseek(to[1], 0, SEEK_CUR) == 22,
		"from a %s to a %s: at offsets, and where they stand is left alone",
		one->name, other->name);
	copy.length += 50;
	ok(ipc_copy(&copy, NULL) == 0 && is_at(to[0], 4097, 70001, 2 * MIB + 53) &&
			copy.moved == copy.length,
		"and a second call goes on from there");
	here = (struct ipc_copy)IPC_COPY(from[0], to[1], &for_long);
	here.length = MIB + 1;
	ok(ipc_copy(&here, NULL) == 0 && is_at(to[0], 22, 11, MIB + 1) &&
			lseek(from[0], 0, SEEK_CUR) == 12 + MIB &&
			lseek(to[1], 0, SEEK_CUR) == 23 + MIB,
		"without offsets, from where they stand, which moves along");
	write_all(pipes[1], data, 5000);
	here = (struct ipc_copy)IPC_COPY(pipes[0], to[1], &for_long);
	here.length = 5000;
	here.to_offset = 1;
	ok(ipc_copy(&here, NULL) == 0 && is_at(to[0], 1, 0, 5000), "from a pipe, too");
	here = (struct ipc_copy)IPC_COPY(from[0], pipes[1], &for_long);
	here.length = 5000;
	here.from_offset = 3;
	ok(ipc_copy(&here, NULL) == 0 && read_all(pipes[0], came, 5000) == 5000 &&
			memcmp(came, data + 3, 5000) == 0,
		"and to a pipe");
	close_both(from);
	close_both(to);
	close_both(pipes);
}

static void
test_ends(void)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct ipc_copy copy = IPC_COPY(-1, -1, &for_long);
		int ends[2], to[2];

		if (kinds[i].most == TERMINAL_MOST)
			continue;
		make_full(kinds[i].make, ends, 5000);
		make_memfd(to);
		if (ends[0] != ends[1])
			close(ends[1]);
		ends[1] = ends[0];
		copy.from = ends[0];
		copy.to = to[1];
		copy.length = 5001;
		is(ipc_copy(&copy, NULL), 1,
			"the end of a %s before the length is told", kinds[i].name);
		ok(copy.moved == 5000 && is_at(to[0], 0, 0, 5000),
			"and all of it came");
		close_both(ends);
		close_both(to);
	}
}

/* Something is done as bytes move. */
struct meanwhile {
	struct ipc_progress progress; /* must be the first */
	int number;                   /* a descriptor or a signal */
};

/* Cuts the file short as the first bytes of it have moved. */
static void
shrink(struct ipc_progress *progress)
{
	const struct meanwhile *file = (struct meanwhile *)progress;
	off_t moved = (off_t)progress->moved;

	must(ftruncate(file->number, moved < 3 * MIB ? 3 * MIB : moved));
}

static void
test_shrinking(const struct kind *kind)
{
	struct meanwhile meanwhile = { .progress.tell = shrink };
	struct ipc_wait wait = for_long;
	struct ipc_copy copy = IPC_COPY(-1, -1, &wait);
	int from[2], to[2];

	make_full(kind->make, from, MOST);
	kind->make(to);
	copy.from = from[0];
	copy.to = to[1];
	copy.length = 2 * MOST;
	meanwhile.number = from[0];
	wait.progress = &meanwhile.progress;
	ok(ipc_copy(&copy, NULL) == 1 && copy.moved >= 3 * MIB && copy.moved <= MOST &&
			is_at(to[0], 0, 0, (size_t)copy.moved) &&
			lseek(from[0], 0, SEEK_CUR) == (off_t)copy.moved,
		"a %s that shrinks meanwhile ends early, and exactly", kind->name);
	close_both(from);
	close_both(to);
}

static void
test_empty_and_full(const struct kind *kind)
{
	struct ipc_copy copy = IPC_COPY(-1, -1, &at_once);
	struct ipc_error error;
	int source[2], ends[2];

	kind->make(ends);
	make_full(make_memfd, source, MOST);
	copy.from = ends[0];
	copy.to = source[0];
	ok(ipc_copy(&copy, &error) == -1 && error.fault == IPC_WOULD_BLOCK &&
			copy.failed == ends[0] && copy.moved == 0,
		"an empty %s, and no waiting: %s", kind->name, error.sentence);
	copy.wait = &briefly;
	ok(ipc_copy(&copy, &error) == -1 && error.fault == IPC_TIMED_OUT &&
			copy.failed == ends[0] && copy.moved == 0,
		"and some waiting: %s", error.sentence);
	copy = (struct ipc_copy)IPC_COPY(source[0], ends[1], &at_once);
	ok(ipc_copy(&copy, &error) == -1 && error.fault == IPC_WOULD_BLOCK &&
			copy.failed == ends[1] && copy.moved > 0,
		"one that is full, and no waiting: %s", error.sentence);
	ok(lseek(source[0], 0, SEEK_CUR) == (off_t)copy.moved,
		"as much is moved as is told");
	copy.wait = &briefly;
	ok(ipc_copy(&copy, &error) == -1 && error.fault == IPC_TIMED_OUT &&
			copy.failed == ends[1] && copy.in_hand == 0,
		"and some waiting: %s", error.sentence);
	ok(read_all(ends[0], came, (size_t)copy.moved) == copy.moved &&
			memcmp(came, data, (size_t)copy.moved) == 0,
		"and as much is there");
	ok(ipc_copy(&copy, NULL) == -1 && errno == ETIMEDOUT &&
			read_all(ends[0], came, 1) == 1 &&
			lseek(source[0], 0, SEEK_CUR) == (off_t)copy.moved,
		"where there is room again, the same copy goes on");
	close_both(ends);
	close_both(source);
}

/* Where a failure finds bytes in hand, a second call gives them out. */
static void
test_hand(void)
{
	struct ipc_copy copy = IPC_COPY(-1, -1, &at_once);
	int pipes[2], to[2];
	size_t first;

	make_pipe(pipes);
	make_socket(to);
	fcntl(pipes[1], F_SETPIPE_SZ, MIB);
	write_all(pipes[1], data, (size_t)fcntl(pipes[1], F_GETPIPE_SZ));
	copy.from = pipes[0];
	copy.to = to[1];
	copy.length = queued(pipes[0]);
	ok(ipc_copy(&copy, NULL) == -1 && errno == EAGAIN && copy.failed == to[1],
		"a socket takes part of what was in a pipe");
	ok(copy.moved + copy.in_hand + queued(pipes[0]) == copy.length &&
			memcmp(copy.hand, data + copy.moved, copy.in_hand) == 0,
		"and the rest is in hand, or still in the pipe");
	first = (size_t)copy.moved;
	ok(read_all(to[0], came, first) == first && memcmp(came, data, first) == 0,
		"as much came as is told");
	while (ipc_copy(&copy, NULL) != 0 && errno == EAGAIN && copy.moved > first) {
		size_t part = (size_t)copy.moved - first;

		read_all(to[0], came + first, part);
		first += part;
	}
	read_all(to[0], came + first, (size_t)copy.moved - first);
	ok(copy.moved == copy.length && copy.hand == NULL && copy.in_hand == 0 &&
			memcmp(came, data, (size_t)copy.length) == 0,
		"further calls give out the rest, in order");
	close_both(pipes);
	close_both(to);
}

static void
ignore(int signal)
{
	(void)signal;
}

static void
count(int signal)
{
	(void)signal;
	++*came_length;
}

/* Each call ends when the timer goes off, and the next goes on. */
static void
test_storm(void)
{
	const struct itimerval often = { { .tv_usec = 300 }, { .tv_usec = 300 } },
			       never = { 0 };
	struct sigaction action = { .sa_handler = ignore, .sa_flags = SA_RESTART },
			 before;
	size_t good = 0, tried = 0;

	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &often, NULL);
	for (size_t i = 0; i < KINDS; i++)
		for (size_t j = 0; j < KINDS; j++)
			if (kinds[i].most == MOST && kinds[j].most == MOST) {
				tried++;
				good += passes(&kinds[i], &kinds[j], 3 * MIB + 1);
			}
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
	alarm(DEADLINE);
	is(good, tried,
		"in a storm of signals nothing is lost, and nothing comes twice");
}

static void
raise_it(struct ipc_progress *progress)
{
	raise(((struct meanwhile *)progress)->number);
}

static void
write_it(struct ipc_progress *progress)
{
	eventfd_write(((struct meanwhile *)progress)->number, 1);
}

/* Signals that only a wait lets in: before, and as bytes move, with nothing to wait for. */
static void
test_signals(void)
{
	struct sigaction action = { .sa_handler = count }, before;
	struct meanwhile meanwhile = { .progress.tell = raise_it, .number = SIGUSR1 };
	struct ipc_wait wait = IPC_WAIT(IPC_FOREVER);
	int zero = must(open("/dev/zero", O_RDONLY | O_CLOEXEC));
	int null = must(open("/dev/null", O_WRONLY | O_CLOEXEC));
	struct ipc_copy copy = IPC_COPY(zero, null, &wait);
	struct ipc_error error;
	sigset_t mask, now;
	int pipes[2];

	make_pipe(pipes);
	*came_length = 0;
	sigaction(SIGUSR1, &action, &before);
	sigemptyset(&now);
	sigaddset(&now, SIGUSR1);
	sigprocmask(SIG_BLOCK, &now, &mask);
	wait.signals = &mask;
	raise(SIGUSR1);
	ok(ipc_copy(&copy, &error) == -1 && error.code == EINTR && copy.moved == 0 &&
			*came_length == 1,
		"a signal that waits is let in first: %s", error.sentence);
	wait.progress = &meanwhile.progress;
	ok(ipc_copy(&copy, &error) == -1 && error.code == EINTR && copy.moved > 0 &&
			copy.moved <= 16 * MIB && *came_length == 2,
		"one that comes as bytes move, soon");
	copy.from = pipes[0];
	wait.progress = NULL;
	raise(SIGUSR1);
	ok(ipc_copy(&copy, &error) == -1 && error.code == EINTR && *came_length == 3,
		"one that waits as there is nothing to move");
	sigprocmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGUSR1, &before, NULL);
	close_both(pipes);
	close(zero);
	close(null);
}

static void
test_interrupt(void)
{
	struct ipc_wait wait = IPC_WAIT(IPC_FOREVER);
	int zero = must(open("/dev/zero", O_RDONLY | O_CLOEXEC));
	int event = must(eventfd(0, EFD_CLOEXEC)), pipes[2], gone[2];
	struct meanwhile meanwhile = { .progress.tell = write_it, .number = event };
	struct ipc_copy copy = IPC_COPY(zero, -1, &wait);
	struct ipc_error error;

	make_pipe(pipes);
	make_pipe(gone);
	wait.interrupt = event;
	wait.progress = &meanwhile.progress;
	copy.to = must(open("/dev/null", O_WRONLY | O_CLOEXEC));
	ok(ipc_copy(&copy, &error) == -1 && error.code == EINTR &&
			copy.moved <= 16 * MIB,
		"a descriptor that can be read ends it");
	copy.from = pipes[0];
	ok(ipc_copy(&copy, &error) == -1 && error.code == EINTR, "a wait as well");
	wait.interrupt = -1;
	wait.watched = gone[1];
	close(gone[0]);
	ok(ipc_copy(&copy, &error) == -1 && error.code == EPIPE &&
			copy.failed == copy.to,
		"and a watched one that nobody reads: %s", error.sentence);
	close_both(pipes);
	close(gone[1]);
	close(event);
	close(copy.to);
	close(zero);
}

static void
test_broken_pipe(const struct kind *sink)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct ipc_copy copy = IPC_COPY(-1, -1, &for_long);
		struct ipc_error error;
		int from[2], to[2];

		if (kinds[i].most == TERMINAL_MOST)
			continue;
		make_full(kinds[i].make, from, 5000);
		sink->make(to);
		close(to[0]);
		copy.from = from[0];
		copy.to = to[1];
		copy.length = 5000;
		ok(ipc_copy(&copy, &error) == -1 && error.code == EPIPE &&
				copy.moved == 0 && copy.failed == to[1],
			"nobody reads a %s: %s", sink->name, error.sentence);
		ok(copy.in_hand + read_all(from[0], came, 5000 - copy.in_hand) ==
					5000 &&
				memcmp(came, data + copy.in_hand,
					5000 - copy.in_hand) == 0,
			"and nothing of a %s is lost", kinds[i].name);
		if (kinds[i].make == make_pipe && sink->make == make_pipe)
			is(copy.in_hand, 0, "nor in hand, between pipes");
		free(copy.hand);
		close_both(from);
		close(to[1]);
	}
}

/* What fits in exactly is all there, though the sink has no room for more. */
static void
test_exact_fit(void)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct ipc_copy copy = IPC_COPY(-1, -1, &at_once);
		int from[2], to[2];

		if (kinds[i].most == TERMINAL_MOST)
			continue;
		make_full(kinds[i].make, from, 4096);
		must(pipe2(to, O_CLOEXEC));
		must(fcntl(to[1], F_SETPIPE_SZ, 4096));
		if (from[1] != from[0])
			close(from[1]);
		copy.from = from[0];
		copy.to = to[1];
		copy.keep_capacity = true;
		ok(ipc_copy(&copy, NULL) == 0 && copy.moved == 4096,
			"a %s that a pipe takes exactly is copied", kinds[i].name);
		close(from[0]);
		close(to[0]);
		close(to[1]);
	}
}

/* Who has read all goes, and then the source ends: that is no failure. */
static void
test_reader_has_all(const struct kind *sink)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct ipc_copy copy = IPC_COPY(-1, -1, &at_once);
		int from[2], to[2];

		if (kinds[i].most == TERMINAL_MOST)
			continue;
		make_full(kinds[i].make, from, 5000);
		sink->make(to);
		copy.from = from[0];
		copy.to = to[1];
		copy.length = 5000;
		is(ipc_copy(&copy, NULL), 0, "all of a %s goes to a %s", kinds[i].name,
			sink->name);
		close(to[0]);
		if (from[1] != from[0])
			close(from[1]);
		copy.length = IPC_COPY_TO_END;
		ok(ipc_copy(&copy, NULL) == 0 && copy.moved == 5000,
			"whose reader goes, and then it ends");
		close(from[0]);
		close(to[1]);
	}
}

/* A file may grow no further than a length that pages do not divide. */
static void
test_file_limit(const struct kind *source, const struct kind *sink)
{
	enum { LIMIT = 12345, LENGTH = 30000 };
	struct ipc_copy copy = IPC_COPY(-1, -1, &for_long);
	struct rlimit before, low;
	struct ipc_error error;
	int from[2], to[2], type;
	socklen_t length = sizeof(type);
	bool good, is_socket;

	make_full(source->make, from, LENGTH);
	is_socket = getsockopt(from[0], SOL_SOCKET, SO_TYPE, &type, &length) == 0;
	sink->make(to);
	copy.from = from[0];
	copy.to = to[1];
	copy.length = LENGTH;
	getrlimit(RLIMIT_FSIZE, &before);
	low = (struct rlimit){ .rlim_cur = LIMIT, .rlim_max = before.rlim_max };
	setrlimit(RLIMIT_FSIZE, &low);
	good = ipc_copy(&copy, &error) == -1 && error.code == EFBIG &&
		copy.moved == LIMIT && copy.failed == to[1];
	setrlimit(RLIMIT_FSIZE, &before);
	ok(good, "from a %s to a %s that may not grow: %s", source->name, sink->name,
		error.sentence);
	if (source->is_file || (!is_socket && sink->make != make_appended))
		is(copy.in_hand, 0, "and nothing is in hand that need not be");
	ok(is_at(to[0], 0, 0, LIMIT) && ipc_copy(&copy, NULL) == 0 &&
			copy.moved == LENGTH && is_at(to[0], 0, 0, LENGTH),
		"and when it may, a second call brings the rest");
	close_both(from);
	close_both(to);
}

/* As root, where a file system can be made: one of 64 KiB. */
static void
fill_file_system(void)
{
	struct ipc_copy copy = IPC_COPY(-1, -1, &for_long);
	struct ipc_error error;
	int from[2];

	if (unshare(CLONE_NEWNS) < 0 ||
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("test-copy", dir, "tmpfs", 0, "size=64k") < 0)
		_exit(77);
	copy.to = must(open(name(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	make_full(make_memfd, from, MIB);
	copy.from = from[0];
	if (ipc_copy(&copy, &error) != -1 || error.code != ENOSPC || copy.moved == 0 ||
		copy.moved > 64 << 10 || copy.failed != copy.to ||
		lseek(from[0], 0, SEEK_CUR) != (off_t)copy.moved ||
		!is_at(copy.to, 0, 0, (size_t)copy.moved))
		_exit(1);
	must(ftruncate(copy.to, 0));
	lseek(copy.to, 0, SEEK_SET);
	make_pipe(from);
	fcntl(from[1], F_SETPIPE_SZ, MIB);
	write_all(from[1], data, 100 << 10);
	copy = (struct ipc_copy)IPC_COPY(from[0], copy.to, &for_long);
	_exit(ipc_copy(&copy, &error) != -1 || error.code != ENOSPC ||
		copy.in_hand != 0 || copy.moved + queued(from[0]) != 100 << 10 ||
		!is_at(copy.to, 0, 0, (size_t)copy.moved));
}

static void
test_full_file_system(void)
{
	int status = 0;
	pid_t pid = must(fork());

	if (pid == 0)
		fill_file_system();
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		ok(true, "a full file system # SKIP none can be made");
	else
		is(status, 0,
			"a full file system: what was moved is told, the rest is kept");
}

/* What a pipe holds is what the source held when it was copied. */
static void
test_later_changes(const struct kind *kind)
{
	int from[2], pipes[2];

	make_full(kind->make, from, 8192);
	make_pipe(pipes);
	copies(from[0], pipes[1], IPC_COPY_TO_END, 8192);
	must((int)pwrite(from[0], data + 100, 8192, 0));
	must(ftruncate(from[0], 10));
	ok(read_all(pipes[0], came, 8192) == 8192 && memcmp(came, data, 8192) == 0,
		"later changes of a %s do not show in a pipe", kind->name);
	close_both(from);
	close_both(pipes);
}

static void
test_by_reference(const struct kind *kind)
{
	struct ipc_copy copy = IPC_COPY(-1, -1, &for_long);
	int from[2], pipes[2];

	make_full(kind->make, from, 8192 + 11);
	make_pipe(pipes);
	copy.from = from[0];
	copy.to = pipes[1];
	copy.by_reference = true;
	lseek(from[0], 1, SEEK_SET);
	ok(ipc_copy(&copy, NULL) == 0 && copy.moved == 8202 &&
			lseek(from[0], 0, SEEK_CUR) == 8203 &&
			read_all(pipes[0], came, 8202) == 8202 &&
			memcmp(came, data + 1, 8202) == 0,
		"a %s by reference", kind->name);
	close_both(from);
	close_both(pipes);
}

static int
capacity_after(size_t length, int capacity, bool keep)
{
	struct ipc_copy copy = IPC_COPY(-1, -1, &at_once);
	int from[2], pipes[2], after;

	make_full(make_memfd, from, length);
	make_pipe(pipes);
	fcntl(pipes[1], F_SETPIPE_SZ, capacity);
	copy.from = from[0];
	copy.to = pipes[1];
	copy.keep_capacity = keep;
	ipc_copy(&copy, NULL);
	after = fcntl(pipes[1], F_GETPIPE_SZ);
	close_both(from);
	close_both(pipes);
	return after;
}

static void
test_capacity(void)
{
	is(capacity_after(MIB, 32768, false), 32768, "a pipe made smaller stays so");
	is(capacity_after(MIB, 131072, false), 131072, "one made larger, too");
	is(capacity_after(MIB, 65536, true), 65536, "and any that is to be left alone");
	is(capacity_after(60000, 65536, false), 65536, "a little enlarges none");
	ok(capacity_after(MIB, 65536, false) >= 65536, "much may");
}

static bool
fails(int from, int to, int code, int failed)
{
	struct ipc_copy copy = IPC_COPY(from, to, &for_long);
	struct ipc_error error;

	return ipc_copy(&copy, &error) == -1 && errno == code && error.code == code &&
		copy.failed == failed && copy.moved == 0 && copy.hand == NULL;
}

static void
test_wrong_descriptors(void)
{
	int closed = 900, null = must(open("/dev/null", O_RDWR | O_CLOEXEC));
	int reads = must(open("/dev/null", O_RDONLY | O_CLOEXEC));
	int writes = must(open("/dev/null", O_WRONLY | O_CLOEXEC));
	int path = must(open("/dev/null", O_PATH | O_CLOEXEC));
	int directory = must(open(dir, O_RDONLY | O_CLOEXEC)), pipes[2];

	make_pipe(pipes);
	write_all(pipes[1], data, 10);
	ok(fails(closed, null, EBADF, closed), "a source that is closed");
	ok(fails(null, closed, EBADF, closed), "a destination that is closed");
	ok(fails(pipes[0], closed, EBADF, closed) && queued(pipes[0]) == 10,
		"nothing is taken for it");
	ok(fails(writes, null, EBADF, writes), "a source for writing only");
	ok(fails(null, reads, EBADF, reads), "a destination for reading only");
	ok(fails(path, null, EBADF, path) && fails(null, path, EBADF, path), "O_PATH");
	ok(fails(directory, null, EISDIR, directory), "a directory");
	is(ipc_copy(&(struct ipc_copy)IPC_COPY(closed, closed, &for_long), NULL), -1,
		"without an error to fill, too");
	ok(fails(pipes[0], pipes[1], EINVAL, pipes[1]) && queued(pipes[0]) == 10,
		"the two ends of one pipe");
	close_both(pipes);
	close(directory);
	close(path);
	close(writes);
	close(reads);
	close(null);
}

static bool
refuses_offsets(int from, int64_t from_offset, int to, int64_t to_offset, int code)
{
	struct ipc_copy copy = IPC_COPY(from, to, &for_long);

	copy.from_offset = from_offset;
	copy.to_offset = to_offset;
	return ipc_copy(&copy, NULL) == -1 && errno == code && copy.moved == 0;
}

static void
test_wrong_offsets(void)
{
	int file[2], appended[2], pipes[2];

	make_full(make_file, file, 100);
	make_appended(appended);
	make_pipe(pipes);
	ok(refuses_offsets(pipes[0], 0, file[1], IPC_COPY_HERE, ESPIPE),
		"an offset in a pipe that is read");
	ok(refuses_offsets(file[0], 0, pipes[1], 0, ESPIPE), "or written");
	ok(refuses_offsets(file[0], -2, pipes[1], IPC_COPY_HERE, EINVAL),
		"a negative one");
	ok(refuses_offsets(file[0], 0, appended[1], 0, EINVAL),
		"one in a file for appending, which the kernel would pass over");
	close_both(file);
	close_both(appended);
	close_both(pipes);
}

struct told {
	struct ipc_progress progress; /* must be the first */
	uint64_t last;
	unsigned int times;
	bool ascends;
};

static void
tell(struct ipc_progress *progress)
{
	struct told *told = (struct told *)progress;

	told->times++;
	told->ascends &= progress->moved >= told->last;
	told->last = progress->moved;
}

static void
test_progress(void)
{
	struct told told = { .progress = { .interval = INT64_MAX, .tell = tell },
		.ascends = true };
	struct ipc_wait wait = IPC_WAIT(50000000);
	struct ipc_copy copy = IPC_COPY(-1, -1, &wait);
	int from[2], to[2], pipes[2];

	make_full(make_memfd, from, MOST);
	make_memfd(to);
	make_pipe(pipes);
	wait.progress = &told.progress;
	ipc_progress_start(&told.progress);
	copy.from = from[0];
	copy.to = to[1];
	is(ipc_copy(&copy, NULL), 0, "progress is told");
	ok(told.times == 0 && told.progress.moved == MOST,
		"not more often than asked for");
	copy = (struct ipc_copy)IPC_COPY(pipes[0], to[1], &wait);
	told.progress.interval = 1000000;
	write_all(pipes[1], data, 1000);
	ok(ipc_copy(&copy, NULL) == -1 && errno == ETIMEDOUT && told.times > 1 &&
			told.ascends && told.last == MOST + 1000,
		"and also while nothing moves, of all that was moved");
	close_both(from);
	close_both(to);
	close_both(pipes);
}

static void
grow(struct ipc_progress *progress)
{
	const struct meanwhile *file = (struct meanwhile *)progress;

	must((int)pwrite(file->number, data, MORE, MOST));
}

static void
test_growing(const struct kind *sink)
{
	struct meanwhile meanwhile = { .progress.tell = grow };
	struct ipc_wait wait = for_long;
	struct ipc_copy copy = IPC_COPY(-1, -1, &wait);
	int from[2], to[2];

	make_full(make_memfd, from, MOST);
	sink->make(to);
	meanwhile.number = copy.from = from[0];
	copy.to = to[1];
	wait.progress = &meanwhile.progress;
	ok(ipc_copy(&copy, NULL) == 0 && copy.moved == MOST + MORE,
		"what is added to a file meanwhile goes to a %s, too", sink->name);
	close_both(from);
	close_both(to);
}

/* A hole between two bytes. */
static void
test_hole(const struct kind *source, const struct kind *sink)
{
	struct ipc_copy copy = IPC_COPY(-1, -1, &for_long);
	int from[2], to[2];
	bool good;

	source->make(from);
	sink->make(to);
	must((int)pwrite(from[1], "a", 1, 0));
	must((int)pwrite(from[1], "b", 1, MOST - 1));
	copy.from = from[0];
	copy.to = to[1];
	good = ipc_copy(&copy, NULL) == 0 && copy.moved == MOST &&
		pread(to[0], came, MOST, 0) == MOST && came[0] == 'a' &&
		came[MOST - 1] == 'b';
	for (size_t i = 1; good && i < MOST - 1; i++)
		good = came[i] == 0;
	ok(good, "a hole of a %s is zeros in a %s", source->name, sink->name);
	close_both(from);
	close_both(to);
}

/* The reader of a pipe takes some and is killed. */
static void
test_killed_reader(const struct kind *source)
{
	static const int none[] = { -1, -1 };
	struct ipc_copy copy = IPC_COPY(-1, -1, &for_long);
	struct ipc_error error;
	int from[2], to[2];
	pid_t feeder, reader;

	source->make(from);
	feeder = fill(source, from, MOST, none);
	make_pipe(to);
	reader = must(fork());
	if (reader == 0) {
		close_both(from);
		close(to[1]);
		read_all(to[0], came, MOST / 2);
		raise(SIGKILL);
	}
	close(to[0]);
	/* Each page of a large one can be of 32 KiB of a socket's: all the rest would fit. */
	copy.keep_capacity = true;
	copy.from = from[0];
	copy.to = to[1];
	ok(ipc_copy(&copy, &error) == -1 && error.code == EPIPE &&
			copy.failed == to[1] && copy.moved >= MOST / 2 &&
			copy.moved < MOST,
		"a reader killed amid a %s: %s", source->name, error.sentence);
	waitpid(reader, NULL, 0);
	free(copy.hand);
	close_both(from);
	close(to[1]);
	if (feeder > 0) {
		kill(feeder, SIGKILL);
		waitpid(feeder, NULL, 0);
	}
}

/* Another process takes from the same pipe: each byte goes to one of the two. */
static void
test_shared_source(const struct kind *sink)
{
	static const int none[] = { -1, -1 };
	struct ipc_copy copy = IPC_COPY(-1, -1, &for_long);
	int from[2], mine[2], its[2];
	pid_t feeder, other;
	off_t size;

	make_pipe(from);
	feeder = fill(&kinds[4], from, MOST, none);
	make_memfd(its);
	sink->make(mine);
	other = must(fork());
	copy.from = from[0];
	copy.to = other == 0 ? its[1] : mine[1];
	if (other == 0)
		_exit(ipc_copy(&copy, NULL) != 0);
	ok(ipc_copy(&copy, NULL) == 0, "two copies take from one pipe, one to a %s",
		sink->name);
	waitpid(other, NULL, 0);
	waitpid(feeder, NULL, 0);
	size = lseek(its[0], 0, SEEK_END);
	is(copy.moved + (uint64_t)size, MOST, "and each byte goes to one of them");
	close_both(from);
	close_both(mine);
	close_both(its);
}

/* O_NONBLOCK and the like are of all who share the description. */
static void
test_flags(const struct kind *source, const struct kind *sink)
{
	struct ipc_copy copy = IPC_COPY(-1, -1, &at_once);
	int from[2], to[2], flags[2];

	source->make(from);
	write_all(from[1], data, 1000);
	if (source->is_file)
		lseek(from[0], 0, SEEK_SET);
	sink->make(to);
	flags[0] = fcntl(from[0], F_GETFL);
	flags[1] = fcntl(to[1], F_GETFL);
	copy.from = from[0];
	copy.to = to[1];
	copy.length = 1000;
	ok(ipc_copy(&copy, NULL) == 0 && fcntl(from[0], F_GETFL) == flags[0] &&
			fcntl(to[1], F_GETFL) == flags[1],
		"from a %s to a %s, both keep their flags", source->name, sink->name);
	close_both(from);
	close_both(to);
}

static void
test_one_pipe(void)
{
	struct ipc_copy copy = IPC_COPY(-1, -1, &at_once);
	struct ipc_error error;
	int pipes[2];

	make_pipe(pipes);
	write_all(pipes[1], data, 1000);
	copy.from = pipes[0];
	copy.to = pipes[1];
	copy.to_name = "'/out'";
	ok(ipc_copy(&copy, &error) == -1 && error.code == EINVAL && copy.moved == 0 &&
			strcmp(error.sentence,
				"write to '/out': it is the pipe that is read") == 0,
		"a pipe is not copied into itself: %s", error.sentence);
	is(read_all(pipes[0], came, 1000), 1000, "nor lost");
	close_both(pipes);
}

static void
test_silent(void)
{
	struct ipc_copy copy = IPC_COPY(-1, -1, &at_once);
	struct ipc_error error;
	int pipes[2];

	make_pipe(pipes);
	copy.from = pipes[0];
	copy.to = must(open("/dev/null", O_WRONLY | O_CLOEXEC));
	copy.from_name = "'/in'";
	copy.to_name = "standard output";
	ipc_copy(&copy, &error);
	ok(strcmp(error.sentence, "read '/in': it is empty") == 0,
		"the sentence has the name");
	copy.length = 0;
	is(ipc_copy(&copy, NULL), 0, "no byte is soon copied");
	close_both(pipes);
	close(copy.to);
}

static void
prepare(void)
{
	const char *tmp = getenv("TMPDIR");

	alarm(DEADLINE); /* a wait that does not end is a failure */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	snprintf(dir, sizeof(dir), "%s/test-copy-XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		exit(99);
	data = shared(MOST);
	came = shared(MOST);
	came_length = shared(sizeof(*came_length));
	tap_seed();
	for (size_t i = 0; i < MOST; i++)
		data[i] = (char)random();
}

int
main(void)
{
	unsigned int before = descriptors();

	prepare();
	test_pairs();
	test_devices();
	test_full_device();
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 3; j++)
			test_offsets(&kinds[i], &kinds[j]);
	test_ends();
	for (size_t i = 0; i < 3; i++) {
		test_shrinking(&kinds[i]);
		test_later_changes(&kinds[i]);
		test_by_reference(&kinds[i]);
	}
	for (size_t i = 4; i < KINDS - 1; i++)
		test_empty_and_full(&kinds[i]);
	test_exact_fit();
	test_hand();
	test_signals();
	test_storm();
	test_interrupt();
	for (size_t i = 4; i < KINDS - 1; i++) {
		test_broken_pipe(&kinds[i]);
		test_reader_has_all(&kinds[i]);
	}
	for (size_t i = 0; i < KINDS - 1; i++) {
		test_killed_reader(&kinds[i]);
		for (size_t j = 0; j < KINDS; j++)
			test_flags(&kinds[i], &kinds[j]);
	}
	for (size_t i = 0; i < 3; i++) {
		test_growing(&kinds[i]);
		test_shared_source(&kinds[i]);
		for (size_t j = 0; j < 3; j++)
			test_hole(&kinds[i], &kinds[j]);
	}
	test_one_pipe();
	for (size_t i = 0; i < KINDS - 1; i++)
		for (size_t j = 0; j < 4; j++)
			test_file_limit(&kinds[i], &kinds[j]);
	test_full_file_system();
	test_capacity();
	test_wrong_descriptors();
	test_wrong_offsets();
	test_progress();
	test_silent();
	rmdir(dir);
	is(descriptors(), before, "no descriptor is left open");
	return tap_end();
}
