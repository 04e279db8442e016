/* lock.h - locks of files, waited for with a limit */
#ifndef LOCK_H
#define LOCK_H

#include <fcntl.h> /* struct flock */

#include <ipcutil/wait.h>

/*
 * Takes an open file description lock, fcntl(2), or where lock is NULL that of flock(2),
 * alone, which needs no permission to write.  It ends with the description, however its
 * last holder ends.  0, or an errno value as of ipc_wait_for(); wait->watched and
 * wait->interrupt are not looked at.
 */
int ipc_lock_take(int fd, const struct flock *lock, const struct ipc_wait *wait);

#endif
