/* test-stale.c - lib/stale.c: what follows from which evidence, for every type */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ipcutil/stale.h>

#include "tap.h"

enum {
	PROCESSES = IPC_BLIND_DENIED | IPC_BLIND_HIDDEN | IPC_BLIND_NAMESPACE |
		IPC_BLIND_RESTLESS | IPC_BLIND_NO_PROC,
	EVERY_BIT =
		PROCESSES | IPC_BLIND_IN_FLIGHT | IPC_BLIND_OPENING | IPC_BLIND_STOPPED,
};

/* What must have been seen before it is true that nobody holds an object. */
static const struct {
	enum ipc_type type;
	const char *name;
	unsigned int needed;
} types[] = {
	{ IPC_POSIX_MQ, "a POSIX queue", PROCESSES | IPC_BLIND_IN_FLIGHT },
	{ IPC_SYSV_MQ, "a System V queue", PROCESSES | IPC_BLIND_STOPPED },
	{ IPC_POSIX_SHM, "POSIX shared memory", PROCESSES | IPC_BLIND_IN_FLIGHT },
	{ IPC_SYSV_SHM, "System V shared memory", 0 },
	{ IPC_POSIX_SEM, "a POSIX semaphore", PROCESSES | IPC_BLIND_IN_FLIGHT },
	{ IPC_SYSV_SEM, "a System V semaphore", 0 },
	{ IPC_FIFO, "a FIFO", EVERY_BIT },
	{ IPC_PIPE, "a pipe", PROCESSES | IPC_BLIND_IN_FLIGHT },
	{ IPC_MAPPED_FILE, "a mapped file", PROCESSES | IPC_BLIND_IN_FLIGHT },
	{ IPC_RING, "a ring", PROCESSES | IPC_BLIND_IN_FLIGHT },
	{ IPC_SOCKET_FILE, "a socket file", 0 },
};

enum { TYPES = sizeof(types) / sizeof(*types) };

/* Evidence that nobody holds an object of that type. */
static struct ipc_evidence
unheld(enum ipc_type type)
{
	return (struct ipc_evidence){
		.object = { .type = type },
		.bound = type == IPC_SOCKET_FILE ? IPC_BOUND_NOBODY : 0,
	};
}

/* Nothing is left of a pipe that could be stale. */
static enum ipc_state
stale(enum ipc_type type)
{
	return type == IPC_PIPE ? IPC_IDLE : IPC_STALE;
}

static bool
judges(const struct ipc_evidence *evidence, enum ipc_state wanted)
{
	struct ipc_verdict verdict = ipc_stale_judge(evidence);

	if (verdict.state != wanted || *verdict.why == '\0')
		diag("type %d: %s, wanted %s: %s", evidence->object.type,
			ipc_state_text(verdict.state), ipc_state_text(wanted),
			verdict.why);
	return verdict.state == wanted && *verdict.why != '\0';
}

static bool
says(const struct ipc_evidence *evidence, const char *why)
{
	struct ipc_verdict verdict = ipc_stale_judge(evidence);

	if (strcmp(verdict.why, why) != 0)
		diag("'%s', wanted '%s'", verdict.why, why);
	return strcmp(verdict.why, why) == 0;
}

/* Whatever else is known: judges with every owner and every blindness. */
static bool
always_judges(struct ipc_evidence evidence, enum ipc_state wanted)
{
	bool holds = true;

	for (unsigned int blind = 0; blind <= EVERY_BIT; blind++)
		for (enum ipc_owner_state state = IPC_OWNER_NONE;
			state <= IPC_OWNER_UNKNOWN; state++) {
			evidence.blind = blind;
			evidence.owner = (struct ipc_owner){ state, 4711 };
			holds = judges(&evidence, wanted) && holds;
		}
	return holds;
}

static void
test_held(void)
{
	static const struct ipc_holder holders[2] = {
		{ .pid = 1, .access = IPC_ACCESS_READ },
		{ .pid = 2, .access = IPC_ACCESS_MAPPED },
	};

	for (size_t i = 0; i < TYPES; i++) {
		struct ipc_evidence evidence = unheld(types[i].type);

		evidence.holders = holders;
		evidence.holder_count = 1;
		ok(always_judges(evidence, IPC_IN_USE),
			"%s that a process has is in use, whatever else is known",
			types[i].name);
		evidence.holder_count = 2;
		ok(always_judges(evidence, IPC_IN_USE), "so is %s that two have",
			types[i].name);
	}
}

static void
test_counted(void)
{
	struct ipc_evidence shm = unheld(IPC_SYSV_SHM), sem = unheld(IPC_SYSV_SEM);
	struct ipc_evidence mq = unheld(IPC_POSIX_MQ), sock = unheld(IPC_SOCKET_FILE);
	struct ipc_evidence used = unheld(IPC_SYSV_MQ);

	shm.attached = 1;
	ok(always_judges(shm, IPC_IN_USE) && says(&shm, "it is attached once"),
		"the kernel's count of attachments is enough");
	shm.attached = 2;
	ok(says(&shm, "it is attached 2 times"), "two of them are told");
	sem.waiters = 3;
	ok(always_judges(sem, IPC_IN_USE) && says(&sem, "3 processes wait in it"),
		"so is its count of those who wait");
	sem.waiters = 1;
	ok(says(&sem, "1 process waits in it"), "one of them is told");
	mq.notify_pid = 7;
	ok(always_judges(mq, IPC_IN_USE), "and a process that wants to be notified");
	sock.bound = IPC_BOUND;
	ok(always_judges(sock, IPC_IN_USE), "and one that is bound");
	used.users[1] = (struct ipc_user){ IPC_USER_LIVES, 8 };
	ok(always_judges(used, IPC_IN_USE), "and a last receiver that lives");
}

/* The kernel knows of holders that no look at processes finds. */
static void
test_lease(void)
{
	static const enum ipc_type leased[] = { IPC_POSIX_MQ, IPC_POSIX_SHM,
		IPC_POSIX_SEM, IPC_MAPPED_FILE, IPC_RING };
	bool held = true, free = true;

	for (size_t i = 0; i < sizeof(leased) / sizeof(*leased); i++) {
		struct ipc_evidence evidence = unheld(leased[i]);

		evidence.lease = IPC_LEASE_REFUSED;
		held = always_judges(evidence, IPC_IN_USE) && held;
		evidence.lease = IPC_LEASE_GRANTED;
		evidence.blind = EVERY_BIT;
		free = judges(&evidence, IPC_IDLE) && free;
		evidence.owner = (struct ipc_owner){ IPC_OWNER_ENDED, 4711 };
		free = judges(&evidence, IPC_STALE) && free;
	}
	ok(held, "what the kernel refuses a lease on is in use");
	ok(free, "what it gives one on is not, however little can be seen");
}

static void
test_unknown(void)
{
	struct ipc_evidence shm = unheld(IPC_SYSV_SHM), sem = unheld(IPC_SYSV_SEM);
	struct ipc_evidence sock = unheld(IPC_SOCKET_FILE), mq = unheld(IPC_SYSV_MQ);

	for (size_t i = 0; i < TYPES; i++) {
		struct ipc_evidence evidence = unheld(types[i].type);
		bool holds = true;

		evidence.owner = (struct ipc_owner){ IPC_OWNER_ENDED, 4711 };
		for (unsigned int blind = 0; blind <= EVERY_BIT; blind++) {
			evidence.blind = blind;
			holds = judges(&evidence,
					(blind & types[i].needed) != 0
						? IPC_STATE_UNKNOWN
						: stale(types[i].type)) &&
				holds;
		}
		ok(holds, "%s is never idle or stale while its holders may be unseen",
			types[i].name);
	}
	shm.attached = IPC_UNKNOWN;
	ok(always_judges(shm, IPC_STATE_UNKNOWN),
		"a segment that may not be read is unknown");
	sem.waiters = IPC_UNKNOWN;
	ok(always_judges(sem, IPC_STATE_UNKNOWN), "so is a semaphore");
	sem.waiters = 0;
	sem.users[0].state = IPC_USER_UNKNOWN;
	ok(always_judges(sem, IPC_STATE_UNKNOWN),
		"and one whose last user cannot be seen");
	mq.users[1].state = IPC_USER_UNKNOWN;
	ok(always_judges(mq, IPC_STATE_UNKNOWN), "and a queue whose cannot be");
	sock.bound = IPC_BOUND_UNKNOWN;
	ok(always_judges(sock, IPC_STATE_UNKNOWN),
		"and a socket file nobody can tell of");
}

static void
test_unheld(void)
{
	static const struct {
		enum ipc_owner_state owner;
		enum ipc_state state;
		const char *what;
	} owners[] = {
		{ IPC_OWNER_NONE, IPC_IDLE, "idle when it belongs to no process" },
		{ IPC_OWNER_LIVES, IPC_IDLE, "idle while its process lives" },
		{ IPC_OWNER_ENDED, IPC_STALE, "stale when its process has ended" },
		{ IPC_OWNER_UNKNOWN, IPC_IDLE, "idle when none can tell of a process" },
	};

	for (size_t i = 0; i < TYPES; i++)
		for (size_t j = 0; j < sizeof(owners) / sizeof(*owners); j++) {
			struct ipc_evidence evidence = unheld(types[i].type);

			evidence.owner = (struct ipc_owner){ owners[j].owner, 4711 };
			evidence.users[0].state = IPC_USER_ENDED;
			if (types[i].type == IPC_SOCKET_FILE)
				ok(judges(&evidence, IPC_STALE),
					"%s to which nobody is bound is stale, %s",
					types[i].name, owners[j].what);
			else if (types[i].type == IPC_PIPE)
				ok(judges(&evidence, IPC_IDLE),
					"%s that nobody holds is idle, %s",
					types[i].name, owners[j].what);
			else
				ok(judges(&evidence, owners[j].state),
					"%s that nobody holds is %s", types[i].name,
					owners[j].what);
		}
}

static void
test_words(void)
{
	static const struct ipc_holder holders[2] = {
		{ .pid = 17, .access = IPC_ACCESS_BLOCKED },
		{ .pid = 18, .access = IPC_ACCESS_READ },
	};
	struct ipc_evidence evidence = unheld(IPC_SYSV_MQ);
	char buf[IPC_BLIND_TEXT_MAX];

	evidence.holders = holders;
	evidence.holder_count = 1;
	ok(says(&evidence, "process 17 waits in it"), "WHY names the only holder");
	evidence.holder_count = 2;
	ok(says(&evidence, "2 processes have it open"), "and counts more");
	evidence = unheld(IPC_POSIX_MQ);
	ok(says(&evidence, "no process has it open"), "and says what nobody does");
	evidence.owner = (struct ipc_owner){ IPC_OWNER_ENDED, 4711 };
	ok(says(&evidence,
		   "no process has it open, and process 4711, to which it belonged, has "
		   "ended"),
		"and what makes it stale");
	evidence.blind = IPC_BLIND_DENIED;
	ok(says(&evidence,
		   "no holder was found, but not every process may be looked at"),
		"and what is in the way of a proof");
	ok(strlen(ipc_blind_text(EVERY_BIT, buf)) < sizeof(buf) - 1,
		"all reasons together have room");
	is(*ipc_blind_text(0, buf), '\0', "no reason is no words");
}

static void
test_users(void)
{
	const int64_t now = time(NULL);
	const uint64_t self = (uint64_t)getpid();

	is(ipc_user_find(self, 0).state, IPC_USER_NONE, "at no time, nobody did it");
	is(ipc_user_find(0, now).state, IPC_USER_UNKNOWN,
		"a process of another PID namespace is not known");
	is(ipc_user_find(IPC_UNKNOWN, now).state, IPC_USER_UNKNOWN,
		"nor is one that nobody tells");
	is(ipc_user_find(self, now).state, IPC_USER_LIVES, "we live");
	is(ipc_user_find(self, now - 1000000000).state, IPC_USER_UNKNOWN,
		"a process that began long after is another one, or the clock was set");
	is(ipc_user_find(INT32_MAX, now).state, IPC_USER_ENDED,
		"a process that is not there has ended");
}

int
main(void)
{
	test_held();
	test_counted();
	test_lease();
	test_unknown();
	test_unheld();
	test_words();
	test_users();
	return tap_end();
}
