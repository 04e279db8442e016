/* message.h - one message, whatever it is on its way to or from */
#ifndef IPCUTIL_MESSAGE_H
#define IPCUTIL_MESSAGE_H

#include <stddef.h>

/* The caller owns data; a message may be empty. */
struct ipc_message {
	char *data;
	size_t length;         /* bytes */
	unsigned int priority; /* POSIX queues: the larger is read first */
	long type;             /* System V queues: at least 1; 0: it has none */
};

#endif
