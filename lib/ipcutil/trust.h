/* trust.h - whether to use what another user made */
#ifndef IPCUTIL_TRUST_H
#define IPCUTIL_TRUST_H

#include <stdbool.h>
#include <sys/cdefs.h>
#include <sys/types.h>

__BEGIN_DECLS

/* No user: trust none but ourselves and root. */
#define IPC_NOBODY ((uid_t)-1)

/*
 * Whether create may take an object of owner for its own: root takes only
 * root's, others their own and root's; trusted is one more user to take from,
 * or IPC_NOBODY.
 */
bool ipc_trust_found(uid_t owner, uid_t trusted);

/*
 * Whether to write to an object of owner: root writes only to root's, so that
 * what an ordinary user planted is not fed by mistake.  Between ordinary users
 * the kernel's permissions decide.
 */
bool ipc_trust_written(uid_t owner, uid_t trusted);

__END_DECLS

#endif
