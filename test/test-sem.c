/* test-sem.c - lib/sem.c: what is told of semaphores, that looking leaves no trace */
#include <semaphore.h>
#include <sys/sem.h>

#include <ipcutil/sem.h>

#include "crew.h"

enum { MEMBERS = 3 };

static char name[64]; /* of the test's own semaphore */

static void
sem(const char *text, struct ipc_sem_info *info)
{
	struct ipc_address address;
	struct ipc_error err = { .sentence = "" };

	memset(info, 0, sizeof(*info));
	if (ipc_address_sem(text, &address, &err) < 0 ||
		ipc_sem_stat(&address, info, &err) < 0)
		diag("%s", err.sentence);
}

/* With which fault a look at an address fails; -1: it does not. */
static int
fault_of(const char *text)
{
	struct ipc_address address;
	struct ipc_sem_info info;
	struct ipc_error err;

	return ipc_address_sem(text, &address, &err) == 0 &&
			ipc_sem_stat(&address, &info, &err) == 0
		? -1
		: (int)err.fault;
}

static enum ipc_state
state_of_sem(const struct ipc_sem_info *info)
{
	struct ipc_evidence evidence = ipc_sem_evidence(info);
	struct ipc_holders holders;
	enum ipc_state state;

	must(ipc_stale_find(&evidence, 1, &holders, NULL), "ipc_stale_find");
	state = ipc_stale_judge(&evidence).state;
	ipc_holders_free(&holders);
	return state;
}

static void
test_addresses(void)
{
	char long_name[NAME_MAX + 1];
	struct ipc_address address;

	ok(ipc_address_sem("gate", &address, NULL) == 0 &&
			strcmp(address.text, "/gate") == 0,
		"a name is printed with its slash");
	ok(ipc_address_sem("key:0x10", &address, NULL) == 0 &&
			address.kind == IPC_SYSV_KEY && address.number == 16,
		"a key is one of System V");
	memset(long_name, 'x', sizeof(long_name));
	long_name[NAME_MAX - 4] = '\0';
	is(ipc_address_sem(long_name, &address, NULL), 0,
		"a name has %zu bytes at most", strlen(long_name));
	long_name[NAME_MAX - 4] = 'x';
	long_name[NAME_MAX - 3] = '\0';
	is(ipc_address_sem(long_name, &address, NULL), -1, "and not one more");
	is(fault_of("/a/b"), IPC_MISUSE, "it has no slash within");
}

static void
sleep_in(const void *arg)
{
	sem_t *own = sem_open(arg, 0);

	must(own == SEM_FAILED ? -1 : 0, "sem_open");
	crew_ready();
	sem_wait(own);
}

/* Its file, whose times tell who looked. */
static struct stat
file_of(const char *sem_name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "/dev/shm/sem.%s", sem_name + 1);
	must(stat(path, &st), path);
	return st;
}

static void
test_posix(void)
{
	sem_t *own = sem_open(name, O_CREAT | O_EXCL, 0600, 7);
	struct ipc_sem_info info;
	struct stat before, after;
	pid_t pid;

	must(own == SEM_FAILED ? -1 : 0, "sem_open");
	before = file_of(name);
	nap();
	sem(name, &info);
	is(info.value, 7, "the value of a POSIX semaphore");
	is(info.waiters, 0, "for which nobody waits");
	is(info.mode, 0600, "its mode");
	is(info.uid, geteuid(), "its owner");
	is(info.size, sizeof(sem_t), "its size");
	is(info.inode, before.st_ino, "its inode");
	is(info.members, 1, "it has one member");
	is(info.temporary, 0, "it is none that is being made");
	ok(labs(info.created - time(NULL)) < 60, "it was made just now");
	after = file_of(name);
	ok(before.st_atim.tv_sec == after.st_atim.tv_sec &&
			before.st_atim.tv_nsec == after.st_atim.tv_nsec,
		"looking moves no access time");
	is(state_of_sem(&info), IPC_IN_USE, "it is in use while we have it mapped");
	is(sem_init(own, 1, 0), 0, "with no units");
	pid = crew_join(sleep_in, name);
	for (int i = 0; i < 2000 && info.waiters != 1; i++, nap())
		sem(name, &info);
	is(info.waiters, 1, "a process waits for it");
	crew_leave(pid);
	sem_close(own);
	sem(name, &info);
	is(info.waiters, 1, "who is killed is counted for ever");
	ok(state_of_sem(&info) != IPC_IN_USE, "but is no holder");
}

static int
remember(const struct ipc_sem_info *info, void *arg)
{
	struct ipc_sem_info *wanted = arg;

	if (strcmp(info->address.text, wanted->address.text) != 0)
		return 0;
	*wanted = *info;
	return 1;
}

static bool
is_listed(const char *text)
{
	struct ipc_sem_info wanted = { .members = 0 };

	snprintf(wanted.address.text, sizeof(wanted.address.text), "%s", text);
	return ipc_sem_each(remember, &wanted, NULL) == 1;
}

static void
test_names(void)
{
	char made[96], path[128], other[96];
	struct ipc_address address;
	struct ipc_object object;
	struct ipc_sem_info info;
	int fd;

	ok(is_listed(name), "it is listed");
	snprintf(other, sizeof(other), "%s\033[1m\n\377", name);
	snprintf(path, sizeof(path), "/dev/shm/sem.%s", other + 1);
	fd = must(open(path, O_CREAT | O_EXCL | O_RDWR, 0600), path);
	ok(is_listed(other), "a name of any bytes, of an empty file");
	sem(other, &info);
	is(info.value, IPC_UNKNOWN, "whose value is not known");
	close(fd);
	unlink(path);
	must(mkdir(path, 0700), path);
	ok(!is_listed(other), "a directory is none");
	is(fault_of(other), IPC_REFUSED, "and is refused");
	rmdir(path);
	must(symlink("/etc/passwd", path), path);
	ok(!is_listed(other), "a symbolic link is none");
	is(fault_of(other), IPC_REFUSED, "and is refused");
	ipc_address_sem(other, &address, NULL);
	is(ipc_sem_remove(&address, NULL), -1, "nor removed");
	unlink(path);
	snprintf(made, sizeof(made), "/dev/shm/sem.%06d", (int)(getpid() % 1000000));
	close(must(open(made, O_CREAT | O_EXCL | O_RDWR, 0600), made));
	sem(made + strlen("/dev/shm/sem."), &info);
	is(info.temporary, 1, "one that sem_open(3) was making is known by its name");
	unlink(made);
	sem(name, &info);
	object = ipc_sem_object(&info);
	is(ipc_sem_remove(&object.address, NULL), 0, "it is removed");
	is(fault_of(name), IPC_NO_OBJECT, "and is gone");
}

/* A set that test/run looks for when it is left behind. */
static int
make_set(int mode)
{
	int id = must(semget(IPC_PRIVATE, MEMBERS, mode), "semget");
	const char *made = getenv("MADE");
	FILE *list = made != NULL ? fopen(made, "ae") : NULL;

	if (list != NULL) {
		fprintf(list, "sem:id:%d\n", id);
		fclose(list);
	}
	return id;
}

struct operation {
	int id;
	struct sembuf buf;
};

static void
operate(const void *arg)
{
	struct operation operation = *(const struct operation *)arg;

	if (operation.buf.sem_op <= 0)
		crew_ready();
	semop(operation.id, &operation.buf, 1);
}

static void
test_users(int id, const char *text)
{
	struct operation post = { id, { .sem_num = 1, .sem_op = 3 } };
	struct ipc_sem_info info;
	pid_t pid;

	sem(text, &info);
	is(info.last, 0, "nobody has operated on a set yet");
	is(state_of_sem(&info), IPC_IDLE, "it is idle");
	pid = crew_join(operate, &post);
	sem(text, &info);
	is(info.last, pid, "the last who did");
	is(state_of_sem(&info), IPC_IN_USE, "lives: it may be in use");
	ok(labs(info.operated - time(NULL)) < 60, "it did just now");
	crew_end_as_zombie(pid);
	sem(text, &info);
	is(state_of_sem(&info), IPC_IDLE, "and then no more, as a zombie");
	crew_leave(pid);
	sem(text, &info);
	is(info.last, pid, "it is still told");
	is(info.user.state, IPC_USER_ENDED, "and has ended");
}

static void
test_waiters(int id, const char *text)
{
	struct operation wait = { id, { .sem_num = 0, .sem_op = -1 } };
	struct operation zero = { id, { .sem_num = 1, .sem_op = 0 } };
	pid_t one = crew_join(operate, &wait), other = crew_join(operate, &zero);
	struct ipc_sem_info info;

	do
		sem(text, &info);
	while (info.waiters + info.zero_waiters < 2);
	is(info.waiters, 1, "a process waits for a unit");
	is(info.zero_waiters, 1, "and one for zero");
	is(state_of_sem(&info), IPC_IN_USE, "so it is in use");
	crew_leave(one);
	crew_leave(other);
	sem(text, &info);
	is(info.waiters + info.zero_waiters, 0, "who is killed waits no more");
}

/* One line of a program's output that has those words; false without the program. */
static bool
told_by(const char *command, const char *words)
{
	char line[512];
	bool told = false;
	FILE *out = popen(command, "re");

	while (out != NULL && fgets(line, sizeof(line), out) != NULL)
		told = told || strstr(line, words) != NULL;
	if (out != NULL)
		pclose(out);
	return told;
}

static void
test_sysv(void)
{
	const int id = make_set(0640);
	struct ipc_address address = ipc_address_id(id);
	char row[64], command[64];
	struct ipc_sem_info info;

	sem(address.text, &info);
	is(info.members, MEMBERS, "the members of a set");
	is(info.value, IPC_UNKNOWN, "of which none is the only one");
	is(info.key, 0, "it is private");
	is(info.creator_uid, geteuid(), "its creator");
	is(info.mode, 0640, "its mode");
	ok(is_listed(address.text), "it is listed");
	snprintf(row, sizeof(row), "640        %d", MEMBERS);
	snprintf(command, sizeof(command), "ipcs -s | grep -w %d", id);
	ok(told_by(command, row), "ipcs tells the same");
	test_users(id, address.text);
	test_waiters(id, address.text);
	must(semctl(id, 0, IPC_SET, &(struct semid_ds){ .sem_perm.uid = geteuid() }),
		"semctl");
	if (geteuid() != 0) {
		sem(address.text, &info);
		is(info.waiters, IPC_UNKNOWN, "what may not be read is not known");
		is(info.last, IPC_UNKNOWN, "neither is who used it");
		is(state_of_sem(&info), IPC_STATE_UNKNOWN, "nor its state");
	}
	is(ipc_sem_remove(&address, NULL), 0, "a set is removed");
	is(fault_of(address.text), IPC_NO_OBJECT, "and is gone");
	is(ipc_sem_remove(&address, NULL), -1, "once");
}

int
main(void)
{
	snprintf(name, sizeof(name), "%s-sem",
		getenv("PREFIX") != NULL ? getenv("PREFIX") : "/ipcutil-test-sem");
	test_addresses();
	test_posix();
	test_names();
	test_sysv();
	return tap_end();
}
