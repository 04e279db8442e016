/* table-viewers.c - those who look: as which user, from where, through which /proc */
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/un.h>

#include <linux/capability.h>

#include <ipcutil/mq.h>

#include "table.h"

static struct ipc_evidence
look_at_queue(const struct ipc_object *object)
{
	struct ipc_mq_info info;

	if (ipc_mq_stat(&object->address, IPC_MQ_GLANCE, &info, NULL) < 0)
		must(-1, "ipc_mq_stat");
	return ipc_mq_evidence(&info);
}

static uint64_t
count_attached(int id)
{
	struct shmid_ds ds;

	return shmctl(id, IPC_STAT, &ds) < 0 ? IPC_UNKNOWN : ds.shm_nattch;
}

static uint64_t
count_waiters(int id)
{
	const int more = semctl(id, 0, GETNCNT), none = semctl(id, 0, GETZCNT);

	return more < 0 || none < 0 ? IPC_UNKNOWN : (uint64_t)(more + none);
}

/* A socket for datagrams is refused by one that is not for them, and disturbs none. */
static enum ipc_bound
probe(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = must(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");
	int code;

	strcpy(address.sun_path, name);
	code = connect(fd, (void *)&address, sizeof(address)) < 0 ? errno : 0;
	close(fd);
	if (code == 0 || code == EPROTOTYPE)
		return IPC_BOUND;
	return code == ECONNREFUSED ? IPC_BOUND_NOBODY : IPC_BOUND_UNKNOWN;
}

/* What those who know the type tell; a POSIX queue would be opened for it, and held. */
static struct ipc_evidence
gather(const struct thing *thing)
{
	struct ipc_evidence evidence = { .object = thing->object };

	switch (thing->object.type) {
	case IPC_SYSV_MQ:
		return look_at_queue(&thing->object);
	case IPC_SYSV_SHM:
		evidence.attached = count_attached((int)thing->object.number);
		break;
	case IPC_SYSV_SEM:
		evidence.waiters = count_waiters((int)thing->object.number);
		break;
	case IPC_SOCKET_FILE:
		evidence.bound = probe(thing->name);
		break;
	default:
		break;
	}
	return evidence;
}

static struct answer
look(const struct thing *thing)
{
	struct ipc_evidence evidence = gather(thing);
	struct ipc_holders holders;
	struct answer answer;

	if (ipc_stale_find(&evidence, 1, &holders, NULL) < 0)
		must(-1, "ipc_stale_find");
	answer.verdict = ipc_stale_judge(&evidence);
	answer.holders = evidence.holder_count;
	answer.blind = evidence.blind;
	ipc_holders_free(&holders);
	return answer;
}

/* On some machines not even root may look at process 1, which holds none of ours. */
static int
hide_first_process(void)
{
	if (access("/proc/1/cwd/.", F_OK) == 0)
		return 0;
	return mount("none", "/proc/1", "tmpfs", 0, NULL);
}

/* An ordinary user has namespaces only below one for users. */
static void
leave_as_user(void)
{
	pid_t pid;
	int status;

	if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) < 0)
		_exit(0);
	pid = must(fork(), "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		return;
	}
	waitpid(pid, &status, 0);
	_exit(0);
}

/* Ends where that place cannot be had. */
static void
go_to_place(const struct viewer *viewer)
{
	const bool mounts = viewer->hidden || viewer->place != HERE;

	/* In some containers root is no more than a user. */
	if (viewer->user == ROOT && prctl(PR_CAPBSET_READ, CAP_SYS_PTRACE) != 1)
		_exit(0);
	if (getuid() != 0 && viewer->place != HERE)
		leave_as_user();
	else if ((mounts || viewer->user == ROOT) && unshare(CLONE_NEWNS) < 0)
		_exit(0);
	if (mounts && !mounts_proc(viewer->hidden ? "hidepid=2" : NULL))
		_exit(0);
	if (viewer->user != ROOT)
		return;
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount");
	if (viewer->place == HERE && hide_first_process() < 0)
		_exit(0);
}

/* So that it ends with the test: then nobody has the other ends. */
static void
keep_only_ends(const struct viewer *viewer)
{
	for (int fd = STDERR_FILENO + 1; fd < 256; fd++)
		if (fd != viewer->questions && fd != viewer->answers && fd != crew_end)
			close(fd);
}

static void
serve(const void *arg)
{
	const struct viewer *viewer = arg;
	struct answer answer;
	struct thing thing;

	keep_only_ends(viewer);
	go_to_place(viewer);
	user_become(viewer->user);
	crew_ready();
	while (read(viewer->questions, &thing, sizeof(thing)) == sizeof(thing)) {
		answer = look(&thing);
		must((int)write(viewer->answers, &answer, sizeof(answer)), "write");
	}
	_exit(0);
}

/* Its own ends of the pipes are told to it, and then ours kept. */
static bool
viewer_start(struct viewer *viewer)
{
	int questions[2], answers[2];

	must(pipe2(questions, O_CLOEXEC), "pipe");
	must(pipe2(answers, O_CLOEXEC), "pipe");
	viewer->questions = questions[0];
	viewer->answers = answers[1];
	if (viewer->place != HERE && places_have(viewer->place))
		places_enter(viewer->place);
	viewer->pid = crew_join(serve, viewer);
	if (viewer->place != HERE && places_have(viewer->place))
		places_enter(HERE);
	close(questions[0]);
	close(answers[1]);
	viewer->questions = questions[1];
	viewer->answers = answers[0];
	if (viewer->pid > 0)
		return true;
	close(viewer->questions);
	close(viewer->answers);
	return false;
}

const char *
viewer_text(const struct viewer *viewer)
{
	static char text[64];

	snprintf(text, sizeof(text), "%s%s%s",
		viewer->user == ROOT            ? "root"
			: viewer->user == OWNER ? "owner"
						: "other user",
		viewer->place == HERE ? "" : ", in a PID namespace below",
		viewer->hidden ? ", /proc hides" : "");
	return text;
}

void
viewers_start(struct viewer viewers[VIEWERS_MAX], size_t *count)
{
	const unsigned int users = getuid() == 0 ? ROOT | OWNER | OTHER : OWNER;
	struct viewer *viewer = viewers;

	if (getuid() != 0)
		diag("left out: root and other users as viewers; this is no root");
	for (unsigned int i = 0; i < VIEWERS_MAX; i++) {
		*viewer = (struct viewer){
			.user = 1U << i / 4,
			.place = i / 2 % 2 == 0 ? HERE : BELOW,
			.hidden = i % 2 != 0,
		};
		if (!(users & viewer->user))
			continue;
		if (viewer_start(viewer))
			viewer++;
		else
			diag("left out: viewer %s", viewer_text(viewer));
	}
	*count = (size_t)(viewer - viewers);
}

void
viewers_end(struct viewer *viewers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		crew_leave(viewers[i].pid);
		close(viewers[i].questions);
		close(viewers[i].answers);
	}
}

void
viewer_ask(const struct viewer *viewer, const struct thing *thing)
{
	must((int)write(viewer->questions, thing, sizeof(*thing)), "write");
}

struct answer
viewer_answer(const struct viewer *viewer)
{
	struct answer answer;

	if (read(viewer->answers, &answer, sizeof(answer)) != sizeof(answer))
		must(-1, "a viewer has ended");
	return answer;
}
