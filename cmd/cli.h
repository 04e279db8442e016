/*
 * cli.h - what a program is made of
 *
 * A program is one const struct program in cmd/ipc-NAME.c.  Parsing, --help, the
 * man page and the completion of shells are all read from it.
 */
#ifndef CLI_H
#define CLI_H

#include <ipcutil/address.h>
#include <ipcutil/error.h>

#include "record.h"
#include "value.h"

/* The exit statuses: ipcutil's users test for them. */
enum {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_NO_OBJECT = 3,
	STATUS_EXISTS = 4,
	STATUS_DENIED = 5,
	STATUS_LIMIT = 6,
	STATUS_REFUSED = 7,
	STATUS_WOULD_BLOCK = 75,
	STATUS_TIMED_OUT = 124,
	STATUS_OURS = 125, /* with COMMAND: any other failure that is not its own */
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127,
};

/* One run of one verb. */
struct call {
	const struct program *program;
	const struct verb *verb;
	const void *args;           /* the verb's own struct, filled */
	struct ipc_address address; /* the operand ADDRESS, when it has one */
	char **argv;                /* the whole command line */
	char **operands;            /* those behind it; NULL at the end */
	char **command;             /* what follows "--"; NULL: nothing */
	bool quiet;                 /* say nothing on stderr */
	bool verbose;               /* say there what was done */
	bool help, version;         /* print that instead of running */
	struct records records;     /* how to show them, and those so far */
	bool is_told;               /* that not everything could be seen */
	int status;                 /* of the first failure so far, or 0 */
	struct ipc_error err;       /* to fill before returning -1 */
};

struct verb {
	const char *name;
	const char *synonyms;        /* "recv", "stat info"; or NULL */
	const char *operands;        /* "ADDRESS", "ADDRESS [MESSAGE]...", "ADDRESS...",
					   which runs the verb for each; or NULL */
	const char *help;            /* one line, no capital, no full stop */
	const struct field *options; /* into args; NULL for none */
	const struct field *columns; /* of the records it prints; or NULL */
	const struct column_group *groups; /* more of them, of some records; or NULL */
	const struct column_group
		*instead;     /* of an option that is a FLAG: "--limits" */
	const void *defaults; /* args before any option */
	size_t args_size;
	bool command; /* "-- COMMAND [ARG]..." may follow */
	bool data;    /* what follows ADDRESS is data, never an option */
	bool list;    /* people see each record as a list, not a row */
	int (*run)(struct call *call); /* 0, or -1 with call->err filled */
};

struct program {
	const char *name;
	const char *help;
	const struct verb *verbs; /* the last has no name; one of the program's name
					   is all there is, and is not typed */
	int (*address)(const char *text, struct ipc_address *address,
		struct ipc_error *err); /* reads the operand ADDRESS */
};

/* The one that this executable is: in cmd/ipc-NAME.c. */
extern const struct program this_program;

enum {
	ARGS_MAX = 512,   /* bytes of the largest args struct */
	OPTIONS_MAX = 48, /* options of one verb, with those of every verb */
};

/* Sets .defaults and .args_size: ARGS(struct create_args, .mode = "0600") */
#define ARGS(type, ...) \
	.defaults = &(const type){ __VA_ARGS__ }, \
	.args_size = \
		sizeof(type) + 0 * sizeof(char[sizeof(type) <= ARGS_MAX ? 1 : -1])

/* The options of every verb that waits, for a member of an args struct in ns. */
#define WAIT_OPTIONS(type, member) \
	OPTION_MEANS(SPAN, 'n', "nonblock", type, member, "0", \
		"do not wait: status 75 instead"), \
		OPTION(SPAN, 'w', "timeout", type, member, "TIME", \
			"stand still for at most TIME: status 124 then")

/*
 * Runs a program: argv as main() has it.  Returns the exit status; never exits,
 * keeps nothing from one call to the next.  Output is flushed.  Expects descriptors
 * 0 to 2 to be open and SIGPIPE to be ignored.
 */
int cli_run(const struct program *program, int argc, char **argv);

/*
 * Tells the person of the failure in call->err and goes on: for verbs that can
 * do the rest of their work.
 */
void cli_failed(struct call *call);

/* Says something to the person who asked for --verbose. */
void cli_say(const struct call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Tells the person of something that is no failure. */
void cli_warn(const struct call *call, const char *sentence);

/*
 * Fails with wrong usage: "return cli_misuse(call, "...");".  The sentence
 * stands alone, without "cannot".
 */
#define cli_misuse(call, ...) ipc_refuse(&(call)->err, IPC_MISUSE, EINVAL, __VA_ARGS__)

/* The verb of a program that has but one and no name for it, or NULL. */
const struct verb *cli_only_verb(const struct program *program);

/* The verb of that name or synonym, or NULL. */
const struct verb *cli_verb(const struct program *program, const char *name);

#endif
