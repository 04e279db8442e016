/* test-limits.c - lib/limits.c: how much of each limit is used, beside lsipc(1) */
#include <fcntl.h>
#include <mqueue.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>

#include <ipcutil/limits.h>

#include "tap.h"

enum { LIMITS = 256 };

struct seen {
	struct ipc_limit limits[LIMITS];
	size_t count;
};

static int
see(const struct ipc_limit *limit, void *arg)
{
	struct seen *seen = arg;

	if (seen->count < LIMITS)
		seen->limits[seen->count++] = *limit;
	return 0;
}

static void
look(struct seen *seen)
{
	struct ipc_error err;
	bool complete;

	seen->count = 0;
	if (ipc_limits_each((uid_t)-1, see, seen, &complete, &err) < 0)
		diag("%s", err.sentence);
}

/* That of all together, or our own. */
static const struct ipc_limit *
find(const struct seen *seen, const char *name)
{
	static const struct ipc_limit none = { .name = "" };

	for (size_t i = 0; i < seen->count; i++)
		if (strcmp(seen->limits[i].name, name) == 0 &&
			(seen->limits[i].user == (uid_t)-1 ||
				seen->limits[i].user == getuid()))
			return &seen->limits[i];
	return &none;
}

/* A column of lsipc(1), which tells the limits of System V; IPC_UNKNOWN without it. */
static uint64_t
told(const char *name, const char *column)
{
	char command[128], text[64] = "";
	uint64_t value = IPC_UNKNOWN;
	FILE *out;

	snprintf(command, sizeof(command),
		"lsipc -g -b --raw --noheadings -o RESOURCE,%s 2>/dev/null | sed -n 's/^%s //p'",
		column, name);
	out = popen(command, "re");
	if (out != NULL && fgets(text, sizeof(text), out) != NULL)
		value = strtoull(text, NULL, 10);
	if (out != NULL)
		pclose(out);
	return value;
}

static void
test_percentage(void)
{
	static const struct {
		uint64_t use, limit, percent;
		const char *name;
	} rows[] = {
		{ 0, 200, 0, "nothing" },
		{ 1, 4096, 0, "less than a hundredth" },
		{ 199, 200, 99, "all but one" },
		{ 200, 200, 100, "all of it" },
		{ 300, 200, 150, "more than is allowed by now" },
		{ 0, 0, 100, "nothing where nothing can be" },
		{ 3, 0, 100, "what was there before" },
		{ UINT64_MAX - 2, UINT64_MAX - 1, 99,
			"all but one of the largest limit" },
		{ UINT64_MAX - 1, UINT64_MAX - 1, 100, "all of the largest limit" },
		{ UINT64_MAX / 200, UINT64_MAX / 100, 50, "half of a large one" },
		{ UINT64_MAX / 2, UINT64_MAX - 1, 49, "almost half of a larger one" },
		{ IPC_UNKNOWN, 200, IPC_UNKNOWN, "what is not known" },
		{ 1, IPC_UNKNOWN, IPC_UNKNOWN, "of no limit" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct ipc_limit limit = { .limit = rows[i].limit,
			.use = rows[i].use };

		is(ipc_limit_percentage(&limit), (intmax_t)rows[i].percent, "%s",
			rows[i].name);
	}
}

static void
test_beside_lsipc(const struct seen *seen)
{
	static const char *const names[][2] = {
		{ "shmmni", "SHMMNI" },
		{ "shmmax", "SHMMAX" },
		{ "shmall", "SHMALL" },
		{ "msgmni", "MSGMNI" },
		{ "msgmnb", "MSGMNB" },
		{ "semmni", "SEMMNI" },
		{ "semmns", "SEMMNS" },
		{ "semmsl", "SEMMSL" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct ipc_limit *limit = find(seen, names[i][0]);
		uint64_t value = told(names[i][1], "LIMIT");

		ok(strcmp(limit->name, names[i][0]) == 0 &&
				(value == IPC_UNKNOWN || limit->limit == value),
			"%s is what lsipc tells", names[i][0]);
	}
}

/* Others may make some, too: it is at least so much more, as nothing of ours goes. */
static void
test_use(void)
{
	static struct seen before, with;
	const int shm = shmget(IPC_PRIVATE, 3 * 4096 + 1, 0600);
	const int msg = msgget(IPC_PRIVATE, 0600), set = semget(IPC_PRIVATE, 5, 0600);
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 100 };
	char name[96];
	mqd_t mq;

	snprintf(name, sizeof(name), "%s-limits",
		getenv("PREFIX") != NULL ? getenv("PREFIX") : "/ipcutil-test-limits");
	look(&before);
	mq = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attr);
	look(&with);
	mq_close(mq);
	mq_unlink(name);
	shmctl(shm, IPC_RMID, NULL);
	msgctl(msg, IPC_RMID, NULL);
	semctl(set, 0, IPC_RMID);
	ok(find(&with, "shmmni")->use >= 1, "a segment counts");
	ok(find(&with, "shmall")->use >= 4, "with all its pages");
	ok(find(&with, "shmmax")->use >= 3 * 4096 + 1, "and its size");
	ok(find(&with, "msgmni")->use >= 1, "a queue counts");
	ok(find(&with, "semmni")->use >= 1, "a set counts");
	ok(find(&with, "semmns")->use >= 5, "with all its members");
	ok(find(&with, "semmsl")->use >= 5, "and how many it has");
	ok(find(&with, "/dev/shm")->limit > 0, "/dev/shm has a size");
	is(find(&with, "RLIMIT_MSGQUEUE")->use != 0, 1, "a POSIX queue counts");
}

static void
test_pipes(void)
{
	static struct seen with;
	int ends[2];

	if (pipe(ends) < 0)
		exit(99);
	look(&with);
	ok(find(&with, "pipe-user-pages-soft")->use >= 1, "a pipe counts");
	ok(strstr(find(&with, "pipe-user-pages-soft")->where, "sysctl") != NULL,
		"and where the limit is set is told");
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	static struct seen seen;

	test_percentage();
	look(&seen);
	test_beside_lsipc(&seen);
	test_use();
	test_pipes();
	for (size_t i = 0; i < seen.count; i++)
		diag("%s %s: %ju of %ju, user %u, %s", seen.limits[i].name,
			seen.limits[i].what, (uintmax_t)seen.limits[i].use,
			(uintmax_t)seen.limits[i].limit, seen.limits[i].user,
			seen.limits[i].where);
	return tap_end();
}
