/*
 * test-again.c - lib/scan-again.c: who gets what nobody was found to have, between the first
 * look and the second
 */
#include <sys/mman.h>

#include "crew.h"

enum { READ = IPC_ACCESS_READ };

static char path[64];
static struct ipc_object file;

/* One that is looked at early, and one behind it. */
static pid_t before, behind;

/* What happens when the first was looked at, and the other was not yet. */
static void (*moment)(void);

static bool
is_number(const char *name, pid_t pid)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", (int)pid);
	return strcmp(name, number) == 0;
}

/*
 * That of the C library, with which each look at a process begins.  Where there are many, a
 * thread helps, which has no descriptors to tell anybody by.
 */
int
openat(int dir, const char *name, int flags, ...)
{
	static bool has_passed;

	if (gettid() == getpid() && is_number(name, before))
		has_passed = true;
	if (gettid() == getpid() && is_number(name, behind) && has_passed &&
		moment != NULL) {
		void (*now)(void) = moment;

		moment = NULL;
		has_passed = false;
		now();
	}
	return (int)syscall(SYS_openat, dir, name, flags, 0);
}

/* A process that does one thing when it is told to. */
struct actor {
	int tell[2], told[2]; /* pipes */
	void (*first)(struct actor *actor);
	void (*act)(struct actor *actor);
	int fd, socket;
	bool spins; /* it never sleeps */
};

static struct actor
actor(void (*first)(struct actor *), void (*act)(struct actor *))
{
	struct actor actor = { .first = first, .act = act, .fd = -1, .socket = -1 };

	must(pipe(actor.tell), "pipe");
	must(pipe(actor.told), "pipe");
	return actor;
}

static void
dismiss(struct actor *actor)
{
	for (int i = 0; i < 2; i++) {
		close(actor->tell[i]);
		close(actor->told[i]);
	}
}

static void
play(const void *arg)
{
	struct actor actor = *(const struct actor *)arg;
	char byte;

	if (actor.first != NULL)
		actor.first(&actor);
	if (actor.spins)
		must(fcntl(actor.tell[0], F_SETFL, O_NONBLOCK), "fcntl");
	crew_ready();
	while (read(actor.tell[0], &byte, 1) != 1)
		continue;
	actor.act(&actor);
	must((int)write(actor.told[1], "", 1), "write");
	while (actor.spins)
		continue;
}

static void
tell(const struct actor *actor)
{
	char byte;

	must((int)write(actor->tell[1], "", 1), "write");
	must((int)read(actor->told[0], &byte, 1) - 1, "read");
}

static void
take(struct actor *actor)
{
	actor->fd = must(open(path, O_RDONLY), path);
}

static void
leave(struct actor *actor)
{
	close(actor->fd);
}

static void
send_and_leave(struct actor *actor)
{
	send_descriptor(actor->socket, actor->fd);
	close(actor->fd);
	close(actor->socket);
}

static struct actor early, late;

/* A look in which that happens. */
static struct look
look_with(void (*then)(void))
{
	struct look look = { .count = 0 };

	moment = then;
	for (int i = 0; i < 1000 && moment != NULL; i++)
		look = look_for(&file, before, IPC_SCAN_QUERY);
	ok(moment == NULL, "something happens between two looks");
	return look;
}

static void
take_early_and_leave_late(void)
{
	tell(&early);
	tell(&late);
}

static void
test_hand(bool spins, const char *claim)
{
	struct look look;

	early = actor(NULL, take);
	early.spins = spins;
	late = actor(take, leave);
	before = crew_join(play, &early);
	behind = crew_join(play, &late);
	look = look_with(take_early_and_leave_late);
	ok(look.count == 1 && look.access == READ, "%s", claim);
	crew_leave(before);
	crew_leave(behind);
	dismiss(&early);
	dismiss(&late);
}

static void
leave_late(void)
{
	tell(&late);
}

/* The one that gets it sleeps on, and has not got it either. */
static void
test_flight(void)
{
	int ends[2];
	struct look look;

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	early = actor(NULL, take);
	early.socket = ends[0];
	late = actor(take, send_and_leave);
	late.socket = ends[1];
	before = crew_join(play, &early);
	close(ends[0]);
	behind = crew_join(play, &late);
	close(ends[1]);
	look = look_with(leave_late);
	ok(look.count == 0 && look.blind & IPC_BLIND_IN_FLIGHT,
		"what is sent to a process that sleeps on is known to be on its way");
	crew_leave(before);
	crew_leave(behind);
	dismiss(&early);
	dismiss(&late);
}

/* One that shares descriptors with the early one; where the early one tells which it is. */
static struct actor partner;
static pid_t *partner_pid;

static void
take_and_end(struct actor *actor)
{
	take(actor);
	_exit(0);
}

static void
start_partner(struct actor *actor)
{
	pid_t pid;

	(void)actor;
	pid = must((int)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, 0L),
		"clone");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		crew_end = -1;
		play(&partner);
	}
	*partner_pid = pid;
}

static void
start_partner_that_vanishes(struct actor *actor)
{
	signal(SIGCHLD, SIG_IGN);
	start_partner(actor);
}

static void
take_with_partner(void)
{
	must((int)write(partner.tell[1], "", 1), "write");
	while (strchr("Z?", state_of(*partner_pid)) == NULL)
		nap();
	tell(&late);
}

static void
test_partner(void (*start)(struct actor *actor), bool is_early, const char *claim)
{
	struct look look;
	pid_t last;

	partner = actor(NULL, take_and_end);
	early = actor(start, take);
	late = actor(take, leave);
	before = crew_join(play, &early);
	last = crew_join(play, &late);
	behind = is_early ? *partner_pid : last;
	look = look_with(take_with_partner);
	ok(look.count == 1 && look.access == READ, "%s", claim);
	crew_leave(before);
	crew_leave(last);
	dismiss(&partner);
	dismiss(&early);
	dismiss(&late);
}

int
main(void)
{
	snprintf(path, sizeof(path), "/dev/shm/ipcutil-test-%d", (int)getpid());
	close(must(open(path, O_RDWR | O_CREAT | O_EXCL, 0600), path));
	file = object_at(IPC_POSIX_SHM, path);
	partner_pid = mmap(NULL, sizeof(*partner_pid), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (partner_pid == MAP_FAILED)
		must(-1, "mmap");
	test_hand(false, "what one process takes and another one leaves is found");
	test_hand(true, "and so when the one that takes it never sleeps");
	test_flight();
	test_partner(start_partner, false,
		"what a process has of one that has ended is found, too");
	test_partner(start_partner, true,
		"and so when that one had ended before it was looked at");
	test_partner(start_partner_that_vanishes, false, "or has gone");
	test_partner(start_partner_that_vanishes, true, "before it was looked at");
	unlink(path);
	return tap_end();
}
