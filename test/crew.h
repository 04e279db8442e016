/* crew.h - processes that hold something, and what a look at them tells */
#ifndef CREW_H
#define CREW_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <ipcutil/holders.h>

#include "scan.h"
#include "tap.h"

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

/* A process that does it and sleeps; -1 when it ended instead. */
static inline pid_t
crew_join(crew_task *task, const void *arg)
{
	int ends[2];
	char byte;
	pid_t pid;

	must(pipe(ends), "pipe");
	fflush(stdout);
	pid = must(fork(), "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		task(arg);
		must((int)write(ends[1], "", 1), "write");
		close(ends[1]);
		for (;;)
			pause();
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1) {
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(ends[0]);
	return pid;
}

static inline void
crew_leave(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
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
