/* error.c - the only place that fills a struct ipc_error */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <ipcutil/error.h>

static enum ipc_fault
fault_of(int code)
{
	switch (code) {
	case ENOENT:
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
	default:
		return IPC_FAILED;
	}
}

int
ipc_fail(struct ipc_error *err, int code, const char *action, ...)
{
	if (err != NULL) {
		size_t end;
		va_list ap;

		va_start(ap, action);
		vsnprintf(err->sentence, sizeof(err->sentence), action, ap);
		va_end(ap);
		end = strlen(err->sentence);
		snprintf(err->sentence + end, sizeof(err->sentence) - end, ": %s",
			strerror(code));
		err->fault = fault_of(code);
		err->code = code;
	}
	errno = code;
	return -1;
}

int
ipc_refuse(struct ipc_error *err, enum ipc_fault fault, int code, const char *sentence,
	...)
{
	if (err != NULL) {
		va_list ap;

		va_start(ap, sentence);
		vsnprintf(err->sentence, sizeof(err->sentence), sentence, ap);
		va_end(ap);
		err->fault = fault;
		err->code = code;
	}
	errno = code;
	return -1;
}
