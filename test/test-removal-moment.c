/*
 * test-removal-moment.c - lib/removal.c: what comes in the very moment of a removal: a signal
 * and a failure while the file has another name, and another object in place of the listed one
 */
#include <dirent.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <sys/sem.h>
#include <sys/un.h>

#include <ipcutil/pipe.h>
#include <ipcutil/removal.h>

#include "auto.h"
#include "crew.h"

static char dir[80], path[96], address[128];
static bool has_signal, has_failure;

/* That of the C library, and then what may come just behind it. */
int
renameat2(
	int from_dir, const char *from, int to_dir, const char *to, unsigned int flags)
{
	int result = (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);

	if (has_signal)
		raise(SIGTERM);
	return result;
}

int
unlinkat(int at, const char *name, int flags)
{
	if (!has_failure)
		return (int)syscall(SYS_unlinkat, at, name, flags);
	errno = EIO;
	return -1;
}

static void
create_socket(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = must(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	must(bind(fd, (const void *)&to, sizeof(to)), path);
	close(fd);
}

static int
remove_it(struct ipc_error *err)
{
	struct ipc_removal removal;
	int result = ipc_removal_begin(&removal, address, NULL, err) < 0
		? -1
		: ipc_removal_commit(&removal, 0, err);

	ipc_removal_end(&removal);
	return result;
}

/* Whether a name was left that ipc-rm gave. */
static bool
has_aside(void)
{
	autoclosedir DIR *files = opendir(dir);
	const struct dirent *entry;

	while (files != NULL && (entry = readdir(files)) != NULL)
		if (strncmp(entry->d_name, ".ipc-rm-", 8) == 0)
			return true;
	return false;
}

static void
test_signal(void)
{
	int status;
	pid_t pid;

	create_socket();
	fflush(stdout);
	pid = must(fork(), "fork");
	if (pid == 0) {
		has_signal = true;
		remove_it(NULL);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM,
		"SIGTERM ends who removes");
	ok(access(path, F_OK) < 0 && !has_aside(), "and then the file is gone");
}

static void
test_failure(void)
{
	struct ipc_error err;

	create_socket();
	has_failure = true;
	is(remove_it(&err), -1, "a removal that fails says so");
	has_failure = false;
	is(err.code, EIO, "with the reason of the system");
	ok(access(path, F_OK) == 0, "and the file has its name again");
	must(unlink(path), path);
}

static void
create_queue(const char *name, mode_t mode)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 1 };

	mq_close(must(mq_open(name, O_CREAT | O_EXCL | O_RDWR, mode, &attr), name));
}

enum { REPLACED = 1, NO_NAMESPACES = 77 };

/* One that its own user may not open, beside one that proves whose all of them are. */
static int
replace_queue(const char *name)
{
	struct ipc_removal removal;
	struct ipc_error err;

	if (unshare(CLONE_NEWNS | CLONE_NEWIPC) < 0)
		return NO_NAMESPACES;
	must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount");
	umount2("/dev/mqueue", MNT_DETACH); /* that of the namespace before */
	must(mount("none", dir, "mqueue", 0, NULL), "mount");
	must(setresuid(65534, 65534, 65534), "setresuid");
	create_queue("/proof", 0600);
	create_queue(name, 0);
	snprintf(address, sizeof(address), "mq:%s", name);
	must(ipc_removal_begin(&removal, address, NULL, NULL), address);
	must(mq_unlink(name), name);
	create_queue(name, 0);
	return ipc_removal_commit(&removal, IPC_REMOVE_IN_USE | IPC_REMOVE_DATA, &err) <
				0 &&
			err.fault == IPC_REFUSED
		? 0
		: REPLACED;
}

static void
test_queue(const char *name)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = must(fork(), "fork");
	if (pid == 0)
		_exit(replace_queue(name));
	waitpid(pid, &status, 0);
	if (WEXITSTATUS(status) == NO_NAMESPACES)
		ok(true, "a queue that may not be opened # SKIP needs root");
	else
		is(status, 0,
			"a queue that may not be opened is not removed in place of another");
}

/* What is in use is not locked by us: a message can come at any time. */
static void
test_message(const char *name)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 1 };
	struct ipc_removal removal;
	struct ipc_error err;
	sigset_t blocked;
	mqd_t mq = must(mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attr), name);

	snprintf(address, sizeof(address), "mq:%s", name);
	is(ipc_removal_begin(&removal, address, NULL, &err), 0,
		"a queue that we have open is looked at");
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	ok(!sigismember(&blocked, SIGTERM), "no signal waits for the end of that");
	must(mq_send(mq, "x", 1, 0), "mq_send");
	is(ipc_removal_commit(&removal, IPC_REMOVE_IN_USE, &err), -1,
		"with a message that came then it is not removed");
	is(err.fault, IPC_REFUSED, "but refused");
	is(ipc_removal_commit(&removal, IPC_REMOVE_IN_USE | IPC_REMOVE_DATA, &err), 0,
		"unless its messages may go");
	ipc_removal_end(&removal);
	mq_close(mq);
}

/* Others can come to a set until the last moment. */
static void
test_set(void)
{
	int set = must(semget(IPC_PRIVATE, 2, 0600), "semget");
	struct ipc_removal removal;
	struct ipc_error err;
	pid_t pid;

	snprintf(address, sizeof(address), "sem:id:%d", set);
	is(ipc_removal_begin(&removal, address, NULL, &err), 0, "a set is looked at");
	fflush(stdout);
	pid = must(fork(), "fork");
	if (pid == 0)
		_exit(semop(set, &(struct sembuf){ .sem_op = -1 }, 1));
	while (semctl(set, 0, GETNCNT) != 1)
		nap();
	is(ipc_removal_check(&removal, 0, &err), -1,
		"where a process waits in it by now, that is seen");
	is(ipc_removal_commit(&removal, 0, &err), -1, "and it is not removed");
	is(err.fault, IPC_REFUSED, "but refused");
	must(semop(set, &(struct sembuf){ .sem_op = 1 }, 1), "semop");
	waitpid(pid, NULL, 0);
	is(ipc_removal_commit(&removal, 0, &err), -1,
		"nor where one has used it meanwhile");
	is(ipc_removal_commit(&removal, IPC_REMOVE_IN_USE, &err), 0,
		"unless it may be in use");
	ipc_removal_end(&removal);
}

/* The number of a holder can be that of another by now. */
static void
test_pipe(void)
{
	const struct ipc_pipe_plan plan = { .size = IPC_UNKNOWN };
	struct ipc_address one, other;
	struct ipc_object object;
	struct ipc_error err;

	is(ipc_pipe_create(&plan, &one, &err), 0, "a pipe has a holder");
	is(ipc_pipe_create(&plan, &other, &err), 0, "and so has another");
	is(ipc_pipe_find(&one, "find", &object, &err), 0, "the first is listed");
	object.address = other;
	is(ipc_pipe_end(&object, &err), -1, "who holds another pipe is not ended");
	is(err.fault, IPC_REFUSED, "but refused");
	is(ipc_pipe_may_end(&object, &err), -1, "which is known before");
	object.address = one;
	is(ipc_pipe_may_end(&object, &err), 0, "its own may be");
	is(ipc_pipe_remove(&one, &err), 0, "each can be removed");
	is(ipc_pipe_remove(&other, &err), 0, "by its own address");
}

int
main(void)
{
	const char *prefix = getenv("PREFIX");
	char name[64];

	snprintf(name, sizeof(name), "%s-moment",
		prefix != NULL ? prefix : "/ipcutil-test");
	snprintf(dir, sizeof(dir), "/tmp%s", name);
	snprintf(path, sizeof(path), "%s/socket", dir);
	snprintf(address, sizeof(address), "sock:%s", path);
	unlink(path); /* of one that was killed */
	mq_unlink(name);
	rmdir(dir);
	must(mkdir(dir, 0700), dir);
	test_signal();
	test_failure();
	test_message(name);
	test_queue(name);
	test_set();
	test_pipe();
	must(rmdir(dir), dir);
	return tap_end();
}
