/* help.h - the program's tables, told to people and to shells */
#ifndef HELP_H
#define HELP_H

#include <stdio.h>

#include "cli.h"

/* Handles --help, --version and --describe; false for anything else. */
bool help_asked(const struct program *program, const char *word);

void help_usage(const struct program *program, FILE *out);
void help_verb(const struct program *program, const struct verb *verb);
void help_version(const struct program *program);

#endif
