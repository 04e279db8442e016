/*
 * peer.c - the other side: queues as mq_overview(7) has them, without ipcutil
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
 *
 * What waits says "ready" on stdout when it has begun.
 */
#include <err.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
};

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc > 2 && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0 &&
			argc == 2 + verbs[i].operands) {
			verbs[i].run(argv + 2);
			return 0;
		}
	errx(2, "wrong usage");
}
