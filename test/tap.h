/* tap.h - the Test Anything Protocol: each claim is one ok() or is(), then tap_end() */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static unsigned int tap_count, tap_failures;

/* Says something about the claims before or after it. */
__attribute__((format(printf, 1, 2))) static inline void
diag(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("# ", stdout);
	vprintf(format, ap);
	putchar('\n');
	va_end(ap);
}

__attribute__((format(printf, 2, 3))) static inline bool
ok(bool holds, const char *claim, ...)
{
	va_list ap;

	va_start(ap, claim);
	printf("%s %u - ", holds ? "ok" : "not ok", ++tap_count);
	vprintf(claim, ap);
	putchar('\n');
	fflush(stdout);
	va_end(ap);
	tap_failures += !holds;
	return holds;
}

/* is(got, wanted, claim, ...): two integers are the same */
#define is(got, wanted, ...) tap_is((intmax_t)(got), (intmax_t)(wanted), __VA_ARGS__)
#define tap_is(got, wanted, ...) \
	(ok((got) == (wanted), __VA_ARGS__) || \
		(diag("line %d: got %jd, wanted %jd", __LINE__, got, wanted), false))

/* Prints the plan and returns what main() is to return. */
static inline int
tap_end(void)
{
	printf("1..%u\n", tap_count);
	return tap_failures > 0;
}

/* The seed of a random test, from $SEED or the process id; printed. */
static inline unsigned int
tap_seed(void)
{
	const char *text = getenv("SEED");
	unsigned int seed = text != NULL ? (unsigned int)strtoul(text, NULL, 10)
					 : (unsigned int)getpid();

	diag("SEED=%u", seed);
	srandom(seed);
	return seed;
}

/* A random number below limit. */
static inline size_t
below(size_t limit)
{
	return (size_t)random() % limit;
}

#endif
