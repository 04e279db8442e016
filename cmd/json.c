/* json.c - the JSON that the family writes and reads: an object a line, RFC 8259 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* What a backslash and this letter stand for, in pairs. */
static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";

/* As UTF-16: beyond 16 bits a pair of surrogates. */
static void
put_escape(FILE *out, uint32_t c)
{
	if (c < 0x10000)
		fprintf(out, "\\u%04x", c);
	else
		fprintf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10),
			0xdc00 | (c & 0x3ff));
}

/* Of UTF-8. */
static void
put_string(FILE *out, const unsigned char *p, size_t length)
{
	const unsigned char *plain = p; /* up to p as it is */
	uint32_t c;

	putc('"', out);
	for (size_t step; length > 0; p += step, length -= step) {
		step = text_character(p, length, &c);
		if (c != '"' && c != '\\' && !text_is_invisible(c))
			continue;
		fwrite(plain, 1, (size_t)(p - plain), out);
		plain = p + step;
		if (text_is_invisible(c))
			put_escape(out, c);
		else
			fprintf(out, "\\%c", *p);
	}
	fwrite(plain, 1, (size_t)(p - plain), out);
	putc('"', out);
}

static void
put_base64(FILE *out, const unsigned char *p, size_t length)
{
	putc('"', out);
	while (length > 0) {
		size_t part = length < 3 ? length : 3;
		uint32_t bits = 0;

		for (size_t i = 0; i < 3; i++)
			bits = bits << 8 | (i < part ? p[i] : 0U);
		for (size_t i = 0; i < 4; i++)
			putc(i <= part ? base64_digits[bits >> (18 - 6 * i) & 63] : '=',
				out);
		p += part;
		length -= part;
	}
	putc('"', out);
}

bool
json_put_bytes(FILE *out, const char *key, const void *bytes, size_t length)
{
	char *visible;

	fprintf(out, "\"%s\":", key);
	if (text_is_utf8(bytes, length)) {
		put_string(out, bytes, length);
		return true;
	}
	visible = text_visible(bytes, length, false);
	if (visible == NULL)
		return false;
	put_string(out, (const unsigned char *)visible, strlen(visible));
	free(visible);
	fprintf(out, ",\"%s_base64\":", key);
	put_base64(out, bytes, length);
	return true;
}

/* What is still to be read; every text ends with NUL, which nothing accepts. */
struct reader {
	char *at;
	const char *end;
};

static void
skip_blanks(struct reader *in)
{
	in->at += strspn(in->at, " \t\r\n");
}

static bool
take(struct reader *in, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(in->at, word, length) != 0)
		return false;
	in->at += length;
	return true;
}

static bool
read_hex4(struct reader *in, uint32_t *value)
{
	*value = 0;
	for (int i = 0; i < 4; i++, in->at++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = strchr(digits, *in->at | 0x20);

		if (*in->at < '0' || digit == NULL || *digit == '\0')
			return false;
		*value = *value << 4 | (uint32_t)(digit - digits);
	}
	return true;
}

static char *
put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (char)(0xe0 | c >> 12);
		} else {
			*to++ = (char)(0xf0 | c >> 18);
			*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

/* What follows \u: one code unit of UTF-16, or a pair.  Shorter than it was. */
static char *
read_unicode(struct reader *in, char *to)
{
	uint32_t c, low;

	if (!read_hex4(in, &c))
		return NULL;
	if (c >= 0xd800 && c <= 0xdbff) {
		if (!take(in, "\\u") || !read_hex4(in, &low) || low < 0xdc00 ||
			low > 0xdfff)
			return NULL;
		c = 0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00));
	} else if (c >= 0xdc00 && c <= 0xdfff) {
		return NULL;
	}
	return put_utf8(to, c);
}

/* Decodes behind the opening quote, over the encoded text, which is longer. */
static bool
read_string(struct reader *in, struct json_value *value)
{
	char *to = in->at;

	*value = (struct json_value){ .type = JSON_STRING, .text = to };
	while (in->at < in->end && *in->at != '"') {
		const char *escape;

		if ((unsigned char)*in->at < 0x20)
			return false;
		if (*in->at != '\\') {
			*to++ = *in->at++;
			continue;
		}
		in->at++;
		if (take(in, "u")) {
			to = read_unicode(in, to);
			if (to == NULL)
				return false;
			continue;
		}
		for (escape = escapes; *escape != '\0' && *escape != *in->at;
			escape += 2)
			;
		if (*escape == '\0')
			return false;
		*to++ = escape[1];
		in->at++;
	}
	if (in->at >= in->end)
		return false;
	in->at++;
	*to = '\0';
	value->length = (size_t)(to - value->text);
	return text_is_utf8(value->text, value->length);
}

/* Steps over digits; false when there are none. */
static bool
skip_digits(struct reader *in)
{
	size_t length = strspn(in->at, "0123456789");

	in->at += length;
	return length > 0;
}

/* The text is for the reader of the value to judge. */
static bool
read_number(struct reader *in, struct json_value *value)
{
	*value = (struct json_value){ .type = JSON_NUMBER, .text = in->at };
	take(in, "-");
	if (!take(in, "0") && !skip_digits(in))
		return false;
	if (take(in, ".") && !skip_digits(in))
		return false;
	if (take(in, "e") || take(in, "E")) {
		in->at += *in->at == '+' || *in->at == '-';
		if (!skip_digits(in))
			return false;
	}
	value->length = (size_t)(in->at - value->text);
	return true;
}

/* Steps over what is in brackets of either kind; not whether it is well-formed there. */
static bool
skip_nested(struct reader *in, struct json_value *value)
{
	size_t depth = 0;

	*value = (struct json_value){ .type = JSON_NESTED };
	do {
		struct json_value within;

		if (in->at >= in->end)
			return false;
		if (take(in, "\"")) {
			if (!read_string(in, &within))
				return false;
			continue;
		}
		depth += *in->at == '{' || *in->at == '[';
		depth -= *in->at == '}' || *in->at == ']';
		in->at++;
	} while (depth > 0);
	return true;
}

static bool
read_value(struct reader *in, struct json_value *value)
{
	static const struct {
		const char *word;
		enum json_type type;
	} words[] = {
		{ "null", JSON_NULL },
		{ "false", JSON_FALSE },
		{ "true", JSON_TRUE },
	};

	if (take(in, "\""))
		return read_string(in, value);
	if (*in->at == '{' || *in->at == '[')
		return skip_nested(in, value);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (take(in, words[i].word)) {
			*value = (struct json_value){ .type = words[i].type };
			return true;
		}
	return read_number(in, value);
}

const char *
json_read_object(char *text, size_t length,
	const char *(*visit)(const char *key, struct json_value *value, void *arg),
	void *arg)
{
	struct reader in = { text, text + length };
	struct json_value key, value;
	const char *wrong;
	bool more;

	skip_blanks(&in);
	if (!take(&in, "{"))
		return "it is not a JSON object";
	skip_blanks(&in);
	more = !take(&in, "}");
	while (more) {
		char *end;

		skip_blanks(&in);
		if (!take(&in, "\"") || !read_string(&in, &key))
			return "a key is not a JSON string";
		skip_blanks(&in);
		if (!take(&in, ":"))
			return "a key has no colon behind it";
		skip_blanks(&in);
		if (!read_value(&in, &value))
			return "a value is not a JSON string, number, boolean or null";
		end = in.at;
		skip_blanks(&in);
		more = take(&in, ",");
		if (!more && !take(&in, "}"))
			return "it is not a JSON object";
		if (value.type == JSON_NUMBER)
			*end = '\0'; /* its delimiter has been read */
		wrong = visit(key.text, &value, arg);
		if (wrong != NULL)
			return wrong;
	}
	skip_blanks(&in);
	return in.at < in.end ? "something follows the JSON object" : NULL;
}

bool
json_base64(struct json_value *value)
{
	const char *p = value->text;
	size_t left = value->length;
	char *to = value->text;

	if (left % 4 != 0)
		return false;
	for (; left > 0; p += 4, left -= 4) {
		size_t padding = left > 4
			? 0
			: (size_t)(p[3] == '=') + (p[3] == '=' && p[2] == '=');
		uint32_t bits = 0;

		for (size_t i = 0; i < 4; i++) {
			const char *digit = i < 4 - padding
				? strchr(base64_digits, p[i])
				: base64_digits;

			if (digit == NULL || *digit == '\0')
				return false;
			bits = bits << 6 | (uint32_t)(digit - base64_digits);
		}
		for (size_t i = 0; i < 3 - padding; i++)
			*to++ = (char)(bits >> (16 - 8 * i) & 255);
	}
	value->length = (size_t)(to - value->text);
	*to = '\0';
	return true;
}
