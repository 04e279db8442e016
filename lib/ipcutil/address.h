/* address.h - what a person types to name an object */
#ifndef IPCUTIL_ADDRESS_H
#define IPCUTIL_ADDRESS_H

#include <limits.h>
#include <stdint.h>
#include <sys/cdefs.h>
#include <sys/types.h>

#include <ipcutil/error.h>

__BEGIN_DECLS

enum ipc_address_kind {
	IPC_POSIX_NAME,   /* "/name": mq_overview(7) */
	IPC_SYSV_ID,      /* "id:42": sysvipc(7) */
	IPC_SYSV_KEY,     /* "key:0x1234" */
	IPC_SYSV_PRIVATE, /* "private": a new one that no key finds */
	IPC_PATH,         /* "./file" */
	IPC_ABSTRACT,     /* "@name": unix(7) */
	IPC_PID_FD,       /* "4711/3": a descriptor of a process */
	IPC_INODE,        /* "inode:57": a pipe, whoever has it */
	IPC_OWN_FD,       /* "fd:3": a descriptor of our own */
};

/*
 * An address, and its text as it is printed.  The name of a POSIX object is 1 to
 * NAME_MAX bytes of any value but '/' and NUL, and neither "." nor "..".
 */
struct ipc_address {
	enum ipc_address_kind kind;
	uint32_t number;         /* the id or the key */
	pid_t pid;               /* IPC_PID_FD... */
	int fd;                  /* ...and IPC_OWN_FD */
	uint64_t inode;          /* IPC_INODE */
	const char *path;        /* IPC_PATH: whoever made the address owns it */
	char text[NAME_MAX + 2]; /* all others: see ipc_address_text() */
};

/* An address as it is printed, whatever its kind. */
const char *ipc_address_text(const struct ipc_address *address);

/* The address of the System V object with that id. */
struct ipc_address ipc_address_id(int id);

/*
 * Reads the address of a message queue: "/name"; "id:42"; "key:N", N hexadecimal,
 * octal or decimal, 1 to 32 bits; "ftok:PATH" or "ftok:PATH:PROJECT", the key that
 * ftok(3) makes of a file and a number from 1 to 255, by default 1; "private"; or
 * "name", which may not begin like one of these, nor like "nats://" and "tls://":
 * with its slash every name can be written.  Returns 0, or -1 with IPC_MISUSE in
 * *err, or what stat(2) says of PATH.
 */
int ipc_address_mq(
	const char *text, struct ipc_address *address, struct ipc_error *err);

/*
 * Reads the address of shared memory: as that of a message queue, but for servers, and
 * for names that begin with "sem.", which are those of semaphores: sem_overview(7).
 */
int ipc_address_shm(
	const char *text, struct ipc_address *address, struct ipc_error *err);

/*
 * Reads the address of a semaphore, or of a set of System V: as that of shared memory,
 * but a name has at most NAME_MAX - 4 bytes.
 */
int ipc_address_sem(
	const char *text, struct ipc_address *address, struct ipc_error *err);

/*
 * Reads the address of a pipe: "PID/FD", a descriptor of a process; "inode:N", as
 * /proc/PID/fd shows it; or "fd:N", a descriptor of the caller.
 */
int ipc_address_pipe(
	const char *text, struct ipc_address *address, struct ipc_error *err);

/* The address of a process's descriptor, and that of a pipe by its inode. */
struct ipc_address ipc_address_pid_fd(pid_t pid, int fd);
struct ipc_address ipc_address_inode(uint64_t inode);

/*
 * Reads the path of a file.  *address keeps the pointer text, which must live as long.
 * What names a directory by its form cannot be one: "", "a/", ".", "..".
 */
int ipc_address_path(
	const char *text, struct ipc_address *address, struct ipc_error *err);

/*
 * Reads the address of a socket: "@" and up to 107 bytes of any value but NUL, or a path as
 * above.  A NUL in an abstract name is shown as '@', so that one with it cannot be typed.
 */
int ipc_address_sock(
	const char *text, struct ipc_address *address, struct ipc_error *err);

/*
 * Makes a path one from the root, put in text; addresses of other kinds stay as they are.
 * The last part of the path may be a link, and stays one.
 */
int ipc_address_absolute(
	struct ipc_address *address, char text[PATH_MAX], struct ipc_error *err);

__END_DECLS

#endif
