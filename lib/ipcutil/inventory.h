/*
 * inventory.h - the objects of every type, in one list
 *
 * Each type has one row in lib/inventory-rows.c, so that whoever goes through the list knows
 * of no type.  Looking changes nothing and disturbs nobody: nothing is opened that a
 * process could notice, no message is read and, unless that is asked for, no access time
 * moves.
 */
#ifndef IPCUTIL_INVENTORY_H
#define IPCUTIL_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/cdefs.h>
#include <sys/types.h>

#include <ipcutil/error.h>
#include <ipcutil/fifo.h>
#include <ipcutil/holders.h>
#include <ipcutil/memory.h>
#include <ipcutil/mq.h>
#include <ipcutil/pipe.h>
#include <ipcutil/sem.h>
#include <ipcutil/sock.h>
#include <ipcutil/stale.h>

__BEGIN_DECLS

/* The types, as people know them: of whichever kind of kernel object. */
enum ipc_family {
	IPC_FAMILY_MQ,
	IPC_FAMILY_SHM,
	IPC_FAMILY_SEM,
	IPC_FAMILY_FIFO,
	IPC_FAMILY_MMAP,
	IPC_FAMILY_PIPE,
	IPC_FAMILY_SOCK,
	IPC_FAMILIES, /* their number */
};

/* Bits of all, each 1 << family. */
enum { IPC_FAMILIES_ALL = (1 << IPC_FAMILIES) - 1 };

/* Those of which there is only what processes have. */
enum { IPC_FAMILIES_PASSING = 1 << IPC_FAMILY_MMAP | 1 << IPC_FAMILY_PIPE };

/* The word before its addresses: "mq". */
const char *ipc_family_name(enum ipc_family family);

/* One object.  What every type has stands first; times are in seconds since 1970. */
struct ipc_item {
	enum ipc_family family;
	char *address;                /* "shm:id:42" */
	struct ipc_evidence evidence; /* its object, whose address is the same without
					   type; the rest once it was looked for */
	uint64_t size;                /* bytes; IPC_UNKNOWN */
	uint64_t
		messages; /* in it, that would be lost with it; 0 where there are none; or
			      IPC_UNKNOWN */
	mode_t mode;      /* (mode_t)-1: it has none, or it is not known */
	gid_t gid;        /* (gid_t)-1: the same */
	int64_t used;     /* when it was last used or set; IPC_UNKNOWN_TIME */
	bool is_passing; /* it goes with the last process that has it, or is a file that
			    is only mapped: nobody can leave it behind */
	union {          /* by family: all that is known */
		struct ipc_mq_info mq;
		struct ipc_memory_info memory; /* IPC_FAMILY_SHM, IPC_FAMILY_MMAP */
		struct ipc_sem_info sem;
		struct ipc_fifo_info fifo;
		struct ipc_sock_info sock;
	};
};

/* A list of objects.  It begins as { 0 }, and ipc_inventory_free() frees all of it. */
struct ipc_inventory {
	struct ipc_item *items; /* by family; in it by name or number */
	size_t count, room;
	struct ipc_holders holders; /* to which the evidence points */
	unsigned int incomplete; /* bits of the families of which some may be missing */
	struct ipc_error missed; /* the first below the plan's directories that could
				    not be looked at; code 0: none */
};

/* What to list. */
struct ipc_inventory_plan {
	unsigned int families;   /* bits */
	const char *const *dirs; /* directories, up to NULL, in which FIFOs and socket
				    files are looked for, too; or NULL */
	bool uses;   /* also the bytes of System V segments that are in use */
	bool counts; /* and what takes time or moves an access time: the bytes in POSIX
			   queues, the bytes of files that are in memory */
};

/* Adds all objects that can be seen, without evidence of holders. */
int ipc_inventory_list(struct ipc_inventory *inventory,
	const struct ipc_inventory_plan *plan, struct ipc_error *err);

/* IPC_MISUSE when no address with its type before it is written so. */
int ipc_inventory_check(const char *address, struct ipc_error *err);

/*
 * Adds the one object of an address with its type before it, "shm:id:42".
 *
 * IPC_MISUSE	no address is written so
 * IPC_NO_OBJECT	there is none
 */
int ipc_inventory_add(
	struct ipc_inventory *inventory, const char *address, struct ipc_error *err);

/*
 * Looks for the holders and owners of all its objects, in one look at all processes: see
 * ipc_stale_find().  What an earlier look found is forgotten.
 */
int ipc_inventory_look(struct ipc_inventory *inventory, struct ipc_error *err);

/*
 * The same, and adds what there is of the plan's families that only a look at processes
 * finds: pipes, and FIFOs wherever they are.
 */
int ipc_inventory_discover(struct ipc_inventory *inventory,
	const struct ipc_inventory_plan *plan, struct ipc_error *err);

/* Takes out what passes() says false of. */
void ipc_inventory_keep(struct ipc_inventory *inventory,
	bool (*passes)(const struct ipc_item *item, const void *arg), const void *arg);

void ipc_inventory_free(struct ipc_inventory *inventory);

__END_DECLS

#endif
