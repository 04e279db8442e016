/* test-holders.c - who has an object: each way of having one, in a process of its own */
#include <dirent.h>
#include <mqueue.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>

#include "crew.h"

enum { SIZE = 4096, MANY_THREADS = 100 };
enum { READ = IPC_ACCESS_READ, WRITE = IPC_ACCESS_WRITE, MAPPED = IPC_ACCESS_MAPPED };

/* The file of the tests: in memory, as those of POSIX shared memory are. */
static char path[64];
static struct ipc_object file;

static void
open_file(const void *flags)
{
	must(open(path, *(const int *)flags), path);
}

/* The file behind more mappings than are read at once. */
static void
map_much(const void *flags)
{
	const long page = sysconf(_SC_PAGESIZE);
	char *much = mmap(NULL, (size_t)(2000 * page), PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = must(open(path, O_RDWR), path);

	for (int i = 1; i < 1999; i += 2)
		must(mprotect(much + i * page, (size_t)page, PROT_READ), "mprotect");
	if (mmap(much + 1999 * page, SIZE, PROT_READ, *(const int *)flags | MAP_FIXED,
		    fd, 0) == MAP_FAILED)
		must(-1, "mmap");
	close(fd);
}

static void
map_file(const void *flags)
{
	int fd = must(open(path, O_RDWR), path);

	if (mmap(NULL, SIZE, PROT_READ, *(const int *)flags, fd, 0) == MAP_FAILED)
		must(-1, "mmap");
	close(fd);
}

static void
open_and_map_file(const void *flags)
{
	map_file(flags);
	open_file(&(int){ O_RDONLY });
}

/* A process does this with the file, and has it so. */
static void
has(crew_task *task, int flags, unsigned int access, const char *claim)
{
	pid_t pid = crew_join(task, &flags);

	ok(access != 0 ? holds(pid, &file, access) : nobody_holds(&file), "%s", claim);
	crew_leave(pid);
}

static void
test_files(void)
{
	ok(nobody_holds(&file), "nobody has a file that nobody has opened");
	has(open_file, O_RDONLY, READ, "a descriptor to read from");
	has(open_file, O_WRONLY, WRITE, "a descriptor to write to");
	has(open_file, O_RDWR, READ | WRITE, "a descriptor for both");
	has(open_file, O_PATH, 0,
		"a descriptor that is only a path is no use of the file");
	has(map_file, MAP_SHARED, MAPPED,
		"a shared mapping whose descriptor is closed");
	has(map_file, MAP_PRIVATE, MAPPED,
		"a private mapping whose descriptor is closed");
	has(open_and_map_file, MAP_SHARED, READ | MAPPED,
		"a descriptor and a mapping of one process are one holder");
	has(map_much, MAP_SHARED, MAPPED, "a mapping behind two thousand others");
	ok(nobody_holds(&file), "nobody has it when they have ended");
}

static void
test_caller(void)
{
	int fd = must(open(path, O_RDONLY), path);

	ok(holds(getpid(), &file, READ), "the caller counts like any other");
	close(fd);
}

static void
test_identity(void)
{
	struct ipc_object other = file, gone;
	pid_t pid = crew_join(open_file, &(int){ O_RDONLY });
	char name[80];
	int fd;

	other.device++;
	ok(nobody_holds(&other), "the same inode of another device is another file");
	crew_leave(pid);
	snprintf(name, sizeof(name), "%s-gone", path);
	fd = must(open(name, O_RDWR | O_CREAT | O_EXCL, 0600), name);
	gone = object_at(IPC_POSIX_SHM, name);
	unlink(name);
	ok(holds(getpid(), &gone, READ | WRITE), "a file without a name is still held");
	close(fd);
}

static void
test_stopped(void)
{
	pid_t pid = crew_join(open_file, &(int){ O_RDONLY });

	crew_stop(pid);
	ok(holds(pid, &file, READ), "a process that is stopped has what it had");
	crew_leave(pid);
}

static void
test_zombie(void)
{
	pid_t pid = crew_join(open_file, &(int){ O_RDONLY });

	crew_end_as_zombie(pid);
	ok(nobody_holds(&file), "a zombie has nothing");
	crew_leave(pid);
}

static const char hostile[] = "a\n1) Z (\033[1m\xff";

static void
take_hostile_name(const void *flags)
{
	prctl(PR_SET_NAME, hostile);
	open_file(flags);
}

static void
test_description(void)
{
	pid_t pid = crew_join(take_hostile_name, &(int){ O_RDONLY });
	struct look look = look_for(&file, pid, IPC_SCAN_QUERY);
	struct look again = look_for(&file, pid, IPC_SCAN_QUERY);

	ok(look.count == 1 && strcmp(look.holder.command, hostile) == 0,
		"the bytes of a hostile name are told as they are");
	ok(look.holder.uid == geteuid() && look.holder.pid == pid,
		"and so are the user and the number behind them");
	ok(look.holder.start > 0 && look.holder.start == again.holder.start,
		"a process is told by the time of its start");
	crew_leave(pid);
}

static void
has_in(enum crew_manner manner, crew_task *task, int flags, unsigned int access,
	const char *claim)
{
	pid_t pid = crew_join_as(manner, task, &flags);

	ok(holds(pid, &file, access), "%s", claim);
	crew_leave(pid);
}

static void *
sleep_as_thread(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void
start_many_threads(const void *flags)
{
	pthread_t id;

	for (int i = 0; i < MANY_THREADS; i++)
		must(-pthread_create(&id, NULL, sleep_as_thread, NULL),
			"pthread_create");
	open_file(flags);
}

/* Processes that never come to sleep for long: each in its one call. */
static pid_t
start_call(void (*call)(int id), int id)
{
	pid_t pid;

	fflush(stdout);
	pid = must(fork(), "fork");
	if (pid == 0) {
		call(id);
		_exit(0);
	}
	return pid;
}

/* Each thread has the file in a table of its own, makes the next one, and ends. */
static void *
hand_on(void *arg)
{
	const struct timespec moment = { .tv_nsec = 200000 };
	pthread_attr_t attr;
	pthread_t id;

	must(unshare(CLONE_FILES), "unshare");
	if (arg != NULL)
		must((int)write(*(const int *)arg, "", 1), "write");
	nanosleep(&moment, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	must(-pthread_create(&id, &attr, hand_on, NULL), "pthread_create");
	return NULL;
}

static void
start_chain(const void *flags)
{
	int fd = must(open(path, *(const int *)flags), path);
	int ends[2];
	pthread_t id;
	char byte;

	must(pipe(ends), "pipe");
	must(-pthread_create(&id, NULL, hand_on, &ends[1]), "pthread_create");
	must((int)read(ends[0], &byte, 1) - 1, "read");
	close(fd);
}

static void
dance(int fd)
{
	for (;;) {
		dup2(fd, 100);
		close(fd);
		dup2(100, fd);
		close(100);
	}
}

/* The file has the highest number, and a lower one comes and goes. */
static void
flicker(int fd)
{
	must(dup2(fd, 900), "dup2");
	for (;;) {
		dup2(STDOUT_FILENO, fd);
		close(fd);
	}
}

/* It has the file all the time: it is found, or that it cannot be is told. */
static void
is_never_overlooked(pid_t pid, const char *claim)
{
	int overlooked = 0;

	for (int i = 0; i < 300; i++) {
		struct look look = look_for(&file, pid, IPC_SCAN_QUERY);

		overlooked += look.access == 0 && !(look.blind & IPC_BLIND_RESTLESS);
	}
	/* One look in thousands still does: what it asks about is told one by one. */
	ok(overlooked <= 1, "%s: %d of 300", claim, overlooked);
	crew_leave(pid);
}

static void
test_restless(void)
{
	int fd = must(open(path, O_RDONLY), path);
	pid_t pid = start_call(dance, fd);

	is_never_overlooked(pid, "a descriptor whose number changes is not overlooked");
	pid = start_call(flicker, fd);
	is_never_overlooked(pid, "nor one below which another comes and goes");
	close(fd);
	pid = crew_join(start_chain, &(int){ O_RDONLY });
	is_never_overlooked(pid, "nor one that each thread hands on to the next");
}

/* A thread with descriptors of its own, that has the file and says so. */
struct alone {
	int flags, end;
};

static void *
open_alone(void *arg)
{
	const struct alone *alone = arg;

	must(unshare(CLONE_FILES), "unshare");
	open_file(&alone->flags);
	must((int)write(alone->end, "", 1), "write");
	for (;;)
		pause();
	return NULL;
}

static void
start_many_tables(const void *flags)
{
	struct alone alone;
	int ends[2];
	pthread_t id;
	char byte;

	must(pipe(ends), "pipe");
	alone.end = ends[1];
	for (int i = 0; i < 20; i++) {
		alone.flags = i < 19 ? O_PATH : *(const int *)flags;
		must(-pthread_create(&id, NULL, open_alone, &alone), "pthread_create");
		must((int)read(ends[0], &byte, 1) - 1, "read");
	}
}

static void
test_threads(void)
{
	has_in(CREW_IN_THREAD, open_file, O_WRONLY, WRITE,
		"a descriptor in the table of one thread alone");
	has_in(CREW_WITHOUT_LEADER, open_file, O_RDWR, READ | WRITE,
		"a descriptor of a process whose leading thread has ended");
	has_in(CREW_WITHOUT_LEADER, map_file, MAP_SHARED, MAPPED,
		"a mapping of a process whose leading thread has ended");
	has(start_many_threads, O_RDONLY, READ, "many threads are one holder");
	has(start_many_tables, O_RDONLY, READ, "so are many tables of descriptors");
}

static void
attach(const void *id)
{
	if (shmat(*(const int *)id, NULL, 0) == (void *)-1)
		must(-1, "shmat");
}

static void
map_memfd(const void *fd)
{
	if (mmap(NULL, SIZE, PROT_READ, MAP_SHARED, *(const int *)fd, 0) == MAP_FAILED)
		must(-1, "mmap");
}

static void
test_segment(void)
{
	int id = must(shmget(IPC_PRIVATE, SIZE, 0600), "shmget");
	struct ipc_object segment = { .type = IPC_SYSV_SHM, .number = (uint64_t)id };
	pid_t pid = crew_join(attach, &id);
	struct stat st;
	int fd;

	ok(holds(pid, &segment, IPC_ACCESS_ATTACHED), "a segment that is attached");
	shmctl(id, IPC_RMID, NULL);
	ok(holds(pid, &segment, IPC_ACCESS_ATTACHED),
		"and one that is to be destroyed");
	crew_leave(pid);
	fd = must(memfd_create("SYSV00000000", 0), "memfd_create");
	must(ftruncate(fd, SIZE), "ftruncate");
	fstat(fd, &st);
	pid = crew_join(map_memfd, &fd);
	segment.number = st.st_ino;
	ok(pid > 0 && nobody_holds(&segment),
		"memory without a name is no segment, whatever its inode");
	crew_leave(pid);
	close(fd);
}

static void
receive(int id)
{
	struct {
		long type;
		char text[16];
	} message;

	msgrcv(id, &message, sizeof(message.text), 0, 0);
}

static void
send_for_ever(int id)
{
	const struct {
		long type;
		char text[1024];
	} message = { .type = 1 };

	while (msgsnd(id, &message, sizeof(message.text), 0) == 0)
		continue;
}

static void
blocks(void (*call)(int id), const char *claim)
{
	int id = make_queue(0600);
	struct ipc_object queue = { .type = IPC_SYSV_MQ, .number = (uint64_t)id };
	pid_t pid = start_call(call, id);

	ok(comes_to_hold(pid, &queue, IPC_ACCESS_BLOCKED), "%s", claim);
	kill(pid, SIGSTOP);
	waitpid(pid, NULL, WUNTRACED);
	ok(FORGETS_CALLS ? (look_for(&queue, pid, IPC_SCAN_QUERY).blind &
				   IPC_BLIND_STOPPED) != 0
			 : holds(pid, &queue, IPC_ACCESS_BLOCKED),
		"also when it is stopped, or it is told that this cannot be seen");
	queue.number++;
	ok(nobody_holds(&queue), "and no other queue");
	crew_leave(pid);
	msgctl(id, IPC_RMID, NULL);
}

#if defined(__x86_64__) && !defined(__ILP32__)
/* The 32-bit entry into the kernel, which a 64-bit process has, too. */
static int
call32(int number, int a, int b, int c, int d, void *e)
{
	int result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static void *
low_memory(void)
{
	return mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
}

static void
receive32(int id)
{
	call32(401, id, (int)(intptr_t)low_memory(), 16, 0, 0);
}

static void
receive32_by_ipc(int id)
{
	int *room = low_memory(); /* where the message goes, and its type */

	room[0] = (int)(intptr_t)(room + 2);
	call32(117, 12, id, 16, 0, room);
}

/* A queue that is not there: EINVAL; no such entry: the process dies. */
static void
try32(int id)
{
	_exit(call32(401, -1, 0, 0, id * 0, NULL) == -EINVAL ? 0 : 1);
}

static void
test_calls32(void)
{
	int status = 1;

	waitpid(start_call(try32, 0), &status, 0);
	if (status != 0) {
		ok(true, "queues of 32-bit processes # SKIP this kernel knows none");
		return;
	}
	blocks(receive32, "a 32-bit process that waits in msgrcv has the queue");
	blocks(receive32_by_ipc, "and one that waits in msgrcv by way of ipc");
}
#else
static void
test_calls32(void)
{
}
#endif

/* One without a name. */
static mqd_t
open_queue(void)
{
	const char *prefix = getenv("PREFIX");
	char name[NAME_MAX];
	mqd_t mq;

	snprintf(
		name, sizeof(name), "%s-holders", prefix != NULL ? prefix : "/ipcutil");
	mq = must(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL), "mq_open");
	mq_unlink(name);
	return mq;
}

static void
test_queues(void)
{
	struct ipc_object queue = { .type = IPC_POSIX_MQ };
	struct stat st;
	mqd_t mq;

	blocks(receive, "a process that waits in msgrcv has the queue");
	blocks(send_for_ever, "a process that waits in msgsnd has the queue");
	test_calls32();
	mq = open_queue();
	fstat(mq, &st);
	queue.device = st.st_dev;
	queue.number = st.st_ino;
	ok(holds(getpid(), &queue, READ | WRITE), "a POSIX queue that is open");
	mq_close(mq);
	ok(nobody_holds(&queue), "and nobody has it when it is closed");
}

static void
test_unseen(void)
{
	struct ipc_object object = { .type = IPC_SYSV_SEM };
	struct look look = look_for(&object, 0, IPC_SCAN_QUERY);

	ok(look.count == 0 && look.blind == 0,
		"semaphores of System V have no holders");
	object = file;
	object.type = IPC_SOCKET_FILE;
	look = look_for(&object, getpid(), IPC_SCAN_QUERY);
	ok(look.count == 0 && look.blind == 0,
		"socket files have none that this can see");
}

static void
test_many(void)
{
	enum { COUNT = 2000 };
	static struct ipc_object objects[COUNT];
	pid_t pid = crew_join(open_file, &(int){ O_RDONLY });
	struct ipc_holders holders;
	size_t count, others = 0;

	for (size_t i = 0; i < COUNT; i++) {
		objects[i] = file;
		objects[i].number += i % 2 == 0 ? 1000000 + i : 0;
		objects[i].type = i % 3 == 0 ? IPC_RING : IPC_POSIX_SHM;
	}
	is(ipc_holders_find(objects, COUNT, &holders, NULL), 0,
		"one look for many objects");
	is(holders.count, COUNT / 2, "finds the holders of each");
	for (size_t i = 0; i < COUNT; i++) {
		const struct ipc_holder *holder = ipc_holders_of(&holders, i, &count);

		others += count != i % 2 ||
			(count > 0 && (holder->object != i || holder->pid != pid));
	}
	is(others, 0, "and tells them by object");
	ipc_holders_free(&holders);
	ok(holders.count == 0 && holders.holder == NULL, "what is freed is empty");
	is(ipc_holders_find(NULL, 0, &holders, NULL), 0, "no objects have no holders");
	crew_leave(pid);
}

/* Whether the process still asks for a word of the queue, when it has one thread again. */
static bool
asks_for_word(mqd_t mq)
{
	char text[256] = "", wanted[64];
	struct stat st;

	while (stat("/proc/self/task", &st) == 0 && st.st_nlink > 3)
		nap();
	snprintf(wanted, sizeof(wanted), "NOTIFY_PID:%d", (int)getpid());
	must((int)pread(mq, text, sizeof(text) - 1, 0), "read");
	return strstr(text, wanted) != NULL;
}

/*
 * Enough processes for a thread that helps: the file is held by each.  Below 64, kernels
 * before Linux 6.12 lend it what the caller has.
 */
static void
test_crowd(void)
{
	enum { CROWD = 300 };
	static pid_t pids[CROWD];
	const struct sigevent word = { .sigev_notify = SIGEV_NONE };
	const mqd_t low = open_queue();
	const mqd_t mq = must(fcntl(low, F_DUPFD, 64), "fcntl");

	close(low);
	must(mq_notify(mq, &word), "mq_notify");
	for (size_t i = 0; i < CROWD; i++)
		pids[i] = crew_join(open_file, &(int){ O_RDONLY });
	is(look_for(&file, 0, IPC_SCAN_QUERY).count, CROWD,
		"each of many processes is found");
	ok(asks_for_word(mq), "and what the caller asked for by mq_notify stays so");
	close(mq);
	for (size_t i = 0; i < CROWD; i++)
		crew_leave(pids[i]);
}

static void
open_nameless_fifo(const void *arg)
{
	char name[sizeof(path) + 16];

	(void)arg;
	snprintf(name, sizeof(name), "%s-%d", path, (int)getpid());
	must(mkfifo(name, 0600), name);
	must(open(name, O_RDWR), name);
	unlink(name);
}

/* Whether the address of the FIFO that this process has leads to it. */
static bool
is_found_of(pid_t pid, const struct ipc_discovery *found)
{
	for (size_t i = 0; i < found->count; i++) {
		const struct ipc_object *object = &found->objects[i];
		const struct ipc_holder *holder;
		struct stat st;
		size_t count;

		holder = ipc_holders_of(&found->holders, i, &count);
		if (count == 1 && holder->pid == pid &&
			stat(ipc_address_text(&object->address), &st) == 0 &&
			st.st_ino == object->number && st.st_dev == object->device)
			return true;
	}
	return false;
}

/* The same for what only a thread has: the way to it is by that thread. */
static void
test_crowd_of_threads(void)
{
	enum { CROWD = 300 };
	static pid_t pids[CROWD];
	struct ipc_discovery found;
	size_t led = 0;

	for (size_t i = 0; i < CROWD; i++)
		pids[i] = crew_join_as(CREW_IN_THREAD, open_nameless_fifo, NULL);
	must(ipc_holders_discover(1 << IPC_FIFO, &found, NULL), "look");
	for (size_t i = 0; i < CROWD; i++) {
		led += is_found_of(pids[i], &found);
		crew_leave(pids[i]);
	}
	is(led, CROWD, "what only threads have has an address in them");
	ipc_discovery_free(&found);
}

static size_t
descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	while (dir != NULL && readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static void
test_exhaustion(void)
{
	const size_t before = descriptors();
	pid_t pid = crew_join(open_file, &(int){ O_RDONLY });
	size_t failed = 0, silent = 0;
	struct rlimit limit, low;

	getrlimit(RLIMIT_NOFILE, &limit);
	low = limit;
	for (low.rlim_cur = 3; low.rlim_cur < before + 8; low.rlim_cur++) {
		struct look look;

		setrlimit(RLIMIT_NOFILE, &low);
		look = look_for(&file, pid, IPC_SCAN_QUERY);
		failed += look.result < 0 && look.err.code == EMFILE;
		silent += look.result == 0 && look.access != READ;
	}
	setrlimit(RLIMIT_NOFILE, &limit);
	ok(failed > 0 && silent == 0,
		"without descriptors it fails and overlooks nothing");
	crew_leave(pid);
	look_for(&file, 0, IPC_SCAN_TEXT);
	is(descriptors(), before, "no descriptor is left open");
}

int
main(void)
{
	int fd;

	snprintf(path, sizeof(path), "/dev/shm/ipcutil-test-%d", (int)getpid());
	fd = must(open(path, O_RDWR | O_CREAT | O_EXCL, 0600), path);
	must(ftruncate(fd, SIZE), path);
	close(fd);
	file = object_at(IPC_POSIX_SHM, path);
	test_files();
	test_caller();
	test_identity();
	test_stopped();
	test_zombie();
	test_description();
	test_threads();
	test_restless();
	test_segment();
	test_queues();
	test_unseen();
	test_many();
	test_crowd();
	test_crowd_of_threads();
	test_exhaustion();
	unlink(path);
	return tap_end();
}
