/* remove.h - the verb rm of the programs that have one type of object */
#ifndef REMOVE_H
#define REMOVE_H

#include "cli.h"

struct remove_args {
	bool force;
};

extern const struct field remove_options[];

/* Its row; what function does is one call of remove_by(). */
#define REMOVE_VERB(words, function) \
	{ \
		.name = "rm", .synonyms = "remove unlink", .operands = "ADDRESS...", \
		.help = (words), .options = remove_options, \
		ARGS(struct remove_args, .force = false), .run = (function) \
	}

int remove_by(struct call *call,
	int (*remove)(const struct ipc_address *address, struct ipc_error *err));

#endif
