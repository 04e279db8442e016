/* help.c - --help for people and help2man, --describe for shells */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include <ipcutil/number.h>

#include "help.h"
#include "options.h"

/* help2man makes a subsection of "Title:" and an entry of each row below. */
static void
put_row(const char *left, const char *help)
{
	printf("  %-26s  %s\n", left, help);
}

static void
put_sentence(const char *text)
{
	printf("\n%c%s.\n", toupper((unsigned char)text[0]), text + 1);
}

static void
put_synopsis(const char *before, const struct program *program, const struct verb *verb,
	FILE *out)
{
	const bool is_typed = cli_only_verb(program) == NULL;

	fprintf(out, "%s %s%s%s [OPTION]...%s%s%s\n", before, program->name,
		is_typed ? " " : "", is_typed ? verb->name : "",
		verb->operands != NULL ? " " : "",
		verb->operands != NULL ? verb->operands : "",
		verb->command ? " [-- COMMAND [ARG]...]" : "");
}

/* "(default 0600)", for options that have a value without being given. */
static void
put_default(char *help, size_t room, const struct field *row, const void *defaults)
{
	const void *member;

	if (defaults == NULL || row->arg == NULL)
		return;
	member = (const char *)defaults + row->offset;
	if (row->kind == MODE_CHANGE && *(const char *const *)member != NULL)
		snprintf(help, room, " (default %s)", *(const char *const *)member);
	else if (row->kind == COUNT && *(const uint64_t *)member != IPC_UNKNOWN)
		snprintf(help, room, " (default %" PRIu64 ")",
			*(const uint64_t *)member);
	else if (row->kind == PRIORITY)
		snprintf(help, room, " (default %u)", *(const unsigned int *)member);
}

/* ": mq,shm", for options whose value is a list. */
static void
put_words(char *help, size_t room, const struct field *row)
{
	size_t length = 0;

	for (unsigned int i = 0; row->word(i) != NULL && length < room; i++)
		length += (size_t)snprintf(help + length, room - length, "%s%s",
			i == 0 ? ": " : ",", row->word(i));
}

static void
put_option(const struct field *row, const void *defaults)
{
	char letter[] = "    ", left[64], help[200], usual[80] = "";

	if (row->letter != 0)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name,
		row->arg != NULL ? "=" : "", row->arg != NULL ? row->arg : "");
	put_default(usual, sizeof(usual), row, defaults);
	if (row->word != NULL)
		put_words(usual, sizeof(usual), row);
	snprintf(help, sizeof(help), "%s%s", row->help, usual);
	put_row(left, help);
	if (row->synonym == NULL)
		return;
	snprintf(left, sizeof(left), "    --%s=%s", row->synonym, row->arg);
	snprintf(help, sizeof(help), "the same as --%s", row->name);
	put_row(left, help);
}

static void
put_options(const struct field *rows, const void *defaults)
{
	for (; rows != NULL && rows->name != NULL; rows++)
		put_option(rows, defaults);
}

static void
put_own_options(const struct verb *verb)
{
	if (verb->options == NULL)
		return;
	printf("\nOptions of %s:\n", verb->name);
	put_options(verb->options, verb->defaults);
}

static bool
has_column(const struct field *column, const char *name)
{
	while (column->name != NULL && strcmp(column->name, name) != 0)
		column++;
	return column->name != NULL;
}

/* What is not among the others already. */
static void
put_groups(const struct column_group *group, const struct field *others)
{
	for (; group != NULL && group->of != NULL; group++) {
		printf("\nColumns of %s:\n", group->of);
		for (const struct field *column = group->columns; column->name != NULL;
			column++)
			if (!has_column(others, column->name))
				put_row(column->name, column->help);
	}
}

static void
put_columns(const struct program *program, const struct verb *verb)
{
	puts(cli_only_verb(program) == NULL ? "\nOptions of verbs that print records:"
					    : "\nOptions of what is printed:");
	put_options(record_options, NULL);
	printf("\nColumns:\n");
	for (const struct field *column = verb->columns; column->name != NULL; column++)
		put_row(column->name, column->help);
	put_groups(verb->groups, verb->columns);
	put_groups(verb->instead, verb->columns);
}

static void
put_common(const struct program *program)
{
	puts(cli_only_verb(program) == NULL ? "\nOptions of every verb:"
					    : "\nOptions of every program:");
	put_options(common_options, NULL);
}

/* The length of the first word; steps over it and the blank behind. */
static int
next_word(const char **words)
{
	size_t length = strcspn(*words, " ");

	*words += length;
	*words += strspn(*words, " ");
	return (int)length;
}

static void
put_verb(const struct verb *verb)
{
	const char *word = verb->synonyms != NULL ? verb->synonyms : "";
	char names[64];
	int end = snprintf(names, sizeof(names), "%s", verb->name);

	for (const char *start = word; *start != '\0'; start = word)
		end += snprintf(names + end, sizeof(names) - (size_t)end, ", %.*s",
			next_word(&word), start);
	put_row(names, verb->help);
}

void
help_usage(const struct program *program, FILE *out)
{
	const char *before = "Usage:";

	for (const struct verb *verb = program->verbs; verb->name != NULL; verb++) {
		put_synopsis(before, program, verb, out);
		before = "  or: ";
	}
}

static void
help_program(const struct program *program)
{
	const struct verb *records = NULL, *verb;

	if (cli_only_verb(program) != NULL) {
		help_verb(program, program->verbs);
		return;
	}
	help_usage(program, stdout);
	put_sentence(program->help);
	puts("\nVerbs:");
	for (verb = program->verbs; verb->name != NULL; verb++)
		put_verb(verb);
	for (verb = program->verbs; verb->name != NULL; verb++) {
		put_own_options(verb);
		if (verb->columns != NULL)
			records = verb; /* they share their columns */
	}
	if (records != NULL)
		put_columns(program, records);
	put_common(program);
}

void
help_verb(const struct program *program, const struct verb *verb)
{
	put_synopsis("Usage:", program, verb, stdout);
	put_sentence(verb->help);
	if (verb->data)
		puts("Options come before ADDRESS: whatever follows it is data.");
	put_own_options(verb);
	if (verb->columns != NULL)
		put_columns(program, verb);
	put_common(program);
}

void
help_version(const struct program *program)
{
	printf("%s (%s)\n", program->name, PACKAGE_STRING);
}

static void
describe_option(const struct verb *verb, const struct field *row)
{
	const char *arg = row->arg != NULL ? row->arg : "";

	if (row->letter != 0)
		printf("option\t%s\t-%c\t%s\t%s\n", verb->name, row->letter, arg,
			row->help);
	printf("option\t%s\t--%s\t%s\t%s\n", verb->name, row->name, arg, row->help);
	if (row->synonym != NULL)
		printf("option\t%s\t--%s\t%s\t%s\n", verb->name, row->synonym, arg,
			row->help);
	for (unsigned int i = 0; row->word != NULL && row->word(i) != NULL; i++)
		printf("word\t%s\t%s\t%s\t%s\n", verb->name, row->word(i), arg,
			row->help);
}

/* Each name once. */
static void
describe_columns(const struct verb *verb)
{
	struct records all = { .json = true };

	if (verb->columns == NULL)
		return;
	records_begin(&all, verb->columns, verb->groups, false, NULL);
	for (const struct column_group *group = verb->instead;
		group != NULL && group->of != NULL; group++)
		records_begin(&all, group->columns, NULL, false, NULL);
	for (size_t i = 0; i < all.count; i++)
		printf("column\t%s\t%s\t\t%s\n", verb->name, all.columns[i]->name,
			all.columns[i]->help);
}

/* The completions rely on this order: a verb's names before all else of it. */
static void
describe_verb(const struct verb *verb)
{
	const char *operands = verb->operands != NULL ? verb->operands : "";
	const char *word = verb->synonyms != NULL ? verb->synonyms : "";
	struct option_group groups[GROUPS_MAX];
	size_t count = option_groups(verb, NULL, NULL, groups);

	printf("verb\t%s\t%s\t%s\t%s\n", verb->name, verb->name, operands, verb->help);
	for (const char *start = word; *start != '\0'; start = word)
		printf("verb\t%s\t%.*s\t%s\t%s\n", verb->name, next_word(&word), start,
			operands, verb->help);
	for (size_t i = 0; i < count; i++)
		for (const struct field *row = groups[i].rows; row->name != NULL; row++)
			describe_option(verb, row);
	describe_columns(verb);
}

bool
help_asked(const struct program *program, const char *word)
{
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		help_program(program);
	else if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
		help_version(program);
	else if (strcmp(word, "--describe") == 0)
		for (const struct verb *verb = program->verbs; verb->name != NULL;
			verb++)
			describe_verb(verb);
	else
		return false;
	return true;
}
