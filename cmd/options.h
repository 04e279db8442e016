/* options.h - the words of a command line, sorted by the rows of a verb */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "cli.h"

/* Rows and the struct that their members are in. */
struct option_group {
	const struct field *rows;
	void *members;
};

enum { GROUPS_MAX = 3 };

/* The options that every verb has, into a struct call. */
extern const struct field common_options[];

/*
 * The options of a verb, in the groups that --help tells: its own, those of all
 * that print records, those of all.  Returns how many groups it filled.
 */
size_t option_groups(const struct verb *verb, void *args, struct call *call,
	struct option_group groups[GROUPS_MAX]);

/*
 * Stores every option of argv, which begins with the verb, in its member, and
 * what is left, in order, in operands: room for argc + 1, NULL at the end.
 * Returns 0, or -1 with IPC_MISUSE in call->err.
 */
int options_parse(
	struct call *call, void *args, int argc, char **argv, char **operands);

#endif
