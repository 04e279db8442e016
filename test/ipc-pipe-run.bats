#!/usr/bin/env bats
# ipc-pipe-run.bats - ipc-pipe run: commands joined by pipes
# shellcheck disable=SC2016,SC2030,SC2031,SC2154  # bats and helper.bash set them

load helper

# alive FILE: one of the processes whose ids are in the file lives
alive() {
	local pid
	while read -r pid; do
		! ended "$pid" || continue
		return 0
	done <"$1"
	return 1
}

none_alive() {
	! alive "$1"
}

# sanitized: the program takes memory of its own, as much as it likes
sanitized() {
	grep -q __asan_init "$(command -v ipc-pipe)"
}

# lines COUNT FILE: it has so many by now
lines() {
	[ -e "$2" ] && [ "$(wc -l <"$2")" -ge "$1" ]
}

@test "run joins shell commands, from its standard input to its standard output" {
	[ "$(printf 'b\na\nb\n' | ipc-pipe run 'sort' 'uniq -c' 'tr -d " "')" = $'1a\n2b' ]
	[ "$(ipc-pipe run 'echo alone')" = alone ]
	[ "$(ipc-pipe run 'for i in 1 2; do echo $i; done' 'while read -r n; do echo "<$n>"; done')" = $'<1>\n<2>' ]
	head -c 3000000 /dev/urandom >data
	ipc-pipe run -s 1M 'cat data' 'cat' 'cat >out'
	cmp data out
}

@test "the status is that of the last that failed, as with pipefail" {
	ipc-pipe run true true
	run -3 ipc-pipe run 'exit 3' true
	run -4 ipc-pipe run 'exit 3' 'exit 4' true
	run -137 ipc-pipe run 'exit 3' 'kill -9 $$' true
	run -127 ipc-pipe run 'no-such-command 2>/dev/null'
	run -141 ipc-pipe run yes 'head -n 1'
	run -127 ipc-pipe run true '-no-such-command 2>/dev/null'
}

@test "--status tells how each ended; their names can do no harm" {
	run -1 --separate-stderr ipc-pipe run --status 'exit 0' 'kill -TERM $$' false
	[ "$stderr" = "ipc-pipe: status 0: 'exit 0'
ipc-pipe: status 143: 'kill -TERM \$\$': Terminated
ipc-pipe: status 1: 'false'" ]
	run -0 --separate-stderr ipc-pipe run --status $': \e[31m\n:'
	[[ $stderr != *$'\e'* ]] && [ ${#stderr_lines[@]} -eq 1 ]
}

@test "wrong usage is 2, our own failure 125 with the limit named" {
	fails_with 2 "ipc-pipe: 'run' needs COMMAND..." ipc-pipe run
	fails_with 2 "ipc-pipe: option '--duplex' needs two commands" ipc-pipe run --duplex cat
	fails_with 2 'ipc-pipe: a buffer of 0 bytes holds nothing' ipc-pipe run --buffer 0 cat cat
	run -125 --separate-stderr ipc-pipe run -s 3G cat cat
	[[ $stderr == *'no pipe holds more than 2147483648' ]]
	for most in 6 7 8 9 10 11 12; do	# in a pipe, or in the start of a command
		run -125 --separate-stderr few_descriptors "$most" ipc-pipe run cat cat cat cat cat cat cat cat cat cat </dev/null
		[[ $stderr == "ipc-pipe: cannot "*": all $most descriptors that RLIMIT_NOFILE (ulimit -n) allows are in use" ]]
	done
	user=()
	[ "$(id -u)" -ne 0 ] || user=(as_user 64997)	# root has no such limit
	# The leak sanitizer would need a process of its own.
	ASAN_OPTIONS=detect_leaks=0 run -125 --separate-stderr "${user[@]}" "$(command -v prlimit)" --nproc=1 ipc-pipe run true
	[[ $stderr == "ipc-pipe: cannot run 'true': the limit of processes is reached: RLIMIT_NPROC (ulimit -u) allows a user 1,"* ]]
	! sanitized || return 0
	run -125 --separate-stderr bash -c 'ulimit -v 400000; ipc-pipe run --buffer 1T cat cat' </dev/null
	[[ $stderr == *'make a buffer of 1099511627776 bytes'* ]]
}

@test "--size: the pipes hold that" {
	run ipc-pipe run -s 256K 'exec 5>&1; ipc-pipe inspect -q -r --noheadings -o CAPACITY fd:5 >&2' cat
	[ "$output" = 262144 ]
}

@test "--duplex: two processes, a megabyte each way before either reads" {
	most=$(cat /proc/sys/fs/pipe-max-size)
	[ "$most" -ge 1048576 ] || skip 'the system allows no such pipes'
	talk='head -c 1048576 /dev/zero; head -c 1048576 | wc -c >&2'
	run timeout 30 ipc-pipe run --duplex "$talk" "$talk"
	[ "$status" -eq 0 ]
	[ "$output" = $'1048576\n1048576' ]
}

@test "--duplex --buffer: for those who need more, as much as it holds and not more" {
	talk='head -c 20000000 /dev/zero; head -c 20000000 | cksum >&2'
	run timeout 60 ipc-pipe run --duplex --buffer 32M "$talk" "$talk"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "$(head -c 20000000 /dev/zero | cksum)" ] && [ "${lines[1]}" = "${lines[0]}" ]
	run -124 timeout 1 ipc-pipe run --duplex --buffer 1M "$talk" "$talk"
}

@test "--buffer: the writer is held back only when it is full, and memory is bounded" {
	mkfifo go
	ipc-pipe run --buffer 8M 'head -c 7000000 /dev/zero; echo done >written' 'read -r x <go; wc -c >out' 3>&- &
	within 10 test -e written
	[ ! -s out ]
	echo >go
	ends_with 0 $!
	[ "$(cat out)" -eq 7000000 ]
	head -c 50000000 /dev/urandom >data
	ipc-pipe run --buffer 100K 'cat data' 'cat' 'cat >out'
	cmp data out
	rm -f written
	ipc-pipe run --buffer 1M 'head -c 9000000 /dev/zero; echo done >written' 'read -r x <go; wc -c >out' 3>&- &
	within 20 asleep $!
	sleep 0.3
	[ ! -e written ]
	sanitized || [ "$(awk '/^RssAnon/ { print $2 }' "/proc/$!/status")" -lt 4096 ]
	before=$(awk '{ print $14 + $15 }' "/proc/$!/stat")	# it does not spin
	sleep 0.5
	[ $(($(awk '{ print $14 + $15 }' "/proc/$!/stat") - before)) -le 2 ]
	echo >go
	ends_with 0 $!
}

@test "what a buffer still has when all have ended comes to who reads it" {
	mkfifo pid
	timeout 20 ipc-pipe run --buffer 1M 'echo $$ >pid; exec head -c 500000 /dev/zero' 'read -r first <pid
		exec 5<&0
		(while [ -e pid ] && { kill -0 $$ || kill -0 $first; }; do :; done; wc -c <&5 >out) 2>/dev/null &'
	within 20 test -s out
	[ "$(cat out)" -eq 500000 ]
}

@test "the end of the reader comes to the writer through a buffer, too" {
	run -141 timeout 20 ipc-pipe run --buffer 1M yes 'head -n 1'
	[ "$output" = y ]
}

@test "--progress tells on a terminal how much came through" {
	run --separate-stderr ipc-pipe run --progress -v 'head -c 1000000 /dev/zero; sleep 1.3' 'wc -c'
	[ "$output" = 1000000 ]
	[[ $stderr == *KiB* ]]
	run --separate-stderr ipc-pipe run --progress 'head -c 1000 /dev/zero' 'wc -c'
	[ -z "$stderr" ]
}

@test "commands get what the caller gave: no descriptor of ours, its mask, what it ignores" {
	exec 8</dev/null
	cat >look <<'SCRIPT'
for fd in /proc/self/fd/*; do [ "$(readlink "$fd")" = "/proc/$$/fd" ] || echo "${fd##*/}"; done
grep -E '^Sig(Blk|Ign)' /proc/self/status
SCRIPT
	for ignored in '' 'trap "" PIPE;' 'trap "" HUP XFSZ;'; do
		bash -c "$ignored"' sh ./look | cat' >direct 3>&-
		for option in '' --duplex '--buffer 1M' --progress; do
			# shellcheck disable=SC2086
			second="cat"
			[ "$option" != --duplex ] || second='cat >&9'
			bash -c "$ignored ipc-pipe run $option 'sh ./look 9>&-' '$second'" >ours 9>duplex 3>&-
			[ "$option" != --duplex ] || mv duplex ours
			diff <(grep -v '^9$' direct) <(grep -v '^9$' ours)
		done
	done
}

@test "TERM and HUP sent to it reach every command, once each" {
	for signal in TERM HUP; do
		rm -f got pids
		ipc-pipe run 'trap "echo 1 >>got; exit 5" TERM HUP; echo >>pids; while [ -e pids ]; do sleep 0.05; done' \
			'trap "echo 2 >>got; exit 6" TERM HUP; echo >>pids; while [ -e pids ]; do sleep 0.05; done' 3>&- &
		within 10 lines 2 pids
		kill -"$signal" $!
		ends_with 6 $!
		[ "$(sort got | xargs)" = '1 2' ]
	done
	rm -f pids
	ipc-pipe run 'echo $$ >>pids; exec sleep 60' 'echo $$ >>pids; exec sleep 60' 3>&- &
	within 10 lines 2 pids
	kill -TERM $!
	ends_with 143 $!
	none_alive pids
}

@test "TERM sent to its whole process group ends it and every command, who may know it twice" {
	setsid ipc-pipe run 'trap "echo 1 >>got; exit 5" TERM; echo >>pids; while :; do sleep 0.05; done' \
		'echo >>pids; exec sleep 60' 3>&- &
	within 10 lines 2 pids
	kill -TERM -- -$!
	ends_with 143 $!
	[ "$(sort -u got)" = 1 ]
}

@test "INT from the terminal reaches each once, and ends it and all of them" {
	cat >counts <<'SCRIPT'
trap 'echo "$1" >>got; [ -z "$late" ] || exit 9; late=1' INT
echo >>pids
for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; [ -z "$late" ] || sleep 0.3; done
trap - INT
kill -INT $$
SCRIPT
	(within 10 lines 2 pids && printf '\003') |
		script -qec 'ipc-pipe run "sh counts 1" "sh counts 2"; echo "status $?"' /dev/null >log 3>&- || :
	[ "$(sort got | xargs)" = '1 2' ]
}

@test "kill -9 of ipc-pipe leaves none of them hanging" {
	for option in '' --duplex '--buffer 1M'; do
		: >pids
		# shellcheck disable=SC2086
		ipc-pipe run $option 'echo $$ >>pids; exec sleep 100' 'echo $$ >>pids; trap "" TERM HUP; exec sleep 100' 3>&- &
		within 10 lines 2 pids
		kill -9 $!
		within 10 none_alive pids
	done
	# What a shell has started is not killed with it, and sees the end of its input.
	: >pids
	ipc-pipe run --duplex 'sh -c "echo \$\$ >>pids; exec cat"; :' 'sh -c "echo \$\$ >>pids; exec cat"; :' 3>&- &
	within 10 lines 2 pids
	kill -9 $!
	within 10 none_alive pids
}

@test "what the terminal stops is stopped with all of its commands, and goes on" {
	mkfifo f
	ipc-fifo write f said 3>&- &
	for command in 'ipc-pipe run "echo said" cat' 'ipc-fifo read -l f -- cat'; do
		run on_terminal "stty tostop; $command & until [ -n \"\$(jobs -s)\" ]; do [ \$SECONDS -lt 20 ] || exit; done; fg; echo \"ended with \$?\""
		[[ $output == *said*"ended with 0"* ]]
	done
}

@test "the end of the terminal reaches all of them, also where ipc-pipe is first in its session" {
	script -qec "exec ipc-pipe run 'echo \$\$ >>pids; exec sleep 100' 'echo \$\$ >>pids; exec sleep 100'" \
		/dev/null </dev/null >/dev/null 2>&1 3>&- &
	within 10 lines 2 pids
	kill -9 $!
	within 10 none_alive pids
}

@test "closed standard output and input are those of the commands" {
	run ! bash -c 'ipc-pipe run "echo data" cat >&- 2>err'
	[ -s err ]
	[ "$(ipc-pipe run 'cat; echo end' cat <&- 2>/dev/null)" = end ]
}

@test "it runs also where the caller ignores SIGCHLD" {
	run -3 env --ignore-signal=CHLD ipc-pipe run 'exit 3' true
}
