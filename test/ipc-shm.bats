#!/usr/bin/env bats
# ipc-shm.bats - POSIX shared memory: what a user does with it
# shellcheck disable=SC2016,SC2154  # for the inner shells; bats and helper.bash set them

load helper
# shellcheck disable=SC2034  # of helper.bash
program=ipc-shm

# file ADDRESS: where POSIX shared memory of that name is
file() {
	echo "/dev/shm${1-$NAME}"
}

# object [OPTION]...: makes the object of the test, of 64 bytes
object() {
	ipc-shm create -s 64 "$@" "$NAME" >/dev/null
}

# mounts: skips a test for those who cannot mount anything
mounts() {
	as_root
	unshare -m sh -c 'mount -t tmpfs -o size=1m tmpfs /dev/shm' || skip "nothing can be mounted"
}

# small_shm COMMAND...: with a /dev/shm of one MiB of its own
small_shm() {
	unshare -m sh -c 'mount -t tmpfs -o size=1m,mode=1777 tmpfs /dev/shm && "$@"' sh "$@"
}

@test "create makes zeros of that size, prints the address, and the umask has no part in the mode" {
	umask 077
	run --separate-stderr ipc-shm create -s 64 -m 0664 "${NAME#/}"
	[ "$status" -eq 0 ] && [ "$output" = "$NAME" ] && [ -z "$stderr" ]
	[ "$(value SIZE,MODE,USER "$NAME")" = "64 0664 $(id -un)" ]
	head -c 64 /dev/zero | cmp - "$(file)"
	ipc-shm create -s 1K "$NAME-2" >/dev/null
	[ "$(value MODE "$NAME-2")" = 0600 ]
}

@test "create takes the memory, and with --sparse none" {
	ipc-shm create -s 1M "$NAME" >/dev/null
	ipc-shm create -s 1M --sparse "$NAME-2" >/dev/null
	[ "$(value USED,RESIDENT "$NAME")" = "1048576 1048576" ]
	[ "$(value USED,RESIDENT "$NAME-2")" = "0 0" ]
}

@test "create finds an existing object of the size as good as a new one, and changes nothing" {
	object -m 0640
	echo data >"$(file)" # which makes it shorter
	[ "$(ipc-shm create -s 5 -m 0666 "$NAME")" = "$NAME" ]
	[ "$(ipc-shm create "$NAME")" = "$NAME" ]
	[ "$(cat "$(file)")" = data ]
	[ "$(value SIZE,MODE "$NAME")" = "5 0640" ]
}

@test "many that create at once find the same object, and with -x one of them makes it" {
	for i in 1 2 3 4 5 6 7 8; do
		ipc-shm create -s 64 "$NAME" >>printed 3>&- || echo "$i" >>failed &
		ipc-shm create -q -x -s 64 "$NAME-2" >/dev/null 3>&- && echo "$i" >>made &
	done
	wait
	[ ! -e failed ] && [ "$(sort -u printed)" = "$NAME" ] && [ "$(wc -l <made)" -eq 1 ]
	ipc-shm inspect -r --noheadings -o INODE "$NAME"
}

@test "create fails with 4 when the size differs, and with -x when it exists" {
	object
	fails_with 4 "ipc-shm: cannot create '$NAME': it exists with 64 bytes, not 65" \
		ipc-shm create -s 65 "$NAME"
	fails_with 4 "ipc-shm: cannot create '$NAME': it exists with 64 bytes, not 63" \
		ipc-shm create -s 63 "$NAME"
	fails_with 4 "ipc-shm: cannot create '$NAME': File exists" ipc-shm create -x -s 64 "$NAME"
	[ "$(value SIZE "$NAME")" = 64 ]
}

@test "create of what does not exist needs a size, which may be 0" {
	fails_with 2 "ipc-shm: '$NAME' does not exist: --size says how many bytes it shall have" \
		ipc-shm create "$NAME"
	gone "$NAME"
	ipc-shm create -s 0 "$NAME"
	[ "$(value SIZE,USED,RESIDENT "$NAME")" = "0 0 0" ]
}

@test "create leaves nothing when there is no room, and says how much there is" {
	fails 6 ipc-shm create -s 8000000G "$NAME"
	[[ $stderr == *"no room for 8589934592000000 bytes"*" left" ]]
	gone "$NAME"
	mounts
	fails 6 small_shm ipc-shm create -s 2M "$NAME"
	[[ $stderr == *"No space left on device: no room for 2097152 bytes; its file system has 1048576 left" ]]
	small_shm sh -c 'ipc-shm create -s 2M "$1" 2>/dev/null; ls -A /dev/shm' sh "$NAME" >out
	[ ! -s out ]
}

@test "create and resize above RLIMIT_FSIZE fail with 6 and name it" {
	run -6 sh -c 'ulimit -f 1; ipc-shm create -s 4096 "$1"' sh "$NAME"
	[[ $output == *": 4096 bytes are above the "*" that RLIMIT_FSIZE (ulimit -f) allows a file" ]]
	gone "$NAME"
	object
	run -6 sh -c 'ulimit -f 1; ipc-shm resize -s 4096 "$1"' sh "$NAME"
	[ "$(value SIZE "$NAME")" = 64 ]
}

@test "write beyond RLIMIT_FSIZE is an error with status 6, and no signal" {
	ipc-shm create -s 64K "$NAME" >/dev/null
	head -c 64K /dev/zero | tr '\0' x >in
	for command in 'ipc-shm write "$1" <in' 'cat in | ipc-shm write "$1"' 'ipc-shm write "$1" "$(cat in)"'; do
		run -6 bash -c "ulimit -f 4; $command" bash "$NAME"
		[[ $output == "ipc-shm: cannot write to '$NAME': "*" bytes are above the 4096 that RLIMIT_FSIZE (ulimit -f) allows a file" ]]
	done
	[[ $output == *": 65536 bytes are"* ]]
	[ "$(value SIZE "$NAME")" = 65536 ]
}

@test "create that prints to nowhere leaves no object" {
	run -1 sh -c 'ipc-shm create -s 64 "$1" >/dev/full' sh "$NAME"
	gone "$NAME"
}

@test "kill -9 during create leaves nothing, or all of it" {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		ipc-shm create -s 8M "$NAME" >/dev/null 3>&- &
		kill -9 $! || :
		wait $! || :
		[ ! -e "$(file)" ] || [ "$(value SIZE,USED "$NAME")" = "8388608 8388608" ]
		ipc-shm rm -f "$NAME"
	done
}

# calls COMMAND...: the system calls that it makes, and how often each, but its start
calls() {
	ASAN_OPTIONS=detect_leaks=0 strace -o trace "$@" >/dev/null
	sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' trace | sort | uniq -c
}

@test "kill -9 at any call of create leaves nothing, or all of it" {
	command -v strace >/dev/null || skip "no strace here"
	export ASAN_OPTIONS=detect_leaks=0
	head -c 8192 /dev/zero | tr '\0' x >in
	while read -r -u 7 how; do
		# shellcheck disable=SC2086  # words
		calls ipc-shm create -m 0640 $how "$NAME" <in >all
		ipc-shm rm "$NAME"
		while read -r -u 8 count call; do
			case $call in
			openat | linkat | renameat* | fallocate | ftruncate | fchmod* | write | pwrite64 | splice | copy_file_range) ;;
			*) continue ;;
			esac
			killed=0
			for ((nth = 1; nth <= count; nth++)); do
				# shellcheck disable=SC2086
				run strace -o trace -e inject="$call:signal=KILL:when=$nth" ipc-shm create -m 0640 $how "$NAME" <in
				# What others have in pipes, or half made there, takes more calls at one time.
				if [ "$status" -eq 137 ]; then
					killed=$((killed + 1))
				else
					[ "$status" -eq 0 ] && [ -e "$(file)" ]
					[ "$(grep -c "^$call(" trace)" -lt "$nth" ]
				fi
				[ ! -e "$(file)" ] ||
					[ "$(value SIZE,USED,MODE "$NAME")" = "8192 8192 0640" ]
				ipc-shm rm -f "$NAME"
			done
			[ "$killed" -gt 0 ]
		done 8<all
	done 7<<<$'-s 8192\n--from-stdin'
	within 20 no_drafts
}

@test "what is no shared memory is refused at once, by every verb, and not changed" {
	mkfifo "$(file)"
	ln -s "$PWD/victim" "$(file "$NAME-2")"
	mkdir "$(file "$NAME-3")"
	echo precious >victim
	for verb in 'create -s 64' 'resize -s 1' 'set -m 666' inspect rm 'create -s 0'; do
		# shellcheck disable=SC2086  # words
		for name in "$NAME" "$NAME-2" "$NAME-3"; do
			fails 7 timeout 10 ipc-shm $verb "$name"
		done
	done
	[[ $stderr == *"'$NAME-3': it is a directory" ]]
	fails_with 7 "ipc-shm: cannot inspect '$NAME': it is a FIFO" ipc-shm inspect "$NAME"
	fails_with 7 "ipc-shm: cannot inspect '$NAME-2': it is a symbolic link" ipc-shm inspect "$NAME-2"
	ipc-shm ls -r >out
	run ! grep -F "$NAME" out
	[ "$(cat victim)" = precious ]
	rmdir "$(file "$NAME-3")"
	rm "$(file)" "$(file "$NAME-2")"
}

@test "one of several names of a file is refused" {
	object
	ln "$(file)" "$(file "$NAME-2")"
	for verb in 'create -s 64' 'resize -s 1' 'set -m 666'; do
		# shellcheck disable=SC2086  # words
		fails 7 ipc-shm $verb "$NAME-2"
		[[ $stderr == *"it is one of the 2 names (hard links) of a file" ]]
	done
	[ "$(value SIZE,MODE "$NAME")" = "64 0600" ]
}

@test "another user's object is accepted only with --trust-owner" {
	as_root
	as_user 65534 ipc-shm create -s 64 -m 0666 "$NAME"
	fails 7 ipc-shm create -s 64 "$NAME"
	[[ $stderr == *"it belongs to user 65534; --trust-owner=65534 allows it" ]]
	fails 7 ipc-shm resize -s 65 "$NAME"
	ipc-shm create -s 64 --trust-owner=65534 "$NAME"
	ipc-shm resize -s 65 --trust-owner=65534 "$NAME"
	as_user 65533 ipc-shm resize -s 66 "$NAME"
	[ "$(value SIZE "$NAME")" = 66 ]
	run -7 as_user 65533 ipc-shm create -s 66 "$NAME"
	ipc-shm set -m 0600 "$NAME"
	run -5 as_user 65533 ipc-shm resize -s 67 "$NAME"
	run -5 as_user 65533 ipc-shm set -m 0666 "$NAME"
	run -5 as_user 65533 ipc-shm rm "$NAME"
	as_user 65533 ipc-shm inspect -q -r -o ADDRESS,SIZE,RESIDENT "$NAME" | grep -qx "$NAME 66 -"
}

@test "resize makes an object longer, by zeros, or shorter" {
	object
	echo data | dd of="$(file)" conv=notrunc status=none
	ipc-shm resize -s 1M "$NAME"
	[ "$(value SIZE,USED "$NAME")" = "1048576 1048576" ]
	[ "$(head -c 4 "$(file)")" = data ]
	ipc-shm resize -s 2M --sparse "$NAME"
	[ "$(value SIZE,USED "$NAME")" = "2097152 1048576" ]
	ipc-shm resize -s 4 "$NAME"
	[ "$(cat "$(file)")" = data ]
	fails_with 2 "ipc-shm: 'resize' needs --size" ipc-shm resize "$NAME"
}

@test "resize that finds no room leaves the size as it was" {
	mounts
	fails 6 small_shm sh -c 'ipc-shm create -s 64 /a >/dev/null; ipc-shm resize -s 2M /a
		status=$?; stat -c %s /dev/shm/a >size; exit $status'
	[ "$(cat size)" = 64 ]
}

@test "set changes the mode and, for root, the owner" {
	object
	ipc-shm set -m 0664 "$NAME"
	ipc-shm set -m o=r,g-w "$NAME"
	[ "$(value MODE "$NAME")" = 0644 ]
	ipc-shm set -m 0 "$NAME"
	[ "$(value MODE "$NAME")" = 0000 ]
	ipc-shm set -m 0600 "$NAME"
	fails_with 2 "ipc-shm: 'set' needs --mode, --owner, --until-exit or --value" ipc-shm set "$NAME"
	as_root
	ipc-shm set --owner=65534:65533 "$NAME"
	[ "$(stat -c %u:%g "$(file)")" = 65534:65533 ]
}

@test "inspect tells times, inode and state, and what only System V has is unknown" {
	object
	[ "$(value INODE "$NAME")" = "$(stat -c %i "$(file)")" ]
	[ "$(value MODIFIED "$NAME")" = "$(date -u -d "@$(stat -c %Y "$(file)")" +%FT%TZ)" ]
	[ "$(value TYPE,KEY,ID,LOCKED,CREATOR "$NAME")" = "shm - - - -" ]
	ipc-shm inspect -q -J "$NAME" | jq -e '.type == "shm" and .size == 64 and .holders == [] and .key == null'
	exec 7<"$(file)"
	[ "$(value STATE "$NAME" 2>/dev/null)" = in-use ]
	[[ $(value HOLDERS "$NAME" 2>/dev/null) == *"$$:read:bash"* ]]
	exec 7<&-
	[ "$(value STATE "$NAME" 2>/dev/null)" != in-use ]
}

@test "ls lists objects by name, and leaves out semaphores" {
	object
	ipc-shm create -s 65 "$NAME-2" >/dev/null
	name=${NAME#/}
	: >"/dev/shm/sem.$name"
	ipc-shm ls -r --noheadings -o ADDRESS,SIZE | grep -F "$name" >out
	rm "/dev/shm/sem.$name"
	[ "$(cat out)" = "$NAME 64"$'\n'"$NAME-2 65" ]
	[[ $(ipc-shm ls | head -n 1) == ADDRESS*SIZE*USED*MODE*USER*MODIFIED ]]
	fails_with 2 "ipc-shm: '/sem.$name' is the name of a semaphore" ipc-shm create -s 1 "/sem.$name"
}

@test "no byte of a name reaches a terminal raw" {
	export LC_ALL=C
	for evil in $'\e[31m' $'\n' $'\r\t' $'\x7f' $'\xff'; do
		name="$NAME-$evil"
		segments "$name"
		{
			ipc-shm create -s 1 -v "$name" >/dev/null
			ipc-shm inspect "$name"
			ipc-shm ls
			ipc-shm create -s 2 "$name" || [ $? -eq 4 ]
			ipc-shm rm -v "$name"
		} >out 2>&1
		[ "$(tr -d '\n\040-\176' <out | wc -c)" -eq 0 ]
	done
}

@test "rm removes each name, and with -f absence is no failure" {
	object
	fails_with 3 "ipc-shm: cannot remove '$NAME-2': No such file or directory" \
		ipc-shm rm "$NAME-2" "$NAME"
	gone "$NAME"
	run --separate-stderr ipc-shm rm -f "$NAME"
	[ "$status" -eq 0 ] && [ -z "$output$stderr" ]
}

# write and read

@test "write puts operands at an offset and leaves the rest; read gives the bytes again" {
	object
	ipc-shm write "$NAME" hello " " world
	ipc-shm write -O 6 "$NAME" W
	[ "$(ipc-shm read -N 11 "$NAME")" = "hello World" ]
	[ "$(ipc-shm read -O 6 -N 5 "$NAME")" = World ]
	ipc-shm write "$NAME" -x
	[ "$(ipc-shm read -N 3 "$NAME")" = -xl ]
	ipc-shm read "$NAME" | cmp - "$(file)"
	ipc-shm read -O 64 "$NAME" | cmp - /dev/null
	ipc-shm write -O 64 "$NAME" ''
}

@test "any bytes come through, from a file, a pipe and to both" {
	ipc-shm create -s 3M "$NAME" >/dev/null
	head -c 3M /dev/urandom >in
	ipc-shm write "$NAME" <in
	ipc-shm read "$NAME" >out
	cmp in out
	ipc-shm read -O 1M "$NAME" | cmp - <(tail -c 2M in)
	# shellcheck disable=SC2002  # it is to be a pipe
	cat in | ipc-shm write -O 1 -N 3145727 "$NAME"
	ipc-shm read "$NAME" | tail -c +2 | cmp - <(head -c 3145727 in)
}

@test "what is known not to fit is not written at all, and the message has the figures" {
	object
	fails_with 6 "ipc-shm: cannot write to '$NAME': 5 bytes at offset 60 do not fit: it has 64" \
		ipc-shm write -O 60 "$NAME" abc de
	fails_with 6 "ipc-shm: cannot write to '$NAME': 1 bytes at offset 65 do not fit: it has 64" \
		ipc-shm write -O 65 "$NAME" a
	head -c 65 /dev/urandom >in
	fails_with 6 "ipc-shm: cannot write to '$NAME': 65 bytes at offset 0 do not fit: it has 64" \
		ipc-shm write "$NAME" <in
	head -c 64 /dev/zero | cmp - "$(file)"
	tail -c 64 in | ipc-shm write "$NAME"
	tail -c 64 in | cmp - "$(file)"
	(read -rN 1 <in; ipc-shm write "$NAME" <in) || [ $? -eq 6 ]
}

@test "a stream that is too long is written to the end, and no further" {
	object
	head -c 70 /dev/urandom >in
	fails_with 6 "ipc-shm: cannot write to '$NAME': it is full after 60 bytes, and there are more" \
		sh -c 'cat in | ipc-shm write -O 4 "$1"' sh "$NAME"
	ipc-shm read -O 4 "$NAME" | cmp - <(head -c 60 in)
	[ "$(value SIZE "$NAME")" = 64 ]
}

@test "write -N takes exactly so many bytes of a stream, and leaves the others" {
	object
	printf abcdef >in
	{ ipc-shm write -N 2 "$NAME" && cat; } <in >rest
	[ "$(ipc-shm read -N 2 "$NAME")" = ab ]
	[ "$(cat rest)" = cdef ]
	fails_with 1 "ipc-shm: cannot write to '$NAME': standard input ended after 6 of 7 bytes" \
		ipc-shm write -N 7 "$NAME" <in
	fails 2 ipc-shm write -N 1 "$NAME" data
}

@test "write --truncate lets the object end where the input ends" {
	object
	ipc-shm write --truncate "$NAME" short
	[ "$(cat "$(file)")" = short ]
	seq 1000 | ipc-shm write --truncate "$NAME"
	seq 1000 | cmp - "$(file)"
	ipc-shm write --truncate -O 2 "$NAME" x
	[ "$(tr '\n' , <"$(file)")" = 1,x ]
	ipc-shm write --truncate "$NAME" </dev/null
	[ "$(value SIZE "$NAME")" = 0 ]
}

@test "an object is not written to from itself, which might never end" {
	object
	for option in --lock --truncate; do
		fails_with 7 "ipc-shm: cannot write to '$NAME': it is its own input" \
			timeout 10 ipc-shm write "$option" -O 8 "$NAME" <"$(file)"
	done
	[ "$(value SIZE "$NAME")" = 64 ]
}

@test "read of what is not there fails, and nothing comes out" {
	object
	fails_with 1 "ipc-shm: cannot read '$NAME': there are not 5 bytes at offset 60: it has 64" \
		ipc-shm read -O 60 -N 5 "$NAME"
	fails_with 1 "ipc-shm: cannot read '$NAME': offset 65 is behind its end: it has 64 bytes" \
		ipc-shm read -O 65 "$NAME"
	fails 2 ipc-shm read -O 8E "$NAME"
	fails_with 6 "ipc-shm: cannot write to '$NAME': 1 bytes at offset 9223372036854775807 do not fit: it has 64" \
		ipc-shm write -O 9223372036854775807 "$NAME" a
	fails_with 6 "ipc-shm: cannot write to '$NAME': 1 bytes at offset 9223372036854775807 do not fit: it cannot have more than 9223372036854775807" \
		ipc-shm write --truncate -O 9223372036854775807 "$NAME" a
}

@test "read to a full or closed output, and write from a directory, fail with words" {
	ipc-shm create -s 1M "$NAME" >/dev/null
	run -1 sh -c 'ipc-shm read "$1" >/dev/full' sh "$NAME"
	[ "$output" = "ipc-shm: cannot write to standard output: No space left on device" ]
	run -1 sh -c 'ipc-shm read "$1" >&-' sh "$NAME"
	fails_with 1 "ipc-shm: cannot read standard input: Is a directory" ipc-shm write "$NAME" <.
	ipc-shm read "$NAME" 2>said | head -c 1 >out
	[ ! -s said ] || grep -qx "ipc-shm: cannot write to standard output: Broken pipe" said
}

@test "write to a sparse object in a full /dev/shm is an error, and no signal" {
	mounts
	fails 6 small_shm sh -c 'ipc-shm create --sparse -s 4M /a >/dev/null; yes | ipc-shm write /a'
	[[ $stderr == *"No space left on device"* ]]
}

@test "root does not write to another user's object, unless told to" {
	as_root
	as_user 65534 ipc-shm create -s 64 "$NAME"
	fails 7 ipc-shm write "$NAME" data
	ipc-shm write --trust-owner=65534 "$NAME" data
	[ "$(ipc-shm read -N 4 "$NAME")" = data ]
	run -5 as_user 65533 ipc-shm read "$NAME"
	as_user 65534 ipc-shm set -m 0222 "$NAME"
	run -5 as_user 65533 ipc-shm read "$NAME"
	as_user 65533 ipc-shm write "$NAME" more
	[ "$(ipc-shm read -N 4 "$NAME")" = more ]
}

# other programs

@test "Python's shared_memory sees what was written, and the other way around" {
	python3 -c 'import multiprocessing.shared_memory' 2>/dev/null || skip "no such Python here"
	object
	ipc-shm write "$NAME" hello
	python3 - "${NAME#/}" <<-'END' >out
		import sys
		from multiprocessing import resource_tracker
		from multiprocessing.shared_memory import SharedMemory
		memory = SharedMemory(name=sys.argv[1])
		resource_tracker.unregister(memory._name, "shared_memory")
		print(bytes(memory.buf[:5]).decode(), memory.size)
		memory.buf[5:11] = b", you!"
	END
	[ "$(cat out)" = "hello 64" ]
	[ "$(ipc-shm read -N 11 "$NAME")" = "hello, you!" ]
}

@test "an object that another process has a lease on, as ipc-rm while it looks, is opened when that ends" {
	python3 -c 'import fcntl' 2>/dev/null || skip "no Python here"
	object
	for verb in "read $NAME" "add $NAME" "wait -n --value 1 $NAME" "resize -s 32 $NAME" "create -s 32 $NAME"; do
		rm -f leased	# that of another process
		python3 -c 'import fcntl, os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGIO])
fd = os.open(sys.argv[1], os.O_RDONLY)
fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("ready", flush=True)
signal.sigwait([signal.SIGIO])
fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)' "$(file)" >leased 3>&- &
		within 10 grep -q ready leased
		# shellcheck disable=SC2086  # words
		run -0 --separate-stderr ipc-shm $verb
		wait $!
		rm leased
	done
}

@test "an object that another process makes longer and shorter all the time is not taken for one of /proc" {
	python3 -c 'import os' 2>/dev/null || skip "no Python here"
	object
	python3 -c 'import os, sys
fd = os.open(sys.argv[1], os.O_RDWR)
while True:
    os.ftruncate(fd, 0), os.ftruncate(fd, 64)' "$(file)" 3>&- &
	for ((i = 0; i < 400; i++)); do
		ipc-shm read "$NAME" >/dev/null 2>>said || [ $? -eq 1 ]
	done
	run ! grep "no size" said
}

@test "a C program sees what was written, and the other way around" {
	head -c 5000 /dev/urandom >in
	ipc-shm create --from-stdin "$NAME" <in >/dev/null
	"$peer" get "$NAME" | cmp - in
	"$peer" share "$NAME-2" 5000 <in
	ipc-shm read "$NAME-2" | cmp - in
	[ "$(ipc-shm create -s 5000 "$NAME-2")" = "$NAME-2" ]
	[ "$(value SIZE,MODE "$NAME-2")" = "5000 0600" ]
}

@test "HOLDERS tells who has an object mapped" {
	python3 -c 'import mmap' 2>/dev/null || skip "no Python here"
	object
	python3 -c 'import mmap, os, sys, time
with open(sys.argv[1], "r+b") as file:
    memory = mmap.mmap(file.fileno(), 0)
print("ready", flush=True)
time.sleep(60)' "$(file)" >ready 3>&- &
	within 20 grep -q ready ready
	[[ $(value HOLDERS "$NAME" 2>/dev/null) == $!:*mapped:python3* ]]
	[ "$(value STATE "$NAME" 2>/dev/null)" = in-use ]
}
