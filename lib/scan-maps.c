/* scan-maps.c - the mappings of a process, asked for one by one or read as text */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "auto.h"
#include "scan.h"

/* Of <linux/fs.h> since Linux 6.11, which older headers lack. */
struct query {
	uint64_t size, flags, address, start, end, permissions, page_size, offset,
		inode;
	uint32_t major, minor, name_size, build_id_size;
	uint64_t name, build_id;
};

enum {
	QUERY_SHARED = 0x08,
	QUERY_THIS_OR_NEXT = 0x10,
	QUERY_OF_A_FILE = 0x20,
};

#define PROCMAP_QUERY _IOWR('f', 17, struct query)

/* What the names of all segments begin with, and of no other file of their device. */
static const char segment_prefix[] = "/SYSV";

/* Sealed against execution where the kernel knows that: vm.memfd_noexec may insist. */
static int
make_anonymous(unsigned int flags)
{
	enum { NOEXEC_SEAL = 0x08 }; /* since Linux 6.3 */
	int fd = memfd_create("ipcutil", MFD_CLOEXEC | NOEXEC_SEAL | flags);

	return fd < 0 && errno == EINVAL ? memfd_create("ipcutil", MFD_CLOEXEC | flags)
					 : fd;
}

int
ipc_scan_learn_devices(struct ipc_scan_plan *plan)
{
	/* The logarithm of a size of huge pages; 0 for the usual. */
	for (unsigned int shift = 0; shift <= 34; shift += shift == 0 ? 14 : 1) {
		autoclose int fd = make_anonymous(
			shift > 0 ? MFD_HUGETLB | shift << MAP_HUGE_SHIFT : 0);
		struct stat st;

		if (fd >= 0 && fstat(fd, &st) == 0)
			plan->segments[plan->segment_devices++] = st.st_dev;
		else if (shift == 0 || errno == EMFILE || errno == ENFILE)
			return -1;
	}
	return 0;
}

static bool
is_segment_device(const struct ipc_scan *scan, dev_t device)
{
	for (size_t i = 0; i < scan->plan->segment_devices; i++)
		if (scan->plan->segments[i] == device)
			return true;
	return false;
}

/* One mapping, as the kernel told it. */
struct mapping {
	uint64_t start, end, inode;
	dev_t device;     /* of the file system, which need not be st_dev of the file */
	const char *name; /* from the text of all; or NULL */
};

/* Whether it has the name of a segment, which is asked for where it was not told. */
static bool
has_segment_name(int maps, const struct mapping *mapping)
{
	char name[64] = "";
	struct query query = {
		.size = sizeof(query),
		.address = mapping->start,
		.name = (uint64_t)(uintptr_t)name,
		.name_size = sizeof(name),
	};

	if (mapping->name == NULL &&
		(ioctl(maps, PROCMAP_QUERY, &query) < 0 ||
			query.inode != mapping->inode))
		return false;
	return strncmp(mapping->name != NULL ? mapping->name : name, segment_prefix,
		       sizeof(segment_prefix) - 1) == 0;
}

/*
 * Its inode is that of an object whose device the kernel may tell otherwise.  Below task/
 * a thread has no map_files/; under its own number it has, also when the first has ended.
 */
static int
look_closer(struct ipc_scan *scan, const struct mapping *mapping)
{
	const struct ipc_scan_key *key;
	char path[80];
	struct statx st;

	snprintf(path, sizeof(path), "../%d/map_files/%" PRIx64 "-%" PRIx64,
		(int)scan->tid, mapping->start, mapping->end);
	if (statx(scan->process, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_INO,
		    &st) < 0) {
		scan->moved |= errno == ENOENT;
		return ipc_scan_missed(scan);
	}
	key = ipc_scan_key(
		scan->plan, makedev(st.stx_dev_major, st.stx_dev_minor), st.stx_ino);
	return key != NULL ? ipc_scan_found(scan, key, IPC_ACCESS_MAPPED, -1) : 0;
}

static int
look_at(struct ipc_scan *scan, int task, int maps, const struct mapping *mapping)
{
	const struct ipc_scan_plan *plan = scan->plan;
	const struct ipc_scan_key *key =
		ipc_scan_key(plan, mapping->device, mapping->inode);

	if (key != NULL)
		return ipc_scan_found(scan, key, IPC_ACCESS_MAPPED, -1);
	if (ipc_scan_key(plan, IPC_SCAN_ANY_DEVICE, mapping->inode) != NULL)
		return look_closer(scan, mapping);
	if (!is_segment_device(scan, mapping->device))
		return 0;
	key = ipc_scan_key(plan, IPC_SCAN_SEGMENT_ID, mapping->inode);
	if (key == NULL || !has_segment_name(maps, mapping) ||
		!ipc_scan_is_ours(scan, task))
		return 0;
	return ipc_scan_found(scan, key, IPC_ACCESS_ATTACHED, -1);
}

/* Ends with ENOENT behind the last, or with ENOTTY where the kernel does not know it. */
static int
query_all(struct ipc_scan *scan, int task, int maps)
{
	struct query query = {
		.size = sizeof(query),
		.flags = QUERY_THIS_OR_NEXT | QUERY_OF_A_FILE |
			(scan->plan->wants & IPC_SCAN_MAPS ? 0 : QUERY_SHARED),
	};

	while (ioctl(maps, PROCMAP_QUERY, &query) == 0) {
		const struct mapping mapping = {
			.start = query.start,
			.end = query.end,
			.inode = query.inode,
			.device = makedev(query.major, query.minor),
		};

		if (look_at(scan, task, maps, &mapping) < 0)
			return -1;
		query.address = query.end;
	}
	return 0;
}

/* A number, and where what follows the byte behind it begins. */
static uint64_t
take_number(const char **at, int base)
{
	char *end;
	uint64_t number = strtoull(*at, &end, base);

	*at = *end != '\0' ? end + 1 : end;
	return number;
}

/* "START-END PERMISSIONS OFFSET MAJOR:MINOR INODE   NAME"; false: not of a file. */
static bool
parse(const char *line, struct mapping *mapping)
{
	unsigned int major;

	mapping->start = take_number(&line, 16);
	mapping->end = take_number(&line, 16);
	line += strcspn(line, " ");
	take_number(&line, 16); /* the offset */
	major = (unsigned int)take_number(&line, 16);
	mapping->device = makedev(major, (unsigned int)take_number(&line, 16));
	mapping->inode = take_number(&line, 10);
	mapping->name = line + strspn(line, " ");
	return mapping->device != 0 || mapping->inode != 0;
}

/* Looks at the whole lines of a text, and leaves what is behind them. */
static int
look_at_lines(struct ipc_scan *scan, int task, size_t *length)
{
	char *line = scan->text, *newline;
	char *end = scan->text + *length;
	struct mapping mapping;

	while ((newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
		*newline = '\0';
		if (parse(line, &mapping) && look_at(scan, task, -1, &mapping) < 0)
			return -1;
		line = newline + 1;
	}
	*length = (size_t)(end - line);
	memmove(scan->text, line, *length);
	return 0;
}

static int
read_all(struct ipc_scan *scan, int task, int maps, bool *mapped)
{
	size_t kept = 0;
	ssize_t length;

	while ((length = read(maps, scan->text + kept, sizeof(scan->text) - kept)) >
		0) {
		*mapped = true;
		kept += (size_t)length;
		if (look_at_lines(scan, task, &kept) < 0)
			return -1;
	}
	return length < 0 ? ipc_scan_missed(scan) : 0;
}

int
ipc_scan_maps(struct ipc_scan *scan, int task, bool *mapped)
{
	autoclose int maps = openat(task, "maps", O_RDONLY | O_CLOEXEC);

	*mapped = false;
	if (maps < 0)
		return ipc_scan_missed(scan);
	if (scan->form == IPC_SCAN_QUERY) {
		if (query_all(scan, task, maps) < 0)
			return -1;
		if (errno == ENOENT) { /* no mapping is left */
			*mapped = true;
			return 0;
		}
		if (errno == ENOTTY || errno == EINVAL)
			scan->form = IPC_SCAN_TEXT;
		else
			return ipc_scan_missed(scan);
	}
	return read_all(scan, task, maps, mapped);
}
