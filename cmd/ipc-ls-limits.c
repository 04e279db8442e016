/* ipc-ls-limits.c - --limits: the system's limits on objects, and how much is used */
#include <ipcutil/limits.h>

#include "ipc-ls.h"

/* From these percentages on it is so. */
enum { NEARLY_FULL = 90, FULL = 100 };

/* What is shown of one limit. */
struct row {
	struct ipc_limit limit;
	uint64_t percent;
	const char *owner; /* NULL: all */
	const char *mark;
};

const struct field limit_columns[] = {
	COLUMN(TEXT, "LIMIT", struct row, limit.name, "the limit"),
	COLUMN(TEXT, "OWNER", struct row, owner,
		"the user whose it is; -: of the system"),
	COLUMN(NUMBER, "USE", struct row, limit.use,
		"how much is used; of a limit on one object, by the largest"),
	COLUMN(NUMBER, "MOST", struct row, limit.limit, "how much can be"),
	COLUMN(NUMBER, "PERCENT", struct row, percent,
		"hundredths of it that are used"),
	COLUMN(TEXT, "MARK", struct row, mark, "full, nearly-full (from 90 %), or ok"),
	COLUMN(TEXT, "COUNTS", struct row, limit.what, "what is counted"),
	EXTRA_COLUMN(TEXT, "WHERE", struct row, limit.where, "what sets the limit"),
	END_FIELDS,
};

static const char *
mark_of(uint64_t percent)
{
	if (percent == IPC_UNKNOWN)
		return NULL;
	return percent >= FULL ? "full" : percent >= NEARLY_FULL ? "nearly-full" : "ok";
}

static int
show(const struct ipc_limit *limit, void *arg)
{
	static const struct field user =
		COLUMN(USER, "USER", struct row, limit.user, "");
	struct call *call = arg;
	const struct ls_args *args = call->args;
	const uid_t wanted = args->filter.owner.uid;
	struct row row = { .limit = *limit, .percent = ipc_limit_percentage(limit) };
	char buf[VALUE_MAX];

	if (wanted != (uid_t)-1 && limit->user != (uid_t)-1 && limit->user != wanted)
		return 0;
	row.mark = mark_of(row.percent);
	if (limit->user != (uid_t)-1)
		row.owner = value_text(&user, &row, false, buf);
	return record(&call->records, &row, &call->err);
}

int
ls_limits(struct call *call)
{
	const struct ls_args *args = call->args;
	bool complete;

	if (ipc_limits_each(args->filter.owner.uid, show, call, &complete, &call->err) <
		0)
		return -1;
	if (!complete)
		cli_warn(call,
			"not all use may be counted: not every object and process may be "
			"looked at");
	return 0;
}
