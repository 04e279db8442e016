/* ipc-pipe-inspect.c - ipc-pipe inspect and ls: who has which end, and what is in it */
#include <errno.h>
#include <stdio.h>

#include "ipc-pipe.h"
#include "pipe-columns.h"

const struct field ls_options[] = {
	OPTION(PROCESS, 0, "pid", struct ls_args, pid, "PID",
		"only those that process PID has"),
	END_FIELDS,
};

/* Of one that has both ends, only what is in the pipe tells what it waits for. */
static bool
waits_for_bytes(const struct ipc_holder *holder, uint64_t queued)
{
	return holder->write_fd < 0 || (holder->read_fd >= 0 && queued == 0);
}

static void
count_waiting(struct pipe_row *row, const struct ipc_evidence *evidence)
{
	struct ipc_pipe_level level;

	ipc_pipe_measure(
		&evidence->object, evidence->holders, evidence->holder_count, &level);
	row->readers_waiting = row->writers_waiting = 0;
	for (size_t i = 0; i < evidence->holder_count; i++) {
		const struct ipc_holder *holder = &evidence->holders[i];

		if (!(holder->access & IPC_ACCESS_BLOCKED))
			continue;
		if (waits_for_bytes(holder, level.queued))
			row->readers_waiting++;
		else
			row->writers_waiting++;
	}
}

/* Shows one, and of one alone how many wait: that is looked at in the pipe itself. */
static int
show(struct call *call, const struct ipc_evidence *evidence, bool is_alone)
{
	struct pipe_row row;
	int result = pipe_row_fill(call, &row, evidence);

	if (result == 0 && is_alone)
		count_waiting(&row, evidence);
	if (result == 0)
		result = record(&call->records, &row, &call->err);
	ends_free(&row.ends);
	return result;
}

/* Who made it, where the address does not lead to it by itself. */
static void
find_maker(struct ipc_object *object, const struct ipc_evidence *evidence)
{
	struct ipc_object found;

	for (size_t i = 0; i < evidence->holder_count && object->uid == (uid_t)-1;
		i++) {
		const struct ipc_holder *holder = &evidence->holders[i];
		const struct ipc_address address = ipc_address_pid_fd(holder->pid,
			holder->read_fd >= 0 ? holder->read_fd : holder->write_fd);

		if (ipc_pipe_find(&address, "inspect", &found, NULL) == 0 &&
			found.number == object->number)
			object->uid = found.uid;
	}
}

/* An incomplete view is no failure, and is told where it could be seen. */
static void
warn(struct call *call, const char *what, unsigned int blind)
{
	char reasons[IPC_BLIND_TEXT_MAX], sentence[sizeof(reasons) + 64];

	if (blind == 0 || call->is_told ||
		!(ends_are_wanted(&call->records) ||
			standing_is_wanted(&call->records)))
		return;
	call->is_told = true;
	snprintf(sentence, sizeof(sentence), "not all %s: %s", what,
		ipc_blind_text(blind, reasons));
	cli_warn(call, sentence);
}

int
pipe_inspect(struct call *call)
{
	struct ipc_evidence evidence = { .blind = 0 };
	struct ipc_object *object = &evidence.object;
	struct ipc_holders holders;
	int result;

	if (ipc_pipe_find(&call->address, "inspect", object, &call->err) < 0 ||
		ipc_stale_find(&evidence, 1, &holders, &call->err) < 0)
		return -1;
	find_maker(object, &evidence);
	if (holders.count == 0 && call->address.kind == IPC_INODE)
		result = ipc_refuse(&call->err, IPC_NO_OBJECT, ENOENT,
			"inspect '%s': no process that we may look at has it open",
			call->address.text);
	else
		result = show(call, &evidence, true);
	if (result == 0)
		warn(call, "holders may be known", holders.blind);
	ipc_holders_free(&holders);
	return result;
}

static bool
has(const struct ipc_evidence *evidence, pid_t pid)
{
	for (size_t i = 0; i < evidence->holder_count; i++)
		if (evidence->holders[i].pid == pid)
			return true;
	return pid == 0;
}

static int
show_all(struct call *call, const struct ipc_discovery *found)
{
	const struct ls_args *args = call->args;

	for (size_t i = 0; i < found->count; i++) {
		struct ipc_evidence evidence = {
			.object = found->objects[i],
			.blind = found->holders.blind,
		};

		evidence.holders =
			ipc_holders_of(&found->holders, i, &evidence.holder_count);
		if (has(&evidence, args->pid) && show(call, &evidence, false) < 0)
			return -1;
	}
	return 0;
}

int
pipe_ls(struct call *call)
{
	const struct ls_args *args = call->args;
	struct ipc_discovery found;
	int result;

	if (standing_check_process(call, "pipes", args->pid) < 0 ||
		ipc_holders_discover(1U << IPC_PIPE, &found, &call->err) < 0)
		return -1;
	result = show_all(call, &found);
	if (result == 0)
		warn(call, "pipes may be listed", found.holders.blind);
	ipc_discovery_free(&found);
	return result;
}
