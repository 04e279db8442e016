#!/usr/bin/env bats
# ipc-mq read -- COMMAND: a worker, and what becomes of messages that it fails on

# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154  # inner shells expand
load helper

# queues: $both are a POSIX and a System V queue
queues() {
	queue -c 10 -s 8192
	mailbox
	both=("$NAME" "$q")
}

# messages ADDRESS: what is in a queue, taken out, on one line
messages() {
	ipc-mq read -l -a "$1" | xargs
}

@test "COMMAND gets the message, byte for byte, as all of its standard input" {
	queues
	for q in "${both[@]}"; do
		for bytes in 0 1 4096 8192; do
			head -c $bytes /dev/urandom >in
			ipc-mq write "$q" <in
			ipc-mq read -n "$q" -- cmp - in
			holds 0 "$q"
		done
	done
}

@test "COMMAND gets the bare message, which no option frames" {
	queues
	for q in "${both[@]}"; do
		ipc-mq write "$q" hello
		[ "$(ipc-mq read "$q" -- cat)" = hello ]
		for framing in -l -z -L -J --record=5; do
			fails_with 125 "ipc-mq: COMMAND gets each message alone: no option frames it" \
				ipc-mq read $framing "$q" -- cat
		done
	done
}

@test "COMMAND has its own output, arguments and environment" {
	queue
	ipc-mq write "$NAME" hello
	run --separate-stderr env WHO=me ipc-mq read -n "$NAME" -- \
		bash -c 'cat; echo " $WHO $*"; echo said >&2' - -n 'a  b' -- ''
	[ "$status" -eq 0 ]
	[ "$output" = 'hello me -n a  b -- ' ]
	[ "$stderr" = said ]
}

@test "a message counts as taken when COMMAND ends with 0, also without reading it" {
	queues
	head -c 8192 /dev/zero >in
	for q in "${both[@]}"; do
		ipc-mq write "$q" <in
		ipc-mq read -n "$q" -- true
		holds 0 "$q"
	done
}

@test "COMMAND's failure is the status, and the message is put back" {
	queues
	for q in "${both[@]}"; do
		ipc-mq write "$q" kept
		for status in 1 2 3 75 124 125 126 127 128 255; do
			fails_with $status "ipc-mq: cannot count a message as taken: 'sh' ended with status $status; the message was put back" \
				ipc-mq read -n "$q" -- sh -c "exit $status"
			holds 1 "$q"
		done
		[ "$(messages "$q")" = kept ]
	done
}

@test "a signal that ends COMMAND is the status 128+n, and the message is put back" {
	queues
	for q in "${both[@]}"; do
		ipc-mq write "$q" kept
		for signal in 1 2 9 13 15; do
			fails $((128 + signal)) ipc-mq read -n "$q" -- sh -c "kill -$signal \$\$"
		done
		[ "$(messages "$q")" = kept ]
	done
}

@test "a COMMAND that is not found is 127, that cannot be executed 126; the message is put back" {
	queues
	echo true >file
	for q in "${both[@]}"; do
		ipc-mq write "$q" kept
		fails_with 127 "ipc-mq: cannot run './no-such': No such file or directory; the message was put back" \
			ipc-mq read -n "$q" -- ./no-such
		# As execvp(3), a directory on the way that may not be searched is 126.
		fails 127 env PATH=/usr/bin:/bin "$(command -v ipc-mq)" read -n "$q" -- no-such-command-anywhere
		fails 127 ipc-mq read -n "$q" -- ''
		fails_with 126 "ipc-mq: cannot run './file': Permission denied; the message was put back" \
			ipc-mq read -n "$q" -- ./file
		fails 126 ipc-mq read -n "$q" -- /
		[ "$(messages "$q")" = kept ]
	done
}

@test "our own failure is 125, and COMMAND does not run" {
	mailbox
	ipc-mq rm "$q"
	for address in "$NAME" "$q"; do
		fails 125 ipc-mq read "$address" -- touch ran
		fails 125 ipc-mq read -n "$address" -- touch ran
	done
	fails 125 ipc-mq read /a/b -- touch ran
	queue
	ipc-mq set -m 0200 "$NAME"
	fails 125 "${powerless[@]}" ipc-mq read "$NAME" -- touch ran
	[ ! -e ran ]
}

@test "too few descriptors for COMMAND: 125, and no message was taken" {
	queues
	for q in "${both[@]}"; do
		ipc-mq write "$q" kept
		before=$(value MODIFIED,RECEIVER "$q")
		seen=
		for most in {3..12}; do
			status=0
			few_descriptors "$most" ipc-mq read -n "$q" -- true 2>said || status=$?
			seen+=" $status"
			[ "$status" -ne 0 ] || break
			holds 1 "$q"
			[ "$status" -eq 127 ] || # not even libc could be opened
				grep -q "^ipc-mq: cannot .*: all $most descriptors that RLIMIT_NOFILE (ulimit -n) allows are in use\$" said
			run ! grep -E 'put back|saved|lost' said
			[ "$(value MODIFIED,RECEIVER "$q")" = "$before" ]
		done
		echo "$q:$seen"
		[[ $seen =~ 125\ 0$ ]]
		holds 0 "$q"
	done
}

@test "nothing to read: 75 and 124, and COMMAND does not run" {
	queues
	for q in "${both[@]}"; do
		fails_with 75 "ipc-mq: cannot read '$q': it is empty" ipc-mq read -n "$q" -- touch ran
		fails_with 124 "ipc-mq: cannot read '$q': it stayed empty for 0.05 s" \
			ipc-mq read -w 0.05 "$q" -- touch ran
		ipc-mq read -a "$q" -- touch ran
	done
	[ ! -e ran ]
}

@test "read -- without COMMAND is wrong usage, and so is COMMAND with other verbs" {
	queue
	ipc-mq write "$NAME" kept
	fails_with 2 "ipc-mq: COMMAND is missing behind '--'" ipc-mq read -n "$NAME" --
	fails_with 2 "ipc-mq: option '--timeout': '--' is not a time such as 1.5, 200ms or 2m" \
		ipc-mq read "$NAME" -w --
	fails 2 ipc-mq ls x -- true
	for verb in peek wait inspect purge rm; do
		run ipc-mq $verb "$NAME" -- true
		echo "$verb: $status"
		[ "$status" -eq 2 ]
	done
	holds 1
}

@test "read --count N runs COMMAND for N messages, one after the other" {
	queues
	for q in "${both[@]}"; do
		ipc-mq write "$q" 1 2 3
		[ "$(ipc-mq read -c 2 "$q" -- sed 's/$/;/' | xargs)" = "1;2;" ]
		holds 1 "$q"
		fails 75 ipc-mq read -n -c 2 "$q" -- true
		holds 0 "$q"
	done
}

@test "read --all runs COMMAND until the queue is empty" {
	queues
	for q in "${both[@]}"; do
		ipc-mq write "$q" 1 2 3
		[ "$(ipc-mq read -a "$q" -- sed 's/$/;/' | xargs)" = "1;2;3;" ]
		holds 0 "$q"
	done
}

@test "read --count, --all and --follow stop at the first failure" {
	queues
	for q in "${both[@]}"; do
		for how in -a -f '-c 4'; do
			ipc-mq write "$q" 1 bad 2 3
			# shellcheck disable=SC2086  # words
			run --separate-stderr ipc-mq read $how "$q" -- sh -c 'read -r m; echo "$m"; [ "$m" != bad ] || exit 9'
			[ "$status" -eq 9 ]
			[ "$output" = $'1\nbad' ]
			[ "$(messages "$q")" = "2 3 bad" ]
		done
	done
}

@test "read --follow runs COMMAND for what comes, and with -w ends with 124" {
	queues
	for q in "${both[@]}"; do
		rm -f out # of the one before
		ipc-mq read -f "$q" -- sed 's/$/;/' >out 3>&- &
		for n in 1 2 3; do ipc-mq write "$q" $n; done
		within 10 grep -q '3;' out
		kill $!
		ends_with 143 $!
		[ "$(xargs <out)" = "1;2;3;" ]
		ipc-mq write "$q" 4
		fails 124 ipc-mq read -f -w 0.05 "$q" -- true
	done
}

@test "a message is given back as the last of its priority" {
	queue
	ipc-mq write "$NAME" low
	ipc-mq write -p 5 "$NAME" a b c
	fails 1 ipc-mq read "$NAME" -- false
	[ "$(ipc-mq read -a -J "$NAME" | jq -r '"\(.priority)\(.data)"' | xargs)" = "5b 5c 5a 0low" ]
}

@test "a message is given back as the last, of its type" {
	mailbox
	ipc-mq write -t 5 "$q" a b
	ipc-mq write -t 7 "$q" x
	fails 1 ipc-mq read "$q" -- false
	[ "$(ipc-mq read -a -J "$q" | jq -r '"\(.type)\(.data)"' | xargs)" = "5b 7x 5a" ]
}

@test "COMMAND works for a type of message alone" {
	mailbox
	for type in 1 2 3; do ipc-mq write -t $type "$q" "$type"; done
	[ "$(ipc-mq read -n -t 2 "$q" -- cat)" = 2 ]
	[ "$(ipc-mq read -a --except 1 "$q" -- cat)" = 3 ]
	holds 1 "$q"
}

# handed ADDRESS MESSAGE OPTION...: $reader runs COMMAND for the message in the file
# in, and ends it with 9 after release; said has what it says
handed() {
	local address=$1
	shift
	rm -f release started
	ipc-mq write "$address" <in
	ipc-mq read "$@" "$address" -- bash -c 'touch started; until [ -e release ] || [ ! -e started ]; do :; done; exit 9' 2>said 3>&- &
	reader=$!
	within 10 test -e started
}

@test "what a blocked sender leaves no room for is saved in a file of mode 0600" {
	export TMPDIR=$PWD
	queue -c 1
	mailbox --bytes-limit=5
	printf %s first >in
	for q in "$NAME" "$q"; do
		handed "$q" -w 0.05
		ipc-mq write -n "$q" again
		ipc-mq write "$q" third 3>&- &
		writer=$!
		within 10 asleep $writer
		touch release
		ends_with 9 $reader
		cat said
		file=$(sed -n "s/^ipc-mq: cannot count a message as taken: 'bash' ended with status 9; the message is saved in '\(.*\)'$/\1/p" said)
		[[ $file == $PWD/ipc-mq.* ]]
		[ "$(stat -c %a "$file")" = 600 ]
		cmp "$file" in
		[ "$(ipc-mq read "$q")" = again ]
		ends_with 0 $writer
		[ "$(messages "$q")" = third ]
	done
}

@test "a message that finds no room at first is put back as soon as there is" {
	queue -c 1
	mailbox --bytes-limit=5
	printf %s first >in
	for q in "$NAME" "$q"; do
		handed "$q" -w 20
		ipc-mq write -n "$q" again
		touch release
		within 10 asleep $reader
		[ "$(ipc-mq read "$q")" = again ]
		ends_with 9 $reader
		grep -q '; the message was put back$' said
		[ "$(messages "$q")" = first ]
	done
}

@test "a message of a queue that is removed meanwhile is saved" {
	export TMPDIR=$PWD
	queues
	printf %s first >in
	for q in "${both[@]}"; do
		handed "$q"
		ipc-mq rm "$q"
		touch release
		ends_with 9 $reader
		cmp "$(sed -n "s/.*; the message is saved in '\(.*\)'$/\1/p" said)" in
	done
}

@test "read takes no message for a COMMAND when RLIMIT_FSIZE forbids to hand it over" {
	queues
	for q in "${both[@]}"; do
		ipc-mq write "$q" kept
		fails_with 125 "ipc-mq: cannot run 'cat': a message may have 8192 bytes, and RLIMIT_FSIZE (ulimit -f) allows 8191" \
			bash -c 'prlimit --fsize=8191 ipc-mq read "$1" -- cat 2>&1 | cat >&2; exit "${PIPESTATUS[0]}"' - "$q"
		holds 1 "$q"
	done
}

@test "a COMMAND's end is no signal, also where our caller has blocked SIGCHLD" {
	queues
	for q in "${both[@]}"; do
		for _ in 1 2 3 4 5; do
			ipc-mq write "$q" one
			fails_with 124 "ipc-mq: cannot read '$q': it stayed empty for 0.05 s" \
				env --block-signal=CHLD ipc-mq read -c 2 -w 0.05 "$q" -- true
		done
	done
}

@test "a signal shortens the wait for room to put a message back" {
	export TMPDIR=$PWD
	queue -c 1
	mailbox --bytes-limit=5
	printf %s first >in
	for q in "$NAME" "$q"; do
		handed "$q" -w 1h
		ipc-mq write -n "$q" again
		touch release
		within 10 asleep $reader
		kill -TERM $reader
		ends_with 143 $reader
		cmp "$(sed -n "s/.*; the message is saved in '\(.*\)'$/\1/p" said)" in
	done
}

@test "several readers share the work, each with one COMMAND at a time" {
	queues
	for q in "${both[@]}"; do
		rm -f all
		readers=()
		for _ in 1 2 3; do
			ipc-mq read -f -w 20 "$q" -- \
				bash -c 'mkdir "at.$PPID" && echo "$(cat) $PPID" >>all && rmdir "at.$PPID"' 3>&- &
			readers+=($!)
		done
		seq 60 | ipc-mq write -l "$q"
		within 10 eval '[ "$(wc -l <all)" -eq 60 ]'
		kill "${readers[@]}"
		for pid in "${readers[@]}"; do ends_with 143 "$pid"; done
		[ "$(cut -d ' ' -f 1 all | sort -n | xargs)" = "$(seq 60 | xargs)" ]
		[ "$(cut -d ' ' -f 2 all | sort -u | wc -l)" -gt 1 ]
	done
}

@test "TERM, INT and HUP reach COMMAND; the message is put back, and the signal ends us" {
	queues
	for q in "${both[@]}"; do
		for signal in HUP:129 INT:130 TERM:143; do
			rm -f pid
			ipc-mq write "$q" kept
			env --default-signal=INT ipc-mq read -f "$q" -- \
				bash -c 'echo $$ >pid; exec tail -f /dev/null' 3>&- &
			within 10 test -s pid
			kill -${signal%:*} $!
			ends_with ${signal#*:} $!
			ended "$(cat pid)"
			[ "$(messages "$q")" = kept ]
		done
	done
}

@test "a COMMAND that ends well on TERM has taken its message, and no other is" {
	queues
	for q in "${both[@]}"; do
		rm -f pid
		ipc-mq write "$q" first next
		ipc-mq read -f "$q" -- \
			bash -c 'trap "exit 0" TERM; echo $$ >pid; while [ -e pid ]; do :; done' 2>said 3>&- &
		within 10 test -s pid
		kill -TERM $!
		ends_with 143 $!
		cat said
		[ ! -s said ]
		ended "$(cat pid)"
		[ "$(messages "$q")" = next ]
	done
}

@test "a second signal reaches a COMMAND that took no notice of the first" {
	queue
	ipc-mq write "$NAME" kept
	env --default-signal=INT ipc-mq read "$NAME" -- \
		bash -c 'trap "touch noticed" INT; echo $$ >pid; while [ -e pid ]; do :; done' 3>&- &
	within 10 test -s pid
	kill -INT $!
	within 10 test -e noticed
	kill -TERM $!
	within 20 ended "$(cat pid)" || { rm pid; false; }
	within 10 ended $!
	[ "$(messages "$NAME")" = kept ]
}

@test "every signal reaches COMMAND, not the first alone, and then ends us" {
	queues
	for q in "${both[@]}"; do
		rm -f pid noticed
		ipc-mq write "$q" kept
		env --default-signal=INT,QUIT ipc-mq read "$q" -- \
			bash -c 'for s in HUP INT QUIT; do trap "echo $s >>noticed" $s; done; echo $$ >pid
				while [ -e pid ]; do :; done' 3>&- &
		within 10 test -s pid
		for signal in HUP INT HUP QUIT INT; do
			: >noticed
			kill -$signal $!
			within 10 grep -qx $signal noticed
		done
		kill -TERM $!
		within 10 ended "$(cat pid)"
		within 10 ended $!
		[ "$(messages "$q")" = kept ]
	done
}

@test "kill -9 of a reader costs the message in hand, and no other" {
	queues
	printf %s first >in
	for q in "${both[@]}"; do
		handed "$q" -f
		ipc-mq write "$q" next
		kill -9 $reader
		ends_with 137 $reader
		touch release
		[ "$(messages "$q")" = next ]
	done
}

@test "COMMAND has the descriptors 0, 1 and 2, and no other of ours" {
	queues
	for q in "${both[@]}"; do
		ipc-mq write "$q" hello
		# The fourth is of the directory that ls lists.
		bash -c 'for fd in /proc/self/fd/*; do fd=${fd##*/}; [ "$fd" -le 2 ] || eval "exec $fd>&-"; done
			ipc-mq read -n "$1" -- ls /proc/self/fd' - "$q" >out
		[ "$(xargs <out)" = "0 1 2 3" ]
	done
}

@test "COMMAND begins with the signal mask of our caller, and PIPE and XFSZ as usual" {
	queues
	for q in "${both[@]}"; do
		ipc-mq write "$q" hello
		env --default-signal ipc-mq read -n "$q" -- sed -n 's/^Sig\(Blk\|Ign\):\t/0x/p' /proc/self/status >out
		# posix_spawn(3) of glibc leaves 32 and 33 ignored, which it keeps for itself.
		while read -r set; do [ $((set & 0x7fffffff)) -eq 0 ]; done <out
		ipc-mq write "$q" hello
		env --block-signal=TERM,USR1 ipc-mq read -n "$q" -- grep '^SigBlk' /proc/self/status >out
		[ "$(cut -f 2 out)" = 0000000000004200 ]
	done
}

@test "COMMAND's failure is noticed, also when our caller ignores SIGCHLD" {
	queues
	for q in "${both[@]}"; do
		ipc-mq write "$q" kept
		fails 9 env --ignore-signal=CHLD ipc-mq read -n "$q" -- sh -c 'exit 9'
		fails 127 env --ignore-signal=CHLD ipc-mq read -n "$q" -- ./no-such
		fails 9 env --block-signal=CHLD ipc-mq read -n "$q" -- sh -c 'exit 9'
		# It is what COMMAND gets, too.
		set=$(env --ignore-signal=CHLD ipc-mq read -n "$q" -- sed -n 's/^SigIgn:\t/0x/p' /proc/self/status)
		[ $((set & 0x7fffffff)) -eq $((1 << 16)) ]
		ipc-mq write "$q" 1 2 3
		env --ignore-signal=CHLD ipc-mq read -a "$q" -- cat >out
		[ "$(cat out)" = 123 ]
	done
}

@test "COMMAND runs when our standard input is closed" {
	queues
	for q in "${both[@]}"; do
		ipc-mq write "$q" hello
		[ "$(ipc-mq read -n "$q" -- cat <&-)" = hello ]
	done
}

@test "COMMAND writes where it likes: our standard output may be closed, full or left" {
	queues
	for q in "${both[@]}"; do
		for where in '>&-' '>/dev/full' '| true'; do
			rm -f out
			ipc-mq write "$q" hello
			run timeout 10 bash -c 'set -o pipefail; ipc-mq read -n "$1" -- sh -c "cat >out" '"$where" - "$q"
			echo "$where: $status $output"
			[ "$status" -eq 0 ]
			[ "$(cat out)" = hello ]
		done
	done
}

@test "COMMAND gets a huge message" {
	user=()
	[ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
	unshare "${user[@]}" --ipc true || skip "cannot make an ipc namespace"
	run unshare "${user[@]}" --ipc bash -c '
		{ echo 16777216 >/proc/sys/kernel/msgmax && echo 33554432 >/proc/sys/kernel/msgmnb; } 2>/dev/null || exit 99
		q=$(ipc-mq create private)
		head -c 16777216 /dev/urandom >in
		ipc-mq write "$q" <in
		ipc-mq read -n "$q" -- true && ipc-mq write "$q" <in
		ipc-mq read -n "$q" -- false
		ipc-mq read -n "$q" -- cmp - in'
	[ "$status" -ne 99 ] || skip "cannot set msgmax"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "read -q says nothing of a COMMAND that failed, and -v tells how many were taken" {
	queue
	ipc-mq write "$NAME" 1 2 bad
	run --separate-stderr ipc-mq read -q -f "$NAME" -- grep -v bad
	[ "$status" -eq 1 ]
	[ "$output" = 12 ] || [ "$output" = $'1\n2' ]
	[ -z "$stderr" ]
	run --separate-stderr ipc-mq read -v "$NAME" -- cat
	[ "$output" = bad ]
	[ "$stderr" = "ipc-mq: 1 messages of 3 bytes read from '$NAME'" ]
}
