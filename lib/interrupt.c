/* interrupt.c - sleeping in system calls that poll(2) cannot wait for */
#include <errno.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "interrupt.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { NS_PER_S = 1000000000 };

static const int deadly[INTERRUPT_SIGNALS] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

/*
 * A signal may come after the last look and before the call sleeps: it would sleep
 * on.  So the timer, once it has gone off, goes off again and again.
 */
static const struct timespec again = { .tv_nsec = 5000000 };

/*
 * Keeps the signal for later: blocked for the interrupted code, and sent anew as it
 * came, it stays pending, so that nothing but the kernel need remember it.  As no
 * variable may outlive a call, the timer is found by way of the alternate signal
 * stack, whose base the kernel hands to every handler.
 */
static void
postpone(int signal, siginfo_t *info, void *context)
{
	const struct itimerspec soon = { .it_interval = again, .it_value = again };
	ucontext_t *interrupted = context;
	const struct ipc_interrupt *sleep = interrupted->uc_stack.ss_sp;
	int code = errno;

	sigaddset(&interrupted->uc_sigmask, signal);
	syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), signal, info);
	timer_settime(sleep->timer, 0, &soon, NULL);
	errno = code;
}

/* That it came has interrupted the system call; but it may not be of the timer. */
static void
tick(int signal, siginfo_t *info, void *context)
{
	if (info->si_code != SI_TIMER)
		postpone(signal, info, context);
}

/* One that nobody waits for; the best is one that could not come either. */
static bool
is_usable(int signal, const struct sigaction *action, const sigset_t *mask, bool best)
{
	if ((action->sa_flags & SA_SIGINFO) != 0 || action->sa_handler == SIG_IGN)
		return (action->sa_flags & SA_SIGINFO) == 0 && !best;
	return action->sa_handler == SIG_DFL &&
		(!best || sigismember(mask, signal) == 0);
}

/* Takes a real-time signal that nobody uses: it, or 0. */
static int
take_tick(const sigset_t *mask, struct sigaction *before)
{
	struct sigaction action = { .sa_sigaction = tick, .sa_flags = SA_SIGINFO };
	sigset_t pending;

	sigfillset(&action.sa_mask);
	sigpending(&pending);
	for (int best = 1; best >= 0; best--)
		for (int signal = SIGRTMAX; signal >= SIGRTMIN; signal--)
			if (sigismember(&pending, signal) == 0 &&
				sigaction(signal, NULL, before) == 0 &&
				is_usable(signal, before, mask, best) &&
				sigaction(signal, &action, NULL) == 0)
				return signal;
	errno = EBUSY;
	return 0;
}

static void
give_tick_back(const struct ipc_interrupt *sleep)
{
	sigaction(sleep->tick, &sleep->tick_action, NULL);
}

static int
start_timer(struct ipc_interrupt *sleep)
{
	const struct ipc_wait *wait = sleep->wait;
	struct itimerspec when = { .it_interval = again, .it_value = wait->start };
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = sleep->tick,
	};

	event.sigev_notify_thread_id = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, &sleep->timer) < 0) {
		if (errno == EAGAIN) /* RLIMIT_SIGPENDING */
			errno = ENOBUFS;
		return -1;
	}
	if (wait->limit == IPC_FOREVER)
		return 0;
	when.it_value.tv_sec += wait->limit / NS_PER_S;
	when.it_value.tv_nsec += wait->limit % NS_PER_S;
	if (when.it_value.tv_nsec >= NS_PER_S) {
		when.it_value.tv_sec++;
		when.it_value.tv_nsec -= NS_PER_S;
	}
	return timer_settime(sleep->timer, TIMER_ABSTIME, &when, NULL);
}

/* Catches those that may come in and would end the process. */
static void
catch_deadly(struct ipc_interrupt *sleep, const sigset_t *let_in)
{
	struct sigaction action = { .sa_sigaction = postpone, .sa_flags = SA_SIGINFO };

	sigfillset(&action.sa_mask);
	sigemptyset(&sleep->postponed);
	sigaddset(&sleep->postponed, sleep->tick);
	for (int i = 0; i < INTERRUPT_SIGNALS; i++)
		if (sigismember(&sleep->mask, deadly[i]) == 1 &&
			sigismember(let_in, deadly[i]) == 0 &&
			sigaction(deadly[i], NULL, &sleep->action[i]) == 0 &&
			sleep->action[i].sa_handler != SIG_IGN &&
			sigaction(deadly[i], &action, NULL) == 0)
			sigaddset(&sleep->postponed, deadly[i]);
}

int
ipc_interrupt_begin(struct ipc_interrupt *sleep, const struct ipc_wait *wait)
{
	const stack_t stack = { .ss_sp = sleep, .ss_size = sizeof(*sleep) };
	sigset_t let_in;

	sleep->wait = wait;
	sleep->tick = 0;
	if (wait->limit == IPC_FOREVER && wait->signals == NULL)
		return 0;
	sigprocmask(SIG_SETMASK, NULL, &sleep->mask);
	sleep->tick = take_tick(&sleep->mask, &sleep->tick_action);
	if (sleep->tick == 0)
		return -1;
	if (sigaltstack(&stack, &sleep->stack) < 0) {
		give_tick_back(sleep);
		return -1;
	}
	if (start_timer(sleep) < 0) {
		sigaltstack(&sleep->stack, NULL);
		give_tick_back(sleep);
		return -1;
	}
	let_in = wait->signals != NULL ? *wait->signals : sleep->mask;
	catch_deadly(sleep, &let_in);
	sigdelset(&let_in, sleep->tick);
	sigprocmask(SIG_SETMASK, &let_in, NULL);
	return 0;
}

/* True when a signal waits that was caught. */
static bool
is_postponed(const struct ipc_interrupt *sleep)
{
	sigset_t pending;

	if (sleep->tick == 0)
		return false;
	sigpending(&pending);
	sigandset(&pending, &pending, &sleep->postponed);
	return sigisemptyset(&pending) == 0;
}

int
ipc_interrupt_cause(const struct ipc_interrupt *sleep)
{
	struct timespec left;

	if (!is_postponed(sleep) && ipc_wait_left(sleep->wait, &left) != NULL &&
		left.tv_sec == 0 && left.tv_nsec == 0)
		return ETIMEDOUT;
	return EINTR;
}

void
ipc_interrupt_end(const struct ipc_interrupt *sleep)
{
	int code = errno;

	if (sleep->tick == 0)
		return;
	timer_delete(sleep->timer); /* while its signal is let in: none is left over */
	sigprocmask(SIG_SETMASK, &sleep->mask, NULL);
	for (int i = 0; i < INTERRUPT_SIGNALS; i++)
		if (sigismember(&sleep->postponed, deadly[i]) == 1)
			sigaction(deadly[i], &sleep->action[i], NULL);
	sigaltstack(&sleep->stack, NULL);
	give_tick_back(sleep);
	errno = code;
}

void
ipc_interrupt_let_act(const struct ipc_wait *wait)
{
	sigset_t let_in, now;

	if (wait->signals == NULL)
		return;
	let_in = *wait->signals;
	for (int i = 0; wait->interrupt >= 0 && i < INTERRUPT_SIGNALS; i++)
		sigaddset(&let_in, deadly[i]);
	sigprocmask(SIG_SETMASK, &let_in, &now);
	sigprocmask(SIG_SETMASK, &now, NULL);
}

int
ipc_interrupt_call(
	const struct ipc_wait *wait, int (*call)(void *context), void *context)
{
	struct ipc_interrupt sleep;
	int code;

	if (ipc_interrupt_begin(&sleep, wait) < 0)
		return errno;
	code = call(context);
	if (code == EINTR)
		code = ipc_interrupt_cause(&sleep);
	ipc_interrupt_end(&sleep);
	if (code == EINTR)
		ipc_interrupt_let_act(wait);
	return code;
}
