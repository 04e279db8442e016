/* ipc-pipe-run.c - ipc-pipe run: commands joined by pipes */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ipcutil/elastic.h>
#include <ipcutil/number.h>

#include "hold.h"
#include "ipc-pipe.h"
#include "progress.h"
#include "signals.h"

const struct field run_options[] = {
	OPTION(SIZE, 's', "size", struct run_args, size, "BYTES",
		"pipes that hold so much"),
	OPTION_MEANS(FLAG, 0, "duplex", struct run_args, duplex, "",
		"join the last to the first, too, by pipes as large as may be"),
	OPTION(SIZE, 0, "buffer", struct run_args, buffer, "BYTES",
		"between them, keep up to so much that the next has not taken"),
	OPTION_MEANS(FLAG, 0, "status", struct run_args, status, "",
		"tell how each of them ended"),
	PROGRESS_OPTION(struct run_args, progress),
	END_FIELDS,
};

/* What is between two commands when its bytes are counted, or it is to end with us. */
enum { SOME = 1 << 20 };

struct command {
	const char *text;
	int input, output; /* of ours until it has them; -1: those that we have */
	pid_t pid;         /* 0: it was not started */
	bool has_ended;
	int status; /* as of waitpid(2) */
};

struct pipeline {
	struct command *commands;
	size_t count;
	struct ipc_elastic *elastics; /* as many, of which some may be none */
	struct ipc_elastic *counted;  /* the one whose bytes are told; or NULL */
	int arrivals;                 /* tells of these */
	int signals;                  /* tells of held signals, and of children */
	sigset_t before, held, came;
	struct sigaction chld; /* as our caller has it, and they get it */
};

static void
drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int
make_pipe(struct call *call, int ends[2])
{
	const struct run_args *args = call->args;

	if (ipc_pipe_make(ends, args->size, &call->err) < 0)
		return -1;
	if (args->duplex && args->size == IPC_UNKNOWN)
		ipc_pipe_enlarge(ends[0]);
	return 0;
}

/* Joins a command to the next; what is between them is of that size, or IPC_UNKNOWN. */
static int
join(struct call *call, struct pipeline *pipeline, size_t number, uint64_t size)
{
	struct command *from = &pipeline->commands[number];
	struct command *to = &pipeline->commands[(number + 1) % pipeline->count];
	int ends[2], more[2];

	if (make_pipe(call, ends) < 0)
		return -1;
	from->output = ends[1];
	to->input = ends[0];
	if (size == IPC_UNKNOWN)
		return 0;
	if (make_pipe(call, more) < 0)
		return -1;
	to->input = more[0];
	return ipc_elastic_begin(&pipeline->elastics[number], ends[0], more[1], size,
		pipeline->arrivals, &call->err);
}

/*
 * Commands in a circle would wait for each other for ever when we are killed, and what a
 * shell has started stays: the last joint is ours.
 */
static int
join_all(struct call *call, struct pipeline *pipeline)
{
	const struct run_args *args = call->args;
	const size_t joints = pipeline->count - !args->duplex;

	for (size_t i = 0; i < joints; i++) {
		uint64_t size = args->buffer;

		if (i + 1 == joints && (args->progress || args->duplex)) {
			pipeline->counted = &pipeline->elastics[i];
			if (size == IPC_UNKNOWN)
				size = SOME;
		}
		if (join(call, pipeline, i, size) < 0)
			return -1;
	}
	return 0;
}

/* What the new process does: it has nothing of ours, and ends with us. */
_Noreturn static void
become(const struct pipeline *pipeline, const struct command *command, pid_t parent)
{
	if (command->input >= 0)
		dup2(command->input, STDIN_FILENO);
	if (command->output >= 0)
		dup2(command->output, STDOUT_FILENO);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it was too late to be told */
		_exit(STATUS_OURS);
	signals_give_back();
	sigaction(SIGCHLD, &pipeline->chld, NULL);
	sigprocmask(SIG_SETMASK, &pipeline->before, NULL);
	execl("/bin/sh", "sh", "-c", "--", command->text, (char *)NULL);
	_exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
}

static int
start_all(struct call *call, struct pipeline *pipeline)
{
	const pid_t parent = getpid();

	for (size_t i = 0; i < pipeline->count; i++) {
		struct command *command = &pipeline->commands[i];
		pid_t pid = fork();

		if (pid == 0)
			become(pipeline, command, parent);
		if (pid < 0)
			return ipc_fail_process(
				&call->err, errno, "run '%s'", command->text);
		command->pid = pid;
		drop(&command->input);
		drop(&command->output);
	}
	return 0;
}

static void
send_to_all(const struct pipeline *pipeline, int signal)
{
	for (size_t i = 0; i < pipeline->count; i++)
		if (pipeline->commands[i].pid > 0 && !pipeline->commands[i].has_ended)
			kill(pipeline->commands[i].pid, signal);
}

/*
 * The terminal tells all of its processes itself; that it is gone, a session's first.  Of
 * what a process sent nobody knows whether it was for the whole group: better twice than
 * never.
 */
static bool
is_for_us_alone(const struct signalfd_siginfo *info)
{
	return info->ssi_code != SI_KERNEL ||
		(info->ssi_signo == SIGHUP && getsid(0) == getpid());
}

static void
take_signals(struct pipeline *pipeline)
{
	struct signalfd_siginfo info;

	while (read(pipeline->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		sigaddset(&pipeline->came, (int)info.ssi_signo);
		if (is_for_us_alone(&info))
			send_to_all(pipeline, (int)info.ssi_signo);
	}
}

static void
reap(struct pipeline *pipeline)
{
	for (size_t i = 0; i < pipeline->count; i++) {
		struct command *command = &pipeline->commands[i];

		if (command->pid > 0 && !command->has_ended &&
			waitpid(command->pid, &command->status, WNOHANG) != 0)
			command->has_ended = true;
	}
}

/* Something runs, or what was written before it ended is on its way. */
static bool
is_running(const struct pipeline *pipeline)
{
	for (size_t i = 0; i < pipeline->count; i++)
		if ((pipeline->commands[i].pid > 0 &&
			    !pipeline->commands[i].has_ended) ||
			pipeline->elastics[i].held > 0)
			return true;
	return false;
}

static int
step_all(struct call *call, struct pipeline *pipeline, const struct ipc_wait *wait)
{
	const uint64_t before =
		pipeline->counted != NULL ? pipeline->counted->moved : 0;

	for (size_t i = 0; i < pipeline->count; i++)
		if (!ipc_elastic_has_ended(&pipeline->elastics[i]) &&
			ipc_elastic_step(&pipeline->elastics[i], &call->err) < 0)
			return -1;
	if (pipeline->counted != NULL)
		ipc_progress_add(wait->progress, pipeline->counted->moved - before);
	return 0;
}

static int
wait_for_all(struct call *call, struct pipeline *pipeline)
{
	const struct run_args *args = call->args;
	struct ipc_wait wait = IPC_WAIT(IPC_FOREVER);
	struct progress progress;
	int code, result = 0;

	wait.interrupt = pipeline->signals;
	progress_begin(&progress, call, args->progress && pipeline->counted != NULL,
		IPC_UNKNOWN, &wait);
	while (result == 0 && is_running(pipeline)) {
		code = ipc_wait_for(pipeline->arrivals, POLLIN, &wait);
		take_signals(pipeline);
		reap(pipeline);
		result = code == 0 || code == EINTR
			? step_all(call, pipeline, &wait)
			: ipc_fail(&call->err, code, "wait for the commands");
	}
	progress_end(&progress);
	return result;
}

static int
status_of(const struct command *command)
{
	return WIFSIGNALED(command->status) ? 128 + WTERMSIG(command->status)
					    : WEXITSTATUS(command->status);
}

/* A line for a person. */
static int
tell(struct call *call, const struct command *command)
{
	const bool was_killed = WIFSIGNALED(command->status);
	const int number =
		was_killed ? WTERMSIG(command->status) : WEXITSTATUS(command->status);
	char *line;

	if (asprintf(&line, "status %d: '%s'%s%s", status_of(command), command->text,
		    was_killed ? ": " : "", was_killed ? strsignal(number) : "") < 0)
		return ipc_fail(&call->err, ENOMEM, "tell of '%s'", command->text);
	cli_warn(call, line);
	free(line);
	return 0;
}

/* The status is that of the last that failed; a signal that ended one of them is ours. */
static int
conclude(struct call *call, struct pipeline *pipeline)
{
	const struct run_args *args = call->args;

	for (size_t i = 0; i < pipeline->count; i++) {
		const struct command *command = &pipeline->commands[i];

		if (args->status && tell(call, command) < 0)
			return -1;
		if (status_of(command) != 0)
			call->status = status_of(command);
		if (WIFSIGNALED(command->status) &&
			sigismember(&pipeline->came, WTERMSIG(command->status)) == 1)
			raise(WTERMSIG(command->status)); /* when it is let in */
	}
	return 0;
}

static int
begin(struct call *call, struct pipeline *pipeline)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	sigset_t chld;

	hold_begin(&pipeline->before);
	hold_let_stop(&pipeline->before);
	sigaction(SIGCHLD, &usual, &pipeline->chld);
	sigemptyset(&pipeline->came);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL); /* it is read from pipeline->signals */
	hold_set(&pipeline->held, &pipeline->before);
	sigaddset(&pipeline->held, SIGCHLD);
	for (size_t i = 0; i < pipeline->count; i++) {
		pipeline->commands[i] = (struct command){
			.text = call->operands[i],
			.input = -1,
			.output = -1,
		};
		pipeline->elastics[i] = (struct ipc_elastic)IPC_ELASTIC_NONE;
	}
	pipeline->signals = signalfd(-1, &pipeline->held, SFD_CLOEXEC | SFD_NONBLOCK);
	pipeline->arrivals = epoll_create1(EPOLL_CLOEXEC);
	return pipeline->signals < 0 || pipeline->arrivals < 0
		? ipc_fail(&call->err, errno, "run '%s'", pipeline->commands[0].text)
		: 0;
}

/* Ours of the pipes are closed: those that run see the end of them, and end. */
static void
close_all(struct pipeline *pipeline)
{
	for (size_t i = 0; i < pipeline->count; i++) {
		drop(&pipeline->commands[i].input);
		drop(&pipeline->commands[i].output);
		ipc_elastic_end(&pipeline->elastics[i]);
	}
}

static void
end(struct pipeline *pipeline)
{
	close_all(pipeline);
	drop(&pipeline->signals);
	drop(&pipeline->arrivals);
	sigaction(SIGCHLD, &pipeline->chld, NULL);
	hold_end(&pipeline->before);
}

/* What cannot be whole is ended, and waited for. */
static void
stop(struct pipeline *pipeline)
{
	close_all(pipeline);
	send_to_all(pipeline, SIGKILL);
	for (size_t i = 0; i < pipeline->count; i++)
		if (pipeline->commands[i].pid > 0 && !pipeline->commands[i].has_ended)
			waitpid(pipeline->commands[i].pid, NULL, 0);
}

static int
run(struct call *call, struct pipeline *pipeline)
{
	if (begin(call, pipeline) < 0 || join_all(call, pipeline) < 0)
		return -1;
	if (start_all(call, pipeline) < 0 || wait_for_all(call, pipeline) < 0) {
		stop(pipeline);
		return -1;
	}
	return conclude(call, pipeline);
}

int
pipe_run(struct call *call)
{
	const struct run_args *args = call->args;
	struct pipeline pipeline = { .signals = -1, .arrivals = -1 };
	int result;

	while (call->operands[pipeline.count] != NULL)
		pipeline.count++;
	if (pipeline.count == 0)
		return cli_misuse(call, "'run' needs COMMAND...");
	if (args->duplex && pipeline.count < 2)
		return cli_misuse(call, "option '--duplex' needs two commands");
	if (args->buffer == 0)
		return cli_misuse(call, "a buffer of 0 bytes holds nothing");
	call->command =
		call->operands; /* our own failures have a status of their own */
	pipeline.commands = calloc(pipeline.count, sizeof(*pipeline.commands));
	pipeline.elastics = calloc(pipeline.count, sizeof(*pipeline.elastics));
	if (pipeline.commands == NULL || pipeline.elastics == NULL) {
		result = ipc_fail(&call->err, errno, "run '%s'", call->operands[0]);
	} else {
		result = run(call, &pipeline);
		end(&pipeline);
	}
	free(pipeline.commands);
	free(pipeline.elastics);
	return result;
}
