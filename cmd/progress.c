/* progress.c - how far a long transfer is, in one line on standard error */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include <ipcutil/number.h>

#include "hold.h"
#include "outlet.h"
#include "progress.h"

enum {
	NS_PER_S = 1000000000,
	WIDE = 40, /* columns that have room for the program's name, too */
};

struct line {
	char *text;
	int length, width;
};

/* Adds a part, if all of it has room; else those behind it have none, too. */
__attribute__((format(printf, 2, 3))) static void
add(struct line *line, const char *format, ...)
{
	const int room = line->width - line->length;
	char *end = line->text + line->length;
	int length;
	va_list ap;

	va_start(ap, format);
	length = vsnprintf(end, (size_t)room + 1, format, ap);
	va_end(ap);
	if (length <= room) {
		line->length += length;
		return;
	}
	*end = '\0';
	line->width = line->length;
}

static const char *
bytes_text(uint64_t bytes, char text[VALUE_MAX])
{
	if (bytes > INT64_MAX ||
		humanize_number(text, 8, (int64_t)bytes, "B", HN_AUTOSCALE,
			HN_DECIMAL | HN_IEC_PREFIXES) < 0)
		snprintf(text, VALUE_MAX, "%ju B", (uintmax_t)bytes);
	return text;
}

static const char *
span_text(uint64_t seconds, char text[VALUE_MAX])
{
	const uint64_t minutes = seconds / 60, hours = minutes / 60;

	if (hours > 0)
		snprintf(text, VALUE_MAX, "%ju:%02d:%02d", (uintmax_t)hours,
			(int)(minutes % 60), (int)(seconds % 60));
	else
		snprintf(text, VALUE_MAX, "%d:%02d", (int)minutes, (int)(seconds % 60));
	return text;
}

/* How much of it is done, and how long the rest takes if it goes on so. */
static void
add_rest(struct line *line, const struct progress_figures *figures)
{
	const double left = (double)(figures->total - figures->moved);
	char text[VALUE_MAX];

	if (figures->total == IPC_UNKNOWN || figures->moved > figures->total ||
		figures->moved == 0)
		return;
	add(line, ", %d%%",
		(int)((double)figures->moved * 100 / (double)figures->total));
	add(line, ", ETA %s",
		span_text((uint64_t)(left / (double)figures->moved *
					  (double)figures->span / NS_PER_S +
				  0.5),
			text));
}

static uint64_t
per_second(uint64_t bytes, int64_t span)
{
	return span > 0 ? (uint64_t)((double)bytes / (double)span * NS_PER_S + 0.5) : 0;
}

int
progress_line(
	const struct progress_figures *figures, int width, char line[PROGRESS_MAX])
{
	struct line parts = { .text = line,
		.width = width < PROGRESS_MAX ? width : PROGRESS_MAX - 1 };
	const uint64_t average = per_second(figures->moved, figures->span);
	char text[VALUE_MAX];

	line[0] = '\0';
	if (width >= WIDE)
		add(&parts, "%s: ", figures->program);
	if (figures->messages != IPC_UNKNOWN)
		add(&parts, "%ju message%s, ", (uintmax_t)figures->messages,
			figures->messages == 1 ? "" : "s");
	add(&parts, "%s", bytes_text(figures->moved, text));
	if (figures->has_ended) {
		add(&parts, " in %s",
			span_text((uint64_t)(figures->span / NS_PER_S), text));
	} else {
		add(&parts, ", %s/s", bytes_text(figures->rate, text));
		add_rest(&parts, figures);
	}
	add(&parts, ", average %s/s", bytes_text(average, text));
	return parts.length;
}

/* Columns that can be written without going on to the next line. */
static int
width_of(const struct progress *progress)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t number;

	if (progress->is_terminal && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 &&
		size.ws_col > 0)
		return size.ws_col - 1;
	if (columns != NULL && ipc_number(columns, 10, INT16_MAX, &number) &&
		number > 0)
		return (int)number - 1;
	return 79;
}

/* Blanks hide what is left of a longer one. */
static void
show(struct progress *progress)
{
	const int width = width_of(progress);
	const int old = progress->width < width ? progress->width : width;
	char line[PROGRESS_MAX];

	progress->width = progress_line(&progress->figures, width, line);
	if (progress->is_terminal)
		dprintf(STDERR_FILENO, "\r%-*s%s", old, line,
			progress->figures.has_ended ? "\n" : "");
	else
		dprintf(STDERR_FILENO, "%s\n", line);
}

static void
measure(struct progress *progress)
{
	struct progress_figures *figures = &progress->figures;
	const int64_t before = figures->span;
	const uint64_t moved = progress->bytes.moved - figures->moved;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	figures->span = (now.tv_sec - progress->start.tv_sec) * NS_PER_S + now.tv_nsec -
		progress->start.tv_nsec;
	figures->moved += moved;
	figures->rate = per_second(moved, figures->span - before);
}

static void
tell(struct ipc_progress *bytes)
{
	struct progress *progress = (struct progress *)bytes;

	measure(progress);
	if (outlet_has_room(STDERR_FILENO)) /* or the transfer would wait for it */
		show(progress);
}

/* A signal that ends us waits until the line has ended. */
static void
hold(struct progress *progress)
{
	sigset_t ends;

	hold_begin(&progress->before);
	hold_set(&ends, &progress->before);
	progress->signals = signalfd(-1, &ends, SFD_CLOEXEC);
	if (progress->signals < 0)
		hold_end(&progress->before);
	else
		progress->wait->interrupt = progress->signals;
}

void
progress_begin(struct progress *progress, const struct call *call, bool wanted,
	uint64_t total, struct ipc_wait *wait)
{
	const bool is_asked_for = wanted && !call->quiet;
	const bool is_terminal = is_asked_for && isatty(STDERR_FILENO);

	*progress = (struct progress){
		.bytes = { .interval = NS_PER_S, .tell = tell },
		.figures = { .program = call->program->name,
			.total = total,
			.messages = IPC_UNKNOWN },
		.wait = is_terminal || (is_asked_for && call->verbose) ? wait : NULL,
		.is_terminal = is_terminal,
		.signals = -1,
	};
	if (progress->wait == NULL)
		return;
	if (wait->interrupt < 0)
		hold(progress);
	wait->progress = &progress->bytes;
	clock_gettime(CLOCK_MONOTONIC, &progress->start);
	ipc_progress_start(&progress->bytes);
}

void
progress_message(struct progress *progress, uint64_t bytes)
{
	if (progress->wait == NULL)
		return;
	if (progress->figures.messages == IPC_UNKNOWN)
		progress->figures.messages = 0;
	progress->figures.messages++;
	ipc_progress_add(&progress->bytes, bytes);
}

void
progress_end_line(struct progress *progress)
{
	if (progress->wait == NULL || progress->figures.has_ended)
		return;
	progress->figures.has_ended = true;
	if (progress->width > 0)
		tell(&progress->bytes);
}

void
progress_end(struct progress *progress)
{
	struct ipc_wait *wait = progress->wait;

	if (wait == NULL)
		return;
	progress_end_line(progress);
	progress->wait = NULL;
	wait->progress = NULL;
	if (progress->signals < 0)
		return;
	wait->interrupt = -1;
	close(progress->signals);
	hold_end(&progress->before);
}
