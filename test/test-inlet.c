/* test-inlet.c - cmd/inlet.c and cmd/outlet.c: messages through a stream and back */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <ipcutil/number.h>

#include "hold.h"
#include "inlet.h"
#include "outlet.h"
#include "tap.h"

enum { RANDOM_ROUNDS = 60, MESSAGES_MAX = 12, LONGEST = 300, STREAM_MAX = 1 << 20 };

static const struct framing bare = NO_FRAMING;
static const struct framing lines = { .lines = true, .record = IPC_UNKNOWN };
static const struct framing null = { .null = true, .record = IPC_UNKNOWN };
static const struct framing prefixed = { .length_prefixed = true,
	.record = IPC_UNKNOWN };
static const struct framing json = { .json = true, .record = IPC_UNKNOWN };

/* A pipe into which a child puts the bytes: each piece when the one before is read. */
struct source {
	int fd;
	pid_t child;
};

static void
feed(int fd, const char *bytes, size_t length, size_t piece)
{
	int waiting;

	signal(SIGPIPE, SIG_DFL);
	while (length > 0) {
		size_t size = piece == 0 ? 1 + below(40) : piece;
		ssize_t step = write(fd, bytes, size < length ? size : length);

		if (step < 0)
			_exit(1);
		bytes += step;
		length -= (size_t)step;
		while (ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0)
			sched_yield();
	}
	_exit(0);
}

/* piece is the size of the pieces; 0: each of another size. */
static struct source
source_open(const char *bytes, size_t length, size_t piece)
{
	struct source source;
	int ends[2];

	fflush(stdout);
	if (pipe2(ends, O_CLOEXEC) < 0)
		exit(99);
	source.child = fork();
	if (source.child == 0) {
		close(ends[0]);
		feed(ends[1], bytes, length, piece);
	}
	close(ends[1]);
	source.fd = ends[0];
	return source;
}

static void
source_close(const struct source *source)
{
	close(source->fd);
	kill(source->child, SIGKILL); /* it may wait for a read that never comes */
	waitpid(source->child, NULL, 0);
}

/* What an inlet gives in turn, as text: "a|bc|-6|" for "a", "bc", IPC_LIMIT, the end. */
static const char *
told(const struct framing *framing, size_t most, const char *bytes, size_t length,
	size_t piece)
{
	static char text[4096];
	struct source source = source_open(bytes, length, piece);
	struct ipc_error err;
	struct ipc_message message;
	struct inlet in;
	char *to = text;
	int result = inlet_open(&in, source.fd, framing, most, 7, &err);

	for (int i = 0; result >= 0 && i < 50; i++) {
		result = inlet_read(&in, &message, &err);
		if (result == 0)
			break;
		if (result > 0)
			to = mempcpy(to, message.data, message.length);
		else
			to += sprintf(to, "-%u@%ju", err.fault, (uintmax_t)in.number);
		*to++ = '|';
		if (result < 0 && err.fault == IPC_FAILED && !framing->json)
			break; /* it ends within a message */
		result = 0;
	}
	*to = '\0';
	inlet_close(&in);
	source_close(&source);
	return text;
}

/* The same, whatever the size of the pieces. */
static bool
gives(const struct framing *framing, size_t most, const char *bytes, size_t length,
	const char *wanted)
{
	static const size_t pieces[] = { 1, 2, 3, 5, 0, 4096 };
	bool good = true;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		const char *got = told(framing, most, bytes, length, pieces[i]);

		if (strcmp(got, wanted) != 0) {
			diag("pieces of %zu: '%s', wanted '%s'", pieces[i], got,
				wanted);
			good = false;
		}
	}
	return good;
}
#define GIVES(framing, most, bytes, wanted) \
	gives(framing, most, bytes, sizeof(bytes) - 1, wanted)

static void
test_framings(void)
{
	const struct framing threes = { .record = 3 };

	ok(GIVES(&lines, 9, "", "") && GIVES(&lines, 9, "a\nbc\n", "a|bc|") &&
			GIVES(&lines, 9, "\n\na\n", "||a|"),
		"each line is a message, an empty one, too");
	ok(GIVES(&lines, 9, "a\nbc", "a|bc|"), "a last line needs no newline");
	ok(GIVES(&null, 9, "", "") && GIVES(&null, 9, "a\nb\0\0c", "a\nb||c|"),
		"each piece that ends with NUL is a message");
	ok(GIVES(&prefixed, 9, "", "") &&
			GIVES(&prefixed, 9, "\0\0\0\1a\0\0\0\0\0\0\0\2bc", "a||bc|"),
		"each piece behind its length is a message");
	ok(GIVES(&threes, 9, "", "") && GIVES(&threes, 9, "abcdef", "abc|def|"),
		"each piece of a size is a message");
	ok(GIVES(&bare, 9, "", "|") && GIVES(&bare, 9, "a\nb", "a\nb|") &&
			GIVES(&bare, 3, "abc", "abc|"),
		"all of it is one message, also when it is empty");
	ok(GIVES(&json, 9, "", "") &&
			GIVES(&json, 9,
				"{\"data\":\"a\"}\n{\"priority\":1,\"data\":\"b\\n\"}\n{\"data_base64\":\"Yg==\"}",
				"a|b\n|b|"),
		"each line of JSON is a message");
}

static void
test_too_long(void)
{
	ok(GIVES(&lines, 3, "abc\nabcd\nd\n\nabcdefghijkl\ne", "abc|-5@2|d||-5@5|e|") &&
			GIVES(&lines, 3, "abcd", "-5@1|"),
		"a line that is too long is passed over");
	ok(gives(&null, 3, "abc\0abcd\0d\0", 11, "abc|-5@2|d|"),
		"so is what ends with NUL");
	ok(GIVES(&prefixed, 3, "\0\0\0\3abc\0\0\0\4abcd\0\0\0\1d", "abc|-5@2|d|"),
		"so is what is behind its length");
	ok(GIVES(&json, 3,
		   "{\"data\":\"abc\"}\n{\"data\":\"abcd\"}\n{\"data\":\"d\"}\n",
		   "abc|-5@2|d|"),
		"so is what JSON has");
	ok(GIVES(&bare, 3, "abcd", "-5@1|"), "all of it may be too long");
	ok(GIVES(&lines, 0, "\na\n", "|-5@2|") && GIVES(&prefixed, 0, "\0\0\0\0", "|"),
		"nothing at all fits into nothing");
}

/* A message longer than any buffer, between two that are short. */
static void
test_far_too_long(void)
{
	static char bytes[STREAM_MAX + 16];
	char *end = bytes;

	end = stpcpy(end, "a\n");
	memset(end, 'x', STREAM_MAX);
	end = stpcpy(end + STREAM_MAX, "\nb\n");
	ok(strcmp(told(&lines, 3, bytes, (size_t)(end - bytes), 50000), "a|-5@2|b|") ==
			0,
		"a line of a megabyte is passed over");
	memcpy(bytes, "\0\0\0\1a\0\x10\0\0", 9);
	memset(bytes + 9, 'x', STREAM_MAX);
	memcpy(bytes + 9 + STREAM_MAX - 5, "\0\0\0\1b", 5);
	bytes[6] = 0x0f;
	bytes[7] = (char)0xff;
	bytes[8] = (char)0xfb;
	ok(strcmp(told(&prefixed, 3, bytes, 9 + STREAM_MAX, 50000), "a|-5@2|b|") == 0,
		"a megabyte behind its length is passed over");
	ok(strcmp(told(&bare, 3, bytes, STREAM_MAX, 50000), "-5@1|") == 0,
		"a megabyte that is one message is too long");
}

static void
test_ends_within(void)
{
	const struct framing threes = { .record = 3 };

	ok(GIVES(&threes, 9, "abcd", "abc|-0@1|") && GIVES(&threes, 9, "ab", "-0@0|"),
		"input that ends within a record is a failure");
	ok(GIVES(&prefixed, 9, "\0\0\0\1a\0\0", "a|-0@1|") &&
			GIVES(&prefixed, 9, "\0\0\0\4abc", "-0@0|") &&
			GIVES(&prefixed, 9, "\0\0\0\1", "-0@0|"),
		"so is input that ends within a length or behind it");
}

static void
test_json(void)
{
	ok(GIVES(&json, 99,
		   "{\"data\":\"x\",\"data_base64\":\"Yg==\"}\n"
		   "{\"data_base64\":\"Yg==\",\"data\":\"x\"}\n",
		   "b|b|"),
		"base64 is believed, wherever it stands");
	ok(GIVES(&json, 99,
		   "{\"data\":1}\n{\"data\":\"a\"}\n{}\nx\n\n{\"data\":\"b\",\"y\":1}\n"
		   "{\"priority\":32768,\"data\":\"c\"}\n{\"priority\":-1,\"data\":\"c\"}\n"
		   "{\"priority\":\"1\",\"data\":\"c\"}\n{\"data_base64\":\"Y\"}\n{\"data\":\"d\"}\n",
		   "-0@1|a|-0@3|-0@4|-0@5|-0@6|-0@7|-0@8|-0@9|-0@10|d|"),
		"a line that is wrong is told, and the next one can be read");
	for (size_t most = 1; most < 70; most += 3) {
		char line[1024], wanted[128];
		char *to = stpcpy(
			     line, "{\"priority\":32767,\"type\":null,\"data\":\""),
		     *end = wanted;

		for (size_t i = 0; i < most; i++) {
			to = stpcpy(to, "\\u0001");
			*end++ = '\1';
		}
		to = stpcpy(to, "\"}\n");
		stpcpy(end, "|");
		if (strcmp(told(&json, most, line, (size_t)(to - line), 0), wanted) !=
			0) {
			ok(false, "JSON of the longest message of %zu bytes is read",
				most);
			return;
		}
	}
	ok(true, "JSON of the longest message is read, however short that is");
}

static bool
reads_json(const char *line, unsigned int priority, bool typed)
{
	struct source source = source_open(line, strlen(line), 0);
	struct ipc_error err;
	struct ipc_message message = { 0 };
	struct inlet in;
	bool good = inlet_open(&in, source.fd, &json, 9999, 7, &err) == 0 &&
		inlet_read(&in, &message, &err) == 1 && message.priority == priority &&
		(message.type != 0) == typed;

	inlet_close(&in);
	source_close(&source);
	return good;
}

static void
test_json_members(void)
{
	ok(reads_json("{\"data\":\"\"}\n", 7, false) &&
			reads_json("{\"priority\":null,\"type\":null,\"data\":\"\"}\n",
				7, false),
		"a message without priority has the one asked for");
	ok(reads_json("{\"priority\":0,\"data\":\"\"}\n", 0, false) &&
			reads_json("{\"data\":\"\",\"priority\": 32767 }\n", 32767,
				false) &&
			reads_json("{\"type\":3,\"data\":\"\"}\n", 7, true),
		"priority and type are read");
}

/* A message that is there is given while more may come. */
static bool
does_not_wait(
	const struct framing *framing, const char *bytes, size_t length, bool nonblock)
{
	struct ipc_error err;
	struct ipc_message message;
	struct inlet in;
	int ends[2];
	bool good;

	if (pipe2(ends, O_CLOEXEC | (nonblock ? O_NONBLOCK : 0)) < 0)
		exit(99);
	good = write(ends[1], bytes, length) == (ssize_t)length &&
		inlet_open(&in, ends[0], framing, 100, 0, &err) == 0 &&
		inlet_read(&in, &message, &err) == 1 && message.length == 1 &&
		message.data[0] == 'a';
	inlet_close(&in);
	close(ends[0]);
	close(ends[1]);
	return good;
}

static void
test_does_not_wait(void)
{
	const struct framing record = { .record = 1 };

	for (int nonblock = 0; nonblock < 2; nonblock++)
		ok(does_not_wait(&lines, "a\n", 2, nonblock) &&
				does_not_wait(&null, "a\0b", 3, nonblock) &&
				does_not_wait(&prefixed, "\0\0\0\1a\0", 6, nonblock) &&
				does_not_wait(&record, "a", 1, nonblock) &&
				does_not_wait(
					&json, "{\"data\":\"a\"}\n", 13, nonblock),
			"a message that has come whole waits for no other%s",
			nonblock ? ", from a pipe that does not block" : "");
}

/* Input that comes later is waited for, also where the pipe does not block. */
static void
test_later(void)
{
	struct source source = source_open("a\nbc\n", 5, 1);
	struct ipc_error err;
	struct ipc_message message;
	struct inlet in;
	int messages = 0;

	fcntl(source.fd, F_SETFL, O_NONBLOCK);
	if (inlet_open(&in, source.fd, &lines, 9, 0, &err) == 0)
		while (inlet_read(&in, &message, &err) == 1)
			messages++;
	is(messages, 2, "input of a pipe that does not block is waited for");
	inlet_close(&in);
	source_close(&source);
	if (inlet_open(&in, -1, &lines, 9, 0, &err) == 0)
		is(inlet_read(&in, &message, &err), -1,
			"input that cannot be read is a failure");
	is(err.code, EBADF, "the failure tells why");
	inlet_close(&in);
}

/* Random messages that the framing can carry. */
struct mail {
	size_t count;
	size_t most;
	size_t lengths[MESSAGES_MAX];
	unsigned int priorities[MESSAGES_MAX];
	char data[MESSAGES_MAX][LONGEST];
};

static void
make_mail(struct mail *mail, const struct framing *framing)
{
	static const char odd[] = "\"\\\n\0\r\t\b\x7f\xff\xc3\xa4\xe2\x82\xac{}";
	size_t kind = below(3);

	mail->most = 1 + below(below(2) ? 4 : LONGEST);
	mail->count = framing->record == IPC_UNKNOWN || framing->record <= mail->most
		? below(MESSAGES_MAX)
		: 0;
	for (size_t i = 0; i < mail->count; i++) {
		mail->priorities[i] = framing->json ? (unsigned int)below(32768) : 7;
		mail->lengths[i] = framing->record != IPC_UNKNOWN ? framing->record
			: below(4) ? below(mail->most + 1)
				   : mail->most;
		for (size_t k = 0; k < mail->lengths[i]; k++) {
			char byte = (char)(kind == 0 ? below(256)
					: kind == 1  ? ' ' + below(95)
						     : (size_t)odd[below(sizeof(odd))]);

			if ((framing->lines && byte == '\n') ||
				(framing->null && byte == '\0'))
				byte = 'x';
			mail->data[i][k] = byte;
		}
	}
}

/* Writes it to a file in memory; returns what is there, mapped, or NULL. */
static char *
write_mail(const struct mail *mail, const struct framing *framing, size_t *length)
{
	int fd = memfd_create("mail", MFD_CLOEXEC);
	struct ipc_error err;
	struct outlet out;
	bool good = outlet_open(&out, fd, framing, mail->most, NULL, &err) == 0;

	for (size_t i = 0; good && i < mail->count; i++) {
		struct ipc_message message = {
			.data = outlet_room(&out),
			.length = mail->lengths[i],
			.priority = mail->priorities[i],
		};

		memcpy(message.data, mail->data[i], mail->lengths[i]);
		good = framing_cannot(framing, &message) == NULL &&
			outlet_ready(&out, &err) == 0 &&
			outlet_write(&out, &message, &err) == 0;
	}
	outlet_close(&out);
	*length = (size_t)lseek(fd, 0, SEEK_CUR);
	if (good) {
		char *bytes = mmap(NULL, *length + 1, PROT_READ, MAP_PRIVATE, fd, 0);

		close(fd);
		return bytes;
	}
	diag("writing failed: %s", err.sentence);
	close(fd);
	return NULL;
}

static bool
read_mail(const struct mail *mail, const struct framing *framing, const char *bytes,
	size_t length)
{
	struct source source = source_open(bytes, length, below(2) ? 0 : 1 + below(60));
	struct ipc_error err = { .sentence = "another message" };
	struct ipc_message message;
	struct inlet in;
	size_t count = 0;
	int result = inlet_open(&in, source.fd, framing, mail->most, 7, &err);
	bool good = result == 0;

	while (good && (result = inlet_read(&in, &message, &err)) == 1) {
		good = count < mail->count && message.length == mail->lengths[count] &&
			memcmp(message.data, mail->data[count], message.length) == 0 &&
			message.priority == mail->priorities[count] &&
			message.type == 0;
		count++;
	}
	good = good && result == 0 && count == mail->count;
	if (!good)
		diag("message %zu of %zu, at most %zu bytes: %s", count, mail->count,
			mail->most, err.sentence);
	inlet_close(&in);
	source_close(&source);
	return good;
}

static void
test_inverse(const struct framing *framing, const char *name)
{
	static struct mail mail;
	bool good = true;

	for (int i = 0; i < RANDOM_ROUNDS && good; i++) {
		size_t length;
		char *bytes;

		make_mail(&mail, framing);
		if (framing->record != IPC_UNKNOWN && framing->record > mail.most)
			mail.most = framing->record;
		bytes = write_mail(&mail, framing, &length);
		good = bytes != NULL && read_mail(&mail, framing, bytes, length);
		if (bytes != NULL)
			munmap(bytes, length + 1);
	}
	ok(good, "%s: what was written is read back, in pieces of any size", name);
}

static void
test_framing_words(void)
{
	struct framing two = { .lines = true, .json = true, .record = IPC_UNKNOWN };
	struct framing none = { .record = 0 };
	struct ipc_message message = { .data = (char *)"a\nb", .length = 3 };
	struct framing four = { .record = 4 };
	struct ipc_error err;

	ok(framing_check(&two, &err) < 0 && err.fault == IPC_MISUSE &&
			framing_check(&none, &err) < 0 && err.fault == IPC_MISUSE &&
			framing_check(&bare, &err) == 0 &&
			framing_check(&four, &err) == 0,
		"two framings at once, or records of no bytes, are wrong usage");
	ok(framing_fits(&four, 3, " (x)", &err) < 0 && err.fault == IPC_LIMIT &&
			strcmp(err.sentence,
				"write records of 4 bytes: the longest that is taken "
				"has 3 (x)") == 0 &&
			framing_fits(&four, 4, "", &err) == 0 &&
			framing_fits(&bare, 0, "", &err) == 0,
		"records longer than the longest message are a limit, which is named");
	ok(framing_cannot(&lines, &message) != NULL &&
			framing_cannot(&four, &message) != NULL &&
			framing_cannot(&null, &message) == NULL &&
			framing_cannot(&prefixed, &message) == NULL &&
			framing_cannot(&json, &message) == NULL &&
			framing_cannot(&bare, &message) == NULL,
		"a framing knows what it cannot carry");
}

static int
opens(int fd, int *code)
{
	struct ipc_error err = { .code = 0 };
	struct outlet out;
	int result = outlet_open(&out, fd, &bare, 10, NULL, &err);

	outlet_close(&out);
	*code = err.code;
	return result;
}

static void
test_outlet_open(void)
{
	int ends[2], full = open("/dev/full", O_WRONLY | O_CLOEXEC), code;

	if (pipe2(ends, O_CLOEXEC) < 0)
		exit(99);
	ok(opens(full, &code) < 0 && code == ENOSPC, "/dev/full takes nothing");
	ok(opens(-1, &code) < 0 && code == EBADF && opens(ends[0], &code) < 0 &&
			code == EBADF,
		"neither does a closed descriptor, nor one for reading");
	is(opens(ends[1], &code), 0, "a pipe does");
	close(full);
	close(ends[0]);
	close(ends[1]);
}

/* A pipe that nobody reads: full, and then without a reader. */
static void
test_outlet_waits(void)
{
	struct ipc_message message;
	struct ipc_error err = { .code = 0 };
	struct outlet out;
	sigset_t before, pending;
	int ends[2], result;

	signal(SIGPIPE, SIG_IGN);
	if (pipe2(ends, O_CLOEXEC) < 0)
		exit(99);
	hold_begin(&before);
	outlet_open(&out, ends[1], &bare, 200000, &before, &err);
	is(outlet_ready(&out, &err), 0, "an empty pipe is ready");
	message = (struct ipc_message){ .data = outlet_room(&out), .length = 200000 };
	memset(message.data, 'x', message.length);
	kill(getpid(), SIGTERM);
	result = outlet_write(&out, &message, &err);
	ok(result < 0 && err.code == EINTR,
		"a held signal ends the waiting for a full pipe");
	sigpending(&pending);
	ok(sigismember(&pending, SIGTERM) == 1, "the signal is still to come");
	signal(SIGTERM, SIG_IGN); /* takes it away */
	close(ends[0]);
	ok(outlet_ready(&out, &err) < 0 && err.code == EPIPE,
		"a pipe without a reader is never ready");
	message.data = outlet_room(&out);
	ok(outlet_write(&out, &message, &err) < 0 && err.code == EPIPE,
		"writing to it fails and ends nobody");
	signal(SIGTERM, SIG_DFL);
	hold_end(&before);
	outlet_close(&out);
	close(ends[1]);
}

/* A slow reader gets all of a message that is larger than the pipe. */
static void
test_outlet_slow(void)
{
	enum { LARGE = 300000 };
	struct ipc_error err;
	struct outlet out;
	struct ipc_message message;
	int ends[2], status = 0;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		exit(99);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		char bytes[1000];
		size_t sum = 0;
		ssize_t step;

		close(ends[1]);
		while ((step = read(ends[0], bytes, sizeof(bytes))) > 0) {
			sum += (size_t)step;
			sched_yield();
		}
		_exit(sum == 2 * (LARGE + 4) ? 0 : 1);
	}
	close(ends[0]);
	outlet_open(&out, ends[1], &prefixed, LARGE, NULL, &err);
	for (int i = 0; i < 2; i++) {
		message = (struct ipc_message){ .data = outlet_room(&out),
			.length = LARGE };
		memset(message.data, i, LARGE);
		if (outlet_ready(&out, &err) < 0 ||
			outlet_write(&out, &message, &err) < 0)
			status = 1;
	}
	outlet_close(&out);
	close(ends[1]);
	ok(status == 0 && waitpid(child, &status, 0) == child && status == 0,
		"messages larger than the pipe go to a slow reader whole");
}

int
main(void)
{
	const struct framing record = { .record = 5 };

	alarm(60); /* a wait that does not end is a failure */
	tap_seed();
	test_framings();
	test_too_long();
	test_far_too_long();
	test_ends_within();
	test_json();
	test_json_members();
	test_does_not_wait();
	test_later();
	test_inverse(&lines, "lines");
	test_inverse(&null, "NUL");
	test_inverse(&prefixed, "length-prefixed");
	test_inverse(&json, "JSON");
	test_inverse(&record, "records");
	test_framing_words();
	test_outlet_open();
	test_outlet_waits();
	test_outlet_slow();
	return tap_end();
}
