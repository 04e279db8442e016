#!/usr/bin/env bats
# ipc-pipe.bats - pipes without a name: kept, read and written, looked at, removed
# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2016  # bats and helper.bash set them

load helper
program=ipc-pipe

# pipe [OPTION]...: makes the pipe of the test, $pipe, which goes with this shell at last
pipe() {
	pipe=$(ipc-pipe create --until-exit $$ "$@")
}

# queued BYTES: so many are in the pipe of the test
queued() {
	[ "$(value QUEUED "$pipe")" = "$1" ]
}

# waiting READERS WRITERS: so many sleep for bytes, and for room
waiting() {
	[ "$(value READERS_WAITING,WRITERS_WAITING "$pipe" 2>/dev/null)" = "$1 $2" ]
}

@test "create prints PID/FD of a process that keeps a pipe, and has nothing else" {
	run --separate-stderr ipc-pipe create
	pipe=$output pid=${output%/*} fd=${output#*/}
	[ "$status" -eq 0 ] && [ -z "$stderr" ]
	[[ $pipe =~ ^[0-9]+/[0-9]+$ ]]
	[[ $(readlink "/proc/$pid/fd/$fd") == pipe:* ]]
	[ "$(readlink "/proc/$pid/cwd")" = / ]
	[ "$(ps -o comm= -p "$pid")" = ipc-pipe ]
	[[ $(ps -o args= -p "$pid") == 'ipc-pipe: keeps the pipe inode:'* ]]
	# The end to read from, its note, and /dev/null three times.
	[ "$(for f in /proc/"$pid"/fd/*; do readlink "$f"; done | sed 's/[0-9]*[0-9].*//' | sort | uniq -c | tr -s ' ')" = \
		' 3 /dev/null
 1 /memfd:ipc-pipe (deleted)
 1 pipe:[' ]
	kill -HUP "$pid" && kill -INT "$pid" && kill -QUIT "$pid"
	ipc-pipe write "$pipe" alive
	[ "$(ipc-pipe read "$pipe")" = alive ]
	ipc-pipe rm "$pipe"
	within 20 ended "$pid"
	gone "$pipe"
}

@test "a pipe between unrelated scripts: its end of file is that of the last writer" {
	pipe --keep-open
	setsid sh -c 'for i in 1 2 3; do ipc-pipe write "$0" "line $i
"; done' "$pipe" 3>&- &
	[ "$(timeout 10 ipc-pipe read -l -c 3 "$pipe")" = $'line 1\nline 2\nline 3' ]
	ends_with 0 $!
	ipc-pipe rm "$pipe"
	pipe
	ipc-pipe write "$pipe" <<<one 3>&- &
	ipc-pipe write "$pipe" <<<two 3>&-
	wait $!
	[ "$(ipc-pipe read "$pipe" | sort | xargs)" = 'one two' ]
}

@test "who reads before there is any writer waits for one, and no longer than -w" {
	pipe
	ipc-pipe read "$pipe" >out 3>&- &
	within 20 asleep $!
	ipc-pipe write "$pipe" late
	ends_with 0 $!
	[ "$(cat out)" = late ]
	fails_with 124 "ipc-pipe: cannot read '$pipe': nobody wrote to it for 0.1 s" ipc-pipe read -w 0.1 "$pipe"
	fails_with 75 "ipc-pipe: cannot read '$pipe': it is empty, and nobody has it open to write" ipc-pipe read -n "$pipe"
}

@test "--keep-open: readers see no end; kill ends the holder" {
	pipe --keep-open
	ipc-pipe write "$pipe" data
	run -124 ipc-pipe read -w 0.2 "$pipe"
	[[ $output == data* ]]
	[[ $(value WRITERS "$pipe") == "${pipe%/*}/"*":ipc-pipe" ]]
	kill "${pipe%/*}"
	within 20 ended "${pipe%/*}"
}

@test "--until-exit: the holder ends with the process, and inspect tells which" {
	sleep 60 3>&- &
	pipe=$(ipc-pipe create --until-exit $!)
	[ "$(value OWNER_PID "$pipe")" = $! ]
	[[ $(ps -o args= -p "${pipe%/*}") == *"until process $! ends" ]]
	kill $!
	within 20 ended "${pipe%/*}"
	fails_with 3 "ipc-pipe: cannot watch process '$!': it has ended" ipc-pipe create --until-exit $! ||
		fails_with 3 "ipc-pipe: cannot watch process '$!': there is no such process" ipc-pipe create --until-exit $!
}

@test "create --size: rounded up by the kernel, and limits are named" {
	pipe -s 5000
	[ "$(value CAPACITY "$pipe")" = 8192 ]
	run -6 --separate-stderr ipc-pipe create -s 3G
	[[ $stderr == "ipc-pipe: cannot resize 'the new pipe' to 3221225472 bytes: no pipe holds more than 2147483648" ]]
	most=$(cat /proc/sys/fs/pipe-max-size)
	run -6 --separate-stderr "${powerless[@]}" ipc-pipe create -s $((most * 2))
	[ "$stderr" = "ipc-pipe: cannot resize 'the new pipe' to $((most * 2)) bytes: /proc/sys/fs/pipe-max-size allows $most without CAP_SYS_RESOURCE" ]
}

@test "create into a closed or full standard output leaves no holder behind" {
	before=$(pgrep -cf 'ipc-pipe: keeps' || :)
	fails 1 bash -c 'ipc-pipe create >/dev/full'
	fails 1 bash -c 'ipc-pipe create >&-'
	still() { [ "$(pgrep -cf 'ipc-pipe: keeps' || :)" -le "$before" ]; }
	within 10 still
}

@test "resize changes what a pipe holds, and not below what is in it" {
	pipe
	ipc-pipe resize -s 1M "$pipe"
	[ "$(value CAPACITY "$pipe")" = 1048576 ]
	head -c 100000 /dev/zero | ipc-pipe write "$pipe"
	fails_with 7 "ipc-pipe: cannot resize '$pipe' to 4096 bytes: it has 100000 bytes in it, which need more room" \
		ipc-pipe resize -s 4096 "$pipe"
	fails_with 2 "ipc-pipe: 'resize' needs --size" ipc-pipe resize "$pipe"
	queued 100000
}

@test "rm ends what create made, and nothing else" {
	pipe
	inode=inode:$(value INODE "$pipe")
	exec {other}<> <(:)
	run -7 --separate-stderr ipc-pipe rm "$$/$other"
	[[ $stderr == *"process $$ is no holder that 'ipc-pipe create' made, and goes on" ]]
	run -7 --separate-stderr ipc-pipe rm "fd:$other"
	[[ $stderr == *"is a holder that 'ipc-pipe create' made" ]]
	kill -0 $$
	exec {other}<&-
	# One that only has the pipe is not its holder, whatever its name.
	bash -c 'exec -a ipc-pipe sleep 60' <"/proc/${pipe/\///fd/}" 3>&- &
	within 20 eval '[[ $(readlink /proc/$!/exe) != */bash ]]'
	run -7 ipc-pipe rm "$!/0"
	kill -0 $!
	ipc-pipe rm "$inode"
	within 20 ended "${pipe%/*}"
	kill $!
}

@test "rm ends a holder that is stopped, too" {
	pipe
	kill -STOP "${pipe%/*}"
	within 20 grep -q '^State:.T' "/proc/${pipe%/*}/status"
	ipc-pipe rm "$pipe"
	within 20 ended "${pipe%/*}"
}

@test "rm takes several addresses and goes on; -f: what is gone is no failure" {
	pipe
	first=$pipe
	pipe
	run -3 ipc-pipe rm "$first" "$first" "$pipe"
	within 20 ended "${pipe%/*}"
	ipc-pipe rm -f "$first" "$pipe"
	run -7 ipc-pipe rm -f "$$/0"
}

@test "what is no pipe is refused, and named; what cannot be an address is wrong usage" {
	exec {null}</dev/null
	for verb in inspect read write rm 'resize -s 4K'; do
		# shellcheck disable=SC2086
		run -7 --separate-stderr ipc-pipe ${verb%% *} ${verb#"${verb%% *}"} "$$/$null"
		[[ $stderr == *"'$$/$null': it is no pipe but '/dev/null'" ]]
	done
	run -3 --separate-stderr ipc-pipe inspect fd:77
	[ "$stderr" = "ipc-pipe: cannot inspect 'fd:77': descriptor 77 is not open" ]
	run -3 --separate-stderr ipc-pipe inspect "$$/777"
	[ "$stderr" = "ipc-pipe: cannot inspect '$$/777': process $$ has no descriptor of that number" ]
	run -3 --separate-stderr ipc-pipe inspect 2147483647/1
	[ "$stderr" = "ipc-pipe: cannot inspect '2147483647/1': there is no process 2147483647" ]
	run -3 ipc-pipe inspect inode:999999999999
	for wrong in '' x / 1/ /1 0/1 1/-1 1/1/1 99999999999/1 fd: fd:x fd:-1 inode: inode:0x1 inode:1.5 1/99999999999; do
		run -2 ipc-pipe inspect "$wrong"
	done
}

@test "fd:N is a descriptor of the caller, a FIFO as well, and is used as it is" {
	[ "$(printf abc | ipc-pipe read fd:0)" = abc ]
	[ "$(printf 'a\nb\n' | { ipc-pipe read -l -c 1 fd:0 >&2; cat; })" = b ]
	[ "$(ipc-pipe write fd:1 data | cat)" = data ]
	mkfifo fifo
	exec {both}<>fifo
	ipc-pipe write "fd:$both" x
	[ "$(value TYPE,QUEUED "fd:$both")" = 'fifo 1' ]
	run -124 ipc-pipe read -w 0.1 "fd:$both"
	exec {both}>&-
	run -1 --separate-stderr ipc-pipe write fd:0 x < <(:)
	[ "$stderr" = "ipc-pipe: cannot write to 'fd:0': that descriptor is open to read alone" ]
	run -1 --separate-stderr bash -c 'ipc-pipe read fd:1 | cat; exit "${PIPESTATUS[0]}"'
	[ "$stderr" = "ipc-pipe: cannot read 'fd:1': that descriptor is open to write alone" ]
}

@test "-N takes not a byte more than asked for, and tells when there were fewer" {
	[ "$(printf abcdef | { ipc-pipe read -N 2 fd:0; echo; cat; })" = $'ab\ncdef' ]
	run -1 bash -c 'printf abc | ipc-pipe read -N 5 fd:0'
	[[ $output == abc* ]]
}

@test "inspect tells who has which end, what is in it, and who waits; and takes nothing" {
	pipe
	ipc-pipe write "$pipe" hello
	[ "$(value ADDRESS,TYPE,STATE,QUEUED,CAPACITY "$pipe")" = "$pipe pipe in-use 5 65536" ]
	[ "$(value READERS "$pipe")" = "${pipe}:read:ipc-pipe" ]
	[ "$(value WRITERS "$pipe")" = - ]
	[ "$(value INODE "$pipe")" = "$(stat -L -c %i "/proc/${pipe/\///fd/}")" ]
	[ "$(value QUEUED "inode:$(value INODE "$pipe")")" = 5 ]
	ipc-pipe stat -J "$pipe" >json
	grep -q '"readers":\[{"pid":'"${pipe%/*}"',"command":"ipc-pipe","user":"[^"]*","access":"read","read_fd":'"${pipe#*/}"'}\]' json
	grep -q '"queued":5,"capacity":65536' json
	[ "$(ipc-pipe read "$pipe")" = hello ]
	exec {both}>"/proc/${pipe/\///fd/}"	# who waits has both ends
	cat <"/proc/${pipe/\///fd/}" >/dev/null 3>&- &
	exec {both}>&-
	within 10 waiting 1 0
	[[ $(value READERS "$pipe") == *"$!/0:both+blocked:cat"* ]]
	kill $!
	head -c 200000 /dev/zero >"/proc/${pipe/\///fd/}" 3>&- &
	within 10 waiting 0 1
	[[ $(value WRITERS "$pipe") == "$!/1:write+blocked:head" ]]
	queued 65536
}

@test "ls shows every pipe with both ends; --pid those of one process" {
	pipe
	inode=inode:$(value INODE "$pipe")
	exec {writer}>"/proc/${pipe/\///fd/}"
	ipc-pipe write "fd:$writer" abc
	run --separate-stderr ipc-pipe ls -r --noheadings -o ADDRESS,READERS,WRITERS,QUEUED,CAPACITY --pid "${pipe%/*}"
	[ "$status" -eq 0 ]
	[ "$output" = "$inode ${pipe}:read:ipc-pipe $BASHPID/$writer:write:bash 3 65536" ] ||
		[[ $output == "$inode ${pipe}:read:ipc-pipe "*"/$writer:write:bash"*" 3 65536" ]]
	ipc-pipe list -q -r --noheadings -o INODE | grep -qx "${inode#inode:}"
	ipc-pipe ls -q -J | grep -q "\"address\":\"$inode\",\"type\":\"pipe\",\"state\":\"in-use\""
	exec {writer}>&-
	ipc-pipe rm "$pipe"
	run ! bash -c "ipc-pipe ls -q -r --noheadings -o ADDRESS | grep -x '$inode'"
	fails_with 3 "ipc-pipe: cannot list the pipes of process '2147483647': there is no such process" \
		ipc-pipe ls --pid 2147483647
}

@test "names of commands cannot make lines or columns of their own" {
	pipe
	hostile=$'a\n\e[31m:b,c'
	cp "$(command -v sleep)" "$hostile"
	"./$hostile" 60 <"/proc/${pipe/\///fd/}" 3>&- &
	within 20 grep -q a "/proc/$!/comm"
	within 20 eval '[ "$(value READERS "$pipe" | wc -l)" -eq 1 ]'
	[[ $(value READERS "$pipe") == *"$!/0:read:a"*"[31m:b\\054c" ]]
	run ! grep -q $'\e' <(ipc-pipe inspect "$pipe"; ipc-pipe inspect -J "$pipe")
}

@test "a reader that is killed in mid-stream gives the writer a clear error, and status 1" {
	exec {end}> >(exec ipc-pipe read fd:0 >sink 3>&-)
	reader=$!
	ipc-pipe write "fd:$end" </dev/zero 2>err 3>&- &
	writer=$!
	exec {end}>&-
	within 20 test -s sink
	kill -9 "$reader"
	ends_with 1 "$writer"
	[[ $(cat err) == "ipc-pipe: cannot write to 'fd:"*"': its last reader has gone, after "*" bytes had been accepted" ]]
}

@test "a pipe that nobody reads any more is a failure at once" {
	exec {end}> >(:)
	within 20 ended $!
	run -1 --separate-stderr timeout 10 ipc-pipe write "fd:$end" x
	[ "$stderr" = "ipc-pipe: cannot write to 'fd:$end': nobody has it open to read" ]
	run -1 timeout 10 ipc-pipe write "$$/$end" x
	exec {end}>&-
}

@test "concurrent writers of 4096-byte lines are never mixed" {
	pipe
	exec {keeps}>"/proc/${pipe/\///fd/}"	# no end of file between them
	for c in a b c d; do
		yes "$(head -c 4095 /dev/zero | tr '\0' $c)" | head -n 300 | ipc-pipe write -l "$pipe" 3>&- {keeps}>&- &
	done
	exec {keeps}>&-
	ipc-pipe read "$pipe" >out
	[ "$(wc -l <out)" -eq 1200 ]
	[ "$(sort -u out | awk '{ print length, substr($0, 1, 1) }' | xargs)" = '4095 a 4095 b 4095 c 4095 d' ]
}

@test "a storm of signals that are handled loses and doubles nothing" {
	[ "$builddir/test/peer" -ef "$peer" ] || skip 'no peer'
	pipe
	head -c 20000000 /dev/urandom >data
	ASAN_OPTIONS=detect_leaks=0 timeout 60 bash -c 'ipc-pipe write "$0" <data & w=$!; ipc-pipe read "$0" >out & r=$!
		until [ -s out ]; do :; done	# both of them run
		for i in {1..3000}; do kill -CONT $w $r && kill -PIPE $w $r || break; done 2>/dev/null
		wait $w && wait $r' "$pipe" 3>&-
	cmp data out
}

@test "another user's pipes may be neither opened nor ended" {
	as_root
	pipe
	run -5 as_user 65534 ipc-pipe write "$pipe" x
	run -5 as_user 65534 ipc-pipe rm "$pipe"
	theirs=$(as_user 65534 "$(command -v bash)" -c 'ipc-pipe create')
	fails_with 7 "ipc-pipe: cannot write to '$theirs': it belongs to user 65534; --trust-owner=65534 allows it" ipc-pipe write "$theirs" x
	ipc-pipe write --trust-owner 65534 "$theirs" x
	[ "$(ipc-pipe read "$theirs")" = x ]
	ipc-pipe rm "$theirs"
}

@test "an ordinary user with pipe-user-pages-soft exhausted: small pipes work, larger ones are refused" {
	[ "$(cat /proc/sys/fs/pipe-user-pages-soft)" -le 16384 ] || skip 'the limit is too high'
	cat >fill.py <<'PYTHON'
import fcntl, os, subprocess, sys
most = int(open('/proc/sys/fs/pipe-max-size').read())
pipes = []
while True:
    try:
        ends = os.pipe()
        pipes.append(ends)
        if fcntl.fcntl(ends[0], 1031, most) < most:
            break
    except OSError:
        break
    if len(pipes) > 400:
        break
sys.exit(subprocess.call(sys.argv[1:]))
PYTHON
	python=$(PATH=/usr/bin:/bin command -v python3) || skip 'no Python here'
	user=()
	[ "$(id -u)" -ne 0 ] || user=(as_user 64999)
	run "${user[@]}" "$python" "$PWD/fill.py" "$(command -v bash)" -c 'p=$(ipc-pipe create) || exit
		ipc-pipe write "$p" small && ipc-pipe read "$p"; echo
		ipc-pipe resize -s 1M "$p"; echo $?
		ipc-pipe rm "$p"'
	echo "$output"
	[ "${lines[0]}" = small ]
	[[ ${lines[1]} == "ipc-pipe: cannot resize '"*"' to 1048576 bytes: all pipes of a user may have "*" pages of memory: /proc/sys/fs/pipe-user-pages-soft"* ]]
	[ "${lines[2]}" = 6 ]
}
