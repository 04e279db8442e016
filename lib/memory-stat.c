/* memory-stat.c - what is known of shared memory that is a file */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "auto.h"
#include "memory.h"
#include "object.h"

/* Of Linux 6.5, and in no header of an older one: cachestat() of linux/mman.h. */
enum { CALL_CACHESTAT = 451 };

static uint64_t
page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Pages of the file that are in memory; false when the kernel does not tell. */
static bool
ask_cachestat(int fd, uint64_t size, uint64_t *pages)
{
	uint64_t range[2] = { 0, size }, counts[5];

	if (syscall(CALL_CACHESTAT, fd, range, counts, 0) < 0)
		return false;
	*pages = counts[0];
	return true;
}

/* The same with mincore(2), which counts all for those who may not write. */
static bool
ask_mincore(int fd, uint64_t size, uint64_t *pages)
{
	enum { WINDOW = 32768 }; /* pages */
	const uint64_t page = page_size();
	unsigned char there[WINDOW];

	*pages = 0;
	for (uint64_t at = 0; at < size; at += WINDOW * page) {
		uint64_t length = size - at < WINDOW * page ? size - at : WINDOW * page;
		void *map = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, (off_t)at);
		bool told = map != MAP_FAILED && mincore(map, length, there) == 0;

		if (map != MAP_FAILED)
			munmap(map, length);
		if (!told)
			return false;
		for (uint64_t i = 0; i < (length + page - 1) / page; i++)
			*pages += there[i] & 1U;
	}
	return true;
}

/* A mapping sees the memory of a file, a descriptor of O_PATH does not. */
static uint64_t
count_resident(int path, uint64_t size)
{
	char self[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	autoclose int fd = -1;
	uint64_t pages, bytes;

	if (size == 0)
		return 0;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", path);
	fd = open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 ||
		(!ask_cachestat(fd, size, &pages) &&
			(access(self, W_OK) < 0 || !ask_mincore(fd, size, &pages))))
		return IPC_UNKNOWN;
	bytes = pages * page_size();
	return bytes > size ? size : bytes;
}

int
ipc_memory_file_fill(int dir, const char *name, const struct ipc_address *address,
	enum ipc_memory_look look, struct ipc_memory_info *info)
{
	struct statx st;

	if (statx(dir, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW,
		    STATX_BASIC_STATS | STATX_BTIME, &st) < 0)
		return errno;
	if (!S_ISREG(st.stx_mode))
		return EINVAL;
	*info = (struct ipc_memory_info){
		.address = *address,
		.size = st.stx_size,
		.used = st.stx_blocks * 512,
		.resident = IPC_UNKNOWN,
		.attached = IPC_UNKNOWN,
		.locked = IPC_UNKNOWN,
		.removed = IPC_UNKNOWN,
		.device = makedev(st.stx_dev_major, st.stx_dev_minor),
		.inode = st.stx_ino,
		.links = st.stx_nlink,
		.key = IPC_UNKNOWN,
		.id = IPC_UNKNOWN,
		.creator = IPC_UNKNOWN,
		.last = IPC_UNKNOWN,
		.creator_uid = IPC_UNKNOWN,
		.attach_time = IPC_UNKNOWN_TIME,
		.detach_time = IPC_UNKNOWN_TIME,
		.mode = st.stx_mode & 07777,
		.uid = st.stx_uid,
		.gid = st.stx_gid,
		.created = (st.stx_mask & STATX_BTIME) != 0 ? st.stx_btime.tv_sec
							    : IPC_UNKNOWN_TIME,
		.generation = ipc_object_generation(dir, name, &st),
		.accessed = st.stx_atime.tv_sec,
		.modified = st.stx_mtime.tv_sec,
		.changed = st.stx_ctime.tv_sec,
	};
	if (look == IPC_MEMORY_COUNT)
		info->resident = count_resident(dir, info->size);
	return 0;
}

int
ipc_memory_file_stat(const struct ipc_address *address, enum ipc_memory_look look,
	struct ipc_memory_info *info, struct ipc_error *err)
{
	struct ipc_memory_place place = { .dir = -1 };
	autoclose int fd = -1;
	struct stat st;
	int code;

	if (ipc_memory_place(address, &place, "inspect", err) < 0)
		return -1;
	fd = ipc_memory_file_open(&place, address, O_PATH, "inspect", &st, err);
	close(place.dir);
	if (fd < 0)
		return -1;
	code = ipc_memory_file_fill(fd, "", address, look, info);
	return code == 0
		? 0
		: ipc_fail(err, code, "inspect '%s'", ipc_address_text(address));
}
