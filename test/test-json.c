/* test-json.c - cmd/json.c: any bytes out and in again, and hostile input */
#include <limits.h>
#include <locale.h>
#include <string.h>
#include <sys/mman.h>
#include <wchar.h>

#include "json.h"
#include "tap.h"
#include "text.h"

enum { RANDOM_ROUNDS = 20000, HOSTILE_ROUNDS = 200000, LONGEST = 100, ROOM = 4096 };

/* The page behind it cannot be read: the last byte of a text is put before it. */
static char *guard;

static void
make_guard(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, ROOM + page, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	guard = pages + ROOM;
	if (pages == MAP_FAILED || mprotect(guard, page, PROT_NONE) < 0)
		exit(99);
}

/* The text where nothing behind its NUL, and nothing far before it, can be touched. */
static char *
guarded(const char *text, size_t length)
{
	char *place = guard - length - 1;

	memcpy(place, text, length);
	place[length] = '\0';
	return place;
}

/* The last member that was visited, and what all of them must be. */
struct seen {
	unsigned int members;
	bool sound;
	char key[ROOM];
	enum json_type type;
	char text[ROOM];
	size_t length;
	bool has_base64;
};

static const char *
visit(const char *key, struct json_value *value, void *arg)
{
	struct seen *seen = arg;

	seen->members++;
	seen->sound =
		seen->sound && text_is_utf8(key, strlen(key)) && strlen(key) < ROOM;
	snprintf(seen->key, sizeof(seen->key), "%s", key);
	seen->type = value->type;
	seen->length = 0;
	if (value->type == JSON_NUMBER)
		seen->sound = seen->sound && value->length > 0 &&
			strspn(value->text, "+-.0123456789eE") == value->length &&
			value->text[value->length] == '\0';
	if (value->type == JSON_STRING)
		seen->sound = seen->sound && text_is_utf8(value->text, value->length) &&
			value->text[value->length] == '\0';
	if (value->type == JSON_NESTED)
		return "nested";
	if (strcmp(key, "data_base64") == 0) {
		seen->has_base64 = true;
		if (value->type != JSON_STRING || !json_base64(value))
			return "not base64";
	}
	if (value->type == JSON_STRING || value->type == JSON_NUMBER) {
		memcpy(seen->text, value->text, value->length);
		seen->length = value->length;
	}
	return NULL;
}

static const char *
read_object(const char *text, size_t length, struct seen *seen)
{
	*seen = (struct seen){ .sound = true };
	return json_read_object(guarded(text, length), length, visit, seen);
}

/* Writes bytes as the one member of an object, on one line. */
static size_t
put(char *line, const char *bytes, size_t length)
{
	FILE *out = fmemopen(line, ROOM, "w");
	size_t end;

	putc('{', out);
	if (!json_put_bytes(out, "data", bytes, length))
		exit(99);
	putc('}', out);
	fflush(out);
	end = (size_t)ftell(out);
	fclose(out);
	return end;
}

static bool
goes_round(const char *bytes, size_t length)
{
	char line[ROOM];
	size_t end = put(line, bytes, length);
	struct seen seen;
	const char *wrong = read_object(line, end, &seen);
	bool good = wrong == NULL && seen.sound && seen.length == length &&
		memcmp(seen.text, bytes, length) == 0 &&
		seen.has_base64 != text_is_utf8(bytes, length);

	for (size_t i = 0; i < end; i++)
		good = good && (unsigned char)line[i] >= ' ' && line[i] != 0x7f;
	good = good && text_is_utf8(line, end);
	if (!good)
		diag("%s: %.*s", wrong != NULL ? wrong : "other bytes come back",
			(int)end, line);
	return good;
}

static size_t
random_bytes(char *bytes)
{
	size_t length = below(LONGEST), kind = below(4);

	for (size_t i = 0; i < length; i++)
		bytes[i] = (char)(kind == 0 ? below(256)
				: kind == 1 ? below(128)
				: kind == 2
				? ' ' + below(95)
				: (size_t) "\"\\/\b\f\n\r\t\0\x7f\x1bu{}:,"[below(16)]);
	return length;
}

static void
test_round_trip(void)
{
	bool good = goes_round("", 0), pairs = true;

	for (int i = 0; i < 65536; i++) {
		const char pair[] = { (char)(i >> 8), (char)(i & 255) };

		pairs = goes_round(pair, 1) && goes_round(pair, 2) && pairs;
	}
	ok(pairs, "every byte and pair of bytes is UTF-8 on one line, and read back");
	for (int i = 0; i < RANDOM_ROUNDS; i++) {
		char bytes[LONGEST];

		good = goes_round(bytes, random_bytes(bytes)) && good;
	}
	ok(good,
		"so are random bytes; base64 is there when they are not UTF-8, and only then");
}

static bool
writes(const char *bytes, size_t length, const char *wanted)
{
	char line[ROOM];
	size_t end = put(line, bytes, length);
	bool good = end == strlen(wanted) && memcmp(line, wanted, end) == 0;

	if (!good)
		diag("'%.*s', wanted '%s'", (int)end, line, wanted);
	return good;
}

/* Every character stands for itself, or as an escape when nobody would see it. */
static void
test_characters(void)
{
	bool back = true, hidden = true;

	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		char bytes[MB_LEN_MAX], line[ROOM];
		mbstate_t state = { 0 };
		size_t length = wcrtomb(bytes, (wchar_t)c, &state);

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		back = goes_round(bytes, length) && back;
		line[put(line, bytes, length)] = '\0';
		if (text_is_invisible(c) != (strstr(line, "\\u") != NULL)) {
			diag("U+%04X: %s", c, line);
			hidden = false;
		}
	}
	ok(back, "every character is read back");
	ok(hidden, "one that nobody sees is escaped, and no other");
}

static void
test_written(void)
{
	ok(writes("a\"b\\c/\n\0\x7f", 9,
		   "{\"data\":\"a\\\"b\\\\c/\\u000a\\u0000\\u007f\"}") &&
			writes("\xc3\xbc", 2, "{\"data\":\"\xc3\xbc\"}") &&
			writes("", 0, "{\"data\":\"\"}"),
		"text is written as it is, what JSON forbids escaped");
	ok(writes("\xc2\x9b\xe2\x80\xae\xf3\xa0\x80\x81", 9,
		   "{\"data\":\"\\u009b\\u202e\\udb40\\udc01\"}"),
		"what nobody sees is escaped, with two of UTF-16 beyond 16 bits");
	ok(writes("a\xff", 2, "{\"data\":\"a\\\\M^?\",\"data_base64\":\"Yf8=\"}"),
		"other bytes are told readably, and exactly beside it");
}

/* The one member of the object has this string, or number, as its value. */
static bool
reads(const char *text, enum json_type type, const char *wanted, size_t length)
{
	struct seen seen;
	const char *wrong = read_object(text, strlen(text), &seen);
	bool good = wrong == NULL && seen.sound && seen.members == 1 &&
		seen.type == type && seen.length == length &&
		memcmp(seen.text, wanted, length) == 0;

	if (!good)
		diag("%s: %s", text, wrong != NULL ? wrong : "read as another value");
	return good;
}

static void
test_read(void)
{
	ok(reads("{\"a\":\"\"}", JSON_STRING, "", 0) &&
			reads(" \t{ \"a\" : \"b\" }\r\n", JSON_STRING, "b", 1) &&
			reads("{\"\":\"x\"}", JSON_STRING, "x", 1) &&
			reads("{\"a\":\"\x7f\xc3\xbc\"}", JSON_STRING, "\x7f\xc3\xbc",
				3),
		"strings are read");
	ok(reads("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", JSON_STRING,
		   "\"\\/\b\f\n\r\t", 8) &&
			reads("{\"a\":\"x\\u0000y\"}", JSON_STRING, "x\0y", 3) &&
			reads("{\"a\":\"\\u00Fc\\u20aC\"}", JSON_STRING,
				"\xc3\xbc\xe2\x82\xac", 5) &&
			reads("{\"a\":\"\\uD83d\\uDe00\"}", JSON_STRING,
				"\xf0\x9f\x98\x80", 4) &&
			reads("{\"a\":\"\\u005cn\"}", JSON_STRING, "\\n", 2),
		"every escape is read, and what it gives is not read again");
	ok(reads("{\"a\":null}", JSON_NULL, "", 0) &&
			reads("{\"a\":true}", JSON_TRUE, "", 0) &&
			reads("{\"a\": false }", JSON_FALSE, "", 0),
		"null, true and false are read");
	ok(reads("{\"a\":0}", JSON_NUMBER, "0", 1) &&
			reads("{\"a\":-12.5e+3 }", JSON_NUMBER, "-12.5e+3", 8),
		"numbers are handed out as text");
}

/* "\uXXXX" for a code unit of UTF-16, in either case. */
static int
put_unit(char *to, uint32_t unit)
{
	return sprintf(to, unit & 1 ? "\\u%04X" : "\\u%04x", unit);
}

static size_t
utf8(char *to, uint32_t c)
{
	static const unsigned char heads[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };
	size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = length; i-- > 1; c >>= 6)
		to[i] = (char)(0x80 | (c & 0x3f));
	to[0] = (char)(heads[length] | c);
	return length;
}

static void
test_unicode(void)
{
	bool good = true, lone = true;
	char text[64], wanted[4];
	struct seen seen;

	for (uint32_t c = 0; c <= 0x10ffff; c += c < 0x10000 ? 1 : 61) {
		int end = sprintf(text, "{\"a\":\"");

		if (c < 0x10000)
			end += put_unit(text + end, c);
		else {
			end += put_unit(text + end, 0xd800 + ((c - 0x10000) >> 10));
			end += put_unit(text + end, 0xdc00 + ((c - 0x10000) & 0x3ff));
		}
		sprintf(text + end, "\"}");
		if (c >= 0xd800 && c <= 0xdfff)
			lone = lone && read_object(text, strlen(text), &seen) != NULL;
		else
			good = reads(text, JSON_STRING, wanted, utf8(wanted, c)) &&
				good;
	}
	ok(good, "\\u gives every character, by a pair where one is not enough");
	ok(lone, "half a pair is refused");
}

static void
test_refused(void)
{
	static const char *const texts[] = {
		"",
		" ",
		"{",
		"}",
		"[]",
		"null",
		"\"a\"",
		"1",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\" 1}",
		"{a:1}",
		"{'a':1}",
		"{\"a\":1,}",
		"{,}",
		"{,\"a\":1}",
		"{\"a\":1 \"b\":2}",
		"{\"a\":1}}",
		"{\"a\":1}{}",
		"{\"a\":1} x",
		"{\"a\":[1]}",
		"{\"a\":{}}",
		"{\"a\":nul}",
		"{\"a\":True}",
		"{\"a\":nullx}",
		"{\"a\":\"",
		"{\"a\":\"\\",
		"{\"a\":\"\\\"}",
		"{\"a\":\"\\x41\"}",
		"{\"a\":\"\\u\"}",
		"{\"a\":\"\\u123\"}",
		"{\"a\":\"\\u12g4\"}",
		"{\"a\":\"\\u 123\"}",
		"{\"a\":\"\\u+123\"}",
		"{\"a\":\"\\U0041\"}",
		"{\"a\":\"\\u",
		"{\"a\":\"\\u0",
		"{\"a\":\"\\u004",
		"{\"a\":\"\\ud83d\"}",
		"{\"a\":\"\\ud83d\\n\"}",
		"{\"a\":\"\\ud83dx\"}",
		"{\"a\":\"\\ud83d\\ud83d\"}",
		"{\"a\":\"\\ude00\\ud83d\"}",
		"{\"a\":\"\\ude00\"}",
		"{\"a\":\"\n\"}",
		"{\"a\":\"\t\"}",
		"{\"a\":\"\x1f\"}",
		"{\"a\":\"\xff\"}",
		"{\"a\":\"\xc3\"}",
		"{\"a\":\"\xed\xa0\x80\"}",
		"{\"\xff\":1}",
		"{\"a\":\v1}",
		"\xef\xbb\xbf{\"a\":1}",
		"{\"a\":1;\"b\":2}",
		"{\"a\":NaN}",
		"{\"a\":0x10}",
		"{\"a\":1 2}",
		"{\"a\"::1}",
	};
	static const char nul_within[] = "{\"a\":\"x\0y\"}",
			  nul_behind[] = "{\"a\":1}\0";
	struct seen seen;
	bool good = true;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (read_object(texts[i], strlen(texts[i]), &seen) == NULL) {
			diag("it was read: %s", texts[i]);
			good = false;
		}
	ok(good, "what is no flat JSON object is refused");
	ok(read_object(nul_within, sizeof(nul_within) - 1, &seen) != NULL &&
			read_object(nul_behind, sizeof(nul_behind) - 1, &seen) != NULL,
		"so is one with a NUL byte within or behind it");
	ok(read_object("{}", 2, &seen) == NULL && seen.members == 0,
		"an empty object is one");
}

static const char *
stop(const char *key, struct json_value *value, void *arg)
{
	(void)value;
	++*(int *)arg;
	return strcmp(key, "b") == 0 ? "enough" : NULL;
}

static void
test_visit(void)
{
	char text[] = "{\"a\":1,\"b\":\"x\",\"c\":true}";
	int members = 0;
	const char *wrong = json_read_object(text, strlen(text), stop, &members);

	ok(wrong != NULL && strcmp(wrong, "enough") == 0 && members == 2,
		"a visitor that finds something wrong ends it");
}

/* Breaks a text somewhere, in place; returns its new length. */
static size_t
mutate(char *text, size_t length)
{
	static const char tokens[] = "{}[]\":,\\u0dDfn\0\n -e\xff\xc3\x80\x1f";
	size_t at = below(length + 1), other = below(length + 1), count;

	switch (below(5)) {
	case 0: /* cut */
		return at;
	case 1: /* another byte */
		if (at < length)
			text[at] = below(2) ? (char)below(256)
					    : tokens[below(sizeof(tokens))];
		return length;
	case 2: /* one more */
		memmove(text + at + 1, text + at, length - at);
		text[at] = tokens[below(sizeof(tokens))];
		return length + 1;
	case 3: /* some less */
		count = below(8);
		if (at + count > length)
			count = length - at;
		memmove(text + at, text + at + count, length - at - count);
		return length - count;
	default: /* some from elsewhere */
		count = below(8);
		if (at + count > length || other + count > length)
			return length;
		memmove(text + at, text + other, count);
		return length;
	}
}

static void
test_hostile(void)
{
	static const char *const seeds[] = {
		"{\"priority\":3,\"type\":null,\"data\":\"gr\\u00fc\xc3\x9f\\n\\ud83d\\ude00\"}",
		"{\"data\":\"a\\\\M^?\",\"data_base64\":\"Yf8=\",\"x\":true}",
		" { \"a\" : -1.5e3 , \"b\" : \"\\\"\\/\\b\" , \"c\" : false } ",
		"{}",
	};
	bool good = true;

	for (int i = 0; i < HOSTILE_ROUNDS && good; i++) {
		const char *from = seeds[below(sizeof(seeds) / sizeof(*seeds))];
		size_t length = strlen(from);
		char text[256];
		struct seen seen;
		const char *wrong;

		memcpy(text, from, length);
		for (size_t times = 1 + below(6); times > 0; times--)
			length = mutate(text, length);
		wrong = read_object(text, length, &seen);
		good = seen.sound && (wrong == NULL || *wrong != '\0');
		if (!good)
			diag("wrong: %.*s", (int)length, text);
	}
	ok(good,
		"broken lines are refused or read, and nothing beyond their end is touched");
}

/* Decodes text; returns the length, or -1 when it is refused. */
static int
decode(const char *text, size_t length, char *bytes)
{
	struct json_value value = { JSON_STRING, guarded(text, length), length };

	if (!json_base64(&value))
		return -1;
	memcpy(bytes, value.text, value.length);
	return value.text[value.length] == '\0' ? (int)value.length : -2;
}

static bool
decodes(const char *text, const char *wanted)
{
	char bytes[64];
	int length = decode(text, strlen(text), bytes);

	return length == (int)strlen(wanted) &&
		memcmp(bytes, wanted, (size_t)length) == 0;
}

static void
test_base64(void)
{
	static const char *const wrong[] = {
		"A",
		"AA",
		"AAA",
		"AAAAA",
		"=",
		"==",
		"====",
		"A===",
		"AA=A",
		"A=AA",
		"=AAA",
		"AA==AAAA",
		"AAA=AAAA",
		"!AAA",
		"AA A",
		"AAAA\n",
		"AA\nAA",
		"AA-_",
		"\xff\xff\xff\xff",
		"A\"AA",
	};
	char bytes[64];
	bool good = true;

	ok(decodes("", "") && decodes("Zg==", "f") && decodes("Zm8=", "fo") &&
			decodes("Zm9v", "foo") && decodes("Zm9vYg==", "foob") &&
			decodes("Zm9vYmE=", "fooba") && decodes("Zm9vYmFy", "foobar"),
		"base64 decodes as RFC 4648 shows it");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (decode(wrong[i], strlen(wrong[i]), bytes) != -1) {
			diag("it was decoded: %s", wrong[i]);
			good = false;
		}
	ok(good && decode("AA\0A", 4, bytes) == -1 && decode("AAA\0", 4, bytes) == -1,
		"what is not base64 is refused");
	for (int i = 0; i < HOSTILE_ROUNDS && good; i++) {
		char text[48];
		size_t length = below(sizeof(text));

		for (size_t k = 0; k < length; k++)
			text[k] = "ABCDxyz0189+/=\0\xff"[below(below(9) ? 13 : 16)];
		good = decode(text, length, bytes) <= (int)(length / 4 * 3);
	}
	ok(good, "random text decodes to no more than it can hold");
}

int
main(void)
{
	tap_seed();
	setlocale(LC_CTYPE, "C.UTF-8"); /* for our own wcrtomb(3) */
	make_guard();
	test_round_trip();
	test_characters();
	test_written();
	test_read();
	test_unicode();
	test_refused();
	test_visit();
	test_hostile();
	test_base64();
	return tap_end();
}
