/*
 * plain.c - the simplest C programs for queues, to compare with
 *
 *	plain create posix NAME		prints NAME
 *	plain create sysv		prints "id:N"
 *	plain remove ADDRESS
 *	plain add NAME			to the first word of shared memory; prints it
 *	plain send ADDRESS MESSAGE
 *	plain send ADDRESS		each line of stdin is a message
 *	plain receive ADDRESS COUNT	each message is a line
 *	plain receive-each ADDRESS [COUNT]
 *					each at once, by a write(2) of its own; or
 *					for ever
 *
 * What the loops do, and it is all: getline(3) and mq_send(3) or msgsnd(2);
 * mq_receive(3) or msgrcv(2), and fwrite(3) of the message with a newline.  The
 * kernel does all the waiting.  stdio reads 4 KiB at a time, and writes as much but
 * for receive-each: a message may stay in its buffer for as long as no other comes,
 * and what goes wrong on the way out is lost.  ipc-mq has to do better in both.
 */
#include <err.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>

enum { BYTES_MAX = 8192, TYPE = 1 };

struct sysv_message {
	long type;
	char text[BYTES_MAX];
};

/* An open queue of one kind or the other. */
struct queue {
	mqd_t posix; /* or -1 */
	int sysv;
};

static int
id_of(const char *address)
{
	return strncmp(address, "id:", 3) == 0 ? atoi(address + 3) : -1;
}

static struct queue
open_queue(const char *address, int how)
{
	struct queue queue = { .posix = -1, .sysv = id_of(address) };

	if (queue.sysv < 0) {
		queue.posix = mq_open(address, how);
		if (queue.posix < 0)
			err(1, "mq_open %s", address);
	}
	return queue;
}

static void
send_posix(mqd_t queue, const char *data, size_t length)
{
	if (mq_send(queue, data, length, 0) < 0)
		err(1, "mq_send");
}

static void
send_sysv(int queue, const char *data, size_t length)
{
	struct sysv_message message;

	if (length > BYTES_MAX)
		errx(1, "a line is too long");
	message.type = TYPE;
	memcpy(message.text, data, length);
	if (msgsnd(queue, &message, length, 0) < 0)
		err(1, "msgsnd");
}

static void
send_data(const struct queue *queue, const char *data, size_t length)
{
	if (queue->posix < 0)
		send_sysv(queue->sysv, data, length);
	else
		send_posix(queue->posix, data, length);
}

static void
send_lines(const struct queue *queue)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;

	while ((length = getline(&line, &room, stdin)) > 0)
		send_data(queue, line, (size_t)length - (line[length - 1] == '\n'));
	free(line);
}

/* The next message, in message->text. */
static size_t
receive(const struct queue *queue, struct sysv_message *message)
{
	ssize_t length = queue->posix < 0
		? msgrcv(queue->sysv, message, BYTES_MAX, 0, 0)
		: mq_receive(queue->posix, message->text, BYTES_MAX, NULL);

	if (length < 0)
		err(1, "receive");
	return (size_t)length;
}

/* A COUNT of 0 is for ever. */
static void
receive_lines(const struct queue *queue, unsigned long count)
{
	struct sysv_message message;
	unsigned long taken = 0;

	do {
		size_t length = receive(queue, &message);

		fwrite(message.text, 1, length, stdout);
		putchar('\n');
	} while (++taken != count);
	if (fflush(stdout) != 0)
		err(1, "write");
}

static void
create_posix(const char *name)
{
	if (mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL) < 0)
		err(1, "mq_open %s", name);
	puts(name);
}

static void
create_sysv(void)
{
	int id = msgget(IPC_PRIVATE, 0600);

	if (id < 0)
		err(1, "msgget");
	printf("id:%d\n", id);
}

/* No signal may come between the queue and its record. */
static int
create(const char *kind, const char *name)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	if (strcmp(kind, "posix") == 0 && name != NULL)
		create_posix(name);
	else if (strcmp(kind, "sysv") == 0)
		create_sysv();
	else
		errx(2, "wrong usage");
	return fflush(stdout) == 0 ? 0 : 1;
}

static int
remove_queue(const char *address)
{
	int id = id_of(address);

	if ((id < 0 ? mq_unlink(address) : msgctl(id, IPC_RMID, NULL)) < 0)
		err(1, "remove %s", address);
	return 0;
}

static int
add(const char *name)
{
	int fd = shm_open(name, O_RDWR, 0);
	unsigned long *word = fd < 0
		? MAP_FAILED
		: mmap(NULL, sizeof(*word), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (word == MAP_FAILED)
		err(1, "shm_open %s", name);
	return printf("%lu\n", __atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST)) < 0;
}

int
main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";
	struct queue queue;

	if (strcmp(verb, "create") == 0)
		return create(argv[2], argv[3]);
	if (strcmp(verb, "remove") == 0)
		return remove_queue(argv[2]);
	if (strcmp(verb, "add") == 0)
		return add(argv[2]);
	if (strcmp(verb, "send") == 0) {
		queue = open_queue(argv[2], O_WRONLY);
		if (argc > 3)
			send_data(&queue, argv[3], strlen(argv[3]));
		else
			send_lines(&queue);
	} else if (strcmp(verb, "receive") == 0 || strcmp(verb, "receive-each") == 0) {
		queue = open_queue(argv[2], O_RDONLY);
		if (verb[strlen("receive")] != '\0')
			setlinebuf(stdout);
		receive_lines(&queue, argc > 3 ? strtoul(argv[3], NULL, 10) : 0);
	} else {
		errx(2, "wrong usage");
	}
	return 0;
}
