/* number.h - the one strict reader of numbers */
#ifndef IPCUTIL_NUMBER_H
#define IPCUTIL_NUMBER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/cdefs.h>

__BEGIN_DECLS

/* A number that is not known, or was not given: larger than any that is read. */
#define IPC_UNKNOWN UINT64_MAX

/* A point in time that is not known. */
#define IPC_UNKNOWN_TIME INT64_MIN

/*
 * Reads an unsigned number from the whole of text: digits alone, no sign, no
 * blank, no locale.  base is 10, 8 or 16, or 0 for C's way of telling them
 * apart by 0 and 0x.  False, and *number untouched, when text is anything else
 * or the number is above most.
 */
bool ipc_number(const char *text, int base, uint64_t most, uint64_t *number);

/*
 * Reads a size in bytes of at most INT64_MAX: a decimal number, alone or with
 * K, KiB, M, MiB, G, GiB, T, TiB, P, PiB (powers of 1024) or KB, MB, GB, TB, PB
 * (powers of 1000); the letters in either case.  False as above.
 */
bool ipc_size(const char *text, uint64_t *bytes);

/*
 * Reads a span of time: seconds, with a fraction after a point (1.5 or .5), or the
 * same with ms, s, m, h or d behind.  The result is in nanoseconds; what is finer is
 * rounded up, so that no span but zero becomes zero.  False as above, and when
 * it is longer than about 292 years.
 */
bool ipc_span(const char *text, int64_t *nanoseconds);

/* Long enough for any span. */
enum { IPC_SPAN_MAX = 32 };

/* A span in seconds as ipc_span() reads it, "0.5", in buf; returns buf. */
const char *ipc_span_text(int64_t nanoseconds, char buf[IPC_SPAN_MAX]);

__END_DECLS

#endif
