#!/usr/bin/env bats
# ipc-shm-word.bats - counters, and waiting for what others write
# shellcheck disable=SC2154  # bats and helper.bash set them

load helper
# shellcheck disable=SC2034  # of helper.bash
program=ipc-shm

object() {
	ipc-shm create -s 64 "$NAME" >/dev/null
}

# waits [OPTION]... ADDRESS: ipc-shm wait sleeps in the background, $!
waits() {
	ipc-shm wait "$@" 3>&- &
	within 10 asleep $!
}

# cpu PID: clock ticks that it has used
cpu() {
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

@test "add counts, from any offset that 8 divides, and prints what the word is then" {
	object
	[ "$(ipc-shm add "$NAME")" = 1 ]
	[ "$(ipc-shm add "$NAME" 41)" = 42 ]
	[ "$(ipc-shm add "$NAME" -2)" = 40 ]
	[ "$(ipc-shm add "$NAME" 0)" = 40 ]
	[ "$(ipc-shm add "$NAME" 1 2 3)" = 46 ]
	[ "$(ipc-shm add -O 56 "$NAME" -1)" = 18446744073709551615 ]
	[ "$(ipc-shm add -O 56 "$NAME" +2)" = 1 ]
	[ "$(ipc-shm add -O 8 "$NAME" 18446744073709551615)" = 18446744073709551615 ]
	fails_with 2 "ipc-shm: a word of '$NAME' cannot stand at offset 4: 8 does not divide it" ipc-shm add -O 4 "$NAME"
	fails_with 6 "ipc-shm: cannot use the word at offset 64 of '$NAME': it has 64 bytes" ipc-shm add -O 64 "$NAME"
	for word in '' x 1x 18446744073709551616 --1 ' 1'; do
		fails_with 2 "ipc-shm: '$word' is not a number, with or without a sign" ipc-shm add "$NAME" "$word"
	done
}

@test "add that could not print what the word is then leaves it alone" {
	object
	# shellcheck disable=SC2016
	fails_with 1 "ipc-shm: cannot write to standard output: Bad file descriptor" sh -c 'ipc-shm add "$1" >&-' sh "$NAME"
	[ "$(ipc-shm add "$NAME" 0)" = 0 ]
}

@test "a word has the byte order of the machine" {
	object
	ipc-shm add -O 8 "$NAME" 258
	[ "$(ipc-shm read -O 8 -N 8 "$NAME" | od -An -tu8 | xargs)" = 258 ]
}

@test "set --value sets a word, and with --expect only from what it was" {
	object
	ipc-shm set --value 5 -O 8 "$NAME"
	[ "$(ipc-shm add -O 8 "$NAME" 0)" = 5 ]
	ipc-shm set --expect 5 --value 18446744073709551615 -O 8 "$NAME"
	fails_with 7 "ipc-shm: cannot set the word at offset 8 of '$NAME': it is 18446744073709551615, not 5" \
		ipc-shm set --expect 5 --value 6 -O 8 "$NAME"
	fails_with 2 "ipc-shm: option '--expect' needs --value" ipc-shm set --expect 5 "$NAME"
	fails_with 2 "ipc-shm: option '--offset' needs --value" ipc-shm set -m 600 -O 8 "$NAME"
	fails 2 ipc-shm set --value -1 "$NAME"
}

@test "set --value with --expect of what the word is not changes nothing else" {
	object
	fails_with 7 "ipc-shm: cannot set the word at offset 0 of '$NAME': it is 0, not 5" \
		ipc-shm set -m 0640 --expect 5 --value 6 "$NAME"
	[ "$(value MODE "$NAME")" = 0600 ]
	ipc-shm set -m 0640 --expect 0 --value 6 "$NAME"
	[ "$(value MODE "$NAME") $(ipc-shm add "$NAME" 0)" = "0640 6" ]
}

@test "8 processes add at once, and none is lost" {
	object
	for _ in 1 2 3 4 5 6 7 8; do
		for _ in {1..25}; do ipc-shm add "$NAME" >/dev/null; done 3>&- &
	done
	wait
	[ "$(ipc-shm add "$NAME" 0)" = 200 ]
}

@test "a C program with <stdatomic.h> adds at the same time, and none is lost" {
	object
	q=$(ipc-shm create -s 64 private) && segments "$q"
	for object in "$NAME" "$q"; do
		"$peer" count "$object" 1000000 3>&- &
		while kill -0 $! 2>/dev/null; do ipc-shm add "$object" >>added; done
		wait $!
		[ "$(ipc-shm add "$object" 0)" = $((1000000 + $(wc -l <added))) ]
		rm added
	done
}

@test "compare-and-swap lets one of many win" {
	object
	for i in 1 2 3 4 5 6 7 8; do
		ipc-shm set -q --expect 0 --value "$i" "$NAME" 3>&- && echo "$i" >>won &
	done
	wait
	[ "$(cat won)" = "$(ipc-shm add "$NAME" 0)" ]
}

@test "wait --value ends at once, by add, by set and by write, and uses no CPU before" {
	object
	ipc-shm wait --value 0 "$NAME"
	waits --value 3 "$NAME"
	before=$(cpu $!)
	ipc-shm add "$NAME"
	within 10 asleep $!
	[ $(($(cpu $!) - before)) -le 1 ]
	ipc-shm add "$NAME" 2
	ends_with 0 $!
	waits --value 4294967299 "$NAME"
	ipc-shm add "$NAME" 4294967296
	ends_with 0 $!
	waits -O 8 --value 10 --at-least "$NAME"
	ipc-shm set -O 8 --value 9 "$NAME"
	ipc-shm set -O 8 --value 11 "$NAME"
	ends_with 0 $!
	waits -O 16 --value 1 "$NAME"
	ipc-shm add -O 24 "$NAME" >/dev/null
	ipc-shm read -O 24 -N 8 "$NAME" | ipc-shm write -O 16 "$NAME"
	ends_with 0 $!
}

@test "wait --value notices in time what a foreign program stores" {
	python3 -c 'import mmap' 2>/dev/null || skip "no Python here"
	object
	waits --value 1 "$NAME"
	python3 -c 'import mmap, sys
with open("/dev/shm" + sys.argv[1], "r+b") as file:
    mmap.mmap(file.fileno(), 0)[0:8] = (1).to_bytes(8, sys.byteorder)' "$NAME"
	ends_with 0 $!
}

@test "wait --value where no call lets it sleep on a word looks often, and does not spin" {
	command -v strace >/dev/null || skip "no strace here"
	object
	for which in 449 449,futex; do # futex_waitv(2)
		run -124 env ASAN_OPTIONS=detect_leaks=0 strace -o trace -e trace="$which" -e inject="$which:error=EPERM" \
			ipc-shm wait -q -w 300ms --value 1 "$NAME"
		looks=$(grep -c '(INJECTED)' trace)
		[ "$looks" -gt 0 ] && [ "$looks" -lt 100 ]
	done
}

@test "wait -n and -w have their statuses" {
	object
	fails_with 75 "ipc-shm: cannot wait for '$NAME': the word is 0" ipc-shm wait -n --value 1 "$NAME"
	fails_with 124 "ipc-shm: cannot wait for '$NAME': the word is 0 after 0.01 s" ipc-shm wait -w 10ms --value 1 "$NAME"
	fails_with 75 "ipc-shm: cannot wait for '$NAME': nothing has changed" ipc-shm wait -n "$NAME"
	fails_with 124 "ipc-shm: cannot wait for '$NAME': nothing has changed after 0.01 s" ipc-shm wait -w 10ms --changed "$NAME"
	fails_with 2 "ipc-shm: only one of --value and --changed can be" ipc-shm wait --value 1 --changed "$NAME"
	fails_with 2 "ipc-shm: option '--at-least' needs --value" ipc-shm wait --at-least "$NAME"
}

@test "wait --changed ends by write, add, set, resize and by a foreign write" {
	object
	for change in "ipc-shm write $NAME x" "ipc-shm add $NAME" "ipc-shm set --value 3 $NAME" \
		"ipc-shm set -m 640 $NAME" "ipc-shm resize -s 65 $NAME" "dd if=/dev/zero of=/dev/shm$NAME count=1 status=none"; do
		waits --changed "$NAME"
		$change
		ends_with 0 $!
	done
}

@test "a wait for an object that is removed ends with 3" {
	object
	waits --value 1 "$NAME"
	first=$!
	waits "$NAME"
	ipc-shm rm "$NAME"
	ends_with 3 $!
	ends_with 3 "$first"
}

@test "an object that becomes too short is an error, and no signal" {
	object
	waits --value 1 "$NAME"
	ipc-shm resize -s 4 "$NAME"	# of the same page
	ends_with 1 $!
	ipc-shm resize -s 64 "$NAME"
	waits --value 1 "$NAME"
	ipc-shm resize -s 0 "$NAME"
	ends_with 1 $!
	fails_with 6 "ipc-shm: cannot use the word at offset 0 of '$NAME': it has 0 bytes" ipc-shm add "$NAME"
}

@test "add in a sparse object in a full /dev/shm is an error, and no signal" {
	as_root
	unshare -m sh -c 'mount -t tmpfs -o size=1m tmpfs /dev/shm' || skip "nothing can be mounted"
	# shellcheck disable=SC2016
	fails 6 unshare -m sh -c 'mount -t tmpfs -o size=1m tmpfs /dev/shm
		ipc-shm create -s 2M --sparse /a >/dev/null; head -c 1M /dev/zero >/dev/shm/b
		ipc-shm add -O 1048576 /a'
	[[ $stderr == *"No space left on device"* ]]
}

@test "wait only reads: a hole is 0, also where there is no room in /dev/shm" {
	as_root
	unshare -m sh -c 'mount -t tmpfs -o size=1m tmpfs /dev/shm' || skip "nothing can be mounted"
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount -t tmpfs -o size=1m tmpfs /dev/shm
		ipc-shm create -s 2M --sparse /a >/dev/null; head -c 1M /dev/zero >/dev/shm/b
		ipc-shm wait -n --value 0 -O 1048576 /a || exit
		ipc-shm wait -w 1 --value 1 -O 1048576 /a; echo "$?" >status; times >times' 2>said
	[ "$(cat status)" = 124 ]
	grep -q "cannot wait for '/a': the word is 0 after 1 s" said
	awk 'NR == 2 { split($2, part, /[ms]/); exit !(part[2] < 0.5) }' times
}

@test "a message names what was asked for, and not how it was tried" {
	none=": No such file or directory"
	fails_with 3 "ipc-shm: cannot wait for '$NAME'$none" ipc-shm wait "$NAME"
	fails_with 3 "ipc-shm: cannot wait for '$NAME'$none" ipc-shm wait --value 1 "$NAME"
	fails_with 3 "ipc-shm: cannot add to '$NAME'$none" ipc-shm add "$NAME"
	fails_with 3 "ipc-shm: cannot set a word of '$NAME'$none" ipc-shm set --value 1 "$NAME"
	fails_with 3 "ipc-shm: cannot resize '$NAME'$none" ipc-shm resize -s 1 "$NAME"
	fails_with 3 "ipc-shm: cannot read '$NAME'$none" ipc-shm read "$NAME"
	fails_with 3 "ipc-shm: cannot wait for '$BYKEY'$none" ipc-shm wait --value 1 "$BYKEY"
	fails_with 3 "ipc-mmap: cannot sync 'none'$none" ipc-mmap sync none
	fails_with 3 "ipc-mmap: cannot advise 'none'$none" ipc-mmap advise --willneed none
}

@test "words of System V segments are the same; there is no wait for any change" {
	q=$(ipc-shm create -s 64 private) && segments "$q"
	[ "$(ipc-shm add "$q" 5)" = 5 ]
	waits --value 7 "$q"
	ipc-shm add "$q" 2
	ends_with 0 $!
	waits -O 8 --value 7 "$q"
	ipc-shm read -N 8 "$q" | ipc-shm write -O 8 "$q"
	ends_with 0 $!
	waits --value 9 "$q"
	ipc-shm rm "$q"
	ends_with 3 $!
	q=$(ipc-shm create -s 64 private) && segments "$q"
	fails_with 7 "ipc-shm: cannot wait for a change of '$q': nothing tells of one in a System V segment, but of a word (--value)" \
		ipc-shm wait "$q"
}

@test "words of files are the same" {
	ipc-mmap create -s 8 file >/dev/null
	[ "$(ipc-mmap add file 5)" = 5 ]
	ipc-mmap wait --value 7 file 3>&- &
	within 10 asleep $!
	ipc-mmap add file 2
	ends_with 0 $!
}

@test "who may only read can wait; who may not write cannot add" {
	as_root
	object
	ipc-shm set -m 0644 "$NAME"
	as_user 65534 ipc-shm wait -n --value 0 "$NAME"
	run -5 as_user 65534 ipc-shm add "$NAME"
	as_user 65534 ipc-shm create -s 64 "$NAME-2"
	fails 7 ipc-shm add "$NAME-2"
	fails 7 ipc-shm set --value 1 "$NAME-2"
	[ "$(ipc-shm add --trust-owner=65534 "$NAME-2")" = 1 ]
	ipc-shm set --value 1 --trust-owner=65534 "$NAME-2"
}

@test "without /proc nothing is said not to be there that is" {
	as_root
	! grep -q __asan_init "$(command -v ipc-shm)" || skip "sanitizers want it, too"
	unshare -m umount -l /proc || skip "nothing can be unmounted"
	object
	# shellcheck disable=SC2016
	unshare -m bash -c 'umount -l /proc; ipc-shm wait -n "$1"; echo $?; ipc-shm set -m 640 "$1"; echo $?
		ipc-shm wait -n --value 0 "$1" && ipc-shm add "$1" && ipc-shm write --atomic "$1" new && ipc-shm read "$1"' \
		bash "$NAME" >said 2>&1
	[ "$(cat said)" = "ipc-shm: cannot wait for '$NAME': /proc is not there
1
ipc-shm: cannot change the mode of '$NAME': /proc is not there
1
1
new" ]
}
