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
 * signal stack, whose base the kernel hands to every handler.
 */
struct guard {
	sigjmp_buf back;
	uintptr_t at;
	size_t length;
	struct sigaction before;
	char room[16384]; /* the stack of the handler; must be the last */
};

static void
handle(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *interrupted = context;
	struct guard *guard = interrupted->uc_stack.ss_sp;

	if (info->si_code > 0 && (uintptr_t)info->si_addr - guard->at < guard->length)
		siglongjmp(guard->back, 1);
	/* Not ours: on return it comes again, to whom it came before. */
	sigaction(signal, &guard->before, NULL);
}

/* The values of the caller's variables do not have to outlive the jump here. */
static int
call(struct guard *guard, void (*touch)(void *arg), void *arg)
{
	if (sigsetjmp(guard->back, 1) != 0)
		return EFAULT;
	touch(arg);
	return 0;
}

int
ipc_fault_guard(void (*touch)(void *arg), void *arg, const void *at, size_t length)
{
	struct sigaction action = {
		.sa_sigaction = handle,
		.sa_flags = SA_SIGINFO | SA_ONSTACK,
	};
	struct guard guard = { .at = (uintptr_t)at, .length = length };
	const stack_t stack = { .ss_sp = &guard, .ss_size = sizeof(guard) };
	stack_t stack_before;
	sigset_t bus, mask;
	int code;

	if (sigaltstack(&stack, &stack_before) < 0)
		return errno;
	if (sigaction(SIGBUS, &action, &guard.before) < 0) {
		code = errno;
		sigaltstack(&stack_before, NULL);
		return code;
	}
	sigemptyset(&bus);
	sigaddset(&bus, SIGBUS);
	sigprocmask(SIG_UNBLOCK, &bus, &mask);
	code = call(&guard, touch, arg);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGBUS, &guard.before, NULL);
	sigaltstack(&stack_before, NULL);
	return code;
}
