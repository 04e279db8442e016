/* table.h - the objects, holders and viewers of the truth table */
#ifndef TABLE_H
#define TABLE_H

#include <ipcutil/stale.h>

#include "crew.h"

/* What somebody does with an object. */
enum deed {
	NOTHING,
	OPEN,      /* has a descriptor */
	MAP,       /* has a mapping and no descriptor */
	ATTACH,    /* shmat(2) */
	RECEIVE,   /* sleeps: the queue is empty */
	SEND,      /* sleeps: the queue is full */
	WAIT,      /* sleeps: the semaphore is 0 */
	WAIT_ZERO, /* sleeps: it is not */
	FLIGHT,    /* has put a descriptor into a socket, and has the socket */
	OPENING,   /* sleeps in open(2) of a FIFO */
	BIND,      /* has a bound socket that does not listen */
	LISTEN,
	DATAGRAM, /* has a bound socket for datagrams */
};

/* How he is while he does it. */
enum manner {
	IN_PROCESS,
	IN_THREAD,      /* with descriptors of its own */
	WITHOUT_LEADER, /* the thread that lives on: the first has ended */
	STOPPED,
	ZOMBIE,
	MANNERS,
};

/* Where he is, and a viewer: a PID namespace. */
enum place { HERE, BELOW, APART, PLACES };

/* Users, as bits; the objects and the holders are the owner's. */
enum user { ROOT = 1, OWNER = 2, OTHER = 4 };

/* An object of the tests. */
struct thing {
	struct ipc_object object;
	char name[80]; /* to open it by; System V and pipes: "" */
	int ends[2];   /* of a pipe; others: -1 */
};

/* Makes the owner's object, open to all users, and removes it. */
struct thing thing_make(enum ipc_type type);
void thing_remove(const struct thing *thing);

/* Leaves a pipe to those who have it. */
void thing_leave(const struct thing *thing);

/* Does that with *thing, in the process of a holder. */
void deed_do(enum deed deed, const struct thing *thing);

/* Who holds the things: in that place, -1 when there is none; he is there and asleep. */
pid_t holder_start(const struct thing *thing, enum deed deed, enum manner manner,
	enum place place);

/* Namespaces for places other than HERE, as far as they can be had. */
void places_make(void);
void places_leave(void);
bool places_have(enum place place);
/* New children are of that place from now on. */
void places_enter(enum place place);

/* Whether our namespaces are the first ones, in which all others are. */
bool is_in_first_pid_namespace(void);
bool is_in_first_user_namespace(void);

/* The number of that user, who the caller becomes. */
uid_t user_id(enum user user);
void user_become(enum user user);

/* A process that looks at things as it is asked to. */
struct viewer {
	enum user user;
	enum place place;
	bool hidden; /* its /proc hides processes that may not be looked at */
	pid_t pid;
	int questions, answers;
};

/* What one says. */
struct answer {
	struct ipc_verdict verdict;
	size_t holders;
	unsigned int blind;
};

enum { VIEWERS_MAX = 12 };

/* All that can be had, *count of them. */
void viewers_start(struct viewer viewers[VIEWERS_MAX], size_t *count);
void viewers_end(struct viewer *viewers, size_t count);

/* A viewer in a few words: "root, /proc hides". */
const char *viewer_text(const struct viewer *viewer);

/* Asks one, and takes the answer: others can look meanwhile. */
void viewer_ask(const struct viewer *viewer, const struct thing *thing);
struct answer viewer_answer(const struct viewer *viewer);

#endif
