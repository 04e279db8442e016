/* test-blind.c - who has an object: what cannot be seen is said, and hides nothing else */
#include <glob.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/un.h>

#include <linux/io_uring.h>

#include "crew.h"

enum { NOBODY = 65534, REFUSED = 77 };

static char path[48], fifo[64];
static struct ipc_object file;

static unsigned int
blind(const struct ipc_object *object)
{
	return look_for(object, 0, IPC_SCAN_QUERY).blind;
}

static void
open_file(const void *flags)
{
	must(open(path, *(const int *)flags), path);
}

/* What other processes have on their way soon arrives, or is not for this test to judge. */
static bool
is_calm(void)
{
	for (int i = 0; i < 500; i++) {
		if (!(blind(&file) & IPC_BLIND_IN_FLIGHT))
			return true;
		nap();
	}
	return false;
}

static void
skip(const char *claim, const char *why)
{
	ok(true, "%s # SKIP %s", claim, why);
}

static void
send_file(int socket)
{
	int fd = must(open(path, O_RDONLY), path);

	send_descriptor(socket, fd);
	close(fd);
}

static void
test_socket(void)
{
	const struct ipc_object segment = { .type = IPC_SYSV_SHM };
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	send_file(ends[0]);
	ok(blind(&file) & IPC_BLIND_IN_FLIGHT && nobody_holds(&file),
		"a descriptor in a socket is nobody's, and it is told");
	ok(!(blind(&segment) & IPC_BLIND_IN_FLIGHT), "not of what has no descriptors");
	close(ends[0]);
	ok(blind(&file) & IPC_BLIND_IN_FLIGHT, "also when its sender has closed");
	close(ends[1]);
	ok(is_calm(), "and not when it is closed");
}

static void
close_it(const void *fd)
{
	close(*(const int *)fd);
}

/* Its owner sleeps, and who has it is asked, too. */
static void
test_listed_socket(void)
{
	struct ipc_object listed = { .type = IPC_SOCKET };
	const struct ipc_object *const objects[] = { &file, &listed };
	struct ipc_discovery found;
	struct stat st;
	int ends[2];
	pid_t pid;

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	must(fstat(ends[1], &st), "fstat");
	listed.device = st.st_dev;
	listed.number = st.st_ino;
	pid = crew_join(close_it, &ends[0]);
	send_file(ends[0]);
	close(ends[0]);
	close(ends[1]);
	while (state_of(pid) != 'S')
		nap();
	must(ipc_scan_look(objects, 2, 0, IPC_SCAN_QUERY, &found, NULL), "look");
	ok(found.holders.count == 1 && found.holders.holder[0].object == 1 &&
			found.holders.holder[0].pid == pid,
		"who has a socket is known");
	ok(found.holders.blind & IPC_BLIND_IN_FLIGHT, "and that a descriptor is in it");
	ipc_discovery_free(&found);
	crew_leave(pid);
}

static void
test_backlog(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = must(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
	int client = must(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
	const socklen_t length = sizeof(address.sun_family);
	socklen_t named = sizeof(address);

	/* The kernel chooses a name that is no file. */
	must(bind(listener, (void *)&address, length), "bind");
	must(listen(listener, 1), "listen");
	getsockname(listener, (void *)&address, &named);
	must(connect(client, (void *)&address, named), "connect");
	send_file(client);
	close(client);
	ok(blind(&file) & IPC_BLIND_IN_FLIGHT,
		"a descriptor in a socket that nobody has accepted");
	close(listener);
}

static void
test_ring(void)
{
	static const char claim[] = "a descriptor that an io_uring keeps";
	struct io_uring_params params = { .flags = 0 };
	int ring = (int)syscall(SYS_io_uring_setup, 4, &params);
	int fd;

	if (ring < 0) {
		skip(claim, "no io_uring here");
		return;
	}
	ok(is_calm(), "an io_uring without descriptors keeps none");
	fd = must(open(path, O_RDONLY), path);
	must((int)syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1),
		"io_uring_register");
	close(fd);
	ok(blind(&file) & IPC_BLIND_IN_FLIGHT, "%s", claim);
	close(ring);
}

/* A request of a ring that waits until there is something to read. */
static void
poll_by_ring(int ring, const struct io_uring_params *params, int fd)
{
	const size_t size = params->sq_off.array + params->sq_entries * 4;
	char *queue = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		IORING_OFF_SQ_RING);
	struct io_uring_sqe *entry = mmap(NULL, params->sq_entries * sizeof(*entry),
		PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);

	if (queue == MAP_FAILED || entry == MAP_FAILED)
		must(-1, "mmap");
	entry->opcode = IORING_OP_POLL_ADD;
	entry->fd = fd;
	entry->poll_events = POLLIN;
	*(unsigned int *)(void *)(queue + params->sq_off.tail) = 1;
	must((int)syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0) - 1,
		"io_uring_enter");
	munmap(queue, size);
	munmap(entry, params->sq_entries * sizeof(*entry));
}

static void
test_ring_request(void)
{
	static const char claim[] = "a descriptor that a request of an io_uring uses";
	struct io_uring_params params = { .flags = 0 };
	int ring = (int)syscall(SYS_io_uring_setup, 4, &params);
	int ends[2];

	if (ring < 0) {
		skip(claim, "no io_uring here");
		return;
	}
	must(pipe(ends), "pipe");
	poll_by_ring(ring, &params, ends[0]);
	close(ends[0]);
	ok(blind(&file) & IPC_BLIND_IN_FLIGHT, "%s", claim);
	close(ends[1]);
	close(ring);
}

/* Waits until it is told that somebody opens what cannot be told. */
static bool
comes_to_be_blind(const struct ipc_object *object)
{
	for (int i = 0; i < 2000 && !(blind(object) & IPC_BLIND_OPENING); i++)
		nap();
	return (blind(object) & IPC_BLIND_OPENING) != 0;
}

/* The name that it waits by may lead elsewhere by now, or nowhere. */
static void
test_fifo(void)
{
	struct ipc_object object = object_at(IPC_FIFO, fifo);
	char renamed[sizeof(fifo) + 2];
	pid_t pid;
	int fd;

	snprintf(renamed, sizeof(renamed), "%s-2", fifo);
	ok(!(blind(&object) & IPC_BLIND_OPENING), "nobody opens a FIFO");
	pid = must(fork(), "fork");
	if (pid == 0) {
		open(fifo, O_RDONLY);
		_exit(0);
	}
	ok(comes_to_hold(pid, &object, IPC_ACCESS_READ | IPC_ACCESS_OPENING) &&
			!(blind(&object) & IPC_BLIND_OPENING),
		"one that waits to open a FIFO is found");
	must(rename(fifo, renamed), fifo);
	ok(comes_to_be_blind(&object) && nobody_holds(&object),
		"but not when its name leads nowhere, and that is told");
	ok(!(blind(&file) & IPC_BLIND_OPENING), "not of what is no FIFO");
	kill(pid, SIGSTOP);
	waitpid(pid, NULL, WUNTRACED);
	ok(blind(&object) & (FORGETS_CALLS ? IPC_BLIND_STOPPED : IPC_BLIND_OPENING),
		"also when it is stopped meanwhile");
	close(must(open(fifo, O_CREAT | O_EXCL, 0600), fifo));
	ok(!(blind(&object) & IPC_BLIND_OPENING),
		"one that is stopped may be opening any other file");
	kill(pid, SIGCONT);
	waitpid(pid, NULL, WCONTINUED);
	crew_leave(pid);
	must(rename(renamed, fifo), fifo);
	fd = must(open(fifo, O_RDONLY | O_NONBLOCK), fifo);
	ok(holds(getpid(), &object, IPC_ACCESS_READ), "one that is open");
	close(fd);
}

/* Whether there is a descriptor, or a table of them, that we may not look at. */
static bool
is_refused(void)
{
	glob_t found = { .gl_pathc = 0 };
	char link[16];
	bool refused = false;

	glob("/proc/[0-9]*/fd/[0-9]*", 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++)
		refused = refused ||
			(readlink(found.gl_pathv[i], link, sizeof(link)) < 0 &&
				errno == EACCES);
	globfree(&found);
	return refused;
}

static void
test_rights(void)
{
	struct stat st = { .st_ino = 0 };
	unsigned int seen = blind(&file);

	stat("/proc/self/ns/pid", &st);
	ok((st.st_ino == 0xEFFFFFFC) == !(seen & IPC_BLIND_NAMESPACE),
		"whether this is the first PID namespace");
	if (geteuid() != 0) {
		ok(seen & IPC_BLIND_DENIED,
			"a user may not look at the processes of others");
		return;
	}
	ok(is_refused() == !!(seen & IPC_BLIND_DENIED),
		"root may look at all but those that some rule protects");
	ok(!(seen & IPC_BLIND_HIDDEN), "and nothing is hidden from root");
}

/* What a process without more ado may not look at. */
static void
open_as_other(const void *flags)
{
	open_file(flags);
	must(setresuid(NOBODY, NOBODY - 1, NOBODY), "setresuid");
}

static void
test_user(void)
{
	pid_t pid;

	if (geteuid() != 0)
		return;
	pid = crew_join(open_as_other, &(int){ O_RDONLY });
	ok(holds(pid, &file, IPC_ACCESS_READ), "root sees what another user has");
	is(look_for(&file, pid, IPC_SCAN_QUERY).holder.uid, NOBODY - 1,
		"and tells that user");
	crew_leave(pid);
}

/* The status of a process that does it. */
static int
status_of(int (*task)(void))
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = must(fork(), "fork");
	if (pid == 0)
		_exit(task());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

/* Namespaces of its own, in a user namespace where those need one. */
static bool
leaves(int flags)
{
	return unshare(flags) == 0 || unshare(flags | CLONE_NEWUSER) == 0;
}

static void
judge(int status, const char *claim)
{
	if (status == REFUSED)
		skip(claim, "no such namespace here");
	else
		is(status, 0, "%s", claim);
}

static int
look_with_foreign_proc(void)
{
	struct look look = look_for(&file, 0, IPC_SCAN_QUERY);

	return look.result == 0 && look.blind == IPC_BLIND_NO_PROC && look.count == 0
		? 0
		: 1;
}

static int
look_from_below(void)
{
	return leaves(CLONE_NEWPID) ? status_of(look_with_foreign_proc) : REFUSED;
}

/* Its own processes are told with their numbers in there, those outside are not seen. */
static int
look_inside(void)
{
	struct look look;
	pid_t pid;

	if (!mounts_proc(NULL))
		return REFUSED;
	if (!(blind(&file) & IPC_BLIND_NAMESPACE) || !nobody_holds(&file))
		return 1;
	pid = crew_join(open_file, &(int){ O_RDONLY });
	look = look_for(&file, pid, IPC_SCAN_QUERY);
	return look.count == 1 && look.access == IPC_ACCESS_READ && pid < 100 ? 0 : 2;
}

static int
look_from_inside(void)
{
	return leaves(CLONE_NEWPID | CLONE_NEWNS) ? status_of(look_inside) : REFUSED;
}

static void
open_below(const void *flags)
{
	pid_t pid;

	must(unshare(CLONE_NEWPID), "unshare");
	pid = crew_join(open_file, flags);
	must(pid, "crew_join");
}

/* A process of a namespace below this one has its number of here. */
static void
test_inner_holder(void)
{
	struct look look;
	pid_t pid;

	if (geteuid() != 0)
		return;
	pid = crew_join(open_below, &(int){ O_RDONLY });
	look = look_for(&file, 0, IPC_SCAN_QUERY);
	is(look.count, 1, "a process of a PID namespace below is seen");
	crew_leave(pid);
}

static void
test_pid_namespaces(void)
{
	pid_t outside = crew_join(open_file, &(int){ O_RDONLY });

	judge(status_of(look_from_below),
		"with the /proc of another PID namespace, nothing is told but that");
	judge(status_of(look_from_inside),
		"in a PID namespace, its own are seen, and that there may be others is told");
	crew_leave(outside);
	test_inner_holder();
}

static int
look_hidden(void)
{
	if (unshare(CLONE_NEWNS) < 0 || !mounts_proc("hidepid=2"))
		return REFUSED;
	if (blind(&file) & IPC_BLIND_HIDDEN)
		return 1;
	must(setresuid(NOBODY, NOBODY, NOBODY), "setresuid");
	return blind(&file) & IPC_BLIND_HIDDEN ? 0 : 2;
}

static int
look_denied(void)
{
	if (unshare(CLONE_NEWNS) < 0 || !mounts_proc("hidepid=1"))
		return REFUSED;
	must(setresuid(NOBODY, NOBODY, NOBODY), "setresuid");
	return blind(&file) & IPC_BLIND_HIDDEN ? 1 : 0;
}

static void
map_it(const void *name)
{
	int fd = must(open(name, O_RDONLY), name);

	if (mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		must(-1, "mmap");
	close(fd);
}

/* Mappings of a file in an overlay tell another device than stat(2). */
static int
map_in_overlay(void)
{
	struct ipc_object object;
	char dir[64], options[256], name[128];
	bool held = true;

	snprintf(dir, sizeof(dir), "%s-dir", path);
	if (unshare(CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("none", dir, "tmpfs", 0, NULL) < 0 || chdir(dir) < 0)
		return REFUSED;
	mkdir("upper", 0700);
	mkdir("work", 0700);
	mkdir("merged", 0700);
	snprintf(options, sizeof(options),
		"lowerdir=/dev/shm,upperdir=%s/upper,workdir=%s/work", dir, dir);
	if (mount("none", "merged", "overlay", 0, options) < 0)
		return REFUSED;
	snprintf(name, sizeof(name), "merged/%s", strrchr(path, '/') + 1);
	object = object_at(IPC_MAPPED_FILE, name);
	for (enum crew_manner manner = CREW_ALONE;
		held && manner <= CREW_WITHOUT_LEADER; manner++) {
		pid_t pid = crew_join_as(manner, map_it, name);

		held = comes_to_hold(pid, &object, IPC_ACCESS_MAPPED);
		crew_leave(pid);
	}
	return held ? 0 : 1;
}

/* A file system that nobody serves, of a user. */
struct dead_mount {
	char dir[64];
	uid_t user;
};

/* Opens its directory; ends where that is refused. */
static void
open_dead_mount(const void *arg)
{
	const struct dead_mount *dead = arg;
	const char *dir = dead->dir;
	char options[64];
	int fd = open("/dev/fuse", O_RDWR);

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=%u,group_id=0",
		fd, dead->user);
	if (fd < 0 || unshare(CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("none", dir, "fuse", 0, options) < 0)
		_exit(0);
	must(setresuid(dead->user, dead->user, dead->user), "setresuid");
	must(open(dir, O_PATH), dir);
}

static int
look_at_dead_mount(uid_t user)
{
	struct dead_mount dead = { .user = user };
	const unsigned int before = blind(&file);
	struct look look;
	pid_t pid;

	snprintf(dead.dir, sizeof(dead.dir), "%s-dir", path);
	pid = crew_join(open_dead_mount, &dead);
	if (pid < 0)
		return REFUSED;
	alarm(10);
	look = look_for(&file, pid, IPC_SCAN_QUERY);
	crew_leave(pid);
	return look.result < 0 || (look.blind & ~before & IPC_BLIND_DENIED) != 0;
}

static int
look_at_mount_of_root(void)
{
	return look_at_dead_mount(0);
}

/* Mounts something over the processes that we may not look at. */
static bool
covers_denied(void)
{
	glob_t found = { .gl_pathc = 0 };
	bool covered = false;
	char name[64];

	glob("/proc/[0-9]*", 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		snprintf(name, sizeof(name), "%s/cwd", found.gl_pathv[i]);
		if (access(name, F_OK) == 0 || errno != EACCES)
			continue;
		covered |= mount("none", found.gl_pathv[i], "tmpfs", 0, NULL) == 0;
	}
	globfree(&found);
	return covered;
}

/* In a namespace of mounts where nothing else is denied. */
static int
look_at_mount_of_user(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return REFUSED;
	while (blind(&file) & IPC_BLIND_DENIED)
		if (!covers_denied())
			return REFUSED;
	return look_at_dead_mount(NOBODY);
}

static void
test_file_systems(void)
{
	char dir[64];

	snprintf(dir, sizeof(dir), "%s-dir", path);
	must(mkdir(dir, 0700), dir);
	judge(status_of(map_in_overlay), "a mapping of a file in an overlay");
	judge(status_of(look_at_mount_of_root),
		"a file system whose server does not answer keeps nobody waiting");
	judge(status_of(look_at_mount_of_user),
		"a file of a user's own file system denies nothing but itself");
	rmdir(dir);
}

/* The same id, and the objects of another IPC namespace behind it. */
static int
use_other_namespace(void)
{
	struct ipc_object segment = { .type = IPC_SYSV_SHM };
	struct ipc_object queue = { .type = IPC_SYSV_MQ };
	int ends[2], ids[2];
	pid_t pid;
	bool good;

	must(pipe(ends), "pipe");
	pid = must(fork(), "fork");
	if (pid == 0) {
		if (!leaves(CLONE_NEWIPC))
			_exit(0);
		ids[0] = must(shmget(IPC_PRIVATE, 4096, 0600), "shmget");
		ids[1] = must(msgget(IPC_PRIVATE, 0600), "msgget");
		if (shmat(ids[0], NULL, 0) == (void *)-1)
			_exit(99);
		must((int)write(ends[1], ids, sizeof(ids)), "write");
		msgrcv(ids[1], ids, 0, 0, 0);
	}
	close(ends[1]);
	if (read(ends[0], ids, sizeof(ids)) != sizeof(ids))
		return REFUSED;
	segment.number = (uint64_t)ids[0];
	queue.number = (uint64_t)ids[1];
	for (int i = 0; i < 20; i++)
		nap();
	good = look_for(&segment, pid, IPC_SCAN_QUERY).access == 0 &&
		look_for(&segment, pid, IPC_SCAN_TEXT).access == 0 &&
		look_for(&queue, pid, IPC_SCAN_QUERY).access == 0;
	crew_leave(pid);
	return good ? 0 : 1;
}

static _Noreturn void
storm(void)
{
	for (;;) {
		pid_t pid = fork();

		if (pid == 0) {
			close(open(path, O_PATH));
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

static void
test_storm(void)
{
	pid_t holder = crew_join(open_file, &(int){ O_RDONLY });
	pid_t pids[4];
	int wrong = 0;

	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
		pids[i] = must(fork(), "fork");
		if (pids[i] == 0)
			storm();
	}
	for (int i = 0; i < 100; i++)
		wrong += !holds(holder, &file, IPC_ACCESS_READ);
	is(wrong, 0, "processes that come and go add nothing and hide nothing");
	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++)
		crew_leave(pids[i]);
	crew_leave(holder);
}

int
main(void)
{
	snprintf(path, sizeof(path), "/dev/shm/ipcutil-blind-%d", (int)getpid());
	snprintf(fifo, sizeof(fifo), "%s-fifo", path);
	close(must(open(path, O_RDWR | O_CREAT | O_EXCL, 0600), path));
	must(chmod(path, 0666), path);
	must(mkfifo(fifo, 0600), fifo);
	file = object_at(IPC_POSIX_SHM, path);
	if (is_calm()) {
		test_socket();
		test_listed_socket();
		test_backlog();
		test_ring();
		test_ring_request();
	} else
		skip("descriptors on their way", "there are some of others");
	test_fifo();
	test_rights();
	test_user();
	test_pid_namespaces();
	judge(geteuid() == 0 ? status_of(look_hidden) : REFUSED,
		"hidepid hides processes from a user, and it is told; not from root");
	judge(geteuid() == 0 ? status_of(look_denied) : REFUSED,
		"processes that are there and may not be looked at are not hidden");
	judge(status_of(use_other_namespace),
		"an id of another IPC namespace is another object");
	test_file_systems();
	test_storm();
	unlink(path);
	unlink(fifo);
	return tap_end();
}
