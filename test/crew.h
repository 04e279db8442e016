/* crew.h - processes that hold something, and what a look at them tells */
#ifndef CREW_H
#define CREW_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <ipcutil/holders.h>

#include "scan.h"
#include "tap.h"

/* Whether the kernel forgets the call that a process sleeps in when it is stopped. */
#ifdef __aarch64__
enum { FORGETS_CALLS = true };
#else
enum { FORGETS_CALLS = false };
#endif

/* What a process does first: then it has what the test wants it to have. */
typedef void crew_task(const void *arg);

/* Ends this process when something that the test needs fails. */
static inline int
must(int result, const char *what)
{
	if (result < 0) {
		printf("# %s: %s\n", what, strerror(errno));
		fflush(stdout);
		_exit(99);
	}
	return result;
}

/* Waits a little: for what is asked about in a loop. */
static inline void
nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

/* Which thread of the process does it: with descriptors of its own, or as the last. */
enum crew_manner { CREW_ALONE, CREW_IN_THREAD, CREW_WITHOUT_LEADER };

struct crew_work {
	crew_task *task;
	const void *arg;
	enum crew_manner manner;
	int end; /* of the pipe that tells that it is done */
};

/* Where a process of the crew tells that it is ready: one for all files of a test. */
__attribute__((weak)) int crew_end = -1;

/* For a task that does not return; otherwise it is ready when it has returned. */
static inline void
crew_ready(void)
{
	if (crew_end < 0)
		return;
	must((int)write(crew_end, "", 1), "write");
	close(crew_end);
	crew_end = -1;
}

static inline void *
crew_do(void *arg)
{
	const struct crew_work *work = arg;

	if (work->manner == CREW_IN_THREAD)
		must(unshare(CLONE_FILES), "unshare");
	crew_end = work->end;
	work->task(work->arg);
	crew_ready();
	for (;;)
		pause();
	return NULL;
}

static inline _Noreturn void
crew_work(struct crew_work *work)
{
	pthread_t id;

	if (work->manner == CREW_ALONE)
		crew_do(work);
	must(-pthread_create(&id, NULL, crew_do, work), "pthread_create");
	while (work->manner == CREW_WITHOUT_LEADER)
		syscall(SYS_exit, 0);
	for (;;)
		pause();
}

/* What proc(5) tells of a process or a thread: 'S' asleep, 'Z' ended; '?' not there. */
static inline char
state_in(const char *stat)
{
	FILE *file = fopen(stat, "re");
	char text[512], *close;

	if (file == NULL)
		return '?';
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	close = strrchr(text, ')');
	return close != NULL && close[1] == ' ' ? close[2] : '?';
}

static inline char
state_of(pid_t pid)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	return state_in(name);
}

/* A process that does it in that manner and sleeps; -1 when it ended instead. */
static inline pid_t
crew_join_as(enum crew_manner manner, crew_task *task, const void *arg)
{
	struct crew_work work = { .task = task, .arg = arg, .manner = manner };
	int ends[2];
	char byte;
	pid_t pid;

	must(pipe(ends), "pipe");
	fflush(stdout);
	pid = must(fork(), "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		work.end = ends[1];
		crew_work(&work);
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1) {
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(ends[0]);
	while (pid > 0 && manner == CREW_WITHOUT_LEADER && state_of(pid) != 'Z')
		nap();
	return pid;
}

static inline pid_t
crew_join(crew_task *task, const void *arg)
{
	return crew_join_as(CREW_ALONE, task, arg);
}

static inline void
crew_leave(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static inline void
crew_stop(pid_t pid)
{
	kill(pid, SIGSTOP);
	waitpid(pid, NULL, WUNTRACED);
}

/* It is a zombie from now on. */
static inline void
crew_end_as_zombie(pid_t pid)
{
	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT);
}

/* Puts a descriptor into a socket: it is on its way when the caller has closed it. */
static inline void
send_descriptor(int socket, int fd)
{
	char byte = 0;
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = "" };
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	must((int)sendmsg(socket, &message, 0), "sendmsg");
}

/* A System V queue that test/run looks for when it is left behind. */
static inline int
make_queue(int mode)
{
	int id = must(msgget(IPC_PRIVATE, mode), "msgget");
	const char *made = getenv("MADE");
	FILE *list = made != NULL ? fopen(made, "ae") : NULL;

	if (list != NULL) {
		fprintf(list, "id:%d\n", id);
		fclose(list);
	}
	return id;
}

/* A file system of proc(5) in place of /proc, in the caller's own mount namespace. */
static inline bool
mounts_proc(const char *options)
{
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		mount("proc", "/proc", "proc", 0, options) == 0;
}

/* A look at one object. */
struct look {
	int result;
	size_t count;        /* of its holders */
	unsigned int access; /* of the process that was asked about */
	struct ipc_holder holder;
	unsigned int blind;
	struct ipc_error err;
};

static inline struct look
look_for(const struct ipc_object *object, pid_t pid, enum ipc_scan_form form)
{
	struct look look = { .count = 0 };
	struct ipc_holders holders;
	const struct ipc_holder *holder;

	look.result = ipc_scan_all(object, 1, form, &holders, &look.err);
	if (look.result < 0)
		return look;
	look.blind = holders.blind;
	holder = ipc_holders_of(&holders, 0, &look.count);
	for (size_t i = 0; i < look.count; i++)
		if (holder[i].pid == pid) {
			look.access = holder[i].access;
			look.holder = holder[i];
		}
	ipc_holders_free(&holders);
	return look;
}

/* The process alone has it, so; in both forms of looking at mappings. */
static inline bool
holds(pid_t pid, const struct ipc_object *object, unsigned int access)
{
	for (enum ipc_scan_form form = IPC_SCAN_QUERY; form <= IPC_SCAN_TEXT; form++) {
		struct look look = look_for(object, pid, form);

		if (look.result < 0 || look.count != 1 || look.access != access) {
			diag("form %d: result %d, %zu holders, access %x, wanted %x",
				form, look.result, look.count, look.access, access);
			return false;
		}
	}
	return true;
}

static inline bool
nobody_holds(const struct ipc_object *object)
{
	return look_for(object, 0, IPC_SCAN_QUERY).count == 0 &&
		look_for(object, 0, IPC_SCAN_TEXT).count == 0;
}

/* As holds(), as soon as it is so: within ten seconds. */
static inline bool
comes_to_hold(pid_t pid, const struct ipc_object *object, unsigned int access)
{
	for (int i = 0; i < 2000; i++) {
		if (look_for(object, pid, IPC_SCAN_QUERY).access == access)
			break;
		nap();
	}
	return holds(pid, object, access);
}

/* The file that is at path. */
static inline struct ipc_object
object_at(enum ipc_type type, const char *path)
{
	struct stat st;

	must(stat(path, &st), path);
	return (struct ipc_object){
		.type = type,
		.device = st.st_dev,
		.number = st.st_ino,
		.uid = st.st_uid,
	};
}

#endif
