/* signals.c - those that a failing call tells of, too */
#include <signal.h>

#include "signals.h"

/* A flag of no use otherwise tells that our caller did not ignore the signal. */
enum { BY_US = SA_RESTART };

static void
ignore(int signal)
{
	const struct sigaction action = { .sa_handler = SIG_IGN, .sa_flags = BY_US };
	struct sigaction before;

	if (sigaction(signal, &action, &before) == 0 && before.sa_handler == SIG_IGN)
		sigaction(signal, &before, NULL);
}

static void
give_back(int signal)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	struct sigaction now;

	if (sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_IGN &&
		(now.sa_flags & BY_US) != 0)
		sigaction(signal, &usual, NULL);
}

void
signals_ignore(void)
{
	ignore(SIGPIPE);
	ignore(SIGXFSZ);
}

void
signals_give_back(void)
{
	give_back(SIGPIPE);
	give_back(SIGXFSZ);
}
