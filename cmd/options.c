/* options.c - the words of a command line, sorted by the rows of a verb */
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "options.h"
#include "whole.h"

const struct field common_options[] = {
	OPTION_MEANS(FLAG, 'q', "quiet", struct call, quiet, "",
		"say nothing on standard error: the status tells"),
	OPTION_MEANS(FLAG, 'v', "verbose", struct call, verbose, "",
		"say on standard error what was done"),
	OPTION_MEANS(FLAG, 'h', "help", struct call, help, "", "print this help"),
	OPTION_MEANS(
		FLAG, 'V', "version", struct call, version, "", "print the version"),
	END_FIELDS,
};

size_t
option_groups(const struct verb *verb, void *args, struct call *call,
	struct option_group groups[GROUPS_MAX])
{
	size_t count = 0;

	if (verb->options != NULL)
		groups[count++] = (struct option_group){ verb->options, args };
	if (verb->columns != NULL)
		groups[count++] = (struct option_group){ record_options,
			call == NULL ? NULL : &call->records };
	groups[count++] = (struct option_group){ common_options, call };
	return count;
}

/* The rows as getopt_long(3) wants them. */
struct translation {
	const struct field *rows[OPTIONS_MAX]; /* by the index of their group... */
	void *members[OPTIONS_MAX];
	size_t count;
	char letters[2 * OPTIONS_MAX + 8];
	struct option longs[2 * OPTIONS_MAX + 1]; /* ...whose val is behind LONG */
};

enum { LONG = 256 }; /* no letter is that large */

static void
translate_row(struct translation *to, struct option **longs, char **letter,
	const struct field *row, void *members)
{
	int has_arg = row->arg != NULL ? required_argument : no_argument;
	int val = LONG + (int)to->count;

	assert(to->count < OPTIONS_MAX);
	*(*longs)++ = (struct option){ row->name, has_arg, NULL, val };
	if (row->synonym != NULL)
		*(*longs)++ = (struct option){ row->synonym, has_arg, NULL, val };
	if (row->letter != 0) {
		*(*letter)++ = row->letter;
		if (row->arg != NULL)
			*(*letter)++ = ':';
	}
	to->rows[to->count] = row;
	to->members[to->count++] = members;
}

static void
translate(struct translation *to, const struct verb *verb,
	const struct option_group *groups, size_t count)
{
	struct option *longs = to->longs;
	char *letter = to->letters;

	/* '+': the first operand ends them; '-': operands may come between. */
	*letter++ = verb->data ? '+' : '-';
	*letter++ = ':';
	for (size_t i = 0; i < count; i++)
		for (const struct field *row = groups[i].rows; row->name != NULL; row++)
			translate_row(to, &longs, &letter, row, groups[i].members);
	*longs = (struct option){ 0 };
	*letter = '\0';
}

static size_t
index_of(const struct translation *options, int c)
{
	size_t i = 0;

	if (c >= LONG)
		return (size_t)(c - LONG);
	while (options->rows[i]->letter != c)
		i++;
	return i;
}

static int
store(const struct translation *options, int c, struct call *call)
{
	size_t i = index_of(options, c);
	const struct field *row = options->rows[i];
	const char *text = row->arg != NULL ? optarg : row->means;
	const char *wanted;

	if (value_is_name(row))
		whole_instead(call->argv);
	wanted = value_parse(row, text, options->members[i]);
	if (wanted == NULL)
		return 0;
	return cli_misuse(
		call, "option '--%s': '%s' is not %s", row->name, text, wanted);
}

/* What getopt_long(3) would say, in our words. */
static int
bad_option(struct call *call, int c, const char *word)
{
	char name[] = { '-', (char)optopt, '\0' };
	bool is_long = optopt == 0 || optopt >= LONG;

	if (!is_long)
		word = name; /* the word may be the next one by now */
	if (c == ':')
		return cli_misuse(call, "option '%s' needs an argument", word);
	if (optopt >= LONG)
		return cli_misuse(call, "option '%s' takes no argument", word);
	return cli_misuse(call, "'%s' has no option '%s'%s", call->verb->name, word,
		is_long ? ", or more than one that begins so" : "");
}

/* What stands behind "--": COMMAND, where there can be one, or more operands. */
static int
take_command(struct call *call, int argc, char **argv, bool has_operands)
{
	const struct verb *verb = call->verb;

	if (verb->command) {
		if (optind == argc)
			return cli_misuse(call, "COMMAND is missing behind '--'");
		call->command = argv + optind;
		optind = argc;
	} else if (has_operands && optind < argc && verb->operands != NULL &&
		strcmp(verb->operands, "ADDRESS...") == 0) {
		return cli_misuse(call, "'%s' takes no COMMAND, such as '%s'",
			verb->name, argv[optind]);
	}
	return 0;
}

int
options_parse(struct call *call, void *args, int argc, char **argv, char **operands)
{
	struct option_group groups[GROUPS_MAX];
	struct translation options = { .count = 0 };
	char **const first = operands;
	const char *last = NULL;
	int c;

	translate(&options, call->verb, groups,
		option_groups(call->verb, args, call, groups));
	opterr = 0;
	optind = 0; /* glibc starts afresh */
	for (;;) {
		c = getopt_long(argc, argv, options.letters, options.longs, NULL);
		if (c == -1)
			break;
		last = optarg;
		if (c == 1) { /* an operand, in the order given */
			*operands++ = optarg;
		} else if (c == '?' || c == ':') {
			return bad_option(call, c, argv[optind - 1]);
		} else if (store(&options, c, call) < 0) {
			return -1;
		}
	}
	if (!call->verb->data && optind > 1 && argv[optind - 1] != last &&
		strcmp(argv[optind - 1], "--") == 0 &&
		take_command(call, argc, argv, operands != first) < 0)
		return -1;
	while (optind < argc)
		*operands++ = argv[optind++];
	*operands = NULL;
	return 0;
}
