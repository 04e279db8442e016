/* holding.h - the processes that hold an object, as a value of a column */
#ifndef HOLDING_H
#define HOLDING_H

#include <stdbool.h>
#include <stdio.h>

#include "value.h"

/*
 * The holders as one word, "4711:read:bash,4712:both:cat", and of a pipe with the
 * descriptor, "4711/0:read:bash", in which commands are as text_visible_in_list() has
 * them; the caller frees it.  NULL: no memory.  Nobody is "".  Of more than most there are
 * so many, and "+7" for the others.
 */
char *holding_text(const struct holding *holding, size_t most);

/* How a process has an object, "both+mapped", in buf; returns buf. */
const char *holding_access(unsigned int access, char buf[VALUE_MAX]);

/* Writes "key":[{"pid":4711,"command":"bash","user":"root","access":"read"}]. */
bool holding_put_json(FILE *out, const char *key, const struct holding *holding);

#endif
