/* test-text.c - cmd/text.c: what is UTF-8, and what a person gets to see */
#define LIBBSD_NETBSD_VIS
#include <bsd/vis.h>
#include <ctype.h>
#include <locale.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "tap.h"
#include "text.h"

enum { RANDOM_ROUNDS = 20000, LONGEST = 80, UNICODE_MAX = 0x10ffff };

static bool
is_surrogate(uint32_t c)
{
	return c >= 0xd800 && c <= 0xdfff;
}

/* One character as UTF-8: RFC 3629, section 3.  Returns its length. */
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
test_characters(void)
{
	bool good = true, cut = true;

	for (uint32_t c = 0; c <= UNICODE_MAX; c++) {
		char text[4];
		size_t length = utf8(text, c);

		if (text_is_utf8(text, length) == is_surrogate(c)) {
			diag("U+%04X", c);
			good = false;
		}
		for (size_t left = 1; left < length; left++)
			cut = cut && !text_is_utf8(text, left);
	}
	ok(good, "every character but surrogates is well-formed UTF-8");
	ok(cut, "no character that is cut short is");
	ok(text_is_utf8("", 0), "no bytes at all are well-formed");
	ok(text_is_utf8("a\0b", 3), "a NUL byte is a character");
}

/* What the C library says; it has no word on the end of Unicode. */
static bool
is_utf8_for_libc(const char *bytes, size_t length)
{
	mbstate_t state = { 0 };
	wchar_t wide;

	while (length > 0) {
		size_t step = mbrtowc(&wide, bytes, length, &state);

		if (step > length || (uint32_t)wide > UNICODE_MAX ||
			is_surrogate((uint32_t)wide))
			return false;
		step = step > 0 ? step : 1;
		bytes += step;
		length -= step;
	}
	return true;
}

static bool
agrees(const unsigned char *bytes, size_t length)
{
	bool good = text_is_utf8(bytes, length) ==
		is_utf8_for_libc((const char *)bytes, length);

	if (!good)
		diag("%02x %02x %02x %02x (%zu bytes): mbrtowc(3) disagrees", bytes[0],
			bytes[1], bytes[2], bytes[3], length);
	return good;
}

/* All first and second bytes; of the others those on either side of a bound. */
static void
test_sequences(void)
{
	static const unsigned char bounds[] = {
		0x00,
		0x41,
		0x7f,
		0x80,
		0xbf,
		0xc0,
		0xe1,
		0xff,
	};
	unsigned char bytes[4] = { 0 };
	bool good = true;

	for (int first = 0; first < 256; first++) {
		bytes[0] = (unsigned char)first;
		good = agrees(bytes, 1) && good;
		for (int second = 0; second < 256; second++) {
			bytes[1] = (unsigned char)second;
			good = agrees(bytes, 2) && good;
			for (size_t i = 0; i < sizeof(bounds); i++) {
				bytes[2] = bounds[i];
				good = agrees(bytes, 3) && good;
				for (size_t k = 0; k < sizeof(bounds); k++) {
					bytes[3] = bounds[k];
					good = agrees(bytes, 4) && good;
				}
			}
		}
	}
	ok(good, "mbrtowc(3) agrees on sequences of one to four bytes");
}

/* Characters and what may be mistaken for them, as they come. */
static size_t
random_bytes(char *bytes)
{
	static const char *const pieces[] = {
		"\\",
		"\\\\",
		"\\n",
		"\\0",
		"7",
		"0",
		" ",
		"\t",
		"\n",
		"\033[31m",
		"\r",
		"\177",
		"\xff",
		"\xc3",
		"\xa4",
		"\xe2\x82",
		"\xf0\x9f\x98",
		"%",
		"^",
		"M-",
		"'",
		"\"",
		"\xc2\x9b",
		"\xe2\x80\xae",
		"\xed\xa0\x80",
		"\xf4\x90\x80\x80",
		"*",
		"#",
	};
	size_t length = 0, wanted = below(LONGEST - 4);

	while (length < wanted) {
		size_t choice = below(6);
		const char *piece = pieces[below(sizeof(pieces) / sizeof(*pieces))];

		if (choice == 0)
			bytes[length++] = 0;
		else if (choice == 1)
			bytes[length++] = (char)below(256);
		else if (choice == 2)
			length += utf8(bytes + length, (uint32_t)below(UNICODE_MAX));
		else if (choice == 3)
			length += utf8(bytes + length, (uint32_t)below(0x3000));
		else if (length + strlen(piece) <= LONGEST)
			length += (size_t)(stpcpy(bytes + length, piece) -
				(bytes + length));
	}
	return length;
}

/* No control character, and nothing that is not of the locale. */
static bool
may_be_seen(const char *text, bool is_utf8)
{
	mbstate_t state = { 0 };
	size_t left = strlen(text);
	wchar_t wide;

	for (const char *p = text; *p != '\0'; p++)
		if (iscntrl((unsigned char)*p) ||
			(!is_utf8 && (unsigned char)*p >= 0x80))
			return false;
	while (left > 0) {
		size_t step = mbrtowc(&wide, text, left, &state);

		if (step == 0 || step > left || iswcntrl((wint_t)wide) ||
			(wide >= 0x80 && wide < 0xa0))
			return false;
		text += step;
		left -= step;
	}
	return true;
}

static bool
comes_back(const char *text, const char *bytes, size_t length)
{
	char *back = malloc(strlen(text) + 1);
	int count = strunvis(back, text);
	bool good = count == (int)length && memcmp(back, bytes, length) == 0;

	free(back);
	return good;
}

static void
test_random(const char *locale, bool is_utf8)
{
	bool seen = true, back = true, word = true;

	setenv("LC_ALL", locale, 1);
	for (int i = 0; i < RANDOM_ROUNDS; i++) {
		bool one_word = i % 2 == 0;
		char bytes[LONGEST];
		size_t length = random_bytes(bytes);
		char *text = text_visible(bytes, length, one_word);

		seen = may_be_seen(text, is_utf8) && seen;
		if (!comes_back(text, bytes, length)) {
			diag("unvis(3) gives other bytes: %s", text);
			back = false;
		}
		word = word && (!one_word || strpbrk(text, " \t\n\v\f\r") == NULL);
		free(text);
	}
	ok(seen, "%s: visible text has no control character, and only the locale's",
		locale);
	ok(back, "%s: unvis(3) gives the bytes back", locale);
	ok(word, "%s: one word has no blank", locale);
}

static void
test_in_list(const char *locale)
{
	bool back = true, item = true;

	setenv("LC_ALL", locale, 1);
	for (int i = 0; i < RANDOM_ROUNDS; i++) {
		char bytes[LONGEST + 1];
		char *text;

		bytes[random_bytes(bytes)] = '\0';
		text = text_visible_in_list(bytes);
		back = comes_back(text, bytes, strlen(bytes)) && back;
		item = item && strpbrk(text, ", \t\n\v\f\r") == NULL;
		free(text);
	}
	ok(back, "%s: in a list, too, unvis(3) gives the bytes back", locale);
	ok(item, "%s: and there it has neither a blank nor a comma", locale);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
test_pairs(const char *locale)
{
	enum { PAIRS = 65536 };
	static char *texts[PAIRS];
	bool good = true;

	setenv("LC_ALL", locale, 1);
	for (size_t i = 0; i < PAIRS; i++) {
		const char pair[] = { (char)(i >> 8), (char)(i & 255) };

		texts[i] = text_visible(pair, 2, i % 2 == 0);
	}
	qsort(texts, PAIRS, sizeof(*texts), by_text);
	for (size_t i = 1; i < PAIRS; i++)
		if (strcmp(texts[i - 1], texts[i]) == 0) {
			diag("two pairs of bytes are shown as '%s'", texts[i]);
			good = false;
		}
	for (size_t i = 0; i < PAIRS; i++)
		free(texts[i]);
	ok(good, "%s: no two pairs of bytes look the same", locale);
}

static bool
shows(const char *bytes, size_t length, bool one_word, const char *wanted)
{
	char *text = text_visible(bytes, length, one_word);
	bool good = strcmp(text, wanted) == 0;

	if (!good)
		diag("'%s', wanted '%s'", text, wanted);
	free(text);
	return good;
}

static void
test_examples(void)
{
	setenv("LC_ALL", "C.UTF-8", 1);
	ok(shows("jobs", 4, true, "jobs") && shows("", 0, false, "") &&
			shows("it's \"here\" *?[#$%", 18, false,
				"it's \"here\" *?[#$%"),
		"plain text is shown as it is");
	ok(shows("a b", 3, false, "a b") && shows("a b", 3, true, "a\\sb"),
		"a blank is encoded in one word only");
	ok(shows("a\nb\tc\033\\", 7, false, "a\\nb\\tc\\^[\\\\"),
		"newline, tab, escape and backslash are encoded");
	ok(shows("\0"
		 "1",
		   2, false, "\\0001"),
		"a NUL byte before a digit is told apart");
	ok(shows("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", 15, false,
		   "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
		"the characters of a UTF-8 locale stay");
	setenv("LC_ALL", "C", 1);
	ok(shows("gr\xc3\xbc", 4, false, "gr\\M-C\\M-<"),
		"in the C locale they are encoded");
	setenv("LC_ALL", "xx_XX.UTF-8", 1);
	ok(shows("\xc3\xbc", 2, false, "\\M-C\\M-<"),
		"in a locale that does not exist they are, too");
}

/* Unicode's property Default_Ignorable_Code_Point, and separators of lines. */
static void
test_invisible(void)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x80, 0x9f },
		{ 0xad, 0xad },
		{ 0x34f, 0x34f },
		{ 0x61c, 0x61c },
		{ 0x115f, 0x1160 },
		{ 0x17b4, 0x17b5 },
		{ 0x180b, 0x180f },
		{ 0x200b, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2060, 0x206f },
		{ 0x3164, 0x3164 },
		{ 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 },
		{ 0xfff0, 0xfffb },
		{ 0x1bca0, 0x1bca3 },
		{ 0x1d173, 0x1d17a },
		{ 0xe0000, 0xe0fff },
	};
	bool good = true;

	setenv("LC_ALL", "C.UTF-8", 1);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		for (uint32_t c = ranges[i].first; c <= ranges[i].last; c++) {
			char bytes[4];
			char *text = text_visible(bytes, utf8(bytes, c), false);

			if (*text != '\\' || !text_is_invisible(c)) {
				diag("U+%04X is shown as itself, or may be", c);
				good = false;
			}
			free(text);
		}
	ok(good,
		"characters that nobody can see, or that turn text round, are encoded");
}

int
main(void)
{
	tap_seed();
	setlocale(LC_CTYPE, "C.UTF-8"); /* for our own mbrtowc(3) */
	test_characters();
	test_sequences();
	test_random("C", false);
	test_random("C.UTF-8", true);
	test_in_list("C");
	test_in_list("C.UTF-8");
	test_pairs("C");
	test_pairs("C.UTF-8");
	test_examples();
	test_invisible();
	return tap_end();
}
