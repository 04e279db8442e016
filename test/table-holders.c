/* table-holders.c - who holds an object: as which user, in which PID namespace, how */
#include <dirent.h>
#include <grp.h>
#include <limits.h>

#include "table.h"

/* What one of them does. */
struct job {
	const struct thing *thing;
	enum deed deed;
};

/* The first process of each place, and its PID namespace. */
static struct {
	pid_t pid;
	int space;
} places[PLACES];

static bool
is_inode(const char *path, ino_t inode)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_ino == inode;
}

bool
is_in_first_pid_namespace(void)
{
	return is_inode("/proc/self/ns/pid", 0xEFFFFFFC);
}

bool
is_in_first_user_namespace(void)
{
	return is_inode("/proc/self/ns/user", 0xEFFFFFFD);
}

uid_t
user_id(enum user user)
{
	if (getuid() != 0)
		return getuid();
	return user == ROOT ? 0 : user == OWNER ? 65533 : 65532;
}

/* One that changes its user could not be looked at by that user, nor end with us. */
void
user_become(enum user user)
{
	const uid_t uid = user_id(user);

	if (getuid() == 0) {
		must(setgroups(0, NULL), "setgroups");
		must(setresgid(uid, uid, uid), "setresgid");
		must(setresuid(uid, uid, uid), "setresuid");
	}
	must(prctl(PR_SET_DUMPABLE, 1), "prctl");
	must(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
}

/* The first process of a namespace reaps what its processes leave. */
static void
be_first(const void *arg)
{
	(void)arg;
	signal(SIGCHLD, SIG_IGN);
}

void
places_make(void)
{
	places[HERE].space = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	for (enum place place = BELOW; place < PLACES; place++) {
		if (getuid() != 0 || unshare(CLONE_NEWPID) < 0)
			continue;
		places[place].pid = crew_join(be_first, NULL);
		places[place].space =
			open("/proc/self/ns/pid_for_children", O_RDONLY | O_CLOEXEC);
		places_enter(HERE);
	}
}

void
places_leave(void)
{
	for (enum place place = BELOW; place < PLACES; place++) {
		crew_leave(places[place].pid);
		if (places[place].pid > 0)
			close(places[place].space);
	}
	close(places[HERE].space);
}

bool
places_have(enum place place)
{
	return place == HERE || places[place].pid > 0;
}

void
places_enter(enum place place)
{
	must(setns(places[place].space, CLONE_NEWPID), "setns");
}

static void
do_job(const void *arg)
{
	const struct job *job = arg;

	user_become(OWNER);
	deed_do(job->deed, job->thing);
}

static bool
is_asleep(pid_t pid)
{
	char path[64], stat[sizeof(path) + NAME_MAX + 8];
	struct dirent *entry;
	bool asleep = true;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks != NULL && (entry = readdir(tasks)) != NULL) {
		snprintf(stat, sizeof(stat), "%s/%s/stat", path, entry->d_name);
		if (*entry->d_name != '.' && strchr("SZX?", state_in(stat)) == NULL)
			asleep = false;
	}
	if (tasks != NULL)
		closedir(tasks);
	return asleep;
}

/* Twice, as it may wait for something else on its way to where it is to sleep. */
static void
wait_until_asleep(pid_t pid)
{
	for (int times = 0; times < 2; nap())
		times = is_asleep(pid) ? times + 1 : 0;
}

pid_t
holder_start(
	const struct thing *thing, enum deed deed, enum manner manner, enum place place)
{
	static const enum crew_manner manners[MANNERS] = {
		[IN_THREAD] = CREW_IN_THREAD,
		[WITHOUT_LEADER] = CREW_WITHOUT_LEADER,
	};
	const struct job job = { .thing = thing, .deed = deed };
	pid_t pid;

	if (place != HERE)
		places_enter(place);
	pid = crew_join_as(manners[manner], do_job, &job);
	if (place != HERE)
		places_enter(HERE);
	if (pid < 0)
		return pid;
	wait_until_asleep(pid);
	if (manner == STOPPED)
		crew_stop(pid);
	if (manner == ZOMBIE)
		crew_end_as_zombie(pid);
	return pid;
}
