#!/usr/bin/env bats
# ipc-fifo write and read: bytes and messages, how long they wait, and what is never lost
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2094,SC2154  # bats runs and sets them

load helper

program=ipc-fifo

setup() {
	PREFIX=${PREFIX:-/ipcutil-test-$$}
	NAME=$PREFIX-$BATS_TEST_NUMBER
	peer=$builddir/test/peer others=()
	export TMPDIR=$BATS_TEST_TMPDIR
	cd "$BATS_TEST_TMPDIR" && mkfifo -m 600 f
}

teardown() {
	local jobs
	mapfile -t jobs < <(jobs -p)
	jobs+=("${others[@]}")
	[ ${#jobs[@]} -eq 0 ] || kill -9 "${jobs[@]}" 2>/dev/null || :
}

# hold: a process $holder holds f open
hold() {
	holder=$(ipc-fifo hold --background f) && others+=("$holder")
}

# reads COMMAND: it reads f, once it is open
reads() {
	bash -c "exec <f; $1" 3>&- & reader=$!
}

# took MILLISECONDS COMMAND...: it took at least so long, and not three seconds more
took() {
	local start=${EPOCHREALTIME/./} span result=0
	"${@:2}" || result=$?
	span=$(((${EPOCHREALTIME/./} - start) / 1000))
	echo "took $span ms"
	[ "$span" -ge "$1" ] && [ "$span" -lt $(($1 + 3000)) ] && return $result
	return 99
}

# saved ERROR: the file that the error names, of mode 0600
saved() {
	local file=${1##*saved in \'}
	file=${file%\'*}
	[ "$(stat -c %a "$file")" = 600 ] && cat "$file"
}

@test "write with nobody reading gives 124 after its time, and 75 at once with -n" {
	took 500 fails_with 124 "ipc-fifo: cannot write to 'f': nobody opened it to read for 0.5 s" \
		ipc-fifo write -w 0.5 f hi
	fails_with 75 "ipc-fifo: cannot write to 'f': nobody has it open to read" ipc-fifo write -n f hi
}

@test "write takes nothing of its input before somebody reads" {
	printf 'one\ntwo\n' >in
	exec 7<in
	fails 124 ipc-fifo write -w 0.1 f <&7
	fails 75 ipc-fifo write -n -l f <&7
	[ "$(cat <&7)" = $'one\ntwo' ]
}

@test "write waits for a reader, however late, and read for a writer" {
	ipc-fifo write f "hello" 3>&- & writer=$!
	within 10 asleep $writer
	[ "$(ipc-fifo read f)" = hello ]
	ends_with 0 $writer
	ipc-fifo read f >out 3>&- & reader=$!
	within 10 asleep $reader
	ipc-fifo write f "again"
	ends_with 0 $reader
	[ "$(cat out)" = again ]
}

@test "write passes all bytes of its input, as they are" {
	head -c 3000000 /dev/urandom >in
	ipc-fifo read f >out 3>&- & reader=$!
	ipc-fifo write f <in
	ends_with 0 $reader
	cmp in out
	ipc-fifo read f 3>&- <&- >out & reader=$!
	head -c 3000000 /dev/urandom | tee in | ipc-fifo write f
	ends_with 0 $reader
	cmp in out
}

@test "write puts operands one behind the other, and a dash is data" {
	hold
	ipc-fifo write f one "" -n -- two
	[ "$(ipc-fifo read -a f)" = one-n--two ]
}

@test "a reader that came and went before anything was accepted is as if it had not come" {
	mkfifo slow
	exec 7<>slow
	ipc-fifo write f <slow 3>&- 7>&- & writer=$!
	: <f
	echo data >slow
	exec 7>&-
	[ "$(timeout 10 cat f)" = data ]
	ends_with 0 $writer
}

@test "a reader that goes mid-stream is told, with how much was accepted" {
	reads 'head -c 10 >/dev/null'
	head -c 10000000 /dev/zero >in
	run -1 --separate-stderr ipc-fifo write f <in
	[[ $stderr =~ ^ipc-fifo:\ cannot\ write\ to\ \'f\':\ its\ last\ reader\ has\ gone,\ after\ [1-9][0-9]*\ bytes\ had\ been\ accepted$ ]]
}

@test "a reader that is killed mid-stream gives its writer of messages a clear error" {
	ipc-fifo read f >out 3>&- & reader=$!
	mkfifo slow
	exec 7<>slow
	ipc-fifo write -l f <slow 2>err 3>&- 7>&- & writer=$!
	echo one >slow
	within 10 grep -q one out
	within 10 asleep $writer
	kill -9 $reader
	within 10 ended $reader
	echo two >slow
	ends_with 1 $writer
	grep -q "^ipc-fifo: cannot write to 'f': its last reader has gone, after 4 bytes had been accepted; " err
	[ "$(saved "$(cat err)")" = two ]
}

@test "input of messages that was read ahead and not written is saved, or left in its file" {
	seq 100000 >in
	hold
	fails 124 bash -c 'cat in | { ipc-fifo write -l -w 0.1 f; status=$?; cat >rest; exit $status; }'
	ipc-fifo read -a f >out
	saved "$stderr" | cat out - rest | cmp - in
	fails 124 bash -c '{ ipc-fifo write -l -w 0.1 f; status=$?; cat >rest; exit $status; } <in'
	[[ $stderr != *saved* ]]
	ipc-fifo read -a f | cat - rest | cmp - in
	mkfifo slow
	exec 7<>slow
	printf 'one\ntwo\nhalf' >slow
	fails 124 ipc-fifo write -l -w 0.1 f <slow
	[ "$(saved "$stderr")" = half ]
}

@test "write that a signal ends tells first where its input is saved" {
	hold
	mkfifo slow
	exec 7<>slow
	for shown in '' '-v --progress'; do
		# shellcheck disable=SC2086  # words
		ipc-fifo write -l $shown f <slow 2>err 3>&- 7>&- & writer=$!
		printf 'one\nhalf' >slow
		within 10 eval '[ "$(ipc-fifo read -a f)" = one ]'
		within 10 asleep $writer
		kill $writer
		ends_with 143 $writer
		[ "$(saved "$(tail -n 1 err)")" = half ]
	done
}

@test "write -n to a full FIFO is 75, and -w 124, and both tell; what was accepted stays" {
	hold
	head -c 3000000 /dev/zero >in
	fails_with 75 "ipc-fifo: cannot write to 'f': it is full" ipc-fifo write -n f <in
	fails_with 124 "ipc-fifo: cannot write to 'f': it stayed full for 0.2 s" ipc-fifo write -w 0.2 f <in
	fails_with 75 "ipc-fifo: cannot write to 'f': it is full" ipc-fifo write -n f data
	fails_with 124 "ipc-fifo: cannot write to 'f': it stayed full for 0.2 s" ipc-fifo write -w 0.2 -l f data
	[ "$(ipc-fifo read -a f | wc -c)" -ge 65536 ]
}

@test "write -w limits each standing still, also of standard input" {
	hold
	mkfifo slow
	exec 7<>slow
	fails_with 124 "ipc-fifo: cannot read standard input: nothing came for 0.2 s" \
		ipc-fifo write -w 0.2 f <slow
	fails_with 124 "ipc-fifo: cannot read standard input: nothing came for 0.2 s" \
		ipc-fifo write -w 0.2 -l f <slow
}

@test "write -n waits for input: it is about the FIFO" {
	hold
	mkfifo slow
	ipc-fifo write -n f <slow 3>&- & writer=$!
	echo one >slow
	ends_with 0 $writer
	[ "$(ipc-fifo read -l f)" = one ]
}

@test "a line of PIPE_BUF with its newline is written at once, a longer one is status 6" {
	hold
	printf '%04095d\n' 0 >in
	ipc-fifo write -l f <in
	printf 'short\n%04096d\nend\n' 0 >in
	fails_with 6 "ipc-fifo: cannot write message 2: it is 4096 bytes long and the longest that is taken has 4095 (with its frame PIPE_BUF, 4096: --lock or --not-atomic write longer ones)" \
		ipc-fifo write -l f <in
	ipc-fifo read -q -l f >/dev/null
	[ "$(ipc-fifo read -a f)" = $'short\nend' ]
}

@test "the other framings have the same limit with their frames" {
	hold
	ipc-fifo write -z f "$(printf '%04095d' 0)"
	fails 6 ipc-fifo write -z f "$(printf '%04096d' 0)"
	ipc-fifo write -L f "$(printf '%04092d' 0)"
	fails 6 ipc-fifo write -L f "$(printf '%04093d' 0)"
	head -c 8192 /dev/zero | ipc-fifo write --record 4096 f
	fails 6 ipc-fifo write --record 4097 f </dev/null
	[ "$(ipc-fifo read -a f | wc -c)" -eq 16384 ]
	for option in --lock --not-atomic; do
		ipc-fifo write $option -l f "$(printf '%09000d' 0)"
		[ "$(ipc-fifo read -l f | wc -c)" -eq 9001 ]
	done
}

# written_at_once LINES DIGITS [OPTION]...: by each of three writers, and all come whole
written_at_once() {
	for i in 1 2 3; do
		for ((line = 0; line < $1; line++)); do
			printf '%0*d\n' "$2" $i
		done >in$i
	done
	hold
	ipc-fifo read -l -c $((3 * $1)) f >out 3>&- & reader=$!
	for i in 1 2 3; do
		ipc-fifo write "${@:3}" -l f <in$i 3>&- & others+=($!)
	done
	ends_with 0 $reader
	cmp <(sort out) <(cat in1 in2 in3 | sort)
}

@test "concurrent writers of 4096-byte lines are never interleaved" {
	written_at_once 100 4095
}

@test "writers with --lock keep longer lines whole, too" {
	written_at_once 20 20000 --lock
}

@test "who has the writers' turn is waited for as -n and -w say" {
	hold
	mkfifo slow
	exec 7<>slow
	ipc-fifo write --lock f <slow 3>&- 7>&- & writer=$!
	echo first >slow
	within 10 eval '[ "$(value QUEUED f 2>/dev/null)" -gt 0 ]'
	fails_with 75 "ipc-fifo: cannot lock 'f': another writer has it" ipc-fifo write -n --lock f x
	fails_with 124 "ipc-fifo: cannot lock 'f': another writer had it for 0.2 s" \
		ipc-fifo write -w 0.2 --lock -l f x
	kill -9 $writer
	within 10 ended $writer
	ipc-fifo write -n --lock -l f x
}

@test "what a framing cannot carry is written all the same, told, and status 1" {
	hold
	fails_with 1 "ipc-fifo: cannot frame message 1 so that it can be told apart: it has a newline" \
		ipc-fifo write -l f $'a\nb'
	[ "$(ipc-fifo read -l -c 2 f)" = $'a\nb' ]
}

@test "write and read are inverse, with each framing, for any bytes it can carry" {
	hold
	head -c 3000 /dev/urandom >raw
	tr -d '\n' <raw | fold -b -w 100 >lines
	echo >>lines
	ipc-fifo write -l f <lines && ipc-fifo read -l -a f | cmp - lines
	tr '\n\0' '\0\n' <lines >nulls
	ipc-fifo write -z f <nulls && ipc-fifo read -z -a f | cmp - nulls
	printf '\0\0\0\3abc\0\0\0\0\0\0\0\1\n' >prefixed
	ipc-fifo write -L f <prefixed && ipc-fifo read -L -a f | cmp - prefixed
	ipc-fifo write --record 300 f <raw && ipc-fifo read --record 300 -a f | cmp - raw
}

@test "write --tee copies what has been accepted, and nothing else" {
	hold
	[ "$(printf 'a\nb\n' | ipc-fifo write -l --tee f)" = $'a\nb' ]
	kill "$holder"
	within 10 ended "$holder"
	fails 75 ipc-fifo write -n -l --tee f a
	fails_with 2 "ipc-fifo: option '--tee' is for messages: operands, or framed input" ipc-fifo write --tee f
}

@test "read -N takes exactly that many bytes, and fewer before the end are status 1" {
	hold
	ipc-fifo write f 123456789
	[ "$(ipc-fifo read -N 4 f)" = 1234 ]
	[ "$(ipc-fifo read -N 2 f)" = 56 ]
	[ -z "$(ipc-fifo read -N 0 f)" ]
	kill "$holder"
	within 10 ended "$holder"
	ipc-fifo write f abc 3>&- & others+=($!)
	run -1 --separate-stderr ipc-fifo read -N 5 f
	[ "$output" = abc ] && [ "$stderr" = "ipc-fifo: cannot read 'f': it ended after 3 of 5 bytes" ]
}

@test "read of messages takes not a byte of the next one" {
	hold
	printf 'one\ntwo\nthree' | ipc-fifo write f
	[ "$(ipc-fifo read -l f)" = one ]
	[ "$(value QUEUED f 2>/dev/null)" = 9 ]
	[ "$(ipc-fifo read -N 9 f)" = $'two\nthree' ]
	printf '\0\0\0\2ab\0\0\0\3cdexyz' | ipc-fifo write f
	[ "$(ipc-fifo read -L f | tail -c +5)" = ab ]
	[ "$(ipc-fifo read -L f | tail -c +5)" = cde ]
	[ "$(ipc-fifo read --record 3 f)" = xyz ]
	fails 75 ipc-fifo read -n f
}

@test "a message that has come in part stays for the next reader" {
	hold
	for options in '-n 75' '-w0.2 124'; do
		# shellcheck disable=SC2086  # words
		set -- $options
		printf 'par' | ipc-fifo write f
		fails "$2" ipc-fifo read "$1" -l f
		fails "$2" ipc-fifo read "$1" -L f
		fails "$2" ipc-fifo read "$1" --record 4 f
		run -0 --separate-stderr ipc-fifo read -l -a f
		[ -z "$output" ]
		printf 't\n' | ipc-fifo write f
		[ "$(ipc-fifo read -l f)" = part ]
	done
}

@test "a message that comes bit by bit is taken when it is whole" {
	hold
	ipc-fifo read -l f >out 3>&- & reader=$!
	for byte in a b c; do
		printf %s $byte | ipc-fifo write f
		within 10 asleep $reader
	done
	[ ! -s out ]
	echo d | ipc-fifo write f
	ends_with 0 $reader
	[ "$(cat out)" = abcd ]
}

@test "messages longer than the pipe are read" {
	ipc-fifo write --not-atomic -l f "$(printf '%0120000d' 0)" "$(printf '%03d' 7)" 3>&- & others+=($!)
	exec 7<f
	within 10 eval '[ "$(value QUEUED f 2>/dev/null)" -ge 65536 ]'
	[ "$(ipc-fifo read -n -l f | wc -c)" -eq 120001 ]
	[ "$(ipc-fifo read -l f)" = 007 ]
}

@test "concurrent readers of lines share them, each whole and once" {
	hold
	seq 3000 >in
	for i in 1 2 3; do
		ipc-fifo read -l -f f >out$i 3>&- & others+=($!)
	done
	ipc-fifo write -l f <in
	within 20 eval '[ "$(cat out1 out2 out3 | wc -l)" -eq 3000 ]'
	cmp <(cat out1 out2 out3 | sort -n) in
}

@test "beside a reader that takes any bytes, no byte is lost or doubled" {
	hold
	yes abcdefg | head -n 3000 >in
	ipc-fifo read -q -l -f f >out1 2>err 3>&- & one=$!
	bash -c 'while IFS= read -r -N 5 x <&7; do printf %s "$x"; done 7<f' >out2 3>&- & others+=($!)
	ipc-fifo write f <in
	within 20 eval '[ "$(value QUEUED f 2>/dev/null)" -lt 8 ]'
	kill $one "$holder"
	within 10 ended $one
	within 10 eval '[ "$(($(cat out1 out2 ipc-fifo.* 2>/dev/null | wc -c) / 8))" -ge 2990 ]'
	[ "$(cat out1 out2 ipc-fifo.* 2>/dev/null | wc -c)" -le 24000 ]
}

@test "read -l to the end: the last line need have no newline, and the end before is status 1" {
	printf 'one\ntwo' >in
	ipc-fifo write f <in 3>&- & others+=($!)
	run -1 --separate-stderr ipc-fifo read -l -c 3 f
	[ "$output" = $'one\ntwo' ]
	[ "$stderr" = "ipc-fifo: cannot read 'f': it ended after 2 of 3 messages" ]
}

@test "a writer that ends within a message: what came of it is saved" {
	printf '\0\0\0\11abc' >in
	ipc-fifo write f <in 3>&- & others+=($!)
	run -1 --separate-stderr ipc-fifo read -L f
	[[ $stderr == "ipc-fifo: cannot read 'f': it ends within message 1; what had been taken is saved in '"*"'" ]]
	cmp <(saved "$stderr") in
}

@test "read -f goes on behind the end: writers may come back, without a spin" {
	ipc-fifo read -f f >out 3>&- & reader=$!
	for i in 1 2 3; do
		ipc-fifo write f $i
		within 10 grep -q $i out
		within 10 asleep $reader
	done
	ticks=$(cut -d ' ' -f 14,15 /proc/$reader/stat)
	[ $((${ticks/ / + })) -lt 20 ]
	[ "$(cat out)" = 123 ]
}

@test "read -f -l goes on behind the end" {
	ipc-fifo read -f -l f >out 3>&- & reader=$!
	for i in 1 2 3; do
		ipc-fifo write -l f $i
		within 10 grep -q $i out
	done
	printf 'no newline' >f
	within 10 grep -q 'no newline' out
	kill -0 $reader
}

@test "read -n and -w: nobody writes is 75 and 124, and what came stays delivered" {
	fails_with 75 "ipc-fifo: cannot read 'f': it is empty" ipc-fifo read -n f
	took 300 fails_with 124 "ipc-fifo: cannot read 'f': it stayed empty for 0.3 s" ipc-fifo read -w 0.3 f
	fails_with 75 "ipc-fifo: cannot read 'f': it is empty" ipc-fifo read -n -l f
	hold
	ipc-fifo write f some
	run -75 --separate-stderr ipc-fifo read -n f
	[ "$output" = some ]
	ipc-fifo write f some
	run -124 --separate-stderr ipc-fifo read -w 0.2 f
	[ "$output" = some ]
	ipc-fifo write -l f one two
	run -124 --separate-stderr ipc-fifo read -w 0.2 -l -c 3 f
	[ "$output" = $'one\ntwo' ]
}

@test "read -a of an empty FIFO is nothing, and no failure" {
	run -0 --separate-stderr ipc-fifo read -a f
	[ -z "$output$stderr" ]
	run -0 --separate-stderr ipc-fifo read -a -l f
	[ -z "$output$stderr" ]
}

@test "read whose standard output is closed or takes nothing takes nothing" {
	hold
	ipc-fifo write -l f one two
	for options in '' '-l' '-N 2'; do
		# shellcheck disable=SC2086  # words
		fails 1 bash -c "ipc-fifo read $options f >/dev/full"
		# shellcheck disable=SC2086  # words
		fails 1 bash -c "ipc-fifo read $options f >&-"
	done
	[ "$(ipc-fifo read -a f)" = $'one\ntwo' ]
}

@test "a writer that waits is not let go on by a reader whose output takes nothing" {
	ipc-fifo write -l f one 3>&- &
	within 10 asleep $!
	for options in '' -l '-N 2'; do
		# shellcheck disable=SC2086  # words
		fails 1 bash -c "ipc-fifo read $options f >/dev/full"
	done
	[ "$(ipc-fifo read f)" = one ]
	ends_with 0 $!
}

@test "a writer that waits is not let go on by a reader that lacks descriptors" {
	echo one >f 3>&- &
	for most in {4..20}; do
		run --separate-stderr few_descriptors "$most" ipc-fifo read -l -w 5 f
		[ "$status" -ne 0 ] || break
		echo "$most: $stderr"
		! ended $!
	done
	[ "$output" = one ]
	ends_with 0 $!
}

@test "read ends when nobody reads its output any more, though nothing comes" {
	hold
	mkfifo out
	for option in '' -l; do
		exec 7<>out
		# shellcheck disable=SC2086  # words
		ipc-fifo read $option f >out 3>&- 7>&- &
		within 10 asleep $!
		exec 7>&-
		ends_with 1 $!
	done
}

@test "read -- COMMAND runs it for each message, which is its standard input" {
	hold
	ipc-fifo write -l f a b c
	run -0 ipc-fifo read -l -c 2 f -- sh -c 'echo "<$(cat)>"'
	[ "$output" = $'<a>\n<b>' ]
	[ "$(ipc-fifo read -l f)" = c ]
}

@test "a message that COMMAND fails at is saved, and its status is ours" {
	hold
	ipc-fifo write -l f a b
	run -3 --separate-stderr ipc-fifo read -l -f f -- sh -c 'exit 3'
	[[ $stderr == "ipc-fifo: cannot count a message as taken: 'sh' ended with status 3; the message is saved in '"*"'" ]]
	[ "$(saved "$stderr")" = a ]
	run -127 --separate-stderr ipc-fifo read -l f -- ./no-such-command
	[ "$(saved "$stderr")" = b ]
	fails 75 ipc-fifo read -n -l f -- cat
}

@test "a signal while COMMAND runs waits for it, and then ends us" {
	hold
	ipc-fifo write -l f a b
	mkfifo slow
	ipc-fifo read -l -f f -- bash -c 'trap "" TERM; echo running; read -r -t 1 <>"$0"; cat >got' slow 3>&- >out & reader=$!
	within 10 grep -q running out
	kill $reader
	ends_with 143 $reader
	[ "$(cat got)" = a ]
	[ "$(ipc-fifo read -l f)" = b ]
}

@test "COMMAND and --count want messages, --length wants bytes" {
	fails_with 2 "ipc-fifo: option '--count' is for messages: --lines, --null, --length-prefixed or --record says what one is" \
		ipc-fifo read -c 2 f
	fails 125 ipc-fifo read f -- cat
	fails_with 2 "ipc-fifo: option '--length' is for bytes: messages are counted by --count" ipc-fifo read -l -N 2 f
	fails_with 2 "ipc-fifo: --all does not wait: --follow cannot be with it" ipc-fifo read -a -f f
	fails_with 2 "ipc-fifo: --all does not wait: --timeout cannot be with it" ipc-fifo read -a -w 1 f
	fails 2 ipc-fifo read -J f
}

@test "a storm of signals that do nothing loses and doubles nothing" {
	export ASAN_OPTIONS=detect_leaks=0	# who looks for leaks is stopped, too, and may not go on
	head -c 4000000 /dev/urandom >in
	ipc-fifo read f >out 3>&- & reader=$!
	ipc-fifo write f <in 3>&- & writer=$!
	while kill -WINCH $writer $reader 2>/dev/null && kill -STOP $writer && kill -CONT $writer; do
		kill -STOP $reader && kill -CONT $reader || break
	done 2>/dev/null
	ends_with 0 $writer
	ends_with 0 $reader
	cmp in out
}

@test "a storm of signals that do nothing does not end the wait of open(2), nor prolong it" {
	export ASAN_OPTIONS=detect_leaks=0
	ipc-fifo write -w 1 f x 2>err 3>&- & writer=$!
	while kill -WINCH $writer && kill -STOP $writer && kill -CONT $writer; do
		ended $writer && break
	done 2>/dev/null
	ends_with 124 $writer
}

@test "INT ends a write that waits for its reader, and a read for its writer" {
	for verb in 'write f x' 'write -w 100 f x' 'write --progress -v f x' 'read f' 'read -l -w 100 f'; do
		# shellcheck disable=SC2086  # words
		ipc-fifo $verb 2>err 3>&- & waiting=$!
		within 10 asleep $waiting
		kill -TERM $waiting
		ends_with 143 $waiting
		[ ! -s err ]
	done
}

@test "--progress tells of a transfer that lasts, and of none that does not" {
	hold
	run -0 --separate-stderr ipc-fifo write --progress -v f quick
	[[ $stderr == "ipc-fifo: 5 bytes written to 'f'" ]]
}

@test "write to a pipe whose reader has gone fails at once: no other can come" {
	exec 8> >(:)
	within 10 eval '! ipc-pipe write -q fd:8 x 2>/dev/null'
	for options in '' '-w 9' '-n -l' '--lock'; do
		# shellcheck disable=SC2086  # words
		fails_with 1 "ipc-pipe: cannot write to 'fd:8': nobody has it open to read" \
			timeout 10 ipc-pipe write $options fd:8 x
	done
	exec 8>&-
}

@test "read that cannot write all out when a signal comes saves what is in hand" {
	hold
	ipc-fifo write -l f "$(printf '%02000d' 0)"
	mkfifo slow
	exec 7<>slow
	head -c 65536 /dev/zero >&7
	ipc-fifo read -l -f f >slow 2>err 3>&- 7>&- & reader=$!
	within 10 asleep $reader
	kill $reader
	ends_with 143 $reader
	[ "$(ipc-fifo read -a f | wc -c)" -eq 2001 ] || [ "$(saved "$(cat err)" | wc -c)" -eq 2000 ]
}
