/* background.c - a process that goes on when we have ended, and is nobody's child */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auto.h"
#include "background.h"
#include "registry.h"

/* Its first words. */
struct report {
	int code; /* an errno value, or 0 */
	pid_t pid;
};

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
set_signals(bool is_mortal)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGXFSZ,
		SIGTSTP, SIGTTIN, SIGTTOU };
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	action.sa_handler = SIG_IGN;
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		sigaction(ignored[i], &action, NULL);
	if (!is_mortal)
		sigaction(SIGTERM, &action, NULL);
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

static int
keep_in_order(const struct ipc_background *background, int pipe, int *kept)
{
	int count = 1;

	kept[0] = pipe;
	for (size_t i = 0; i < IPC_BACKGROUND_FDS; i++) {
		int *fd = background->fds[i], j;

		if (fd == NULL || *fd < 0)
			continue;
		*fd = above_standard(*fd);
		if (*fd < 0)
			return -1;
		for (j = count++; j > 0 && kept[j - 1] > *fd; j--)
			kept[j] = kept[j - 1];
		kept[j] = *fd;
	}
	return count;
}

/* Closes all but those it keeps and the pipe; 0 to 2 are /dev/null then. */
static int
close_others(const struct ipc_background *background, int pipe)
{
	int kept[IPC_BACKGROUND_FDS + 1];
	int count = keep_in_order(background, pipe, kept);
	unsigned int next = 0;

	if (count < 0)
		return -1;
	for (int i = 0; i < count; i++) {
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
set_title(const struct ipc_background *background)
{
	uintptr_t start, end, end_of_all;
	size_t length = strlen(background->title) + 1, room;

	prctl(PR_SET_NAME, background->name);
	if (!find_arguments(&start, &end, &end_of_all))
		return;
	room = end_of_all - start;
	if (length > room)
		length = room;
	/* A last byte that is not NUL says that the words go on behind it. */
	if (length < end - start)
		memset((char *)start + length, '\0', end - start - length);
	memcpy((char *)start, background->title, length - 1);
	((char *)start)[length - 1] = '\0';
}

static int
become_all(const struct ipc_background *background, int pipe)
{
	set_signals(background->is_mortal);
	/* Who may end others' turns lends it nothing; its niceness stays. */
	sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){ 0 });
	if ((background->prepare != NULL &&
		    background->prepare(background->context) < 0) ||
		become(background->uid) < 0 || close_others(background, pipe) < 0 ||
		chdir("/") < 0)
		return -1;
	set_title(background);
	return 0;
}

static void
live(const struct ipc_background *background, int pipe)
{
	struct report report = { .pid = getpid() };

	if (become_all(background, pipe) < 0)
		report.code = errno;
	if (write(pipe, &report, sizeof(report)) < 0 || report.code != 0)
		return; /* then nobody is there who could use it */
	close(pipe);
	background->run(background->context);
}

/* Its parent is gone at once, so that it is nobody's child. */
static void
begin(const struct ipc_background *background, int pipe)
{
	struct report report = { .pid = -1 };

	setsid();
	switch (fork()) {
	case 0:
		live(background, pipe);
		break;
	case -1:
		report.code = errno;
		if (write(pipe, &report, sizeof(report)) < 0)
			break;
	}
	_exit(0);
}

/* 0 with the report, or -1: there is none. */
static int
start(const struct ipc_background *background, struct report *report)
{
	autoclose int ours = -1, its = -1;
	sigset_t all, before;
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
		begin(background, its);
	report->code = errno;
	if (child > 0) {
		close(its);
		its = -1;
		if (read(ours, report, sizeof(*report)) != sizeof(*report))
			report->code = ECHILD; /* it was killed before it could say */
		waitpid(child, NULL, 0);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return 0;
}

pid_t
ipc_background_start(const struct ipc_background *background, struct ipc_error *err)
{
	struct report report = { .pid = -1 };

	if (start(background, &report) < 0)
		report.code = errno;
	return report.code == 0
		? report.pid
		: ipc_fail_process(err, report.code, "%s", background->action);
}
