#!/usr/bin/env bats
# ipc-mq: limits and how they are named, permissions, other users, namespaces

# shellcheck disable=SC2016,SC2030,SC2031,SC2094,SC2153,SC2154  # inner shells expand
load helper

# nobody and daemon: two ordinary users
alice=65534 bob=1

# refused STATUS MESSAGE COMMAND...: stderr has MESSAGE alone
refused() {
	local wanted=$1 message=$2
	shift 2
	fails_with "$wanted" "ipc-mq: $message" "$@"
}

# limits

@test "create above msg_max fails with 6, and names it" {
	most=$(cat /proc/sys/fs/mqueue/msg_max)
	refused 6 "cannot create '$NAME': a capacity of $((most + 1)) messages is above the limit of $most (sysctl fs.mqueue.msg_max)" \
		"${powerless[@]}" ipc-mq create -c $((most + 1)) -s 64 "$NAME"
	gone "$NAME"
	"${powerless[@]}" ipc-mq create -c "$most" -s 64 "$NAME"
}

@test "create above msgsize_max fails with 6, and names it" {
	most=$(cat /proc/sys/fs/mqueue/msgsize_max)
	refused 6 "cannot create '$NAME': a message size of $((most + 1)) bytes is above the limit of $most (sysctl fs.mqueue.msgsize_max)" \
		"${powerless[@]}" ipc-mq create -c 1 -s $((most + 1)) "$NAME"
	gone "$NAME"
	"${powerless[@]}" ipc-mq create -c 1 -s "$most" "$NAME"
}

@test "create of sizes beyond any machine fails with 6, and leaves no queue" {
	for size in 9223372036854775807 4294967297 4096P; do
		fails 6 ipc-mq create -c 1 -s "$size" "$NAME"
	done
	for count in 9223372036854775807 4294967297 2147483648; do
		fails 6 ipc-mq create -c "$count" -s 64 "$NAME"
		fails 6 ipc-mq create -c "$count" -s 9223372036854775807 "$NAME"
	done
	gone "$NAME"
}

@test "create above RLIMIT_MSGQUEUE fails with 6, and names what is needed and allowed" {
	refused 6 "cannot create '$NAME': it needs 640 bytes; RLIMIT_MSGQUEUE (ulimit -q) allows 0 for all queues of a user together" \
		prlimit --msgqueue=0 ipc-mq create -c 4 -s 64 "$NAME"
	gone "$NAME"
}

@test "the bytes that create says it needs are those that suffice" {
	as_root
	user=$((1000000 + $$))
	while read -r count size; do
		run as_user $user prlimit --msgqueue=10 ipc-mq create -c "$count" -s "$size" "$NAME"
		[ "$status" -eq 6 ]
		[[ $output =~ "it needs "([0-9]+)" bytes; RLIMIT_MSGQUEUE (ulimit -q) allows 10 " ]]
		needed=${BASH_REMATCH[1]}
		run as_user $user prlimit --msgqueue=$((needed - 1)) ipc-mq create -c "$count" -s "$size" "$NAME"
		[ "$status" -eq 6 ]
		as_user $user prlimit --msgqueue="$needed" ipc-mq create -c "$count" -s "$size" "$NAME"
		ipc-mq rm "$NAME"
	done <<-END
		1 1
		4 64
		10 8192
	END
}

@test "create says that RLIMIT_NOFILE is what is used up when it is" {
	export ASAN_OPTIONS=detect_leaks=0	# a sanitizer would open files of its own
	mkfifo pipe
	exec 7<>pipe
	dd if=/dev/zero of=pipe bs=4096 oflag=nonblock status=none 2>/dev/null || :
	ipc-mq create -c 4 -s 64 "$NAME" "$NAME-2" >pipe 2>said 3>&- 7>&- &
	within 10 holds 0	# the first is made, and its address waits to be read
	within 10 asleep $!
	prlimit --nofile=3 --pid $!
	timeout 10 head -c 65536 <&7 >/dev/null
	ends_with 6 $!
	[ "$(cat said)" = "ipc-mq: cannot create '$NAME-2': all 3 descriptors that RLIMIT_NOFILE (ulimit -n) allows are in use" ]
	gone "$NAME-2"
}

@test "create beyond queues_max fails with 6, and names it" {
	as_root
	refused 6 "cannot create '$NAME-3': the system has its most of 2 queues (sysctl fs.mqueue.queues_max)" \
		unshare -i bash -c 'echo 2 >/proc/sys/fs/mqueue/queues_max || exit
			ipc-mq create -c 1 -s 1 "$1" >/dev/null
			ipc-mq create -c 1 -s 1 "$1-2" >/dev/null
			shift
			exec "$@"' - "$NAME" "${powerless[@]}" ipc-mq create -c 1 -s 1 "$NAME-3"
}

@test "create takes the system's limits for what was not asked for, also where they are low" {
	as_root
	run unshare -i bash -c 'cd /proc/sys/fs/mqueue
		echo 3 >msg_default && echo 2 >msg_max && echo 200 >msgsize_default && echo 300 >msgsize_max || exit
		ipc-mq create -s 64 "$1" >/dev/null && ipc-mq create -c 1 "$1-2" >/dev/null &&
		ipc-mq create "$1-3" >/dev/null &&
		ipc-mq inspect --noheadings -r -o CAPACITY,MESSAGE_SIZE "$1" "$1-2" "$1-3"' - "$NAME"
	[ "$status" -eq 0 ]
	[ "$output" = $'2 64\n1 200\n2 200' ]
}

# permissions

@test "what the mode forbids fails with 5" {
	queue -m 0200
	refused 5 "cannot read '$NAME': Permission denied" "${powerless[@]}" ipc-mq read -n "$NAME"
	fails 5 "${powerless[@]}" ipc-mq wait -n "$NAME"
	fails 5 "${powerless[@]}" ipc-mq purge "$NAME"
	"${powerless[@]}" ipc-mq write "$NAME" hello
	ipc-mq set -m 0400 "$NAME"
	refused 5 "cannot write to '$NAME': Permission denied" "${powerless[@]}" ipc-mq write "$NAME" hello
	[ "$("${powerless[@]}" ipc-mq read -n "$NAME")" = hello ]
}

@test "inspect and set work for the owner of a queue that may only be written, or only read" {
	while read -r mode bytes; do	# BYTES take the right to read
		queue -m "$mode"
		[ "$("${powerless[@]}" ipc-mq inspect -r --noheadings -o CAPACITY,MODE,BYTES "$NAME")" = "4 $mode $bytes" ]
		"${powerless[@]}" ipc-mq set -m 0600 "$NAME"
		[ "$(value MODE "$NAME")" = 0600 ]
		ipc-mq rm "$NAME"
	done <<-END
		0200 -
		0400 0
	END
}

@test "create on a queue of mode 0000 fails with 5, and rm removes it" {
	queue -m 0000
	refused 5 "cannot create '$NAME': Permission denied" "${powerless[@]}" ipc-mq create "$NAME"
	refused 5 "cannot inspect '$NAME': Permission denied" "${powerless[@]}" ipc-mq inspect "$NAME"
	"${powerless[@]}" ipc-mq rm "$NAME"
	gone "$NAME"
}

@test "root sets the mode of a queue of mode 0000" {
	as_root
	queue -m 0000
	ipc-mq set -m 0600 "$NAME"
	[ "$(value MODE "$NAME")" = 0600 ]
}

@test "the owner sets the mode of a queue of mode 0000 where a mqueue file system is mounted" {
	as_root
	as_user $alice ipc-mq create -m 0 -c 4 -s 64 "$NAME"
	denied="cannot change '$NAME': its mode keeps us from opening it, and no mqueue file system is proven to hold it"
	refused 5 "$denied" as_user $alice ipc-mq set -m 0600 "$NAME"
	as_user $alice ipc-mq create -c 4 -s 64 "$NAME-2"	# the proof whose mount it is
	mounted ipc-mq set -m u+rw "$NAME"
	[ "$(value MODE "$NAME")" = 0600 ]
}

@test "set --owner gives a queue to another user and group" {
	as_root
	queue -m 0640
	ipc-mq set --owner=nobody "$NAME"
	[ "$(value USER,GROUP,MODE "$NAME")" = "nobody $(id -gn) 0640" ]
	ipc-mq set --owner=:daemon "$NAME"
	[ "$(value USER,GROUP "$NAME")" = "nobody daemon" ]
	ipc-mq set --owner=54321:54322 -m 0600 "$NAME"
	[ "$(value USER,GROUP,MODE "$NAME")" = "54321 54322 0600" ]
	ipc-mq set --owner=root:root "$NAME"
	[ "$(value USER,GROUP "$NAME")" = "root root" ]
}

@test "set of another's queue, or giving one's own away, fails with 5" {
	as_root
	queue -m 0666
	refused 5 "cannot change the mode of '$NAME': Operation not permitted" as_user $alice ipc-mq set -m 0600 "$NAME"
	refused 5 "cannot change the owner of '$NAME': Operation not permitted" \
		as_user $alice ipc-mq set --owner=$alice -m 0600 "$NAME"
	[ "$(value USER,MODE "$NAME")" = "root 0666" ]
	as_user $alice ipc-mq create -c 4 -s 64 "$NAME-2"
	refused 5 "cannot change the owner of '$NAME-2': Operation not permitted" \
		as_user $alice ipc-mq set --owner=$bob -m 0666 "$NAME-2"
	[ "$(value USER,MODE "$NAME-2")" = "nobody 0600" ]
}

@test "rm of another's queue fails with 5, with -f too" {
	as_root
	queue -m 0666
	as_user $bob ipc-mq create -m 0666 -c 4 -s 64 "$NAME-2"
	for address in "$NAME" "$NAME-2"; do
		run as_user $alice ipc-mq rm -f "$address"
		[ "$status" -eq 5 ]
		ipc-mq inspect "$address"
	done
}

# trust

@test "create by root that finds another's queue is refused with 7, unless root trusts that user" {
	as_root
	as_user $alice ipc-mq create -m 0666 -c 4 -s 64 "$NAME"
	refused 7 "cannot create '$NAME': it belongs to user 65534; --trust-owner=65534 allows it" \
		ipc-mq create -c 4 -s 64 "$NAME"
	run ipc-mq create --trust-owner=$bob "$NAME"
	[ "$status" -eq 7 ]
	[ "$(ipc-mq create --trust-owner nobody "$NAME")" = "$NAME" ]
	[ "$(ipc-mq create --trust-owner=65534 "$NAME")" = "$NAME" ]
	[ "$(value USER,MODE "$NAME")" = "nobody 0666" ]
	run ipc-mq create -x --trust-owner=nobody "$NAME"
	[ "$status" -eq 4 ]
}

@test "create by an ordinary user that finds root's queue is fine where the mode permits it" {
	as_root
	queue -m 0666
	[ "$(as_user $alice ipc-mq create -c 4 -s 64 "$NAME")" = "$NAME" ]
	ipc-mq set -m 0600 "$NAME"
	refused 5 "cannot create '$NAME': Permission denied" as_user $alice ipc-mq create "$NAME"
}

@test "create by an ordinary user that finds another's queue is refused with 7" {
	as_root
	as_user $bob ipc-mq create -m 0666 -c 4 -s 64 "$NAME"
	refused 7 "cannot create '$NAME': it belongs to user $bob; --trust-owner=$bob allows it" \
		as_user $alice ipc-mq create "$NAME"
	[ "$(as_user $alice ipc-mq create --trust-owner=$bob "$NAME")" = "$NAME" ]
}

@test "write by root to an ordinary user's queue is refused with 7, unless root trusts that user" {
	as_root
	as_user $alice ipc-mq create -m 0666 -c 4 -s 64 "$NAME"
	refused 7 "cannot write to '$NAME': it belongs to user 65534; --trust-owner=65534 allows it" \
		ipc-mq write "$NAME" secret
	holds 0
	ipc-mq write --trust-owner=nobody "$NAME" hello
	holds 1
}

@test "write between ordinary users goes by the mode alone" {
	as_root
	as_user $alice ipc-mq create -m 0622 -c 4 -s 64 "$NAME"
	as_user $bob ipc-mq write "$NAME" hello
	run as_user $bob ipc-mq read -n "$NAME"
	[ "$status" -eq 5 ]
	ipc-mq create -m 0622 -c 4 -s 64 "$NAME-2"
	as_user $bob ipc-mq write "$NAME-2" hello
}

@test "read, wait, inspect, ls, purge, set and rm by root never refuse another's queue" {
	as_root
	as_user $alice ipc-mq create -c 4 -s 64 "$NAME"
	as_user $alice ipc-mq write "$NAME" hello more
	ipc-mq wait "$NAME"
	[ "$(value USER "$NAME")" = nobody ]
	ipc-mq ls -r | grep -F "$NAME "
	[ "$(ipc-mq read -n "$NAME")" = hello ]
	ipc-mq purge "$NAME"
	ipc-mq set -m 0640 "$NAME"
	ipc-mq rm "$NAME"
}

@test "a user that does not exist is wrong usage" {
	for user in no-such-user-here '' -1 4294967295 4294967296 0x0; do
		fails_with 2 "ipc-mq: option '--trust-owner': '$user' is not a user" \
			ipc-mq create --trust-owner="$user" "$NAME"
	done
	gone "$NAME"
}

# what ls can see

# namespace SETUP COMMAND...: as alice in a namespace of mounts where SETUP has run
namespace() {
	local setup=$1
	shift
	as_user $alice true	# makes the copies that PATH is about to name
	unshare -m bash -c "$setup"' && exec "$@"' - env PATH="$BATS_TEST_TMPDIR/bin:$PATH" \
		setpriv --reuid=$alice --regid=$alice --clear-groups --inh-caps=-all --bounding-set=-all "$@"
}

# mounted COMMAND...: as alice where a mqueue file system is mounted
mounted() {
	namespace 'mount -t mqueue none /mnt' "$@"
}

# foreign SETUP COMMAND...: as alice where one of another IPC namespace is mounted,
# after SETUP there
foreign() {
	local setup=$1
	shift
	namespace "unshare -i bash -c 'mount -t mqueue none /mnt && $setup'" "$@"
}

# seen COMMAND...: "ADDRESS MODE" of this test's queues in what COMMAND lists
seen() {
	"$@" -r --noheadings -o ADDRESS,MODE,USER,CAPACITY | grep -F "$NAME"
}

@test "ls without a mount shows an ordinary user what is held open, and says so in one line" {
	as_root
	as_user $alice ipc-mq create -c 4 -s 64 "$NAME"
	as_user $alice ipc-mq create -c 4 -s 64 "$NAME-2"
	as_user $alice peer hold "$NAME" >ready 3>&- &
	within 10 grep -q ready ready
	run --separate-stderr as_user $alice ipc-mq ls -r --noheadings -o ADDRESS
	[ "$status" -eq 0 ]
	[ "$(grep -F "$NAME" <<<"$output")" = "$NAME" ]
	[ "$stderr" = "ipc-mq: only queues that a visible process holds open are listed: no mqueue file system of this IPC namespace can be seen" ]
	run --separate-stderr as_user $alice ipc-mq ls -q
	[ -z "$stderr" ]
	kill "$(pgrep -P $!)"
}

@test "ls without a mount shows root every queue, and mounts nothing that others see" {
	as_root
	queue
	as_user $alice ipc-mq create -m 0 -c 4 -s 64 "$NAME-2"
	cat /proc/self/mountinfo >before
	run --separate-stderr ipc-mq ls -r --noheadings -o ADDRESS,USER,MODE,CAPACITY
	[ -z "$stderr" ]
	[ "$(grep -F "$NAME" <<<"$output")" = "$NAME root 0600 4"$'\n'"$NAME-2 nobody 0000 4" ]
	cmp before /proc/self/mountinfo
}

@test "ls with a mount shows an ordinary user every queue, as far as it may be known" {
	as_root
	queue
	as_user $alice ipc-mq create -c 4 -s 64 "$NAME-2"
	run --separate-stderr seen mounted ipc-mq ls
	[ -z "$stderr" ]
	[ "$output" = "$NAME 0600 root -"$'\n'"$NAME-2 0600 nobody 4" ]
	mounted ipc-mq inspect -J "$NAME" | jq -e '.mode == "0600" and .user == "root" and .capacity == null'
}

@test "ls with a mount that another hides says that its list is incomplete" {
	as_root
	run --separate-stderr namespace 'mount -t mqueue none /mnt && mount -t tmpfs none /mnt' ipc-mq ls
	[ "$status" -eq 0 ]
	[ "$stderr" = "ipc-mq: only queues that a visible process holds open are listed: no mqueue file system of this IPC namespace can be seen" ]
}

@test "ls finds a mount whose path has a blank" {
	as_root
	queue
	run --separate-stderr seen namespace 'mount -t tmpfs none /mnt && mkdir "/mnt/a b" &&
		mount -t mqueue none "/mnt/a b"' ipc-mq ls
	[ -z "$stderr" ]
	[ "$output" = "$NAME 0600 root -" ]
}

@test "another IPC namespace has queues of its own" {
	as_root
	queue
	unshare -i bash -c 'ipc-mq inspect "$1" 2>/dev/null && exit 1
		[ -z "$(ipc-mq ls 2>&1)" ] || exit
		ipc-mq create -c 1 -s 1 "$1" && ipc-mq ls -r --noheadings -o CAPACITY,ADDRESS >own' - "$NAME"
	[ "$(cat own)" = "1 $NAME" ]
	[ "$(value CAPACITY "$NAME")" = 4 ]
}

@test "ls does not believe a mount of another IPC namespace that has other queues" {
	as_root
	export NAME
	run --separate-stderr foreign 'ipc-mq create -m 666 -c 1 -s 1 "$NAME-2" >/dev/null' ipc-mq ls
	[ "$status" -eq 0 ]
	run ! grep -F "$NAME-2" <<<"$output"
	echo "$stderr"
	[ "${#stderr_lines[@]}" -eq 1 ]
}

# abroad SETUP COMMAND...: as alice in a new IPC namespace, after SETUP there, where the
# mount is still that of the old one
abroad() {
	local setup=$1
	shift
	as_user $alice true
	unshare -m bash -c 'mount -t mqueue none /mnt && exec unshare -i "$@"' - \
		env PATH="$BATS_TEST_TMPDIR/bin:$PATH" bash -c "$setup"' && exec "$@"' - \
		setpriv --reuid=$alice --regid=$alice --clear-groups --inh-caps=-all --bounding-set=-all "$@"
}

@test "ls in a new IPC namespace does not believe the mount of the old one" {
	as_root
	export NAME
	queue -m 0444
	run --separate-stderr abroad : ipc-mq ls
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	run -3 abroad : ipc-mq inspect "$NAME"
}

@test "nor do ls and inspect when there is a queue of that name" {
	as_root
	export NAME
	queue -m 0440
	run abroad 'ipc-mq create -m 0600 -c 1 -s 1 "$NAME" >/dev/null' ipc-mq ls
	run ! grep -F 0440 <<<"$output"
	run abroad 'ipc-mq create -m 0600 -c 1 -s 1 "$NAME" >/dev/null' ipc-mq inspect "$NAME"
	[ "$status" -eq 5 ]
}

@test "set does not change a queue of another IPC namespace through its mount" {
	as_root
	export NAME
	as_user $alice ipc-mq create -m 0 -c 4 -s 64 "$NAME"
	run foreign 'ipc-mq create -m 440 -c 1 -s 1 "$NAME" >/dev/null; chown 65534 "/mnt$NAME"' \
		bash -c 'ipc-mq set -m 0777 "$1"; stat -c %a "/mnt$1"' - "$NAME"
	[ "${lines[-1]}" = 440 ]
}
