/* value.c - text to value and back, one case for each kind */
#include <bsd/libutil.h>
#include <bsd/unistd.h>
#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <ipcutil/mq.h>
#include <ipcutil/number.h>

#include "value.h"
#include "whole.h"

/* For as long as it may be: the symbolic form of setmode(3) obeys the umask. */
static void *
parse_mode(const char *text)
{
	mode_t mask = umask(0);
	void *set = setmode(text);

	umask(mask);
	return set;
}

mode_t
mode_change(mode_t old, const void *text)
{
	void *set = parse_mode(text);
	mode_t mode = set == NULL ? old : getmode(set, old);

	free(set);
	return mode;
}

/* The permissions of user, group and others; the other bits mean nothing here. */
static bool
is_mode(const char *text)
{
	uint64_t octal;
	void *set;

	if (isdigit((unsigned char)*text))
		return ipc_number(text, 8, 0777, &octal);
	set = parse_mode(text);
	free(set);
	return set != NULL &&
		((mode_change(0, text) | mode_change(0777, text)) & ~0777U) == 0;
}

static bool
parse_user(const char *text, uid_t *uid)
{
	uint64_t number;

	if (whole_find_user(text, uid))
		return true;
	if (!ipc_number(text, 10, (uid_t)-2, &number))
		return false;
	*uid = (uid_t)number;
	return true;
}

static bool
parse_group(const char *text, gid_t *gid)
{
	uint64_t number;

	if (whole_find_group(text, gid))
		return true;
	if (!ipc_number(text, 10, (gid_t)-2, &number))
		return false;
	*gid = (gid_t)number;
	return true;
}

static bool
parse_owner(const char *text, struct owner *owner)
{
	const char *colon = strchr(text, ':');
	char user[256];
	size_t length = colon == NULL ? strlen(text) : (size_t)(colon - text);

	*owner = (struct owner){ (uid_t)-1, (gid_t)-1 };
	if (length >= sizeof(user) || *text == '\0' ||
		(length == 0 && colon[1] == '\0'))
		return false;
	snprintf(user, sizeof(user), "%.*s", (int)length, text);
	if (length > 0 && !parse_user(user, &owner->uid))
		return false;
	return colon == NULL || parse_group(colon + 1, &owner->gid);
}

static bool
parse_process(const char *text, pid_t *pid)
{
	uint64_t number;

	if (!ipc_number(text, 10, INT_MAX, &number) || number == 0)
		return false;
	*pid = (pid_t)number;
	return true;
}

static bool
parse_process_or_never(const char *text, pid_t *pid)
{
	if (strcmp(text, "never") != 0)
		return parse_process(text, pid);
	*pid = NEVER;
	return true;
}

static const char *
add_directory(const char *text, struct directories *to)
{
	const size_t most = sizeof(to->path) / sizeof(*to->path) - 1;
	size_t count = 0;

	if (*text == '\0')
		return "the path of a directory";
	while (to->path[count] != NULL)
		count++;
	if (count == most)
		return "among the first 16, and there can be no more";
	to->path[count] = text;
	return NULL;
}

const char *
value_parse(const struct field *field, const char *text, void *record)
{
	void *member = (char *)record + field->offset;
	uint64_t number;

	switch (field->kind) {
	case FLAG:
		*(bool *)member = true;
		return NULL;
	case TEXT:
		*(const char **)member = text;
		return NULL;
	case DIRECTORIES:
		return add_directory(text, member);
	case NUMBER:
		return ipc_number(text, 10, INT64_MAX, member) ? NULL : "a number";
	case COUNT:
		if (!ipc_number(text, 10, INT64_MAX, &number) || number == 0)
			return "a number from 1";
		*(uint64_t *)member = number;
		return NULL;
	case WORD:
		if (!ipc_number(text, 10, UINT64_MAX, &number))
			return "a number from 0 to 18446744073709551615";
		*(struct word *)member = (struct word){ number, true };
		return NULL;
	case PRIORITY:
		if (!ipc_number(text, 10, IPC_MQ_PRIORITY_MAX, &number))
			return "a priority from 0 to 32767";
		*(unsigned int *)member = (unsigned int)number;
		return NULL;
	case TYPE:
		if (!ipc_number(text + (*text == '-'), 10, LONG_MAX, &number))
			return "a type: a number, or a minus and a number";
		*(long *)member = *text == '-' ? -(long)number : (long)number;
		return NULL;
	case MESSAGE_TYPE:
		if (!ipc_number(text, 10, LONG_MAX, &number) || number == 0)
			return "a type: a number from 1";
		*(long *)member = (long)number;
		return NULL;
	case SIZE:
		return ipc_size(text, member) ? NULL
					      : "a size such as 4096, 64K or 1GiB";
	case SPAN:
		return ipc_span(text, member) ? NULL
					      : "a time such as 1.5, 200ms or 2m";
	case MODE_CHANGE:
		*(const char **)member = text;
		return is_mode(text) ? NULL : "a mode such as 0640 or u=rw,g=r";
	case OWNER:
		return parse_owner(text, member)
			? NULL
			: "an owner such as USER, USER:GROUP or :GROUP";
	case PROCESS:
		return parse_process(text, member) ? NULL : "a process id from 1";
	case PROCESS_OR_NEVER:
		return parse_process_or_never(text, member)
			? NULL
			: "a process id from 1, or 'never'";
	case USER:
		return parse_user(text, member) ? NULL : "a user";
	case GROUP:
	case KEY:
	case MODE:
	case TIME:
	case ADDRESS:
	case HOLDERS:
		break;
	}
	abort(); /* a table asks to parse a kind that is only shown */
}

static const char *
size_text(uint64_t size, bool human, char buf[VALUE_MAX])
{
	if (!human || size > INT64_MAX ||
		humanize_number(buf, 6, (int64_t)size, "", HN_AUTOSCALE,
			HN_NOSPACE | HN_DECIMAL) < 0)
		snprintf(buf, VALUE_MAX, "%" PRIu64, size);
	return buf;
}

static const char *
number_text(enum kind kind, uint64_t number, bool human, char buf[VALUE_MAX])
{
	if (number == IPC_UNKNOWN)
		return NULL;
	if (kind != KEY)
		return size_text(number, human && kind == SIZE, buf);
	snprintf(buf, VALUE_MAX, "0x%08" PRIx64, number);
	return buf;
}

static const char *
name_or_number(const char *name, unsigned int number, char buf[VALUE_MAX])
{
	if (name != NULL)
		return name;
	snprintf(buf, VALUE_MAX, "%u", number);
	return buf;
}

static const char *
time_text(int64_t seconds, bool human, char buf[VALUE_MAX])
{
	const time_t time = seconds;
	struct tm room, *tm;

	if (seconds == IPC_UNKNOWN_TIME)
		return NULL;
	tm = human ? localtime_r(&time, &room) : gmtime_r(&time, &room);
	if (tm == NULL) /* anybody can give a file a time that is in no calendar */
		return NULL;
	strftime(
		buf, VALUE_MAX, human ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%dT%H:%M:%SZ", tm);
	return buf;
}

/* For a person in the largest unit of which there are two. */
static const char *
span_text(int64_t span, bool human, char buf[VALUE_MAX])
{
	static const struct {
		int64_t seconds;
		char letter;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	const int64_t seconds = span / 1000000000;
	size_t i = 0;

	if (span == IPC_UNKNOWN_TIME)
		return NULL;
	if (!human)
		return ipc_span_text(span, buf);
	while (units[i].seconds > 1 && seconds < 2 * units[i].seconds)
		i++;
	snprintf(buf, VALUE_MAX, "%jd%c", (intmax_t)(seconds / units[i].seconds),
		units[i].letter);
	return buf;
}

/* Nobody has such a number, and no file such a mode: it is what nobody told. */
static bool
is_unknown(enum kind kind, const void *member)
{
	return (kind == USER && *(const uid_t *)member == (uid_t)-1) ||
		(kind == GROUP && *(const gid_t *)member == (gid_t)-1) ||
		(kind == MODE && *(const mode_t *)member == (mode_t)-1);
}

const char *
value_text(
	const struct field *field, const void *record, bool human, char buf[VALUE_MAX])
{
	const void *member = (const char *)record + field->offset;

	if (is_unknown(field->kind, member))
		return NULL;
	switch (field->kind) {
	case FLAG:
		return *(const bool *)member ? "true" : "false";
	case TEXT:
		return field->means != NULL ? field->means
					    : *(const char *const *)member;
	case NUMBER:
	case COUNT:
	case SIZE:
	case KEY:
		return number_text(field->kind, *(const uint64_t *)member, human, buf);
	case PRIORITY:
		return name_or_number(NULL, *(const unsigned int *)member, buf);
	case USER:
		return name_or_number(whole_user(*(const uid_t *)member, buf),
			*(const uid_t *)member, buf);
	case GROUP:
		return name_or_number(whole_group(*(const gid_t *)member, buf),
			*(const gid_t *)member, buf);
	case MODE:
		snprintf(buf, VALUE_MAX, "%04o", *(const mode_t *)member);
		return buf;
	case TIME:
		return time_text(*(const int64_t *)member, human, buf);
	case SPAN:
		return span_text(*(const int64_t *)member, human, buf);
	case ADDRESS:
		return ipc_address_text(member);
	case DIRECTORIES:
	case WORD:
	case TYPE:
	case MESSAGE_TYPE:
	case MODE_CHANGE:
	case OWNER:
	case HOLDERS:
	case PROCESS:
	case PROCESS_OR_NEVER:
		break;
	}
	abort(); /* a table asks to show a kind that is only typed */
}

const struct holding *
value_holding(const struct field *field, const void *record)
{
	return (const void *)((const char *)record + field->offset);
}

bool
value_is_number(const struct field *field)
{
	return field->kind == NUMBER || field->kind == COUNT ||
		field->kind == PRIORITY || field->kind == SIZE || field->kind == SPAN;
}

bool
value_is_name(const struct field *field)
{
	return field->kind == USER || field->kind == GROUP || field->kind == OWNER ||
		field->kind == HOLDERS;
}
