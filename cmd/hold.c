/* hold.c - signals that must not end a process with a message in its hand */
#include <stddef.h>
#include <sys/signalfd.h>

#include "hold.h"

static const int held[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTTOU };

enum { HELD = sizeof(held) / sizeof(*held) };

void
hold_set(sigset_t *signals, const sigset_t *before)
{
	struct sigaction action;

	sigemptyset(signals);
	for (size_t i = 0; i < HELD; i++)
		if (held[i] != SIGTTOU && sigismember(before, held[i]) == 0 &&
			sigaction(held[i], NULL, &action) == 0 &&
			action.sa_handler != SIG_IGN)
			sigaddset(signals, held[i]);
}

void
hold_begin(sigset_t *before)
{
	sigset_t signals;

	sigemptyset(&signals);
	for (size_t i = 0; i < HELD; i++)
		sigaddset(&signals, held[i]);
	sigprocmask(SIG_BLOCK, &signals, before);
}

void
hold_let_stop(const sigset_t *before)
{
	sigset_t stops;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTTOU);
	if (sigismember(before, SIGTTOU) == 0)
		sigprocmask(SIG_UNBLOCK, &stops, NULL);
}

bool
hold_is_pending(const sigset_t *before)
{
	sigset_t signals, pending;

	hold_set(&signals, before);
	sigpending(&pending);
	for (size_t i = 0; i < HELD; i++)
		if (sigismember(&signals, held[i]) == 1 &&
			sigismember(&pending, held[i]) == 1)
			return true;
	return false;
}

int
hold_watch(const sigset_t *before)
{
	sigset_t signals;

	hold_set(&signals, before);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

void
hold_yield(const sigset_t *before)
{
	sigset_t pending, now;

	sigpending(&pending);
	for (size_t i = 0; i < HELD; i++)
		if (sigismember(&pending, held[i]) == 1) {
			sigprocmask(SIG_SETMASK, before, &now);
			sigprocmask(SIG_SETMASK, &now, NULL);
			return;
		}
}

void
hold_end(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}
