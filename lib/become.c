/* become.c - root as another user, for a moment */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "become.h"

/* The function of the C library would change all threads. */
static int
set_effective(uid_t uid)
{
#ifdef SYS_setresuid32
	return (int)syscall(SYS_setresuid32, -1, uid, -1);
#else
	return (int)syscall(SYS_setresuid, -1, uid, -1);
#endif
}

int
ipc_become(uid_t uid, bool *changed)
{
	*changed = geteuid() == 0 && uid != 0;
	if (!*changed || set_effective(uid) == 0)
		return 0;
	*changed = false;
	return errno;
}

void
ipc_become_root(bool changed)
{
	const int code = errno;

	if (changed)
		set_effective(0);
	errno = code;
}
