/* error.h - what went wrong: in kind, in errno, and in words */
#ifndef IPCUTIL_ERROR_H
#define IPCUTIL_ERROR_H

#include <sys/cdefs.h>

__BEGIN_DECLS

/* The kinds of failure that a caller may want to tell apart. */
enum ipc_fault {
	IPC_FAILED,      /* none of those below */
	IPC_MISUSE,      /* an address or a value that can never be one */
	IPC_NO_OBJECT,   /* there is no such object */
	IPC_EXISTS,      /* it exists, or exists with another geometry */
	IPC_DENIED,      /* the kernel's permissions forbid it */
	IPC_LIMIT,       /* a limit is reached; the words name it */
	IPC_REFUSED,     /* the library will not do it; the words say why */
	IPC_WOULD_BLOCK, /* empty, full or no peer, and asked not to wait */
	IPC_TIMED_OUT,   /* the same, after waiting */
};

/*
 * One failure.  "cannot SENTENCE" is what to tell a person:
 *
 *	cannot read '/jobs': No such file or directory
 *
 * but for IPC_MISUSE, where the sentence stands alone.  Names in it are the
 * bytes the caller gave: encode them before a terminal sees them.  It holds no
 * pointers: copy it, keep it, forget it; nothing to free.
 */
struct ipc_error {
	enum ipc_fault fault;
	int code;            /* an errno value */
	char sentence[1024]; /* what is longer loses its middle */
};

/*
 * Records a failure of the system, "ACTION: strerror(CODE)", and returns -1,
 * so that every failing path is one line:
 *
 *	return ipc_fail(err, errno, "read '%s'", name);
 *
 * The fault follows from code: ENOENT and ENOTDIR, EEXIST, EACCES and EPERM, EAGAIN
 * and ETIMEDOUT have their own, EMFILE and ENFILE are IPC_LIMIT, and the limit is
 * named then; all others are IPC_FAILED.  Sets errno to code.  err may be NULL.
 */
int ipc_fail(struct ipc_error *err, int code, const char *action, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The same of a process that could not be started: EAGAIN is IPC_LIMIT then, and the
 * limit is named.
 */
int ipc_fail_process(struct ipc_error *err, int code, const char *action, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Records a failure whose reason errno alone would not tell, or tell wrongly:
 * the sentence is whole.  Returns -1 and sets errno to code.
 */
int ipc_refuse(struct ipc_error *err, enum ipc_fault fault, int code,
	const char *sentence, ...) __attribute__((format(printf, 4, 5)));

__END_DECLS

#endif
