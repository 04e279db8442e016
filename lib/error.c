/* error.c - the only place that fills a struct ipc_error */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <ipcutil/error.h>

static enum ipc_fault
fault_of(int code)
{
	switch (code) {
	case ENOENT:
	case ENOTDIR: /* what the path goes through leads to nothing */
		return IPC_NO_OBJECT;
	case EEXIST:
		return IPC_EXISTS;
	case EACCES:
	case EPERM:
		return IPC_DENIED;
	case EAGAIN:
		return IPC_WOULD_BLOCK;
	case ETIMEDOUT:
		return IPC_TIMED_OUT;
	case EMFILE:
	case ENFILE:
		return IPC_LIMIT;
	default:
		return IPC_FAILED;
	}
}

/* Where strerror(3) would not name the limit; of so many bytes at most. */
enum { REASON_MAX = 128 };

static const char *
reason_of(int code, char room[static REASON_MAX])
{
	struct rlimit limit = { 0 };

	switch (code) {
	case EMFILE:
		getrlimit(RLIMIT_NOFILE, &limit);
		snprintf(room, REASON_MAX,
			"all %ju descriptors that RLIMIT_NOFILE (ulimit -n) allows are "
			"in use",
			(uintmax_t)limit.rlim_cur);
		return room;
	case ENFILE: /* pipe(2) means either */
		return "there are as many open files as the system allows (sysctl "
		       "fs.file-max), or as many pages in pipes as a user may have "
		       "(sysctl fs.pipe-user-pages-hard)";
	default:
		return strerror(code);
	}
}

/* Long words of a person are cut in their middle: the reason stands at the end. */
static void
put_sentence(struct ipc_error *err, const char *sentence)
{
	static const char gap[] = "...";
	const size_t room = sizeof(err->sentence) - 1, length = strlen(sentence);
	const size_t head = length <= room ? length : room / 2;
	char *end = mempcpy(err->sentence, sentence, head);

	if (head < length) {
		end = mempcpy(end, gap, sizeof(gap) - 1);
		sentence += length - (room - head - (sizeof(gap) - 1));
		end = stpcpy(end, sentence);
	}
	*end = '\0';
}

/* A format with its reason behind; without memory, the format as it is. */
__attribute__((format(printf, 2, 0))) static void
put(struct ipc_error *err, const char *format, va_list ap, const char *before_reason,
	const char *reason)
{
	char *action = NULL, *sentence = NULL;

	if (vasprintf(&action, format, ap) < 0)
		action = NULL; /* it would be undefined */
	else if (asprintf(&sentence, "%s%s%s", action, before_reason, reason) < 0)
		sentence = NULL;
	put_sentence(err, sentence != NULL ? sentence : reason);
	free(action);
	free(sentence);
}

int
ipc_fail(struct ipc_error *err, int code, const char *action, ...)
{
	if (err != NULL) {
		char room[REASON_MAX];
		va_list ap;

		va_start(ap, action);
		put(err, action, ap, ": ", reason_of(code, room));
		va_end(ap);
		err->fault = fault_of(code);
		err->code = code;
	}
	errno = code;
	return -1;
}

int
ipc_fail_process(struct ipc_error *err, int code, const char *action, ...)
{
	struct rlimit limit = { 0 };
	char subject[sizeof(err->sentence)];
	va_list ap;

	va_start(ap, action);
	vsnprintf(subject, sizeof(subject), action, ap);
	va_end(ap);
	if (code != EAGAIN)
		return ipc_fail(err, code, "%s", subject);
	getrlimit(RLIMIT_NPROC, &limit);
	return ipc_refuse(err, IPC_LIMIT, code,
		"%s: the limit of processes is reached: RLIMIT_NPROC (ulimit -u) "
		"allows a user %ju, and pids.max of cgroups(7) may allow fewer",
		subject, (uintmax_t)limit.rlim_cur);
}

int
ipc_refuse(struct ipc_error *err, enum ipc_fault fault, int code, const char *sentence,
	...)
{
	if (err != NULL) {
		va_list ap;

		va_start(ap, sentence);
		put(err, sentence, ap, "", "");
		va_end(ap);
		err->fault = fault;
		err->code = code;
	}
	errno = code;
	return -1;
}
