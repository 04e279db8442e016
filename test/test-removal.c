/*
 * test-removal.c - lib/removal.c: while somebody makes an object again and again, under one
 * name or with one id, the one that was listed is removed or none
 *
 * STORM=n makes the storm of each type 200 * n rounds long, in place of a short one.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <ipcutil/removal.h>

#include "crew.h"
#include "object.h"

enum { SHORT = 1000, SHORT_LOOKS = 100, BRIEF = 16, LONG = 22, UIDS = 20000 };

/* What both sides know. */
struct field {
	atomic_bool ends;
	atomic_ulong round;   /* of who removes */
	atomic_ulong removed; /* the number of the last that was */
	atomic_ulong wrong;   /* those that were removed and should not have been */
};

static struct field *field;
static char name[64], path[96], draft[100], address[128];
static int id;

/* A type whose objects are made and removed again and again. */
struct kind {
	const char *text;
	unsigned long (*make)(void); /* returns its number, which no other has */
	bool (*unmake)(unsigned long number); /* false when it was not there */
	unsigned long (*number)(const struct ipc_item *item);
	bool looks; /* for a proof, at all processes: not all of them may be looked at */
};

/*
 * Some time, short or long, so that each may be in the middle of what the other does; but
 * none when that object was removed.
 */
static void
spin(size_t bits, unsigned long number)
{
	for (size_t left = below((size_t)1 << below(bits));
		left > 0 && atomic_load(&field->removed) != number;)
		left--;
}

static unsigned long
number_of_file(const struct ipc_item *item)
{
	return item->evidence.object.generation;
}

static bool
unmake_file(unsigned long number)
{
	(void)number;
	return unlink(path) == 0;
}

static unsigned long
number_of(const char *file)
{
	int fd = must(open(file, O_PATH | O_CLOEXEC), file);
	unsigned long number;
	struct statx st;

	must(statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &st), file);
	number = ipc_object_generation(fd, "", &st);
	close(fd);
	return number;
}

/* Each gets its name when its number is known. */
static unsigned long
make_shm(void)
{
	unsigned long number;

	close(must(open(draft, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600), draft));
	number = number_of(draft);
	must(rename(draft, path), path);
	return number;
}

static unsigned long
make_socket(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = must(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
	unsigned long number;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", draft);
	must(bind(fd, (const void *)&to, sizeof(to)), draft);
	close(fd);
	number = number_of(draft);
	must(rename(draft, path), path);
	return number;
}

static unsigned long
make_fifo(void)
{
	unsigned long number;

	must(mkfifo(draft, 0600), draft);
	number = number_of(draft);
	must(rename(draft, path), path);
	return number;
}

static unsigned long
make_mq(void)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 1 };
	mqd_t mq =
		must(mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attr), "mq_open");
	struct stat st;

	must(fstat(mq, &st), "fstat");
	mq_close(mq);
	return st.st_ino;
}

static bool
unmake_mq(unsigned long number)
{
	(void)number;
	return mq_unlink(name) == 0;
}

static unsigned long
number_of_mq(const struct ipc_item *item)
{
	return item->evidence.object.number;
}

static int
get_shm(void)
{
	return shmget(IPC_PRIVATE, 1, 0600);
}

/* By another process. */
static int
get_other_shm(void)
{
	int ends[2], made;
	pid_t pid;

	must(pipe(ends), "pipe");
	fflush(stdout);
	pid = must(fork(), "fork");
	if (pid == 0) {
		made = get_shm();
		must((int)write(ends[1], &made, sizeof(made)), "write");
		_exit(0);
	}
	must((int)read(ends[0], &made, sizeof(made)) - (int)sizeof(made), "read");
	waitpid(pid, NULL, 0);
	close(ends[0]);
	close(ends[1]);
	return made;
}

static int
stat_shm(uid_t *uid)
{
	struct shmid_ds ds;
	const int result = shmctl(id, IPC_STAT, &ds);

	*uid = ds.shm_perm.uid;
	return result;
}

static int
remove_shm(int which)
{
	return shmctl(which, IPC_RMID, NULL);
}

static int
get_sem(void)
{
	return semget(IPC_PRIVATE, 1, 0600);
}

static int
get_other_sem(void)
{
	return semget(IPC_PRIVATE, 2, 0600);
}

static int
stat_sem(uid_t *uid)
{
	struct semid_ds ds;
	const int result = semctl(id, 0, IPC_STAT, &ds);

	*uid = ds.sem_perm.uid;
	return result;
}

static int
remove_sem(int which)
{
	return semctl(which, 0, IPC_RMID);
}

static int
get_queue(void)
{
	return msgget(IPC_PRIVATE, 0600);
}

static int
get_other_queue(void)
{
	return msgget(0x1bc0de, IPC_CREAT | IPC_EXCL | 0600);
}

static int
stat_queue(uid_t *uid)
{
	struct msqid_ds ds;
	const int result = msgctl(id, IPC_STAT, &ds);

	*uid = ds.msg_perm.uid;
	return result;
}

static int
remove_queue(int which)
{
	return msgctl(which, IPC_RMID, NULL);
}

/* What is done with the id in turn. */
static const struct sysv {
	const char *family, *next; /* where the kernel is told the next id */
	int (*get)(void);
	int (*get_other)(void); /* one that is made with something else */
	int (*stat)(uid_t *uid);
	int (*remove)(int which);
} sysv[] = {
	{ "shm", "/proc/sys/kernel/shm_next_id", get_shm, get_other_shm, stat_shm,
		remove_shm },
	{ "sem", "/proc/sys/kernel/sem_next_id", get_sem, get_other_sem, stat_sem,
		remove_sem },
	{ "mq", "/proc/sys/kernel/msg_next_id", get_queue, get_other_queue, stat_queue,
		remove_queue },
};
static const struct sysv *now;

/* A user's, with the id of the one before: see proc_sys_kernel(5). */
static void
make_with_id(uid_t uid, int (*get)(void))
{
	for (;;) {
		FILE *file = fopen(now->next, "we");
		int made;

		must(file == NULL ? -1 : 0, now->next);
		fprintf(file, "%d", id);
		fclose(file);
		must(seteuid(uid), "seteuid");
		made = must(get(), "get");
		if (made != id)
			now->remove(made); /* the one before is not gone yet */
		must(seteuid(0), "seteuid");
		if (made == id)
			return;
	}
}

/* Another user's each time. */
static unsigned long
make_sysv(void)
{
	static unsigned int count;
	uid_t uid = 1000 + count++ % UIDS;

	make_with_id(uid, now->get);
	return uid;
}

static bool
unmake_sysv(unsigned long number)
{
	uid_t uid;

	return now->stat(&uid) == 0 && uid == number && now->remove(id) == 0;
}

static unsigned long
number_of_sysv(const struct ipc_item *item)
{
	return item->evidence.object.uid;
}

/* What is not there was removed by the other: that one, and no other, was listed. */
static void
make_again_and_again(const struct kind *kind)
{
	while (!atomic_load(&field->ends)) {
		const unsigned long number = kind->make();
		unsigned long round;

		spin(LONG, number);
		round = atomic_load(&field->round);
		/* It may be aside for a moment, or just now be told as removed. */
		while (!kind->unmake(number) && atomic_load(&field->removed) != number)
			if (atomic_load(&field->round) > round + 2) {
				atomic_fetch_add(&field->wrong, 1);
				break;
			}
	}
}

enum result { ABSENT, LEFT, REMOVED };

/* Lists the object, and removes it after something was done. */
static enum result
remove_listed(const struct kind *kind, unsigned long *number,
	void (*between)(const struct kind *kind, unsigned long number))
{
	struct ipc_inventory inventory = { .items = NULL };
	char identity[IPC_IDENTITY_MAX];
	struct ipc_removal removal;
	bool removed;

	if (ipc_inventory_add(&inventory, address, NULL) < 0)
		return ABSENT;
	*number = kind->number(&inventory.items[0]);
	ipc_object_identity(&inventory.items[0].evidence.object, identity);
	ipc_inventory_free(&inventory);
	between(kind, *number);
	removed = ipc_removal_begin(&removal, address, identity, NULL) == 0 &&
		ipc_removal_commit(
			&removal, kind->looks ? IPC_REMOVE_IN_USE : 0, NULL) == 0;
	ipc_removal_end(&removal);
	return removed ? REMOVED : LEFT;
}

static void
pass_time(const struct kind *kind, unsigned long number)
{
	(void)kind;
	(void)number;
	spin(BRIEF, 0);
}

static unsigned long
rounds_of(const struct kind *kind)
{
	const char *storm = getenv("STORM");

	if (storm != NULL)
		return 200 * strtoul(storm, NULL, 10);
	return kind->looks ? SHORT_LOOKS : SHORT;
}

static void
storm(const struct kind *kind)
{
	const unsigned long rounds = rounds_of(kind);
	unsigned long removed = 0, left = 0, number;
	int status;
	pid_t pid;

	atomic_store(&field->ends, false);
	atomic_store(&field->wrong, 0);
	fflush(stdout);
	pid = must(fork(), "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		srandom(1 + (unsigned int)random());
		make_again_and_again(kind);
		_exit(0);
	}
	while (left + removed < rounds && state_of(pid) != 'Z') {
		const enum result result = remove_listed(kind, &number, pass_time);

		if (result == REMOVED)
			atomic_store(&field->removed, number);
		removed += result == REMOVED;
		left += result == LEFT;
		atomic_fetch_add(&field->round, 1);
	}
	atomic_store(&field->ends, true);
	while (state_of(pid) != 'Z') /* it may wait for a round */
		atomic_fetch_add(&field->round, 1), nap();
	waitpid(pid, &status, 0);
	is(status, 0, "%s: it was made again and again", kind->text);
	is(atomic_load(&field->wrong), 0, "%s: no other is removed than was listed",
		kind->text);
	diag("%s: %lu removed, %lu not", kind->text, removed, left);
}

static void
make_another(const struct kind *kind, unsigned long number)
{
	kind->unmake(number);
	kind->make();
}

static void
make_none(const struct kind *kind, unsigned long number)
{
	(void)kind;
	(void)number;
}

/* Others on the machine may look at it just now, and so have it open for a moment. */
static bool
removes(const struct kind *kind, unsigned long *number)
{
	for (unsigned int try = 0; try < 1000; try++) {
		if (remove_listed(kind, number, make_none) == REMOVED)
			return true;
		nap();
	}
	return false;
}

/*
 * Where the kernel cannot compare and remove at once, in turns: the same user may make
 * another one in the last microsecond.
 */
static void
turns(const struct kind *kind)
{
	const unsigned long rounds = rounds_of(kind);
	bool holds = true;
	unsigned long number;

	for (unsigned long round = 0; round < rounds && holds; round++) {
		const unsigned long made = kind->make();
		const bool again = below(2) == 0;

		holds = again ? remove_listed(kind, &number, make_another) == LEFT &&
				kind->unmake(number)
			      : removes(kind, &number);
		holds = holds && number == made;
	}
	ok(holds, "%s: what was listed is removed, and what was made again is not",
		kind->text);
}

static const struct kind shm = { "POSIX shared memory", make_shm, unmake_file,
	number_of_file, false };
static const struct kind sock = { "a socket file", make_socket, unmake_file,
	number_of_file, false };
static const struct kind fifo = { "a FIFO", make_fifo, unmake_file, number_of_file,
	true };
static const struct kind mapped = { "a mapped file", make_shm, unmake_file,
	number_of_file, false };
static const struct kind mq = { "a POSIX queue", make_mq, unmake_mq, number_of_mq,
	false };
static const struct kind sem = { "a POSIX semaphore", make_shm, unmake_file,
	number_of_file, false };
static const struct kind used_again[] = {
	{ "an id of shared memory used again", make_sysv, unmake_sysv, number_of_sysv,
		false },
	{ "an id of semaphores used again", make_sysv, unmake_sysv, number_of_sysv,
		false },
	{ "an id of queues used again", make_sysv, unmake_sysv, number_of_sysv, true },
};

static void
open_it(const void *arg)
{
	crew_ready();
	must(open(arg, O_RDWR | O_CLOEXEC),
		arg); /* it waits for the end of our lease */
}

/* Who opens it between the proof and the removal is a user of it. */
static void
test_opener(void)
{
	struct ipc_removal removal;
	struct ipc_error err;
	struct stat st;
	pid_t pid;

	make_shm();
	is(ipc_removal_begin(&removal, address, NULL, &err), 0, "it is looked at");
	is(removal.verdict.state, IPC_IDLE, "nobody has it");
	is(ipc_removal_check(&removal, 0, &err), 0, "so it may be removed");
	pid = crew_join(open_it, path);
	while (fcntl(removal.fd, F_GETLEASE) == F_WRLCK)
		nap();
	is(ipc_removal_commit(&removal, 0, &err), -1,
		"when a process opens it, it is not");
	is(err.fault, IPC_REFUSED, "but refused");
	is(stat(path, &st), 0, "and has its name");
	ipc_removal_end(&removal);
	is(ipc_removal_begin(&removal, address, NULL, &err), 0,
		"it is looked at again");
	is(removal.verdict.state, IPC_IN_USE, "now it is in use");
	is(ipc_removal_commit(&removal, IPC_REMOVE_IN_USE, &err), 0,
		"and can be removed all the same");
	ipc_removal_end(&removal);
	is(ipc_removal_begin(&removal, address, NULL, &err), -1, "once");
	is(err.fault, IPC_NO_OBJECT, "then it is not there");
	ipc_removal_end(&removal);
	crew_leave(pid);
}

/* A file of a family: where they are, and whether its address is that name alone. */
static void
prepare_file(const char *family, const char *where, bool is_name)
{
	snprintf(path, sizeof(path), "%s%s", where, name + 1);
	snprintf(draft, sizeof(draft), "%s.new", path);
	snprintf(address, sizeof(address), "%s:%s", family, is_name ? name : path);
	unlink(path); /* of one that was killed */
	unlink(draft);
}

static void
prepare_sysv(const struct sysv *which)
{
	now = which;
	id = must(now->get(), now->family);
	must(now->remove(id), now->family);
	snprintf(address, sizeof(address), "%s:id:%d", now->family, id);
}

/* Of the same user and second: what it was made with tells it. */
static void
test_made_otherwise(void)
{
	struct ipc_removal begun, removal;
	char identity[IPC_IDENTITY_MAX];
	struct ipc_error err, late;
	int64_t changed;
	uid_t uid;

	do {
		make_with_id(0, now->get);
		must(ipc_removal_begin(&begun, address, NULL, NULL), address);
		ipc_object_identity(&begun.item->evidence.object, identity);
		changed = begun.item->evidence.object.changed;
		must(now->remove(id), now->family);
		make_with_id(0, now->get_other);
		ipc_removal_commit(&begun, IPC_REMOVE_IN_USE | IPC_REMOVE_DATA, &late);
		ipc_removal_end(&begun);
		is(ipc_removal_begin(&removal, address, identity, &err), -1,
			"%s: another one of that id is not what was listed",
			now->family);
		is(err.fault, IPC_REFUSED, "and is refused");
		is(late.fault, IPC_REFUSED, "also in the moment of the removal");
		ipc_removal_end(&removal);
		must(ipc_removal_begin(&removal, address, NULL, NULL), address);
		changed -= removal.item->evidence.object.changed;
		ipc_removal_end(&removal);
		is(now->stat(&uid), 0, "and is there");
		must(now->remove(id), now->family);
	} while (changed != 0); /* a second has ended in between */
}

int
main(void)
{
	const char *prefix = getenv("PREFIX");

	tap_seed();
	field = mmap(NULL, sizeof(*field), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(field == MAP_FAILED ? -1 : 0, "mmap");
	snprintf(name, sizeof(name), "%s-removal",
		prefix != NULL ? prefix : "/ipcutil-test");

	prepare_file("shm", "/dev/shm/", true);
	test_opener();
	storm(&shm);
	prepare_file("sem", "/dev/shm/sem.", true);
	storm(&sem);
	prepare_file("sock", "/tmp/", false);
	storm(&sock);
	prepare_file("fifo", "/tmp/", false);
	storm(&fifo);
	prepare_file("mmap", "/tmp/", false);
	storm(&mapped);
	snprintf(address, sizeof(address), "mq:%s", name);
	turns(&mq);

	/* What the next one has for an id is chosen: in a namespace where all are ours. */
	if (unshare(CLONE_NEWIPC) < 0 ||
		access("/proc/sys/kernel/shm_next_id", W_OK) < 0) {
		ok(true, "an id used again # SKIP needs root");
		return tap_end();
	}
	for (size_t i = 0; i < sizeof(sysv) / sizeof(*sysv); i++) {
		prepare_sysv(&sysv[i]);
		test_made_otherwise();
		storm(&used_again[i]);
	}
	return tap_end();
}
