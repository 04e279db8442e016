/* json.h - the JSON that the family writes and reads: an object a line, RFC 8259 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <ipcutil/error.h>

/*
 * Writes "key":"text", with an escape for what nobody sees: text_is_invisible().
 * Bytes that are not UTF-8 have text that a person can read, vis(3)-encoded, and the
 * bytes themselves in "key_base64" behind it.  False when memory runs out.
 */
bool json_put_bytes(FILE *out, const char *key, const void *bytes, size_t length);

/* What is behind a key. */
enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_NESTED, /* an array or another object, which is stepped over */
};

struct json_value {
	enum json_type type;
	char *text;    /* of a string, decoded, or of a number; NUL at the end */
	size_t length; /* a string may have NUL within */
};

/*
 * Reads one object from text, which it changes: strings are decoded in
 * place.  Calls visit for each member; one that returns a non-null string, what
 * is wrong, ends it.  Returns NULL, or what is wrong.
 */
const char *json_read_object(char *text, size_t length,
	const char *(*visit)(const char *key, struct json_value *value, void *arg),
	void *arg);

/* Decodes base64 (RFC 4648, padded) in place; false when it is not that. */
bool json_base64(struct json_value *value);

#endif
