/* main.c - main() of every program: the process is made fit, then cli_run() */
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>

#include "cli.h"
#include "signals.h"

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

int
main(int argc, char **argv)
{
	if (fill_closed() < 0)
		return STATUS_FAILED;
	/* That of a whole program, see quick.c, is no name that people know. */
	prctl(PR_SET_NAME, this_program.name);
	signals_ignore();
	return cli_run(&this_program, argc, argv);
}
