#!/usr/bin/env bats
# ipc-mq: messages longer than a queue takes, in pieces and joined again

# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154  # inner shells expand
load helper

# amid: the process $writer has the turn and stands still in the middle
# of a message, the file in, with all the pieces in the queue that it takes: 4
amid() {
	queue
	head -c 1000 /dev/urandom >in
	ipc-mq write --split "$NAME" <in 3>&- &
	writer=$!
	within 10 holds 4
	within 10 asleep "$writer"
	kill -STOP "$writer"
	within 10 grep -q ') T ' "/proc/$writer/stat"
}

# joining [OPTION]...: the process $reader has taken them, and waits for the others
joining() {
	ipc-mq read --join "$@" "$NAME" >out 2>said 3>&- &
	reader=$!
	within 10 holds 0
	within 10 asleep "$reader"
}

remains='ipc-mq: the remains of 1 message were discarded: its writer, or a reader in its middle, ended'

@test "write --split and read --join are inverse for every length" {
	queue
	for length in 0 1 39 40 41 80 81 1000 100000; do
		head -c $length /dev/urandom >in
		ipc-mq write --split "$NAME" <in 3>&- &
		timeout 10 ipc-mq read --join "$NAME" | cmp - in
		wait $!
	done
	holds 0
}

@test "write --split takes operands and framed input, and keeps priorities" {
	queue -c 8
	long=$(printf '%0100d' 7)
	ipc-mq write --split -p 3 "$NAME" "$long" short ""
	[ "$(ipc-mq read --join -a -l "$NAME")" = "$long"$'\nshort' ]
	printf '%s\n' one "$long" | ipc-mq write --split -l "$NAME"
	ipc-mq read --join -a -J "$NAME" >dump
	[ "$(jq -r .data dump | xargs)" = "one $long" ]
	sed 's/:0,/:9,/' dump | ipc-mq write --split -J "$NAME"
	[ "$(ipc-mq read --join -J "$NAME" | jq .priority)" = 9 ]
	ipc-mq read --join "$NAME" | cmp - <(printf %s "$long")
	holds 0
}

@test "a message of megabytes passes, and a short one behind it" {
	queue -c 10 -s 8192
	head -c 5000000 /dev/zero | tr '\0' x >in
	{ cat in; echo; echo next; } | ipc-mq write --split -l "$NAME" 3>&- &
	timeout 20 ipc-mq read --join -l -c 2 "$NAME" >out
	{ cat in; echo; echo next; } | cmp - out
}

@test "read --join hands a message of a writer that does not split out as it is" {
	queue -c 8
	ipc-mq write "$NAME" plain
	ipc-mq write --split "$NAME" "$(printf '%0100d' 1)"
	ipc-mq write "$NAME" ""
	[ "$(ipc-mq read --join -a -L "$NAME" | od -An -c | tr -d ' \n')" = \
		"$(printf '\0\0\0\005plain\0\0\0\144%0100d\0\0\0\0' 1 | od -An -c | tr -d ' \n')" ]
}

@test "read --join -n finds an empty queue empty, and wait and purge know pieces" {
	queue
	fails_with 75 "ipc-mq: cannot read '$NAME': it is empty" ipc-mq read --join -n "$NAME"
	ipc-mq write --split "$NAME" "$(printf '%0100d' 1)"
	ipc-mq wait -w 10 "$NAME"
	ipc-mq purge "$NAME"
	fails_with 124 "ipc-mq: cannot read '$NAME': it stayed empty for 0.05 s" \
		ipc-mq read --join -w 50ms "$NAME"
}

@test "write --split -n sends nothing that does not fit" {
	queue
	fails_with 75 "ipc-mq: cannot write to '$NAME': it has no room for the message's 5 pieces" \
		ipc-mq write --split -n "$NAME" "$(printf '%0200d' 1)"
	holds 0
	ipc-mq write --split -n "$NAME" "$(printf '%0160d' 1)"
	holds 4
}

@test "write --split that times out says what becomes of its pieces, and it does" {
	queue
	fails_with 124 "ipc-mq: cannot write to '$NAME': it stayed full for 0.05 s; the next reader will discard the 4 of the message's 5 pieces that were sent" \
		ipc-mq write --split -w 50ms "$NAME" "$(printf '%0200d' 1)"
	ipc-mq write --split -w 10 "$NAME" next 3>&- &
	run -0 --separate-stderr timeout 10 ipc-mq read --join "$NAME"
	[ "$output" = next ]
	[ "$stderr" = "$remains" ]
}

@test "writers take turns: one waits for another's end, within its time-out" {
	amid
	fails_with 75 "ipc-mq: cannot write to '$NAME': it is with another writer" \
		ipc-mq write --split -n "$NAME" next
	fails_with 124 "ipc-mq: cannot write to '$NAME': it stayed with another writer for 0.05 s" \
		ipc-mq write --split -w 50ms "$NAME" next
	ipc-mq write --split "$NAME" next 3>&- &
	within 10 asleep $!
	kill -CONT "$writer"
	timeout 10 ipc-mq read --join "$NAME" | cmp - in
	[ "$(timeout 10 ipc-mq read --join "$NAME")" = next ]
}

@test "a writer that waits for its turn dies of TERM at once" {
	amid
	for shown in '' '--progress -v'; do
		# shellcheck disable=SC2086  # words
		ipc-mq write --split $shown "$NAME" next 3>&- &
		within 10 asleep $!
		kill $!
		ends_with 143 $!
	done
}

@test "readers take turns: one waits while another is in the middle of a message" {
	amid
	joining
	run -75 timeout 10 ipc-mq read --join -n "$NAME"
	kill -CONT "$writer"
	ends_with 0 "$reader"
	cmp out in
}

@test "a more urgent message in the middle of another comes out first" {
	amid
	joining -L -c 2
	ipc-mq create -c 8 -s 64 "$NAME-2"
	long=$(printf '%0100d' 5)
	ipc-mq write --split -p 5 "$NAME-2" "$long"
	ipc-mq read -J -a "$NAME-2" | ipc-mq write -J "$NAME"	# its pieces, as they are
	within 10 test -s out
	tail -c +5 out | cmp - <(printf %s "$long")
	kill -CONT "$writer"
	ends_with 0 "$reader"
	tail -c 1000 out | cmp - in
	[ ! -s said ]
}

# what ends in the middle of a message

@test "kill -9 of a writer: the next reader discards what it sent, and says so" {
	amid
	kill -9 "$writer"
	run -75 --separate-stderr timeout 10 ipc-mq read --join -n "$NAME"
	[ "${stderr_lines[0]}" = "$remains" ]
	[ "${stderr_lines[1]}" = "ipc-mq: cannot read '$NAME': it is empty" ]
	holds 0
}

@test "kill -9 of a writer under a reader: that one discards it, and takes the next" {
	amid
	joining
	kill -9 "$writer"
	within 10 grep -q . said
	ipc-mq write --split "$NAME" "$(printf '%0100d' 2)"
	ends_with 0 "$reader"
	[ "$(cat out)" = "$(printf '%0100d' 2)" ]
	[ "$(cat said)" = "$remains" ]
}

@test "kill -9 of a reader: the next discards the rest, and takes the next message" {
	amid
	joining
	kill -9 "$reader"
	kill -CONT "$writer"
	within 10 holds 4
	ipc-mq write --split "$NAME" next 3>&- &
	run -0 --separate-stderr timeout 10 ipc-mq read --join "$NAME"
	[ "$output" = next ]
	[ "$stderr" = "$remains" ]
	wait "$writer"
}

@test "TERM of a reader in the middle of a message puts it back for the next one" {
	amid
	joining
	kill -TERM "$reader"
	ends_with 143 "$reader"
	holds 4
	[ ! -s out ]
	kill -CONT "$writer"
	timeout 10 ipc-mq read --join "$NAME" | cmp - in
}

@test "read --join -w times out in the middle of a message, and puts it back" {
	amid
	joining -w 0.3
	ends_with 124 "$reader"
	holds 4
	kill -CONT "$writer"
	timeout 10 ipc-mq read --join "$NAME" | cmp - in
}

@test "read --join -n that has begun a message waits for its end" {
	amid
	joining -n
	kill -CONT "$writer"
	ends_with 0 "$reader"
	cmp out in
}

@test "a joined message that cannot go out is put back whole" {
	queue -c 8 -s 256
	head -c 1000 /dev/urandom >in
	ipc-mq write --split -p 2 "$NAME" <in
	run -9 ipc-mq read --join "$NAME" -- sh -c 'exit 9'
	ipc-mq read --join -n "$NAME" -- cmp - in
}

@test "a joined message that cannot be put back for want of room is saved" {
	queue
	head -c 1000 /dev/urandom >in
	ipc-mq write --split "$NAME" <in 3>&- &
	run -9 timeout 10 ipc-mq read --join "$NAME" -- sh -c 'exit 9'
	file=$(sed -n "s/.*; the message is saved in '\(.*\)'$/\1/p" <<<"$output")
	cmp "$file" in
	holds 0
}

@test "what a COMMAND leaves when the wanted messages are out goes back whole" {
	amid
	joining -L	# one: the more urgent will be it
	ipc-mq write -p 9 "$NAME" urgent
	within 10 test -s out
	kill -CONT "$writer"
	within 10 ended "$reader"
	[ "$(tail -c +5 out)" = urgent ]
	wait "$writer" || :
	if grep -q saved said; then
		cmp "$(sed -n "s/.* in '\(.*\)'$/\1/p" said)" in
	else
		timeout 10 ipc-mq read --join "$NAME" | cmp - in
	fi
}

@test "several urgent messages in the middle of another: the wanted one, and the rest stays" {
	queue -c 10
	head -c 4000 /dev/urandom >in
	ipc-mq write --split "$NAME" <in 3>&- &
	writer=$!
	within 10 holds 10
	kill -STOP "$writer"
	joining
	printf '%s\n' 1 2 3 4 | ipc-mq write -p 9 -l "$NAME"
	within 10 test -s out
	kill -CONT "$writer"
	within 20 ended "$reader"
	[ "$(cat out)" = 1 ]
	[ "$(timeout 10 ipc-mq read --join -l -c 3 "$NAME" | xargs)" = "2 3 4" ]
	cmp "$(sed -n "s/.* in the middle of; the message is saved in '\(.*\)'$/\1/p" said)" in
}

# flood: urgent messages come without end, as long as the test lasts
flood() {
	yes urgent | ipc-mq write -p 9 -l "$NAME" 3>&- 2>/dev/null &
	others+=($!)
}

@test "urgent messages without end do not keep a reader that has the one it wanted" {
	amid
	joining
	flood
	within 10 ended "$reader"
	[ "$(cat out)" = urgent ]
	grep -q '^ipc-mq: the remains of 1 message were discarded' said
	[ "$(grep -c 'is saved in' said)" -le 5 ]	# what the queue holds, and one
}

@test "TERM ends a reader in the middle of a message, also when urgent ones never cease" {
	amid
	joining -f -l
	flood
	within 10 test -s out
	kill -TERM "$reader"
	ends_with 143 "$reader"
}

@test "a COMMAND that fails for a more urgent message leaves the other whole" {
	amid
	ipc-mq read --join -f "$NAME" -- sh -c '[ "$(cat)" != urgent ]' 2>said 3>&- &
	reader=$!
	within 10 holds 0
	ipc-mq write -p 9 "$NAME" urgent
	ends_with 1 "$reader"
	grep -E "; the message (was put back|is saved in '.*')$" said
	kill -CONT "$writer"
	timeout 10 ipc-mq read --join -w 5 -a -L "$NAME" >out 2>said || timeout 10 ipc-mq read --join -c 1 -L "$NAME" >out
	tail -c 1000 out | cmp - in
}

@test "TERM of a reader whose writer goes on: the message comes out whole first" {
	queue -c 10 -s 8192
	head -c 30000000 /dev/zero >in
	ipc-mq write --split "$NAME" <in 3>&- &
	writer=$!
	ipc-mq read --join "$NAME" >out 3>&- &
	within 10 asleep $! || ended "$writer"
	kill -TERM $!
	reader=$!
	within 20 ended "$reader"
	ended "$writer" || timeout 20 ipc-mq read --join "$NAME" >out	# it had taken none
	cmp out in
}

@test "pieces of killed writers of two priorities are joined to nothing else" {
	queue -c 10
	writers=()
	for priority in 0 3 0 3; do
		ipc-mq write --split -p $priority "$NAME" "$(printf %0600d $priority)" 3>&- &
		within 10 holds 10
		within 10 asleep $!
		kill -9 $!
		wait $! || :
		ipc-mq read -J -c 6 "$NAME" >>pieces	# some of each
		ipc-mq purge "$NAME"
	done 2>/dev/null
	ipc-mq write --split -p 9 "$NAME" "$(printf %0600d 7)" 3>&- &
	writer=$!
	within 10 holds 10
	kill -STOP "$writer"
	joining -l -f
	ipc-mq write -J "$NAME" <pieces
	within 10 holds 0
	kill -CONT "$writer"
	within 10 test -s out
	kill "$reader"
	within 10 ended "$reader"
	[ "$(cat out)" = "$(printf %0600d 7)" ]
}

# refusals

@test "a queue whose messages are too short for pieces is refused" {
	ipc-mq create -c 4 -s 24 "$NAME"
	for how in "write --split" "read --join"; do
		# shellcheck disable=SC2086  # a verb and its option
		fails_with 6 "ipc-mq: cannot split messages of '$NAME': one of 24 bytes has no room for a piece of them, which needs 25 (its message size, chosen at create)" \
			ipc-mq $how "$NAME"
	done
}

@test "read --join needs to write, as it may have to put pieces back" {
	queue
	ipc-mq write "$NAME" kept
	ipc-mq set -m 0400 "$NAME"
	fails_with 5 "ipc-mq: cannot write to '$NAME', as a reader that joins must: Permission denied" \
		"${powerless[@]}" ipc-mq read --join "$NAME"
	holds 1
}

@test "System V queues refuse to split and to join, and say why" {
	id=$(ipc-mq create private) && made "$id"
	for how in "write --split" "read --join"; do
		# shellcheck disable=SC2086  # a verb and its option
		fails 7 ipc-mq $how "$id"
		[[ $stderr == *"a System V queue has no descriptor"* ]]
	done
	ipc-mq rm "$id"
}

# storms

@test "many writers and readers: every message comes out whole, once" {
	queue -c 10
	writers=() readers=()
	for n in 1 2 3; do
		for message in {1..40}; do
			printf "w$n-$message-%0$((RANDOM % 500))d end\n" 0
		done >"in.$n"
		ipc-mq write --split -l "$NAME" <"in.$n" 3>&- &
		writers+=($!)
		ipc-mq read --join -f -l "$NAME" >"out.$n" 3>&- &
		readers+=($!)
	done
	wait "${writers[@]}"
	within 20 holds 0
	for n in 0 1 2; do within 10 asleep "${readers[n]}"; done
	kill "${readers[@]}"
	wait "${readers[@]}" || :
	cmp <(sort in.*) <(sort out.*)
}

@test "kill -9 in the middle of messages: none is joined wrongly or doubled" {
	queue -c 10
	kills=0
	reader() {
		ipc-mq read --join -f -l "$NAME" >>"out.$1" 2>>"said.$1" 3>&- &
		readers[$1]=$!
	}
	writer() {
		for message in {1..200}; do printf "w$1-$2-$message-%0$((RANDOM % 500))d end\n" 0; done |
			tee "in.$1.$2" | ipc-mq write --split -l "$NAME" 3>&- &
		writers[$1]=$!
	}
	readers=() writers=()
	for n in 1 2; do reader $n; done
	for ((generation = 1; generation <= ${STORM:-8}; generation++)); do
		for n in 1 2; do writer $n "$generation"; done
		size=$(cat out.* | wc -c)
		until [ "$(cat out.* | wc -c)" -gt $((size + RANDOM / 2)) ]; do :; done
		n=$((generation % 2 + 1))
		kill -9 "${readers[n]}" "${writers[n]}"
		kills=$((kills + 1))
		reader $n
		wait "${writers[3 - n]}"
	done 2>/dev/null
	within 20 holds 0
	for n in 1 2; do within 10 asleep "${readers[n]}"; done
	kill "${readers[@]}"
	wait "${readers[@]}" || :
	sort out.* >all
	[ -z "$(uniq -d all)" ]
	[ -z "$(comm -23 all <(sort in.*))" ]	# nothing came out that did not go in
	echo "$(wc -l <all) of $(cat in.* | wc -l) messages, $kills kills"
}
