/*
 * memory.c - how much memory cases use early and late in a long stream
 *
 *	memory [-b] -f FILE -n BYTES -t TITLE CASE...
 *
 * A CASE is what job_parse() reads.  FILE, again and again, goes into its first
 * process until there are BYTES, and has to come out of its last, which is killed
 * then.  The most memory that each had until then is looked up after a 16th and
 * after all of it, while both still run.  The goal is in KiB.
 *
 *	-b	beside a busy loop for each CPU
 *
 * Status 3: it was done, and a goal was missed.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "job.h"

enum { SOME_MISSED = 3, EARLY = 16, STEP = 65536 };

/* A stream: how much of it has gone in and come out. */
struct stream {
	const char *text; /* repeated */
	size_t length;
	uint64_t bytes; /* in all */
	uint64_t sent, received;
	int to, from; /* pipes */
};

/* The most memory of writer and reader, in KiB. */
struct peaks {
	long writer, reader;
};

/* VmHWM of proc_pid_status(5). */
static long
peak_of(pid_t pid)
{
	char path[64], line[256];
	long peak = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		err(1, "open '%s'", path);
	while (fgets(line, sizeof(line), file) != NULL &&
		sscanf(line, "VmHWM: %ld kB", &peak) != 1)
		;
	fclose(file);
	if (peak < 0)
		errx(1, "no VmHWM in '%s'", path);
	return peak;
}

static struct peaks
look(const struct job *job)
{
	return (struct peaks){
		.writer = peak_of(job->processes[0].pid),
		.reader = peak_of(job->processes[job->count - 1].pid),
	};
}

/* Whether data are what the stream has from an offset on. */
static bool
is_in_stream(
	const struct stream *stream, uint64_t offset, const char *data, size_t length)
{
	while (length > 0) {
		size_t at = (size_t)(offset % stream->length);
		size_t step = stream->length - at;

		if (step > length)
			step = length;
		if (memcmp(stream->text + at, data, step) != 0)
			return false;
		offset += step;
		data += step;
		length -= step;
	}
	return true;
}

static void
send_some(struct stream *stream)
{
	size_t at = (size_t)(stream->sent % stream->length);
	size_t length = stream->length - at;
	ssize_t step;

	if (length > stream->bytes - stream->sent)
		length = (size_t)(stream->bytes - stream->sent);
	step = write(stream->to, stream->text + at, length);
	if (step < 0 && errno != EAGAIN)
		err(1, "write to the writer");
	stream->sent += step > 0 ? (uint64_t)step : 0;
}

static void
receive_some(struct stream *stream, const char *name)
{
	char data[STEP];
	ssize_t step = read(stream->from, data, sizeof(data));

	if (step <= 0)
		errx(1, "%s: the stream ended early", name);
	if (!is_in_stream(stream, stream->received, data, (size_t)step))
		errx(1, "%s: what came out is not what went in", name);
	stream->received += (uint64_t)step;
}

/* Moves bytes until so many have come out. */
static void
pump(struct stream *stream, uint64_t until, const char *name)
{
	while (stream->received < until) {
		struct pollfd polled[] = {
			{ .fd = stream->from, .events = POLLIN },
			{ .fd = stream->sent < stream->bytes ? stream->to : -1,
				.events = POLLOUT },
		};

		if (poll(polled, 2, -1) < 0)
			err(1, "poll");
		if (polled[0].revents != 0)
			receive_some(stream, name);
		if (polled[1].revents != 0)
			send_some(stream);
	}
}

static void
start(struct job *job, struct stream *stream)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		err(1, "pipe");
	job->processes[0].in = in[0];
	job->processes[job->count - 1].out = out[1];
	stream->to = in[1];
	stream->from = out[0];
	stream->sent = stream->received = 0;
	fcntl(stream->to, F_SETFL, O_NONBLOCK);
	job_start(job);
}

static void
end(struct job *job, struct stream *stream)
{
	struct process *reader = &job->processes[job->count - 1];

	close(stream->to);
	kill(reader->pid, SIGTERM);
	waitpid(reader->pid, NULL, 0);
	close(stream->from);
	job->count--; /* the reader has been seen to */
	job_end(job);
	job->count++;
}

/* One row; returns by how much the one that grew more has grown. */
static long
run(struct job *job, struct stream *stream)
{
	struct peaks early, late;
	long writer, reader;

	start(job, stream);
	pump(stream, stream->bytes / EARLY, job->name);
	early = look(job);
	pump(stream, stream->bytes, job->name);
	late = look(job);
	end(job, stream);
	writer = late.writer - early.writer;
	reader = late.reader - early.reader;
	printf("%-34s %7ld %7ld %7ld %9ld %7ld %7ld\n", job->name, early.writer,
		late.writer, writer, early.reader, late.reader, reader);
	fflush(stdout);
	return writer > reader ? writer : reader;
}

static void
load(struct stream *stream, const char *path)
{
	FILE *file = fopen(path, "re");
	struct stat st;
	char *text;

	if (file == NULL || fstat(fileno(file), &st) < 0 || st.st_size == 0)
		err(1, "read '%s'", path);
	stream->length = (size_t)st.st_size;
	text = job_room(1, stream->length);
	if (fread(text, 1, stream->length, file) != stream->length)
		errx(1, "cannot read '%s'", path);
	fclose(file);
	stream->text = text;
}

static bool
run_cases(char **words, struct stream *stream)
{
	bool met = true;
	struct job job;

	printf("%-34s %23s %25s\n", "", "----- writer -----", "----- reader -----");
	printf("%-34s %7s %7s %7s %9s %7s %7s\n", "most memory, KiB", "early", "late",
		"grown", "early", "late", "grown");
	while (words != NULL) {
		long grown;

		words = job_parse(words, &job);
		if (job.count < 2)
			errx(2, "a case needs a writer and a reader");
		grown = run(&job, stream);
		met &= job_goal(&job, "grows at most", "KiB",
			(double)grown <= job.goal ? MET : MISSED, (double)grown);
	}
	return met;
}

int
main(int argc, char **argv)
{
	struct stream stream = { 0 };
	const char *title = NULL;
	bool with_load = false, met;
	int option;

	while ((option = getopt(argc, argv, "+bf:n:t:")) > 0)
		switch (option) {
		case 'b':
			with_load = true;
			break;
		case 'f':
			load(&stream, optarg);
			break;
		case 'n':
			stream.bytes = strtoull(optarg, NULL, 10);
			break;
		case 't':
			title = optarg;
			break;
		default:
			return 2;
		}
	if (title == NULL || stream.bytes == 0 || stream.text == NULL || optind == argc)
		errx(2, "wrong usage");
	job_live_and_die_together();
	signal(SIGPIPE, SIG_IGN);
	job_heading(title, with_load);
	if (with_load)
		busy_begin();
	met = run_cases(argv + optind, &stream);
	busy_end();
	return met ? 0 : SOME_MISSED;
}
