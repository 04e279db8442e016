#!/usr/bin/env bats
# ipc-mmap.bats - memory-mapped files: what is not as with shared memory, and what is
# shellcheck disable=SC2030,SC2031,SC2154  # bats and helper.bash set them

load helper
# shellcheck disable=SC2034  # of helper.bash
program=ipc-mmap

# file: makes the file of the test, of 64 bytes, ./file
file() {
	ipc-mmap create -s 64 file >/dev/null
}

# mapped FILE: a process $! has it mapped until killed
mapped() {
	python3 -c 'import mmap' 2>/dev/null || skip "no Python here"
	rm -f ready	# that of another process
	python3 -c 'import mmap, sys, time
with open(sys.argv[1], "r+b") as file:
    memory = mmap.mmap(file.fileno(), 0)
print("ready", flush=True)
time.sleep(60)' "$1" >ready 3>&- &
	within 20 grep -q ready ready
}

@test "create makes a file of zeros whose room is taken, and prints its path" {
	umask 077
	run --separate-stderr ipc-mmap create -s 8K -m 0640 ./file
	[ "$status" -eq 0 ] && [ "$output" = ./file ] && [ -z "$stderr" ]
	head -c 8K /dev/zero | cmp - file
	[ "$(stat -c %a file)" = 640 ]
	[ "$(value SIZE,MODE,USED file)" = "8192 0640 8192" ]
	ipc-mmap create -s 1M --sparse sparse >/dev/null
	[ "$(value SIZE,USED sparse)" = "1048576 0" ]
	[ -z "$(find . -name '.ipc*')" ]
}

@test "create finds an existing file of the size, and fails with 4 for another, or with -x" {
	echo data >file
	[ "$(ipc-mmap create -s 5 -m 0666 file)" = file ]
	[ "$(ipc-mmap create file)" = file ]
	[ "$(cat file)" = data ]
	fails_with 4 "ipc-mmap: cannot create 'file': it exists with 5 bytes, not 4" ipc-mmap create -s 4 file
	fails_with 4 "ipc-mmap: cannot create 'file': File exists" ipc-mmap create -x -s 5 file
	fails_with 2 "ipc-mmap: 'new' does not exist: --size says how many bytes it shall have" ipc-mmap create new
	fails_with 3 "ipc-mmap: cannot create 'none/new': No such file or directory" ipc-mmap create -s 4 none/new
	fails_with 3 "ipc-mmap: cannot create 'file/new': Not a directory" ipc-mmap create -s 4 file/new
	fails_with 3 "ipc-mmap: cannot inspect 'file/new': Not a directory" ipc-mmap inspect file/new
}

@test "a full disk is an error, which leaves nothing and names the room there is" {
	fails 6 ipc-mmap create -s 8000000G file
	[ ! -e file ]
	as_root
	mkdir disk
	unshare -m sh -c 'mount -t tmpfs -o size=1m tmpfs disk' || skip "nothing can be mounted"
	# shellcheck disable=SC2016
	fails 6 unshare -m sh -c 'mount -t tmpfs -o size=1m tmpfs disk && ipc-mmap create -s 2M disk/file; s=$?; ls -A disk >left; exit $s'
	[[ $stderr == *"its file system has 1048576 left" ]]
	[ ! -s left ]
}

@test "paths of any bytes and any length are taken, and those that cannot be are not" {
	mkdir -p $'a\nb/-c'
	ipc-mmap create -s 1 $'a\nb/-c/\e[m' >/dev/null
	[ -e $'a\nb/-c/\e[m' ]
	ipc-mmap inspect $'a\nb/-c/\e[m' >out
	[ "$(tr -d '\n\040-\176' <out | wc -c)" -eq 0 ]
	ipc-mmap inspect -q -J $'a\nb/-c/\e[m' | jq -e '.address == "a\nb/-c/\u001b[m"'
	for path in '' / . .. a/ a/.. "$(printf '%0256d' 0)" "$(printf '/%.0s' {1..4096})x"; do
		fails 2 ipc-mmap inspect "$path"
	done
}

@test "what is no regular file is refused at once, by every verb" {
	mkfifo fifo
	ln -s victim link
	echo precious >victim
	for verb in 'create -s 64' 'resize -s 1' 'set -m 666' inspect rm read 'write' sync 'advise --willneed'; do
		for name in fifo link /dev/null; do
			# shellcheck disable=SC2086  # words
			fails 7 timeout 10 ipc-mmap $verb "$name" </dev/null
		done
	done
	fails_with 7 "ipc-mmap: cannot read 'fifo': it is a FIFO" ipc-mmap read fifo
	fails_with 7 "ipc-mmap: cannot read '/dev/null': it is a device" ipc-mmap read /dev/null
	[ "$(cat victim)" = precious ] && [ -p fifo ] && [ -L link ]
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")' 2>/dev/null || return 0
	fails_with 7 "ipc-mmap: cannot read 'socket': it is a socket" ipc-mmap read socket
}

@test "a file of /proc or /sys, which has other bytes than its size says, is refused" {
	fails_with 7 "ipc-mmap: cannot read '/proc/self/status': it does not have as many bytes as its size says" \
		ipc-mmap read /proc/self/status
	for file in /proc/self/status /sys/kernel/mm/transparent_hugepage/enabled; do
		[ -r "$file" ] || continue
		for verb in read 'wait -n' sync 'read --lock'; do
			# shellcheck disable=SC2086  # words
			fails 7 ipc-mmap $verb "$file"
			[[ $stderr == *" '$file': it does not have as many bytes as its size says" ]]
		done
	done
	: >file
	ipc-mmap read file
}

@test "a file with several names is read, and not changed" {
	file
	ln file other
	fails 7 ipc-mmap write file data
	fails 7 ipc-mmap resize -s 1 other
	ipc-mmap read other | cmp - <(head -c 64 /dev/zero)
}

@test "write and read, resize and rm do what they do with shared memory" {
	file
	ipc-mmap write -O 60 file data
	[ "$(ipc-mmap read -O 60 file)" = data ]
	fails_with 6 "ipc-mmap: cannot write to 'file': 5 bytes at offset 60 do not fit: it has 64" \
		ipc-mmap write -O 60 file wrong
	seq 1000 | ipc-mmap write --truncate file
	seq 1000 | cmp - file
	ipc-mmap resize -s 2 file
	[ "$(cat file)" = 1 ]
	ipc-mmap rm file
	[ ! -e file ]
	fails_with 3 "ipc-mmap: cannot remove 'file': No such file or directory" ipc-mmap rm file
	ipc-mmap rm -f file
}

@test "Python's mmap sees what was written, and the other way around" {
	python3 -c 'import mmap' 2>/dev/null || skip "no Python here"
	file
	ipc-mmap write file hello
	python3 -c 'import mmap
with open("file", "r+b") as file:
    memory = mmap.mmap(file.fileno(), 0)
    print(memory[:5].decode())
    memory[5:11] = b", you!"' >out
	[ "$(cat out)" = hello ]
	[ "$(ipc-mmap read -N 11 file)" = "hello, you!" ]
}

@test "sync takes a part or all, and what is not there is a failure" {
	file
	ipc-mmap sync file
	ipc-mmap sync -O 10 -N 20 file
	ipc-mmap sync -O 64 file
	fails_with 1 "ipc-mmap: cannot sync 'file': there are not 65 bytes at offset 0: it has 64" ipc-mmap sync -N 65 file
	fails_with 1 "ipc-mmap: cannot sync 'file': offset 65 is behind its end: it has 64 bytes" ipc-mmap sync -O 65 file
	command -v strace >/dev/null || return 0
	ASAN_OPTIONS=detect_leaks=0 strace -f -o trace ipc-mmap sync -O 10 file
	grep -q 'msync(.*, 64, MS_SYNC)' trace
}

@test "advise changes what is resident" {
	ipc-mmap create -s 1M file >/dev/null
	head -c 1M /dev/urandom | ipc-mmap write file
	[ "$(value RESIDENT file)" = 1048576 ]
	fails_with 2 "ipc-mmap: 'advise' needs --willneed or --dontneed" ipc-mmap advise file
	fails 2 ipc-mmap advise --willneed --dontneed file
	ipc-mmap advise --willneed file
	ipc-mmap sync file
	ipc-mmap advise --dontneed file
	case $(stat -f -c %T .) in
	ext*) [ "$(value RESIDENT file)" -lt 1048576 ] ;;
	esac
}

@test "ls lists what is mapped shared, once, and nothing else; HOLDERS tells by whom" {
	file
	: >unmapped
	mapped file
	first=$!
	others+=("$first")
	mapped file
	second=$!
	[ "$(ipc-mmap ls -q -r --noheadings -o ADDRESS,SIZE | grep -F "$PWD/")" = "$PWD/file 64" ]
	run ! grep -E '\.so|gconv|/dev/' <(ipc-mmap ls -q -r --noheadings -o ADDRESS)
	ipc-mmap ls -q -J -o ADDRESS,TYPE,HOLDERS | jq -s -e --arg path "$PWD/file" \
		'map(select(.address == $path)) | length == 1 and .[0].type == "mmap" and (.[0].holders | length) == 2'
	[ "$(value STATE file 2>/dev/null)" = in-use ]
	kill -9 "$first" "$second"
	within 10 ended "$second"
	within 10 ended "$first"
	run ! grep -F "$PWD/" <(ipc-mmap ls -q -r --noheadings -o ADDRESS)
}

@test "ls lists files whose names look like what the kernel tells of others" {
	for name in 'file (deleted)' 'a\012b' $'a\nb'; do
		head -c 64 /dev/zero >"$name"
		mapped "$name"
		pid=$!
		ipc-mmap ls -q -J -o ADDRESS >listed
		jq -s -e --arg path "$PWD/$name" 'map(select(.address == $path)) | length == 1' listed
		rm "$name"
		ipc-mmap ls -q -r --noheadings -o ADDRESS >listed
		run ! grep -F "$PWD/" listed
		killed "$pid"
	done
}

@test "ls lists a file although others have, or had, another of that path mapped" {
	as_root
	unshare -m true || skip "no mount namespace can be had"
	ipc-mmap create -s 64 file >/dev/null
	python='import mmap, sys, time
with open("file", "r+b") as file:
    memory = mmap.mmap(file.fileno(), 0)
print("ready", flush=True)
time.sleep(60)'
	python3 -c 'import mmap' 2>/dev/null || skip "no Python here"
	here=$PWD
	# shellcheck disable=SC2016
	for i in 1 2; do
		unshare -m sh -c 'mount -t tmpfs tmpfs "$1" && cd "$1" &&
			for n in $(seq "$3"); do : >$n; done; head -c 64 /dev/zero >file; exec python3 -c "$2"' \
			sh "$here" "$python" $i >ready$i 3>&- &
		others+=($!)
	done
	within 20 grep -q ready ready1
	within 20 grep -q ready ready2
	python3 -c "$python" >ready3 3>&- &
	others+=($!)
	within 20 grep -q ready ready3
	[ "$(ipc-mmap ls -q -r --noheadings -o ADDRESS | grep -cFx "$here/file")" = 1 ]
	kill -9 $!
	within 10 ended $!
	run ! grep -Fx "$here/file" <(ipc-mmap ls -q -r --noheadings -o ADDRESS)
}

@test "root does not write to another user's file, unless told to" {
	as_root
	chmod 777 .
	as_user 65534 ipc-mmap create -s 64 -m 0666 file
	fails 7 ipc-mmap write file data
	fails 7 ipc-mmap create -s 64 file
	ipc-mmap write --trust-owner=65534 file data
	[ "$(ipc-mmap read -N 4 file)" = data ]
}

@test "a file goes with the process that it belongs to, wherever that was said" {
	mkdir 'a b'
	sleep 1000 3>&- &
	owner=$!
	(cd 'a b' && ipc-mmap create -s 64 --until-exit="$owner" $'x\ny%' >/dev/null)
	file
	ipc-mmap set --until-exit="$owner" "$PWD/file"
	ipc-mmap create -s 64 --until-exit="$owner" other >/dev/null
	ipc-mmap set --until-exit=never other
	[ "$(value OWNER_PID file 2>/dev/null)" = "$owner" ]
	ipc-mmap write --atomic file new
	[ "$(value OWNER_PID file 2>/dev/null)" = "$owner" ]
	kill -9 "$owner"
	within 10 [ ! -e file ]
	within 10 [ ! -e $'a b/x\ny%' ]
	[ -e other ]
}
