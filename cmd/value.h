/*
 * value.h - the kinds of value a person types or reads
 *
 * An option is a struct member that text is parsed into; a column is a struct
 * member that is formatted as text.  Both are one row, a struct field.
 */
#ifndef VALUE_H
#define VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <ipcutil/address.h>
#include <ipcutil/holders.h>

/* Who is to own an object; -1 leaves a part as it is. */
struct owner {
	uid_t uid;
	gid_t gid;
};

/* A word of memory: any 64 bits. */
struct word {
	uint64_t value;
	bool given;
};

/* Paths up to NULL. */
struct directories {
	const char *path[16 + 1];
};

/* The processes that have an object. */
struct holding {
	const struct ipc_holder *holder;
	size_t count;
};

enum kind {
	FLAG,        /* given or not */
	TEXT,        /* any; a column: a string that is never NULL */
	DIRECTORIES, /* a path, each time it is given; an option only */
	NUMBER,
	COUNT,            /* a number, at least 1 */
	WORD,             /* a number of up to 64 bits; an option only */
	PRIORITY,         /* of a message */
	TYPE,             /* which of the types of messages; an option only */
	MESSAGE_TYPE,     /* the type of a message, at least 1; an option only */
	KEY,              /* of System V, 32 bits; a column only */
	SIZE,             /* bytes; typed as 4096, 64K or 1GiB */
	SPAN,             /* time, in nanoseconds */
	MODE_CHANGE,      /* octal or symbolic, for mode_change(); an option only */
	OWNER,            /* USER[:GROUP]; an option only */
	PROCESS,          /* a process id, at least 1; an option only */
	PROCESS_OR_NEVER, /* the same, or NEVER; an option only */
	USER,    /* in a column, as the next two, -1 is one that is not known */
	GROUP,   /* a column only */
	MODE,    /* permission bits; a column only */
	TIME,    /* seconds since the epoch; a column only */
	ADDRESS, /* a column only */
	HOLDERS, /* who has it: see holding.h; a column only */
};

/* What a member of each kind is. */
#define FLAG_TYPE bool
#define TEXT_TYPE const char *
#define DIRECTORIES_TYPE struct directories
#define NUMBER_TYPE uint64_t
#define COUNT_TYPE uint64_t
#define WORD_TYPE struct word
#define PRIORITY_TYPE unsigned int
#define TYPE_TYPE long
#define MESSAGE_TYPE_TYPE long
#define KEY_TYPE uint64_t
#define SIZE_TYPE uint64_t
#define SPAN_TYPE int64_t
#define MODE_CHANGE_TYPE const char *
#define OWNER_TYPE struct owner
#define PROCESS_TYPE pid_t
#define PROCESS_OR_NEVER_TYPE pid_t
#define USER_TYPE uid_t
#define GROUP_TYPE gid_t
#define MODE_TYPE mode_t
#define TIME_TYPE int64_t
#define ADDRESS_TYPE struct ipc_address
#define HOLDERS_TYPE struct holding

struct field {
	enum kind kind;
	char letter;         /* 's' for -s; 0 for none */
	bool extra;          /* a column that is only shown when asked for */
	size_t offset;       /* of the member in its struct */
	const char *name;    /* "size" for --size, "SIZE" for a column */
	const char *synonym; /* another long name of an option; or NULL */
	const char *arg;     /* "BYTES", as help shows it; NULL takes none */
	const char *means;   /* the value that an option without arg stands for,
				   or that a TEXT column has in every row */
	const char *help;    /* one line, no capital, no full stop */
	const char *(*word)(unsigned int place); /* one of those that the value, a list,
						    is made of; NULL behind the last */
};

/* The offset of a member that must be of the type that its kind has. */
#define MEMBER(kind, type, member) \
	(offsetof(type, member) + 0 * sizeof(&((type *)0)->member == (kind##_TYPE *)0))

/* clang-format off */
#define OPTION(k, l, n, type, member, a, h) \
	{ .kind = k, .letter = l, .name = n, .offset = MEMBER(k, type, member), \
	  .arg = a, .help = h }
/* One whose value is a list of words. */
#define OPTION_WORDS(n, type, member, a, w, h) \
	{ .kind = TEXT, .name = n, .offset = MEMBER(TEXT, type, member), .arg = a, \
	  .word = w, .help = h }
/* An option without argument that stands for another one with the value m. */
#define OPTION_MEANS(k, l, n, type, member, m, h) \
	{ .kind = k, .letter = l, .name = n, .offset = MEMBER(k, type, member), \
	  .means = m, .help = h }
#define COLUMN(k, n, type, member, h) \
	{ .kind = k, .name = n, .offset = MEMBER(k, type, member), .help = h }
#define EXTRA_COLUMN(k, n, type, member, h) \
	{ .kind = k, .name = n, .offset = MEMBER(k, type, member), .extra = true, .help = h }
#define CONSTANT_COLUMN(n, m, h) \
	{ .kind = TEXT, .name = n, .extra = true, .means = m, .help = h }
#define END_FIELDS \
	{ .name = NULL }
/* clang-format on */

/* What "never" is as a process. */
enum { NEVER = -1 };

/* Longer than any value but a TEXT or an ADDRESS. */
enum { VALUE_MAX = 64 };

/*
 * Stores text in the member of record that field names.  Returns NULL, or what
 * text should have been: "a size such as 4096, 64K or 1GiB".
 */
const char *value_parse(const struct field *field, const char *text, void *record);

/*
 * The member as text: for a person (human), or exactly.  Returns buf, or the
 * member itself, or NULL when the value is not known.  Not for HOLDERS.  The bytes of a TEXT or an
 * ADDRESS are those of the system: see text.h before showing them.
 */
const char *value_text(
	const struct field *field, const void *record, bool human, char buf[VALUE_MAX]);

/* The member of a HOLDERS. */
const struct holding *value_holding(const struct field *field, const void *record);

/* True for the kinds that are numbers in JSON, and to the right in tables. */
bool value_is_number(const struct field *field);

/* True for the kinds that are, or have, names of users and groups. */
bool value_is_name(const struct field *field);

/* Applies the text of a MODE_CHANGE to a mode; the umask has no part in it. */
mode_t mode_change(mode_t old, const void *text);

#endif
