/* guardian.c - the process that waits for another's end and removes what it owned */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auto.h"
#include "guardian.h"
#include "object.h"

void
ipc_guardian_remove_all(
	int file, uid_t uid, const struct ipc_registry_place *place, const char *name)
{
	struct ipc_ledger ledger;
	struct ipc_object object;
	struct ipc_error failure;
	struct stat st, named;
	bool all_gone = true;
	size_t line;

	if (ipc_ledger_read(&ledger, file, NULL) != 0) {
		ipc_ledger_free(&ledger);
		return;
	}
	for (size_t start = 0; ipc_ledger_next(&ledger, &start, &line, &object);) {
		if (object.uid != uid || !ipc_object_has_row(&object))
			continue;
		if (ipc_object_remove(&object, &failure) < 0 &&
			failure.fault != IPC_NO_OBJECT)
			all_gone = false;
		else
			ipc_ledger_strike(&ledger, line);
	}
	ipc_ledger_free(&ledger);
	if (!all_gone || fstat(file, &st) < 0 ||
		fstatat(place->dir, name, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
		st.st_ino != named.st_ino || st.st_dev != named.st_dev)
		return;
	unlinkat(place->dir, name, 0);
	ipc_registry_tidy(place);
}

/* A descriptor of 0 to 2 would be in the way of /dev/null. */
static int
above_standard(int fd)
{
	int higher;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(fd);
	return higher;
}

/* What people and keyboards send to whole groups is not meant for it. */
static void
set_signals(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE,
		SIGXFSZ, SIGTSTP, SIGTTIN, SIGTTOU };
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	action.sa_handler = SIG_IGN;
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		sigaction(ignored[i], &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* For ever; and nothing of root's remains, not even a group. */
static int
become(uid_t uid)
{
	if (uid == geteuid())
		return setresuid(uid, uid, uid);
	if (setgroups(0, NULL) < 0 ||
		setresgid(IPC_NO_GROUP, IPC_NO_GROUP, IPC_NO_GROUP) < 0)
		return -1;
	return setresuid(uid, uid, uid);
}

/* Closes all but these descriptors, in any order; 0 to 2 are /dev/null then. */
static int
close_others(int *kept, size_t count)
{
	unsigned int next = 0;

	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j > 0 && kept[j - 1] > kept[j]; j--) {
			int larger = kept[j - 1];

			kept[j - 1] = kept[j];
			kept[j] = larger;
		}
	for (size_t i = 0; i < count; i++) {
		unsigned int fd = (unsigned int)kept[i];

		if (fd > next && close_range(next, fd - 1, 0) < 0)
			return -1;
		next = fd + 1;
	}
	if (close_range(next, ~0U, 0) < 0)
		return -1;
	for (int i = 0; i <= STDERR_FILENO; i++)
		if (open("/dev/null", O_RDWR) != i)
			return -1;
	return 0;
}

/* Where the kernel keeps the arguments and behind them the environment: proc(5). */
static bool
find_arguments(uintptr_t *start, uintptr_t *end, uintptr_t *end_of_all)
{
	autoclose int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	char text[1024], *field;
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	uintptr_t environment;

	if (length < 0)
		return false;
	text[length] = '\0';
	field = strrchr(text, ')');
	for (int i = 2; field != NULL && i < 48; i++)
		field = strchr(field + 1, ' ');
	return field != NULL &&
		sscanf(field, "%" SCNuPTR " %" SCNuPTR " %" SCNuPTR " %" SCNuPTR, start,
			end, &environment, end_of_all) == 4 &&
		*start != 0 && *start < *end && *end == environment &&
		*end <= *end_of_all;
}

/* ps(1) shows our own words; it reads on into the environment if they need it. */
static void
set_title(pid_t pid)
{
	uintptr_t start, end, end_of_all;
	char title[64];
	size_t length, room;

	prctl(PR_SET_NAME, "ipc-until-exit");
	if (!find_arguments(&start, &end, &end_of_all))
		return;
	length = (size_t)snprintf(title, sizeof(title),
			 "ipc-until-exit: waits for the end of process %d", (int)pid) +
		1;
	room = end_of_all - start;
	if (length > room) {
		length = room;
		title[length - 1] = '\0';
	}
	/* A last byte that is not NUL says that the words go on behind it. */
	if (length < end - start)
		memset((char *)start + length, '\0', end - start - length);
	memcpy((char *)start, title, length);
}

/* False: it cannot know, and must not remove what has its owner. */
static bool
watch(const struct ipc_guardian *guardian)
{
	struct pollfd process = { .fd = guardian->pidfd, .events = POLLIN };

	while (poll(&process, 1, -1) < 0)
		if (errno != EINTR && errno != EAGAIN && errno != ENOMEM)
			return false;
	return (process.revents & POLLIN) != 0;
}

/* How long others may keep it from removing what it has to. */
enum { LOCK_NS = 50000000 };

/* The rest of its life.  Its first word, an errno value or 0, goes into the pipe. */
static void
live(const struct ipc_guardian *guardian, int pipe)
{
	struct ipc_registry_place place = *guardian->place;
	int kept[4] = { guardian->pidfd, guardian->file, pipe };
	struct ipc_wait wait = IPC_WAIT(LOCK_NS);
	int code = 0;

	set_signals();
	/* Who may end others' turns lends it nothing; its niceness stays. */
	sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){ 0 });
	/* Our own: a lock on the other is its opener's. */
	place.dir = above_standard(
		openat(place.dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	kept[3] = place.dir;
	if (place.dir < 0 || become(guardian->uid) < 0 || close_others(kept, 4) < 0 ||
		chdir("/") < 0)
		code = errno;
	set_title(guardian->pid);
	if (write(pipe, &code, sizeof(code)) < 0 || code != 0)
		return; /* then nobody is there who could use it */
	close(pipe);
	if (!watch(guardian))
		return;
	/* From now on it watches nobody: whoever adds needs another guardian. */
	ipc_registry_unguard(guardian->file);
	/*
	 * Who has the lock may be stopped, and then it goes on without.  That is safe:
	 * whoever adds looks, after its line is in, whether the process has ended.
	 */
	ipc_wait_start(&wait);
	ipc_registry_wait(place.dir, &wait, NULL);
	/* Where inodes tell nothing, another process may have the file by now. */
	if (!ipc_registry_is_guarded(guardian->file))
		ipc_guardian_remove_all(
			guardian->file, guardian->uid, &place, guardian->name);
}

/* Its parent is gone at once, so that it is nobody's child. */
static void
begin(const struct ipc_guardian *guardian, int pipe)
{
	int code;

	setsid();
	switch (fork()) {
	case 0:
		live(guardian, pipe);
		break;
	case -1:
		code = errno;
		if (write(pipe, &code, sizeof(code)) < 0)
			break;
	}
	_exit(0);
}

static int
cannot_start(pid_t pid, int code, struct ipc_error *err)
{
	struct rlimit limit = { 0 };

	if (code != EAGAIN)
		return ipc_fail(
			err, code, "start a guardian for process '%d'", (int)pid);
	getrlimit(RLIMIT_NPROC, &limit);
	return ipc_refuse(err, IPC_LIMIT, code,
		"start a guardian for process '%d': the limit of processes is reached: "
		"RLIMIT_NPROC (ulimit -u) allows a user %ju, and pids.max of cgroups(7) "
		"may allow fewer",
		(int)pid, (uintmax_t)limit.rlim_cur);
}

static int
start(const struct ipc_guardian *guardian, int *code)
{
	autoclose int ours = -1, its = -1;
	sigset_t all, before;
	ssize_t length;
	int pipe[2];
	pid_t child;

	if (pipe2(pipe, O_CLOEXEC) < 0)
		return -1;
	ours = pipe[0];
	its = above_standard(pipe[1]);
	sigfillset(&all);
	if (its < 0 || pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return -1;
	child = fork();
	if (child == 0)
		begin(guardian, its);
	*code = errno;
	if (child > 0) {
		close(its);
		its = -1;
		length = read(ours, code, sizeof(*code));
		if (length != sizeof(*code))
			*code = ECHILD; /* it was killed before it could say */
		waitpid(child, NULL, 0);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return 0;
}

int
ipc_guardian_start(const struct ipc_guardian *guardian, struct ipc_error *err)
{
	struct ipc_guardian higher = *guardian;
	autoclose int pidfd = -1, file = -1;
	int code = 0;

	pidfd = fcntl(guardian->pidfd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	file = fcntl(guardian->file, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	higher.pidfd = pidfd;
	higher.file = file;
	if (pidfd < 0 || file < 0 || start(&higher, &code) < 0)
		code = errno;
	return code == 0 ? 0 : cannot_start(guardian->pid, code, err);
}
