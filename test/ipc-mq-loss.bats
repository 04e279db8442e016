#!/usr/bin/env bats
# ipc-mq: what becomes of messages when output fails, signals come, and kill -9

# shellcheck disable=SC2016,SC2030,SC2031,SC2094,SC2153,SC2154  # inner shells expand
load helper

# unread KIND ROOM COMMAND...: $reader runs COMMAND, which writes to $pipe, a fifo
# or a pipe, that nobody empties and that has ROOM bytes; what it says goes to said
unread() {
	local kind=$1 room=$2
	shift 2
	mkfifo start "$kind"
	if [ "$kind" = fifo ]; then
		tail -f /dev/null <fifo >/dev/null 3>&- &
		pipe=/proc/$!/fd/0
		{ read -r _ <start && exec "$@"; } >fifo 2>said 3>&- &
		reader=$!
	else
		{ read -r _ <start && exec "$@"; } 2>said 3>&- | tail -f /dev/null >/dev/null 3>&- &
		pipe=/proc/$!/fd/0
		others+=($!)	# jobs -p tells but the first of a pipeline
		reader=$(jobs -p %%)
	fi
	within 10 test -p "$pipe"
	dd if=/dev/zero of="$pipe" bs=4096 oflag=nonblock status=none 2>/dev/null || :
	[ "$room" -eq 0 ] || dd if="$pipe" bs="$room" count=1 status=none >/dev/null
	echo >start
	within 10 asleep "$reader"
	rm start "$kind"
}

# in_hand KIND COMMAND...: that command has taken the message of 8192 bytes in the
# file in, with priority 5, and got rid of only half of it
in_hand() {
	local kind=$1
	shift
	queue -s 8192 -c 1
	head -c 8192 /dev/urandom >in
	unread "$kind" 4096 "$@"
	ipc-mq write -p 5 "$NAME" <in
	within 10 holds 0
	within 10 asleep "$reader"
}

# is_given_out: the message in hand comes out when there is room, and all is well
is_given_out() {
	within 10 asleep "$reader"
	timeout 10 cat "$pipe" >out
	tail -c 8192 out | cmp - in
	within 10 ended "$reader"
	[ ! -s said ]
	holds 0
}

# full_fifo: "fifo" has no room, and a reader, descriptor 7, that never reads
full_fifo() {
	mkfifo fifo
	exec 7<>fifo
	dd if=/dev/zero of=fifo bs=4096 oflag=nonblock status=none 2>/dev/null || :
}

# saved: the file that the error in said names has the message in, and mode 0600
saved() {
	file=$(sed -n "s/.*; the message is saved in '\(.*\)'$/\1/p" said)
	[ "$(stat -c %a "$file")" = 600 ] && cmp "$file" in
}

# standard output that takes nothing

@test "read takes no message when standard output is closed" {
	queue
	ipc-mq write "$NAME" kept
	for framing in '' -l -J; do
		fails_with 1 "ipc-mq: cannot write to standard output: Bad file descriptor" \
			bash -c 'ipc-mq read $2 "$1" >&-' - "$NAME" $framing
	done
	fails 1 bash -c 'ipc-mq read "$1" 1</dev/null' - "$NAME"
	holds 1
}

@test "read takes no message when standard output is /dev/full, and waits for none" {
	queue
	for _ in empty full; do
		fails_with 1 "ipc-mq: cannot write to standard output: No space left on device" \
			timeout 10 bash -c 'ipc-mq read "$1" >/dev/full' - "$NAME"
		ipc-mq write "$NAME" kept
	done
	holds 2
}

@test "read takes no message when nobody reads its pipe any more" {
	queue
	ipc-mq write "$NAME" kept
	mkfifo pipe
	ipc-mq read -f "$NAME" >pipe 2>said 3>&- &
	exec 7<pipe
	within 10 holds 0
	within 10 asleep $!
	exec 7<&-
	ends_with 1 $!
	ipc-mq write "$NAME" after
	[ "$(cat said)" = "ipc-mq: cannot write to standard output: Broken pipe" ]
	holds 1
}

@test "read -f in a pipeline ends when the others have, without taking what comes then" {
	queue
	ipc-mq write "$NAME" 1 2
	set -o pipefail
	timeout 10 ipc-mq read -f -l "$NAME" 2>said | head -n 1 >out || [ $? -eq 1 ]
	[ "$(cat out)" = 1 ]
	[ "$(cat said)" = "ipc-mq: cannot write to standard output: Broken pipe" ]
}

@test "read takes no message while its pipe is full" {
	queue
	ipc-mq write "$NAME" 1 2
	for kind in pipe fifo; do
		unread $kind 0 ipc-mq read -f "$NAME"
		holds 2
		kill "$reader"
		within 10 ended "$reader"
		holds 2
	done
}

@test "read -a tells a full pipe from an empty queue" {
	queue
	full_fifo
	fails_with 0 "" timeout 10 bash -c 'ipc-mq read -a -n "$1" <>fifo' - "$NAME"
	ipc-mq write "$NAME" 1 2
	fails_with 75 "ipc-mq: cannot write to standard output: it is full" \
		timeout 10 bash -c 'ipc-mq read -a -n "$1" >fifo' - "$NAME"
	holds 2
}

@test "a message of no bytes is one to the reader of a packet socket" {
	perl -MSocket -e 1 || skip "needs Perl's Socket"
	queue
	ipc-mq write "$NAME" "" x ""
	timeout 10 perl -MSocket -e '
		socketpair(my $ours, my $theirs, AF_UNIX, SOCK_SEQPACKET, 0) or die;
		open(STDOUT, ">&", $theirs) or die;
		system("ipc-mq", "read", "-a", $ARGV[0]) == 0 or die;
		for my $wanted ("", "x", "") {
			defined(recv($ours, my $got, 9, MSG_DONTWAIT)) or die "nothing came";
			$got eq $wanted or die "it was $got";
		}' "$NAME"
}

@test "write --tee with a time-out sends nothing that standard output has no room for" {
	queue
	full_fifo
	fails_with 75 "ipc-mq: cannot write to standard output: it is full" \
		timeout 10 bash -c 'ipc-mq write --tee -n "$1" hello >fifo' - "$NAME"
	fails_with 124 "ipc-mq: cannot write to standard output: it stayed full for 0.05 s" \
		timeout 10 bash -c 'ipc-mq write --tee -w 50ms "$1" hello >fifo' - "$NAME"
	holds 0
}

@test "write --tee sends nothing when standard output takes nothing" {
	queue
	for where in '>&-' '>/dev/full'; do
		fails 1 bash -c 'ipc-mq write --tee "$1" hello '"$where" - "$NAME"
		fails 1 bash -c 'echo hello | ipc-mq write --tee -l "$1" '"$where" - "$NAME"
	done
	holds 0
}

@test "create prints to a standard output that takes nothing: 1, and no queue is left" {
	for where in '>&-' '>/dev/full' '1</dev/null'; do
		fails 1 bash -c 'ipc-mq create -c 4 -s 64 "$1" '"$where" - "$NAME"
		gone "$NAME"
	done
}

@test "create prints to a standard output that takes nothing: an older queue stays" {
	queue
	ipc-mq write "$NAME" kept
	for where in '>&-' '>/dev/full'; do
		fails 1 bash -c 'ipc-mq create "$1" '"$where" - "$NAME"
	done
	holds 1
}

@test "inspect and ls fail with 1 when standard output takes nothing" {
	queue
	held "$NAME"
	for verb in "inspect $NAME" "inspect -J $NAME" "inspect -e $NAME" ls 'ls -r' 'ls -J'; do
		run bash -c "ipc-mq $verb >/dev/full"
		[ "$status" -eq 1 ]
		run bash -c "ipc-mq $verb >&-"
		[ "$status" -eq 1 ]
	done
}

# disks

@test "read leaves messages in the queue, in their order, when the disk is full" {
	as_root
	queue -s 4096
	ipc-mq write "$NAME" 1 2
	head -c 4096 /dev/urandom | ipc-mq write "$NAME"
	fails_with 1 "ipc-mq: cannot write to standard output: No space left on device" \
		unshare -m bash -c 'mount -t tmpfs -o size=16k none /mnt &&
			head -c 16384 /dev/zero >/mnt/full
			ipc-mq read -a "$1" >>/mnt/full' - "$NAME"
	holds 3
	[ "$(ipc-mq read -l -c 2 "$NAME" | xargs)" = "1 2" ]
}

@test "read delivers whole messages until the disk is full, and leaves the others" {
	as_root
	for framing in -L -J; do
		bytes=4096 disk=24k
		[ $framing = -L ] || bytes=512 disk=12k	# JSON may need eight times as much
		queue -s $bytes -c 8
		for message in 1 2 3 4 5 6 7; do
			head -c $bytes /dev/urandom >in$message
			ipc-mq write "$NAME" <in$message
		done
		run unshare -m bash -c 'mount -t tmpfs -o size=$3 none /mnt
			ipc-mq read -a "$2" "$1" >/mnt/out
			status=$?
			cat /mnt/out >out
			exit $status' - "$NAME" $framing $disk
		[ "$status" -eq 1 ]
		ipc-mq create -c 8 -s $bytes "$NAME-2"
		ipc-mq purge "$NAME-2"
		ipc-mq write "$framing" "$NAME-2" <out	# no piece of a message is in out
		delivered=$(value MESSAGES "$NAME-2")
		[ "$delivered" -ge 2 ]
		holds $((7 - delivered))
		for message in 1 2 3 4 5 6 7; do	# nor is their order another
			[ "$message" -le "$delivered" ] || ipc-mq read -n "$NAME" | cmp - in$message
		done
		ipc-mq rm "$NAME" "$NAME-2"
	done
}

@test "read leaves the message in the queue when RLIMIT_FSIZE allows no more" {
	queue
	ipc-mq write "$NAME" 1 2
	for bytes in 0 10; do
		head -c $bytes /dev/zero >out
		run prlimit --fsize=$bytes bash -c 'ipc-mq read -a "$1" >>out' - "$NAME"
		[ "$status" -eq 1 ]
		[[ $output == "ipc-mq: cannot write to standard output: File too large"* ]]
		holds 2
		[ "$(wc -c <out)" -eq $bytes ]
	done
	[ "$(ipc-mq read -l -a "$NAME" | xargs)" = "1 2" ]
}

@test "read takes no message that RLIMIT_FSIZE might keep from every file" {
	queue
	ipc-mq write "$NAME" "a message of 26 bytes' size"
	ipc-mq set -m 0400 "$NAME"	# it could not be put back
	"${powerless[@]}" bash -c 'prlimit --fsize=10 ipc-mq read "$1" 2>&1 >out | cat >said' - "$NAME"
	[ "$(cat said)" = "ipc-mq: cannot write to standard output: File too large" ]
	holds 1
}

@test "a file that RLIMIT_FSIZE ends has whole messages only" {
	queue -s 10
	ipc-mq write "$NAME" first- second-2
	run prlimit --fsize=10 bash -c 'ipc-mq read -a "$1" >out' - "$NAME"
	[ "$status" -eq 1 ]
	holds 1
	[ "$(cat out)" = first- ]
}

# signals with a message in hand

@test "read that gets TERM with a message in hand puts it back, and dies of it" {
	for kind in pipe fifo; do
		in_hand $kind ipc-mq read -f "$NAME"
		kill -TERM "$reader"
		[ $kind = pipe ] || ends_with 143 "$reader"
		within 10 ended "$reader"
		[ "$(cat said)" = "ipc-mq: cannot write to standard output: a signal came; the message was put back" ]
		[ "$(ipc-mq read -J "$NAME" | tee out | jq .priority)" = 5 ]
		ipc-mq write -J "$NAME" <out
		ipc-mq read "$NAME" | cmp - in
		ipc-mq rm "$NAME"
	done
}

@test "read that gets signals it ignores with a message in hand gives it out" {
	trap '' HUP INT TERM	# as nohup(1) does, or a shell's background
	in_hand pipe ipc-mq read "$NAME"
	kill -TERM "$reader"
	kill -HUP "$reader"
	kill -INT "$reader"
	is_given_out
}

@test "read whose parent has blocked TERM gives its message out" {
	in_hand pipe env --block-signal=TERM ipc-mq read "$NAME"
	kill -TERM "$reader"
	is_given_out
}

@test "read with a message in hand times out, too, and puts it back" {
	in_hand fifo ipc-mq read -w 0.3 "$NAME"
	ends_with 124 "$reader"
	[ "$(cat said)" = "ipc-mq: cannot write to standard output: it stayed full for 0.3 s; the message was put back" ]
	ipc-mq read -n "$NAME" | cmp - in
}

@test "read finds descriptors to put a message back, or takes none" {
	queue
	ipc-mq write "$NAME" kept
	for limit in 4 5; do
		fails 1 bash -c 'exec 3>&- 4>&-; exec prlimit --nofile=$2 ipc-mq read "$1"' - "$NAME" $limit
	done
	holds 1
	ipc-mq rm "$NAME"
	exec 4>&-	# which bats has, too
	for limit in 6 7; do
		in_hand fifo prlimit --nofile=$limit ipc-mq read "$NAME"
		kill -TERM "$reader"
		ends_with 143 "$reader"
		grep -q '; the message was put back$' said
		ipc-mq rm "$NAME"
	done
}

@test "read that cannot say why it failed dies of TERM" {
	queue
	full_fifo
	ipc-mq read -n "$NAME" 2>fifo 3>&- &
	within 10 asleep $!
	kill -TERM $!
	ends_with 143 $!
}

@test "write that cannot say what failed dies of TERM, and leaves its input" {
	queue
	full_fifo
	{ printf '%065d\n' 0 && echo next; } >in
	exec 8<in
	ipc-mq write -l "$NAME" <&8 2>fifo 3>&- 8<&- &
	within 10 asleep $!
	kill -TERM $!
	ends_with 143 $!
	[ "$(cat <&8)" = next ]
	ipc-mq write "$NAME" 1 2 3 4
	printf 'last\n' >in
	exec 8<in
	ipc-mq write -l -n "$NAME" <&8 2>fifo 3>&- 8<&- &
	within 10 asleep $!
	kill -TERM $!
	ends_with 143 $!
	[ "$(cat <&8)" = last ]
	exec 8<&-
}

@test "read that is stopped with a message in hand gives it out when it goes on" {
	in_hand pipe ipc-mq read "$NAME"
	kill -STOP "$reader"
	within 10 grep -q ') T ' "/proc/$reader/stat"
	kill -CONT "$reader"
	within 10 asleep "$reader"
	timeout 10 cat "$pipe" >out
	tail -c 8192 out | cmp - in
}

@test "read whose terminal is stopped with a message in hand dies of TERM" {
	head -c 8192 /dev/zero >in
	mkfifo fifo
	tail -f /dev/null <fifo >/dev/null 3>&- &
	for how in -f -vf; do
		queue -s 8192 -c 1
		script -qc "exec ipc-mq read $how $NAME" /dev/null >fifo 3>&- &
		while ipc-mq write -w 0.3 "$NAME" <in 2>said; do :; done
		reader=$(pgrep -f "^ipc-mq read $how $NAME\$")
		[ -n "$reader" ] && asleep "$reader"
		kill -TERM "$reader"
		within 20 ended "$reader" || { kill -9 "$reader"; false; }
		ipc-mq rm "$NAME"
	done
}

@test "read waits no longer than it may for a terminal that another writer has" {
	queue
	ipc-mq write "$NAME" kept
	full_fifo
	on_terminal 'yes & until grep -q ") S " "/proc/$!/stat"; do :; done
		timeout 10 ipc-mq read -n "$1" 2>/dev/null; echo $? >status
		timeout 10 ipc-mq read -w 50ms "$1" 2>/dev/null; echo $? >>status
		kill -9 $!' >fifo &
	others+=($!)
	within 20 grep -qs 124 status
	[ "$(xargs <status)" = "75 124" ]
	holds 1
}

@test "read in the background of a terminal that lets it not write can be killed" {
	queue
	ipc-mq write "$NAME" kept
	on_terminal 'stty tostop; ipc-mq read -f "$1" &
		until grep -q "(ipc-mq) T " "/proc/$!/stat"; do :; done
		kill $!; kill -CONT $!
		while wait $!; status=$?; [ "$(kill -l $status)" = TTOU ]; do :; done
		echo $status >status' >/dev/null
	[ "$(cat status)" = 143 ]
	holds 1
}

@test "lines of several readers on one terminal do not mix" {
	queue
	on_terminal 'stty raw; for n in 1 2 3; do ipc-mq read -l -f "$1" & done
		for n in {1..600}; do printf "%060d\n" $((n % 10)); done | tr 0 "#" | ipc-mq write -l "$1"
		until [ "$(ipc-mq inspect -r --noheadings -o messages "$1")" = 0 ]; do :; done
		kill %1 %2 %3; wait' >out
	[ "$(sed 's/^[^#]*//' out | grep -c -x '#\{59\}[1-9#]')" -eq 600 ]	# script(1) may show ^D
}

@test "read that waits dies of HUP and TERM at once, and says nothing" {
	queue
	for signal in HUP TERM; do
		ipc-mq read "$NAME" >out 2>said 3>&- &
		within 10 asleep $!
		kill -$signal $!
		ends_with $((128 + $(kill -l $signal))) $!
		[ ! -s said ]
	done
}

@test "read whose pipe is left with a message in hand puts it back, and fails with 1" {
	in_hand fifo ipc-mq read -f "$NAME"
	kill "$(cut -d/ -f3 <<<"$pipe")"
	ends_with 1 "$reader"
	[ "$(cat said)" = "ipc-mq: cannot write to standard output: Broken pipe; the message was put back" ]
	ipc-mq read -n "$NAME" | cmp - in
}

@test "kill -9 of a reader costs the message in hand, and no other" {
	in_hand fifo ipc-mq read -f "$NAME"
	ipc-mq write "$NAME" next
	kill -9 "$reader"
	ends_with 137 "$reader"
	[ "$(ipc-mq read -n "$NAME")" = next ]
}

# messages that cannot be put back

@test "what cannot be put back into a queue that is full again is saved" {
	export TMPDIR=$PWD
	in_hand fifo ipc-mq read -f -w 1 "$NAME"
	ipc-mq write "$NAME" another
	kill -TERM "$reader"
	ends_with 143 "$reader"
	saved
	[[ $(cat said) == "ipc-mq: cannot write to standard output: a signal came; the message is saved in '$PWD/ipc-mq."* ]]
	[ "$(ipc-mq read -n "$NAME")" = another ]
	holds 0
}

@test "what cannot be put back waits a while for room" {
	export TMPDIR=$PWD
	in_hand pipe ipc-mq read "$NAME"
	ipc-mq write "$NAME" another
	kill -TERM "$reader"
	[ "$(ipc-mq read -n "$NAME")" = another ]
	within 10 ended "$reader"
	grep -q '; the message was put back$' said
	ipc-mq read -n "$NAME" | cmp - in
}

@test "what cannot be put back into a queue that may not be written to is saved" {
	export TMPDIR=$PWD
	in_hand pipe "${powerless[@]}" ipc-mq read "$NAME"
	ipc-mq set -m 0400 "$NAME"
	kill -TERM "$reader"
	within 10 ended "$reader"
	saved
	holds 0
}

@test "what cannot be put back is saved in /tmp where TMPDIR will not do" {
	export TMPDIR=/no/such/place
	in_hand pipe "${powerless[@]}" ipc-mq read "$NAME"
	ipc-mq set -m 0400 "$NAME"
	kill -TERM "$reader"
	within 10 ended "$reader"
	saved
	[[ $file == /tmp/ipc-mq.* ]]
	rm "$file"
}

@test "what is from a queue that was removed is saved, whatever has its name now" {
	export TMPDIR=$PWD
	in_hand pipe ipc-mq read "$NAME"
	ipc-mq rm "$NAME"
	queue -s 8192
	kill -TERM "$reader"
	within 10 ended "$reader"
	saved
	holds 0
}

@test "read to a FIFO that it may not open anew takes no room from under itself" {
	as_root
	queue -m 666 -s 8192 -c 10
	mkfifo -m 600 fifo
	exec 7<>fifo
	as_user 65534 true	# copies are made
	mkdir -m 777 saved
	export TMPDIR=$PWD/saved
	for n in 1 2 3 4; do
		as_user 65534 ipc-mq read -f "$NAME" >fifo 2>"said.$n" 3>&- 7<&- &
	done
	head -c 800000 /dev/zero | ipc-mq write --record 8000 "$NAME" 3>&- 7<&- &
	others+=($!)
	for _ in {1..100}; do dd bs=4096 count=1 status=none <&7 >/dev/null; done
	mapfile -t readers < <(pgrep -x -u 65534 -f "ipc-mq read -f $NAME")
	[ ${#readers[@]} -eq 4 ]
	kill "${readers[@]}"
	for n in 0 1 2 3; do within 10 ended "${readers[n]}"; done
}

# kill -9

# verify KILLS LINES: of so many numbered lines none is torn or doubled, few lost
verify() {
	cat out.* >all
	[ "$(grep -c -v -x 'w[0-9]*-[0-9-]* end' all)" -eq 0 ]
	[ -z "$(sort all | uniq -d)" ]
	echo "$(wc -l <all) of $2 lines, $1 kills"
	[ "$(wc -l <all)" -ge $(($2 - $1)) ]
}

@test "kill -9 of readers tears and doubles no message, and loses one each at most" {
	queue -c 10
	readers=() writers=() block=0
	reader() {
		ipc-mq read -f -l "$NAME" >>"out.$1" 3>&- &
		readers[$1]=$!
	}
	for n in 1 2 3; do
		reader $n
		until [ -e stop ]; do
			seq -f "w$n-$((++block))-%03.0f end" 500
		done 3>&- | tee "in.$n" | ipc-mq write -l "$NAME" 3>&- &
		writers+=($!)
	done
	for ((kills = 0; kills < ${STORM:-12}; kills++)); do
		n=$((RANDOM % 3 + 1))
		size=$(stat -c %s out.$n)
		until [ "$(stat -c %s out.$n)" -gt "$size" ]; do :; done
		kill -9 "${readers[n]}"
		wait "${readers[n]}" || :
		reader $n
	done 2>/dev/null
	touch stop
	wait "${writers[@]}"
	within 10 holds 0
	for n in 1 2 3; do within 10 asleep "${readers[n]}"; done
	kill "${readers[@]}"
	wait "${readers[@]}" || :
	verify "$kills" "$(cat in.* | wc -l)"
}

@test "kill -9 of writers tears and doubles no message" {
	queue -c 10
	mkfifo pipe
	cat pipe >out.1 3>&- &
	readers=() writers=()
	for n in 1 2; do
		ipc-mq read -f -l "$NAME" >pipe 3>&- &
		readers+=($!)
	done
	for ((generation = 1; generation <= ${STORM:-20}; generation++)); do
		for n in 1 2; do
			seq -f "w$n-$generation%06.0f end" 100000 2>/dev/null | ipc-mq write -l "$NAME" 3>&- &
			writers[n]=$!
		done
		size=$(stat -c %s out.1)
		until [ "$(stat -c %s out.1)" -gt $((size + RANDOM)) ]; do :; done
		kill -9 "${writers[@]}"
		wait "${writers[@]}" || :
	done 2>/dev/null
	within 10 holds 0
	for n in 0 1; do within 10 asleep "${readers[n]}"; done
	kill "${readers[@]}"
	wait
	verify 0 1000
}

@test "write whose input another took between the look and the reading dies of TERM" {
	command -v strace >/dev/null || skip "no strace here"
	queue
	mkfifo pipe
	exec 7<>pipe
	ASAN_OPTIONS=detect_leaks=0 strace -D -o trace -e inject=ppoll:delay_exit=500000 \
		ipc-mq write -l "$NAME" <pipe 3>&- 7>&- &
	within 10 eval 'grep -qs ppoll trace && asleep $!'
	echo taken >&7
	within 10 grep -q ') t ' "/proc/$!/stat"
	read -r -u 7
	[ "$REPLY" = taken ]
	within 10 asleep $!
	kill $!
	ends_with 143 $!
	exec 7>&-
}

# rest_in FILE: what was read ahead and is saved, as the error in said has it
rest_in() {
	sed -n "s/.*; input that was not written is saved in '\\(.*\\)'$/\\1/p" said >where
	cat "$(cat where)" >"$1"
	rm "$(cat where)"
}

@test "input that was read ahead and not written is saved, or left in its file" {
	queue
	seq 100000 >lines
	tr '\n' '\0' <lines >nul
	sed 's/.*/{"data":"&","priority":1}/' lines >json
	for how in '-l lines' '-z nul' '--record=3 lines' '-J json'; do
		read -r option file <<<"$how"
		run -75 bash -c "cat $file | { ipc-mq write -n $option '$NAME'; status=\$?; cat >left; exit \$status; } 2>said"
		rest_in saved
		ipc-mq read -a "$option" "$NAME" | sed 's/"type":null,//; s/\("priority":1\),\(.*\)}/\2,\1}/' | cat - saved left | cmp - "$file"
		run -75 bash -c "{ ipc-mq write -n $option '$NAME'; status=\$?; cat >left; exit \$status; } <$file 2>said"
		run -1 grep saved said
		ipc-mq read -a "$option" "$NAME" | sed 's/"type":null,//; s/\("priority":1\),\(.*\)}/\2,\1}/' | cat - left | cmp - "$file"
	done
}

@test "bare input that found no room is left in its file, to be tried again" {
	queue -c 1
	ipc-mq write "$NAME" first
	echo second >in
	run -75 bash -c '{ ipc-mq write -n "$1"; status=$?; ipc-mq read "$1"; ipc-mq write "$1"; exit $status; } <in' - "$NAME"
	[ "$output" = "ipc-mq: cannot write to '$NAME': it is full
first" ]
	[ "$(ipc-mq read "$NAME")" = second ]
	ipc-mq write "$NAME" first
	echo second | fails_with 75 "ipc-mq: cannot write to '$NAME': it is full" ipc-mq write -n "$NAME"
}

@test "a line that is no JSON ends write, and those behind it are left" {
	queue
	printf '%s\n' '{"data":"one"}' nonsense '{"data":"two"}' >in
	run -1 bash -c '{ ipc-mq write -J "$1"; status=$?; cat >left; exit $status; } <in' - "$NAME"
	[ "$(cat left)" = '{"data":"two"}' ]
	holds 1
}

@test "a limit that is none of the message ends write, and its input is left" {
	mailbox --bytes-limit 4
	seq 9 >lines
	run -6 bash -c '{ prlimit --sigpending=0 ipc-mq write -l "$1"; status=$?; cat >left; exit $status; } <lines' - "$q"
	[[ $output == "ipc-mq: cannot write to '$q': the timer for that needs a signal, and RLIMIT_SIGPENDING (ulimit -i) allows 0" ]]
	ipc-mq read -a -l "$q" | cat - left | cmp - lines
}

@test "a signal ends write when its input is saved, or left in its file" {
	mailbox --bytes-limit 8
	queue
	seq 9 >lines
	mkfifo pipe
	for full in "4 $NAME" "8 $q"; do
		address=${full#* }
		exec 7<lines
		ipc-mq write -l "$address" <&7 2>said 3>&- &
		within 10 holds "${full% *}" "$address"
		within 10 asleep $!
		kill $!
		ends_with 143 $!
		cat <&7 >left
		[ ! -s said ]
		ipc-mq read -a -l "$address" | cat - left | cmp - lines
		exec 7<>pipe
		ipc-mq write -l "$address" <pipe 2>said 3>&- 7>&- &
		cat lines >pipe
		within 10 holds "${full% *}" "$address"
		within 10 asleep $!
		kill $!
		ends_with 143 $!
		rest_in saved
		ipc-mq read -a -l "$address" | cat - saved | cmp - lines
		exec 7>&-
	done
}
