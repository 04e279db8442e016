/* test-word.c - words of shared memory: atomic, waited for, and never a signal */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tap.h"
#include "word.h"

enum { SIZE = 64, PROCESSES = 8, TURNS = 20000 };

#define MUCH (UINT64_C(1) << 40)

static struct ipc_address address;

/* An object, its first word, and what is to be undone. */
struct test {
	struct ipc_memory memory;
	struct ipc_word word;
};

static void
name_object(void)
{
	char text[NAME_MAX];
	const char *prefix = getenv("PREFIX");

	if (prefix != NULL)
		snprintf(text, sizeof(text), "%s-c", prefix);
	else
		snprintf(text, sizeof(text), "/ipcutil-test-%d", (int)getpid());
	if (ipc_address_shm(text, &address, NULL) < 0)
		exit(99);
}

static void
begin(struct test *test, const struct ipc_address *of)
{
	struct ipc_error err = { .sentence = "" };

	if (ipc_memory_open(&test->memory, of, IPC_MEMORY_BOTH, IPC_NOBODY, &err) < 0 ||
		ipc_word_open(&test->word, &test->memory, 0, &err) < 0) {
		diag("%s", err.sentence);
		exit(99);
	}
}

static void
end(struct test *test)
{
	ipc_word_close(&test->word);
	ipc_memory_close(&test->memory);
}

static struct ipc_address
make(const struct ipc_address *of)
{
	const struct ipc_memory_plan plan = {
		.size = SIZE, .mode = 0600, .trusted = IPC_NOBODY
	};
	struct ipc_error err = { .sentence = "" };
	struct ipc_address found;
	bool made;

	if (ipc_memory_create(of, &plan, &found, &made, &err) < 0) {
		diag("%s", err.sentence);
		exit(99);
	}
	return found;
}

static void
add_many(const struct ipc_address *of)
{
	struct test test;
	uint64_t value;

	begin(&test, of);
	for (int i = 0; i < TURNS; i++)
		ipc_word_add(&test.word, 1, &value, NULL);
	end(&test);
	_exit(0);
}

static void
test_many(const struct ipc_address *of, const char *kind)
{
	struct test test;
	uint64_t value;

	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			add_many(of);
	while (wait(NULL) > 0)
		continue;
	begin(&test, of);
	is(ipc_word_get(&test.word, &value, NULL), 0, "%s: the word is there", kind);
	is(value, PROCESSES * TURNS, "%s: 8 processes add at once, and none is lost",
		kind);
	end(&test);
}

static void
test_exchange(const struct ipc_address *of, const char *kind)
{
	struct test test;
	struct ipc_error err;
	uint64_t value, expected = 5;

	begin(&test, of);
	is(ipc_word_set(&test.word, 4, NULL), 0, "%s: set", kind);
	is(ipc_word_exchange(&test.word, &expected, 9, &err), -1,
		"%s: an exchange of what it is not fails", kind);
	is(err.fault, IPC_REFUSED, "%s: and is refused", kind);
	is(expected, 4, "%s: it tells what the word is", kind);
	is(ipc_word_exchange(&test.word, &expected, 9, NULL), 0,
		"%s: one of what it is", kind);
	is(ipc_word_add(&test.word, UINT64_MAX, &value, NULL), 0, "%s: add of -1",
		kind);
	is(value, 8, "%s: one less", kind);
	end(&test);
}

/* Runs in a child: waits until the word is at least 2^40, woken: 0 when that came. */
static pid_t
wait_in_child(const struct ipc_address *of)
{
	const struct ipc_word_goal goal = { .value = MUCH, .at_least = true };
	const struct ipc_wait wait = IPC_WAIT(IPC_FOREVER);
	const int64_t never = INT64_C(1000000000) * 86400;
	struct test test;
	uint64_t value;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	alarm(10); /* who is not woken ends so */
	begin(&test, of);
	_exit(ipc_word_wait_looking(&test.word, &goal, &wait, never, &value, NULL) == 0
			? 0
			: 1);
}

/* 'S' when it sleeps. */
static char
state_of(pid_t pid)
{
	char path[64], state = '?';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	if (file != NULL) {
		if (fscanf(file, "%*d %*s %c", &state) != 1)
			state = '?';
		fclose(file);
	}
	return state;
}

static void
test_wait(const struct ipc_address *of, const char *kind)
{
	struct rusage used;
	struct test test;
	uint64_t value;
	int status;
	pid_t pid;

	begin(&test, of);
	ipc_word_set(&test.word, 0, NULL);
	pid = wait_in_child(of);
	while (state_of(pid) != 'S')
		continue;
	ipc_word_add(&test.word, 1, &value, NULL);
	while (state_of(pid) != 'S')
		continue;
	ipc_word_add(&test.word, MUCH, &value, NULL);
	wait4(pid, &status, 0, &used);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		"%s: who waits is woken when only the upper half changes", kind);
	ok(used.ru_utime.tv_sec == 0 && used.ru_stime.tv_sec == 0,
		"%s: and did not work for that", kind);
	ipc_word_set(&test.word, 0, NULL);
	pid = wait_in_child(of);
	while (state_of(pid) != 'S')
		continue;
	value = MUCH;
	ipc_memory_put(&test.memory, 0, &value, sizeof(value), NULL);
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		"%s: who waits is woken by bytes that are written", kind);
	end(&test);
}

static void
test_timeouts(const struct ipc_address *of, const char *kind)
{
	const struct ipc_word_goal goal = { .value = 77 };
	struct ipc_wait wait = IPC_WAIT(0);
	struct ipc_error err;
	struct test test;
	uint64_t value;

	begin(&test, of);
	ipc_word_set(&test.word, 3, NULL);
	ipc_wait_start(&wait);
	is(ipc_word_wait(&test.word, &goal, &wait, &value, &err), -1, "%s: not yet",
		kind);
	is(err.fault, IPC_WOULD_BLOCK, "%s: it would block", kind);
	is(value, 3, "%s: the value is told", kind);
	wait.limit = 1000000;
	ipc_wait_start(&wait);
	is(ipc_word_wait(&test.word, &goal, &wait, &value, &err), -1, "%s: not at all",
		kind);
	is(err.fault, IPC_TIMED_OUT, "%s: it timed out", kind);
	end(&test);
}

static volatile sig_atomic_t came;

static void
note(int signal)
{
	came = signal;
}

/* A peer makes the object shorter while it is mapped. */
static void
test_truncated(void)
{
	struct sigaction action = { .sa_handler = note }, now;
	const struct ipc_word_goal goal = { .value = 1 };
	const struct ipc_wait wait = IPC_WAIT(IPC_FOREVER);
	struct ipc_error err;
	struct test test;
	uint64_t value;
	sigset_t mask;
	stack_t stack, before;

	sigaltstack(NULL, &before);
	sigaction(SIGBUS, &action, NULL);
	sigemptyset(&mask);
	sigaddset(&mask, SIGBUS);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	begin(&test, &address);
	ok(ftruncate(test.memory.fd, 0) == 0, "a peer cuts it off");
	is(ipc_word_get(&test.word, &value, &err), -1, "to read the word fails");
	ok(strstr(err.sentence, "it was made shorter meanwhile") != NULL,
		"and says why");
	is(ipc_word_add(&test.word, 1, &value, &err), -1, "to add fails");
	is(ipc_word_wait(&test.word, &goal, &wait, &value, &err), -1, "to wait fails");
	is(came, 0, "no signal came");
	sigaction(SIGBUS, NULL, &now);
	ok(now.sa_handler == note, "the handler of SIGBUS is the old one");
	sigprocmask(SIG_SETMASK, NULL, &mask);
	ok(sigismember(&mask, SIGBUS) == 1, "the mask is the old one");
	sigaltstack(NULL, &stack);
	ok(stack.ss_sp == before.ss_sp && stack.ss_flags == before.ss_flags,
		"the alternate stack is the old one");
	ok(ftruncate(test.memory.fd, SIZE) == 0, "it is as long again");
	is(ipc_word_add(&test.word, 1, &value, &err), 0, "and to add works");
	sigemptyset(&mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	signal(SIGBUS, SIG_DFL);
	end(&test);
}

static void
test_removed(void)
{
	const struct ipc_word_goal goal = { .value = 77 };
	const struct ipc_wait wait = IPC_WAIT(IPC_FOREVER);
	struct ipc_error err;
	struct test test;
	uint64_t value;

	begin(&test, &address);
	is(ipc_memory_remove(&address, &err), 0, "it is removed");
	is(ipc_word_wait(&test.word, &goal, &wait, &value, &err), -1, "to wait ends");
	is(err.fault, IPC_NO_OBJECT, "since there is no such object");
	is(ipc_memory_wait(&test.memory, &wait, &err), -1,
		"so does to wait for a change");
	is(err.fault, IPC_NO_OBJECT, "for the same reason");
	end(&test);
}

/* Which of the two limits on descriptors of inotify(7) it is. */
static void
test_exhausted(void)
{
	const struct ipc_wait wait = IPC_WAIT(0);
	struct ipc_error err = { .sentence = "" };
	struct rlimit limit, low;
	struct test test;

	begin(&test, &address);
	getrlimit(RLIMIT_NOFILE, &limit);
	low = limit;
	low.rlim_cur = (rlim_t)dup(0);
	close((int)low.rlim_cur);
	setrlimit(RLIMIT_NOFILE, &low);
	is(ipc_memory_wait(&test.memory, &wait, &err), -1,
		"without descriptors, no change is waited for");
	setrlimit(RLIMIT_NOFILE, &limit);
	ok(err.fault == IPC_LIMIT && strstr(err.sentence, "RLIMIT_NOFILE") != NULL,
		"and that limit is named: %s", err.sentence);
	end(&test);
}

static void
test_misuse(void)
{
	struct ipc_error err;
	struct ipc_word word;
	struct test test;

	begin(&test, &address);
	is(ipc_word_open(&word, &test.memory, 4, &err), -1, "a word at 4 cannot be");
	is(err.fault, IPC_MISUSE, "it is misuse");
	is(ipc_word_open(&word, &test.memory, SIZE, &err), -1,
		"nor one behind the end");
	is(err.fault, IPC_LIMIT, "it is a limit");
	is(ipc_word_open(&word, &test.memory, UINT64_MAX - 7, &err), -1,
		"nor far behind");
	is(ipc_word_open(&word, &test.memory, SIZE - 8, &err), 0, "the last one can");
	ipc_word_close(&word);
	end(&test);
}

int
main(void)
{
	const struct ipc_address private = { .kind = IPC_SYSV_PRIVATE };
	struct ipc_address segment;

	name_object();
	make(&address);
	segment = make(&private);
	test_many(&address, "POSIX");
	test_exchange(&address, "POSIX");
	test_wait(&address, "POSIX");
	test_timeouts(&address, "POSIX");
	test_many(&segment, "System V");
	test_exchange(&segment, "System V");
	test_wait(&segment, "System V");
	test_timeouts(&segment, "System V");
	is(ipc_memory_remove(&segment, NULL), 0, "the segment is removed");
	test_misuse();
	test_truncated();
	test_exhausted();
	test_removed();
	return tap_end();
}
