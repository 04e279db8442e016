/* stale.c - whether an object is in use, idle or stale: the rules, and nothing else */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <ipcutil/stale.h>

/* What of a look at all processes each type needs to have been complete. */
enum {
	ALL_PROCESSES = IPC_BLIND_DENIED | IPC_BLIND_HIDDEN | IPC_BLIND_NAMESPACE |
		IPC_BLIND_RESTLESS | IPC_BLIND_NO_PROC,
	ALL_DESCRIPTORS = ALL_PROCESSES | IPC_BLIND_IN_FLIGHT | IPC_BLIND_LAYER,
	ALL_CALLERS = ALL_PROCESSES | IPC_BLIND_STOPPED,
	ALL_OPENERS = ALL_DESCRIPTORS | IPC_BLIND_OPENING | IPC_BLIND_STOPPED,
};

const char *
ipc_state_text(enum ipc_state state)
{
	static const char *const texts[] = {
		[IPC_STATE_UNKNOWN] = "unknown",
		[IPC_IN_USE] = "in-use",
		[IPC_IDLE] = "idle",
		[IPC_STALE] = "stale",
	};

	return texts[state];
}

const char *
ipc_blind_text(unsigned int blind, char buf[IPC_BLIND_TEXT_MAX])
{
	static const struct {
		unsigned int bit;
		const char *text;
	} reasons[] = {
		{ IPC_BLIND_NO_PROC, "/proc does not show our processes" },
		{ IPC_BLIND_HIDDEN, "/proc hides processes (hidepid)" },
		{ IPC_BLIND_DENIED, "not every process may be looked at" },
		{ IPC_BLIND_NAMESPACE, "other PID namespaces may have processes" },
		{ IPC_BLIND_RESTLESS, "processes come too fast to be looked at" },
		{ IPC_BLIND_IN_FLIGHT, "descriptors are in flight in sockets" },
		{ IPC_BLIND_OPENING,
			"a process waits to open a FIFO, and which is not known" },
		{ IPC_BLIND_STOPPED,
			"a process is stopped in a call that is not known" },
		{ IPC_BLIND_LAYER,
			"it is in the upper layer of an overlay, where it has another name" },
		{ IPC_BLIND_BOUND,
			"sockets of other network namespaces may be bound to socket files" },
	};
	size_t length = 0;

	*buf = '\0';
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if ((blind & reasons[i].bit) != 0)
			length += (size_t)snprintf(buf + length,
				IPC_BLIND_TEXT_MAX - length, "%s%s",
				length > 0 ? "; " : "", reasons[i].text);
	return buf;
}

__attribute__((format(printf, 2, 3))) static struct ipc_verdict
verdict(enum ipc_state state, const char *format, ...)
{
	struct ipc_verdict verdict = { .state = state };
	va_list ap;

	va_start(ap, format);
	vsnprintf(verdict.why, sizeof(verdict.why), format, ap);
	va_end(ap);
	return verdict;
}

static bool
has_descriptor(const struct ipc_evidence *evidence)
{
	for (size_t i = 0; i < evidence->holder_count; i++)
		if (evidence->holders[i].read_fd >= 0 ||
			evidence->holders[i].write_fd >= 0)
			return true;
	return false;
}

/* What all its holders do with it: "has it open". */
static const char *
deed(const struct ipc_evidence *evidence)
{
	const bool is_one = evidence->holder_count == 1;
	unsigned int access = 0;

	for (size_t i = 0; i < evidence->holder_count; i++)
		access |= evidence->holders[i].access;
	if (access & IPC_ACCESS_OPENING && !has_descriptor(evidence))
		return is_one ? "waits to open it" : "wait to open it";
	switch (access) {
	case IPC_ACCESS_MAPPED:
		return is_one ? "has it mapped" : "have it mapped";
	case IPC_ACCESS_ATTACHED:
		return is_one ? "has it attached" : "have it attached";
	case IPC_ACCESS_BLOCKED:
		return is_one ? "waits in it" : "wait in it";
	default:
		return is_one ? "has it open" : "have it open";
	}
}

/* The last to use it live on: they may come back. */
static const struct ipc_user *
user_in_state(const struct ipc_evidence *evidence, enum ipc_user_state state)
{
	for (size_t i = 0; i < sizeof(evidence->users) / sizeof(*evidence->users); i++)
		if (evidence->users[i].state == state)
			return &evidence->users[i];
	return NULL;
}

/* True, and *found the verdict, when a process holds it. */
static bool
is_held(const struct ipc_evidence *evidence, struct ipc_verdict *found)
{
	const struct ipc_user *user = user_in_state(evidence, IPC_USER_LIVES);

	if (evidence->holder_count == 1)
		*found = verdict(IPC_IN_USE, "process %jd %s",
			(intmax_t)evidence->holders[0].pid, deed(evidence));
	else if (evidence->holder_count > 1)
		*found = verdict(IPC_IN_USE, "%zu processes %s", evidence->holder_count,
			deed(evidence));
	else if (evidence->attached == 1)
		*found = verdict(IPC_IN_USE, "it is attached once");
	else if (evidence->attached != 0 && evidence->attached != IPC_UNKNOWN)
		*found = verdict(IPC_IN_USE, "it is attached %ju times",
			(uintmax_t)evidence->attached);
	else if (evidence->waiters != 0 && evidence->waiters != IPC_UNKNOWN)
		*found = verdict(IPC_IN_USE, "%ju %s in it",
			(uintmax_t)evidence->waiters,
			evidence->waiters == 1 ? "process waits" : "processes wait");
	else if (evidence->notify_pid != 0 && evidence->notify_pid != IPC_UNKNOWN)
		*found = verdict(IPC_IN_USE, "process %ju asked mq_notify(3) for it",
			(uintmax_t)evidence->notify_pid);
	else if (evidence->lease == IPC_LEASE_REFUSED)
		*found = verdict(IPC_IN_USE, "a process has it open or mapped");
	else if (evidence->bound == IPC_BOUND)
		*found = verdict(IPC_IN_USE, "a process is bound to it");
	else if (user != NULL)
		*found = verdict(IPC_IN_USE, "process %jd, the last to use it, lives",
			(intmax_t)user->pid);
	else
		return false;
	return true;
}

/* Why that nobody was found to hold it proves nothing; "" when it is a proof. */
static const char *
doubt(const struct ipc_evidence *evidence, char buf[IPC_BLIND_TEXT_MAX])
{
	static const char unreadable[] = "its state may not be read";
	static const char foreign[] = "whether the last to use it lives is not known";

	switch (evidence->object.type) {
	case IPC_SYSV_SHM: /* the kernel counts, in all namespaces */
		return evidence->attached == IPC_UNKNOWN ? unreadable : "";
	case IPC_SYSV_SEM:
		if (evidence->waiters == IPC_UNKNOWN)
			return unreadable;
		return user_in_state(evidence, IPC_USER_UNKNOWN) ? foreign : "";
	case IPC_SYSV_MQ:
		if (user_in_state(evidence, IPC_USER_UNKNOWN))
			return foreign;
		return ipc_blind_text(evidence->blind & ALL_CALLERS, buf);
	case IPC_FIFO:
		return ipc_blind_text(evidence->blind & ALL_OPENERS, buf);
	case IPC_SOCKET:
	case IPC_SOCKET_FILE:
		return evidence->bound == IPC_BOUND_UNKNOWN
			? "whether a process is bound to it is not known"
			: ipc_blind_text(evidence->blind & IPC_BLIND_LAYER, buf);
	case IPC_POSIX_MQ:
	case IPC_POSIX_SHM:
	case IPC_POSIX_SEM:
	case IPC_PIPE:
	case IPC_MAPPED_FILE:
	case IPC_RING:
		if (evidence->lease == IPC_LEASE_GRANTED)
			return "";
		return ipc_blind_text(evidence->blind & ALL_DESCRIPTORS, buf);
	}
	return "its type is not known";
}

/* What nobody does with it. */
static const char *
absence(enum ipc_type type)
{
	switch (type) {
	case IPC_SYSV_SHM:
		return "no process has it attached";
	case IPC_SYSV_MQ:
	case IPC_SYSV_SEM:
		return "no process waits in it";
	case IPC_POSIX_MQ:
	case IPC_FIFO:
	case IPC_PIPE:
		return "no process has it open";
	case IPC_SOCKET:
	case IPC_SOCKET_FILE:
		return "no process is bound to it";
	case IPC_POSIX_SHM:
	case IPC_POSIX_SEM:
	case IPC_MAPPED_FILE:
	case IPC_RING:
		return "no process has it open or mapped";
	}
	return "";
}

struct ipc_verdict
ipc_stale_judge(const struct ipc_evidence *evidence)
{
	const char *nobody = absence(evidence->object.type);
	const intmax_t owner = evidence->owner.pid;
	struct ipc_verdict found;
	char buf[IPC_BLIND_TEXT_MAX];
	const char *why;

	if (is_held(evidence, &found))
		return found;
	why = doubt(evidence, buf);
	if (*why != '\0')
		return verdict(IPC_STATE_UNKNOWN, "no holder was found, but %s", why);
	if (evidence->object.type == IPC_SOCKET_FILE)
		return verdict(IPC_STALE, "%s", nobody);
	if (evidence->object.type == IPC_PIPE) /* it goes with the last */
		return verdict(IPC_IDLE, "%s", nobody);
	switch (evidence->owner.state) {
	case IPC_OWNER_ENDED:
		return verdict(IPC_STALE,
			"%s, and process %jd, to which it belonged, has ended", nobody,
			owner);
	case IPC_OWNER_LIVES:
		return verdict(
			IPC_IDLE, "%s; it belongs to process %jd", nobody, owner);
	case IPC_OWNER_UNKNOWN:
		return verdict(IPC_IDLE,
			"%s; whether it belongs to a process is not known", nobody);
	case IPC_OWNER_NONE:
		break;
	}
	return verdict(IPC_IDLE, "%s", nobody);
}
