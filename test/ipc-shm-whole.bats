#!/usr/bin/env bats
# ipc-shm-whole.bats - all or nothing: --from-stdin, --atomic, --lock, --until-exit
# shellcheck disable=SC2016,SC2153,SC2154  # for the inner shells; bats and helper.bash set them

load helper
# shellcheck disable=SC2034  # of helper.bash
program=ipc-shm

object() {
	ipc-shm create -s 64 "$@" "$NAME" >/dev/null
}

# lives: a process $owner that ends when it is killed
lives() {
	sleep 1000 3>&- &
	owner=$!
}

@test "create --from-stdin makes an object of the input, as long as that" {
	seq 100000 >in
	[ "$(ipc-shm create --from-stdin -m 0640 "$NAME" <in)" = "$NAME" ]
	ipc-shm read "$NAME" | cmp - in
	[ "$(value MODE "$NAME")" = 0640 ]
	# shellcheck disable=SC2002  # it is to be a pipe
	cat in | ipc-shm create --from-stdin "$NAME-2" >/dev/null
	ipc-shm read "$NAME-2" | cmp - in
	ipc-shm create --from-stdin "$NAME-3" </dev/null >/dev/null
	[ "$(value SIZE "$NAME-3")" = 0 ]
	ipc-mmap create --from-stdin file <in >/dev/null
	cmp file in
}

@test "create --from-stdin of what exists fails with 4, and changes nothing" {
	object
	fails_with 4 "ipc-shm: cannot create '$NAME': File exists" ipc-shm create --from-stdin "$NAME" <<<data
	[ "$(value SIZE "$NAME")" = 64 ]
	fails_with 2 "ipc-shm: option '--size' cannot be with --from-stdin" ipc-shm create --from-stdin -s 5 "$NAME-2"
	fails_with 2 "ipc-shm: option '--from-stdin' is for one object" ipc-shm create --from-stdin "$NAME-2" "$NAME-3"
	gone "$NAME-2"
	gone "$NAME-3"
}

@test "create --from-stdin looks at the name before it reads any input" {
	object
	mkfifo never fifo
	exec 7<>never
	fails_with 4 "ipc-shm: cannot create '$NAME': File exists" timeout 10 ipc-shm create --from-stdin "$NAME" <&7
	: >file
	ln -s file link
	mkdir directory
	fails_with 4 "ipc-mmap: cannot create 'file': File exists" timeout 10 ipc-mmap create --from-stdin file <&7
	fails_with 7 "ipc-mmap: cannot create 'fifo': it is a FIFO" timeout 10 ipc-mmap create --from-stdin fifo <&7
	fails_with 7 "ipc-mmap: cannot create 'link': it is a symbolic link" timeout 10 ipc-mmap create --from-stdin link <&7
	fails_with 7 "ipc-mmap: cannot create 'directory': it is a directory" timeout 10 ipc-mmap create --from-stdin directory <&7
	fails_with 7 "ipc-mmap: cannot create '/dev/null': it is a device" timeout 10 ipc-mmap create --from-stdin /dev/null <&7
	as_root
	chown 65534 file
	fails 7 timeout 10 ipc-mmap create --from-stdin file <&7
	exec 7>&-
}

@test "create --from-stdin private names the limit that it meets" {
	# shellcheck disable=SC2016
	fails_with 6 "ipc-shm: cannot create 'private': RLIMIT_FSIZE (ulimit -f) allows 8192 bytes in the memory file that keeps the input until all is there" \
		bash -c 'ulimit -f 8; head -c 9000 /dev/zero | ipc-shm create --from-stdin private'
}

@test "an object of a stream is not there before the stream has ended, nor after kill -9" {
	mkfifo stream
	ipc-shm create --from-stdin "$NAME" <stream >created 3>&- &
	exec 7>stream
	seq 100000 >&7
	within 10 asleep $!
	gone "$NAME"
	kill -9 $!
	ends_with 137 $!
	exec 7>&-
	gone "$NAME"
	[ ! -s created ]
	within 20 no_drafts
}

@test "create --from-stdin that finds no room leaves nothing" {
	as_root
	unshare -m sh -c 'mount -t tmpfs -o size=1m tmpfs /dev/shm' || skip "nothing can be mounted"
	fails 6 unshare -m sh -c 'mount -t tmpfs -o size=1m tmpfs /dev/shm
		yes | ipc-shm create --from-stdin /a; s=$?; ls -A /dev/shm >left; exit $s'
	[[ $stderr == *"No space left on device"* ]]
	[ ! -s left ]
}

@test "create --from-stdin makes a private segment, and refuses one with a key" {
	seq 10000 >in
	q=$(ipc-shm create --from-stdin -m 0640 private <in) && segments "$q"
	ipc-shm read "$q" | cmp - in
	[ "$(value MODE,SIZE "$q")" = "0640 $(stat -c %s in)" ]
	fails 7 ipc-shm create --from-stdin "$BYKEY" <in
	gone "$BYKEY"
}

@test "write --atomic puts a new object in the place of the old one, with its mode" {
	object -m 0640
	exec 7<"/dev/shm$NAME"
	seq 1000 | ipc-shm write --atomic "$NAME"
	ipc-shm read "$NAME" | cmp - <(seq 1000)
	[ "$(value MODE "$NAME")" = 0640 ]
	head -c 64 /dev/zero | cmp - /dev/fd/7
	exec 7<&-
	ipc-shm write --atomic "$NAME" short
	[ "$(ipc-shm read "$NAME")" = short ]
	fails_with 3 "ipc-shm: cannot write to '$NAME-2': No such file or directory" ipc-shm write --atomic "$NAME-2" data
	fails 2 ipc-shm write --atomic -O 3 "$NAME" data
	within 20 no_drafts
}

@test "write --atomic that fails leaves the old object" {
	object
	ipc-shm write "$NAME" old
	fails 1 ipc-shm write --atomic -N 100 "$NAME" <<<"too short"
	fails 1 ipc-shm write --atomic "$NAME" <.
	[ "$(ipc-shm read -N 3 "$NAME")" = old ]
	q=$(ipc-shm create -s 64 private) && segments "$q"
	fails_with 7 "ipc-shm: cannot replace '$q': a System V segment has no name to give to another" \
		ipc-shm write --atomic "$q" data
}

@test "readers of an object that is written --atomic see no mixture" {
	head -c 300000 /dev/zero | tr '\0' A >a
	head -c 200000 /dev/zero | tr '\0' B >b
	ipc-shm create --from-stdin "$NAME" <a
	for _ in {1..40}; do
		ipc-shm write --atomic "$NAME" <b
		ipc-shm write --atomic "$NAME" <a
	done 3>&- &
	while kill -0 $! 2>/dev/null; do
		ipc-shm read "$NAME" >seen
		cmp -s seen a || cmp seen b
	done
}

@test "many that write --atomic at once leave what one of them wrote, and nothing else" {
	object
	for i in 1 2 3 4 5 6 7 8; do
		for _ in 1 2 3 4 5; do
			ipc-shm write --atomic "$NAME" "$i$i$i$i" 3>&- || echo "$i" >>failed
		done &
	done
	wait
	[ ! -e failed ]
	ipc-shm read "$NAME" >out
	grep -qxE '1111|2222|3333|4444|5555|6666|7777|8888' out
}

@test "what a kill leaves of write --atomic goes with the next one" {
	ipc-shm create -s 8 "$NAME" >/dev/null
	for _ in {1..60}; do
		ipc-shm write --atomic "$NAME" 12345678 3>&- &
		kill -9 $! || :
		wait $! || :
		[ "$(value SIZE "$NAME")" = 8 ]
	done
	ipc-shm write --atomic "$NAME" 12345678
	within 20 no_drafts
	command -v strace >/dev/null || skip "no strace here"
	for user in "$(id -u)" 65534; do
		ipc-shm set --owner "$user" "$NAME" || break	# root can
		ASAN_OPTIONS=detect_leaks=0 strace -o trace -e inject=renameat:signal=KILL -e inject=rename:signal=KILL \
			ipc-shm write --atomic --trust-owner "$user" "$NAME" killed || :
		ipc-shm write --atomic --trust-owner "$user" "$NAME" left
		grep -o '"\.ipc\.[0-9a-f]*"' trace | tr -d '"' | sort -u >names
		[ -s names ]
		while read -r name; do [ ! -e "/dev/shm/$name" ]; done <names
	done
	[ "$(ipc-shm read "$NAME")" = left ]
}

@test "write --atomic wakes who waits, who goes on with the new object" {
	object
	ipc-shm wait --changed "$NAME" 3>&- &
	changed=$!
	ipc-shm wait --value 1 "$NAME" 3>&- &
	within 10 asleep "$changed"
	within 10 asleep $!
	head -c 8 /dev/zero | ipc-shm write --atomic "$NAME"
	ends_with 0 "$changed"
	within 10 asleep $!
	ipc-shm add "$NAME"
	ends_with 0 $!
}

@test "write --atomic keeps the owner, and needs the right to write" {
	as_root
	as_user 65534 ipc-shm create -s 64 "$NAME"
	fails 7 ipc-shm write --atomic "$NAME" data
	ipc-shm write --atomic --trust-owner=65534 "$NAME" data
	[ "$(value USER,MODE "$NAME")" = "$(id -un 65534) 0600" ]
	ipc-shm set -m 0444 "$NAME"
	run -5 as_user 65534 ipc-shm write --atomic "$NAME" data
	ipc-shm set -m 0666 "$NAME"
	run -5 as_user 65533 ipc-shm write --atomic "$NAME" data
	[ "$(ipc-shm read "$NAME")" = data ]
}

@test "write --atomic by who is not the owner fails before the input is read" {
	as_root
	object -m 0666
	mkfifo stream
	exec 7<>stream
	echo input >&7
	fails_with 5 "ipc-shm: cannot replace '$NAME': it belongs to user 0, and only that user or root can make another" \
		as_user 65534 timeout 10 ipc-shm write --atomic "$NAME" <stream
	read -r -t 0 <&7
	exec 7>&-
	[ "$(value SIZE,USER "$NAME")" = "64 $(id -un)" ]
}

# attribute NAME [HEX]: an extended attribute of the object, or gives it one
attribute() {
	python3 -c 'import os, sys
path = "/dev/shm" + sys.argv[1]
if len(sys.argv) > 3:
    os.setxattr(path, sys.argv[2], bytes.fromhex(sys.argv[3]))
else:
    print(os.getxattr(path, sys.argv[2]).hex())' "$NAME" "$@" 2>/dev/null
}

@test "write --atomic keeps the access control list and attributes of users, or refuses" {
	# user::rw-, user:1:rw-, group::r--, mask::rw-, other::---
	acl=0200000001000600ffffffff020006000100000004000400ffffffff10000600ffffffff20000000ffffffff
	object -m 0640
	attribute system.posix_acl_access "$acl" || skip "no Python, or no access control lists"
	attribute user.ipcutil 616263 && user=1
	ipc-shm write --atomic "$NAME" new
	[ "$(ipc-shm read "$NAME")" = new ]
	[ "$(attribute system.posix_acl_access)" = "$acl" ]
	[ -z "$user" ] || [ "$(attribute user.ipcutil)" = 616263 ]
	[ "$(value MODE "$NAME")" = 0660 ]
	command -v strace >/dev/null || skip "no strace here"
	run -7 env ASAN_OPTIONS=detect_leaks=0 strace -o trace -e inject=fsetxattr:error=EPERM \
		ipc-shm write --atomic "$NAME" other
	[ "$output" = "ipc-shm: cannot replace '$NAME': its access control list cannot be kept: Operation not permitted" ]
	[ "$(ipc-shm read "$NAME")" = new ]
}

@test "--lock lets one writer or many readers in, and kill -9 gives it back" {
	object
	mkfifo stream
	ipc-shm write --lock "$NAME" <stream 3>&- &
	writer=$!
	exec 7>stream
	within 10 asleep "$writer"
	fails_with 75 "ipc-shm: cannot lock '$NAME': another has it" ipc-shm read --lock -n "$NAME"
	fails_with 124 "ipc-shm: cannot lock '$NAME': another had it for 0.01 s" ipc-shm write --lock -w 10ms "$NAME" x
	ipc-shm read "$NAME" | cmp - <(head -c 64 /dev/zero)
	ipc-shm read --lock "$NAME" >out 3>&- 7>&- &
	within 10 asleep $!
	printf hello >&7
	exec 7>&-
	ends_with 0 "$writer"
	ends_with 0 $!
	[ "$(tr -d '\0' <out)" = hello ]
	ipc-shm write --lock "$NAME" <>stream 3>&- &
	within 10 asleep $!
	kill -9 $!
	ipc-shm read --lock -w 10 "$NAME" >out
}

# writing [OPTION]...: a process $writer writes with --lock what comes to descriptor 7
writing() {
	[ -p stream ] || mkfifo stream
	ipc-shm write --lock "$@" "$NAME" <stream 3>&- &
	writer=$!
	exec 7>stream
	within 10 asleep "$writer"
}

# writes [TEXT]: it gets TEXT, which is all
writes() {
	printf %s "$1" >&7
	exec 7>&-
	ends_with 0 "$writer"
}

@test "write and read --lock find the size that the object has once it is locked" {
	text=$(seq -s, 1 40)
	object
	writing --truncate
	head -c 64 /dev/zero | tr '\0' B >in
	ipc-shm write --lock --truncate "$NAME" <in 3>&- 7>&- &
	within 10 asleep $!
	writes "$text"
	ends_with 0 $!
	ipc-shm read "$NAME" | cmp - in
	for text in "$text" short; do
		writing --truncate
		ipc-shm read --lock "$NAME" >out 3>&- 7>&- &
		within 10 asleep $!
		writes "$text"
		ends_with 0 $!
		[ "$(cat out)" = "$text" ]
	done
	writing --truncate
	ipc-shm write --lock -O 10 "$NAME" more 3>&- 7>&- &
	within 10 asleep $!
	writes "0123456789...."
	ends_with 0 $!
	[ "$(ipc-shm read "$NAME")" = 0123456789more ]
}

@test "write --truncate lets it end where the input ends, whatever its size became meanwhile" {
	object
	mkfifo stream
	head -c 64 /dev/zero | tr '\0' B >in
	ipc-shm write --truncate "$NAME" <stream 3>&- &
	exec 7>stream
	within 10 asleep $!
	ipc-shm resize -s 100 "$NAME"
	cat in >&7
	exec 7>&-
	ends_with 0 $!
	ipc-shm read "$NAME" | cmp - in
}

@test "write --truncate of nothing at an offset lets it end there" {
	object
	for size in 100 10; do
		ipc-shm write --truncate -O "$size" "$NAME" ""
		[ "$(ipc-shm inspect -J "$NAME" | jq .size)" = "$size" ]
	done
}

@test "write to what a peer makes shorter meanwhile fails, and does not make it longer again" {
	mkfifo stream
	for option in -O0 --truncate; do
		ipc-shm create -s 64 "$NAME" >/dev/null
		ipc-shm write "$option" "$NAME" <stream 3>&- 2>said &
		exec 7>stream
		printf 0123456789 >&7
		within 10 eval '[ "$(ipc-shm read -N 10 "$NAME" 2>/dev/null)" = 0123456789 ]'
		ipc-shm resize -s 5 "$NAME"
		printf more >&7
		exec 7>&-
		ends_with 1 $!
		[ "$(cat said)" = "ipc-shm: cannot write to '$NAME': it was made shorter meanwhile; 10 bytes were done" ]
		[ "$(ipc-shm read "$NAME")" = 01234 ]
		ipc-shm rm "$NAME"
	done
}

@test "read of what a peer makes shorter meanwhile fails, and says after how many bytes" {
	ipc-shm create -s 8M "$NAME" >/dev/null
	mkfifo out
	ipc-shm read "$NAME" >out 2>said 3>&- &
	exec 7<out
	within 10 asleep $!
	ipc-shm resize -s 100 "$NAME"
	cat <&7 >got
	exec 7<&-
	ends_with 1 $!
	[ "$(cat said)" = "ipc-shm: cannot read '$NAME': it was made shorter meanwhile; $(stat -c %s got) bytes were done" ]
}

@test "write that a peer cuts short in the middle of its last call fails" {
	command -v strace >/dev/null || skip "no strace here"
	head -c 64 /dev/zero | tr '\0' x >in
	for operand in '' "$(cat in)"; do
		object
		ASAN_OPTIONS=detect_leaks=0 strace -o trace -e inject=write,splice:delay_enter=700000 \
			ipc-shm write "$NAME" ${operand:+"$operand"} <in 3>&- 2>said &
		within 10 grep -qsE "^(write|splice)" trace
		ipc-shm resize -s 5 "$NAME"
		ends_with 1 $!
		grep -q "cannot write to '$NAME': it was made shorter meanwhile" said
		[ "$(value SIZE "$NAME")" -lt 64 ]
		ipc-shm rm "$NAME"
		rm trace
	done
}

@test "write of much that a peer cuts short in the middle fails, and does not make it as long again" {
	command -v strace >/dev/null || skip "no strace here"
	head -c 40M /dev/zero | tr '\0' x >in
	ipc-shm create -s 40M "$NAME" >/dev/null
	ASAN_OPTIONS=detect_leaks=0 strace -f -o trace -e inject=pwrite64,splice:delay_enter=1500000:when=20 \
		ipc-shm write "$NAME" <in 3>&- 2>said &
	within 20 eval '[ "$(grep -csE "(pwrite64|splice)\(" trace)" -ge 20 ]'
	ipc-shm resize -s 5 "$NAME"
	ends_with 1 $!
	grep -q "cannot write to '$NAME': it was made shorter meanwhile" said
	[ "$(value SIZE "$NAME")" -lt 41943040 ]
}

@test "write --truncate that a peer cuts short in the middle of what it does fails" {
	command -v strace >/dev/null || skip "no strace here"
	export ASAN_OPTIONS=detect_leaks=0
	head -c 1M /dev/zero | tr '\0' x >in
	for start in 64 600000; do
		for from in 'exec <in' 'exec < <(cat in)'; do
			ipc-shm create -s "$start" "$NAME" >/dev/null
			rm -f trace
			(
				eval "$from"
				exec strace -o trace -e inject=write,splice:delay_enter=200000 ipc-shm write --truncate "$NAME"
			) 3>&- 2>said &
			within 20 grep -qsE "^(write|splice).*[1-9][0-9]{3} .DELAYED." trace
			truncate -s 5 "/dev/shm$NAME"
			within 60 ended $!
			ends_with 1 $!
			grep -qE "cannot write to '$NAME': (it was made shorter|its size was changed) meanwhile" said
			ipc-shm rm "$NAME"
		done
	done
}

@test "write --truncate that finds no room, known before, leaves the object as it was" {
	object
	printf old | ipc-shm write --truncate "$NAME"
	head -c 8192 /dev/zero >in
	for option in -N8192 -O0; do
		fails 6 bash -c 'ulimit -f 4; ipc-shm write --truncate $1 "$2" <in' bash "$option" "$NAME"
		[ "$stderr" = "ipc-shm: cannot write to '$NAME': 8192 bytes are above the 4096 that RLIMIT_FSIZE (ulimit -f) allows a file" ]
	done
	fails 6 bash -c 'ulimit -f 4; ipc-shm write --truncate "$1" "$(tr "\0" x <in)" short' bash "$NAME"
	[ "$(ipc-shm read "$NAME")" = old ]
	as_root
	unshare -m sh -c 'mount -t tmpfs -o size=1m tmpfs /dev/shm' || skip "nothing can be mounted"
	head -c 2M /dev/zero >in
	fails 6 unshare -m sh -c 'mount -t tmpfs -o size=1m tmpfs /dev/shm
		printf old | ipc-shm create --from-stdin /a >/dev/null
		ipc-shm write --truncate /a <in; s=$?
		ipc-shm read /a >left; ipc-shm inspect -r --noheadings -o USED /a >used; exit $s'
	[[ $stderr == *"no room for 2097152 bytes"* ]]
	[ "$(cat left)" = old ]
	[ "$(cat used)" = "$(getconf PAGESIZE)" ]
}

@test "write --truncate -N of more than comes takes no memory for the rest" {
	object
	fails 1 ipc-shm write --truncate -N 1M "$NAME" <<<short
	[ "$(value SIZE,USED "$NAME")" = "64 $(getconf PAGESIZE)" ]
}

@test "--lock that waits while the object is replaced or removed has what is there then" {
	object
	writing
	ipc-shm write --lock --truncate "$NAME" last 3>&- 7>&- &
	within 10 asleep $!
	ipc-shm create -s 8 "$NAME-2" >/dev/null
	mv "/dev/shm$NAME-2" "/dev/shm$NAME"
	writes lost
	ends_with 0 $!
	[ "$(ipc-shm read "$NAME")" = last ]
	writing
	ipc-shm read --lock "$NAME" 3>&- 7>&- 2>said &
	within 10 asleep $!
	ipc-shm rm "$NAME"
	writes lost
	ends_with 3 $!
	[ "$(cat said)" = "ipc-shm: cannot read '$NAME': No such file or directory" ]
}

@test "write --atomic waits for those who have the object with --lock, as long as -w says" {
	object
	writing
	fails_with 75 "ipc-shm: cannot lock '$NAME': another has it" ipc-shm write --atomic -n "$NAME" x
	fails_with 124 "ipc-shm: cannot lock '$NAME': another had it for 0.01 s" ipc-shm write --atomic -w 10ms "$NAME" x
	ipc-shm write --atomic "$NAME" new 3>&- 7>&- &
	within 10 asleep $!
	exec 8<"/dev/shm$NAME"
	writes old
	ends_with 0 $!
	[ "$(ipc-shm read "$NAME")" = new ]
	[ "$(head -c 3 <&8)" = old ]
	exec 8<&-
}

@test "two readers with --lock do not wait for each other; System V has no lock" {
	ipc-shm create -s 2M "$NAME" >/dev/null
	mkfifo out
	ipc-shm read --lock "$NAME" >out 3>&- &
	exec 7<out
	within 10 asleep $!
	ipc-shm read --lock -n "$NAME" | cmp - <(head -c 2M /dev/zero)
	fails 75 ipc-shm write --lock -n "$NAME" x
	exec 7<&-
	q=$(ipc-shm create -s 64 private) && segments "$q"
	fails_with 7 "ipc-shm: cannot lock '$q': a System V segment has no descriptor to lock; agree on a semaphore, as 'ipc-sem run' takes it" \
		ipc-shm read --lock "$q"
}

@test "-w is a limit on standing still, for input and output, too" {
	object
	mkfifo stream
	exec 7<>stream
	for address in "$NAME" "$(ipc-shm create -s 64 private | tee q)"; do
		fails_with 124 "ipc-shm: cannot read standard input: it stayed empty for 0.01 s" ipc-shm write -w 10ms "$address" <stream
	done
	segments "$(cat q)"
	ipc-shm create -s 2M "$NAME-2" >/dev/null
	run -124 sh -c 'ipc-shm read -w 10ms "$1" >&7' sh "$NAME-2"
	[ "$output" = "ipc-shm: cannot write to standard output: it stayed full for 0.01 s" ]
}

@test "an object goes with the process that it belongs to" {
	lives
	object --until-exit="$owner"
	[ "$(value OWNER_PID "$NAME" 2>/dev/null)" = "$owner" ]
	q=$(ipc-shm create -s 64 --until-exit="$owner" private) && segments "$q"
	ipc-shm set -m 0640 "$q"
	[ "$(value OWNER_PID "$q" 2>/dev/null)" = "$owner" ]
	kill -9 "$owner"
	within 10 gone "$NAME"
	within 10 gone "$q"
}

@test "create --until-exit in a full /dev/shm fails with 6, and leaves nothing" {
	as_root
	unshare -m sh -c 'mount -t tmpfs tmpfs /dev/shm' || skip "nothing can be mounted"
	fails 6 elsewhere 'mount -t tmpfs -o size=64k none /dev/shm && mount -t tmpfs -o size=4k none /run/user
		head -c 4k /dev/zero >/run/user/full; head -c 64k /dev/zero >/dev/shm/full
		ipc-shm create -s 0 --until-exit "$$" /a; s=$?; ls -A /dev/shm >left; exit "$s"'
	[[ $stderr == *"what belongs to a process: no room is left in its file system" ]]
	[ "$(cat left)" = full ]
	run -6 elsewhere 'set -o pipefail; (ulimit -f 0; ipc-shm create -s 0 --until-exit "$$" /a) 2>&1 | cat'
	[[ $output == *"what belongs to a process: RLIMIT_FSIZE (ulimit -f) allows no more bytes" ]]
}

@test "set --until-exit lets an object belong to another process, or to none" {
	lives
	object
	ipc-shm set --until-exit="$owner" "$NAME"
	ipc-shm create -s 64 --until-exit="$owner" "$NAME-2"
	ipc-shm set --until-exit=never "$NAME-2"
	[ "$(value OWNER_PID "$NAME-2" 2>/dev/null)" != "$owner" ]
	kill -9 "$owner"
	within 10 gone "$NAME"
	[ "$(value SIZE "$NAME-2")" = 64 ]
}

@test "what is written --atomic belongs to whom the old one belonged to" {
	lives
	object --until-exit="$owner"
	ipc-shm write --atomic "$NAME" new
	[ "$(value OWNER_PID "$NAME" 2>/dev/null)" = "$owner" ]
	kill -9 "$owner"
	within 10 gone "$NAME"
}
