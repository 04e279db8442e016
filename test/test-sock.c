/* test-sock.c - lib/sock.c: what is told of Unix sockets, and who is bound to a file */
#include <stddef.h>
#include <sys/un.h>

#include <ipcutil/sock.h>

#include "crew.h"
#include "sock.h"

static char dir[32], path[96], abstract[64];

/* As the kernel wants a name; its length. */
static socklen_t
name_of(const char *text, struct sockaddr_un *name)
{
	*name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(name->sun_path, sizeof(name->sun_path), "%s", text);
	if (*text == '@')
		name->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(text) +
		(*text != '@'));
}

static int
bound(const char *text, int type)
{
	int fd = must(socket(AF_UNIX, type | SOCK_CLOEXEC, 0), "socket");
	struct sockaddr_un name;
	socklen_t length = name_of(text, &name);

	must(bind(fd, (const void *)&name, length), text);
	return fd;
}

static int
connected(const char *text, int type)
{
	int fd = must(socket(AF_UNIX, type | SOCK_CLOEXEC, 0), "socket");
	struct sockaddr_un name;
	socklen_t length = name_of(text, &name);

	must(connect(fd, (const void *)&name, length), text);
	return fd;
}

/* How a look at an address fails; -1: it does not. */
static int
look_at(const char *text, struct ipc_sock_info *info)
{
	struct ipc_address address;
	struct ipc_error err;

	return ipc_address_sock(text, &address, &err) == 0 &&
			ipc_sock_stat(&address, info, &err) == 0
		? -1
		: (int)err.fault;
}

static int
probe(const char *text)
{
	const struct ipc_address address = { .kind = IPC_PATH, .path = text };
	enum ipc_bound is_bound;
	struct ipc_error err;

	return ipc_sock_probe(&address, &is_bound, &err) == 0 ? (int)is_bound : -1;
}

static struct ipc_verdict
judge(const struct ipc_sock_info *info, size_t *holders)
{
	struct ipc_evidence evidence = ipc_sock_evidence(info);
	struct ipc_holders found;
	struct ipc_verdict verdict;

	must(ipc_stale_find(&evidence, 1, &found, NULL), "ipc_stale_find");
	verdict = ipc_stale_judge(&evidence);
	*holders = evidence.holder_count;
	ipc_holders_free(&found);
	return verdict;
}

/* What is listed of one address, and how often. */
struct listed {
	const char *text;
	struct ipc_sock_info info;
	unsigned int times;
};

static int
remember(const struct ipc_sock_info *info, void *arg)
{
	struct listed *listed = arg;

	if (strcmp(ipc_address_text(&info->address), listed->text) == 0) {
		listed->info = *info;
		listed->times++;
	}
	return 0;
}

static struct listed
list(const char *text, const char *under)
{
	const char *const dirs[] = { under, NULL };
	struct listed listed = { .text = text };
	struct ipc_error missed = { .code = 0 };

	must(ipc_sock_each(
		     under == NULL ? NULL : dirs, remember, &listed, &missed, NULL),
		"ipc_sock_each");
	return listed;
}

static void
test_addresses(void)
{
	char text[128];
	struct ipc_address address;

	ok(ipc_address_sock("@a/b", &address, NULL) == 0 &&
			address.kind == IPC_ABSTRACT &&
			strcmp(ipc_address_text(&address), "@a/b") == 0,
		"an abstract name has an @ before it");
	ok(ipc_address_sock("./@a", &address, NULL) == 0 && address.kind == IPC_PATH,
		"a path has not");
	memset(text, 'x', sizeof(text));
	text[0] = '@';
	text[108] = '\0';
	is(ipc_address_sock(text, &address, NULL), 0, "107 bytes may be behind it");
	text[108] = 'x';
	text[109] = '\0';
	is(ipc_address_sock(text, &address, NULL), -1, "and not one more");
}

static void
test_listening(void)
{
	int server = bound(path, SOCK_STREAM), client, other, accepted;
	struct ipc_sock_info info;
	struct listed listed;
	struct stat st;
	size_t holders;

	must(fstat(server, &st), "fstat");
	is(look_at(path, &info), -1, "a socket that does not listen yet is found");
	is(info.listening, 0, "it does not");
	ok(strcmp(info.kind, "stream") == 0, "its kind");
	is(info.inode, st.st_ino, "its inode");
	is(info.socket_device, st.st_dev, "and device");
	is(judge(&info, &holders).state, IPC_IN_USE, "it is in use");
	is(probe(path), IPC_BOUND, "a probe knows it, too");
	must(listen(server, 7), "listen");
	client = connected(path, SOCK_STREAM);
	other = connected(path, SOCK_STREAM);
	accepted = must(accept(server, NULL, NULL), "accept");
	look_at(path, &info);
	is(info.listening, 1, "it listens");
	is(info.backlog, 7, "with its backlog");
	is(info.pending, 1, "one connection waits");
	is(info.peers, 1, "and one was accepted");
	is(info.inode, st.st_ino, "and it is the one that listens that is told");
	judge(&info, &holders);
	is(holders, 1, "a process has it");
	listed = list(path, NULL);
	is(listed.times, 1, "it is listed once, for all that have its name");
	is(listed.info.file, info.file, "with its file");
	listed = list(path, dir);
	is(listed.times, 1, "and once when it is found in a directory, too");
	is(listed.info.peers, 1, "with its peer");
	close(client);
	close(other);
	close(accepted);
	close(server);
}

static void
test_file(void)
{
	const struct ipc_address address = { .kind = IPC_PATH, .path = path };
	struct ipc_sock_info info;
	struct stat st;
	size_t holders;

	must(stat(path, &st), path);
	is(look_at(path, &info), -1, "a file to which nobody is bound is found");
	is(info.bound, IPC_BOUND_UNKNOWN, "a look does not tell that nobody is");
	is(judge(&info, &holders).state, IPC_STATE_UNKNOWN, "so its state is unknown");
	is(info.file, st.st_ino, "its inode");
	ok(labs(info.created - time(NULL)) < 60, "it was made just now");
	is(list(path, dir).times, 1, "it is listed where it is looked for");
	is(list(path, NULL).times, 0, "and nowhere else");
	is(probe(path), IPC_BOUND_NOBODY, "a probe tells that nobody is bound");
	info.bound = IPC_BOUND_NOBODY;
	is(judge(&info, &holders).state, IPC_STALE, "then it is stale");
	if (geteuid() != 0) {
		must(chmod(path, 0), path);
		is(probe(path), IPC_BOUND_UNKNOWN, "who may not write cannot know");
	}
	is(ipc_sock_remove(&address, NULL), 0, "it is removed");
	is(look_at(path, &info), IPC_NO_OBJECT, "and is gone");
}

/* A datagram socket would be told of a connection, if that were one. */
static void
test_datagrams(void)
{
	int server = bound(path, SOCK_DGRAM), client;
	struct ipc_sock_info info;
	char byte;

	ok(look_at(path, &info) == -1 && strcmp(info.kind, "dgram") == 0,
		"a socket for datagrams");
	is(info.backlog, IPC_UNKNOWN, "has no backlog");
	is(info.queued, 0, "nothing waits in it");
	is(probe(path), IPC_BOUND, "a probe knows it");
	ok(recv(server, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN,
		"which it does not notice");
	client = connected(path, SOCK_DGRAM);
	must((int)send(client, "x", 1, 0), "send");
	look_at(path, &info);
	is(info.peers, 1, "one is connected to it");
	ok(info.queued > 0, "and has sent something");
	is(recv(server, &byte, 1, MSG_DONTWAIT), 1, "which is still there");
	close(client);
	close(server);
	must(unlink(path), path);
}

static void
test_abstract(void)
{
	int server = bound(abstract, SOCK_SEQPACKET);
	const struct ipc_address address = { .kind = IPC_ABSTRACT };
	struct ipc_sock_info info;
	size_t holders;

	is(look_at(abstract, &info), -1, "an abstract name is found");
	ok(strcmp(info.kind, "seqpacket") == 0, "its kind");
	is(info.uid, geteuid(), "who made it");
	is(judge(&info, &holders).state, IPC_IN_USE, "it is in use");
	is(holders, 1, "by one process");
	is(list(abstract, NULL).times, 1, "it is listed");
	is(ipc_sock_remove(&address, NULL), -1, "it cannot be removed");
	close(server);
	is(look_at(abstract, &info), IPC_NO_OBJECT, "it goes with its socket");
}

static void
test_names(void)
{
	char moved[128], odd[128], long_path[256];
	int server = bound(path, SOCK_STREAM), other;
	struct ipc_sock_info info;
	struct listed listed;

	snprintf(moved, sizeof(moved), "%s/moved", dir);
	must(rename(path, moved), moved);
	look_at(moved, &info);
	is(info.bound, IPC_BOUND, "a file that was renamed is bound to");
	ok(list(path, NULL).info.is_gone, "by the name of before it is gone");
	listed = list(moved, dir);
	is(listed.times, 1, "it is listed by its name of now");
	ok(!listed.info.is_gone, "and not gone");
	is(list(path, dir).times, 0, "and not by that of before");
	other = bound(path, SOCK_DGRAM);
	listed = list(path, dir);
	is(listed.times, 1, "another file with the old name is one of its own");
	ok(strcmp(listed.info.kind, "dgram") == 0, "and of its kind");
	close(other);
	look_at(path, &info);
	is(info.bound, IPC_BOUND_UNKNOWN,
		"the name alone does not make that one bound to");
	close(server);
	must(unlink(path), path);
	must(unlink(moved), moved);

	snprintf(odd, sizeof(odd), "%s/\033[1m\n\377", dir);
	close(bound(odd, SOCK_STREAM));
	is(list(odd, dir).times, 1, "a name of any bytes");
	must(unlink(odd), odd);
	must(symlink("/dev/null", odd), odd);
	is(look_at(odd, &info), IPC_REFUSED, "a symbolic link is refused");
	is(probe(odd), -1, "by a probe, too");
	must(unlink(odd), odd);

	snprintf(odd, sizeof(odd), "%s/s", dir);
	snprintf(long_path, sizeof(long_path), "%s/%0*d", dir, 150, 0);
	close(bound(odd, SOCK_STREAM));
	must(rename(odd, long_path), long_path);
	is(probe(long_path), IPC_BOUND_NOBODY, "a path longer than bind(2) takes");
	must(unlink(long_path), long_path);
}

/* What the older interface tells is the same, as far as it goes. */
static void
test_sources(void)
{
	int one = bound(path, SOCK_STREAM), other = bound(abstract, SOCK_DGRAM);
	struct ipc_sock_table newer, older;
	bool same = true;

	must(listen(one, 1), "listen");
	is(ipc_sock_table_read(&newer, IPC_SOCK_DIAG), 0, "sock_diag(7) is read");
	is(ipc_sock_table_read(&older, IPC_SOCK_PROC), 0, "and proc_net(5)");
	for (size_t i = 0; i < newer.count; i++) {
		const struct ipc_sock_entry *entry = &newer.entries[i];
		size_t found = 0;

		if (strcmp(entry->name, path) != 0 &&
			strcmp(entry->name, abstract) != 0)
			continue;
		for (size_t j = 0; j < older.count; j++)
			found += older.entries[j].inode == entry->inode &&
				older.entries[j].type == entry->type &&
				older.entries[j].listens == entry->listens &&
				strcmp(older.entries[j].name, entry->name) == 0;
		same = same && found == 1;
	}
	ok(same, "both tell the same");
	ipc_sock_table_free(&newer);
	ipc_sock_table_free(&older);
	close(one);
	close(other);
	must(unlink(path), path);
}

/* The kernel knows who is bound in another network namespace, and its lists do not. */
static void
test_namespaces(void)
{
	int ends[2];
	struct ipc_sock_info info;
	pid_t pid;
	char byte;

	must(pipe(ends), "pipe");
	fflush(stdout);
	pid = must(fork(), "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) < 0)
			_exit(0);
		listen(bound(path, SOCK_STREAM), 1);
		must((int)write(ends[1], "", 1), "write");
		for (;;)
			pause();
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) == 1) {
		look_at(path, &info);
		is(info.bound, IPC_BOUND_UNKNOWN,
			"who is bound in another network namespace is not seen");
		is(probe(path), IPC_BOUND, "but a probe finds it");
		crew_leave(pid);
		is(probe(path), IPC_BOUND_NOBODY, "until it has ended");
		must(unlink(path), path);
	} else {
		waitpid(pid, NULL, 0);
	}
	close(ends[0]);
}

int
main(void)
{
	snprintf(dir, sizeof(dir), "/tmp/ipcutil-sock-XXXXXX");
	must(mkdtemp(dir) == NULL ? -1 : 0, dir);
	snprintf(path, sizeof(path), "%s/socket", dir);
	snprintf(abstract, sizeof(abstract), "@%s", dir);
	test_addresses();
	test_listening();
	test_file();
	test_datagrams();
	test_abstract();
	test_names();
	test_sources();
	test_namespaces();
	must(rmdir(dir), dir);
	return tap_end();
}
