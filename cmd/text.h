/* text.h - foreign bytes: what they are, and how a person may see them */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True when all of it is well-formed UTF-8: Unicode, table 3-7. */
bool text_is_utf8(const void *bytes, size_t length);

/* The length of the well-formed UTF-8 sequence that p begins with, or 0. */
size_t text_character(const unsigned char *p, size_t left, uint32_t *character);

/*
 * True of a character that nobody sees, or that changes how others look, in any locale:
 * none is shown.
 */
bool text_is_invisible(uint32_t character);

/*
 * A string to show: vis(3) encodes what would not show as itself, a backslash
 * among it, so that unvis(3) gives the bytes again; with blanks, too, when the
 * string must be one word.  UTF-8 stays where the locale has it.  The caller
 * frees it; NULL when memory runs out.
 */
char *text_visible(const void *bytes, size_t length, bool one_word);

/* The same as one word of a list with commas between: it has none. */
char *text_visible_in_list(const char *text);

#endif
