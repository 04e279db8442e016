/* thread.c - a second thread, for as long as a call takes */
#include <signal.h>

#include "thread.h"

static void *
run(void *arg)
{
	struct ipc_thread *thread = arg;

	sched_setaffinity(0, sizeof(thread->cpus), &thread->cpus);
	return thread->run(thread->arg);
}

/*
 * It begins on another CPU than ours: a kernel that packs tasks begins it on the one that we
 * are busy on, and sees some milliseconds later that others are idle.
 */
static bool
create(struct ipc_thread *thread)
{
	cpu_set_t others = thread->cpus;
	const int ours = sched_getcpu();
	pthread_attr_t attr;
	bool created;

	if (ours >= 0)
		CPU_CLR((size_t)ours, &others);
	if (pthread_attr_init(&attr) != 0)
		return false;
	created = pthread_attr_setaffinity_np(&attr, sizeof(others), &others) == 0 &&
		pthread_create(&thread->id, &attr, run, thread) == 0;
	pthread_attr_destroy(&attr);
	return created;
}

/* No signal is handled in a thread of ours: the program knows nothing of it. */
bool
ipc_thread_start(struct ipc_thread *thread)
{
	sigset_t all, before;
	bool started;

	if (sched_getaffinity(0, sizeof(thread->cpus), &thread->cpus) < 0 ||
		CPU_COUNT(&thread->cpus) < 2)
		return false;
	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return false;
	started = create(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}
