/* child.c - a COMMAND that gets a message on its standard input */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "hold.h"

static void
drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
drop_all(struct child *child)
{
	drop(&child->input);
	drop(&child->trouble[0]);
	drop(&child->trouble[1]);
}

static int
cannot_run(const struct child *child, int code, struct ipc_error *err)
{
	return ipc_fail_process(err, code, "run '%s'", child->command[0]);
}

int
child_begin(struct child *child, char *const command[], const sigset_t *mask,
	struct ipc_error *err)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	sigset_t signals;

	*child = (struct child){
		.command = command,
		.mask = mask,
		.input = -1,
		.trouble = { -1, -1 },
	};
	hold_let_stop(mask);
	sigaction(SIGCHLD, &usual, &child->chld);
	hold_set(&signals, mask);
	sigaddset(&signals, SIGCHLD);
	child->signals = signalfd(-1, &signals, SFD_CLOEXEC);
	return child->signals < 0 ? cannot_run(child, errno, err) : 0;
}

void
child_end(struct child *child)
{
	drop_all(child);
	drop(&child->signals);
	sigaction(SIGCHLD, &child->chld, NULL);
}

int
child_prepare(struct child *child, struct ipc_error *err)
{
	if (child->input >= 0)
		return 0;
	/* No pipe: it would have to be filled while the command reads. */
	child->input = memfd_create("message", MFD_CLOEXEC);
	if (child->input >= 0 && pipe2(child->trouble, O_CLOEXEC) == 0)
		return 0;
	cannot_run(child, errno, err);
	drop_all(child);
	return -1;
}

static int
put(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t step = write(fd, data, length);

		if (step < 0 && errno != EINTR)
			return -1;
		data += step > 0 ? step : 0;
		length -= step > 0 ? (size_t)step : 0;
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? -1 : 0;
}

/* What the new process does; it does not return. */
_Noreturn static void
become(const struct child *child)
{
	int code;

	dup2(child->input, STDIN_FILENO);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigaction(SIGCHLD, &child->chld, NULL);
	sigprocmask(SIG_SETMASK, child->mask, NULL);
	execvp(child->command[0], child->command);
	code = errno;
	while (write(child->trouble[1], &code, sizeof(code)) < 0 && errno == EINTR)
		;
	_exit(127);
}

/* Passes held signals on until the process has ended: its pid, or -1. */
static pid_t
wait_for(const struct child *child, pid_t pid, int *status)
{
	static const struct timespec at_once = { 0 };
	struct signalfd_siginfo info;
	sigset_t came, chld;
	pid_t ended;

	sigemptyset(&came);
	while ((ended = waitpid(pid, status, WNOHANG)) == 0) {
		if (read(child->signals, &info, sizeof(info)) != sizeof(info) ||
			info.ssi_signo == SIGCHLD)
			continue;
		sigaddset(&came, (int)info.ssi_signo);
		if (info.ssi_code != SI_KERNEL)
			kill(pid, (int)info.ssi_signo);
	}
	sigemptyset(
		&chld); /* it may not have been read, and would wake the next wait */
	sigaddset(&chld, SIGCHLD);
	sigtimedwait(&chld, NULL, &at_once);
	for (int signal = 1; signal < SIGRTMIN; signal++)
		if (sigismember(&came, signal) == 1)
			raise(signal); /* they are ours, too: pending until the end */
	return ended;
}

/* 0 when it was executed, or an errno value: what execvp(3) said. */
static int
why_not(struct child *child)
{
	int code = 0;
	ssize_t length;

	drop(&child->trouble[1]);
	do
		length = read(child->trouble[0], &code, sizeof(code));
	while (length < 0 && errno == EINTR);
	return length == sizeof(code) ? code : 0;
}

int
child_run(struct child *child, const struct ipc_message *message, struct ipc_error *err)
{
	int status = 0, code = 0;
	pid_t pid = -1, ended;
	sigset_t chld, before;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &before); /* it is read from child->signals */
	if (put(child->input, message->data, message->length) == 0)
		pid = fork();
	if (pid == 0)
		become(child);
	if (pid < 0)
		cannot_run(child, errno, err);
	else
		code = why_not(child);
	drop_all(child);
	ended = pid < 0 ? pid : wait_for(child, pid, &status);
	if (pid > 0 && ended < 0)
		cannot_run(child, errno, err);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (ended < 0)
		return CHILD_NOT_RUN;
	if (code != 0) {
		cannot_run(child, code, err);
		return CHILD_NOT_EXECUTED;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int
child_take(struct child *child, struct call *call, const struct ipc_message *message)
{
	int status = child_run(child, message, &call->err);

	if (status == CHILD_NOT_RUN)
		call->status = STATUS_OURS;
	else if (status == CHILD_NOT_EXECUTED)
		call->status = call->err.code == ENOENT ? STATUS_NOT_FOUND
							: STATUS_NOT_EXECUTABLE;
	else if (status != 0)
		ipc_refuse(&call->err, IPC_FAILED, ECANCELED,
			"count a message as taken: '%s' ended with status %d",
			call->command[0], status);
	if (status > 0)
		call->status = status;
	return status == 0 ? 0 : -1;
}
