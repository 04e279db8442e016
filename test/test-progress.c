/* test-progress.c - cmd/progress.c: the line that tells how far a transfer is */
#include <string.h>

#include <ipcutil/number.h>

#include "progress.h"
#include "tap.h"

#define SECONDS(n) (INT64_C(1000000000) * (n))

static void
tells(struct progress_figures figures, int width, const char *wanted)
{
	char line[PROGRESS_MAX];
	int length;

	figures.program = "ipc-shm";
	length = progress_line(&figures, width, line);
	if (!ok(strcmp(line, wanted) == 0 && length == (int)strlen(wanted),
		    "in %d columns: '%s'", width, wanted))
		diag("got '%s'", line);
}

static void
test_parts(void)
{
	struct progress_figures figures = { .moved = 3 << 19,
		.total = IPC_UNKNOWN,
		.messages = IPC_UNKNOWN,
		.span = SECONDS(3),
		.rate = 1000 };

	tells(figures, 79, "ipc-shm: 1.5 MiB, 1.0 KiB/s, average 512 KiB/s");
	figures.total = 6 << 20;
	tells(figures, 79,
		"ipc-shm: 1.5 MiB, 1.0 KiB/s, 25%, ETA 0:09, average 512 KiB/s");
	figures.messages = 1234567;
	tells(figures, 79,
		"ipc-shm: 1234567 messages, 1.5 MiB, 1.0 KiB/s, 25%, ETA 0:09, average 512 KiB/s");
	figures.has_ended = true;
	tells(figures, 79,
		"ipc-shm: 1234567 messages, 1.5 MiB in 0:03, average 512 KiB/s");
}

static void
test_extremes(void)
{
	struct progress_figures figures = { .total = 1000, .messages = IPC_UNKNOWN };

	tells(figures, 79, "ipc-shm: 0 B, 0 B/s, average 0 B/s");
	figures.moved = 1001; /* it has grown since */
	tells(figures, 79, "ipc-shm: 1.0 KiB, 0 B/s, average 0 B/s");
	figures.moved = 1000;
	figures.span = SECONDS(1000);
	tells(figures, 79, "ipc-shm: 1.0 KiB, 0 B/s, 100%, ETA 0:00, average 1 B/s");
	figures.moved = 1;
	figures.span = SECONDS(400);
	tells(figures, 79, "ipc-shm: 1 B, 0 B/s, 0%, ETA 111:00:00, average 0 B/s");
	figures.moved = figures.rate = figures.total = figures.messages =
		UINT64_MAX - 1;
	figures.span = 1;
	for (int width = 0; width < 2 * PROGRESS_MAX; width++) {
		char line[PROGRESS_MAX];
		int length = progress_line(&figures, width, line);

		if (length != (int)strlen(line) || length > width)
			ok(false, "in %d columns: '%s'", width, line);
	}
}

static void
test_widths(void)
{
	const struct progress_figures figures = { .moved = 3 << 19,
		.total = 6 << 20,
		.messages = IPC_UNKNOWN,
		.span = SECONDS(3),
		.rate = 1000 };

	tells(figures, 61,
		"ipc-shm: 1.5 MiB, 1.0 KiB/s, 25%, ETA 0:09, average 512 KiB/s");
	tells(figures, 60, "ipc-shm: 1.5 MiB, 1.0 KiB/s, 25%, ETA 0:09");
	tells(figures, 40, "ipc-shm: 1.5 MiB, 1.0 KiB/s, 25%");
	tells(figures, 39, "1.5 MiB, 1.0 KiB/s, 25%, ETA 0:09");
	tells(figures, 23, "1.5 MiB, 1.0 KiB/s, 25%");
	tells(figures, 22, "1.5 MiB, 1.0 KiB/s");
	tells(figures, 7, "1.5 MiB");
	tells(figures, 6, "");
	tells(figures, 0, "");
}

int
main(void)
{
	test_parts();
	test_extremes();
	test_widths();
	return tap_end();
}
