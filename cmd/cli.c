/* cli.c - one run of a program: parse, run, report, return the status */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "help.h"
#include "options.h"
#include "outlet.h"
#include "text.h"
#include "whole.h"

static const int statuses[] = {
	[IPC_FAILED] = STATUS_FAILED,
	[IPC_MISUSE] = STATUS_USAGE,
	[IPC_NO_OBJECT] = STATUS_NO_OBJECT,
	[IPC_EXISTS] = STATUS_EXISTS,
	[IPC_DENIED] = STATUS_DENIED,
	[IPC_LIMIT] = STATUS_LIMIT,
	[IPC_REFUSED] = STATUS_REFUSED,
	[IPC_WOULD_BLOCK] = STATUS_WOULD_BLOCK,
	[IPC_TIMED_OUT] = STATUS_TIMED_OUT,
};

/* One line for a person.  Names in it are foreign bytes. */
static void
say(const struct program *program, const char *before, const char *sentence)
{
	char *visible = text_visible(sentence, strlen(sentence), false);

	fprintf(stderr, "%s: %s%s\n", program->name, before,
		visible != NULL ? visible : strerror(ENOMEM));
	free(visible);
}

static int
status_of(const struct call *call)
{
	enum ipc_fault fault = call->err.fault;

	if (call->command != NULL && fault != IPC_WOULD_BLOCK && fault != IPC_TIMED_OUT)
		return STATUS_OURS;
	return statuses[fault];
}

void
cli_failed(struct call *call)
{
	if (!call->quiet)
		say(call->program, call->err.fault == IPC_MISUSE ? "" : "cannot ",
			call->err.sentence);
	if (call->status == STATUS_DONE)
		call->status = status_of(call);
}

void
cli_warn(const struct call *call, const char *sentence)
{
	if (!call->quiet)
		say(call->program, "", sentence);
}

void
cli_say(const struct call *call, const char *format, ...)
{
	char text[1024];
	va_list ap;

	if (!call->verbose || call->quiet)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	say(call->program, "", text);
}

static bool
is_word_of(const char *words, const char *word)
{
	size_t length = strlen(word);

	while (words != NULL && *words != '\0') {
		size_t end = strcspn(words, " ");

		if (end == length && strncmp(words, word, length) == 0)
			return true;
		words += end + (words[end] == ' ');
	}
	return false;
}

const struct verb *
cli_only_verb(const struct program *program)
{
	return strcmp(program->verbs->name, program->name) == 0 ? program->verbs : NULL;
}

const struct verb *
cli_verb(const struct program *program, const char *name)
{
	const struct verb *verb = program->verbs;

	while (verb->name != NULL && strcmp(verb->name, name) != 0 &&
		!is_word_of(verb->synonyms, name))
		verb++;
	return verb->name != NULL ? verb : NULL;
}

static bool
takes_address(const struct verb *verb)
{
	return verb->operands != NULL && strncmp(verb->operands, "ADDRESS", 7) == 0;
}

/* True when the verb is run for each of its operands. */
static bool
is_run_for_each(const struct verb *verb)
{
	return verb->operands != NULL && strcmp(verb->operands, "ADDRESS...") == 0;
}

/* How many operands it takes. */
static size_t
most_operands(const struct verb *verb)
{
	size_t count = 0;

	if (verb->operands == NULL)
		return 0;
	if (strstr(verb->operands, "...") != NULL)
		return SIZE_MAX;
	for (const char *word = verb->operands; word != NULL;
		word = strchr(word + 1, ' '))
		count++;
	return count;
}

/* Counts the operands, and reads those that are addresses: wrong ones first. */
static int
check_operands(struct call *call)
{
	const struct verb *verb = call->verb;
	const size_t most = most_operands(verb);
	char **operand = call->operands;

	if (takes_address(verb) && *operand == NULL)
		return cli_misuse(call, "'%s' needs %s", verb->name, verb->operands);
	for (size_t i = 0; operand[i] != NULL; i++) {
		if (i >= most)
			return cli_misuse(call, "'%s' does not take the operand '%s'",
				verb->name, operand[i]);
		if ((takes_address(verb) && i == 0) || is_run_for_each(verb))
			if (call->program->address(
				    operand[i], &call->address, &call->err) < 0 &&
				call->err.fault == IPC_MISUSE)
				return -1; /* others fail when their turn comes */
	}
	return 0;
}

/* Whether an option that is a FLAG of the verb was given: "--limits". */
static bool
is_given(const struct call *call, const char *option)
{
	const struct field *row = call->verb->options;

	while (strcmp(row->name, option + strlen("--")) != 0)
		row++;
	return *(const bool *)((const char *)call->args + row->offset);
}

static int
begin_records(struct call *call)
{
	const struct verb *verb = call->verb;

	for (const struct column_group *group = verb->instead;
		group != NULL && group->of != NULL; group++)
		if (is_given(call, group->of))
			return records_begin(&call->records, group->columns, NULL,
				false, &call->err);
	return verb->columns == NULL ? 0
				     : records_begin(&call->records, verb->columns,
					       verb->groups, verb->list, &call->err);
}

/* Runs the verb for the first operand left, or for none. */
static void
run(struct call *call)
{
	if ((takes_address(call->verb) &&
		    call->program->address(
			    *call->operands++, &call->address, &call->err) < 0) ||
		call->verb->run(call) < 0)
		cli_failed(call);
}

static void
run_verb(struct call *call)
{
	const struct verb *verb = call->verb;

	if (check_operands(call) < 0 || begin_records(call) < 0) {
		cli_failed(call);
		return;
	}
	if (records_want_whole(&call->records))
		whole_instead(call->argv);
	do
		run(call);
	while (is_run_for_each(verb) && *call->operands != NULL && !ferror(stdout));
	if (records_end(&call->records, &call->err) < 0)
		cli_failed(call);
}

/* What is written late fails late: with a full disk, or nobody to read it. */
static int
flush(struct call *call)
{
	if (fflush(stdout) != 0 && call->status == STATUS_DONE) {
		outlet_failed(errno, &call->err);
		cli_failed(call);
	}
	__fpurge(stdout); /* or the next call would print it */
	clearerr(stdout);
	return call->status;
}

/* Wrong usage with COMMAND has a status of its own, see status_of(). */
static void
find_command(struct call *call, char **argv)
{
	while (call->verb->command && call->command == NULL && *argv != NULL)
		if (strcmp(*argv++, "--") == 0 && *argv != NULL)
			call->command = argv;
}

static void
parse_and_run(struct call *call, int argc, char **argv)
{
	_Alignas(max_align_t) char args[ARGS_MAX];
	char *few[16] = { NULL }; /* one-shot calls need no heap */
	char **many = NULL, **operands = few;

	if ((size_t)argc >= sizeof(few) / sizeof(*few))
		operands = many = calloc((size_t)argc + 1, sizeof(*operands));

	if (call->verb->defaults != NULL)
		memcpy(args, call->verb->defaults, call->verb->args_size);
	call->args = args;
	call->operands = operands;
	if (operands == NULL) {
		ipc_fail(&call->err, errno, "read the command line");
		cli_failed(call);
	} else if (options_parse(call, args, argc, argv, operands) < 0) {
		find_command(call, argv);
		cli_failed(call);
	} else if (call->help) {
		help_verb(call->program, call->verb);
	} else if (call->version) {
		help_version(call->program);
	} else {
		run_verb(call);
	}
	records_free(&call->records);
	free(many);
}

int
cli_run(const struct program *program, int argc, char **argv)
{
	struct call call = {
		.program = program, .verb = cli_only_verb(program), .argv = argv
	};
	const int typed = call.verb == NULL; /* words before the options */

	if (argc < 1 + typed) {
		help_usage(program, stderr);
		return STATUS_USAGE;
	}
	if (argc > 1 && help_asked(program, argv[1]))
		return flush(&call);
	if (call.verb == NULL)
		call.verb = cli_verb(program, argv[1]);
	if (call.verb == NULL) {
		cli_misuse(&call, "'%s' is not a verb; --help lists them", argv[1]);
		cli_failed(&call);
		return call.status;
	}
	parse_and_run(&call, argc - typed, argv + typed);
	return flush(&call);
}
