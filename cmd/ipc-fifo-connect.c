/* ipc-fifo-connect.c - ipc-fifo hold and connect: FIFOs kept open, and two as one */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <ipcutil/pump.h>

#include "hold.h"
#include "ipc-fifo.h"
#include "message.h"
#include "outlet.h"
#include "progress.h"

const struct field hold_options[] = {
	OPTION(PROCESS, 0, "until-exit", struct hold_args, until_exit, "PID",
		"until process PID has ended, however it ended"),
	OPTION_MEANS(FLAG, 0, "background", struct hold_args, background, "",
		"by a process of its own, whose id is printed"),
	END_FIELDS,
};

int
fifo_hold(struct call *call)
{
	const struct hold_args *args = call->args;
	pid_t pid;

	if (!args->background)
		return ipc_fifo_hold(&call->address, args->until_exit, &call->err);
	pid = ipc_fifo_hold_in_background(&call->address, args->until_exit, &call->err);
	if (pid < 0)
		return -1;
	/* A holder that nobody gets to know would stay for ever. */
	if (printf("%jd\n", (intmax_t)pid) < 0 || fflush(stdout) != 0) {
		outlet_failed(errno, &call->err);
		kill(pid, SIGTERM);
		return -1;
	}
	return 0;
}

const struct field connect_options[] = {
	WAIT_OPTIONS(struct connect_args, limit),
	PROGRESS_OPTION(struct connect_args, progress),
	OPTION(USER, 0, "trust-owner", struct connect_args, trusted, "USER",
		"as root, write to a FIFO of USER, too"),
	END_FIELDS,
};

/* The two directions, in the order of the operands. */
enum { REQUEST, REPLY, DIRECTIONS };

struct conversation {
	int fds[DIRECTIONS]; /* the FIFOs; -1: closed */
	const struct ipc_copy *copies;
	struct ipc_wait wait;
	sigset_t before; /* the signal mask that lets signals act */
};

/*
 * The end of one direction is passed on: who reads there finds it.  Without standard output
 * nobody gets an answer, and nothing more is asked.
 */
static bool
end_direction(void *context, size_t number)
{
	struct conversation *talk = context;
	int nothing;

	close(talk->fds[number]);
	talk->fds[number] = -1;
	if (number != REPLY)
		return true;
	nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (nothing >= 0)
		dup2(nothing, STDOUT_FILENO);
	if (nothing > STDERR_FILENO)
		close(nothing);
	return talk->copies[REPLY].failed != STDOUT_FILENO;
}

/* What only we have of a direction cannot go back. */
static void
save(struct call *call, const struct ipc_copy *copy, const char *what)
{
	const struct ipc_message rest = { .data = copy->hand, .length = copy->in_hand };

	if (rest.length > 0) {
		message_rescue(&rest, what, call->program->name, &call->err);
		call->err.code = EIO; /* also when a signal came: it is told */
	}
	free(copy->hand);
}

static int
talk_until_end(struct call *call, struct conversation *talk, const char *const *names)
{
	struct ipc_copy copies[DIRECTIONS] = {
		IPC_COPY(STDIN_FILENO, talk->fds[REQUEST], &talk->wait),
		IPC_COPY(talk->fds[REPLY], STDOUT_FILENO, &talk->wait),
	};
	const struct connect_args *args = call->args;
	struct progress progress;
	char action[PATH_MAX + 16];
	const struct ipc_pump pump = {
		.action = action,
		.copies = copies,
		.count = DIRECTIONS,
		.wait = &talk->wait,
		.ended = end_direction,
		.context = talk,
	};
	int result;

	talk->copies = copies;
	snprintf(action, sizeof(action), "connect %s", names[REQUEST]);
	copies[REQUEST].from_name = "standard input";
	copies[REQUEST].to_name = names[REQUEST];
	copies[REPLY].from_name = names[REPLY];
	copies[REPLY].to_name = "standard output";
	progress_begin(&progress, call, args->progress, IPC_UNKNOWN, &talk->wait);
	result = ipc_pump(&pump, &call->err);
	progress_end(&progress);
	if (result == 0 && copies[REPLY].failed == STDOUT_FILENO)
		result = outlet_failed(EPIPE, &call->err);
	cli_say(call, "%ju bytes written to %s, %ju bytes read from %s",
		(uintmax_t)copies[REQUEST].moved, names[REQUEST],
		(uintmax_t)copies[REPLY].moved, names[REPLY]);
	save(call, &copies[REQUEST], "input that was not written");
	save(call, &copies[REPLY], "what had been read");
	return result;
}

/* The reply first: that waits for nobody, and who answers may open it first. */
static int
open_both(struct call *call, struct conversation *talk,
	const struct ipc_address *addresses)
{
	const struct connect_args *args = call->args;
	struct ipc_wait wait = talk->wait;

	talk->fds[REPLY] = ipc_fifo_open(
		&addresses[REPLY], IPC_PIPE_READ, IPC_NOBODY, &wait, &call->err);
	if (talk->fds[REPLY] < 0)
		return -1;
	wait.signals = &talk->before;
	talk->fds[REQUEST] = ipc_fifo_open(
		&addresses[REQUEST], IPC_PIPE_WRITE, args->trusted, &wait, &call->err);
	return talk->fds[REQUEST] < 0 ? -1 : 0;
}

/* It may be closed, or take nothing, as /dev/full. */
static int
check_output(struct call *call)
{
	static const struct framing bare = NO_FRAMING;
	struct outlet out;
	int result = outlet_open(&out, STDOUT_FILENO, &bare, 0, NULL, &call->err);

	outlet_close(&out);
	return result;
}

static int
connect_both(struct call *call, struct conversation *talk,
	const struct ipc_address *addresses)
{
	char names[DIRECTIONS][PATH_MAX + 2];

	for (size_t i = 0; i < DIRECTIONS; i++)
		snprintf(names[i], sizeof(names[i]), "'%s'",
			ipc_address_text(&addresses[i]));
	if (check_output(call) < 0 || open_both(call, talk, addresses) < 0)
		return -1;
	talk->wait.interrupt = hold_watch(&talk->before);
	if (talk->wait.interrupt < 0)
		return ipc_fail(&call->err, errno, "connect %s", names[REQUEST]);
	return talk_until_end(
		call, talk, (const char *const[]){ names[REQUEST], names[REPLY] });
}

int
fifo_connect(struct call *call)
{
	const struct connect_args *args = call->args;
	struct conversation talk = {
		.fds = { -1, -1 },
		.wait = IPC_WAIT(args->limit),
	};
	struct ipc_address addresses[DIRECTIONS] = { call->address };
	int result;

	if (*call->operands == NULL)
		return cli_misuse(call, "'connect' needs two FIFOs: ADDRESS REPLY");
	if (ipc_address_path(*call->operands, &addresses[REPLY], &call->err) < 0)
		return -1;
	ipc_wait_start(&talk.wait);
	hold_begin(&talk.before);
	result = connect_both(call, &talk, addresses);
	for (size_t i = 0; i < DIRECTIONS; i++)
		if (talk.fds[i] >= 0)
			close(talk.fds[i]);
	if (talk.wait.interrupt >= 0)
		close(talk.wait.interrupt);
	if (result < 0 && call->err.code != EINTR && outlet_has_room(STDERR_FILENO)) {
		cli_failed(call);
		result = 0;
	}
	hold_end(&talk.before);
	return result;
}
