/* test-number.c - lib/number.c: text to numbers, sizes and spans of time */
#include <inttypes.h>
#include <locale.h>
#include <string.h>

#include <ipcutil/number.h>

#include "tap.h"

enum { RANDOM_ROUNDS = 200000 };
static const uint64_t untouched = 0xdeadbeef;

static bool
reads(const char *text, int base, uint64_t most, uint64_t wanted)
{
	uint64_t number = untouched;
	bool good = ipc_number(text, base, most, &number) && number == wanted;

	if (!good)
		diag("'%s' in base %d: %" PRIu64 ", wanted %" PRIu64, text, base,
			number, wanted);
	return good;
}

static bool
refuses(const char *text, int base, uint64_t most)
{
	uint64_t number = untouched;
	bool good = !ipc_number(text, base, most, &number) && number == untouched;

	if (!good)
		diag("'%s' in base %d was read as %" PRIu64, text, base, number);
	return good;
}

static void
test_numbers(void)
{
	ok(reads("0", 10, 0, 0) && reads("7", 10, 7, 7) && reads("007", 10, 9, 7) &&
			reads("18446744073709551615", 10, UINT64_MAX, UINT64_MAX),
		"decimal numbers from 0 to the largest are read");
	ok(reads("0777", 8, 0777, 0777) && reads("644", 8, 0777, 0644) &&
			reads("ff", 16, 255, 255) && reads("FF", 16, 255, 255) &&
			reads("0", 16, 0, 0),
		"octal and hexadecimal ones are read");
	ok(reads("0x1F", 0, 99, 31) && reads("0X1f", 0, 99, 31) &&
			reads("017", 0, 99, 15) && reads("17", 0, 99, 17) &&
			reads("0", 0, 99, 0),
		"base 0 tells hexadecimal, octal and decimal apart as C does");
	ok(refuses("0x", 0, 99) && refuses("0xg", 0, 99) && refuses("08", 0, 99) &&
			refuses("0b1", 0, 99) && refuses("0o7", 0, 99) &&
			refuses("1f", 0, 99) && refuses("x1", 0, 99) &&
			refuses("a", 0, 99),
		"base 0 knows no other way to write a number");
	ok(refuses("18446744073709551616", 10, UINT64_MAX) &&
			refuses("99999999999999999999999", 10, UINT64_MAX) &&
			refuses("0x10000000000000000", 0, UINT64_MAX) &&
			refuses("02000000000000000000000", 0, UINT64_MAX),
		"what does not fit into 64 bits is refused");
	ok(refuses("1", 10, 0) && refuses("32768", 10, 32767) &&
			refuses("1000", 8, 0777) && reads("32767", 10, 32767, 32767),
		"what is above the most is refused");
	ok(reads("0xffffffff", 0, UINT32_MAX, UINT32_MAX) &&
			refuses("0x100000000", 0, UINT32_MAX) &&
			refuses("0x100000001", 0, UINT32_MAX) &&
			refuses("4294967297", 0, UINT32_MAX) &&
			refuses("040000000001", 0, UINT32_MAX),
		"0x100000001 is no 32-bit key, in no base");
}

static void
test_what_is_no_number(void)
{
	static const char *const texts[] = {
		"",
		" ",
		"-",
		"+",
		"-1",
		"+1",
		"-0",
		" 1",
		"1 ",
		"\t1",
		"1\n",
		"1\r",
		"\v1",
		"--1",
		"1-",
		"1.0",
		"1.",
		".1",
		"1,000",
		"1'000",
		"1_000",
		"1e3",
		"1k",
		"1u",
		"1L",
		"one",
		"0 1",
		"nan",
		"inf",
		"\xc2\xa0\x31",
		"\xd9\xa1",
		"\xef\xbc\x91",
		"\xff",
		"1\xff",
		"$1",
		"$((1))",
		"-18446744073709551615",
	};
	static const int bases[] = { 0, 8, 10, 16 };
	bool good = true;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		for (size_t k = 0; k < sizeof(bases) / sizeof(*bases); k++)
			if (bases[k] != 16 || strcmp(texts[i], "1e3") != 0)
				good = refuses(texts[i], bases[k], UINT64_MAX) && good;
	ok(good,
		"signs, blanks, separators, fractions and words are refused in every base");
	ok(refuses("8", 8, 99) && refuses("9", 8, 99) && refuses("0x7", 8, 99) &&
			refuses("0x7", 10, 99) && refuses("g", 16, 99) &&
			refuses("1a", 10, 99) && refuses("-a", 16, 99) &&
			refuses(" a", 16, 99) && refuses("ag", 16, 99),
		"a digit that the base does not have is refused");
}

/* 64 bits, as likely short as long. */
static uint64_t
random_bits(void)
{
	uint64_t bits = (uint64_t)random() << 62 ^ (uint64_t)random() << 31 ^
		(uint64_t)random();

	return bits >> below(64);
}

static void
test_random_numbers(void)
{
	static const struct {
		const char *format;
		int base;
	} forms[] = {
		{ "%" PRIu64, 0 },
		{ "%" PRIu64, 10 },
		{ "%#" PRIx64, 0 },
		{ "%" PRIx64, 16 },
		{ "%" PRIX64, 16 },
		{ "%#" PRIo64, 0 },
		{ "%" PRIo64, 8 },
	};
	bool good = true;

	for (int i = 0; i < RANDOM_ROUNDS && good; i++) {
		size_t form = below(sizeof(forms) / sizeof(*forms));
		uint64_t number = random_bits();
		char text[32];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), forms[form].format, number);
#pragma GCC diagnostic pop
		good = reads(text, forms[form].base, number, number) &&
			(number == 0 || refuses(text, forms[form].base, number - 1));
	}
	ok(good, "random numbers are read back, up to the most and not above");
}

static bool
sizes(const char *text, uint64_t wanted)
{
	uint64_t bytes = untouched;
	bool good = ipc_size(text, &bytes) && bytes == wanted;

	if (!good)
		diag("size '%s': %" PRIu64 ", wanted %" PRIu64, text, bytes, wanted);
	return good;
}

static bool
refuses_size(const char *text)
{
	uint64_t bytes = untouched;
	bool good = !ipc_size(text, &bytes) && bytes == untouched;

	if (!good)
		diag("size '%s' was read as %" PRIu64, text, bytes);
	return good;
}

/* Reads number with the suffix, in the given case, against arithmetic of 128 bits. */
static bool
size_agrees(uint64_t number, const char *suffix, uint64_t unit)
{
	unsigned __int128 exact = (unsigned __int128)number * unit;
	char text[40];

	snprintf(text, sizeof(text), "%" PRIu64 "%s", number, suffix);
	return exact > INT64_MAX ? refuses_size(text) : sizes(text, (uint64_t)exact);
}

static void
test_size_units(void)
{
	static const char letters[] = "KMGTP";
	bool good = true;
	uint64_t binary = 1, decimal = 1;

	for (const char *letter = letters; *letter != '\0'; letter++) {
		binary *= 1024;
		decimal *= 1000;
		for (int i = 0; i < 24; i++) {
			bool is_decimal = i % 3 == 2;
			char suffix[4] = { *letter };
			uint64_t unit = is_decimal ? decimal : binary;
			uint64_t most = INT64_MAX / unit;

			strcpy(suffix + 1, i % 3 == 0 ? "" : is_decimal ? "B" : "iB");
			for (size_t k = 0; k < strlen(suffix); k++)
				if ((i / 3) >> k & 1)
					suffix[k] ^= 0x20; /* the other case */
			good = size_agrees(0, suffix, unit) &&
				size_agrees(1, suffix, unit) &&
				size_agrees(most, suffix, unit) &&
				size_agrees(most + 1, suffix, unit) &&
				size_agrees(UINT64_MAX, suffix, unit) &&
				size_agrees(random_bits(), suffix, unit) && good;
		}
	}
	ok(good,
		"K, KiB and KB to P, PiB and PB in either case, up to the largest size");
}

static void
test_sizes(void)
{
	static const char *const wrong[] = {
		"",
		"K",
		"KiB",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1 K",
		"1.5K",
		".5",
		"5.",
		"1e3",
		"0x10",
		"1B",
		"1b",
		"1Ki",
		"1i",
		"1iB",
		"1KBB",
		"1KiBs",
		"1KK",
		"1E",
		"1EiB",
		"1Z",
		"1Y",
		"1,5",
		"1\n",
		"1K\n",
		"1k ",
		"1bytes",
		"1\xcb",
		"1K\xff",
		"one",
		"9223372036854775808",
		"18446744073709551616",
		"99999999999999999999999999",
	};
	bool good = true;

	ok(sizes("0", 0) && sizes("4096", 4096) && sizes("0010", 10) &&
			sizes("64K", 65536) && sizes("1GiB", 1 << 30) &&
			sizes("1MB", 1000000) &&
			sizes("9223372036854775807", INT64_MAX),
		"sizes are read");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		good = refuses_size(wrong[i]) && good;
	ok(good, "what is no size, or does not fit into 63 bits, is refused");
}

static bool
spans(const char *text, int64_t wanted)
{
	int64_t span = -7;
	bool good = ipc_span(text, &span) && span == wanted;

	if (!good)
		diag("span '%s': %" PRId64 ", wanted %" PRId64, text, span, wanted);
	return good;
}

static bool
refuses_span(const char *text)
{
	int64_t span = -7;
	bool good = !ipc_span(text, &span) && span == -7;

	if (!good)
		diag("span '%s' was read as %" PRId64, text, span);
	return good;
}

static const struct {
	const char *suffix;
	int64_t ns;
} units[] = {
	{ "", 1000000000 },
	{ "s", 1000000000 },
	{ "ms", 1000000 },
	{ "m", 60000000000 },
	{ "h", 3600000000000 },
	{ "d", 86400000000000 },
};

static void
test_spans(void)
{
	static const char *const wrong[] = {
		"",
		".",
		"s",
		".s",
		"ms",
		"5.",
		"5.s",
		"1e3",
		"1.5e3",
		"-1",
		"+1",
		"-.5",
		" 1",
		"1 ",
		"1 s",
		"1. 5",
		"1,5",
		"1.5.5",
		"1..5",
		"0x10",
		"0x1p3",
		"1S",
		"1M",
		"1H",
		"1D",
		"1us",
		"1ns",
		"1sec",
		"1w",
		"1mss",
		"1\n",
		"nan",
		"inf",
		"infinity",
		"1.5\xff",
		"18446744073709551616",
		"99999999999999999999999",
	};
	bool good = true;

	ok(spans("0", 0) && spans("1", 1000000000) && spans("1.5", 1500000000) &&
			spans(".5", 500000000) && spans("0.5", 500000000) &&
			spans("2s", 2000000000) && spans("250ms", 250000000) &&
			spans("1.5ms", 1500000) && spans(".5m", 30000000000) &&
			spans("1h", 3600000000000) && spans("0.5d", 43200000000000) &&
			spans("00.50", 500000000) && spans("0.0", 0) && spans(".0d", 0),
		"spans of seconds, fractions and units are read");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		good = refuses_span(wrong[i]) && good;
	ok(good, "what is no span is refused, '5.' and '1e3' among it");
	ok(spans("0.0000000001", 1) &&
			spans("0.000000000000000000000000000000000001", 1) &&
			spans("0.000000001", 1) && spans("0.0000000010000001", 2) &&
			spans("0.0000001ms", 1) &&
			spans("1.9999999999999999", 2000000000) &&
			spans("0.33333333333333333333333333333333333", 333333334),
		"what is finer than a nanosecond is rounded up");
	ok(spans("9223372036.854775806", INT64_MAX - 1) &&
			spans("9223372036", 9223372036000000000) &&
			spans("106751d", 106751 * 86400000000000) &&
			spans("106751.99116730064591d", INT64_MAX) &&
			refuses_span("9223372036.854775808") &&
			refuses_span("9223372037") &&
			refuses_span("9223372036.8547758071") &&
			refuses_span("106752d") &&
			refuses_span("18446744073.709551617") &&
			refuses_span("106751.99116730064592d") &&
			refuses_span("2562048h") &&
			spans("2562047h", 2562047 * 3600000000000),
		"292 years are read, and more is refused");
}

static void
test_random_spans(void)
{
	bool good = true;

	for (int i = 0; i < RANDOM_ROUNDS && good; i++) {
		size_t unit = below(sizeof(units) / sizeof(*units)), count = below(21);
		uint64_t whole = random_bits();
		unsigned __int128 part = 0, scale = 1, exact;
		char text[64], digits[24] = "";

		for (size_t k = 0; k < count; k++) {
			digits[k] = (char)('0' + below(10));
			part = part * 10 + (unsigned int)(digits[k] - '0');
			scale *= 10;
		}
		snprintf(text, sizeof(text), "%" PRIu64 "%s%s%s", whole,
			count > 0 ? "." : "", digits, units[unit].suffix);
		exact = (unsigned __int128)whole * (uint64_t)units[unit].ns +
			(part * (uint64_t)units[unit].ns + scale - 1) / scale;
		good = exact > INT64_MAX ? refuses_span(text)
					 : spans(text, (int64_t)exact);
	}
	ok(good, "random spans are exact, rounded up, or refused as too long");
}

/* A locale whose point is a comma, when the system has one. */
static void
test_locales(void)
{
	static const char *const names[] = {
		"de_DE.UTF-8",
		"de_DE",
		"fr_FR.UTF-8",
		"tr_TR.UTF-8",
		"C.UTF-8",
	};
	bool good = true;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (setlocale(LC_ALL, names[i]) != NULL) {
			good = spans("1.5", 1500000000) && refuses_span("1,5") &&
				refuses("1.000", 10, UINT64_MAX) &&
				sizes("1KiB", 1024) && sizes("1KIB", 1024) && good;
			setlocale(LC_ALL, "C");
		}
	ok(good, "no locale changes what is read");
}

int
main(void)
{
	tap_seed();
	test_numbers();
	test_what_is_no_number();
	test_random_numbers();
	test_size_units();
	test_sizes();
	test_spans();
	test_random_spans();
	test_locales();
	return tap_end();
}
