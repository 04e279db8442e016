/* become.h - root as another user, for a moment */
#ifndef BECOME_H
#define BECOME_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Makes uid the effective user of this thread alone, without root's capabilities, when it
 * is root's and uid is another's; *changed tells whether it was, for ipc_become_root().
 * 0, or an errno value.
 */
int ipc_become(uid_t uid, bool *changed);

/* Puts back what ipc_become() changed; errno stays as it is. */
void ipc_become_root(bool changed);

#endif
