/* address.h - what a person types to name an object */
#ifndef IPCUTIL_ADDRESS_H
#define IPCUTIL_ADDRESS_H

#include <limits.h>
#include <stdint.h>
#include <sys/cdefs.h>

#include <ipcutil/error.h>

__BEGIN_DECLS

enum ipc_address_kind {
	IPC_POSIX_NAME,   /* "/name": mq_overview(7) */
	IPC_SYSV_ID,      /* "id:42": sysvipc(7) */
	IPC_SYSV_KEY,     /* "key:0x1234" */
	IPC_SYSV_PRIVATE, /* "private": a new one that no key finds */
};

/*
 * An address, and its text as it is printed.  The name of a POSIX object is 1 to
 * NAME_MAX bytes of any value but '/' and NUL, and neither "." nor "..".
 */
struct ipc_address {
	enum ipc_address_kind kind;
	uint32_t number; /* the id or the key */
	char text[NAME_MAX + 2];
};

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

__END_DECLS

#endif
