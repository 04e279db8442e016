/* number.c - text to numbers, sizes and spans of time */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <ipcutil/number.h>

static const int64_t NS_PER_MS = 1000000;

/* The value of a digit in any base to 16, or 16: no locale, unlike isxdigit(3). */
static unsigned int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10 : 16;
}

/*
 * Reads the digits that text begins with; NULL when there are none or too many.
 * strtoumax(3) would take blanks and signs, and in newer C libraries 0b1.
 */
static const char *
digits(const char *text, unsigned int base, uint64_t *value)
{
	const char *start = text;

	*value = 0;
	for (; digit_value(*text) < base; text++)
		if (__builtin_mul_overflow(*value, base, value) ||
			__builtin_add_overflow(*value, digit_value(*text), value))
			return NULL;
	return text > start ? text : NULL;
}

bool
ipc_number(const char *text, int base, uint64_t most, uint64_t *number)
{
	uint64_t value;
	const char *end;

	if (base == 0) {
		base = *text != '0' ? 10 : (text[1] | 0x20) == 'x' ? 16 : 8;
		text += base == 16 ? 2 : 0;
	}
	end = digits(text, (unsigned int)base, &value);
	if (end == NULL || *end != '\0' || value > most)
		return false;
	*number = value;
	return true;
}

/* The factor a suffix stands for, or 0: "" 1, "K" and "KiB" 1024, "KB" 1000. */
static uint64_t
size_unit(const char *suffix)
{
	static const char letters[] = "kmgtp";
	const char *letter;
	uint64_t step, unit = 1;

	if (*suffix == '\0')
		return 1;
	letter = strchr(letters, *suffix | 0x20);
	if (letter == NULL || *letter == '\0')
		return 0;
	if (suffix[1] == '\0' || strcasecmp(suffix + 1, "ib") == 0)
		step = 1024;
	else if (strcasecmp(suffix + 1, "b") == 0)
		step = 1000;
	else
		return 0;
	for (; letter >= letters; letter--)
		unit *= step;
	return unit;
}

bool
ipc_size(const char *text, uint64_t *bytes)
{
	const char *suffix;
	uint64_t value, unit;

	suffix = digits(text, 10, &value);
	if (suffix == NULL || (unit = size_unit(suffix)) == 0)
		return false;
	if (__builtin_mul_overflow(value, unit, &value) || value > INT64_MAX)
		return false;
	*bytes = value;
	return true;
}

/* In milliseconds; 0 for no unit of time. */
static int64_t
span_unit(const char *suffix)
{
	static const struct {
		const char *suffix;
		int64_t ms;
	} units[] = {
		{ "", 1000 },
		{ "s", 1000 },
		{ "ms", 1 },
		{ "m", 60 * 1000 },
		{ "h", 3600 * 1000 },
		{ "d", 24 * 3600 * 1000 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(suffix, units[i].suffix) == 0)
			return units[i].ms;
	return 0;
}

/*
 * The digits after a point as nanoseconds of a unit.  From the last digit to
 * the first, so that each step divides by ten what is below one whole unit;
 * every division rounds up.
 */
static int64_t
fraction(const char *first, const char *end, int64_t unit)
{
	int64_t part = 0;

	while (end-- > first)
		part = (unit * (*end - '0') + part + 9) / 10;
	return part;
}

bool
ipc_span(const char *text, int64_t *nanoseconds)
{
	const char *point, *suffix;
	uint64_t whole = 0;
	int64_t unit, span;

	point = suffix = *text == '.' ? text : digits(text, 10, &whole);
	if (suffix == NULL)
		return false;
	if (*point == '.') {
		suffix += 1 + strspn(point + 1, "0123456789");
		if (suffix == point + 1)
			return false;
	}
	unit = span_unit(suffix) * NS_PER_MS;
	if (unit == 0 || __builtin_mul_overflow(whole, unit, &span))
		return false;
	if (*point == '.' &&
		__builtin_add_overflow(span, fraction(point + 1, suffix, unit), &span))
		return false;
	*nanoseconds = span;
	return true;
}

const char *
ipc_span_text(int64_t nanoseconds, char buf[IPC_SPAN_MAX])
{
	int64_t second = 1000 * NS_PER_MS;
	int length = snprintf(buf, IPC_SPAN_MAX, "%lld.%09lld",
		(long long)(nanoseconds / second), (long long)(nanoseconds % second));

	while (buf[length - 1] == '0')
		buf[--length] = '\0';
	if (buf[length - 1] == '.')
		buf[length - 1] = '\0';
	return buf;
}
