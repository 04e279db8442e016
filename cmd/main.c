/* main.c - main() of every program: the process is made fit, then cli_run() */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include "cli.h"

/*
 * A descriptor that is closed would become that of the first object opened, and
 * data would go there.  In its place comes one of the wrong direction, so that
 * using it fails.
 */
static int
fill_closed(void)
{
	struct pollfd fds[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

	if (poll(fds, 3, 0) < 0)
		return -1;
	for (int i = 0; i < 3; i++)
		if ((fds[i].revents & POLLNVAL) != 0 &&
			open("/dev/null", i == 0 ? O_WRONLY : O_RDONLY) != i)
			return -1;
	return 0;
}

/* What fails is told as other failures are. */
static void
let_fail(int signal)
{
	(void)signal;
}

/*
 * EPIPE and EFBIG are told by the call that fails.  A handler becomes the default again in
 * a command of ours, and what our caller ignores stays ignored: it is as the caller had it.
 */
static void
survive(int signal)
{
	const struct sigaction action = {
		.sa_handler = let_fail,
		.sa_flags = SA_RESTART,
	};
	struct sigaction before;

	if (sigaction(signal, &action, &before) == 0 && before.sa_handler == SIG_IGN)
		sigaction(signal, &before, NULL);
}

int
main(int argc, char **argv)
{
	if (fill_closed() < 0)
		return STATUS_FAILED;
	survive(SIGPIPE);
	survive(SIGXFSZ);
	return cli_run(&this_program, argc, argv);
}
