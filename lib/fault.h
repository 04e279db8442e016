/* fault.h - touching memory that may vanish; private */
#ifndef FAULT_H
#define FAULT_H

#include <stddef.h>

/*
 * Calls touch(arg), which uses the memory [at, at + length) and nothing else that may
 * fail: 0, or EFAULT when there was no such memory, or the errno value that kept it from
 * being called.  For that time SIGBUS is caught and all other signals wait; then its
 * disposition, the alternate signal stack and the mask are put back.  A SIGBUS of other
 * memory does what it did.  Not for two threads at once.
 */
int ipc_fault_guard(void (*touch)(void *arg), void *arg, const void *at, size_t length);

#endif
