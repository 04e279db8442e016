/* test-guard.c - whose objects are: the files that tell it, and the ends of processes */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "../lib/ledger.h"

#include "tap.h"

static const struct ipc_owner_id some_owner = {
	.boot = "b",
	.pid_namespace = 1,
	.time_namespace = 2,
	.ipc_namespace = 3,
	.pid = 4,
	.start = 5,
	.inode = 6,
};

static struct ipc_object
queue(const char *name, uint64_t number)
{
	struct ipc_object object = {
		.type = IPC_POSIX_MQ,
		.device = 20,
		.number = number,
		.uid = 1000,
	};

	ipc_address_mq(name, &object.address, NULL);
	return object;
}

/* A file with that text, as it is read: 0, or an errno value. */
static int
read_text(const char *text, size_t length, struct ipc_ledger *ledger)
{
	int fd = memfd_create("ledger", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, length) != (ssize_t)length)
		exit(99);
	return ipc_ledger_read(ledger, fd, NULL);
}

static void
end(struct ipc_ledger *ledger)
{
	ipc_ledger_free(ledger);
	close(ledger->fd);
}

static void
ledger_again(struct ipc_ledger *ledger)
{
	const int fd = ledger->fd;

	ipc_ledger_free(ledger);
	ipc_ledger_read(ledger, fd, NULL);
}

static size_t
count(const struct ipc_ledger *ledger)
{
	struct ipc_object object;
	size_t objects = 0, line;

	for (size_t place = 0; ipc_ledger_next(ledger, &place, &line, &object);)
		objects++;
	return objects;
}

#define HEADER "ipcutil-until-exit 1 b 1 2 3 4 5 6\n"

static void
test_headers(void)
{
	static const char *const wrong[] = { "\n", "x\n", "ipcutil-until-exit\n",
		"ipcutil-until-exit 2 b 1 2 3 4 5 6\n",
		"ipcutil-until-exit 1 b 1 2 3 4 5\n",
		"ipcutil-until-exit 1 b 1 2 3 4 5 6 7\n",
		"ipcutil-until-exit 1 b 1 2 3 -4 5 6\n",
		"ipcutil-until-exit 1 b 1 2 3 0 5 6\n",
		"ipcutil-until-exit 1 b 1 2 3 2147483648 5 6\n",
		"ipcutil-until-exit 1  b 1 2 3 4 5 6\n",
		"ipcutil-until-exit 1 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb 1 2 3 4 5 6\n",
		"ipcutil-until-exit 1 b 1 2 3 4 0x5 6\n" };
	struct ipc_ledger ledger;
	bool good = true;

	is(read_text(HEADER, strlen(HEADER), &ledger), 0, "a header is read");
	ok(ipc_owner_is_same(&ledger.owner, &some_owner), "it tells the process");
	end(&ledger);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		if (read_text(wrong[i], strlen(wrong[i]), &ledger) != EBADMSG) {
			diag("taken: %s", wrong[i]);
			good = false;
		}
		end(&ledger);
	}
	ok(good, "no other is taken for one");
	is(read_text(HEADER, strlen(HEADER) - 1, &ledger), ENODATA,
		"one without its end was never made");
	end(&ledger);
	is(read_text("", 0, &ledger), ENODATA, "nor was an empty one");
	end(&ledger);
	is(read_text("ipcutil\0x\n", 10, &ledger), EBADMSG, "NUL is in none");
	end(&ledger);
}

static void
test_lines(void)
{
	static const char *const wrong[] = { "posix-mq 20 7 1000 0 /a",
		"- posix-mq 20 7 1000 0 /a", "+ posix-mq 20 7 1000 0",
		"+ posix-mq 20 7 1000 0 a", "+ posix-mq 20 7 1000 0 /a/b",
		"+ posix-mq 20 7 1000 0 /..", "+ posix-mq 20 7 1000 0 /a%00b",
		"+ posix-mq 20 7 1000 0 /a%2", "+ posix-mq 20 7 1000 0 /a%zz",
		"+ posix-mq 20 7 1000 0 /a%2Fb", "+ posix-mq 20 7 1000 0 /a\tb",
		"+ posix-mq 20 7 1000 0 id:7", "+ sysv-mq 0 7 1000 0 id:8",
		"+ sysv-mq 0 7 1000 0 key:0x7", "+ sysv-mq 0 7 1000 0 /a",
		"+ sysv-mq 0 7 1000 0 private", "+ other-mq 20 7 1000 0 /a",
		"+  posix-mq 20 7 1000 0 /a", "+ posix-mq -20 7 1000 0 /a",
		"+ posix-mq 20 7 4294967296 0 /a",
		"+ posix-mq 20 99999999999999999999 1000 0 /a", "+", "", "+ " };
	struct ipc_ledger ledger;
	char text[256];
	bool good = true;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		int length = snprintf(text, sizeof(text), HEADER "%s\n", wrong[i]);

		if (read_text(text, (size_t)length, &ledger) != 0 ||
			count(&ledger) != 0) {
			diag("taken: %s", wrong[i]);
			good = false;
		}
		end(&ledger);
	}
	ok(good, "no wrong line is taken for an object");
	snprintf(text, sizeof(text),
		HEADER "x\n+ posix-mq 20 7 1000 0 /a  \n+ posix-mq 20 8 1000 0 /b");
	read_text(text, strlen(text), &ledger);
	is(count(&ledger), 1, "nor one without its end; the others count");
	end(&ledger);
}

/* Whatever is in a file, reading it ends, within its bytes. */
static void
test_garbage(void)
{
	static const char bytes[] = "+- \n%2F/:posixmqsyv0123456789id\0\377";
	char text[400] = HEADER;
	struct ipc_ledger ledger;

	tap_seed();
	for (unsigned int i = 0; i < 5000; i++) {
		size_t start = below(3) == 0 ? 0 : strlen(HEADER);
		size_t length = start + below(sizeof(text) - start);

		memcpy(text, HEADER, strlen(HEADER));
		for (size_t j = start; j < length; j++)
			text[j] = bytes[below(sizeof(bytes) - 1)];
		if (read_text(text, length, &ledger) == 0)
			count(&ledger);
		end(&ledger);
	}
	ok(true, "garbage is read without harm");
}

static void
test_changes(void)
{
	char name[NAME_MAX + 2] = "/";
	struct ipc_object object, found;
	struct ipc_ledger ledger, again;
	size_t line, first, place = 0;
	int fd = memfd_create("ledger", MFD_CLOEXEC);

	is(ipc_ledger_begin(fd, &some_owner), 0, "a file is begun");
	for (int i = 1; i <= NAME_MAX; i++)
		name[i] = (char)(i == '/' ? 1 : i);
	object = queue(name, 7);
	ipc_ledger_read(&ledger, fd, NULL);
	is(ipc_ledger_put(&ledger, &object, &first), 0,
		"a name of all bytes is put in");
	ipc_ledger_free(&ledger);
	ipc_ledger_read(&ledger, fd, NULL);
	ok(ipc_ledger_next(&ledger, &place, &line, &found) &&
			ipc_object_is_same(&found, &object) &&
			strcmp(found.address.text, name) == 0 && line == first,
		"and is read again");
	is(ipc_ledger_strike(&ledger, line), 0, "it is struck out");
	is(count(&ledger), 0, "and counts no more");
	object = queue("/short", 8);
	ipc_ledger_put(&ledger, &object, &line);
	is(line, first, "its room is used again");
	ipc_ledger_read(&again, fd, NULL);
	ok(count(&again) == 1 && ipc_ledger_lines(&again) == 1 &&
			ipc_ledger_find(&again, &object, &line),
		"by the next");
	if (pwrite(fd, "- posix-mq 20", 13, (off_t)again.length) != 13)
		exit(99);
	ipc_ledger_free(&again);
	ipc_ledger_read(&again, fd, NULL);
	object = queue("/next", 9);
	is(ipc_ledger_put(&again, &object, &line), 0,
		"what a killed writer left is cut off");
	ipc_ledger_free(&again);
	ipc_ledger_read(&again, fd, NULL);
	ok(count(&again) == 2 && ipc_ledger_lines(&again) == 2, "and nothing else");
	ipc_ledger_free(&again);
	ipc_ledger_free(&ledger);
	close(fd);
}

static void
test_finding(void)
{
	static const char text[] = HEADER "+ posix-mq 20 7 1000 0 /a\n"
					  "+ posix-mq 20 70 1000 0 /b%20  \n"
					  "- posix-mq 20 8 1000 0 /c\n"
					  "+ posix-mq 20 9 1000 0 /x/a\n"
					  "+ posix-mq 20 9 1000 0 /aa\n";
	struct ipc_owner_id here = some_owner;
	struct ipc_object object = queue("/b ", 70);
	struct ipc_ledger ledger, again;
	size_t line;

	read_text(text, strlen(text), &ledger);
	ok(ipc_ledger_find(&ledger, &object, &line) &&
			strncmp(ledger.text + line, "+ posix-mq 20 70 ", 17) == 0,
		"an object is found by what tells it from others");
	object.number = 8;
	ok(!ipc_ledger_find(&ledger, &object, &line), "but not one that was struck");
	ipc_ledger_strike_namesakes(&ledger, &object);
	object.number = 70;
	ok(!ipc_ledger_find(&ledger, &object, &line), "one of the same name is gone");
	object = queue("/a", 1);
	ipc_ledger_strike_namesakes(&ledger, &object);
	is(count(&ledger), 1, "and others stay");
	is(ipc_ledger_read(&again, ledger.fd, &here), 0, "what is of here is read");
	is(count(&again), 1, "with its objects");
	ipc_ledger_free(&again);
	here.ipc_namespace++;
	is(ipc_ledger_read(&again, ledger.fd, &here), 0,
		"so is what is of another namespace");
	ok(ipc_owner_is_same(&again.owner, &some_owner) && again.text == NULL &&
			count(&again) == 0,
		"but its first line alone");
	ipc_ledger_free(&again);
	end(&ledger);
}

/* What has the same number, but not at the same time. */
static void
test_stamps(void)
{
	struct ipc_object object = {
		.type = IPC_MAPPED_FILE, .device = 20, .number = 7
	};
	struct ipc_object found;
	struct ipc_ledger ledger;
	size_t line, place = 0;

	ipc_address_path("/a", &object.address, NULL);
	object.generation = UINT64_MAX;
	read_text(HEADER, strlen(HEADER), &ledger);
	ipc_ledger_put(&ledger, &object, &line);
	ledger_again(&ledger);
	ok(ipc_ledger_next(&ledger, &place, &line, &found) &&
			found.generation == object.generation,
		"a file is put in with its generation");
	ok(ipc_ledger_find(&ledger, &object, &line), "and found by it");
	object.generation--;
	ok(!ipc_ledger_find(&ledger, &object, &line) &&
			!ipc_object_is_same(&found, &object),
		"another that has its inode is not");
	end(&ledger);
	object.type = IPC_SYSV_MQ;
	object.changed = 5;
	ipc_address_mq("id:7", &object.address, NULL);
	read_text(HEADER, strlen(HEADER), &ledger);
	ipc_ledger_put(&ledger, &object, &line);
	ledger_again(&ledger);
	place = 0;
	ok(ipc_ledger_next(&ledger, &place, &line, &found) && found.changed == 5 &&
			found.generation == 0,
		"a System V object is with the time of its change");
	end(&ledger);
}

/* A line of another's room may be longer than what the limit leaves of it. */
static void
test_short_writes(void)
{
	struct rlimit limit;
	struct ipc_object object = queue("/a-name-that-is-not-short", 7);
	struct ipc_ledger ledger, again;
	size_t line;
	int fd = memfd_create("ledger", MFD_CLOEXEC);

	ipc_ledger_begin(fd, &some_owner);
	ipc_ledger_read(&ledger, fd, NULL);
	ipc_ledger_put(&ledger, &object, &line);
	ipc_ledger_free(&ledger);
	ipc_ledger_read(&ledger, fd, NULL);
	ipc_ledger_strike(&ledger, line);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = line + 20;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	is(ipc_ledger_put(&ledger, &object, &line), EFBIG,
		"what does not go in whole is not in");
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
	ipc_ledger_read(&again, fd, NULL);
	ok(count(&again) == 0 && again.length == ledger.length,
		"and the room is there for the next");
	ipc_ledger_free(&again);
	ipc_ledger_free(&ledger);
	close(fd);
}

static void
test_states(void)
{
	struct ipc_owner_id here, id, other;
	int pidfd;
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	is(ipc_owner_here(&here, NULL), 0, "we know where we are");
	pidfd = ipc_owner_open(child, &id, NULL);
	ok(pidfd >= 0 && id.pid == child && id.start > 0, "a process is known");
	is(ipc_owner_state(&id, &here), IPC_OWNER_LIVES, "it lives");
	other = id;
	other.start++;
	is(ipc_owner_state(&other, &here), IPC_OWNER_ENDED,
		"one that started at another time has ended");
	other.time_namespace++;
	is(ipc_owner_state(&other, &here), IPC_OWNER_UNKNOWN,
		"but who knows, when the time was another namespace's");
	other = id;
	other.inode++;
	is(ipc_owner_state(&other, &here),
		id.inode == 0 ? IPC_OWNER_LIVES : IPC_OWNER_ENDED,
		"one that had another inode has ended, where there are inodes");
	is(ipc_owner_is_same(&id, &other), id.inode == 0, "and is another");
	other.inode = 0;
	is(ipc_owner_state(&other, &here), IPC_OWNER_LIVES,
		"one whose inode is not known may be the same");
	ok(ipc_owner_is_same(&id, &other), "and counts for the same");
	other = id;
	other.pid_namespace++;
	is(ipc_owner_state(&other, &here), IPC_OWNER_UNKNOWN,
		"nor can one of another PID namespace be told");
	other = id;
	other.boot[0] ^= 1;
	is(ipc_owner_state(&other, &here), IPC_OWNER_ENDED,
		"one of another boot has ended");
	kill(child, SIGKILL);
	while (!ipc_owner_has_ended(pidfd))
		;
	is(ipc_owner_state(&id, &here), IPC_OWNER_ENDED, "a zombie has ended");
	is(ipc_owner_open(child, &other, NULL), -1, "and owns nothing more");
	waitpid(child, NULL, 0);
	is(ipc_owner_state(&id, &here), IPC_OWNER_ENDED, "as one has that is gone");
	close(pidfd);
}

static void *
end_of_thread(void *pipe)
{
	char byte;

	if (read(*(int *)pipe, &byte, 1) != 1)
		return NULL;
	execl("/bin/sleep", "sleep", "1000", NULL);
	return NULL;
}

/* A process whose leading thread has ended, and which runs another program at a word. */
static void
be_leaderless(int pipe[2])
{
	pthread_t thread;
	int end = pipe[0];

	close(pipe[1]);
	pthread_create(&thread, NULL, end_of_thread, &end);
	pthread_exit(NULL);
}

static char
state_of(pid_t pid)
{
	char path[64], text[256] = "", *state;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return '?';
	close(fd);
	state = strrchr(text, ')');
	return state == NULL ? '?' : state[2];
}

static void
test_threads(void)
{
	struct ipc_owner_id here, id;
	int pipe_ends[2], pidfd;
	pid_t child;

	ipc_owner_here(&here, NULL);
	if (pipe(pipe_ends) < 0)
		exit(99);
	child = fork();
	if (child == 0)
		be_leaderless(pipe_ends);
	pidfd = ipc_owner_open(child, &id, NULL);
	while (state_of(child) != 'Z')
		;
	is(ipc_owner_state(&id, &here), IPC_OWNER_LIVES,
		"a process lives on without its leading thread");
	ok(!ipc_owner_has_ended(pidfd), "for who waits, too");
	if (write(pipe_ends[1], "x", 1) != 1)
		exit(99);
	while (state_of(child) != 'S')
		;
	is(ipc_owner_state(&id, &here), IPC_OWNER_LIVES,
		"and when a thread runs a program");
	ok(!ipc_owner_has_ended(pidfd), "for who waits, too");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	ok(ipc_owner_has_ended(pidfd), "until it is killed");
	close(pidfd);
}

int
main(void)
{
	test_headers();
	test_lines();
	test_garbage();
	test_changes();
	test_finding();
	test_stamps();
	test_short_writes();
	test_states();
	test_threads();
	return tap_end();
}
