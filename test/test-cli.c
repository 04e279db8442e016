/* test-cli.c - cmd/cli.c: cli_run() twice and more in one process, for a program of our own */
#include <errno.h>
#include <fcntl.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <ipcutil/number.h>
#include <ipcutil/trust.h>
#include <ipcutil/wait.h>

#include "cli.h"
#include "tap.h"

/* What the verbs print, so that a test can tell what they were given. */
struct show_args {
	bool flag, other;
	const char *text;
	uint64_t number, count, size;
	unsigned int priority;
	int64_t limit;
	const char *mode;
	struct owner owner;
	uid_t user;
	pid_t process;
};

static const struct field show_options[] = {
	OPTION_MEANS(FLAG, 'f', "flag", struct show_args, flag, "", "a flag"),
	OPTION_MEANS(FLAG, 0, "flagship", struct show_args, other, "", "another one"),
	OPTION(TEXT, 't', "text", struct show_args, text, "TEXT", "any text"),
	OPTION(NUMBER, 'N', "number", struct show_args, number, "N", "a number"),
	OPTION(COUNT, 'c', "count", struct show_args, count, "N", "a number from 1"),
	{ .kind = SIZE,
		.letter = 's',
		.name = "size",
		.synonym = "bytes",
		.offset = MEMBER(SIZE, struct show_args, size),
		.arg = "BYTES",
		.help = "a size" },
	OPTION(PRIORITY, 'p', "priority", struct show_args, priority, "N",
		"a priority"),
	OPTION(MODE_CHANGE, 'm', "mode", struct show_args, mode, "MODE", "a mode"),
	OPTION(OWNER, 0, "owner", struct show_args, owner, "USER[:GROUP]", "an owner"),
	OPTION(USER, 0, "user", struct show_args, user, "USER", "a user"),
	OPTION(PROCESS, 0, "process", struct show_args, process, "PID", "a process"),
	OPTION(PROCESS_OR_NEVER, 0, "until", struct show_args, process, "PID|never",
		"a process, or none"),
	WAIT_OPTIONS(struct show_args, limit), END_FIELDS
};

static int
show(struct call *call)
{
	const struct show_args *args = call->args;

	printf("%s", call->address.text);
	if (args->flag || args->other)
		printf(" flag=%d%d", args->flag, args->other);
	if (args->text != NULL)
		printf(" text=%s", args->text);
	if (args->number != IPC_UNKNOWN)
		printf(" number=%ju", (uintmax_t)args->number);
	if (args->count != 1)
		printf(" count=%ju", (uintmax_t)args->count);
	if (args->size != IPC_UNKNOWN)
		printf(" size=%ju", (uintmax_t)args->size);
	if (args->priority != 0)
		printf(" priority=%u", args->priority);
	if (args->limit != INT64_MAX)
		printf(" limit=%jd", (intmax_t)args->limit);
	if (args->mode != NULL)
		printf(" mode=%o", mode_change(0644, args->mode));
	if (args->owner.uid != (uid_t)-1 || args->owner.gid != (gid_t)-1)
		printf(" owner=%d:%d", (int)args->owner.uid, (int)args->owner.gid);
	if (args->user != (uid_t)-1)
		printf(" user=%u", args->user);
	if (args->process != 0)
		printf(" process=%d", (int)args->process);
	for (char **operand = call->operands; !call->verb->synonyms && *operand;
		operand++)
		printf(" [%s]", *operand);
	putchar('\n');
	cli_say(call, "'%s' was shown", call->address.text);
	return 0;
}

/* Fails in the way that the name tells, "/3" as IPC_EXISTS; others are no failure. */
static int
fail(struct call *call)
{
	char digit = call->address.text[1];

	if (digit < '0' || digit > '8') {
		printf("%s\n", call->address.text);
		return 0;
	}
	return ipc_refuse(&call->err, (enum ipc_fault)(digit - '0'), EIO,
		"use '%s': reason %c", call->address.text, digit);
}

struct item {
	struct ipc_address address;
	uint64_t size;
	mode_t mode;
	int64_t time;
};

static const struct field columns[] = { COLUMN(ADDRESS, "ADDRESS", struct item, address,
						"the item"),
	CONSTANT_COLUMN("TYPE", "item", "what it is"),
	COLUMN(SIZE, "SIZE", struct item, size, "its size"),
	COLUMN(MODE, "MODE", struct item, mode, "its mode"),
	EXTRA_COLUMN(TIME, "CREATED", struct item, time, "since when"), END_FIELDS };

static int
list(struct call *call)
{
	static const struct item items[] = {
		{ { .text = "/a b" }, 1572864, 0644, 0 },
		{ { .text = "/it's\n" }, IPC_UNKNOWN, 07, IPC_UNKNOWN_TIME },
	};

	for (size_t i = 0; i < 2; i++)
		if (record(&call->records, &items[i], &call->err) < 0)
			return -1;
	return 0;
}

#define SHOW_ARGS \
	ARGS(struct show_args, .number = IPC_UNKNOWN, .count = 1, .size = IPC_UNKNOWN, \
		.limit = IPC_FOREVER, .owner = { (uid_t)-1, (gid_t)-1 }, \
		.user = IPC_NOBODY)

static const struct verb verbs[] = { { "show", .operands = "ADDRESS [WORD]...",
					     .run = show, .options = show_options,
					     .help = "show what was given", SHOW_ARGS },
	{ "data", .operands = "ADDRESS [WORD]...", .run = show, .options = show_options,
		.help = "show what was given, data", .data = true, SHOW_ARGS },
	{ "each", "every all", "ADDRESS...", .run = show, .options = show_options,
		.help = "show each", SHOW_ARGS },
	{ "fail", .operands = "ADDRESS...", .run = fail, .help = "fail for each" },
	{ "one", .operands = "ADDRESS", .run = fail, .help = "take one operand" },
	{ "list", "ls", NULL, .run = list, .columns = columns, .help = "list things" },
	{ .name = NULL } };

static const struct program program = {
	.name = "ipc-test",
	.help = "a program of tests",
	.verbs = verbs,
	.address = ipc_address_mq,
};

/* What one call gave. */
struct result {
	int status;
	char out[16384], err[4096];
};

static void
read_back(int fd, char *text, size_t room)
{
	ssize_t length = pread(fd, text, room - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	close(fd);
}

/* Runs the words with descriptors 1 and 2 in memory; out is another one, or -1. */
static void
run_to(struct result *result, char **words, int out)
{
	int saved[] = { dup(1), dup(2) }, count = 0;
	int files[] = { memfd_create("out", 0), memfd_create("err", 0) };

	while (words[count] != NULL)
		count++;
	fflush(stdout);
	dup2(out >= 0 ? out : files[0], 1);
	dup2(files[1], 2);
	result->status = cli_run(&program, count, words);
	fflush(stdout); /* what cli_run() kept would be seen */
	dup2(saved[0], 1);
	dup2(saved[1], 2);
	close(saved[0]);
	close(saved[1]);
	read_back(files[0], result->out, sizeof(result->out));
	read_back(files[1], result->err, sizeof(result->err));
}

/* One command line and all that comes of it. */
struct sample {
	const char *words[12];
	int status;
	const char *out, *err;
};

static bool
gives(const struct sample *sample)
{
	static struct result result;
	char *words[14] = { (char *)"ipc-test" };
	bool good;

	for (size_t i = 0; sample->words[i] != NULL; i++)
		words[i + 1] = (char *)sample->words[i];
	run_to(&result, words, -1);
	good = result.status == sample->status &&
		strcmp(result.out, sample->out) == 0 &&
		strcmp(result.err, sample->err) == 0;
	if (!good)
		diag("%s %s %s...: status %d, out '%s', err '%s'; wanted %d, '%s', '%s'",
			sample->words[0], words[2],
			words[2] != NULL && words[3] ? words[3] : "", result.status,
			result.out, result.err, sample->status, sample->out,
			sample->err);
	return good;
}

/* The samples in their order, and then again: nothing is kept of what was. */
#define CLAIM(claim, ...) \
	claim_all(claim, \
		(const struct sample[]){ __VA_ARGS__, { { NULL }, 0, NULL, NULL } })

static void
claim_all(const char *claim, const struct sample *samples)
{
	bool good = true;

	for (int round = 0; round < 2; round++)
		for (const struct sample *sample = samples; sample->out != NULL;
			sample++)
			good = gives(sample) && good;
	ok(good, "%s", claim);
}

static void
test_options(void)
{
	CLAIM("an option is a letter, a long name, or the beginning of one",
		{ { "show", "-f", "a" }, 0, "/a flag=10\n", "" },
		{ { "show", "--flag", "a" }, 0, "/a flag=10\n", "" },
		{ { "show", "--flags", "a" }, 0, "/a flag=01\n", "" },
		{ { "show", "a" }, 0, "/a\n", "" },
		{ { "show", "-ft", "x", "-n", "a" }, 0, "/a flag=10 text=x limit=0\n",
			"" },
		{ { "show", "--te=x", "a" }, 0, "/a text=x\n", "" });
	CLAIM("its argument stands in the same word or the next",
		{ { "show", "-tx", "a" }, 0, "/a text=x\n", "" },
		{ { "show", "-t", "x", "a" }, 0, "/a text=x\n", "" },
		{ { "show", "--text", "x", "a" }, 0, "/a text=x\n", "" },
		{ { "show", "--text=", "a" }, 0, "/a text=\n", "" },
		{ { "show", "-t", "--flag", "a" }, 0, "/a text=--flag\n", "" },
		{ { "show", "-t", "", "a" }, 0, "/a text=\n", "" });
	CLAIM("the last of an option counts",
		{ { "show", "-t", "x", "-ty", "a" }, 0, "/a text=y\n", "" },
		{ { "show", "-w", "1", "-n", "a" }, 0, "/a limit=0\n", "" },
		{ { "show", "-n", "-w", "1", "a" }, 0, "/a limit=1000000000\n", "" });
	CLAIM("an option may have another long name",
		{ { "show", "--size=1K", "a" }, 0, "/a size=1024\n", "" },
		{ { "show", "--bytes=1KB", "a" }, 0, "/a size=1000\n", "" });
	CLAIM("every kind of value is read",
		{ { "show", "-N", "0", "a" }, 0, "/a number=0\n", "" },
		{ { "show", "-N", "9223372036854775807", "a" }, 0,
			"/a number=9223372036854775807\n", "" },
		{ { "show", "-c", "2", "a" }, 0, "/a count=2\n", "" },
		{ { "show", "-p", "32767", "a" }, 0, "/a priority=32767\n", "" },
		{ { "show", "-w", ".5", "a" }, 0, "/a limit=500000000\n", "" },
		{ { "show", "-m", "0640", "a" }, 0, "/a mode=640\n", "" },
		{ { "show", "-m", "g+w,o=", "a" }, 0, "/a mode=660\n", "" },
		{ { "show", "--owner=root:root", "a" }, 0, "/a owner=0:0\n", "" },
		{ { "show", "--owner=1", "a" }, 0, "/a owner=1:-1\n", "" },
		{ { "show", "--owner=:2", "a" }, 0, "/a owner=-1:2\n", "" },
		{ { "show", "--user=root", "a" }, 0, "/a user=0\n", "" },
		{ { "show", "--user=4294967294", "a" }, 0, "/a user=4294967294\n", "" },
		{ { "show", "--process=2147483647", "a" }, 0, "/a process=2147483647\n",
			"" },
		{ { "show", "--until=1", "a" }, 0, "/a process=1\n", "" },
		{ { "show", "--until=never", "a" }, 0, "/a process=-1\n", "" });
}

#define WRONG(option, name, value, wanted) \
	{ \
		{ "show", option, value, "a" }, 2, "", \
			"ipc-test: option '--" name "': '" value "' is not " wanted \
			"\n" \
	}

static void
test_wrong_values(void)
{
	CLAIM("a value that is none is told with what it should have been",
		WRONG("-N", "number", "0x10", "a number"),
		WRONG("-N", "number", "", "a number"),
		WRONG("-N", "number", "-1", "a number"),
		WRONG("-N", "number", "9223372036854775808", "a number"),
		WRONG("-c", "count", "0", "a number from 1"),
		WRONG("-c", "count", "1x", "a number from 1"),
		WRONG("-p", "priority", "32768", "a priority from 0 to 32767"),
		WRONG("-p", "priority", "-1", "a priority from 0 to 32767"),
		WRONG("-s", "size", "1X", "a size such as 4096, 64K or 1GiB"),
		WRONG("--bytes", "size", "", "a size such as 4096, 64K or 1GiB"),
		WRONG("-w", "timeout", "5.", "a time such as 1.5, 200ms or 2m"),
		WRONG("-w", "timeout", "-1", "a time such as 1.5, 200ms or 2m"));
	CLAIM("so are a mode, an owner and a user",
		WRONG("-m", "mode", "0888", "a mode such as 0640 or u=rw,g=r"),
		WRONG("-m", "mode", "01000", "a mode such as 0640 or u=rw,g=r"),
		WRONG("-m", "mode", "u+s", "a mode such as 0640 or u=rw,g=r"),
		WRONG("-m", "mode", "+t", "a mode such as 0640 or u=rw,g=r"),
		WRONG("-m", "mode", "", "a mode such as 0640 or u=rw,g=r"),
		WRONG("-m", "mode", "rw", "a mode such as 0640 or u=rw,g=r"),
		WRONG("--owner", "owner", ":",
			"an owner such as USER, USER:GROUP or :GROUP"),
		WRONG("--owner", "owner", "",
			"an owner such as USER, USER:GROUP or :GROUP"),
		WRONG("--owner", "owner",
			"0:", "an owner such as USER, USER:GROUP or :GROUP"),
		WRONG("--owner", "owner", "0:0:0",
			"an owner such as USER, USER:GROUP or :GROUP"),
		WRONG("--owner", "owner", "no-such-user",
			"an owner such as USER, USER:GROUP or :GROUP"),
		WRONG("--owner", "owner", "4294967295",
			"an owner such as USER, USER:GROUP or :GROUP"),
		WRONG("--user", "user", "4294967295", "a user"),
		WRONG("--user", "user", "", "a user"),
		WRONG("--process", "process", "0", "a process id from 1"),
		WRONG("--process", "process", "never", "a process id from 1"),
		WRONG("--process", "process", "2147483648", "a process id from 1"),
		WRONG("--until", "until", "-1", "a process id from 1, or 'never'"));
	CLAIM("the first wrong word is told, and nothing is run",
		{ { "each", "-c0", "-N", "x", "a" }, 2, "",
			"ipc-test: option '--count': '0' is not a number from 1\n" },
		{ { "each", "a", "-t" }, 2, "",
			"ipc-test: option '-t' needs an argument\n" });
}

static void
test_wrong_usage(void)
{
	CLAIM("an unknown verb or option is wrong usage",
		{ { "shew", "a" }, 2, "",
			"ipc-test: 'shew' is not a verb; --help lists them\n" },
		{ { "sho" }, 2, "",
			"ipc-test: 'sho' is not a verb; --help lists them\n" },
		{ { "" }, 2, "", "ipc-test: '' is not a verb; --help lists them\n" },
		{ { "--flag" }, 2, "",
			"ipc-test: '--flag' is not a verb; --help lists them\n" },
		{ { "every all", "a" }, 2, "",
			"ipc-test: 'every all' is not a verb; --help lists them\n" },
		{ { "show", "-Z", "a" }, 2, "",
			"ipc-test: 'show' has no option '-Z'\n" },
		{ { "show", "-fZ", "a" }, 2, "",
			"ipc-test: 'show' has no option '-Z'\n" });
	CLAIM("so is a long option that does not exist, or may be one of several",
		{ { "show", "--zip", "a" }, 2, "",
			"ipc-test: 'show' has no option '--zip', or more than one that begins so\n" },
		{ { "show", "--fla", "a" }, 2, "",
			"ipc-test: 'show' has no option '--fla', or more than one that begins so\n" },
		{ { "show", "a", "--zip=x" }, 2, "",
			"ipc-test: 'show' has no option '--zip=x', or more than one that begins so\n" });
	CLAIM("so is an argument that is missing, or one too many",
		{ { "show", "-t" }, 2, "",
			"ipc-test: option '-t' needs an argument\n" },
		{ { "show", "a", "--text" }, 2, "",
			"ipc-test: option '--text' needs an argument\n" },
		{ { "show", "--flag=x", "a" }, 2, "",
			"ipc-test: option '--flag=x' takes no argument\n" });
	CLAIM("so is an operand that is missing, surplus or no address",
		{ { "one" }, 2, "", "ipc-test: 'one' needs ADDRESS\n" },
		{ { "show" }, 2, "", "ipc-test: 'show' needs ADDRESS [WORD]...\n" },
		{ { "every", "--" }, 2, "", "ipc-test: 'each' needs ADDRESS...\n" },
		{ { "one", "a", "b" }, 2, "",
			"ipc-test: 'one' does not take the operand 'b'\n" },
		{ { "list", "a" }, 2, "",
			"ipc-test: 'list' does not take the operand 'a'\n" },
		{ { "one", "a/b" }, 2, "",
			"ipc-test: 'a/b' has a slash within the name\n" },
		{ { "one", "" }, 2, "",
			"ipc-test: '' is not a queue's name such as '/jobs'\n" },
		{ { "each", "a", "b/" }, 2, "",
			"ipc-test: 'b/' has a slash within the name\n" });
	CLAIM("foreign bytes are shown encoded",
		{ { "a\033[31m\n" }, 2, "",
			"ipc-test: 'a\\^[[31m\\n' is not a verb; --help lists them\n" },
		{ { "one", "a/\177\tb" }, 2, "",
			"ipc-test: 'a/\\^?\\tb' has a slash within the name\n" },
		{ { "show", "-\033" }, 2, "",
			"ipc-test: 'show' has no option '-\\^['\n" },
		{ { "show", "-\xff" }, 2, "",
			"ipc-test: 'show' has no option '-\\M^?'\n" });
}

static void
test_operands(void)
{
	CLAIM("options may follow ADDRESS, and operands keep their order",
		{ { "show", "a", "-f", "x", "-t", "y", "z" }, 0,
			"/a flag=10 text=y [x] [z]\n", "" },
		{ { "show", "a", "x", "", "z" }, 0, "/a [x] [] [z]\n", "" },
		{ { "show", "a", "-" }, 0, "/a [-]\n", "" });
	CLAIM("-- ends the options",
		{ { "show", "--", "-a", "-f" }, 0, "/-a [-f]\n", "" },
		{ { "show", "a", "--", "-f", "--" }, 0, "/a [-f] [--]\n", "" },
		{ { "show", "-f", "a", "x", "--", "y" }, 0, "/a flag=10 [x] [y]\n",
			"" },
		{ { "data", "-f", "--", "-a", "x" }, 0, "/-a flag=10 [x]\n", "" });
	CLAIM("where operands are data, options end at ADDRESS",
		{ { "data", "-f", "a", "-f", "--zip", "--", "--help" }, 0,
			"/a flag=10 [-f] [--zip] [--] [--help]\n", "" },
		{ { "data", "a", "" }, 0, "/a []\n", "" },
		{ { "data", "a", "-" }, 0, "/a [-]\n", "" });
	CLAIM("a verb runs for each of several addresses, in their order",
		{ { "each", "b", "-f", "a", "/b" }, 0,
			"/b flag=10\n/a flag=10\n/b flag=10\n", "" });
	setenv("POSIXLY_CORRECT", "1", 1);
	CLAIM("POSIXLY_CORRECT changes nothing",
		{ { "show", "a", "-f", "x" }, 0, "/a flag=10 [x]\n", "" });
	unsetenv("POSIXLY_CORRECT");
}

static void
test_statuses(void)
{
	CLAIM("each failure has its status and says 'cannot', but for wrong usage",
		{ { "one", "0" }, 1, "", "ipc-test: cannot use '/0': reason 0\n" },
		{ { "one", "1" }, 2, "", "ipc-test: use '/1': reason 1\n" },
		{ { "one", "2" }, 3, "", "ipc-test: cannot use '/2': reason 2\n" },
		{ { "one", "3" }, 4, "", "ipc-test: cannot use '/3': reason 3\n" },
		{ { "one", "4" }, 5, "", "ipc-test: cannot use '/4': reason 4\n" },
		{ { "one", "5" }, 6, "", "ipc-test: cannot use '/5': reason 5\n" },
		{ { "one", "6" }, 7, "", "ipc-test: cannot use '/6': reason 6\n" },
		{ { "one", "7" }, 75, "", "ipc-test: cannot use '/7': reason 7\n" },
		{ { "one", "8" }, 124, "", "ipc-test: cannot use '/8': reason 8\n" });
	CLAIM("it goes on after a failure and ends with the first one's status",
		{ { "fail", "a", "3", "b", "2", "c" }, 4, "/a\n/b\n/c\n",
			"ipc-test: cannot use '/3': reason 3\nipc-test: cannot use '/2': reason 2\n" },
		{ { "fail", "2", "8" }, 3, "",
			"ipc-test: cannot use '/2': reason 2\nipc-test: cannot use '/8': reason 8\n" },
		{ { "fail", "a" }, 0, "/a\n", "" });
	CLAIM("a wrong address among several: nothing is run",
		{ { "fail", "a", "3", "b/c" }, 2, "",
			"ipc-test: 'b/c' has a slash within the name\n" });
	CLAIM("--quiet says nothing and keeps the status",
		{ { "fail", "-q", "3", "2" }, 4, "", "" },
		{ { "one", "-q", "a/b" }, 2, "", "" },
		{ { "show", "-qv", "a" }, 0, "/a\n", "" });
	CLAIM("--verbose says what was done",
		{ { "show", "-v", "a" }, 0, "/a\n", "ipc-test: '/a' was shown\n" },
		{ { "show", "a" }, 0, "/a\n", "" });
}

static void
test_records(void)
{
	CLAIM("records are a table",
		{ { "list" }, 0,
			"ADDRESS  SIZE MODE\n/a b    1536K 0644\n/it's\\n     - 0007\n",
			"" },
		{ { "ls", "--noheadings", "-b", "-o", "size,MODE" }, 0,
			"1572864 0644\n      - 0007\n", "" });
	CLAIM("or JSON, raw words, or assignments",
		{ { "list", "-J" }, 0,
			"{\"address\":\"/a b\",\"type\":\"item\",\"size\":1572864,\"mode\":\"0644\",\"created\":\"1970-01-01T00:00:00Z\"}\n"
			"{\"address\":\"/it's\\u000a\",\"type\":\"item\",\"size\":null,\"mode\":\"0007\",\"created\":null}\n",
			"" },
		{ { "list", "-J", "-o", "SIZE" }, 0,
			"{\"size\":1572864}\n{\"size\":null}\n", "" },
		{ { "list", "-r", "-o", "+created" }, 0,
			"ADDRESS SIZE MODE CREATED\n/a\\sb 1572864 0644 1970-01-01T00:00:00Z\n/it's\\n - 0007 -\n",
			"" },
		{ { "list", "-e" }, 0,
			"ADDRESS='/a b' SIZE='1572864' MODE='0644'\nADDRESS='/it'\\''s\n' SIZE='' MODE='0007'\n",
			"" });
	CLAIM("columns that are none, or two forms at once, are wrong usage",
		{ { "list", "-o", "SIZE,NO" }, 2, "",
			"ipc-test: option '--output': 'NO' is not a column; --help lists them\n" },
		{ { "list", "-o", "" }, 2, "",
			"ipc-test: option '--output' needs the name of a column\n" },
		{ { "list", "-J", "-r" }, 2, "",
			"ipc-test: only one of --json, --raw and --export can be\n" });
}

/* What --help and its kin give; they are too long to be told here word for word. */
static void
test_help(void)
{
	static struct result program_help, verb_help, again;
	char *words[][4] = {
		{ (char *)"ipc-test", (char *)"--help", NULL },
		{ (char *)"ipc-test", (char *)"-h", NULL },
		{ (char *)"ipc-test", (char *)"each", (char *)"--help", NULL },
		{ (char *)"ipc-test", (char *)"all", (char *)"-h", NULL },
		{ (char *)"ipc-test", (char *)"--version", NULL },
		{ (char *)"ipc-test", (char *)"list", (char *)"-V", NULL },
		{ (char *)"ipc-test", (char *)"--describe", NULL },
		{ (char *)"ipc-test", NULL },
	};

	run_to(&program_help, words[0], -1);
	run_to(&again, words[1], -1);
	ok(program_help.status == 0 && *program_help.err == '\0' &&
			strcmp(program_help.out, again.out) == 0 &&
			strncmp(program_help.out, "Usage: ipc-test show ", 21) == 0 &&
			strstr(program_help.out, "\n  each, every, all ") != NULL &&
			strstr(program_help.out, "\nOptions of every verb:\n") != NULL,
		"--help and -h tell all verbs and options");
	run_to(&verb_help, words[2], -1);
	run_to(&again, words[3], -1);
	ok(verb_help.status == 0 && *verb_help.err == '\0' &&
			strcmp(verb_help.out, again.out) == 0 &&
			strncmp(verb_help.out,
				"Usage: ipc-test each [OPTION]... ADDRESS...\n",
				44) == 0 &&
			strstr(verb_help.out, "-c, --count=N ") != NULL &&
			strstr(verb_help.out, "Columns:") == NULL,
		"a verb's --help tells its own, by each of its names");
	run_to(&verb_help, words[4], -1);
	run_to(&again, words[5], -1);
	ok(verb_help.status == 0 &&
			strncmp(verb_help.out, "ipc-test (ipcutil ", 18) == 0 &&
			strcmp(verb_help.out, again.out) == 0,
		"--version tells the version, after a verb, too");
	run_to(&verb_help, words[6], -1);
	ok(verb_help.status == 0 &&
			strstr(verb_help.out,
				"\nverb\teach\tall\tADDRESS...\tshow each\n") != NULL &&
			strstr(verb_help.out,
				"\noption\tdata\t--size\tBYTES\ta size\n") != NULL &&
			strstr(verb_help.out,
				"\ncolumn\tlist\tCREATED\t\tsince when\n") != NULL,
		"--describe tells verbs, options and columns");
	run_to(&again, words[7], -1);
	ok(again.status == 2 && *again.out == '\0' &&
			strncmp(again.err, "Usage: ipc-test show ", 21) == 0,
		"no word at all is wrong usage");
	CLAIM("--help wins over what else is there, and not over what is wrong before",
		{ { "show", "-t", "--help" }, 2, "",
			"ipc-test: 'show' needs ADDRESS [WORD]...\n" },
		{ { "show", "-Z", "--help" }, 2, "",
			"ipc-test: 'show' has no option '-Z'\n" });
}

static void
test_output_fails(void)
{
	static struct result result;
	char *words[] = { (char *)"ipc-test", (char *)"show", (char *)"a", NULL };
	char *table[] = { (char *)"ipc-test", (char *)"list", NULL };
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	int unwritable = open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (int i = 0; i < 2; i++) {
		run_to(&result, words, full);
		ok(result.status == 1 &&
				strcmp(result.err,
					"ipc-test: cannot write to standard output: "
					"No space left on device\n") == 0,
			"a full standard output is a failure");
		run_to(&result, table, full);
		ok(result.status == 1 &&
				strcmp(result.err,
					"ipc-test: cannot write to standard output: "
					"No space left on device\n") == 0,
			"also of a table");
		run_to(&result, words, unwritable);
		ok(result.status == 1 &&
				strcmp(result.err,
					"ipc-test: cannot write to standard output: "
					"Bad file descriptor\n") == 0,
			"one that cannot be written to, too");
		run_to(&result, words, -1);
		ok(result.status == 0 && strcmp(result.out, "/a\n") == 0 &&
				*result.err == '\0',
			"and the next call knows nothing of it");
	}
	close(full);
	close(unwritable);
}

static unsigned int
descriptors(void)
{
	unsigned int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void
test_many_runs(void)
{
	static struct result result;
	char *words[] = { (char *)"ipc-test", (char *)"show", (char *)"-m",
		(char *)"u=rw", (char *)"a", NULL };
	char *table[] = { (char *)"ipc-test", (char *)"list", NULL };
	char *wrong[] = { (char *)"ipc-test", (char *)"list", (char *)"-Zx", NULL };
	unsigned int before = descriptors();
	mode_t mask = umask(027);
	bool good = true;

	for (int i = 0; i < 200; i++) {
		run_to(&result, wrong, -1);
		good = good && result.status == 2;
		run_to(&result, words, -1);
		good = good && result.status == 0 &&
			strcmp(result.out, "/a mode=644\n") == 0;
		run_to(&result, table, -1);
		good = good && result.status == 0 &&
			strncmp(result.out, "ADDRESS  SIZE MODE\n/a b ", 24) == 0;
	}
	ok(good, "hundreds of runs in one process give the same");
	is(descriptors(), before, "they leave no descriptor open");
	is(umask(mask), 027, "they leave the umask as it was");
	is(__fsetlocking(stdout, FSETLOCKING_QUERY), FSETLOCKING_INTERNAL,
		"they leave the locks of standard output as they were");
}

int
main(void)
{
	setenv("LC_ALL", "C", 1);
	setenv("TZ", "UTC", 1);
	test_options();
	test_wrong_values();
	test_wrong_usage();
	test_operands();
	test_statuses();
	test_records();
	test_help();
	test_output_fails();
	test_many_runs();
	return tap_end();
}
