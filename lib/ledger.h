/* ledger.h - one file of the registry: the objects that belong to one process */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <ipcutil/object.h>

#include "owner.h"

/*
 * The file is text.  Its first line tells the process; each other line is an object,
 *
 *	+ TYPE DEVICE NUMBER UID STAMP ADDRESS
 *
 * with ADDRESS encoded by %XX, and blanks at its end.  STAMP tells it from others that had
 * its number: the time of change of an object of System V, as what that was made with looks
 * otherwise from other namespaces, and the generation of a file.  What changes is one byte:
 * a line that begins with "-" counts for nothing, and its room is used again.  So a reader
 * needs no lock, and a writer that is killed leaves nothing half done: its line has no
 * "+" yet, and one without newline is cut off by the next.
 */
struct ipc_ledger {
	int fd; /* not its own */
	struct ipc_owner_id owner;
	char *text; /* as it was read, or NULL */
	size_t length;
	char *found; /* what ipc_ledger_next() found last */
};

enum { IPC_LEDGER_NAME_MAX = 128 };

/* The name of the file of a process. */
void ipc_ledger_name(const struct ipc_owner_id *owner, char name[IPC_LEDGER_NAME_MAX]);

/*
 * Reads the file that fd is: 0, or an errno value; ENODATA when its making was not
 * ended, EBADMSG when it is no such file.  With here, a file of another boot or IPC
 * namespace is read as one without objects.  ipc_ledger_free() is due in any case.
 */
int ipc_ledger_read(struct ipc_ledger *ledger, int fd, const struct ipc_owner_id *here);
void ipc_ledger_free(struct ipc_ledger *ledger);

/* Makes the empty file fd that of a process: 0, or an errno value. */
int ipc_ledger_begin(int fd, const struct ipc_owner_id *owner);

/*
 * The object of the next line that counts, and where the line stands.  *place is 0
 * at first.  A path in it lives until the next call of any of these.  False: there is no
 * more.
 */
bool ipc_ledger_next(const struct ipc_ledger *ledger, size_t *place, size_t *line,
	struct ipc_object *object);

/* True when the object is in it, and its line. */
bool ipc_ledger_find(
	const struct ipc_ledger *ledger, const struct ipc_object *object, size_t *line);

/* Strikes those with the address of the object: they are gone when it has that. */
void ipc_ledger_strike_namesakes(
	struct ipc_ledger *ledger, const struct ipc_object *of);

/* How many lines there are, whether or not they count. */
size_t ipc_ledger_lines(const struct ipc_ledger *ledger);

/* Puts an object in: 0 and its line, or an errno value with nothing changed. */
int ipc_ledger_put(
	struct ipc_ledger *ledger, const struct ipc_object *object, size_t *line);

/* Lets a line count no more, in the file and as it was read. */
int ipc_ledger_strike(struct ipc_ledger *ledger, size_t line);

#endif
