/* address.h - what a person types to name an object */
#ifndef IPCUTIL_ADDRESS_H
#define IPCUTIL_ADDRESS_H

#include <limits.h>
#include <sys/cdefs.h>

#include <ipcutil/error.h>

__BEGIN_DECLS

/*
 * An address as it is printed: for POSIX objects "/name", whose name is 1 to
 * NAME_MAX bytes of any value but '/' and NUL, and neither "." nor "..".
 * mq_overview(7).
 */
struct ipc_address {
	char text[NAME_MAX + 2];
};

/*
 * Reads the address of a message queue: "/name", or "name", which may not begin
 * like the other kinds of address the family knows ("id:", "key:", "ftok:",
 * "nats://", "tls://", or be "private"): with its slash every name can be
 * written.  Returns 0, or -1 with IPC_MISUSE in *err.
 */
int ipc_address_mq(
	const char *text, struct ipc_address *address, struct ipc_error *err);

__END_DECLS

#endif
