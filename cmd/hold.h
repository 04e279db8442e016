/* hold.h - signals that must not end a process with a message in its hand */
#ifndef HOLD_H
#define HOLD_H

#include <signal.h>
#include <stdbool.h>

/* Of HUP, INT, QUIT and TERM those that are neither ignored nor blocked in *before. */
void hold_set(sigset_t *signals, const sigset_t *before);

/*
 * Blocks them, and SIGTTOU, which would stop us as a background process writes to
 * its terminal.  *before is the mask that lets them act, for hold_end() and waits.
 */
void hold_begin(sigset_t *before);

/*
 * SIGTTOU stops us again: where a command of ours gets it, all of the process group do,
 * and a shell continues no group whose first process goes on.
 */
void hold_let_stop(const sigset_t *before);

/* True when one of hold_set() waits. */
bool hold_is_pending(const sigset_t *before);

/* A descriptor of signalfd(2) of hold_set(), which can be read when one waits; or -1. */
int hold_watch(const sigset_t *before);

/* Lets one that waits act, and goes on holding them if that was not the end. */
void hold_yield(const sigset_t *before);

/* Lets them act again: one that came meanwhile ends the process here. */
void hold_end(const sigset_t *before);

#endif
