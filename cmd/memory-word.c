/* memory-word.c - verbs of shared memory: add and wait, and what set does to a word */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <ipcutil/word.h>

#include "memory-verbs.h"
#include "outlet.h"

const struct field memory_add_options[] = {
	OPTION(SIZE, 'O', "offset", struct memory_add_args, offset, "BYTES",
		"the word there (default 0): a multiple of 8"),
	OPTION(USER, 0, "trust-owner", struct memory_add_args, trusted, "USER",
		"as root, change one of USER, too"),
	END_FIELDS,
};

const struct field memory_wait_options[] = {
	OPTION(WORD, 0, "value", struct memory_wait_args, value, "N",
		"until the word is N"),
	OPTION_MEANS(FLAG, 0, "at-least", struct memory_wait_args, at_least, "",
		"or more than N"),
	OPTION(SIZE, 'O', "offset", struct memory_wait_args, offset, "BYTES",
		"the word there (default 0): a multiple of 8"),
	OPTION_MEANS(FLAG, 0, "changed", struct memory_wait_args, changed, "",
		"until anything is written, but by a store (default)"),
	WAIT_OPTIONS(struct memory_wait_args, limit),
	END_FIELDS,
};

/* An open object and a word of it. */
struct use {
	struct ipc_memory memory;
	struct ipc_word word;
};

static int
use(struct call *call, struct use *use, enum ipc_memory_access access,
	const char *action, uint64_t offset, uid_t trusted)
{
	if (ipc_memory_open_for(&use->memory, &call->address, access, action, trusted,
		    &call->err) < 0)
		return -1;
	if (ipc_word_open(&use->word, &use->memory, offset, &call->err) == 0)
		return 0;
	ipc_memory_close(&use->memory);
	return -1;
}

static void
end_use(struct use *use)
{
	ipc_word_close(&use->word);
	ipc_memory_close(&use->memory);
}

/* The sum of the operands, modulo 2^64; 1 without any. */
static int
sum(struct call *call, uint64_t *number)
{
	*number = *call->operands == NULL;
	for (char **operand = call->operands; *operand != NULL; operand++) {
		const bool is_negative = **operand == '-';
		uint64_t one;

		if (!ipc_number(*operand + (is_negative || **operand == '+'), 10,
			    UINT64_MAX, &one))
			return cli_misuse(call,
				"'%s' is not a number, with or without a sign",
				*operand);
		*number += is_negative ? -one : one;
	}
	return 0;
}

/* One-shot calls need nothing of stdio, whose pages are not in memory yet. */
static int
print(struct call *call, uint64_t value)
{
	char text[VALUE_MAX], *const end = text + sizeof(text), *digit = end;

	*--digit = '\n';
	do
		*--digit = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	if (write(1, digit, (size_t)(end - digit)) != end - digit)
		return outlet_failed(errno, &call->err);
	return 0;
}

int
memory_add(struct call *call)
{
	const struct memory_add_args *args = call->args;
	struct use used;
	uint64_t number, value;
	int result;

	/* One that was closed, too: see main.c. */
	if ((fcntl(1, F_GETFL) & O_ACCMODE) == O_RDONLY)
		return outlet_failed(EBADF, &call->err);
	if (sum(call, &number) < 0 ||
		use(call, &used, IPC_MEMORY_BOTH, "add to", args->offset,
			args->trusted) < 0)
		return -1;
	result = ipc_word_add(&used.word, number, &value, &call->err);
	end_use(&used);
	return result == 0 ? print(call, value) : -1;
}

int
memory_set_word(struct call *call)
{
	const struct memory_set_args *args = call->args;
	uint64_t expected = args->expect.value;
	struct use used;
	int result;

	if (use(call, &used, IPC_MEMORY_BOTH, "set a word of", args->offset,
		    args->trusted) < 0)
		return -1;
	result = args->expect.given
		? ipc_word_exchange(
			  &used.word, &expected, args->value.value, &call->err)
		: ipc_word_set(&used.word, args->value.value, &call->err);
	end_use(&used);
	return result;
}

static int
wait_for_change(struct call *call, const struct ipc_wait *wait)
{
	struct ipc_memory memory;
	int result;

	if (ipc_memory_open_for(&memory, &call->address, IPC_MEMORY_READ, "wait for",
		    IPC_NOBODY, &call->err) < 0)
		return -1;
	result = ipc_memory_wait(&memory, wait, &call->err);
	ipc_memory_close(&memory);
	return result;
}

/* One that was replaced by another of its name is waited for there. */
static int
wait_for_word(struct call *call, const struct ipc_wait *wait)
{
	const struct memory_wait_args *args = call->args;
	const struct ipc_word_goal goal = {
		.value = args->value.value,
		.at_least = args->at_least,
	};
	struct ipc_error removed = { .fault = IPC_FAILED };
	struct use used;
	uint64_t value;
	int result;

	do {
		if (use(call, &used, IPC_MEMORY_READ, "wait for", args->offset,
			    IPC_NOBODY) < 0) {
			if (call->err.fault == IPC_NO_OBJECT &&
				removed.fault == IPC_NO_OBJECT)
				call->err = removed;
			return -1;
		}
		result = ipc_word_wait(&used.word, &goal, wait, &value, &call->err);
		removed = call->err;
		end_use(&used);
	} while (result < 0 && call->err.fault == IPC_NO_OBJECT && used.memory.fd >= 0);
	return result;
}

int
memory_wait(struct call *call)
{
	const struct memory_wait_args *args = call->args;
	struct ipc_wait wait = IPC_WAIT(args->limit);

	if (args->value.given && args->changed)
		return cli_misuse(call, "only one of --value and --changed can be");
	if (!args->value.given && (args->at_least || args->offset != 0))
		return cli_misuse(call, "option '--%s' needs --value",
			args->at_least ? "at-least" : "offset");
	ipc_wait_start(&wait);
	return args->value.given ? wait_for_word(call, &wait)
				 : wait_for_change(call, &wait);
}
