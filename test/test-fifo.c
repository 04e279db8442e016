/* test-fifo.c - opening FIFOs in a storm of signals, looking into pipes, pumping both ways */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <ipcutil/elastic.h>
#include <ipcutil/fifo.h>
#include <ipcutil/pump.h>
#include <ipcutil/stream.h>

#include "tap.h"

enum { MS = 1000000, MIB = 1 << 20 };

static int
must(int result)
{
	if (result < 0) {
		diag("%s", strerror(errno));
		exit(99);
	}
	return result;
}

static char directory[] = "/tmp/test-fifo.XXXXXX";
static char path[sizeof(directory) + 2];

static struct ipc_address
address_of(void)
{
	return (struct ipc_address){ .kind = IPC_PATH, .path = path };
}

static void
make_fifo(void)
{
	must(mkdtemp(directory) == NULL ? -1 : 0);
	snprintf(path, sizeof(path), "%s/f", directory);
	must(mkfifo(path, 0600));
}

static int64_t
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * (1000 * INT64_C(1000000)) + time.tv_nsec;
}

static void
noted(int signal)
{
	(void)signal;
}

/* Signals come again and again, and are handled without SA_RESTART. */
static void
storm(bool on)
{
	const struct sigaction action = { .sa_handler = noted };
	const struct itimerval often = { { 0, on ? 500 : 0 }, { 0, on ? 500 : 0 } };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

/* Opens for writing until that ends otherwise than by a signal. */
static int
open_to_write(int64_t limit, struct ipc_error *err)
{
	const struct ipc_address address = address_of();
	struct ipc_wait wait = IPC_WAIT(limit);
	int fd;

	ipc_wait_start(&wait);
	do
		fd = ipc_fifo_open(&address, IPC_PIPE_WRITE, getuid(), &wait, err);
	while (fd < 0 && err->code == EINTR);
	return fd;
}

static void
test_open(bool in_storm)
{
	const struct ipc_address address = address_of();
	const struct ipc_wait forever = IPC_WAIT(IPC_FOREVER);
	const char *where = in_storm ? ", in a storm of signals" : "";
	struct ipc_error err;
	int64_t start = now();
	int fd, reader;

	storm(in_storm);
	is(open_to_write(200 * MS, &err), -1, "nobody reads%s", where);
	is(err.fault, IPC_TIMED_OUT, "and that is a time-out");
	ok(now() - start >= 200 * MS && now() - start < 3000 * (int64_t)MS,
		"of the time asked for");
	is(open_to_write(0, &err), -1, "or at once%s", where);
	is(err.fault, IPC_WOULD_BLOCK, "would block");
	reader = ipc_fifo_open(&address, IPC_PIPE_READ, IPC_NOBODY, &forever, &err);
	ok(reader >= 0, "who reads waits for nobody%s", where);
	fd = open_to_write(IPC_FOREVER, &err);
	ok(fd >= 0, "and is found");
	ok((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 &&
			(fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0,
		"the descriptor sleeps not, and is not inherited");
	storm(false);
	close(fd);
	close(reader);
}

static void
test_reader_comes(void)
{
	struct ipc_error err;
	pid_t child;
	int fd;

	storm(true);
	child = must(fork());
	if (child == 0) {
		poll(NULL, 0, 100);
		must(open(path, O_RDONLY));
		pause();
	}
	fd = open_to_write(10000 * (int64_t)MS, &err);
	ok(fd >= 0, "a reader that comes later is waited for, through a storm");
	ok((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0, "and what comes of it sleeps not");
	storm(false);
	close(fd);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void
test_look(void)
{
	struct ipc_stream stream;
	struct ipc_wait wait = IPC_WAIT(50 * MS);
	struct ipc_error err;
	static char data[MIB];
	bool is_all = true;
	int ends[2];

	must(pipe2(ends, O_NONBLOCK));
	is(ipc_stream_open(&stream, "it", &err), 0, "a pipe is looked into");
	stream.fd = ends[0];
	ok(ipc_stream_look(&stream, data, sizeof(data), &is_all) == -1 &&
			errno == EAGAIN,
		"it is empty");
	must((int)write(ends[1], "abc", 3));
	is(ipc_stream_look(&stream, data, sizeof(data), &is_all), 3, "bytes are seen");
	ok(!is_all && memcmp(data, "abc", 3) == 0, "and more may come");
	ipc_wait_start(&wait);
	ipc_stream_wait_for_more(&stream, &wait);
	is(ipc_stream_wait_for_more(&stream, &wait), ETIMEDOUT, "but do not yet");
	must((int)write(ends[1], "d", 1));
	ipc_wait_start(&wait);
	is(ipc_stream_wait_for_more(&stream, &wait), 0, "now they do");
	is(ipc_stream_take(&stream, data, 2), 2, "two are taken");
	is(ipc_stream_look(&stream, data, sizeof(data), &is_all), 2, "two are left");
	while (write(ends[1], data, PIPE_BUF) > 0)
		;
	ipc_stream_look(&stream, data, sizeof(data), &is_all);
	ok(is_all, "a full pipe can have no more");
	while (ipc_stream_take(&stream, data, sizeof(data)) > 0)
		;
	must((int)write(ends[1], "z", 1));
	close(ends[1]);
	is(ipc_stream_look(&stream, data, sizeof(data), &is_all), 1, "nor one whose");
	ok(is_all, "writers have gone");
	is(ipc_stream_take(&stream, data, sizeof(data)), 1, "the last is taken");
	is(ipc_stream_look(&stream, data, sizeof(data), &is_all), 0, "that is the end");
	ipc_stream_close(&stream);
	close(ends[0]);
}

static void
test_turns(enum ipc_pipe_end end, const char *who)
{
	const struct ipc_wait at_once = IPC_WAIT(0);
	struct ipc_wait wait = IPC_WAIT(100 * MS);
	int ends[2], one, other;

	must(pipe2(ends, O_CLOEXEC));
	one = must(ipc_stream_reopen(ends[end == IPC_PIPE_WRITE], end));
	other = must(ipc_stream_reopen(ends[end == IPC_PIPE_WRITE], end));
	is(ipc_stream_turn_take(one, end, &at_once), 0, "%s take turns", who);
	is(ipc_stream_turn_take(other, end, &at_once), EAGAIN, "one at a time");
	ipc_wait_start(&wait);
	is(ipc_stream_turn_take(other, end, &wait), ETIMEDOUT, "others wait");
	ipc_stream_turn_give(one, end);
	is(ipc_stream_turn_take(other, end, &wait), 0, "until it is theirs");
	close(other);
	is(ipc_stream_turn_take(one, end, &at_once), 0, "or the other has ended");
	close(one);
	close(ends[0]);
	close(ends[1]);
}

/* An echo, which stops reading as long as nobody reads what it writes. */
static pid_t
start_echo(int to[2], int from[2])
{
	static char data[PIPE_BUF];
	pid_t child;
	ssize_t got;

	must(pipe2(to, O_CLOEXEC));
	must(pipe2(from, O_CLOEXEC));
	child = must(fork());
	if (child > 0) {
		close(to[0]);
		close(from[1]);
		return child;
	}
	close(to[1]);
	close(from[0]);
	while ((got = read(to[0], data, sizeof(data))) > 0)
		must((int)write(from[1], data, (size_t)got));
	_exit(0);
}

static int to[2], from[2];

static bool
close_line(void *context, size_t number)
{
	(void)context;
	close(number == 0 ? to[1] : from[0]);
	return true;
}

static void
test_pump(void)
{
	struct ipc_wait wait = IPC_WAIT(5000 * (int64_t)MS);
	struct ipc_error err;
	int source = must(memfd_create("source", MFD_CLOEXEC));
	int sink = must(memfd_create("sink", MFD_CLOEXEC));
	pid_t echo = start_echo(to, from);
	struct ipc_copy copies[] = {
		IPC_COPY(source, to[1], &wait),
		IPC_COPY(from[0], sink, &wait),
	};
	const struct ipc_pump pump = { .action = "pump",
		.copies = copies,
		.count = 2,
		.wait = &wait,
		.ended = close_line };

	must(ftruncate(source, 16 * MIB));
	ipc_wait_start(&wait);
	storm(false);
	is(ipc_pump(&pump, &err), 0, "both directions are moved, as the other is full");
	is(copies[0].moved, 16 * MIB, "all goes there");
	is(copies[1].moved, 16 * MIB, "and comes back");
	waitpid(echo, NULL, 0);
	close(source);
	close(sink);
}

static void
test_pump_stands_still(void)
{
	struct ipc_wait wait = IPC_WAIT(100 * MS);
	struct ipc_error err;
	int one[2], other[2];
	struct ipc_copy copy;
	struct ipc_pump pump = {
		.action = "pump", .copies = &copy, .count = 1, .wait = &wait
	};

	must(pipe2(one, O_CLOEXEC));
	must(pipe2(other, O_CLOEXEC));
	copy = (struct ipc_copy)IPC_COPY(one[0], other[1], &wait);
	ipc_wait_start(&wait);
	is(ipc_pump(&pump, &err), -1, "what never moves");
	is(err.fault, IPC_TIMED_OUT, "times out");
	close(other[0]);
	ipc_wait_start(&wait);
	is(ipc_pump(&pump, &err), 0, "whose reader has gone has ended");
	must((int)write(one[1], "x", 1));
	ipc_wait_start(&wait);
	is(ipc_pump(&pump, &err), -1, "but with more for it that is a failure");
	is(err.code, EPIPE, "a broken pipe");
	close(one[0]);
	close(one[1]);
	close(other[1]);
}

static void
test_elastic(void)
{
	int arrivals = must(epoll_create1(EPOLL_CLOEXEC));
	struct ipc_elastic elastic;
	struct ipc_error err;
	int one[2], other[2];

	must(pipe2(one, O_CLOEXEC));
	must(pipe2(other, O_CLOEXEC));
	is(ipc_elastic_begin(&elastic, one[0], other[1], 1, arrivals, &err), 0,
		"a buffer of a byte is begun");
	must((int)write(one[1], "xy", 2));
	is(ipc_elastic_step(&elastic, &err), 0, "what comes is moved");
	is(elastic.moved, 2, "all of it");
	while (write(other[1], "", 1) == 1)
		; /* until it is full */
	must((int)write(one[1], "z", 1));
	close(arrivals);
	is(ipc_elastic_step(&elastic, &err), -1, "what arrivals cannot tell any more");
	is(err.code, EBADF, "is told, and not waited for in vain");
	ipc_elastic_end(&elastic);
	close(one[1]);
	close(other[0]);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	make_fifo();
	test_open(false);
	test_open(true);
	test_reader_comes();
	test_look();
	test_turns(IPC_PIPE_READ, "readers");
	test_turns(IPC_PIPE_WRITE, "writers");
	test_pump();
	test_pump_stands_still();
	test_elastic();
	unlink(path);
	rmdir(directory);
	return tap_end();
}
