/*
 * copy.c - standard input to standard output by ipc_copy(), and what stands around it
 *
 *	copy			to compare with cat
 *	copy --by-reference	a file's own pages to a pipe
 *	copy --make MEBIBYTES	writes so much, from memory, 256 KiB at a time
 *	copy --take		reads all, 256 KiB at a time
 *	copy --lend MEBIBYTES	as --make into a pipe, which gets the same pages each time
 *	copy --drop		throws a pipe's pages away, and reads none
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <ipcutil/copy.h>

enum { CHUNK = 256 << 10, PER_MEBIBYTE = (1 << 20) / CHUNK };

static int
copy(bool by_reference)
{
	static const struct ipc_wait wait = IPC_WAIT(IPC_FOREVER);
	struct ipc_copy all = IPC_COPY(STDIN_FILENO, STDOUT_FILENO, &wait);
	struct ipc_error error;

	all.by_reference = by_reference;
	if (ipc_copy(&all, &error) < 0)
		errx(1, "cannot %s", error.sentence);
	return 0;
}

static int
make(char *chunk, unsigned long chunks)
{
	memset(chunk, 'm', CHUNK);
	for (; chunks > 0; chunks--)
		if (write(STDOUT_FILENO, chunk, CHUNK) != CHUNK)
			err(1, "write");
	return 0;
}

static int
take(char *chunk)
{
	ssize_t step;

	do
		step = read(STDIN_FILENO, chunk, CHUNK);
	while (step > 0);
	if (step < 0)
		err(1, "read");
	return 0;
}

/* Nothing writes to them any more: whoever has them may keep them. */
static int
lend(char *chunk, unsigned long chunks)
{
	memset(chunk, 'm', CHUNK);
	for (; chunks > 0; chunks--)
		for (size_t lent = 0; lent < CHUNK;) {
			const struct iovec pages = { chunk + lent, CHUNK - lent };
			ssize_t step = vmsplice(STDOUT_FILENO, &pages, 1, 0);

			if (step < 0)
				err(1, "vmsplice");
			lent += (size_t)step;
		}
	return 0;
}

static int
drop(void)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	ssize_t step;

	do
		step = splice(STDIN_FILENO, NULL, nowhere, NULL, 1 << 20, 0);
	while (step > 0);
	if (step < 0)
		err(1, "splice");
	return 0;
}

int
main(int argc, char **argv)
{
	static _Alignas(4096) char chunk[CHUNK];

	if (argc == 1)
		return copy(false);
	if (argc == 2 && strcmp(argv[1], "--by-reference") == 0)
		return copy(true);
	if (argc == 2 && strcmp(argv[1], "--take") == 0)
		return take(chunk);
	if (argc == 2 && strcmp(argv[1], "--drop") == 0)
		return drop();
	if (argc == 3 && strcmp(argv[1], "--make") == 0)
		return make(chunk, strtoul(argv[2], NULL, 10) * PER_MEBIBYTE);
	if (argc == 3 && strcmp(argv[1], "--lend") == 0)
		return lend(chunk, strtoul(argv[2], NULL, 10) * PER_MEBIBYTE);
	errx(2, "wrong usage");
}
