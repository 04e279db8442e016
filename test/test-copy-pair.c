/* test-copy-pair.c - much of a file into memory, which one thread reads and one writes */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/loop.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <ipcutil/copy.h>

#include "tap.h"

enum {
	MIB = 1 << 20,
	PIECE = 64 << 10,
	WORTH = 32 * MIB, /* less is copied by one */
	MOST = WORTH + 20 * PIECE,
	OLD = 'o', /* what the destination is full of */
	DEADLINE = 300,
};
static const struct ipc_wait for_long = IPC_WAIT(30000000000);
static char *data, *map;
static int from, to;

/* Must not fail, or no test makes sense. */
static int
must(int result)
{
	if (result < 0) {
		perror("# test-copy-pair");
		exit(99);
	}
	return result;
}

/* A file without a name, of MOST bytes, in a directory. */
static int
file_in(const char *dir)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/test-copy-pair-XXXXXX", dir);
	fd = must(mkostemp(path, O_CLOEXEC));
	unlink(path);
	return fd;
}

/* As they were at first, and so long. */
static void
refill(off_t source, off_t destination)
{
	must(ftruncate(from, 0));
	must(ftruncate(to, 0));
	if (pwrite(from, data, (size_t)source, 0) != source)
		exit(99);
	must(ftruncate(to, MOST));
	memset(map, OLD, MOST);
	must(ftruncate(to, destination));
	must((int)lseek(from, 0, SEEK_SET));
	must((int)lseek(to, 0, SEEK_SET));
}

/* Length bytes of the data from an offset on are at another, and all else is old. */
static bool
holds(size_t at, size_t source, size_t length)
{
	if (memcmp(map + at, data + source, length) != 0)
		return false;
	for (size_t i = 0; i < MOST; i++)
		if ((i < at || i >= at + length) && map[i] != OLD) {
			diag("byte %zu of %zu at %zu is not the old one", i, length,
				at);
			return false;
		}
	return true;
}

static unsigned int
threads(void)
{
	DIR *list = opendir("/proc/self/task");
	unsigned int count = 0;

	while (list != NULL && readdir(list) != NULL)
		count++;
	closedir(list);
	return count - 2;
}

/* Something is done as bytes move. */
struct meanwhile {
	struct ipc_progress progress; /* must be the first */
	unsigned int threads, times;
	uint64_t when; /* so many have moved */
	off_t size;
};

static void
count(struct ipc_progress *progress)
{
	struct meanwhile *meanwhile = (struct meanwhile *)progress;
	const unsigned int now = threads();

	meanwhile->times++;
	if (meanwhile->threads < now)
		meanwhile->threads = now;
}

/* Copies length bytes, and looks at how many threads there are as it does. */
static unsigned int
threads_of(uint64_t length)
{
	struct meanwhile meanwhile = { .progress.tell = count };
	struct ipc_wait wait = for_long;
	struct ipc_copy copy = IPC_COPY(from, to, &wait);

	refill(MOST, MOST);
	wait.progress = &meanwhile.progress;
	copy.length = length;
	if (ipc_copy(&copy, NULL) != 0 || copy.moved != length || !holds(0, 0, length))
		return 0;
	return meanwhile.threads;
}

static bool
has_two_processors(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) > 1;
}

static void
on_one_processor(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET((size_t)must(sched_getcpu()), &cpus);
	must(sched_setaffinity(0, sizeof(cpus), &cpus));
	_exit(threads_of(MOST) != 1);
}

/* Root may have as many as it wants. */
static void
without_threads(void)
{
	const struct rlimit none = { 0, 0 };

	if (geteuid() == 0)
		must(setresuid(65534, 65534, 65534));
	must(setrlimit(RLIMIT_NPROC, &none));
	_exit(threads_of(MOST) != 1);
}

/* 0 when the process that does it says so. */
static int
status_of(void (*work)(void))
{
	int status = -1;
	pid_t pid = must(fork());

	if (pid == 0)
		work();
	waitpid(pid, &status, 0);
	return status;
}

static void
test_threads(void)
{
	is(threads_of((uint64_t)WORTH - 1), 1,
		"what is little is copied by one thread");
	is(threads_of(MOST), has_two_processors() ? 2 : 1,
		"much by two, where they may have a processor each");
	is(threads(), 1, "of which one is left");
	is(status_of(on_one_processor), 0, "on one processor by one");
	is(status_of(without_threads), 0, "and where there may be no other");
}

/* A device of the destination's bytes, until it is closed; or -1. */
static int
device(void)
{
	const struct loop_config config = {
		.fd = (uint32_t)to,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR,
	};
	const int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	const int number = ioctl(control, LOOP_CTL_GET_FREE);
	char path[PATH_MAX];
	int fd;

	close(control);
	snprintf(path, sizeof(path), "/dev/loop%d", number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (ioctl(fd, LOOP_CONFIGURE, &config) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Its name is in memory, but what it is given is not. */
static void
test_device(void)
{
	static const char claim[] = "much that a device gets, by one thread";
	struct meanwhile meanwhile = { .progress.tell = count };
	struct ipc_wait wait = for_long;
	struct ipc_copy copy;
	int fd;

	refill(MOST, MOST);
	fd = device();
	if (fd < 0) {
		ok(true, "%s # SKIP there can be no loop device", claim);
		return;
	}
	wait.progress = &meanwhile.progress;
	copy = (struct ipc_copy)IPC_COPY(from, fd, &wait);
	ok(ipc_copy(&copy, NULL) == 0 && copy.moved == MOST && meanwhile.threads == 1 &&
			fsync(fd) == 0 && holds(0, 0, MOST),
		"%s", claim);
	close(fd);
}

static void
test_lengths(void)
{
	static const int more[] = { 0, 1, 4095, PIECE - 1, PIECE, PIECE + 1, 8 * PIECE,
		8 * PIECE + 777 };

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		const size_t length = (size_t)(WORTH + more[i]);
		struct ipc_copy copy = IPC_COPY(from, to, &for_long);

		refill((off_t)length, MOST);
		ok(ipc_copy(&copy, NULL) == 0 && copy.moved == length &&
				holds(0, 0, length) &&
				lseek(from, 0, SEEK_CUR) == (off_t)length &&
				lseek(to, 0, SEEK_CUR) == (off_t)length,
			"all of %zu bytes, and both stand behind them", length);
		refill(MOST, MOST);
		copy = (struct ipc_copy)IPC_COPY(from, to, &for_long);
		copy.from_offset = 777;
		copy.to_offset = 4099;
		copy.length = length - 10000;
		ok(ipc_copy(&copy, NULL) == 0 && holds(4099, 777, length - 10000) &&
				lseek(from, 0, SEEK_CUR) == 0 &&
				lseek(to, 0, SEEK_CUR) == 0,
			"not one too many, at offsets");
		copy.length += 10000 - 4099;
		ok(ipc_copy(&copy, NULL) == 0 && holds(4099, 777, length - 4099),
			"and a second call goes on from there");
	}
}

static void
test_growing_destination(void)
{
	struct ipc_copy copy = IPC_COPY(from, to, &for_long);
	struct stat st;

	refill(MOST, 0);
	copy.length = MOST - 1;
	ok(ipc_copy(&copy, NULL) == 0 && fstat(to, &st) == 0 &&
			st.st_size == MOST - 1 && memcmp(map, data, MOST - 1) == 0,
		"what is empty gets the size of what comes");
	must(fcntl(to, F_SETFL, O_APPEND));
	refill(MOST, 1234);
	copy = (struct ipc_copy)IPC_COPY(from, to, &for_long);
	copy.length = MOST - 1234;
	ok(ipc_copy(&copy, NULL) == 0 && fstat(to, &st) == 0 && st.st_size == MOST &&
			holds(1234, 0, MOST - 1234),
		"what is open for appending, at its end");
	must(fcntl(to, F_SETFL, 0));
}

static void
change_size(struct ipc_progress *progress)
{
	struct meanwhile *meanwhile = (struct meanwhile *)progress;

	if (progress->moved >= meanwhile->when && meanwhile->times++ == 0)
		must(ftruncate(from, meanwhile->size));
}

/* What has been read has been; it ends where it ends then, which may be amid a piece. */
static void
test_shrinking(void)
{
	struct meanwhile meanwhile = {
		.progress.tell = change_size,
		.when = 5 * MIB,
		.size = 20 * MIB + 12345,
	};
	struct ipc_wait wait = for_long;
	struct ipc_copy copy = IPC_COPY(from, to, &wait);

	refill(MOST, MOST);
	wait.progress = &meanwhile.progress;
	copy.length = MOST;
	ok(ipc_copy(&copy, NULL) == 1 && copy.moved == (uint64_t)meanwhile.size &&
			holds(0, 0, copy.moved) &&
			lseek(from, 0, SEEK_CUR) == meanwhile.size &&
			lseek(to, 0, SEEK_CUR) == meanwhile.size,
		"a source that shrinks ends early, and exactly");
	refill(MOST, MOST);
	meanwhile.size = 5 * MIB;
	meanwhile.times = 0;
	meanwhile.progress.moved = 0;
	copy = (struct ipc_copy)IPC_COPY(from, to, &wait);
	copy.length = MOST;
	ok(ipc_copy(&copy, NULL) == 1 && copy.moved >= 5 * MIB &&
			copy.moved < 8 * MIB && holds(0, 0, copy.moved) &&
			lseek(from, 0, SEEK_CUR) == (off_t)copy.moved,
		"also to what is at its turn, but for the little that had been read");
}

static void
test_growing_source(void)
{
	struct meanwhile meanwhile = {
		.progress.tell = change_size,
		.when = WORTH,
		.size = WORTH + 4567,
	};
	struct ipc_wait wait = for_long;
	struct ipc_copy copy = IPC_COPY(from, to, &wait);

	refill(WORTH, MOST);
	wait.progress = &meanwhile.progress;
	memset(data + WORTH, 0, 4567);
	ok(ipc_copy(&copy, NULL) == 0 && copy.moved == WORTH + 4567 &&
			holds(0, 0, copy.moved),
		"what is added to a source meanwhile is copied, too");
}

static void
test_file_limit(void)
{
	enum { LIMIT = 20 * MIB + 12345 };
	struct ipc_copy copy = IPC_COPY(from, to, &for_long);
	struct rlimit before, low;
	struct ipc_error error;
	bool good;

	refill(MOST, 0);
	getrlimit(RLIMIT_FSIZE, &before);
	low = (struct rlimit){ .rlim_cur = LIMIT, .rlim_max = before.rlim_max };
	setrlimit(RLIMIT_FSIZE, &low);
	good = ipc_copy(&copy, &error) == -1 && error.code == EFBIG &&
		copy.moved == LIMIT && copy.failed == to &&
		lseek(from, 0, SEEK_CUR) == LIMIT && lseek(to, 0, SEEK_CUR) == LIMIT;
	setrlimit(RLIMIT_FSIZE, &before);
	ok(good, "a destination that may not grow: %s", error.sentence);
	copy.length = MOST;
	ok(ipc_copy(&copy, NULL) == 0 && copy.moved == MOST && holds(0, 0, MOST),
		"and when it may, a second call brings the rest");
}

static void
raise_it(struct ipc_progress *progress)
{
	const struct meanwhile *meanwhile = (struct meanwhile *)progress;

	if (progress->moved >= meanwhile->when)
		raise(SIGUSR1);
}

static void
ignore(int signal)
{
	(void)signal;
}

/* One that is let in ends it soon; and each call goes on where the last one ended. */
static void
test_signals(void)
{
	const struct itimerval often = { { .tv_usec = 700 }, { .tv_usec = 700 } },
			       never = { 0 };
	struct sigaction action = { .sa_handler = ignore }, before;
	struct meanwhile meanwhile = { .progress.tell = raise_it, .when = 9 * MIB };
	struct ipc_wait wait = for_long;
	struct ipc_copy copy = IPC_COPY(from, to, &wait);
	sigset_t mask, some;
	int result;

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGALRM, &action, &before);
	sigemptyset(&some);
	sigaddset(&some, SIGUSR1);
	sigaddset(&some, SIGALRM);
	sigprocmask(SIG_BLOCK, &some, &mask);
	wait.signals = &mask;
	wait.progress = &meanwhile.progress;
	refill(MOST, MOST);
	ok(ipc_copy(&copy, NULL) == -1 && errno == EINTR && copy.moved >= 9 * MIB &&
			copy.moved <= 25 * MIB && holds(0, 0, copy.moved) &&
			lseek(from, 0, SEEK_CUR) == (off_t)copy.moved &&
			lseek(to, 0, SEEK_CUR) == (off_t)copy.moved,
		"a signal ends it within 16 MiB, and what was moved is told");
	wait.progress = NULL;
	setitimer(ITIMER_REAL, &often, NULL);
	for (size_t i = 0; i < 20; i++) {
		refill(MOST, MOST);
		copy = (struct ipc_copy)IPC_COPY(from, to, &wait);
		do
			result = ipc_copy(&copy, NULL);
		while (result < 0 && errno == EINTR);
		if (result != 0 || copy.moved != MOST || !holds(0, 0, MOST))
			break;
		meanwhile.times++;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	is(meanwhile.times, 20, "in a storm of them nothing is lost or comes twice");
	sigprocmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGALRM, &before, NULL);
	alarm(DEADLINE);
}

enum { BAD = 20 * MIB + 3 * PIECE };

/* From now on reading fails at that offset and behind it; and splice(2), if that is told. */
static void
fail_reads(bool fail_splice)
{
	const unsigned int number = offsetof(struct seccomp_data, nr),
			   low = offsetof(struct seccomp_data, args[3]) +
		(__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0);
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_copy_file_range, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, fail_splice ? SYS_splice : ~0U, 3,
			0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pread64, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, BAD, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]),
		filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(77);
}

static void
fail_all_reads(void)
{
	struct ipc_copy copy = IPC_COPY(from, to, &for_long);

	refill(MOST, MOST);
	fail_reads(true);
	_exit(ipc_copy(&copy, NULL) != -1 || errno != EIO || copy.failed != from ||
		copy.moved != BAD || !holds(0, 0, BAD) ||
		lseek(from, 0, SEEK_CUR) != BAD || lseek(to, 0, SEEK_CUR) != BAD);
}

static void
fail_some_reads(void)
{
	struct ipc_copy copy = IPC_COPY(from, to, &for_long);

	refill(MOST, MOST);
	copy.length = MOST; /* where it ends is not asked */
	fail_reads(false);
	_exit(ipc_copy(&copy, NULL) != 0 || copy.moved != MOST || !holds(0, 0, MOST));
}

static void
test_failing_source(void)
{
	static const struct {
		void (*copy)(void);
		const char *claim;
	} cases[] = {
		{ fail_all_reads, "what fails to be read ends it there, and exactly" },
		{ fail_some_reads, "what can be read in another way, is" },
	};

	for (size_t i = 0; i < 2; i++) {
		int status = status_of(cases[i].copy);

		if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
			ok(true, "%s # SKIP no call can be made to fail",
				cases[i].claim);
		else
			is(status, 0, "%s", cases[i].claim);
	}
}

static void
test_all(void)
{
	test_threads();
	test_device();
	test_lengths();
	test_growing_destination();
	test_shrinking();
	test_growing_source();
	test_file_limit();
	test_signals();
	test_failing_source();
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");

	alarm(DEADLINE); /* a wait that does not end is a failure */
	signal(SIGXFSZ, SIG_IGN);
	data = malloc(MOST);
	to = must(memfd_create("test-copy-pair", MFD_CLOEXEC));
	map = mmap(NULL, MOST, PROT_READ | PROT_WRITE, MAP_SHARED, to, 0);
	if (data == NULL || map == MAP_FAILED)
		exit(99);
	tap_seed();
	for (size_t i = 0; i < MOST; i++)
		data[i] = (char)random();
	diag("from a file");
	from = file_in(tmp != NULL ? tmp : "/tmp");
	test_all();
	close(from);
	diag("from memory");
	from = must(memfd_create("test-copy-pair", MFD_CLOEXEC));
	test_all();
	free(data);
	return tap_end();
}
