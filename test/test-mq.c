/* test-mq.c - the library's message queues, without any program */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <ipcutil/mq.h>

#include "tap.h"

enum { MESSAGE_SIZE = 64, CAPACITY = 4 };
static const struct ipc_wait at_once = IPC_WAIT(0);

/* The queue of this test, and one that is never there. */
static struct ipc_address queue, nowhere;

static void
name_queues(void)
{
	char text[NAME_MAX];
	const char *prefix = getenv("PREFIX");
	int end = prefix != NULL
		? snprintf(text, sizeof(text), "%s-c", prefix)
		: snprintf(text, sizeof(text), "/ipcutil-test-%d", (int)getpid());

	if (ipc_address_mq(text, &queue, NULL) < 0)
		exit(99);
	snprintf(text + end, sizeof(text) - (size_t)end, "-nowhere");
	ipc_address_mq(text, &nowhere, NULL);
}

static const struct ipc_mq_plan plan = {
	.capacity = CAPACITY,
	.message_size = MESSAGE_SIZE,
	.bytes_limit = IPC_UNKNOWN,
	.mode = 0600,
	.trusted = IPC_NOBODY,
};

static unsigned int
descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (dir != NULL && readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

/* As the library's functions, for the address itself and a message in pieces. */
static int
create(const struct ipc_address *address, const struct ipc_mq_plan *wanted, bool *made,
	struct ipc_error *err)
{
	struct ipc_address found = { .text = "" };
	int result = ipc_mq_create(address, wanted, &found, made, err);

	return result == 0 && strcmp(found.text, address->text) != 0 ? 99 : result;
}

static int
put(const struct ipc_mq *mq, const char *data, size_t length, unsigned int priority,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	const struct ipc_message message = {
		.data = (char *)data,
		.length = length,
		.priority = priority,
	};

	return ipc_mq_send(mq, &message, wait, err);
}

static int
give_back(const struct ipc_mq *mq, const char *data, size_t length,
	unsigned int priority, const struct ipc_wait *wait, struct ipc_error *err)
{
	const struct ipc_message message = {
		.data = (char *)data,
		.length = length,
		.priority = priority,
	};

	return ipc_mq_give_back(mq, &message, wait, err);
}

static int
take(const struct ipc_mq *mq, char *data, size_t *length, unsigned int *priority,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	struct ipc_message message = { .data = data };
	int result = ipc_mq_receive(mq, &message, wait, err);

	*length = message.length;
	*priority = message.priority;
	return result;
}

/* Opens the queue, new and empty. */
static void
begin(struct ipc_mq *mq, enum ipc_mq_access access)
{
	struct ipc_error err;
	bool made;

	ipc_mq_remove(&queue, NULL);
	if (create(&queue, &plan, &made, &err) < 0 ||
		ipc_mq_open(mq, &queue, access, IPC_NOBODY, &err) < 0) {
		diag("%s", err.sentence);
		exit(99);
	}
}

static bool
has_failed(int result, const struct ipc_error *err, enum ipc_fault fault, int code,
	const char *words)
{
	bool good = result == -1 && err->fault == fault && err->code == code &&
		errno == code && strstr(err->sentence, words) != NULL;

	if (!good)
		diag("result %d, fault %d, code %d (%s), errno %d: '%s'; wanted %d, %d, '%s'",
			result, err->fault, err->code, strerror(err->code), errno,
			err->sentence, fault, code, words);
	return good;
}

static void
test_create(void)
{
	struct ipc_mq_plan other = plan;
	struct ipc_error err;
	struct stat st;
	bool made = false;
	mode_t mask = umask(077);
	int fd;

	other.mode = 0642;
	ok(create(&queue, &other, &made, &err) == 0 && made, "a queue is made");
	umask(mask);
	fd = mq_open(queue.text, O_RDONLY);
	ok(fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0642,
		"its mode is exact, whatever the umask");
	close(fd);
	made = true;
	ok(create(&queue, &plan, &made, &err) == 0 && !made,
		"one of the same geometry is found instead");
	other.capacity = other.message_size = IPC_UNKNOWN;
	ok(create(&queue, &other, &made, &err) == 0 && !made,
		"so is any where no geometry is asked for");
	other.capacity = CAPACITY + 1;
	ok(has_failed(create(&queue, &other, &made, &err), &err, IPC_EXISTS, EEXIST,
		   "capacity of 4 messages, not 5"),
		"another capacity is a failure");
	other = plan;
	other.message_size = 63;
	ok(has_failed(create(&queue, &other, &made, &err), &err, IPC_EXISTS, EEXIST,
		   "message size of 64 bytes, not 63"),
		"so is another message size");
	other = plan;
	other.exclusive = true;
	ok(has_failed(create(&queue, &other, &made, &err), &err, IPC_EXISTS, EEXIST,
		   queue.text),
		"so is any queue where a new one is asked for");
	is(ipc_mq_remove(&queue, &err), 0, "the queue is removed");
}

static void
test_create_limits(void)
{
	struct ipc_mq_plan huge = plan;
	struct ipc_error err;
	struct rlimit before, none;
	bool made, good;

	huge.capacity = 1 << 30;
	ok(has_failed(create(&nowhere, &huge, &made, &err), &err, IPC_LIMIT, EINVAL,
		   "1073741824"),
		"a capacity beyond the system's is a limit");
	huge = plan;
	huge.message_size = INT64_MAX;
	good = create(&nowhere, &huge, &made, &err) == -1 && err.fault == IPC_LIMIT &&
		strstr(err.sentence, "9223372036854775807") != NULL;
	ok(good, "so is a message size beyond it");
	huge.message_size = 0;
	ok(has_failed(create(&nowhere, &huge, &made, &err), &err, IPC_MISUSE, EINVAL,
		   "0 bytes"),
		"messages of at most no bytes can never be");
	huge = plan;
	huge.capacity = 0;
	ok(has_failed(create(&nowhere, &huge, &made, &err), &err, IPC_MISUSE, EINVAL,
		   "0 messages"),
		"neither can a queue for no messages");
	getrlimit(RLIMIT_MSGQUEUE, &before);
	none = before;
	none.rlim_cur = 100;
	setrlimit(RLIMIT_MSGQUEUE, &none);
	ok(has_failed(create(&nowhere, &plan, &made, &err), &err, IPC_LIMIT, EMFILE,
		   "it needs 640 bytes; RLIMIT_MSGQUEUE (ulimit -q) allows 100"),
		"RLIMIT_MSGQUEUE is named with what is needed and what is allowed");
	setrlimit(RLIMIT_MSGQUEUE, &before);
	getrlimit(RLIMIT_NOFILE, &before);
	none = before;
	none.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &none);
	good = has_failed(create(&nowhere, &plan, &made, &err), &err, IPC_LIMIT, EMFILE,
		"RLIMIT_NOFILE");
	setrlimit(RLIMIT_NOFILE, &before);
	ok(good, "RLIMIT_NOFILE is told apart from it");
	ok(has_failed(ipc_mq_remove(&nowhere, &err), &err, IPC_NO_OBJECT, ENOENT,
		   nowhere.text),
		"no failure leaves a queue behind");
}

static void
test_no_object(void)
{
	const struct ipc_mq_change change = {
		.uid = (uid_t)-1, .gid = (gid_t)-1, .bytes_limit = IPC_UNKNOWN
	};
	struct ipc_mq_info info;
	struct ipc_error err;
	struct ipc_mq mq;

	ok(has_failed(ipc_mq_open(&mq, &nowhere, IPC_MQ_READ, IPC_NOBODY, &err), &err,
		   IPC_NO_OBJECT, ENOENT, "read '/") &&
			has_failed(ipc_mq_open(&mq, &nowhere, IPC_MQ_WRITE, IPC_NOBODY,
					   &err),
				&err, IPC_NO_OBJECT, ENOENT, "write to '/") &&
			has_failed(ipc_mq_stat(&nowhere, IPC_MQ_STATUS, &info, &err),
				&err, IPC_NO_OBJECT, ENOENT, "inspect '/") &&
			has_failed(ipc_mq_change(&nowhere, &change, &err), &err,
				IPC_NO_OBJECT, ENOENT, "change '/") &&
			has_failed(ipc_mq_remove(&nowhere, &err), &err, IPC_NO_OBJECT,
				ENOENT, "remove '/"),
		"nothing can be done with a queue that does not exist");
}

/* Takes one message; true when it is that text, of that priority. */
static bool
takes(const struct ipc_mq *mq, const char *text, unsigned int priority)
{
	struct ipc_error err = { .sentence = "another message" };
	char data[MESSAGE_SIZE];
	unsigned int found = 99999;
	size_t length = 0;
	bool good = take(mq, data, &length, &found, &at_once, &err) == 0 &&
		length == strlen(text) && memcmp(data, text, length) == 0 &&
		found == priority;

	if (!good)
		diag("wanted '%s': %s '%.*s' of priority %u", text, err.sentence,
			(int)length, data, found);
	return good;
}

static int
sends(const struct ipc_mq *mq, const char *text, unsigned int priority)
{
	return put(mq, text, strlen(text), priority, &at_once, NULL);
}

static void
test_messages(void)
{
	char large[MESSAGE_SIZE + 1] = "";
	unsigned int priority;
	struct ipc_error err;
	struct ipc_mq in, out;
	size_t length;

	begin(&in, IPC_MQ_WRITE);
	ipc_mq_open(&out, &queue, IPC_MQ_READ, IPC_NOBODY, &err);
	is(in.message_size, MESSAGE_SIZE, "an open queue knows its message size");
	ok((fcntl(in.fd, F_GETFD) & FD_CLOEXEC) != 0,
		"its descriptor is closed by exec");
	ok(sends(&in, "low", 0) == 0 && sends(&in, "high", IPC_MQ_PRIORITY_MAX) == 0 &&
			sends(&in, "low two", 0) == 0 && sends(&in, "", 1) == 0,
		"messages go in, an empty one, too");
	ok(has_failed(put(&in, "x", 1, 0, &at_once, &err), &err, IPC_WOULD_BLOCK,
		   EAGAIN, "it is full"),
		"a full queue would block");
	ok(takes(&out, "high", IPC_MQ_PRIORITY_MAX) && takes(&out, "", 1) &&
			takes(&out, "low", 0) && takes(&out, "low two", 0),
		"they come out by priority, then by age");
	ok(has_failed(take(&out, large, &length, &priority, &at_once, &err), &err,
		   IPC_WOULD_BLOCK, EAGAIN, "it is empty"),
		"an empty queue would block");
	ok(has_failed(put(&in, large, sizeof(large), 0, &at_once, &err), &err,
		   IPC_LIMIT, EMSGSIZE, "65 bytes is longer than the 64"),
		"a message too long is a limit, with figures");
	ok(put(&in, large, MESSAGE_SIZE, 0, &at_once, &err) == 0 &&
			take(&out, large, &length, &priority, &at_once, &err) == 0 &&
			length == MESSAGE_SIZE,
		"the longest one is none");
	ok(has_failed(put(&in, "x", 1, IPC_MQ_PRIORITY_MAX + 1, &at_once, &err), &err,
		   IPC_FAILED, EINVAL, queue.text),
		"a priority too large is a failure");
	ipc_mq_close(&in);
	ipc_mq_close(&out);
	ipc_mq_remove(&queue, NULL);
}

static void
test_give_back(void)
{
	char data[MESSAGE_SIZE];
	unsigned int priority;
	struct ipc_error err;
	struct ipc_mq mq, writer;
	size_t length;
	bool made;

	begin(&mq, IPC_MQ_READ);
	ipc_mq_open(&writer, &queue, IPC_MQ_WRITE, IPC_NOBODY, &err);
	sends(&writer, "one", 3);
	sends(&writer, "two", 3);
	take(&mq, data, &length, &priority, &at_once, &err);
	is(give_back(&mq, data, length, priority, &at_once, &err), 0,
		"a message is given back");
	ok(takes(&mq, "two", 3) && takes(&mq, "one", 3),
		"it is the last of its priority");
	for (int i = 0; i < CAPACITY; i++)
		sends(&writer, "full", 0);
	ok(has_failed(give_back(&mq, "x", 1, 0, &at_once, &err), &err, IPC_WOULD_BLOCK,
		   EAGAIN, "full"),
		"a full queue takes none back");
	while (take(&mq, data, &length, &priority, &at_once, NULL) == 0)
		;
	ipc_mq_remove(&queue, NULL);
	create(&queue, &plan, &made, &err); /* another of that name */
	ok(has_failed(give_back(&mq, "x", 1, 0, &at_once, &err), &err, IPC_NO_OBJECT,
		   ENOENT, "it was removed"),
		"nor does one that was removed, whatever has its name now");
	ipc_mq_close(&mq);
	ipc_mq_close(&writer);
	ipc_mq_remove(&queue, NULL);
}

static double
seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Fails with IPC_TIMED_OUT after that time, and no processor time. */
static bool
stands_still(int result, const struct ipc_error *err, double start, double span)
{
	double stood = seconds(CLOCK_MONOTONIC) - start;
	bool good = stood >= span && stood < span + 2;

	if (!good)
		diag("it stood still for %g s, not %g", stood, span);
	return has_failed(result, err, IPC_TIMED_OUT, ETIMEDOUT, "for 0.15 s") && good;
}

static void
test_deadlines(void)
{
	struct ipc_wait wait = IPC_WAIT(150000000);
	double busy = seconds(CLOCK_PROCESS_CPUTIME_ID), start;
	struct ipc_mq mq, writer;
	struct ipc_error err;
	char data[MESSAGE_SIZE];
	unsigned int priority;
	size_t length;
	int result;

	begin(&mq, IPC_MQ_READ);
	ipc_mq_open(&writer, &queue, IPC_MQ_WRITE, IPC_NOBODY, &err);
	start = seconds(CLOCK_MONOTONIC);
	ipc_wait_start(&wait);
	result = take(&mq, data, &length, &priority, &wait, &err);
	ok(stands_still(result, &err, start, 0.15), "receive ends at its deadline");
	start = seconds(CLOCK_MONOTONIC);
	result = ipc_mq_wait(&mq, &wait, &err);
	ok(result < 0 && err.fault == IPC_TIMED_OUT &&
			seconds(CLOCK_MONOTONIC) - start < 0.1,
		"a deadline that has passed ends wait at once");
	ipc_wait_start(&wait);
	result = ipc_mq_wait(&mq, &wait, &err);
	ok(stands_still(result, &err, start, 0.15),
		"started anew, wait ends at its deadline");
	while (sends(&writer, "full", 0) == 0)
		;
	start = seconds(CLOCK_MONOTONIC);
	ipc_wait_start(&wait);
	result = put(&writer, "x", 1, 0, &wait, &err);
	ok(stands_still(result, &err, start, 0.15), "send ends at its deadline");
	start = seconds(CLOCK_MONOTONIC);
	ipc_wait_start(&wait);
	result = give_back(&mq, "x", 1, 0, &wait, &err);
	ok(stands_still(result, &err, start, 0.15), "so does giving back");
	ok(seconds(CLOCK_PROCESS_CPUTIME_ID) - busy < 0.1,
		"waiting takes no processor time");
	wait.limit = INT64_MAX - 1;
	ipc_wait_start(&wait);
	is(ipc_mq_wait(&mq, &wait, &err), 0, "a deadline in 292 years is one");
	ipc_mq_close(&mq);
	ipc_mq_close(&writer);
	ipc_mq_remove(&queue, NULL);
}

/* Runs one of these in a child, once the parent sleeps. */
static pid_t
start_child(void (*act)(void))
{
	pid_t parent = getpid(), child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		char path[40], state = 0;

		snprintf(path, sizeof(path), "/proc/%d/stat", (int)parent);
		for (int try = 0; state != 'S' && try < 20000; try++) {
			FILE *stat = fopen(path, "re");

			if (stat == NULL ||
				fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
				_exit(1);
			fclose(stat);
		}
		act();
		_exit(0);
	}
	return child;
}

static void
send_one(void)
{
	struct ipc_mq mq;

	if (ipc_mq_open(&mq, &queue, IPC_MQ_WRITE, IPC_NOBODY, NULL) == 0) {
		sends(&mq, "late", 5);
		ipc_mq_close(&mq);
	}
}

static void
take_one(void)
{
	struct ipc_mq mq;

	if (ipc_mq_open(&mq, &queue, IPC_MQ_READ, IPC_NOBODY, NULL) == 0) {
		takes(&mq, "full", 0);
		ipc_mq_close(&mq);
	}
}

static void
interrupt_parent(void)
{
	kill(getppid(), SIGUSR1);
}

static volatile sig_atomic_t handled;

static void
handle(int signal)
{
	handled = signal;
}

static void
test_waiting(void)
{
	const struct ipc_wait for_ever = IPC_WAIT(IPC_FOREVER);
	struct sigaction action = { .sa_handler = handle };
	struct ipc_mq mq, writer;
	struct ipc_error err;
	char data[MESSAGE_SIZE];
	unsigned int priority;
	size_t length;
	pid_t child;

	begin(&mq, IPC_MQ_READ);
	ipc_mq_open(&writer, &queue, IPC_MQ_WRITE, IPC_NOBODY, &err);
	child = start_child(send_one);
	is(ipc_mq_wait(&mq, &for_ever, &err), 0, "wait ends when a message comes");
	waitpid(child, NULL, 0);
	ok(takes(&mq, "late", 5), "and leaves it");
	child = start_child(send_one);
	ok(take(&mq, data, &length, &priority, &for_ever, &err) == 0 && length == 4 &&
			priority == 5,
		"receive ends with it");
	waitpid(child, NULL, 0);
	while (sends(&writer, "full", 0) == 0)
		;
	child = start_child(take_one);
	is(put(&writer, "more", 4, 0, &for_ever, &err), 0,
		"send ends when there is room");
	waitpid(child, NULL, 0);
	sigaction(SIGUSR1, &action, NULL);
	child = start_child(interrupt_parent);
	ok(has_failed(put(&writer, "x", 1, 0, &for_ever, &err), &err, IPC_FAILED, EINTR,
		   "Interrupted") &&
			handled == SIGUSR1,
		"a handled signal ends send");
	waitpid(child, NULL, 0);
	ipc_mq_purge(&mq, &(uint64_t){ 0 }, NULL);
	handled = 0;
	child = start_child(interrupt_parent);
	ok(has_failed(take(&mq, data, &length, &priority, &for_ever, &err), &err,
		   IPC_FAILED, EINTR, "Interrupted") &&
			handled == SIGUSR1,
		"and receive");
	waitpid(child, NULL, 0);
	ipc_mq_close(&mq);
	ipc_mq_close(&writer);
	ipc_mq_remove(&queue, NULL);
}

/* A blocked signal acts while a call waits, and only then. */
static void
test_signal_mask(void)
{
	struct ipc_wait wait = IPC_WAIT(IPC_FOREVER);
	sigset_t signals, before;
	struct ipc_error err;
	struct ipc_mq mq;

	begin(&mq, IPC_MQ_READ);
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, &before);
	wait.signals = &before;
	handled = 0;
	kill(getpid(), SIGUSR1);
	is(handled, 0, "a blocked signal waits");
	ok(has_failed(ipc_mq_wait(&mq, &wait, &err), &err, IPC_FAILED, EINTR,
		   "Interrupted") &&
			handled == SIGUSR1,
		"until a call does");
	sigprocmask(SIG_SETMASK, &before, NULL);
	ipc_mq_close(&mq);
	ipc_mq_remove(&queue, NULL);
}

static int watched_end;

static void
close_watched(void)
{
	/* The child's copy is the last one. */
	close(watched_end);
}

static void
test_watched(void)
{
	struct ipc_wait wait = IPC_WAIT(IPC_FOREVER);
	char data[MESSAGE_SIZE];
	unsigned int priority;
	struct ipc_error err;
	struct ipc_mq mq;
	size_t length;
	pid_t child;
	int ends[2];

	begin(&mq, IPC_MQ_READ);
	if (pipe2(ends, O_CLOEXEC) < 0)
		exit(99);
	wait.watched = ends[1];
	watched_end = ends[0];
	child = start_child(close_watched);
	close(ends[0]);
	ok(has_failed(take(&mq, data, &length, &priority, &wait, &err), &err,
		   IPC_FAILED, EPIPE, "Broken pipe"),
		"receive ends when nobody reads the watched pipe any more");
	waitpid(child, NULL, 0);
	send_one();
	ok(takes(&mq, "late", 5), "nothing was taken");
	close(ends[1]);
	ipc_mq_close(&mq);
	ipc_mq_remove(&queue, NULL);
}

static void
test_stat(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGUSR2 };
	struct ipc_mq_info info;
	struct ipc_error err;
	struct ipc_mq mq;
	struct stat st;

	begin(&mq, IPC_MQ_WRITE);
	sends(&mq, "four", 1);
	sends(&mq, "five!", 0);
	signal(SIGUSR2, SIG_IGN);
	mq_notify(mq.fd, &event);
	fstat(mq.fd, &st);
	is(ipc_mq_stat(&queue, IPC_MQ_STATUS, &info, &err), 0, "a queue is described");
	ok(strcmp(info.address.text, queue.text) == 0 && info.capacity == CAPACITY &&
			info.message_size == MESSAGE_SIZE &&
			info.size == CAPACITY * MESSAGE_SIZE && info.messages == 2 &&
			info.bytes == 9,
		"by its address, geometry and messages");
	ok(info.mode == 0600 && info.uid == geteuid() && info.gid == st.st_gid &&
			info.inode == st.st_ino && info.created == IPC_UNKNOWN_TIME &&
			info.modified == st.st_mtime && info.accessed == st.st_atime,
		"by its mode, owner and times");
	ok(info.notify_pid == (uint64_t)getpid() && info.notify_signal == SIGUSR2,
		"and by who is to be told of a message");
	ok(ipc_mq_stat(&queue, IPC_MQ_GLANCE, &info, &err) == 0 && info.messages == 2 &&
			info.bytes == IPC_UNKNOWN && info.notify_pid == IPC_UNKNOWN &&
			info.notify_signal == IPC_UNKNOWN,
		"a glance leaves some of it unknown");
	ipc_mq_close(&mq);
	ipc_mq_remove(&queue, NULL);
}

struct search {
	unsigned int visited, found;
	bool sorted;
	int stop;
	struct ipc_address last;
};

static int
look(const struct ipc_mq_info *info, void *arg)
{
	struct search *search = arg;

	search->sorted = search->visited++ == 0
		? true
		: search->sorted && strcmp(search->last.text, info->address.text) < 0;
	search->last = info->address;
	if (strncmp(info->address.text, queue.text, strlen(queue.text)) == 0 &&
		info->capacity == CAPACITY)
		search->found++;
	return search->stop;
}

static void
test_each(void)
{
	struct search search = { 0 };
	struct ipc_address other = queue;
	struct ipc_error err;
	struct ipc_mq mq, held;
	bool complete, made;

	strcat(other.text, "-2");
	begin(&mq, IPC_MQ_READ);
	create(&other, &plan, &made, &err);
	ipc_mq_open(&held, &other, IPC_MQ_READ, IPC_NOBODY, &err);
	is(ipc_mq_each(IPC_MQ_GLANCE, look, &search, &complete, &err), 0,
		"the queues are listed");
	is(search.found, 2,
		"each of ours once, also where only descriptors tell of it");
	ok(search.sorted, "sorted");
	search = (struct search){ .stop = 42 };
	ok(ipc_mq_each(IPC_MQ_STATUS, look, &search, &complete, &err) == 42 &&
			search.visited == 1,
		"a visitor can end it");
	ipc_mq_close(&mq);
	ipc_mq_close(&held);
	ipc_mq_remove(&other, NULL);
	ipc_mq_remove(&queue, NULL);
}

static mode_t
add_bits(mode_t old, const void *arg)
{
	return old | *(const mode_t *)arg;
}

static void
test_change(void)
{
	const mode_t bits = 0044;
	struct ipc_mq_change change = {
		.new_mode = add_bits,
		.arg = &bits,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
		.bytes_limit = IPC_UNKNOWN,
	};
	struct ipc_mq_info info;
	struct ipc_error err;
	struct ipc_mq mq;

	begin(&mq, IPC_MQ_READ);
	ok(ipc_mq_change(&queue, &change, &err) == 0 &&
			ipc_mq_stat(&queue, IPC_MQ_GLANCE, &info, &err) == 0 &&
			info.mode == 0644 && info.uid == geteuid(),
		"the mode is changed, and nothing else");
	change = (struct ipc_mq_change){
		.uid = 1, .gid = 2, .bytes_limit = IPC_UNKNOWN
	};
	if (geteuid() == 0) {
		ok(ipc_mq_change(&queue, &change, &err) == 0 &&
				ipc_mq_stat(&queue, IPC_MQ_GLANCE, &info, &err) == 0 &&
				info.mode == 0644 && info.uid == 1 && info.gid == 2,
			"root changes the owner");
		ipc_mq_close(&mq);
		ok(has_failed(ipc_mq_open(&mq, &queue, IPC_MQ_WRITE, IPC_NOBODY, &err),
			   &err, IPC_REFUSED, EPERM, "it belongs to user 1"),
			"root does not write to a queue of another");
		ok(ipc_mq_open(&mq, &queue, IPC_MQ_WRITE, 1, &err) == 0,
			"unless that one is trusted");
	} else {
		change.new_mode = add_bits;
		change.arg = &(mode_t){ 0777 };
		ok(has_failed(ipc_mq_change(&queue, &change, &err), &err, IPC_DENIED,
			   EPERM, "owner"),
			"an ordinary user does not give a queue away");
		ok(ipc_mq_stat(&queue, IPC_MQ_GLANCE, &info, &err) == 0 &&
				info.mode == 0644,
			"and the mode stays then");
	}
	ipc_mq_close(&mq);
	ipc_mq_remove(&queue, NULL);
}

static void
test_purge(void)
{
	uint64_t discarded = 99;
	struct ipc_error err;
	struct ipc_mq mq, writer;

	begin(&mq, IPC_MQ_READ);
	ok(ipc_mq_purge(&mq, &discarded, &err) == 0 && discarded == 0,
		"nothing is discarded from an empty queue");
	ipc_mq_open(&writer, &queue, IPC_MQ_WRITE, IPC_NOBODY, &err);
	while (sends(&writer, "x", 0) == 0)
		;
	ok(ipc_mq_purge(&mq, &discarded, &err) == 0 && discarded == CAPACITY,
		"all of a full one is, and counted");
	ok(has_failed(ipc_mq_purge(&writer, &discarded, &err), &err, IPC_FAILED, EBADF,
		   queue.text),
		"a queue open for writing is not purged");
	ipc_mq_close(&mq);
	ipc_mq_close(&writer);
	ipc_mq_remove(&queue, NULL);
}

static void
test_names(void)
{
	char name[NAME_MAX + 2];
	struct ipc_address long_one, address;
	struct ipc_error err;
	bool made, good;
	size_t end = strlen(queue.text);

	memset(name, '\xff', sizeof(name));
	memcpy(name, queue.text, end);
	memcpy(name + end, "\n\033 '\"\\%s*", 9);
	name[NAME_MAX + 1] = '\0';
	good = ipc_address_mq(name, &long_one, &err) == 0 &&
		strcmp(long_one.text, name) == 0;
	ok(good && create(&long_one, &plan, &made, &err) == 0 &&
			ipc_mq_remove(&long_one, &err) == 0,
		"a name has up to 255 bytes of any value");
	ok(ipc_address_mq(name + 1, &address, &err) == 0 &&
			strcmp(address.text, name) == 0,
		"the slash may be left out");
	ok(has_failed(
		   ipc_mq_remove(&long_one, &err), &err, IPC_NO_OBJECT, ENOENT, name),
		"a failure tells the longest name whole");
}

static void
test_wrong_names(void)
{
	static const char *const wrong[] = {
		"",
		"/",
		".",
		"..",
		"/.",
		"/..",
		"//a",
		"a/",
		"a/b",
		"/a/b",
		"nats://host/q",
		"tls://host/q",
	};
	static const char *const right[] = { "...", "/id:1", "/private", "private2",
		"ID:1", "-", "a:b" };
	struct ipc_address address;
	struct ipc_error err;
	char name[NAME_MAX + 3];
	bool good = true;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		good = has_failed(ipc_address_mq(wrong[i], &address, &err), &err,
			       IPC_MISUSE, EINVAL, wrong[i]) &&
			good;
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++)
		good = ipc_address_mq(right[i], &address, &err) == 0 && good;
	ok(good, "a name has no slash within and is no other kind of address");
	memset(name, 'x', sizeof(name));
	name[0] = '/';
	name[NAME_MAX + 2] = '\0';
	ok(has_failed(ipc_address_mq(name, &address, &err), &err, IPC_MISUSE,
		   ENAMETOOLONG, "256 bytes") &&
			has_failed(ipc_address_mq(name + 1, &address, &err), &err,
				IPC_MISUSE, ENAMETOOLONG, "256 bytes"),
		"nor more than 255 bytes");
}

static void
test_errors(void)
{
	struct ipc_error err;
	char text[3000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ok(ipc_fail(&err, ENOENT, "use '%s'", text) == -1 && errno == ENOENT &&
			strlen(err.sentence) == sizeof(err.sentence) - 1,
		"a sentence is cut, never overrun");
	ok(ipc_refuse(&err, IPC_LIMIT, EIO, "%s", text) == -1 && errno == EIO &&
			err.fault == IPC_LIMIT &&
			strlen(err.sentence) == sizeof(err.sentence) - 1,
		"so is one that stands for itself");
	ok(ipc_fail(&err, EMFILE, "use it") == -1 && err.fault == IPC_LIMIT &&
			strstr(err.sentence, "RLIMIT_NOFILE") != NULL &&
			ipc_fail(&err, ENFILE, "use it") == -1 &&
			err.fault == IPC_LIMIT &&
			strstr(err.sentence, "fs.file-max") != NULL &&
			strstr(err.sentence, "fs.pipe-user-pages-hard") != NULL,
		"where descriptors are used up, or pipes, their limit is named");
	ok(ipc_fail(NULL, EIO, "use it") == -1 && errno == EIO &&
			ipc_refuse(NULL, IPC_LIMIT, ENOSPC, "use it") == -1 &&
			errno == ENOSPC,
		"nobody need want to know");
}

/* All that can fail, without anyone to tell; only its results and errno tell. */
static bool
fails_without_error(void)
{
	const struct ipc_mq_change change = {
		.uid = (uid_t)-1, .gid = (gid_t)-1, .bytes_limit = IPC_UNKNOWN
	};
	struct ipc_mq_plan wrong = plan;
	struct ipc_mq_info info;
	char data[MESSAGE_SIZE];
	unsigned int priority;
	uint64_t discarded;
	struct ipc_mq mq, in;
	size_t length;
	bool made, good;

	wrong.capacity = 0;
	good = create(&nowhere, &wrong, &made, NULL) < 0 &&
		ipc_mq_open(&mq, &nowhere, IPC_MQ_READ, IPC_NOBODY, NULL) < 0 &&
		errno == ENOENT &&
		ipc_mq_stat(&nowhere, IPC_MQ_STATUS, &info, NULL) < 0 &&
		errno == ENOENT && ipc_mq_change(&nowhere, &change, NULL) < 0 &&
		errno == ENOENT &&
		ipc_address_mq("", &(struct ipc_address){ .text = "" }, NULL) < 0;
	begin(&mq, IPC_MQ_READ);
	ipc_mq_open(&in, &queue, IPC_MQ_WRITE, IPC_NOBODY, NULL);
	good = good && take(&mq, data, &length, &priority, &at_once, NULL) < 0 &&
		errno == EAGAIN && ipc_mq_wait(&mq, &at_once, NULL) < 0 &&
		errno == EAGAIN &&
		ipc_mq_peek(&mq, 0, &(struct ipc_message){ .data = data }, NULL) < 0 &&
		errno == ENOTSUP && ipc_mq_purge(&in, &discarded, NULL) < 0 &&
		put(&in, data, MESSAGE_SIZE + 1, 0, &at_once, NULL) < 0 &&
		give_back(&mq, data, MESSAGE_SIZE + 1, 0, &at_once, NULL) < 0;
	wrong = plan;
	wrong.exclusive = true;
	good = good && create(&queue, &wrong, &made, NULL) < 0 && errno == EEXIST;
	wrong = plan;
	wrong.capacity++;
	good = good && create(&queue, &wrong, &made, NULL) < 0 && errno == EEXIST;
	ipc_mq_close(&mq);
	ipc_mq_close(&in);
	return ipc_mq_remove(&queue, NULL) == 0 && ipc_mq_remove(&queue, NULL) < 0 &&
		good;
}

static void
test_silent(void)
{
	int saved[] = { dup(1), dup(2) }, file = memfd_create("silence", 0);
	struct search search = { 0 };
	bool good, complete;
	struct stat st;

	fflush(stdout);
	dup2(file, 1);
	dup2(file, 2);
	good = fails_without_error() &&
		ipc_mq_each(IPC_MQ_STATUS, look, &search, &complete, NULL) == 0;
	fflush(NULL);
	dup2(saved[0], 1);
	dup2(saved[1], 2);
	fstat(file, &st);
	ok(good, "every failure is told by result and errno where err is NULL");
	ok(st.st_size == 0, "and nothing is printed");
	close(saved[0]);
	close(saved[1]);
	close(file);
}

int
main(void)
{
	unsigned int before = descriptors();

	alarm(60); /* a wait that does not end is a failure */
	name_queues();
	test_create();
	test_create_limits();
	test_no_object();
	test_messages();
	test_give_back();
	test_deadlines();
	test_waiting();
	test_signal_mask();
	test_watched();
	test_stat();
	test_each();
	test_change();
	test_purge();
	test_names();
	test_wrong_names();
	test_errors();
	test_silent();
	is(descriptors(), before, "no descriptor is left open");
	return tap_end();
}
