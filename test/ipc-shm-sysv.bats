#!/usr/bin/env bats
# ipc-shm-sysv.bats - System V shared memory: what a user does with it
# shellcheck disable=SC2016,SC2030,SC2031,SC2154  # bats and helper.bash set them

load helper
# shellcheck disable=SC2034  # of helper.bash
program=ipc-shm

# segment [OPTION]...: makes a private segment of 64 bytes, $q
segment() {
	q=$(ipc-shm create -s 64 "$@" private) && segments "$q"
}

# attached [ADDRESS]: a process $! has it attached until killed
attached() {
	python3 -c 'import ctypes' 2>/dev/null || skip "no Python here"
	rm -f ready	# that of another process
	python3 -c 'import ctypes, sys, time
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
assert libc.shmat(int(sys.argv[1]), None, 0) not in (None, 2 ** 64 - 1)
print("ready", flush=True)
time.sleep(60)' "${1#id:}" >ready 3>&- &
	within 20 grep -q ready ready
}

@test "create private makes a segment, and a key finds the same one each time" {
	segment
	[[ $q == id:* ]]
	[ "$(value SIZE,MODE,KEY,USER "$q")" = "64 0600 0x00000000 $(id -un)" ]
	one=$(ipc-shm create -s 64 -m 0640 "$BYKEY")
	[ "$(ipc-shm create -s 64 -m 0666 "$BYKEY")" = "$one" ]
	[ "$(ipc-shm create "$BYKEY")" = "$one" ]
	[ "$(value MODE,KEY,ID "$one")" = "0640 ${BYKEY#key:} ${one#id:}" ]
	[ "$(value ID "$BYKEY")" = "${one#id:}" ]
	ipcs -m | grep -q "^${BYKEY#key:} *${one#id:} *$(id -un) *640 *64 *0"
}

@test "a segment that is being made is not accepted, and what a kill left is refused" {
	# as create leaves it when it is killed
	q=id:$(ipcmk -M 64 -p 0601 | grep -o '[0-9]*$') && segments "$q"
	key=key:$(value KEY "$q")
	fails 7 ipc-shm create -s 64 "$key"
	[[ $stderr == *"ended while it made it; rm removes what it left, and set --mode completes it" ]]
	ipc-shm set -m 0640 "$q"
	[ "$(ipc-shm create -s 64 "$key")" = "$q" ]
	command -v perl >/dev/null || skip "no perl here"
	# shellcheck disable=SC2016
	perl -e 'shmget(hex $ARGV[0], 64, 01601) // die; open my $ready, ">ready"; sleep 60' "${BYKEY#key:}" 3>&- &
	maker=$!
	within 10 [ -e ready ]
	ipc-shm create -s 64 "$BYKEY" >found 3>&- &
	within 10 asleep $!
	ipc-shm set -m 0600 "$BYKEY"
	ends_with 0 $!
	[ "$(cat found)" = "id:$(value ID "$BYKEY")" ]
	kill -9 "$maker"
}

@test "create does not wait for what another user is making" {
	as_root
	command -v perl >/dev/null || skip "no perl here"
	# shellcheck disable=SC2016
	as_user 65534 perl -e 'shmget(hex $ARGV[0], 64, 01601) // die; $| = 1; print "$$\n"; sleep 60' \
		"${BYKEY#key:}" >maker 3>&- &
	within 10 [ -s maker ]
	others+=("$(cat maker)")
	fails_with 7 "ipc-shm: cannot create '$BYKEY': it belongs to user 65534; --trust-owner=65534 allows it" \
		ipc-shm create -s 64 "$BYKEY"
}

@test "the mode of what is not complete is nobody's: it cannot be given, and means nothing where others were" {
	word="mode 0601 is that of a segment that is not complete"
	fails_with 7 "ipc-shm: cannot create '$BYKEY': $word" ipc-shm create -s 64 -m 0601 "$BYKEY"
	gone "$BYKEY"
	q=id:$(ipcmk -M 64 -p 0601 | grep -o '[0-9]*$') && segments "$q"
	ipc-shm write "$q" data
	[ "$(ipc-shm create -s 64 "key:$(value KEY "$q")")" = "$q" ]
	[ "$(ipc-shm read -N 4 "$q")" = data ]
	fails_with 7 "ipc-shm: cannot change the mode of '$q': $word" ipc-shm set -m u=rw,g=,o=x "$q"
}

@test "create gives a segment its mode last, and a kill before leaves the mark" {
	command -v strace >/dev/null || skip "no strace here"
	export ASAN_OPTIONS=detect_leaks=0
	strace -o trace ipc-shm create -s 64 -m 0666 "$BYKEY"
	sed -n '/^shmget.*CREAT/,/^shmctl.*IPC_SET/p' trace |
		grep -E '^(shmget|shmat|madvise|shmctl.*IPC_SET)' | cut -d '(' -f 1 | uniq | xargs >order
	[ "$(cat order)" = "shmget shmat madvise shmctl" ]
	grep -q 'shmget.*IPC_EXCL|0601' trace
	ipc-shm rm "$BYKEY"
	run strace -f -e inject=shmat:signal=KILL -o trace ipc-shm create -s 64 "$BYKEY"
	[ "$(value MODE "$BYKEY")" = 0601 ]
	fails 7 ipc-shm create -s 64 "$BYKEY"
}

@test "ftok makes the key of a file" {
	: >place
	one=$(ipc-shm create -s 10 ftok:place:7) && segments "$one"
	[ "$(value ID ftok:place:7)" = "${one#id:}" ]
	fails 3 ipc-shm inspect ftok:place:8
	fails 3 ipc-shm inspect ftok:nowhere
}

@test "create fails with 4 when the size differs, and with -x when it exists" {
	ipc-shm create -s 64 "$BYKEY"
	fails_with 4 "ipc-shm: cannot create '$BYKEY': it exists with 64 bytes, not 63" ipc-shm create -s 63 "$BYKEY"
	fails_with 4 "ipc-shm: cannot create '$BYKEY': it exists with 64 bytes, not 65" ipc-shm create -s 65 "$BYKEY"
	fails_with 4 "ipc-shm: cannot create '$BYKEY': File exists" ipc-shm create -x -s 64 "$BYKEY"
	fails_with 4 "ipc-shm: cannot create '$BYKEY': File exists" ipc-shm create -x "$BYKEY"
}

@test "create takes the memory, and with --sparse none" {
	segment -s 1M
	[ "$(value USED,RESIDENT "$q")" = "1048576 1048576" ]
	segment -s 1M --sparse
	[ "$(value USED,RESIDENT "$q")" = "0 0" ]
}

@test "what no segment can be is refused, with the limit and its figures" {
	fails_with 6 "ipc-shm: cannot create 'private': a System V segment has at least 1 byte (SHMMIN)" \
		ipc-shm create -s 0 private
	fails_with 2 "ipc-shm: 'private' is a new segment: --size says how many bytes it shall have" ipc-shm create private
	fails 2 ipc-shm create -s 1 id:5
	fails 2 ipc-shm inspect private
	fails 2 ipc-shm create -s 1 key:0
	fails_with 3 "ipc-shm: cannot read 'id:2147483647': no such segment" ipc-shm read id:2147483647
	fails 3 ipc-shm read "$BYKEY"
}

@test "SHMMNI, SHMMAX and SHMALL are named with their figures" {
	as_root
	# shellcheck disable=SC2016
	limited() {
		unshare -i sh -c 'echo "$1" >"/proc/sys/kernel/$0" && shift && "$@"' "$@"
	}
	unshare -i true || skip "no IPC namespace can be had"
	fails_with 6 "ipc-shm: cannot create 'private': 8193 bytes are above the limit of 8192 (sysctl kernel.shmmax)" \
		limited shmmax 8192 ipc-shm create -s 8193 private
	fails_with 6 "ipc-shm: cannot create 'private': 8193 bytes are 3 pages; all segments have 0, and together may have 2 (sysctl kernel.shmall)" \
		limited shmall 2 ipc-shm create -s 8193 private
	fails_with 6 "ipc-shm: cannot create 'private': the system has its most of 1 segments (sysctl kernel.shmmni)" \
		limited shmmni 1 sh -c 'ipc-shm create -s 1 private >/dev/null; ipc-shm create -s 1 private'
}

@test "a segment for which RLIMIT_AS leaves no room is told so, and create leaves none" {
	! grep -q __asan_init "$(command -v ipc-shm)" || skip "a sanitizer needs room"
	segment -s 200M --sparse
	word="RLIMIT_AS (ulimit -v) allows a process 104857600 in all"
	for verb in read write add; do
		# shellcheck disable=SC2016
		run -6 sh -c 'ulimit -v 102400; ipc-shm "$1" "$2" </dev/null' sh "$verb" "$q"
		[[ $output == "ipc-shm: cannot "*" '$q': no memory for 209715200 bytes; $word" ]]
	done
	# shellcheck disable=SC2016
	fails_with 6 "ipc-shm: cannot create '$BYKEY': no memory for 209715200 bytes; $word" \
		sh -c 'ulimit -v 102400; ipc-shm create -s 200M "$1"' sh "$BYKEY"
	gone "$BYKEY"
}

@test "write and read move any bytes, and what does not fit is an error" {
	segment
	ipc-shm write "$q" hello world
	ipc-shm write -O 5 "$q" ", "
	[ "$(ipc-shm read -N 10 "$q")" = "hello, rld" ]
	fails_with 6 "ipc-shm: cannot write to '$q': 2 bytes at offset 63 do not fit: it has 64" ipc-shm write -O 63 "$q" ab
	# shellcheck disable=SC2016
	fails_with 6 "ipc-shm: cannot write to '$q': it is full after 64 bytes, and there are more" \
		sh -c 'head -c 65 /dev/zero | ipc-shm write "$1"' sh "$q"
	segment -s 3M
	head -c 3M /dev/urandom >in
	ipc-shm write "$q" <in
	ipc-shm read "$q" | cmp - in
}

@test "-w ends the waiting for the end of input, and for room in a pipe" {
	segment
	ipc-shm create -s 64 "$NAME" >/dev/null
	for object in "$q" "$NAME"; do
		ipc-shm write -w 0.3 "$object" < <(head -c 64 /dev/zero; exec sleep 5) 2>failed 3>&- && return 1
		[ "$(cat failed)" = "ipc-shm: cannot read standard input: it stayed empty for 0.3 s" ]
	done
	segment -s 3M
	mkfifo full
	exec 7<>full
	ipc-shm read -w 0.3 "$q" >&7 3>&- &
	ends_with 124 $!
	exec 7<&-
}

@test "a segment goes through a pipe in large steps, and bytes that come one by one are there at once" {
	segment -s 4M
	head -c 4M /dev/urandom >in
	ipc-shm write "$q" <in
	ipc-shm read -O 3 "$q" | cmp - <(tail -c +4 in)
	ipc-shm read "$q" | ipc-shm write "$q"
	ipc-shm read "$q" >out
	cmp in out
	mkfifo stream
	ipc-shm write "$q" <stream 3>&- &
	exec 7>stream
	for byte in a b c; do
		printf %s "$byte" >&7
		within 10 eval '[[ $(ipc-shm read -N 3 "$q" | tr -dc abc) == *"$byte"* ]]'
	done
	exec 7>&-
	ends_with 0 $!
	command -v strace >/dev/null || return 0
	ASAN_OPTIONS=detect_leaks=0 strace -o trace ipc-shm read "$q" | cat >/dev/null
	[ "$(grep -c MADV_POPULATE_READ trace)" -gt 0 ]
	grep -q F_SETPIPE_SZ trace
}

@test "resize and write --truncate are refused" {
	segment
	fails_with 7 "ipc-shm: cannot resize '$q': the size of a System V segment is chosen when it is made" ipc-shm resize -s 65 "$q"
	fails 7 ipc-shm write --truncate "$q" data
	ipc-shm read "$q" | cmp - <(head -c 64 /dev/zero)
}

@test "set changes mode and owner; who made it keeps his rights" {
	segment
	ipc-shm set -m 0664 "$q"
	ipc-shm set -m g-w "$q"
	[ "$(value MODE "$q")" = 0644 ]
	as_root
	ipc-shm set --owner=65534 "$q"
	[ "$(value USER "$q")" = "$(id -un 65534)" ]
	ipc-shm set -m 0600 "$q"
	fails 7 ipc-shm write "$q" data
	as_user 65534 ipc-shm write "$q" data
	run -5 as_user 65533 ipc-shm read "$q"
	run -5 as_user 65533 ipc-shm rm "$q"
	as_user 65533 ipc-shm inspect -r --noheadings -o SIZE "$q" | grep -qx 64
}

@test "inspect tells attachments, creator and times; a removed segment lives for those who have it" {
	segment
	[ "$(value ATTACHED,LOCKED,REMOVED,STATE "$q")" = "0 0 0 idle" ]
	attached "$q"
	[ "$(value ATTACHED,LAST_PID "$q")" = "1 $!" ]
	[ "$(value STATE "$q")" = in-use ]
	[[ $(value HOLDERS "$q" 2>/dev/null) == $!:attached:python3* ]]
	[[ $(value ATTACH_TIME "$q") == 20*Z ]]
	ipc-shm rm "$q"
	[ "$(value REMOVED,KEY,ATTACHED "$q")" = "1 0x00000000 1" ]
	ipc-shm write "$q" last
	[ "$(ipc-shm read -N 4 "$q")" = last ]
	kill -9 $!
	within 10 gone "$q"
}

@test "CREATOR is the process that made it, and LOCKED is what shmctl(2) said" {
	as_root
	python3 -c 'import ctypes' 2>/dev/null || skip "no Python here"
	segment
	[[ $(value CREATOR "$q") =~ ^[0-9]+$ ]]
	python3 -c 'import ctypes, sys
assert ctypes.CDLL(None).shmctl(int(sys.argv[1]), 11, None) == 0' "${q#id:}"
	[ "$(value LOCKED "$q")" = 1 ]
}

@test "ls has segments behind the POSIX objects, with what /proc tells of their memory" {
	segment
	ipc-shm create -s 64 "$NAME" >/dev/null
	ipc-shm ls -r --noheadings -o ADDRESS,SIZE,RESIDENT | grep -E "^($NAME|$q) " >out
	[ "$(cat out)" = "$NAME 64 64"$'\n'"$q 64 4096" ]
}

@test "an existing segment of another user is accepted only with --trust-owner" {
	as_root
	as_user 65534 ipc-shm create -s 64 "$BYKEY"
	fails 7 ipc-shm create -s 64 "$BYKEY"
	[[ $stderr == *"it belongs to user 65534; --trust-owner=65534 allows it" ]]
	ipc-shm create -s 64 --trust-owner=65534 "$BYKEY"
	ipc-shm set --owner=0 "$BYKEY"
	fails 7 ipc-shm create -s 64 "$BYKEY"
}

@test "Perl's shmread and shmwrite share the bytes" {
	command -v perl >/dev/null || skip "no perl here"
	segment
	ipc-shm write "$q" "from the shell"
	# shellcheck disable=SC2016
	[ "$(perl -e 'shmread($ARGV[0], $b, 0, 14) or die; print $b; shmwrite($ARGV[0], "from Perl", 20, 9) or die' "${q#id:}")" = "from the shell" ]
	[ "$(ipc-shm read -O 20 -N 9 "$q")" = "from Perl" ]
}

@test "a segment that Perl made is found by its key, and both write to it" {
	command -v perl >/dev/null || skip "no perl here"
	# shellcheck disable=SC2016
	perl -e '$id = shmget(hex $ARGV[0], 64, 01600) // die; shmwrite($id, "from Perl", 0, 9) or die' "${BYKEY#key:}"
	[ "$(ipc-shm create -s 64 "$BYKEY")" = "id:$(value ID "$BYKEY")" ]
	[ "$(ipc-shm read -N 9 "$BYKEY")" = "from Perl" ]
	ipc-shm write -O 9 "$BYKEY" " and back"
	# shellcheck disable=SC2016
	[ "$(perl -e 'shmread(shmget(hex $ARGV[0], 0, 0), $b, 0, 18) or die; print $b' "${BYKEY#key:}")" = "from Perl and back" ]
}

@test "a C program shares the bytes, also in a segment that it made" {
	head -c 5000 /dev/urandom >in
	q=$(ipc-shm create --from-stdin private <in) && segments "$q"
	"$peer" get "$q" | cmp - in
	"$peer" share "${BYKEY#key:}" 5000 <in
	ipc-shm read "$BYKEY" | cmp - in
	[ "$(ipc-shm create -s 5000 "$BYKEY")" = "id:$(value ID "$BYKEY")" ]
}

@test "IPC::SharedMem of Perl shares the bytes" {
	perl -MIPC::SharedMem -e '' 2>/dev/null || skip "no IPC::SysV of Perl here"
	segment
	ipc-shm write "$q" "from the shell"
	# shellcheck disable=SC2016
	[ "$(perl -MIPC::SharedMem -MIPC::SysV=shmat,shmdt,memread,memwrite -e '
		$at = shmat($ARGV[0], undef, 0) // die; memread($at, $b, 0, 14) or die; print $b;
		memwrite($at, "from Perl", 20, 9) or die; shmdt($at)' "${q#id:}")" = "from the shell" ]
	[ "$(ipc-shm read -O 20 -N 9 "$q")" = "from Perl" ]
}

@test "ipcrm removes what create made, and ipc-shm what ipcmk made" {
	segment
	ipcrm -m "${q#id:}"
	gone "$q"
	q=id:$(ipcmk -M 64 | grep -o '[0-9]*$') && segments "$q"
	ipc-shm rm "$q"
	run ! grep -F " ${q#id:} " <(ipcs -m)
}

@test "lsipc tells the same of a segment" {
	command -v lsipc >/dev/null || skip "no lsipc here"
	segment -m 0640 -s 100
	ipc-shm write "$q" data
	[ "$(lsipc -m -i "${q#id:}" --raw --noheadings -o ID,PERMS,SIZE,NATTCH 2>/dev/null | tail -n 1)" = "${q#id:} rw-r----- 100 0" ] ||
		lsipc -m --raw --noheadings --bytes -o ID,PERMS,SIZE,NATTCH | grep -qx "${q#id:} rw-r----- 100 0"
}
