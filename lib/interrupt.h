/* interrupt.h - sleeping in system calls that poll(2) cannot wait for */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <signal.h>
#include <time.h>

#include <ipcutil/wait.h>

/* The signals whose default is to end a process that is in the middle of it. */
enum { INTERRUPT_SIGNALS = 4 };

/* One such sleep, and what was before it.  It lives as long as the sleep. */
struct ipc_interrupt {
	const struct ipc_wait *wait;
	int tick; /* the signal of the timer; 0: nothing need interrupt */
	timer_t timer;
	sigset_t mask;
	sigset_t postponed; /* those of the signals that are caught meanwhile */
	stack_t stack;
	struct sigaction tick_action;
	struct sigaction action[INTERRUPT_SIGNALS];
	char room[16384]; /* see interrupt.c; must be the last */
};

/*
 * From here to ipc_interrupt_end() a system call that sleeps fails with EINTR when
 * the limit of *wait has passed, counted from ipc_wait_start(), and when one of
 * HUP, INT, QUIT and TERM comes that is blocked now, that wait->signals lets in,
 * and that would end the process: it stays pending.  So a call that got something
 * done before is not disturbed, and what it got is not lost.  Other signals do what
 * they did.  wait->watched and
 * wait->interrupt are not looked at.
 *
 * Uses timer_create(2), and the highest real-time signal that has no handler and is
 * not pending; ITIMER_REAL and SIGALRM stay the caller's.  Dispositions are of the
 * whole process: not for two threads at once.  0, or -1 with errno and nothing to end.
 */
int ipc_interrupt_begin(struct ipc_interrupt *sleep, const struct ipc_wait *wait);

/* After EINTR: ETIMEDOUT when the limit has passed, or else EINTR. */
int ipc_interrupt_cause(const struct ipc_interrupt *sleep);

/* Puts back what was before; errno stays as it is. */
void ipc_interrupt_end(const struct ipc_interrupt *sleep);

/*
 * All of that around call(context), which sleeps, and returns 0 or an errno value: what
 * it returned, or for EINTR its cause; a signal that ended it has had its turn to act.
 */
int ipc_interrupt_call(
	const struct ipc_wait *wait, int (*call)(void *context), void *context);

/*
 * Lets a signal act that ended the sleep, as it would have in ppoll(2); but not one of
 * those that are caught where wait->interrupt tells the caller of them.
 */
void ipc_interrupt_let_act(const struct ipc_wait *wait);

#endif
