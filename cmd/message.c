/* message.c - messages, and the framings that tell them apart in a stream */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ipcutil/number.h>

#include "message.h"

static int
chosen(const struct framing *framing)
{
	return framing->lines + framing->null + framing->length_prefixed +
		framing->json + (framing->record != IPC_UNKNOWN);
}

bool
framing_is_chosen(const struct framing *framing)
{
	return chosen(framing) > 0;
}

int
framing_check(const struct framing *framing, struct ipc_error *err)
{
	if (chosen(framing) > 1)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"only one option can say how messages are framed");
	if (framing->record == 0)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"option '--record': a record has at least 1 byte");
	return 0;
}

int
framing_fits(const struct framing *framing, size_t most, const char *limited_by,
	struct ipc_error *err)
{
	if (framing->record == IPC_UNKNOWN || framing->record <= most)
		return 0;
	return ipc_refuse(err, IPC_LIMIT, EMSGSIZE,
		"write records of %ju bytes: the longest that is taken has %zu%s",
		(uintmax_t)framing->record, most, limited_by);
}

const char *
framing_cannot(const struct framing *framing, const struct ipc_message *message)
{
	if (framing->lines && memchr(message->data, '\n', message->length) != NULL)
		return "it has a newline";
	if (framing->null && memchr(message->data, '\0', message->length) != NULL)
		return "it has a NUL byte";
	if (framing->record != IPC_UNKNOWN && framing->record != message->length)
		return "it is of another length than the records";
	return NULL;
}

/* A new file, complete, or none. */
static int
save_in(const char *dir, const struct ipc_message *message, const char *program,
	char *path, size_t room)
{
	size_t done = 0;
	ssize_t step;
	int fd, code;

	if (snprintf(path, room, "%s/%s.XXXXXXXX", dir, program) >= (int)room) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC); /* of mode 0600 */
	if (fd < 0)
		return -1;
	while (done < message->length) {
		step = write(fd, message->data + done, message->length - done);
		if (step < 0 && errno != EINTR)
			break;
		done += step > 0 ? (size_t)step : 0;
	}
	code = errno;
	if (close(fd) == 0 && done == message->length)
		return 0;
	unlink(path);
	errno = code;
	return -1;
}

int
message_save(const struct ipc_message *message, const char *program, char *path,
	size_t room, struct ipc_error *err)
{
	const char *const dirs[] = { getenv("TMPDIR"), "/tmp", "/dev/shm" };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		if (dirs[i] != NULL && *dirs[i] != '\0' &&
			save_in(dirs[i], message, program, path, room) == 0)
			return 0;
	return ipc_fail(err, errno, "save a message of %zu bytes", message->length);
}

int
message_rescue(const struct ipc_message *message, const char *what, const char *program,
	struct ipc_error *err)
{
	const struct ipc_error why = *err;
	struct ipc_error failure;
	char path[PATH_MAX];

	if (message_save(message, program, path, sizeof(path), &failure) == 0)
		return ipc_refuse(err, why.fault, why.code, "%s; %s is saved in '%s'",
			why.sentence, what, path);
	return ipc_refuse(err, why.fault, why.code, "%s, nor %s; %s is lost",
		why.sentence, failure.sentence, what);
}

int
message_too_long(uint64_t number, const char *what, uint64_t length, size_t most,
	const char *limited_by, struct ipc_error *err)
{
	return ipc_refuse(err, IPC_LIMIT, EMSGSIZE,
		"write message %ju: %s is %ju bytes long and the longest that is taken "
		"has %zu%s",
		(uintmax_t)number, what, (uintmax_t)length, most, limited_by);
}
