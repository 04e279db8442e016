/* ledger.c - one file of the registry: the objects that belong to one process */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <ipcutil/number.h>

#include "auto.h"
#include "ledger.h"

/* More is not read: it was made by somebody who means no good. */
enum { SIZE_MOST = 16 << 20, LINE_MAX_BYTES = 16384, HEADER_MAX_BYTES = 256 };

static const char MAGIC[] = "ipcutil-until-exit";

static const char *const types[] = {
	[IPC_POSIX_MQ] = "posix-mq",
	[IPC_SYSV_MQ] = "sysv-mq",
	[IPC_POSIX_SHM] = "posix-shm",
	[IPC_SYSV_SHM] = "sysv-shm",
	[IPC_POSIX_SEM] = "posix-sem",
	[IPC_SYSV_SEM] = "sysv-sem",
	[IPC_FIFO] = "fifo",
	[IPC_PIPE] = "pipe",
	[IPC_MAPPED_FILE] = "mapped-file",
	[IPC_RING] = "ring",
	[IPC_SOCKET] = "socket",
	[IPC_SOCKET_FILE] = "socket-file",
};

void
ipc_ledger_name(const struct ipc_owner_id *owner, char name[IPC_LEDGER_NAME_MAX])
{
	snprintf(name, IPC_LEDGER_NAME_MAX,
		"%d.%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%" PRIu64,
		(int)owner->pid, owner->start, owner->inode, owner->pid_namespace,
		owner->time_namespace, owner->ipc_namespace);
}

/* Cuts the next word off, which one blank ends, or NULL. */
static char *
word(char **rest)
{
	char *start = *rest, *end = start == NULL ? NULL : strchr(start, ' ');

	if (end != NULL)
		*end++ = '\0';
	*rest = end;
	return start != NULL && *start != '\0' ? start : NULL;
}

static bool
number(char **rest, uint64_t most, uint64_t *value)
{
	const char *text = word(rest);

	return text != NULL && ipc_number(text, 10, most, value);
}

/* Undoes %XX in place.  False: what needs it has it not, or it makes a NUL. */
static bool
decode(char *text)
{
	char *to = text;
	uint64_t byte;

	for (; *text != '\0'; *to++ = (char)byte) {
		char digits[3] = { 0 };

		byte = (unsigned char)*text++;
		if (byte < '!' || byte > '~')
			return false;
		if (byte != '%')
			continue;
		if (!isxdigit((unsigned char)text[0]) ||
			!isxdigit((unsigned char)text[1]))
			return false;
		memcpy(digits, text, 2);
		if (!ipc_number(digits, 16, UINT8_MAX, &byte) || byte == 0)
			return false;
		text += 2;
	}
	*to = '\0';
	return true;
}

static size_t
encode(const char *text, char *out, size_t room)
{
	size_t length = 0;

	for (; *text != '\0' && length + 4 <= room; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte < '!' || byte > '~' || byte == '%')
			length += (size_t)sprintf(out + length, "%%%02X", byte);
		else
			out[length++] = (char)byte;
	}
	out[length] = '\0';
	return length;
}

/* The address must be what its type has, written as it is printed. */
static bool
read_address(char *text, struct ipc_object *object)
{
	enum ipc_address_kind wanted =
		ipc_object_is_sysv(object) ? IPC_SYSV_ID : IPC_POSIX_NAME;

	if (object->type == IPC_MAPPED_FILE || object->type == IPC_FIFO)
		return text != NULL && decode(text) && *text == '/' &&
			ipc_address_path(text, &object->address, NULL) == 0;
	return text != NULL && decode(text) &&
		ipc_address_mq(text, &object->address, NULL) == 0 &&
		object->address.kind == wanted &&
		strcmp(object->address.text, text) == 0 &&
		(wanted != IPC_SYSV_ID || object->address.number == object->number);
}

/* What stands behind "+ ".  False: it is none, or of a type that comes later. */
static bool
read_object(char *text, struct ipc_object *object)
{
	const char *type = word(&text);
	uint64_t uid, stamp;
	size_t i = 0;

	while (type != NULL && i < sizeof(types) / sizeof(*types) &&
		strcmp(type, types[i]) != 0)
		i++;
	*object = (struct ipc_object){ .type = (enum ipc_type)i };
	if (type == NULL || i == sizeof(types) / sizeof(*types) ||
		!number(&text, INT64_MAX, &object->device) ||
		!number(&text, INT64_MAX, &object->number) ||
		!number(&text, UINT32_MAX, &uid) || !number(&text, UINT64_MAX, &stamp))
		return false;
	object->uid = (uid_t)uid;
	if (ipc_object_is_sysv(object))
		object->changed = (int64_t)stamp;
	else
		object->generation = stamp;
	return read_address(word(&text), object);
}

static int
read_header(char *line, struct ipc_owner_id *owner)
{
	const char *magic = word(&line), *boot;
	uint64_t version, pid;

	if (magic == NULL || strcmp(magic, MAGIC) != 0 || !number(&line, 1, &version) ||
		version != 1)
		return EBADMSG;
	boot = word(&line);
	if (boot == NULL || strlen(boot) >= sizeof(owner->boot) ||
		!number(&line, INT64_MAX, &owner->pid_namespace) ||
		!number(&line, INT64_MAX, &owner->time_namespace) ||
		!number(&line, INT64_MAX, &owner->ipc_namespace) ||
		!number(&line, INT32_MAX, &pid) || pid == 0 ||
		!number(&line, INT64_MAX, &owner->start) ||
		!number(&line, INT64_MAX, &owner->inode) || line != NULL)
		return EBADMSG;
	strcpy(owner->boot, boot);
	owner->pid = (pid_t)pid;
	return 0;
}

/* The first line alone: 0, or an errno value. */
static int
read_owner(struct ipc_ledger *ledger)
{
	char line[HEADER_MAX_BYTES];
	ssize_t length = pread(ledger->fd, line, sizeof(line), 0);
	char *end = length < 0 ? NULL : memchr(line, '\n', (size_t)length);

	if (length < 0)
		return errno;
	if (end == NULL)
		return length < (ssize_t)sizeof(line) ? ENODATA : EBADMSG;
	*end = '\0';
	return strlen(line) == (size_t)(end - line) ? read_header(line, &ledger->owner)
						    : EBADMSG;
}

/* All that is there, even if it grows meanwhile. */
static int
read_text(struct ipc_ledger *ledger)
{
	struct stat st;
	ssize_t part = 1;

	if (fstat(ledger->fd, &st) < 0)
		return errno;
	if (st.st_size > SIZE_MOST)
		return EBADMSG;
	ledger->text = malloc((size_t)st.st_size + 1);
	if (ledger->text == NULL)
		return errno;
	while (part > 0 && ledger->length < (size_t)st.st_size) {
		part = pread(ledger->fd, ledger->text + ledger->length,
			(size_t)st.st_size - ledger->length, (off_t)ledger->length);
		if (part < 0)
			return errno;
		ledger->length += (size_t)part;
	}
	ledger->text[ledger->length] = '\0';
	return 0;
}

int
ipc_ledger_read(struct ipc_ledger *ledger, int fd, const struct ipc_owner_id *here)
{
	struct stat st;
	int code;

	*ledger = (struct ipc_ledger){ .fd = fd, .found = malloc(LINE_MAX_BYTES) };
	if (ledger->found == NULL || fstat(fd, &st) < 0)
		return errno;
	code = S_ISREG(st.st_mode) ? read_owner(ledger) : EBADMSG;
	if (code != 0 ||
		(here != NULL &&
			(strcmp(ledger->owner.boot, here->boot) != 0 ||
				ledger->owner.ipc_namespace != here->ipc_namespace)))
		return code;
	return read_text(ledger);
}

void
ipc_ledger_free(struct ipc_ledger *ledger)
{
	free(ledger->text);
	free(ledger->found);
	ledger->text = ledger->found = NULL;
}

/* All of it: 0, or an errno value, which a write that comes short tells the next time. */
static int
put_all(int fd, const char *text, size_t length, size_t at)
{
	for (ssize_t put; length > 0;
		text += put, at += (size_t)put, length -= (size_t)put) {
		put = pwrite(fd, text, length, (off_t)at);
		if (put <= 0)
			return put < 0 ? errno : ENOSPC;
	}
	return 0;
}

/* 0, or an errno value, and then nothing of it is there. */
static int
append(int fd, const char *line, size_t length, size_t at)
{
	int code = put_all(fd, line, length, at);

	return code != 0 && ftruncate(fd, (off_t)at) < 0 ? errno : code;
}

int
ipc_ledger_begin(int fd, const struct ipc_owner_id *owner)
{
	char line[HEADER_MAX_BYTES];
	int length = snprintf(line, sizeof(line),
		"%s 1 %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %d %" PRIu64 " %" PRIu64
		"\n",
		MAGIC, owner->boot, owner->pid_namespace, owner->time_namespace,
		owner->ipc_namespace, (int)owner->pid, owner->start, owner->inode);

	return append(fd, line, (size_t)length, 0);
}

/* The line behind place, without its newline; false: there is no more. */
static bool
next_line(const struct ipc_ledger *ledger, size_t *place, size_t *line, size_t *length)
{
	const char *end;

	if (ledger->text == NULL)
		return false;
	if (*place == 0) {
		end = memchr(ledger->text, '\n', ledger->length);
		*place =
			end == NULL ? ledger->length : (size_t)(end + 1 - ledger->text);
	}
	end = memchr(ledger->text + *place, '\n', ledger->length - *place);
	if (end == NULL)
		return false;
	*line = *place;
	*length = (size_t)(end - ledger->text) - *line;
	*place = *line + *length + 1;
	return true;
}

bool
ipc_ledger_next(const struct ipc_ledger *ledger, size_t *place, size_t *line,
	struct ipc_object *object)
{
	char *const copy = ledger->found;
	size_t length;

	while (next_line(ledger, place, line, &length)) {
		const char *text = ledger->text + *line;

		if (length < 2 || length > LINE_MAX_BYTES || memcmp(text, "+ ", 2) != 0)
			continue;
		memcpy(copy, text + 2, length - 2);
		copy[length - 2] = '\0';
		if (strlen(copy) == length - 2 && read_object(copy, object))
			return true;
	}
	return false;
}

/* What stands before the address in the line of an object that counts. */
static size_t
write_start(const struct ipc_object *object, char *text, size_t room)
{
	const uint64_t stamp = ipc_object_is_sysv(object) ? (uint64_t)object->changed
							  : object->generation;

	return (size_t)snprintf(text, room,
		"+ %s %" PRIu64 " %" PRIu64 " %u %" PRIu64 " ", types[object->type],
		object->device, object->number, object->uid, stamp);
}

/* As it was written, so that nothing need be read: there may be thousands. */
bool
ipc_ledger_find(
	const struct ipc_ledger *ledger, const struct ipc_object *object, size_t *line)
{
	char start[LINE_MAX_BYTES];
	size_t used = write_start(object, start, sizeof(start)), length;

	for (size_t place = 0; next_line(ledger, &place, line, &length);)
		if (length > used && memcmp(ledger->text + *line, start, used) == 0)
			return true;
	return false;
}

void
ipc_ledger_strike_namesakes(struct ipc_ledger *ledger, const struct ipc_object *of)
{
	char type[32], address[LINE_MAX_BYTES] = " ";
	size_t used = (size_t)snprintf(type, sizeof(type), "+ %s ", types[of->type]);
	size_t behind = 1 +
		encode(ipc_address_text(&of->address), address + 1,
			sizeof(address) - 1);
	size_t line, length;

	for (size_t place = 0; next_line(ledger, &place, &line, &length);) {
		const char *text = ledger->text + line;

		while (length > 0 && text[length - 1] == ' ')
			length--;
		if (length > used + behind && memcmp(text, type, used) == 0 &&
			memcmp(text + length - behind, address, behind) == 0)
			ipc_ledger_strike(ledger, line);
	}
}

size_t
ipc_ledger_lines(const struct ipc_ledger *ledger)
{
	size_t count = 0, line, length;

	for (size_t place = 0; next_line(ledger, &place, &line, &length);)
		count++;
	return count;
}

/* The first line that counts for nothing and has the room, or the end of them all. */
static size_t
find_room(const struct ipc_ledger *ledger, size_t *length, bool *is_new)
{
	size_t place = 0, line, room;

	*is_new = false;
	while (next_line(ledger, &place, &line, &room))
		if (ledger->text[line] == '-' && room >= *length) {
			*length = room;
			return line;
		}
	*is_new = true;
	return place;
}

int
ipc_ledger_put(struct ipc_ledger *ledger, const struct ipc_object *object, size_t *line)
{
	char text[LINE_MAX_BYTES + 1];
	size_t used = write_start(object, text, sizeof(text)), length;
	bool is_new;
	int code = 0;

	used += encode(
		ipc_address_text(&object->address), text + used, sizeof(text) - used);
	text[0] = '-';
	length = used;
	*line = find_room(ledger, &length, &is_new);
	if (length > LINE_MAX_BYTES || *line + length >= SIZE_MOST)
		return EFBIG;
	memset(text + used, ' ', length - used);
	text[length] = '\n';
	if (is_new && *line < ledger->length && ftruncate(ledger->fd, (off_t)*line) < 0)
		return errno;
	if (is_new)
		code = append(ledger->fd, text, length + 1, *line);
	else /* one that comes short leaves a line of that length that counts for nothing */
		code = put_all(ledger->fd, text, length + 1, *line);
	return code != 0 ? code : put_all(ledger->fd, "+", 1, *line);
}

int
ipc_ledger_strike(struct ipc_ledger *ledger, size_t line)
{
	ledger->text[line] = '-';
	return put_all(ledger->fd, "-", 1, line);
}
