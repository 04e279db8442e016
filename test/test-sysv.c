/* test-sysv.c - the library's System V queues: waiting that disturbs nothing else */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <ipcutil/mq.h>

#include "tap.h"

enum { NS_PER_S = 1000000000, ROOM = 65536, NUMBERS = 3000, RESTORER = 0x04000000 };

static const struct ipc_wait at_once = IPC_WAIT(0);
static const struct ipc_wait for_ever = IPC_WAIT(IPC_FOREVER);

static void
begin(struct ipc_mq *mq)
{
	const struct ipc_mq_plan plan = {
		.capacity = IPC_UNKNOWN,
		.message_size = IPC_UNKNOWN,
		.bytes_limit = IPC_UNKNOWN,
		.mode = 0600,
		.trusted = IPC_NOBODY,
	};
	struct ipc_address private, found;
	struct ipc_error err;
	bool made;

	if (ipc_address_mq("private", &private, &err) < 0 ||
		ipc_mq_create(&private, &plan, &found, &made, &err) < 0 ||
		ipc_mq_open(mq, &found, IPC_MQ_READ, IPC_NOBODY, &err) < 0) {
		diag("%s", err.sentence);
		exit(99);
	}
}

static void
end(struct ipc_mq *mq)
{
	ipc_mq_remove(&mq->address, NULL);
	ipc_mq_close(mq);
}

static int
put(const struct ipc_mq *mq, const char *text, long type)
{
	const struct ipc_message message = {
		.data = (char *)text,
		.length = strlen(text),
		.type = type,
	};

	return ipc_mq_send(mq, &message, &at_once, NULL);
}

/* Receives, waiting so many nanoseconds: 0, or the errno value. */
static int
take(const struct ipc_mq *mq, int64_t limit, const sigset_t *signals, char *data)
{
	static char nowhere[ROOM];
	struct ipc_wait wait = IPC_WAIT(limit);
	struct ipc_message message = { .data = data != NULL ? data : nowhere };
	struct ipc_error err;

	wait.signals = signals;
	ipc_wait_start(&wait);
	if (ipc_mq_receive(mq, &message, &wait, &err) < 0)
		return err.code;
	message.data[message.length] = '\0';
	return 0;
}

static int64_t
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * (int64_t)NS_PER_S + time.tv_nsec;
}

/* What a process has of signals, all of it. */
struct state {
	struct sigaction action[NSIG];
	sigset_t mask;
	stack_t stack;
	struct itimerval timer;
};

static void
note(struct state *state)
{
	memset(state, 0, sizeof(*state));
	for (int signal = 1; signal < NSIG; signal++)
		sigaction(signal, NULL, &state->action[signal]);
	sigprocmask(SIG_SETMASK, NULL, &state->mask);
	sigaltstack(NULL, &state->stack);
	getitimer(ITIMER_REAL, &state->timer);
}

static bool
is_same(const struct state *one, const struct state *other)
{
	bool same = one->stack.ss_sp == other->stack.ss_sp &&
		one->stack.ss_size == other->stack.ss_size &&
		one->stack.ss_flags == other->stack.ss_flags;

	for (int signal = 1; signal < NSIG; signal++)
		same = same &&
			one->action[signal].sa_handler ==
				other->action[signal].sa_handler &&
			/* glibc adds that to all it sets. */
			(one->action[signal].sa_flags & ~RESTORER) ==
				(other->action[signal].sa_flags & ~RESTORER) &&
			sigismember(&one->mask, signal) ==
				sigismember(&other->mask, signal);
	return same;
}

static void
nothing(int signal)
{
	(void)signal;
}

/* Blocks TERM; *let_in is the mask that lets it act. */
static void
hold_term(sigset_t *let_in)
{
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, let_in);
}

static void
test_limit(void)
{
	const struct itimerval alarm_in_a_minute = { .it_value.tv_sec = 60 };
	struct state before, after;
	sigset_t let_in, now_pending;
	struct ipc_mq mq;
	int64_t start, span;
	bool good = true;

	begin(&mq);
	setitimer(ITIMER_REAL, &alarm_in_a_minute, NULL);
	signal(SIGRTMAX, nothing);
	hold_term(&let_in);
	note(&before);
	start = now();
	is(take(&mq, 20000000, &let_in, NULL), ETIMEDOUT, "a limit ends the waiting");
	span = now() - start;
	ok(span >= 20000000, "but not before its time");
	note(&after);
	ok(is_same(&before, &after),
		"handlers, masks and the alternate stack are as they were");
	ok(after.timer.it_value.tv_sec >= 30 && after.timer.it_interval.tv_sec == 0,
		"the caller's own alarm goes on");
	for (int i = 0; i < 300; i++)
		good = take(&mq, i * 300 + 1, i % 2 == 0 ? &let_in : NULL, NULL) ==
				ETIMEDOUT &&
			good;
	ok(good, "so do limits that have passed before it sleeps");
	sigpending(&now_pending);
	ok(sigisemptyset(&now_pending) == 1, "no signal is left over");
	is(take(&mq, 0, &let_in, NULL), EAGAIN, "without waiting it would block");
	sigprocmask(SIG_SETMASK, &let_in, NULL);
	signal(SIGRTMAX, SIG_DFL);
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	end(&mq);
}

/* A child that receives for ever, and what ends it: its wait status. */
static int
ended_by(const struct ipc_mq *mq, void (*prepare)(void), int signal)
{
	sigset_t let_in;
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(30);
		hold_term(&let_in);
		prepare();
		_exit(take(mq, IPC_FOREVER, &let_in, NULL));
	}
	if (signal != 0) {
		char stat[64], state = 'R';

		snprintf(stat, sizeof(stat), "/proc/%d/stat", (int)pid);
		for (int i = 0; i < 10000000 && state != 'S'; i++) {
			FILE *file = fopen(stat, "r");

			if (file == NULL || fscanf(file, "%*d %*s %c", &state) != 1)
				state = 'R';
			if (file != NULL)
				fclose(file);
		}
		kill(pid, signal);
	}
	waitpid(pid, &status, 0);
	return status;
}

static void
do_nothing(void)
{
}

static void
raise_term(void)
{
	raise(SIGTERM); /* it is pending when the waiting begins */
}

static void
handle_usr1(void)
{
	signal(SIGUSR1, nothing);
}

static void
test_signals(void)
{
	struct ipc_mq mq;
	int status;

	begin(&mq);
	status = ended_by(&mq, do_nothing, SIGTERM);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM,
		"a signal that may come in ends the process while it waits");
	status = ended_by(&mq, raise_term, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM,
		"so does one that came before it slept");
	status = ended_by(&mq, handle_usr1, SIGUSR1);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == EINTR,
		"one with a handler ends the waiting");
	put(&mq, "a", 1);
	status = ended_by(&mq, raise_term, 0);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		"a message that is there goes before a signal");
	end(&mq);
}

/* Time-outs pass, and signals come, all the while numbers are sent. */
static void
test_nothing_lost(void)
{
	char text[ROOM];
	unsigned int got = 0, expired = 0;
	struct ipc_mq mq;
	pid_t pid;

	begin(&mq);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < NUMBERS; i++) {
			const struct ipc_message message = {
				.data = text,
				.length = (size_t)snprintf(text, sizeof(text), "%d", i),
				.type = 1 + i % 3,
			};

			if (i % 3 == 0)
				nanosleep(&(struct timespec){ .tv_nsec = random() %
							  200000 },
					NULL);
			ipc_mq_send(&mq, &message, &for_ever, NULL);
		}
		_exit(0);
	}
	while (got < NUMBERS) {
		int code = take(&mq, 1 + random() % 150000, NULL, text);

		if (code == 0 && strtoul(text, NULL, 10) == got)
			got++;
		else if (code == ETIMEDOUT)
			expired++;
		else
			break;
	}
	diag("%u time-outs", expired);
	is(got, NUMBERS, "time-outs lose no message and change no order");
	ok(expired > 0, "though some passed");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	end(&mq);
}

static void
test_choice(void)
{
	char text[ROOM];
	struct ipc_mq mq;
	struct ipc_message message = { .data = text };
	struct ipc_error err;

	begin(&mq);
	put(&mq, "five", 5);
	put(&mq, "three", 3);
	put(&mq, "", 4);
	is(ipc_mq_wait(&mq, &at_once, &err), 0, "any message ends wait");
	ok(ipc_mq_peek(&mq, 1, &message, &err) == 0 && message.length == 5 &&
			message.type == 3,
		"peek goes by place");
	ok(ipc_mq_peek(&mq, 3, &message, &err) < 0 && err.fault == IPC_WOULD_BLOCK,
		"which may have no message");
	mq.choice.type = -4;
	ok(take(&mq, 0, NULL, text) == 0 && strcmp(text, "three") == 0,
		"a negative type takes the lowest first");
	mq.choice = (struct ipc_mq_choice){ .type = 4, .except = true };
	ok(take(&mq, 0, NULL, text) == 0 && strcmp(text, "five") == 0,
		"a type can be left out");
	is(take(&mq, 1000000, NULL, text), ETIMEDOUT, "others are waited for");
	mq.choice = (struct ipc_mq_choice){ .type = 0 };
	is(ipc_mq_wait(&mq, &at_once, &err), 0, "an empty message ends wait");
	ok(take(&mq, 0, NULL, text) == 0 && *text == '\0', "which left it there");
	ok(ipc_mq_wait(&mq, &at_once, &err) < 0 && err.code == EAGAIN, "none is left");
	end(&mq);
	ok(ipc_mq_wait(&mq, &at_once, &err) < 0 && err.fault == IPC_NO_OBJECT,
		"a removed queue is told as such");
}

static void
test_private(void)
{
	const struct ipc_mq_change change = { .uid = (uid_t)-1, .gid = (gid_t)-1 };
	struct ipc_address address;
	struct ipc_mq_info info;
	struct ipc_error err;
	struct ipc_mq mq;
	bool good;

	ipc_address_mq("private", &address, NULL);
	good = ipc_mq_open(&mq, &address, IPC_MQ_READ, IPC_NOBODY, &err) < 0 &&
		err.fault == IPC_MISUSE;
	good = ipc_mq_open(&mq, &address, IPC_MQ_WRITE, IPC_NOBODY, &err) < 0 &&
		err.fault == IPC_MISUSE && good;
	good = ipc_mq_stat(&address, IPC_MQ_GLANCE, &info, &err) < 0 &&
		err.fault == IPC_MISUSE && good;
	good = ipc_mq_change(&address, &change, &err) < 0 && err.fault == IPC_MISUSE &&
		good;
	good = ipc_mq_remove(&address, &err) < 0 && err.fault == IPC_MISUSE && good;
	ok(good, "'private' is only to create");
}

int
main(void)
{
	srandom(1);
	test_limit();
	test_signals();
	test_nothing_lost();
	test_choice();
	test_private();
	return tap_end();
}
