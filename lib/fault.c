/* fault.c - touching memory that may vanish */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include "fault.h"

/*
 * As no variable may outlive a call, the handler finds this by way of the alternate
 * signal stack, whose base the kernel hands to every handler.  Nobody uses that stack:
 * our handler does not, and all other signals wait.
 */
struct guard {
	sigjmp_buf back;
	uintptr_t at;
	size_t length;
	struct sigaction before;
	stack_t stack_before;
};

enum { STACK_SIZE = 65536 }; /* which no kernel finds too small */

static void
handle(int signal, siginfo_t *info, void *context)
{
	ucontext_t *interrupted = context;
	struct guard *guard = interrupted->uc_stack.ss_sp;

	if (info->si_code > 0 && (uintptr_t)info->si_addr - guard->at < guard->length)
		siglongjmp(guard->back, 1);
	/* Not ours: on return it comes again, to whom it came before, and there. */
	sigaction(signal, &guard->before, NULL);
	interrupted->uc_stack = guard->stack_before;
}

/* The mask and the values of the caller's variables do not have to outlive the jump. */
static int
call(struct guard *guard, void (*touch)(void *arg), void *arg)
{
	if (sigsetjmp(guard->back, 0) != 0)
		return EFAULT;
	touch(arg);
	return 0;
}

/* Touches it with the guard in place. */
static int
touch_guarded(struct guard *guard, void (*touch)(void *arg), void *arg)
{
	const stack_t stack = { .ss_sp = guard, .ss_size = STACK_SIZE };
	const struct sigaction action = {
		.sa_sigaction = handle,
		.sa_flags = SA_SIGINFO,
	};
	int code;

	if (sigaltstack(&stack, &guard->stack_before) < 0)
		return errno;
	if (sigaction(SIGBUS, &action, &guard->before) < 0) {
		code = errno;
	} else {
		code = call(guard, touch, arg);
		sigaction(SIGBUS, &guard->before, NULL);
	}
	sigaltstack(&guard->stack_before, NULL);
	return code;
}

int
ipc_fault_guard(void (*touch)(void *arg), void *arg, const void *at, size_t length)
{
	struct guard guard = { .at = (uintptr_t)at, .length = length };
	sigset_t others, before;
	int code;

	sigfillset(&others);
	sigdelset(&others, SIGBUS);
	sigprocmask(SIG_SETMASK, &others, &before);
	code = touch_guarded(&guard, touch, arg);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return code;
}
