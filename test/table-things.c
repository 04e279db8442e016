/* table-things.c - an object of every type, and what can be done with it */
#include <mqueue.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/un.h>

#include "table.h"

enum { SIZE = 4096, MODE = 0666 };

static mqd_t
make_posix_queue(struct thing *thing)
{
	const char *prefix = getenv("PREFIX");
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 16 };

	snprintf(thing->name, sizeof(thing->name), "%s-table-%d",
		prefix != NULL ? prefix : "/ipcutil", (int)getpid());
	return must(mq_open(thing->name, O_RDWR | O_CREAT | O_EXCL, MODE, &attr),
		"mq_open");
}

static void
make_file(struct thing *thing, const char *directory)
{
	snprintf(thing->name, sizeof(thing->name), "%s/ipcutil-table-%d", directory,
		(int)getpid());
}

/* Nobody is bound to it, and nobody is at the other end. */
static int
make_socket(const char *name, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = must(socket(AF_UNIX, type, 0), "socket");

	strcpy(address.sun_path, name);
	must(bind(fd, (void *)&address, sizeof(address)), name);
	return fd;
}

/* sem_open(3) wants the name of the file without what it puts before it. */
static const char *
semaphore_name(const struct thing *thing)
{
	return strchr(thing->name, '.') + 1;
}

static void
make_semaphore(struct thing *thing)
{
	sem_t *semaphore;

	snprintf(thing->name, sizeof(thing->name), "/dev/shm/sem.ipcutil-table-%d",
		(int)getpid());
	semaphore = sem_open(semaphore_name(thing), O_CREAT | O_EXCL, MODE, 0);
	must(semaphore == SEM_FAILED ? -1 : 0, "sem_open");
	sem_close(semaphore);
}

static int
make_id(enum ipc_type type)
{
	switch (type) {
	case IPC_SYSV_MQ:
		return make_queue(MODE);
	case IPC_SYSV_SHM:
		return must(shmget(IPC_PRIVATE, SIZE, MODE), "shmget");
	default:
		return must(semget(IPC_PRIVATE, 1, MODE), "semget");
	}
}

/* -1, or a descriptor of the new file. */
static int
make_named(struct thing *thing)
{
	const enum ipc_type type = thing->object.type;

	if (type == IPC_POSIX_MQ)
		return make_posix_queue(thing);
	if (type == IPC_POSIX_SEM) {
		make_semaphore(thing);
		return -1;
	}
	make_file(thing, type == IPC_MAPPED_FILE ? "/tmp" : "/dev/shm");
	if (type == IPC_SOCKET_FILE)
		return make_socket(thing->name, SOCK_STREAM);
	if (type == IPC_FIFO) {
		must(mkfifo(thing->name, MODE), thing->name);
		return -1;
	}
	return must(open(thing->name, O_RDWR | O_CREAT | O_EXCL, MODE), thing->name);
}

static void
identify(struct thing *thing, int fd)
{
	struct stat st;

	if (thing->object.type == IPC_POSIX_MQ)
		must(fstat(fd, &st), "fstat");
	else
		must(stat(thing->name, &st), thing->name);
	thing->object.device = st.st_dev;
	thing->object.number = st.st_ino;
	if (fd < 0)
		return;
	if (S_ISREG(st.st_mode) && thing->object.type != IPC_POSIX_MQ)
		must(ftruncate(fd, SIZE), "ftruncate");
	close(fd);
}

static void
make_pipe(struct thing *thing)
{
	struct stat st;

	must(pipe(thing->ends), "pipe");
	must(fstat(thing->ends[0], &st), "fstat");
	thing->object.device = st.st_dev;
	thing->object.number = st.st_ino;
}

void
thing_leave(const struct thing *thing)
{
	for (int i = 0; i < 2 && thing->ends[i] >= 0; i++)
		close(thing->ends[i]);
}

struct thing
thing_make(enum ipc_type type)
{
	struct thing thing = {
		.object = { .type = type, .uid = user_id(OWNER) },
		.ends = { -1, -1 },
	};
	const uid_t before = geteuid();
	int fd, id;

	must(seteuid(thing.object.uid), "seteuid");
	if (ipc_object_is_sysv(&thing.object)) {
		id = make_id(type);
		thing.object.number = (uint64_t)id;
		thing.object.address = ipc_address_id(id);
	} else if (type == IPC_PIPE) {
		make_pipe(&thing);
	} else {
		fd = make_named(&thing);
		identify(&thing, fd);
	}
	must(seteuid(before), "seteuid");
	return thing;
}

void
thing_remove(const struct thing *thing)
{
	const int id = (int)thing->object.number;

	switch (thing->object.type) {
	case IPC_POSIX_MQ:
		must(mq_unlink(thing->name), "mq_unlink");
		break;
	case IPC_SYSV_MQ:
		must(msgctl(id, IPC_RMID, NULL), "msgctl");
		break;
	case IPC_SYSV_SHM:
		must(shmctl(id, IPC_RMID, NULL), "shmctl");
		break;
	case IPC_SYSV_SEM:
		must(semctl(id, 0, IPC_RMID), "semctl");
		break;
	case IPC_PIPE:
		break;
	default:
		must(unlink(thing->name), thing->name);
	}
}

static int
open_thing(const struct thing *thing)
{
	if (thing->object.type == IPC_POSIX_MQ)
		return must(mq_open(thing->name, O_RDWR), "mq_open");
	if (thing->object.type == IPC_PIPE)
		return must(dup(thing->ends[0]), "dup");
	return must(open(thing->name, O_RDWR), thing->name);
}

static void
map(const struct thing *thing)
{
	int fd;

	if (thing->object.type == IPC_POSIX_SEM) {
		if (sem_open(semaphore_name(thing), 0) == SEM_FAILED)
			must(-1, "sem_open");
		return;
	}
	fd = open_thing(thing);
	if (mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		must(-1, "mmap");
	close(fd);
}

/* What sleeps is ready just before: holder_start() waits for the rest. */
static void
receive(const struct thing *thing)
{
	char room[32];
	int queue;

	if (thing->object.type == IPC_PIPE) {
		crew_ready();
		must((int)read(thing->ends[0], room, sizeof(room)), "read");
	}
	if (thing->object.type == IPC_POSIX_MQ) {
		queue = open_thing(thing);
		crew_ready();
		must((int)mq_receive(queue, room, sizeof(room), NULL), "mq_receive");
	}
	crew_ready();
	must((int)msgrcv((int)thing->object.number, room, 16, 0, 0), "msgrcv");
}

/* The System V queue has no room from the start: then it had no sender before. */
static void
send_more(const struct thing *thing)
{
	const int id = (int)thing->object.number;
	const long message[4] = { 1 };
	static const char page[SIZE];
	struct msqid_ds ds;
	int queue;

	if (thing->object.type == IPC_PIPE) {
		must(fcntl(thing->ends[1], F_SETPIPE_SZ, SIZE), "F_SETPIPE_SZ");
		must((int)write(thing->ends[1], page, SIZE), "write");
		crew_ready();
		must((int)write(thing->ends[1], page, SIZE), "write");
	}
	if (thing->object.type == IPC_POSIX_MQ) {
		queue = open_thing(thing);
		must(mq_send(queue, "", 1, 0), "mq_send");
		crew_ready();
		must(mq_send(queue, "", 1, 0), "mq_send");
	}
	must(msgctl(id, IPC_STAT, &ds), "msgctl");
	ds.msg_qbytes = 1;
	must(msgctl(id, IPC_SET, &ds), "msgctl");
	crew_ready();
	must(msgsnd(id, message, 16, 0), "msgsnd");
}

static void
wait_in(const struct thing *thing, int value, short change)
{
	struct sembuf operation = { .sem_op = change };
	sem_t *semaphore;

	if (thing->object.type == IPC_POSIX_SEM) {
		semaphore = sem_open(semaphore_name(thing), 0);
		must(semaphore == SEM_FAILED ? -1 : 0, "sem_open");
		crew_ready();
		must(sem_wait(semaphore), "sem_wait");
	}
	must(semctl((int)thing->object.number, 0, SETVAL, value), "semctl");
	crew_ready();
	must(semop((int)thing->object.number, &operation, 1), "semop");
}

static void
put_into_socket(const struct thing *thing)
{
	int ends[2], fd = open_thing(thing);

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	send_descriptor(ends[0], fd);
	close(fd);
	thing_leave(thing);
}

/* A socket makes its file itself. */
static void
bind_to(const struct thing *thing, int type, bool listens)
{
	int fd;

	must(unlink(thing->name), thing->name);
	fd = make_socket(thing->name, type);
	if (listens)
		must(listen(fd, 1), "listen");
}

void
deed_do(enum deed deed, const struct thing *thing)
{
	switch (deed) {
	case NOTHING:
		return;
	case OPEN:
		open_thing(thing);
		return;
	case MAP:
		map(thing);
		return;
	case ATTACH:
		if (shmat((int)thing->object.number, NULL, 0) == (void *)-1)
			must(-1, "shmat");
		return;
	case RECEIVE:
		receive(thing);
		return;
	case SEND:
		send_more(thing);
		return;
	case WAIT:
		wait_in(thing, 0, -1);
		return;
	case WAIT_ZERO:
		wait_in(thing, 1, 0);
		return;
	case FLIGHT:
		put_into_socket(thing);
		return;
	case OPENING:
		crew_ready();
		must(open(thing->name, O_RDONLY), thing->name);
		return;
	case BIND:
		bind_to(thing, SOCK_STREAM, false);
		return;
	case LISTEN:
		bind_to(thing, SOCK_STREAM, true);
		return;
	case DATAGRAM:
		bind_to(thing, SOCK_DGRAM, false);
		return;
	}
}
