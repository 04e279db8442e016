/* word.c - a 64-bit word of shared memory */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ipcutil/word.h>

#include "fault.h"
#include "memory.h"
#include "word.h"

enum { TRIES = 3 };

int
ipc_word_open(struct ipc_word *word, const struct ipc_memory *memory, uint64_t offset,
	struct ipc_error *err)
{
	const char *text = ipc_address_text(&memory->address);
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const bool writes =
		memory->fd >= 0 && (fcntl(memory->fd, F_GETFL) & O_ACCMODE) == O_RDWR;

	*word = (struct ipc_word){ .memory = memory, .offset = offset };
	if (offset % sizeof(uint64_t) != 0)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"a word of '%s' cannot stand at offset %ju: 8 does not divide it",
			text, (uintmax_t)offset);
	if (offset > memory->size || memory->size - offset < sizeof(uint64_t))
		return ipc_refuse(err, IPC_LIMIT, ENXIO,
			"use the word at offset %ju of '%s': it has %ju bytes",
			(uintmax_t)offset, text, (uintmax_t)memory->size);
	if (memory->base != NULL) {
		word->at = (uint64_t *)(void *)(memory->base + offset);
		return 0;
	}
	word->map = mmap(NULL, page, PROT_READ | (writes ? PROT_WRITE : 0), MAP_SHARED,
		memory->fd, (off_t)(offset - offset % page));
	if (word->map == MAP_FAILED) {
		word->map = NULL;
		return ipc_fail(err, errno, "map '%s'", text);
	}
	word->map_length = page;
	word->at = (uint64_t *)(void *)((char *)word->map + offset % page);
	return 0;
}

void
ipc_word_close(struct ipc_word *word)
{
	if (word->map != NULL)
		munmap(word->map, word->map_length);
	word->map = NULL;
}

/* What is done to a word in one atomic operation. */
struct deed {
	uint64_t *at;
	enum { GET, ADD, SET, EXCHANGE } what;
	uint64_t number;
	uint64_t expected;
	uint64_t value; /* what it is then, or was for an exchange that was none */
	bool is_done;
};

static void
do_it(void *arg)
{
	struct deed *deed = arg;

	deed->is_done = true;
	switch (deed->what) {
	case GET:
		deed->value = __atomic_load_n(deed->at, __ATOMIC_SEQ_CST);
		break;
	case ADD:
		deed->value =
			__atomic_add_fetch(deed->at, deed->number, __ATOMIC_SEQ_CST);
		break;
	case SET:
		__atomic_store_n(deed->at, deed->number, __ATOMIC_SEQ_CST);
		break;
	case EXCHANGE:
		deed->value = deed->expected;
		deed->is_done = __atomic_compare_exchange_n(deed->at, &deed->value,
			deed->number, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
		break;
	}
}

int
ipc_word_cut(const struct ipc_word *word, struct ipc_error *err)
{
	return ipc_refuse(err, IPC_FAILED, EIO,
		"use the word at offset %ju of '%s': it was made shorter meanwhile",
		(uintmax_t)word->offset, ipc_address_text(&word->memory->address));
}

/* The page went, or never was, since there is no room for it. */
static int
vanished(const struct ipc_word *word, const struct deed *deed, struct ipc_error *err)
{
	const struct ipc_memory *memory = word->memory;
	struct stat st;

	if (deed->what != GET && fstat(memory->fd, &st) == 0 &&
		(uint64_t)st.st_size >= word->offset + sizeof(uint64_t))
		return ipc_memory_file_full(memory->fd, &memory->address, 1, ENOSPC,
			deed->what == ADD ? "add to" : "set a word of", err);
	return ipc_word_cut(word, err);
}

/* Does it, wherever the word is, and wakes who waits for a change. */
static int
perform(const struct ipc_word *word, struct deed *deed, struct ipc_error *err)
{
	int code = word->map == NULL ? 0 : EFAULT;

	deed->at = word->at;
	if (word->map == NULL)
		do_it(deed);
	/* Cut off and made longer again, it is there the next time. */
	for (int try = 0; try < TRIES && code == EFAULT; try++)
		code = ipc_fault_guard(do_it, deed, word->map, word->map_length);
	/* No room for what is read of a hole: read(2) needs none. */
	if (code == EFAULT && deed->what == GET &&
		pread(word->memory->fd, &deed->value, sizeof(uint64_t),
			(off_t)word->offset) == sizeof(uint64_t))
		return 0;
	if (code == EFAULT)
		return vanished(word, deed, err);
	if (code != 0)
		return ipc_fail(err, code, "use the word at offset %ju of '%s'",
			(uintmax_t)word->offset,
			ipc_address_text(&word->memory->address));
	if (deed->what != GET && deed->is_done) {
		ipc_word_wake(word->at, sizeof(uint64_t));
		/* A store through a mapping tells inotify(7) nothing. */
		if (word->map != NULL)
			futimens(word->memory->fd, NULL);
	}
	return 0;
}

int
ipc_word_get(const struct ipc_word *word, uint64_t *value, struct ipc_error *err)
{
	struct deed deed = { .what = GET };
	int result = perform(word, &deed, err);

	*value = deed.value;
	return result;
}

int
ipc_word_add(const struct ipc_word *word, uint64_t number, uint64_t *value,
	struct ipc_error *err)
{
	struct deed deed = { .what = ADD, .number = number };
	int result = perform(word, &deed, err);

	*value = deed.value;
	return result;
}

int
ipc_word_set(const struct ipc_word *word, uint64_t value, struct ipc_error *err)
{
	struct deed deed = { .what = SET, .number = value };

	return perform(word, &deed, err);
}

int
ipc_word_exchange(const struct ipc_word *word, uint64_t *expected, uint64_t value,
	struct ipc_error *err)
{
	const uint64_t wanted = *expected;
	struct deed deed = { .what = EXCHANGE, .number = value, .expected = wanted };

	if (perform(word, &deed, err) < 0)
		return -1;
	*expected = deed.value;
	if (deed.is_done)
		return 0;
	return ipc_refuse(err, IPC_REFUSED, ECANCELED,
		"set the word at offset %ju of '%s': it is %ju, not %ju",
		(uintmax_t)word->offset, ipc_address_text(&word->memory->address),
		(uintmax_t)deed.value, (uintmax_t)wanted);
}
