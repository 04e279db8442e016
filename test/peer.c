/*
 * peer.c - the other side: queues as mq_overview(7) has them, and shared memory, without
 * ipcutil
 *
 *	peer create NAME MESSAGES BYTES MODE
 *	peer attributes NAME		tells "MESSAGES BYTES IN_IT"
 *	peer send NAME PRIORITY		stdin is the message; waits for room
 *	peer receive NAME		the message on stdout, its priority on stderr
 *	peer hold NAME			keeps it open until killed
 *	peer notify NAME SIGNAL		asks to be told, and waits for that
 *	peer flood NAME			sends for ever
 *	peer bind PATH			binds a socket to a file and keeps it until killed
 *	peer map FILE			maps a file and keeps it so until killed
 *	peer share OBJECT BYTES		makes an object with all of stdin
 *	peer get OBJECT			all that an object has, on stdout
 *	peer count OBJECT TIMES		adds 1 to the first word, so often
 *
 * An OBJECT is the name of a POSIX one, or id:N, or for share a key of hexadecimal digits.
 *
 * What waits says "ready" on stdout when it has begun.
 */
#include <err.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static mqd_t
open_queue(const char *name, int how)
{
	mqd_t mq = mq_open(name, how);

	if (mq < 0)
		err(1, "mq_open %s", name);
	return mq;
}

static struct mq_attr
attributes_of(mqd_t mq)
{
	struct mq_attr attr;

	if (mq_getattr(mq, &attr) < 0)
		err(1, "mq_getattr");
	return attr;
}

static char *
room(size_t bytes)
{
	char *data = malloc(bytes);

	if (data == NULL)
		err(1, "malloc");
	return data;
}

static void
ready(void)
{
	puts("ready");
	fflush(stdout);
}

static void
create(char **arg)
{
	struct mq_attr attr = {
		.mq_maxmsg = atol(arg[1]),
		.mq_msgsize = atol(arg[2]),
	};

	umask(0);
	if (mq_open(arg[0], O_RDWR | O_CREAT | O_EXCL, strtoul(arg[3], NULL, 8),
		    &attr) < 0)
		err(1, "mq_open %s", arg[0]);
}

static void
attributes(char **arg)
{
	struct mq_attr attr = attributes_of(open_queue(arg[0], O_RDONLY));

	printf("%ld %ld %ld\n", attr.mq_maxmsg, attr.mq_msgsize, attr.mq_curmsgs);
}

static void
send_input(char **arg)
{
	mqd_t mq = open_queue(arg[0], O_WRONLY);
	size_t most = (size_t)attributes_of(mq).mq_msgsize;
	char *data = room(most + 1);
	size_t length = fread(data, 1, most + 1, stdin);

	if (mq_send(mq, data, length, (unsigned int)atoi(arg[1])) < 0)
		err(1, "mq_send");
	free(data);
}

static void
receive(char **arg)
{
	mqd_t mq = open_queue(arg[0], O_RDONLY);
	size_t most = (size_t)attributes_of(mq).mq_msgsize;
	char *data = room(most);
	unsigned int priority;
	ssize_t length = mq_receive(mq, data, most, &priority);

	if (length < 0)
		err(1, "mq_receive");
	fwrite(data, 1, (size_t)length, stdout);
	fprintf(stderr, "%u\n", priority);
	free(data);
}

static void
hold(char **arg)
{
	open_queue(arg[0], O_RDONLY);
	ready();
	for (;;)
		pause();
}

static void
notify(char **arg)
{
	mqd_t mq = open_queue(arg[0], O_RDONLY);
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = atoi(arg[1]),
	};
	sigset_t awaited;
	int signal;

	sigemptyset(&awaited);
	sigaddset(&awaited, event.sigev_signo);
	sigprocmask(SIG_BLOCK, &awaited, NULL);
	if (mq_notify(mq, &event) < 0)
		err(1, "mq_notify");
	ready();
	sigwait(&awaited, &signal);
}

static void
flood(char **arg)
{
	mqd_t mq = open_queue(arg[0], O_WRONLY);

	ready();
	while (mq_send(mq, "flood", 5, 0) == 0)
		;
	err(1, "mq_send");
}

static void
bind_socket(char **arg)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", arg[0]);
	if (fd < 0 || bind(fd, (const void *)&name, sizeof(name)) < 0)
		err(1, "bind %s", arg[0]);
	ready();
	for (;;)
		pause();
}

static void
map_file(char **arg)
{
	int fd = open(arg[0], O_RDWR);

	if (fd < 0 || mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		err(1, "mmap %s", arg[0]);
	close(fd);
	ready();
	for (;;)
		pause();
}

/* Memory that is attached or mapped, to the end of the process. */
static char *
attach(int id, size_t *length)
{
	struct shmid_ds ds;
	char *memory = shmat(id, NULL, 0);

	if (memory == (char *)-1 || shmctl(id, IPC_STAT, &ds) < 0)
		err(1, "shmat %d", id);
	*length = ds.shm_segsz;
	return memory;
}

static char *
map(int fd, size_t *length)
{
	struct stat st;
	char *memory = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &st) == 0) {
		*length = (size_t)st.st_size;
		memory = mmap(NULL, *length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	}
	if (memory == MAP_FAILED)
		err(1, "shm_open, mmap");
	return memory;
}

static char *
memory_of(const char *object, size_t *length)
{
	int id;

	return sscanf(object, "id:%d", &id) == 1
		? attach(id, length)
		: map(shm_open(object, O_RDWR, 0), length);
}

static void
share(char **arg)
{
	size_t length = strtoul(arg[1], NULL, 10);
	int fd;
	char *memory;

	if (arg[0][0] != '/') {
		memory = attach(shmget((key_t)strtoul(arg[0], NULL, 16), length,
					IPC_CREAT | IPC_EXCL | 0600),
			&length);
	} else {
		fd = shm_open(arg[0], O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd < 0 || ftruncate(fd, (off_t)length) < 0)
			err(1, "shm_open %s", arg[0]);
		memory = map(fd, &length);
	}
	if (fread(memory, 1, length, stdin) != length)
		err(1, "read");
}

static void
get(char **arg)
{
	size_t length;
	char *memory = memory_of(arg[0], &length);

	fwrite(memory, 1, length, stdout);
}

static void
count(char **arg)
{
	size_t length;
	_Atomic unsigned long *word = (void *)memory_of(arg[0], &length);
	unsigned long times = strtoul(arg[1], NULL, 10);

	while (times-- > 0)
		atomic_fetch_add(word, 1);
}

static const struct {
	const char *name;
	int operands;
	void (*run)(char **arg);
} verbs[] = {
	{ "create", 4, create },
	{ "attributes", 1, attributes },
	{ "send", 2, send_input },
	{ "receive", 1, receive },
	{ "hold", 1, hold },
	{ "notify", 2, notify },
	{ "flood", 1, flood },
	{ "bind", 1, bind_socket },
	{ "map", 1, map_file },
	{ "share", 2, share },
	{ "get", 1, get },
	{ "count", 2, count },
};

int
main(int argc, char **argv)
{
	if (getenv("STORM") == NULL)
		alarm(600); /* who should end it may have been killed */
	for (size_t i = 0; argc > 2 && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0 &&
			argc == 2 + verbs[i].operands) {
			verbs[i].run(argv + 2);
			return 0;
		}
	errx(2, "wrong usage");
}
