/* thread.h - a second thread, for as long as a call takes */
#ifndef THREAD_H
#define THREAD_H

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

/* One that runs until pthread_join(3) of its id; it stays where it is as long. */
struct ipc_thread {
	pthread_t id;
	void *(*run)(void *arg);
	void *arg;
	cpu_set_t cpus; /* on which it may run */
};

/*
 * Starts thread->run beside the caller's, where the two may have a processor each; false
 * when that cannot be, and the caller does all by itself.  It handles no signal.
 */
bool ipc_thread_start(struct ipc_thread *thread);

#endif
