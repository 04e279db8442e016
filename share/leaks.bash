# leaks.bash - for bats: a test fails when it leaves an IPC object behind
# shellcheck shell=bash disable=SC2119,SC2120  # options are for who calls them
#
#	load /usr/share/ipcutil/leaks.bash
#
# gives each test of the file a setup() and a teardown() that look before and after it.  A
# file with a setup() or teardown() of its own calls these two in them:
#
#	ipc_leaks_begin [OPTION]... [DIR]...
#
# before anything is made.  The options are those of ipc-ls that tell which objects count:
# by default those of the user, of any type, but no files that are only mapped, no pipes,
# and nothing else that goes with the processes that have it.  FIFOs and socket files that
# no process has are found in and below DIR.
#
#	ipc_leaks_end
#
# after all was removed; last, as it fails when something is left, and lists it.  What goes
# within IPC_LEAKS_WAIT seconds (2) is no leak: the killed go when they can.
#
# Where not all that counts can be seen, the test fails as well: an ordinary user sees POSIX
# queues only where an mqueue file system is mounted.  --type shm,sem,sock leaves them out.
#
# What others make meanwhile would be counted.  Tests beside others tell by the options
# what is theirs: --name 'myapp-*' where it has names, or for all of it a group of their own,
#
#	setpriv --regid 4242 --clear-groups bats test
#
# and --user :4242.

ipc_leaks_begin() {
	ipc_leaks=(--user "$(id -u)")
	[ $# -eq 0 ] || ipc_leaks=("$@")
	ipc_leaks_ls --save "$BATS_TEST_TMPDIR.leaks"
}

ipc_leaks_end() {
	local status end=$((SECONDS + ${IPC_LEAKS_WAIT-2}))
	[ -e "$BATS_TEST_TMPDIR.leaks" ] || return 0	# it was skipped before
	while status=0; ipc_leaks_ls --new-since "$BATS_TEST_TMPDIR.leaks" || status=$?
		[ "$status" -eq 7 ] && [ "$SECONDS" -lt "$end" ]; do
		sleep 0.1
	done
	[ "$status" -eq 7 ] || return "$status"
	echo "IPC objects that the test leaves behind:"
	printf '%s\n' "$ipc_leaks_found"
	return 1
}

# ipc_leaks_ls OPTION...: what it finds is in $ipc_leaks_found, with status 7.  Fails, and
# says so, when objects that count may be out of sight.
ipc_leaks_ls() {
	local status=0 said=$BATS_TEST_TMPDIR.leaks-said
	ipc_leaks_found=$(ipc-ls "${ipc_leaks[@]}" "$@" 2>"$said") || status=$?
	case $status in
	0 | 7) grep -q '^ipc-ls: not all may be listed of: [^;]*\(mq\|shm\|sem\|sock\)' "$said" || return "$status" ;;
	esac
	echo "Whether the test leaves IPC objects behind cannot be told:"
	cat "$said"
	return 1
}

setup() {
	ipc_leaks_begin
}

teardown() {
	ipc_leaks_end
}
