/* inlet.c - a stream that messages are read from */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ipcutil/mq.h>

#include "inlet-fill.h"
#include "json.h"

enum { READ_SIZE = 65536, JSON_MEMBERS = 4096 };

int
inlet_open(struct inlet *in, int fd, const struct framing *framing, size_t most,
	unsigned int priority, struct ipc_error *err)
{
	*in = (struct inlet){
		.fd = fd,
		.name = "standard input",
		.own = -1,
		.framing = framing,
		.most = most,
		.priority = priority,
		.limited_by = "",
		.wait = IPC_WAIT(IPC_FOREVER),
	};
	/* In JSON each byte may be \u00XX, and its base64 may stand beside it. */
	in->line = framing->json ? 8 * most + JSON_MEMBERS : most;
	in->room = READ_SIZE + (in->line < READ_SIZE ? in->line : READ_SIZE);
	in->buffer = malloc(in->room + 1); /* and NUL behind */
	if (in->buffer == NULL)
		return ipc_fail(
			err, errno, "make room for a message of %zu bytes", most);
	return 0;
}

void
inlet_close(struct inlet *in)
{
	if (in->own >= 0)
		close(in->own);
	free(in->buffer);
	free(in->json);
}

struct ipc_message
inlet_rest(const struct inlet *in)
{
	return (struct ipc_message){
		.data = in->buffer + in->start,
		.length = in->end - in->start,
	};
}

void
inlet_return(struct inlet *in)
{
	in->start = in->last;
}

/* Bytes that were read and not yet used. */
static size_t
waiting(const struct inlet *in)
{
	return in->end - in->start;
}

bool
inlet_give_back(struct inlet *in)
{
	struct stat st;

	if (waiting(in) > 0 && fstat(in->fd, &st) == 0 && S_ISREG(st.st_mode) &&
		lseek(in->fd, -(off_t)waiting(in), SEEK_CUR) >= 0)
		in->start = in->end;
	return waiting(in) == 0;
}

/* Sleeps until there is input; 0, or -1 with IPC_TIMED_OUT. */
static int
wait_for_input(struct inlet *in, struct ipc_error *err)
{
	char span[IPC_SPAN_MAX];
	int code;

	do
		code = ipc_wait_for(in->fd, POLLIN, &in->wait);
	while (code == EINTR && in->wait.interrupt < 0);
	if (code == EINTR)
		return ipc_refuse(
			err, IPC_FAILED, code, "read %s: a signal came", in->name);
	if (code == ETIMEDOUT)
		return ipc_refuse(err, IPC_TIMED_OUT, code,
			"read %s: nothing came for %s s", in->name,
			ipc_span_text(in->wait.limit, span));
	return 0;
}

int
inlet_make_room(struct inlet *in, size_t wanted, struct ipc_error *err)
{
	size_t room = in->room;
	char *buffer;

	if (room - in->end < wanted && in->start > 0) {
		memmove(in->buffer, in->buffer + in->start, waiting(in));
		in->end -= in->start;
		in->start = 0;
	}
	while (room - in->end < wanted)
		room = room < in->line ? 2 * room : room + READ_SIZE;
	if (room == in->room)
		return 0;
	buffer = realloc(in->buffer, room + 1);
	if (buffer == NULL)
		return ipc_fail(
			err, errno, "make room for a message of %zu bytes", room);
	in->buffer = buffer;
	in->room = room;
	return 0;
}

/* Reads what there is, sleeping only when there is nothing.  Sets in->ended. */
static int
fill(struct inlet *in, struct ipc_error *err)
{
	const int fd = in->own >= 0 ? in->own : in->fd;
	ssize_t step;

	if (in->stream != NULL)
		return inlet_take(in, err);
	if (inlet_make_room(in, 1, err) < 0)
		return -1;
	ipc_wait_start(&in->wait);
	if ((in->wait.limit != IPC_FOREVER || in->wait.interrupt >= 0) &&
		wait_for_input(in, err) < 0)
		return -1;
	while ((step = read(fd, in->buffer + in->end, in->room - in->end)) < 0) {
		if (errno == EAGAIN) { /* or somebody else chose O_NONBLOCK */
			if (wait_for_input(in, err) < 0)
				return -1;
		} else if (errno != EINTR) {
			return ipc_refuse(err, IPC_FAILED, errno, "read %s: %s",
				in->name, strerror(errno));
		}
	}
	in->ended = step == 0;
	in->end += (size_t)step;
	return 0;
}

/* Hands length bytes out as the message, and steps over those of its frame. */
static int
use(struct inlet *in, size_t head, size_t length, size_t tail,
	struct ipc_message *message)
{
	in->number++;
	in->last = in->start;
	message->data = in->buffer + in->start + head;
	message->length = length;
	message->priority = in->priority;
	message->type = in->type;
	in->start += head + length + tail;
	in->seen = 0;
	return 1;
}

static int
too_long(struct inlet *in, const char *what, uint64_t length, struct ipc_error *err)
{
	return message_too_long(
		++in->number, what, length, in->most, in->limited_by, err);
}

/* Passes over the rest of a message that ends with a delimiter. */
static int
pass_delimited(struct inlet *in, char delimiter, struct ipc_error *err)
{
	uint64_t length = 0;
	char *end = NULL;

	while (end == NULL && !(in->ended && waiting(in) == 0)) {
		char *from = in->buffer + in->start;

		end = memchr(from, delimiter, waiting(in));
		length += end != NULL ? (size_t)(end - from) : waiting(in);
		in->start =
			end != NULL ? in->start + (size_t)(end - from) + 1 : in->end;
		if (end == NULL && !in->ended && fill(in, err) < 0)
			return -1;
	}
	in->seen = 0;
	return too_long(in, in->framing->json ? "its line" : "it", length, err);
}

static int
read_delimited(struct inlet *in, char delimiter, size_t most,
	struct ipc_message *message, struct ipc_error *err)
{
	for (;;) {
		char *from = in->buffer + in->start;
		char *end = memchr(from + in->seen, delimiter, waiting(in) - in->seen);
		size_t length = end != NULL ? (size_t)(end - from) : waiting(in);

		if (length > most)
			return pass_delimited(in, delimiter, err);
		if (end != NULL)
			return use(in, 0, length, 1, message);
		if (in->ended)
			return length == 0 ? 0 : use(in, 0, length, 0, message);
		in->seen = length;
		if (fill(in, err) < 0)
			return -1;
	}
}

/* Reads on until length bytes wait.  1, or 0 when the input ends before. */
static int
gather(struct inlet *in, size_t length, struct ipc_error *err)
{
	while (waiting(in) < length && !in->ended)
		if (fill(in, err) < 0)
			return -1;
	return waiting(in) >= length;
}

static int
ends_within(const struct inlet *in, struct ipc_error *err)
{
	return ipc_refuse(err, IPC_FAILED, EBADMSG,
		"read %s: it ends within message %ju", in->name,
		(uintmax_t)in->number + 1);
}

static int
read_record(struct inlet *in, size_t length, struct ipc_message *message,
	struct ipc_error *err)
{
	int whole = gather(in, length, err);

	if (whole < 0)
		return -1;
	if (whole == 0)
		return waiting(in) == 0 ? 0 : ends_within(in, err);
	return use(in, 0, length, 0, message);
}

size_t
inlet_length(const char *head)
{
	const unsigned char *byte = (const unsigned char *)head;

	return (size_t)byte[0] << 24 | (size_t)byte[1] << 16 | (size_t)byte[2] << 8 |
		(size_t)byte[3];
}

static int
read_length_prefixed(
	struct inlet *in, struct ipc_message *message, struct ipc_error *err)
{
	size_t length, left;
	int whole = gather(in, FRAME_HEAD, err);

	if (whole <= 0)
		return whole < 0 || waiting(in) == 0 ? whole : ends_within(in, err);
	length = inlet_length(in->buffer + in->start);
	if (length <= in->most) {
		whole = gather(in, FRAME_HEAD + length, err);
		if (whole <= 0)
			return whole < 0 ? whole : ends_within(in, err);
		return use(in, FRAME_HEAD, length, 0, message);
	}
	in->start += FRAME_HEAD;
	for (left = length; left > 0 && !(in->ended && waiting(in) == 0);) {
		size_t step = waiting(in) < left ? waiting(in) : left;

		in->start += step;
		left -= step;
		if (left > 0 && !in->ended && fill(in, err) < 0)
			return -1;
	}
	return too_long(in, "it", length, err);
}

/* All of it is one message, also when it is empty. */
static int
read_whole(struct inlet *in, struct ipc_message *message, struct ipc_error *err)
{
	int longer;

	if (in->number > 0)
		return 0;
	longer = gather(in, in->most + 1, err);
	if (longer > 0) {
		in->number++;
		return ipc_refuse(err, IPC_LIMIT, EMSGSIZE,
			"write %s: it is longer than the longest that is taken, of %zu "
			"bytes%s",
			in->name, in->most, in->limited_by);
	}
	return longer < 0 ? longer : use(in, 0, waiting(in), 0, message);
}

static const char *
take_member(const char *key, struct json_value *value, void *arg)
{
	struct ipc_message *message = arg;
	bool is_base64 = strcmp(key, "data_base64") == 0;
	uint64_t number;

	if (is_base64 || strcmp(key, "data") == 0) {
		if (value->type != JSON_STRING)
			return "its data is not a string";
		if (is_base64 && !json_base64(value))
			return "its data_base64 is not base64";
		if (is_base64 || message->data == NULL) {
			message->data = value->text;
			message->length = value->length;
		}
	} else if (strcmp(key, "priority") == 0) {
		if (value->type == JSON_NULL)
			return NULL;
		if (value->type != JSON_NUMBER ||
			!ipc_number(value->text, 10, IPC_MQ_PRIORITY_MAX, &number))
			return "its priority is not a number from 0 to 32767";
		message->priority = (unsigned int)number;
	} else if (strcmp(key, "type") == 0) {
		if (value->type == JSON_NULL)
			return NULL;
		if (value->type != JSON_NUMBER ||
			!ipc_number(value->text, 10, LONG_MAX, &number) || number == 0)
			return "its type is not a number from 1";
		message->type = (long)number;
	} else {
		return "it has a key that is not priority, type, data or data_base64";
	}
	return NULL;
}

/* The line is decoded elsewhere: inlet_return() may put it back. */
static int
read_json(struct inlet *in, struct ipc_message *message, struct ipc_error *err)
{
	int result = read_delimited(in, '\n', in->line, message, err);
	const char *wrong;
	char *text;

	if (result <= 0)
		return result;
	text = realloc(in->json, message->length + 1);
	if (text == NULL)
		return ipc_fail(err, errno, "make room for a message of %zu bytes",
			message->length);
	in->json = memcpy(text, message->data, message->length);
	text[message->length] = '\0';
	message->data = NULL;
	wrong = json_read_object(text, message->length, take_member, message);
	if (wrong == NULL && message->data == NULL)
		wrong = "it has no data";
	if (wrong != NULL)
		return ipc_refuse(err, IPC_FAILED, EBADMSG,
			"read message %ju of %s: %s", (uintmax_t)in->number, in->name,
			wrong);
	if (message->length > in->most) {
		in->number--; /* too_long() counts it again */
		return too_long(in, "it", message->length, err);
	}
	return 1;
}

int
inlet_read(struct inlet *in, struct ipc_message *message, struct ipc_error *err)
{
	const struct framing *framing = in->framing;

	if (framing->lines)
		return read_delimited(in, '\n', in->most, message, err);
	if (framing->null)
		return read_delimited(in, '\0', in->most, message, err);
	if (framing->length_prefixed)
		return read_length_prefixed(in, message, err);
	if (framing->json)
		return read_json(in, message, err);
	if (framing->record != IPC_UNKNOWN)
		return read_record(in, framing->record, message, err);
	return read_whole(in, message, err);
}
