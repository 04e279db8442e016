/* hold.c - signals that must not end a process with a message in its hand */
#include "hold.h"

void
hold_set(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGHUP);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGQUIT);
	sigaddset(signals, SIGTERM);
}

void
hold_begin(sigset_t *before)
{
	sigset_t signals;

	hold_set(&signals);
	sigprocmask(SIG_BLOCK, &signals, before);
}

void
hold_end(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}
