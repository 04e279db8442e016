/*
 * race.c - times cases against each other
 *
 *	race [-bcmo] [-i ITEMS [-u UNIT]] [-e FILE] -r ROUNDS -t TITLE CASE...
 *
 * A CASE is what job_parse() reads.  The first is the floor that the others are
 * compared with, the second the floor again: where they differ, it is noise.  In
 * every round each case is run once, from before its first process is started until
 * its last has been waited for.  What counts is the ratio within a round, as the
 * machine is another one in the next.
 *
 *	-b	beside a busy loop for each CPU
 *	-c	tell the time that the processes of the case had processors for
 *	-e	first run each case once, and compare the output of its last process
 *		with FILE
 *	-i	tell thousands of so many items a second, of which more is better, in
 *		place of microseconds
 *	-m	tell the most memory that a process of the case had, in KiB
 *	-o	the first case is ours: a goal is how near another may come to it, and not
 *		what it has to reach
 *	-u	what the items are: messages
 *
 * Status 3: it was done, and a goal was missed.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "job.h"

enum { CASES_MAX = 32, SOME_MISSED = 3 };

struct race {
	const char *title, *expected, *unit;
	bool busy, cpu, memory, ours;
	double items; /* 0: time is told */
	size_t rounds, count;
	struct job jobs[CASES_MAX];
	double *results[CASES_MAX]; /* one for each round */
};

/* Results in order, of which a part can be told. */
struct sorted {
	double *values;
	size_t count;
};

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double
run(const struct race *race, struct job *job)
{
	double start = now(), span;
	struct usage usage;

	job_start(job);
	usage = job_end(job);
	span = race->cpu ? usage.cpu : now() - start;
	if (race->memory)
		return (double)usage.peak;
	return race->items > 0 ? race->items / span / 1e3 : span * 1e6;
}

/*
 * The position-th case of a round.  Over twice as many rounds as there are cases,
 * each comes as often at each position and as often behind each of the others:
 * what one leaves in the caches is not always the same one's gain.  It is the
 * balanced Latin square of Williams (1949).
 */
static size_t
turn(size_t round, size_t position, size_t count)
{
	size_t step;

	if (round / count % 2 == 1)
		position = count - 1 - position;
	step = position % 2 == 1 ? (position + 1) / 2 : count - position / 2;
	return (round + step) % count;
}

static bool
is_same(const char *one, const char *other)
{
	FILE *a = fopen(one, "re"), *b = fopen(other, "re");
	char of_a[65536], of_b[sizeof(of_a)];
	size_t length;
	bool same = true;

	if (a == NULL || b == NULL)
		err(1, "open '%s' and '%s'", one, other);
	do {
		length = fread(of_a, 1, sizeof(of_a), a);
		same = fread(of_b, 1, sizeof(of_b), b) == length &&
			memcmp(of_a, of_b, length) == 0;
	} while (same && length > 0);
	fclose(a);
	fclose(b);
	return same;
}

static void
verify(struct race *race)
{
	for (size_t i = 0; i < race->count; i++) {
		struct job *job = &race->jobs[i];

		run(race, job);
		if (!is_same(job->processes[job->count - 1].output, race->expected))
			errx(1, "%s: what came out is not what went in", job->name);
	}
}

static void
run_all(struct race *race)
{
	for (size_t i = 0; i < race->count; i++) { /* warm-up */
		race->results[i] = job_room(race->rounds, sizeof(double));
		run(race, &race->jobs[i]);
	}
	for (size_t round = 0; round < race->rounds; round++)
		for (size_t i = 0; i < race->count; i++) {
			size_t which = turn(round, i, race->count);

			race->results[which][round] = run(race, &race->jobs[which]);
		}
}

static int
by_value(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

/* The value below which part of them are; 0.5 is the median. */
static double
quantile(const struct sorted *sorted, double part)
{
	double place = part * (double)(sorted->count - 1);
	size_t below = (size_t)place;
	size_t above = below + 1 < sorted->count ? below + 1 : below;

	return sorted->values[below] +
		(place - (double)below) *
		(sorted->values[above] - sorted->values[below]);
}

/* Each result divided by that of the same round in floor, or alone. */
static struct sorted
sort(const double *results, const double *floor, size_t rounds)
{
	struct sorted sorted = { .values = job_room(rounds, sizeof(double)),
		.count = rounds };

	for (size_t i = 0; i < rounds; i++)
		sorted.values[i] = results[i] / (floor != NULL ? floor[i] : 1);
	qsort(sorted.values, rounds, sizeof(double), by_value);
	return sorted;
}

/* Whether the same thing, twice in a round, often differs by a quarter. */
static bool
is_noisy(const struct race *race)
{
	struct sorted ratios;
	bool noisy;

	if (race->count < 2)
		return true;
	ratios = sort(race->results[1], race->results[0], race->rounds);
	noisy = quantile(&ratios, 0.25) < 0.8 || quantile(&ratios, 0.75) > 1.25;
	free(ratios.values);
	return noisy;
}

/* One row; returns the median ratio. */
static double
show(const struct race *race, size_t which)
{
	const double *results = race->results[which];
	struct sorted plain = sort(results, NULL, race->rounds);
	struct sorted ratios = sort(results, race->results[0], race->rounds);
	double ratio = quantile(&ratios, 0.5);

	printf("%-34s %9.1f %9.1f .. %-9.1f %7.3f %7.3f .. %.3f\n",
		race->jobs[which].name, quantile(&plain, 0.5), quantile(&plain, 0),
		quantile(&plain, 1), ratio, quantile(&ratios, 0.25),
		quantile(&ratios, 0.75));
	free(plain.values);
	free(ratios.values);
	return ratio;
}

/* Whether a goal is the least that will do; else it is the most. */
static bool
is_least(const struct race *race)
{
	return (race->items > 0) != race->ours;
}

static enum verdict
judge(const struct race *race, const struct job *job, double ratio)
{
	bool met = is_least(race) ? ratio >= job->goal : ratio <= job->goal;

	if (is_noisy(race))
		return UNTOLD;
	return met ? MET : MISSED;
}

static int
show_all(const struct race *race)
{
	const char *limit = is_least(race) ? "at least" : "at most";
	double ratios[CASES_MAX];
	char floor[128], unit[32];
	bool met = true;

	snprintf(floor, sizeof(floor), "of %s", race->jobs[0].name);
	snprintf(unit, sizeof(unit), "thousand %s/s", race->unit);
	printf("%-34s %9s %9s .. %-9s %7s %17s\n",
		race->items > 0        ? unit
			: race->memory ? "KiB"
				       : "microseconds",
		"median", "min", "max", "ratio", "its middle half");
	for (size_t i = 0; i < race->count; i++)
		ratios[i] = show(race, i);
	for (size_t i = 0; i < race->count; i++)
		met &= job_goal(&race->jobs[i], limit, floor,
			judge(race, &race->jobs[i], ratios[i]), ratios[i]);
	return met ? 0 : SOME_MISSED;
}

static void
parse(struct race *race, int argc, char **argv)
{
	char **words;
	int option;

	while ((option = getopt(argc, argv, "+bce:i:mor:t:u:")) > 0)
		switch (option) {
		case 'b':
			race->busy = true;
			break;
		case 'c':
			race->cpu = true;
			break;
		case 'e':
			race->expected = optarg;
			break;
		case 'i':
			race->items = strtod(optarg, NULL);
			break;
		case 'm':
			race->memory = true;
			break;
		case 'o':
			race->ours = true;
			break;
		case 'r':
			race->rounds = strtoul(optarg, NULL, 10);
			break;
		case 't':
			race->title = optarg;
			break;
		case 'u':
			race->unit = optarg;
			break;
		default:
			exit(2);
		}
	words = argv[optind] != NULL ? argv + optind : NULL;
	for (; words != NULL && race->count < CASES_MAX; race->count++)
		words = job_parse(words, &race->jobs[race->count]);
	if (race->rounds == 0 || race->title == NULL || race->count == 0 ||
		words != NULL)
		errx(2, "wrong usage");
}

int
main(int argc, char **argv)
{
	static struct race race = { .unit = "messages" };

	parse(&race, argc, argv);
	job_live_and_die_together();
	if (race.expected != NULL)
		verify(&race);
	job_heading(race.title, race.busy);
	if (race.busy)
		busy_begin();
	run_all(&race);
	busy_end();
	return show_all(&race);
}
