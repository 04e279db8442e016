/* message.h - messages, and the framings that tell them apart in a stream */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ipcutil/error.h>
#include <ipcutil/message.h>
#include <ipcutil/number.h>

#include "value.h"

/* How messages stand one behind the other: in one of these ways, or bare. */
struct framing {
	bool lines;           /* each ends with a newline */
	bool null;            /* each ends with NUL */
	bool length_prefixed; /* each begins with its length: 4 bytes, big-endian */
	bool json;            /* each is a JSON object on a line */
	uint64_t record;      /* each is of that many bytes; IPC_UNKNOWN: not that */
};

/* Bare, as a verb's defaults have it. */
#define NO_FRAMING \
	{ \
		.record = IPC_UNKNOWN \
	}

/* Its options, for a member of an args struct: those of bytes, and all. */
#define BYTE_FRAMING_OPTIONS(type, member) \
	OPTION_MEANS(FLAG, 'l', "lines", type, member.lines, "", \
		"each message is a line, without its newline"), \
		OPTION_MEANS(FLAG, 'z', "null", type, member.null, "", \
			"each message ends with a NUL byte"), \
		OPTION_MEANS(FLAG, 'L', "length-prefixed", type, \
			member.length_prefixed, "", \
			"each message begins with its length: 4 bytes, big-endian"), \
		OPTION(SIZE, 0, "record", type, member.record, "BYTES", \
			"each message is of BYTES")
#define FRAMING_OPTIONS(type, member) \
	BYTE_FRAMING_OPTIONS(type, member), \
		OPTION_MEANS(FLAG, 'J', "json", type, member.json, "", \
			"each message is a JSON object on a line: priority, type, data")

/* Room around a message's data for what frames it. */
enum { FRAME_HEAD = 4, FRAME_TAIL = 1 };

/* True when one was chosen. */
bool framing_is_chosen(const struct framing *framing);

/* 0, or -1 with IPC_MISUSE when more than one was chosen, or --record=0. */
int framing_check(const struct framing *framing, struct ipc_error *err);

/* Why the framing cannot carry a message, "it has a newline"; NULL when it can. */
const char *framing_cannot(
	const struct framing *framing, const struct ipc_message *message);

/*
 * 0, or -1 with IPC_LIMIT when records are longer than the longest message that can be
 * written.  limited_by is as below.
 */
int framing_fits(const struct framing *framing, size_t most, const char *limited_by,
	struct ipc_error *err);

/*
 * Fails with IPC_LIMIT as a message of that number, from 1, is longer than the longest
 * that can be written.  limited_by tells what sets that: " (sysctl x)", or "".
 */
int message_too_long(uint64_t number, const char *what, uint64_t length, size_t most,
	const char *limited_by, struct ipc_error *err);

/*
 * Saves a message that can go nowhere else in a new file of mode 0600: in
 * $TMPDIR, else /tmp, else /dev/shm.  path, of room bytes, is its name then.
 */
int message_save(const struct ipc_message *message, const char *program, char *path,
	size_t room, struct ipc_error *err);

/*
 * The same when *err says why it can go nowhere: adds where it is, or that it is lost.
 * what it is, "the message", is told.  Returns -1.
 */
int message_rescue(const struct ipc_message *message, const char *what,
	const char *program, struct ipc_error *err);

#endif
