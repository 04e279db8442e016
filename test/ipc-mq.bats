#!/usr/bin/env bats
# ipc-mq: one queue, from create to rm

# shellcheck disable=SC2016,SC2030,SC2031,SC2094,SC2153,SC2154  # inner shells expand
load helper

# create

@test "create prints the address and nothing else" {
	run --separate-stderr ipc-mq create -c 4 -s 64 "$NAME"
	[ "$status" -eq 0 ]
	[ "$output" = "$NAME" ]
	[ -z "$stderr" ]
}

@test "create adds the slash that a name lacks" {
	[ "$(ipc-mq create -c 4 -s 64 "${NAME#/}")" = "$NAME" ]
	ipc-mq write "${NAME#/}" hello
	[ "$(ipc-mq read "$NAME")" = hello ]
}

@test "create makes a queue of mode 0600 that takes what was asked for" {
	ipc-mq create --capacity=3 --message-size=100 "$NAME"
	[ "$(value CAPACITY,MESSAGE_SIZE,MODE "$NAME")" = "3 100 0600" ]
}

@test "create takes what the system gives for a geometry that was not asked for" {
	ipc-mq create -c 2 "$NAME"
	[ "$(value MESSAGE_SIZE "$NAME")" = "$(cat /proc/sys/fs/mqueue/msgsize_default)" ]
	ipc-mq create -s 64 "$NAME-2"
	[ "$(value CAPACITY "$NAME-2")" = "$(cat /proc/sys/fs/mqueue/msg_default)" ]
}

@test "create reads K and KiB as 1024 bytes, KB as 1000, and --size as --message-size" {
	ipc-mq create -c 1 -s 1K "$NAME"
	ipc-mq create -c 1 -s 2KiB "$NAME-2"
	ipc-mq create -c 1 --size=3KB "$NAME-3"
	[ "$(value MESSAGE_SIZE "$NAME")" = 1024 ]
	[ "$(value MESSAGE_SIZE "$NAME-2")" = 2048 ]
	[ "$(value MESSAGE_SIZE "$NAME-3")" = 3000 ]
}

@test "create makes the exact mode asked for, whatever the umask" {
	for mask in 000 022 077 777; do
		(umask "$mask" && queue -m 0666)
		[ "$(value MODE "$NAME")" = 0666 ]
		ipc-mq rm "$NAME"
	done
}

@test "create changes 0600 by a symbolic mode, whatever the umask" {
	while read -r mode octal; do
		(umask 027 && queue -m "$mode")
		[ "$(value MODE "$NAME")" = "$octal" ]
		ipc-mq rm "$NAME"
	done <<-END
		u=rw,g=r 0640
		a=r 0444
		go+r 0644
		+w 0622
		g=u 0660
	END
}

@test "create refuses a mode that is none" {
	for mode in 8 1777 0x1b6 u=z u+s +t 00001000 -1 '' rw; do
		fails_with 2 "ipc-mq: option '--mode': '$mode' is not a mode such as 0640 or u=rw,g=r" \
			ipc-mq create -c 4 -s 64 --mode="$mode" "$NAME"
	done
	gone "$NAME"
}

@test "create refuses a geometry that is none" {
	for size in 0x10 -1 1.5K 1Ki ' 1' 1e3 99999999999999999999 8E ''; do
		fails_with 2 "ipc-mq: option '--message-size': '$size' is not a size such as 4096, 64K or 1GiB" \
			ipc-mq create -c 4 --message-size="$size" "$NAME"
	done
	for count in 0 -1 +1 1K 0x1 ''; do
		fails_with 2 "ipc-mq: option '--capacity': '$count' is not a number from 1" \
			ipc-mq create -s 64 --capacity="$count" "$NAME"
	done
	fails 2 ipc-mq create -c 4 -s 0 "$NAME"
	gone "$NAME"
}

@test "create accepts a queue that exists, and changes nothing of it" {
	queue -m 0640
	ipc-mq write "$NAME" kept
	[ "$(ipc-mq create -c 4 -s 64 -m 0666 "$NAME")" = "$NAME" ]
	[ "$(ipc-mq create "$NAME")" = "$NAME" ]
	[ "$(ipc-mq create -c 4 "$NAME")" = "$NAME" ]
	[ "$(value MODE,MESSAGES "$NAME")" = "0640 1" ]
	[ "$(ipc-mq read "$NAME")" = kept ]
}

@test "create -x fails with 4 when the queue exists" {
	ipc-mq create -x -c 4 -s 64 "$NAME"
	fails_with 4 "ipc-mq: cannot create '$NAME': File exists" \
		ipc-mq create -x -c 4 -s 64 "$NAME"
}

@test "create fails with 4 when the queue exists with another geometry" {
	queue
	ipc-mq write "$NAME" kept
	fails_with 4 "ipc-mq: cannot create '$NAME': it exists with a capacity of 4 messages, not 5" \
		ipc-mq create -c 5 -s 64 "$NAME"
	fails_with 4 "ipc-mq: cannot create '$NAME': it exists with a message size of 64 bytes, not 65" \
		ipc-mq create -s 65 "$NAME"
	[ "$(value CAPACITY,MESSAGE_SIZE,MESSAGES "$NAME")" = "4 64 1" ]
}

@test "create goes on after a failure, and ends with the status of the first" {
	queue
	run --separate-stderr "${powerless[@]}" ipc-mq create -c 5 -s 64 "$NAME" "$NAME-2"
	[ "$status" -eq 4 ]
	[ "$output" = "$NAME-2" ]
	ipc-mq rm "$NAME-2"
	run "${powerless[@]}" ipc-mq create -c 70000 -s 64 "$NAME" "$NAME-2"
	[ "$status" -eq 4 ]
	run "${powerless[@]}" ipc-mq create -c 70000 -s 64 "$NAME-2" "$NAME"
	[ "$status" -eq 6 ]
	gone "$NAME-2"
}

# names

@test "a name may have 255 bytes, and with 256 it is wrong usage" {
	name=$NAME-
	while [ ${#name} -lt 256 ]; do name+=x; done	# with the slash
	made "$name"
	[ "$(ipc-mq create -c 4 -s 64 "$name")" = "$name" ]
	ipc-mq write "${name#/}" hello
	[ "$(ipc-mq read "$name")" = hello ]
	[ "$(value ADDRESS "$name")" = "$name" ]
	ipc-mq rm "$name"
	fails 2 ipc-mq create -c 4 -s 64 "${name}x"
	fails 2 ipc-mq create -c 4 -s 64 "${name#/}x"
}

@test "a name may have every byte but a slash and NUL" {
	bytes=''
	for code in {1..46} {48..255}; do
		# shellcheck disable=SC2059  # the format is made of the code
		printf -v byte "\\x$(printf %x "$code")"
		bytes+=$byte
		[ $((code % 64)) -eq 63 ] || continue
		made "$NAME-$bytes"
		[ "$(ipc-mq create -c 4 -s 64 "$NAME-$bytes")" = "$NAME-$bytes" ]
		ipc-mq write "$NAME-$bytes" "$code"
		[ "$(ipc-mq read "$NAME-$bytes")" = "$code" ]
		ipc-mq rm "$NAME-$bytes"
		bytes=''
	done
}

@test "what cannot be the name of a queue is wrong usage for every verb" {
	for name in . .. '' / /. /.. // a/b /a/ /a/b id:x key:0 ftok:/:0 nats://h/q tls://h/q; do
		for verb in create write read wait inspect set purge rm peek; do
			fails 2 ipc-mq "$verb" "$name"
		done
	done
}

@test "with its slash a queue may be named like an address of another kind" {
	for kind in id: key: ftok: private; do
		name=/$kind${NAME#/}
		made "$name"
		[ "$(ipc-mq create -c 4 -s 64 "$name")" = "$name" ]
		ipc-mq rm "$name"
	done
	fails 2 ipc-mq create -c 4 -s 64 "id:${NAME#/}"
}

@test "every verb fails with 3 for a queue that does not exist" {
	for verb in read wait inspect purge rm 'set -m 600'; do
		# shellcheck disable=SC2086  # words
		fails 3 ipc-mq $verb "$NAME"
	done
	fails_with 3 "ipc-mq: cannot write to '$NAME': No such file or directory" \
		ipc-mq write "$NAME" hello
}

# write

@test "write takes each operand as one message" {
	queue
	ipc-mq write "$NAME" one 'two words' $'three\nlines'
	holds 3
	[ "$(ipc-mq read "$NAME")" = one ]
	[ "$(ipc-mq read "$NAME")" = 'two words' ]
	[ "$(ipc-mq read "$NAME")" = $'three\nlines' ]
}

@test "send and recv are write and read" {
	queue
	ipc-mq send "$NAME" hello
	[ "$(ipc-mq recv "$NAME")" = hello ]
}

@test "write takes what looks like an option behind the address as data" {
	queue
	for data in -- -n --help -w -p -h --no-such --trust-owner=x -; do
		ipc-mq write "$NAME" "$data"
		[ "$(ipc-mq read -n "$NAME")" = "$data" ]
	done
	ipc-mq write -p 1 -- "$NAME" -- -n
	[ "$(ipc-mq read -n -l -a "$NAME")" = $'--\n-n' ]
}

@test "write takes an empty operand as an empty message" {
	queue
	ipc-mq write "$NAME" ''
	holds 1
	ipc-mq read -n "$NAME" >out
	[ -e out ] && [ ! -s out ]
	holds 0
}

@test "write takes all of standard input as one message, byte for byte" {
	queue
	printf 'a\n\0\377b\n' >in
	ipc-mq write "$NAME" <in
	holds 1
	ipc-mq read -n "$NAME" | cmp - in
}

@test "write makes one empty message of an empty standard input" {
	queue
	ipc-mq write "$NAME" </dev/null
	[ "$(value MESSAGES,BYTES "$NAME")" = "1 0" ]
}

@test "write fails with 1 when standard input is closed, and sends nothing" {
	queue
	for option in '' -l -z -L -J --record=4; do
		# shellcheck disable=SC2086  # words
		fails 1 bash -c 'ipc-mq write $2 "$1" <&-' - "$NAME" $option
	done
	holds 0
}

@test "write fails with 1 when standard input is a directory" {
	queue
	fails_with 1 "ipc-mq: cannot read standard input: Is a directory" \
		bash -c 'ipc-mq write "$1" </' - "$NAME"
	holds 0
}

@test "read takes the larger priority first, and equals in their order" {
	queue
	ipc-mq write "$NAME" first second
	ipc-mq write -p 32767 "$NAME" highest
	ipc-mq write --priority=9 "$NAME" high
	[ "$(ipc-mq read -l -a "$NAME" | xargs)" = "highest high first second" ]
}

@test "write refuses a priority that is none" {
	queue
	for priority in 32768 -1 +1 0x1 1.0 '' high 4294967296; do
		fails_with 2 "ipc-mq: option '--priority': '$priority' is not a priority from 0 to 32767" \
			ipc-mq write --priority="$priority" "$NAME" hello
	done
	holds 0
}

@test "write sends nothing of a message that is too long, and sends the others" {
	queue
	long=$(printf %065d 0)
	fails_with 6 "ipc-mq: cannot write to '$NAME': a message of 65 bytes is longer than the 64 it takes (its message size, chosen at create)" \
		ipc-mq write "$NAME" before "$long" "${long%0}" after
	[ "$(ipc-mq read -l -a "$NAME" | xargs)" = "before ${long%0} after" ]
	printf %s "$long" >in
	fails 6 bash -c 'ipc-mq write "$1" <in' - "$NAME"
	holds 0
}

@test "write -n to a full queue fails with 75 and sends nothing" {
	queue
	ipc-mq write "$NAME" 1 2 3
	fails_with 75 "ipc-mq: cannot write to '$NAME': it is full" ipc-mq write -n "$NAME" 4 5 6
	fails 75 ipc-mq write -w 0 "$NAME" 7
	[ "$(ipc-mq read -l -a "$NAME" | xargs)" = "1 2 3 4" ]
}

@test "write -w to a queue that stays full fails with 124 and sends nothing" {
	queue
	ipc-mq write "$NAME" 1 2 3 4
	fails_with 124 "ipc-mq: cannot write to '$NAME': it stayed full for 0.05 s" \
		ipc-mq write -w 0.05 "$NAME" 5
	[ "$(ipc-mq read -l -a "$NAME" | xargs)" = "1 2 3 4" ]
}

@test "write waits until there is room" {
	queue
	ipc-mq write "$NAME" 1 2 3 4
	ipc-mq write "$NAME" 5 3>&- &
	within 10 asleep $!
	[ "$(ipc-mq read "$NAME")" = 1 ]
	ends_with 0 $!
	[ "$(ipc-mq read -l -a "$NAME" | xargs)" = "2 3 4 5" ]
}

@test "write --tee copies what was accepted, and nothing else" {
	queue
	printf '%s\n' 1 "$(printf %065d 0)" 2 3 4 5 6 >in
	run --separate-stderr ipc-mq write --tee -n -l "$NAME" <in
	[ "$status" -eq 6 ]
	[ "$output" = $'1\n2\n3\n4' ]
	[ "$(ipc-mq read -a -l "$NAME")" = "$output" ]
}

@test "write --tee copies operands, framed as asked" {
	queue
	[ "$(ipc-mq write --tee "$NAME" a b)" = ab ]
	[ "$(ipc-mq write --tee -l "$NAME" c d)" = $'c\nd' ]
	[ "$(ipc-mq read -a "$NAME")" = abcd ]
}

# read and wait

@test "read waits for a message" {
	queue
	ipc-mq read "$NAME" >out 3>&- &
	within 10 asleep $!
	ipc-mq write "$NAME" hello
	ends_with 0 $!
	[ "$(cat out)" = hello ]
}

@test "read -n of an empty queue fails with 75" {
	queue
	fails_with 75 "ipc-mq: cannot read '$NAME': it is empty" ipc-mq read -n "$NAME"
	fails 75 ipc-mq read -w 0 "$NAME"
	fails 75 ipc-mq read --timeout=0ms "$NAME"
	fails 75 ipc-mq wait -n "$NAME"
}

@test "read -w of a queue that stays empty fails with 124, in every form of TIME" {
	queue
	for time in 0.01 .01 0.01s 10ms 10.5ms 0.0001m 0.000001h 0.0000001d 0.000000000001; do
		fails 124 ipc-mq read -w "$time" "$NAME"
	done
	fails_with 124 "ipc-mq: cannot wait for '$NAME': it stayed empty for 0.01 s" \
		ipc-mq wait -w 10ms "$NAME"
}

@test "read -w does not wait when a message is there" {
	queue
	for time in 0 1 1m 1h 1d 106751d; do
		ipc-mq write "$NAME" hello
		[ "$(ipc-mq read -w "$time" "$NAME")" = hello ]
	done
}

@test "a TIME that is none is wrong usage" {
	queue
	for time in '' - . 1. -1 +1 1,5 0x1 1e3 inf nan ' 1' '1 ' '1 s' 1us 1sec 1S 1M 1ss 1m30s 99999999999999999999 300000d; do
		for verb in read wait write; do
			fails_with 2 "ipc-mq: option '--timeout': '$time' is not a time such as 1.5, 200ms or 2m" \
				ipc-mq "$verb" --timeout="$time" "$NAME"
		done
	done
}

@test "a fraction of a TIME follows a point where the locale has a comma" {
	localedef -i de_DE -f UTF-8 ./de_DE.UTF-8 || skip "cannot make a locale with a comma"
	export LOCPATH=$PWD LC_ALL=de_DE.UTF-8
	[ "$(printf %.1f 1)" = 1,0 ] || skip "cannot use a locale with a comma"
	queue
	fails_with 124 "ipc-mq: cannot read '$NAME': it stayed empty for 0.05 s" \
		ipc-mq read -w 0.05 "$NAME"
	fails 2 ipc-mq read -w 0,05 "$NAME"
}

@test "read -c N takes N messages" {
	queue
	ipc-mq write "$NAME" 1 2 3
	[ "$(ipc-mq read -l -c 2 "$NAME" | xargs)" = "1 2" ]
	holds 1
	for count in 0 -1 x ''; do
		fails 2 ipc-mq read --count="$count" "$NAME"
	done
}

@test "what read took before 75 or 124 stays delivered" {
	queue
	ipc-mq write "$NAME" 1 2
	run --separate-stderr ipc-mq read -l -c 3 -w 0.05 "$NAME"
	[ "$status" -eq 124 ]
	[ "$output" = $'1\n2' ]
	ipc-mq write "$NAME" 3
	run --separate-stderr ipc-mq read -l -c 3 -n "$NAME"
	[ "$status" -eq 75 ]
	[ "$output" = 3 ]
	holds 0
}

@test "the limit of -w runs anew after each message" {
	queue
	ipc-mq read -w 2 -c 4 "$NAME" >out 3>&- &
	for message in 1 2 3 4; do
		ipc-mq write "$NAME" "$message"
		[ "$message" -eq 4 ] || timeout 0.9 tail -f /dev/null || :	# time is what is tested
	done
	ends_with 0 $!
	[ "$(cat out)" = 1234 ]
}

@test "read -a takes all there is, waits for no more, and finds nothing no failure" {
	queue
	ipc-mq write "$NAME" 1 2 3
	[ "$(ipc-mq read -l -a "$NAME" | xargs)" = "1 2 3" ]
	run --separate-stderr ipc-mq read -a "$NAME"
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
}

@test "read -a -c N takes at most N" {
	queue
	ipc-mq write "$NAME" 1 2 3
	[ "$(ipc-mq read -l -a -c 2 "$NAME" | xargs)" = "1 2" ]
	[ "$(ipc-mq read -l -a -c 2 "$NAME" | xargs)" = 3 ]
}

@test "read -f gives out every message until a signal ends it" {
	queue
	ipc-mq read -f -l "$NAME" >out 3>&- &
	for message in 1 2 3 4 5 6; do ipc-mq write "$NAME" "$message"; done
	within 10 grep -q 6 out
	kill -TERM $!
	ends_with 143 $!
	[ "$(xargs <out)" = "1 2 3 4 5 6" ]
}

@test "read -f ends soon after a signal, also while messages never cease" {
	queue
	flooders=()
	for _ in 1 2 3 4 5 6 7 8; do
		"$peer" flood "$NAME" >/dev/null 3>&- &
		flooders+=($!)
	done
	for _ in 1 2 3; do
		rm -f out # or the shell that is about to become the reader may get the signal
		ipc-mq read -f -J "$NAME" >out 3>&- &
		within 10 test -s out
		kill -TERM $!
		ends_with 143 $!
	done
	kill "${flooders[@]}"
	wait "${flooders[@]}" || :
}

@test "read -f -w ends with 124 when no more comes" {
	queue
	ipc-mq write "$NAME" 1 2
	run --separate-stderr ipc-mq read -f -l -w 0.05 "$NAME"
	[ "$status" -eq 124 ]
	[ "$output" = $'1\n2' ]
}

@test "read that is stopped and continued waits on" {
	queue
	ipc-mq read "$NAME" >out 3>&- &
	within 10 asleep $!
	kill -STOP $!
	within 10 grep -q ') T ' "/proc/$!/stat"
	kill -CONT $!
	within 10 asleep $!
	ipc-mq write "$NAME" hello
	ends_with 0 $!
	[ "$(cat out)" = hello ]
}

@test "read goes on with its queue when the name is another's by now" {
	queue
	ipc-mq read "$NAME" >out 3>&- &
	within 10 asleep $!
	ipc-mq rm "$NAME"
	queue
	ipc-mq write "$NAME" another
	asleep $!
	kill $!
	ends_with 143 $!
	[ ! -s out ]
	holds 1
}

@test "wait ends when a message is there, and takes nothing" {
	queue
	ipc-mq write "$NAME" hello
	run --separate-stderr ipc-mq wait "$NAME"
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	[ "$(ipc-mq read -n "$NAME")" = hello ]
}

@test "wait ends for all who wait as soon as a message comes" {
	queue
	waiters=()
	for _ in 1 2 3; do
		ipc-mq wait "$NAME" 3>&- &
		waiters+=($!)
	done
	for pid in "${waiters[@]}"; do within 10 asleep "$pid"; done
	ipc-mq write "$NAME" hello
	for pid in "${waiters[@]}"; do ends_with 0 "$pid"; done
	holds 1
}

@test "peek is refused with its reason, and takes nothing" {
	queue
	ipc-mq write "$NAME" hello
	fails_with 7 "ipc-mq: cannot peek at '$NAME': the kernel lets no one look at a POSIX queue's message without taking it" \
		ipc-mq peek "$NAME"
	holds 1
}

# inspect and ls

@test "inspect tells everything known, a line each" {
	queue -m 0640
	ipc-mq write "$NAME" hello ''
	ipc-mq inspect "$NAME" >out
	[ "$(awk '{ print $1 }' out | xargs)" = "ADDRESS TYPE STATE WHY SIZE USED MESSAGES CAPACITY BYTES MESSAGE_SIZE MODE USER GROUP HOLDERS AGE CREATED MODIFIED OWNER_PID IDENTITY ACCESSED CHANGED NOTIFY_PID NOTIFY_SIGNAL KEY ID SENDER RECEIVER INODE" ]
	[ "$(value ADDRESS,TYPE,SIZE,USED,MESSAGES,CAPACITY,BYTES,MESSAGE_SIZE,MODE,USER,GROUP "$NAME")" = \
		"$NAME mq 256 5 2 4 5 64 0640 $(id -un) $(id -gn)" ]
	[ "$(value CREATED,NOTIFY_PID,NOTIFY_SIGNAL "$NAME")" = "- 0 0" ]
	[ "$(value INODE "$NAME")" -gt 0 ]
}

@test "stat and info are inspect" {
	queue
	[ "$(ipc-mq stat -o MODE --noheadings "$NAME")" = 0600 ]
	[ "$(ipc-mq info -o MODE --noheadings "$NAME")" = 0600 ]
}

@test "inspect takes options behind the address, and several addresses" {
	queue
	ipc-mq create -c 2 -s 64 "$NAME-2"
	run --separate-stderr ipc-mq inspect "$NAME" -r "$NAME-3" "$NAME-2" --noheadings -o CAPACITY
	[ "$status" -eq 3 ]
	[ "$output" = $'4\n2' ]
	[ "$stderr" = "ipc-mq: cannot inspect '$NAME-3': No such file or directory" ]
}

@test "inspect tells times in UTC to scripts" {
	queue
	for column in MODIFIED ACCESSED CHANGED; do
		time=$(TZ=America/New_York value "$column" "$NAME")
		[[ $time =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$ ]]
		age=$(($(date +%s) - $(date -d "$time" +%s)))
		[ "$age" -ge 0 ] && [ "$age" -lt 60 ]
	done
}

@test "-o chooses columns in any case, and +COL adds one" {
	queue
	[ "$(ipc-mq inspect -r -o mode,ADDRESS "$NAME")" = $'MODE ADDRESS\n'"0600 $NAME" ]
	[ "$(ipc-mq inspect -r --noheadings -o Capacity "$NAME")" = 4 ]
	held "$NAME"
	ipc-mq ls -r -o +BYTES,+INODE >out
	[ "$(head -n 1 out)" = "ADDRESS MESSAGES CAPACITY MESSAGE_SIZE MODE USER MODIFIED BYTES INODE" ]
}

@test "-o refuses what is no column" {
	queue
	fails_with 2 "ipc-mq: option '--output': 'NO_SUCH' is not a column; --help lists them" \
		ipc-mq inspect -o MODE,NO_SUCH "$NAME"
	for columns in '' ',' + MODES MOD +NO 'MODE,,USER' 'MODE USER'; do
		fails 2 ipc-mq inspect -o "$columns" "$NAME"
		fails 2 ipc-mq ls -o "$columns"
	done
}

@test "-b shows exact sizes" {
	ipc-mq create -c 2 -s 100000 "$NAME" || ipc-mq create -c 2 -s 8192 "$NAME"
	size=$(value MESSAGE_SIZE "$NAME")
	[ "$(ipc-mq inspect --noheadings -b -o MESSAGE_SIZE,SIZE "$NAME" | xargs)" = "$size $((2 * size))" ]
	[[ $(ipc-mq inspect --noheadings -o SIZE "$NAME") == *K ]]
}

@test "only one of --json, --raw and --export can be" {
	queue
	for options in -Jr -Je -re -Jre; do
		fails_with 2 "ipc-mq: only one of --json, --raw and --export can be" \
			ipc-mq inspect "$options" "$NAME"
	done
}

@test "-e prints assignments that eval takes" {
	queue
	ipc-mq write "$NAME" hello
	eval "$(ipc-mq inspect -e "$NAME")"
	[ "$ADDRESS $MESSAGES $BYTES $MODE $CREATED" = "$NAME 1 5 0600 " ]
}

@test "-e is safe for eval, whatever the name" {
	for evil in '$(touch bad)' '`touch bad`' "';touch bad;'" '";touch bad;"' \\ "\\';touch bad;'" '$HOME' '!x' '*' '~' $'\n;touch bad\n' $'\e[31m\x7f\xff'; do
		name="$NAME-$evil"
		made "$name"
		ipc-mq create -c 1 -s 1 "$name" >/dev/null
		assignments=$(ipc-mq inspect -e "$name")
		ipc-mq rm "$name"
		eval "$assignments"
		[ "$ADDRESS" = "$name" ]
		[ "$CAPACITY" = 1 ]
		# shellcheck disable=SC2016  # the inner shell expands
		sh -c 'eval "$1" && [ "$ADDRESS" = "$2" ]' - "$assignments" "$name"
	done
	[ ! -e bad ]
}

@test "inspect -J prints one JSON object a line, in which numbers are numbers" {
	queue
	ipc-mq create -c 2 -s 64 "$NAME-2"
	ipc-mq write "$NAME" hello
	ipc-mq inspect -J "$NAME" "$NAME-2" >out
	[ "$(wc -l <out)" -eq 2 ]
	head -n 1 out | jq -e --arg name "$NAME" '.address == $name and .type == "mq" and
		.messages == 1 and .bytes == 5 and .used == 5 and .size == 256 and
		.mode == "0600" and .created == null and .notify_pid == 0 and
		(.modified | fromdate) > 0 and (.inode | type) == "number"'
	[ "$(ipc-mq inspect -J -o MODE,CAPACITY "$NAME")" = '{"mode":"0600","capacity":4}' ]
}

@test "ls lists the queues, sorted, until they are removed" {
	for name in "$NAME-3" "$NAME" "$NAME-2"; do
		ipc-mq create -c 1 -s 1 "$name"
		held "$name"
	done
	[ "$(ipc-mq ls -r --noheadings -o ADDRESS | grep -F "$NAME" | xargs)" = "$NAME $NAME-2 $NAME-3" ]
	ipc-mq rm "$NAME-2"
	[ "$(ipc-mq list -J -o ADDRESS | jq -r .address | grep -F "$NAME" | xargs)" = "$NAME $NAME-3" ]
}

@test "ls shows a table with headings, or without" {
	queue
	held "$NAME"
	[[ $(ipc-mq ls | head -n 1) == ADDRESS*MESSAGES*CAPACITY*MESSAGE_SIZE*MODE*USER*MODIFIED ]]
	[ "$(ipc-mq ls --noheadings -o ADDRESS,CAPACITY,MODE | grep -F "$NAME " | xargs)" = "$NAME 4 0600" ]
	run ! grep ADDRESS <(ipc-mq ls --noheadings)
}

@test "ls takes no operand" {
	fails_with 2 "ipc-mq: 'ls' does not take the operand '$NAME'" ipc-mq ls "$NAME"
}

@test "ls leaves no trace, but looks at BYTES only with one" {
	queue
	held "$NAME"
	# shellcheck disable=SC2012  # the numbers are all that is in there
	fd=$(ls -l "/proc/$!/fd" | awk -v queue="$NAME" '$NF == queue { print $(NF - 2) }')
	touch -a -d 2001-01-01T00:00:00Z "/proc/$!/fd/$fd"
	changed=$(value CHANGED "$NAME")
	ipc-mq ls
	ipc-mq ls -r -o +ACCESSED,+INODE,+SIZE,+GROUP | grep -F "$NAME "
	[ "$(value ACCESSED,CHANGED "$NAME")" = "2001-01-01T00:00:00Z $changed" ]
	ipc-mq ls -o BYTES
	[[ $(value ACCESSED "$NAME") != 2001-* ]]
}

@test "no byte of a name reaches a terminal raw, in any form but JSON and -e" {
	export LC_ALL=C
	for evil in $'\e[31m' $'\n' $'\r\t\b\a' $'\x7f' $'\x9b1m' $'\xff' $'\xe2\x80\xae' $'\xc2\x9b' é; do
		name="$NAME-$evil"
		made "$name"
		ipc-mq create -c 1 -s 1 "$name" >/dev/null
		held "$name"
		{
			ipc-mq inspect "$name"
			ipc-mq inspect -r "$name"
			ipc-mq ls
			ipc-mq ls -r
			ipc-mq create -v -c 1 -s 1 "$name" >/dev/null
			ipc-mq create -c 2 "$name" || [ $? -eq 4 ]
			ipc-mq write "$name" xx || [ $? -eq 6 ]
			ipc-mq rm -v "$name"
			ipc-mq read "$name" || [ $? -eq 3 ]
			ipc-mq "$name" || [ $? -eq 2 ]
			ipc-mq ls "$name" || [ $? -eq 2 ]
			ipc-mq ls "--$name" || [ $? -eq 2 ]
			ipc-mq ls -o "$name" || [ $? -eq 2 ]
			ipc-mq read -w "$name" "$NAME" || [ $? -eq 2 ]
			ipc-mq create "a/$name" || [ $? -eq 2 ]
			ipc-mq create -m "$name" "$name" || [ $? -eq 2 ]
		} >out 2>&1
		[ "$(LC_ALL=C tr -d '\n\040-\176' <out | wc -c)" -eq 0 ]
		[ "$(grep -c -F "$NAME-" out)" -eq "$(wc -l < <(grep -F "${NAME#/}-" out))" ]
		kill -9 $!
	done
}

@test "-e shows a terminal no raw byte of a name, and means the same" {
	name=$NAME-$'\e[31m\n\x9b\'\xff\\x' && made "$name"
	ipc-mq create -c 1 -s 1 "$name" >/dev/null
	on_terminal "ipc-mq inspect -e -o ADDRESS $(printf %q "$name")" >out
	ipc-mq rm "$name"
	[ "$(LC_ALL=C tr -d '\r\n\040-\176' <out | wc -c)" -eq 0 ]
	eval "$(tr -d '\r' <out)"
	[ "$ADDRESS" = "$name" ]
}

@test "a name with a newline is one line of ls" {
	name=$NAME-$'a\nb c' && made "$name"
	ipc-mq create -c 1 -s 1 "$name"
	held "$name"
	ipc-mq ls -r --noheadings -o ADDRESS,CAPACITY | grep -F "$NAME" >out
	ipc-mq rm "$name"
	[ "$(cat out)" = "$NAME-a\\nb\\sc 1" ]
}

@test "UTF-8 shows as itself where the locale has it, but for what is invisible" {
	export LC_ALL=C.UTF-8
	evil=($'\xe2\x80\xae' $'\xe2\x80\x8b' $'\xc2\x9b' $'\xef\xbb\xbf' $'\xe2\x80\xa8')
	printf -v name %s "$NAME-aé漢" "${evil[@]}" && made "$name"
	ipc-mq create -c 1 -s 1 "$name"
	{ ipc-mq inspect "$name" && ipc-mq inspect -r "$name"; } >out
	ipc-mq rm "$name"
	[ "$(grep -c -F "$NAME-aé漢" out)" -eq 2 ]
	for character in "${evil[@]}"; do
		run ! grep -F -e "$character" out
	done
}

@test "JSON tells a name that is not UTF-8 by base64 beside what can be read" {
	name=$NAME-$'\xff\xfe' && made "$name" "$NAME-é"
	ipc-mq create -c 1 -s 1 "$name"
	ipc-mq inspect -J "$name" >out
	ipc-mq rm "$name"
	[ "$(jq -r .address_base64 out | base64 -d)" = "$name" ]
	jq -e --arg name "$NAME-" '.address | startswith($name)' out
	iconv -f UTF-8 -t UTF-8 out | cmp - out
	ipc-mq create -c 1 -s 1 "$NAME-é" >/dev/null
	ipc-mq inspect -J "$NAME-é" >out
	ipc-mq rm "$NAME-é"
	jq -e --arg name "$NAME-é" '.address == $name and has("address_base64") == false' out
}

# set, purge, rm

@test "set -m changes the mode, octal or symbolic, of each queue named" {
	queue
	ipc-mq create -c 4 -s 64 "$NAME-2"
	(umask 077 && ipc-mq set -m 0664 "$NAME" "$NAME-2")
	[ "$(value MODE "$NAME") $(value MODE "$NAME-2")" = "0664 0664" ]
	(umask 077 && ipc-mq set -m g-w,o= "$NAME")
	[ "$(value MODE "$NAME")" = 0640 ]
	(umask 077 && ipc-mq set -m +r "$NAME")
	[ "$(value MODE "$NAME")" = 0644 ]
	ipc-mq set "$NAME" --mode=a-w
	[ "$(value MODE "$NAME")" = 0444 ]
}

@test "set goes on after a failure" {
	queue
	fails 3 ipc-mq set -m 0640 "$NAME-2" "$NAME"
	[ "$(value MODE "$NAME")" = 0640 ]
}

@test "set with nothing to set, or to nonsense, is wrong usage" {
	queue
	fails_with 2 "ipc-mq: 'set' needs --mode, --owner, --bytes-limit or --until-exit" ipc-mq set "$NAME"
	for owner in '' : no-such-user-here :no-such-group-here root: -1 4294967295; do
		fails 2 ipc-mq set --owner="$owner" "$NAME"
	done
	fails 2 ipc-mq set -m 1600 "$NAME"
	[ "$(value MODE,USER "$NAME")" = "0600 $(id -un)" ]
}

@test "purge discards all messages, and nothing else" {
	queue -m 0640
	ipc-mq write "$NAME" 1 2 3
	run --separate-stderr ipc-mq purge "$NAME"
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	[ "$(value MESSAGES,CAPACITY,MODE "$NAME")" = "0 4 0640" ]
	ipc-mq purge "$NAME"
}

@test "purge goes on after a failure" {
	queue
	ipc-mq write "$NAME" 1
	fails_with 3 "ipc-mq: cannot purge '$NAME-2': No such file or directory" ipc-mq purge "$NAME-2" "$NAME"
	holds 0
}

@test "rm, remove and unlink remove each queue named" {
	queue
	ipc-mq create -c 1 -s 1 "$NAME-2"
	ipc-mq create -c 1 -s 1 "$NAME-3"
	ipc-mq rm "$NAME" "${NAME#/}-2"
	gone "$NAME"
	gone "$NAME-2"
	ipc-mq unlink "$NAME-3"
	gone "$NAME-3"
	queue
	ipc-mq remove "$NAME"
	gone "$NAME"
}

@test "rm goes on after a queue that does not exist, and ends with 3" {
	queue
	fails_with 3 "ipc-mq: cannot remove '$NAME-2': No such file or directory" \
		ipc-mq rm "$NAME-2" "$NAME"
	gone "$NAME"
}

@test "rm -f finds absence no failure, and nothing else" {
	run --separate-stderr ipc-mq rm -f "$NAME" "$NAME-2"
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	fails 2 ipc-mq rm -f a/b
	fails 2 ipc-mq rm -f
}

@test "rm removes the name of a queue in use, whose users go on" {
	queue
	mkfifo input
	ipc-mq write -l "$NAME" <input 3>&- &
	exec 7>input
	echo before >&7
	within 10 holds 1
	ipc-mq read -c 2 -l "$NAME" >out 3>&- 7>&- &
	within 10 grep -q before out
	ipc-mq rm "$NAME"
	gone "$NAME"
	echo after >&7
	ends_with 0 $!
	exec 7>&-
	[ "$(xargs <out)" = "before after" ]
}

# what is said

@test "-v says what was done, and -q nothing, not even of a failure" {
	said() {
		local wanted=$1
		shift
		run --separate-stderr ipc-mq "$@"
		[ "$stderr" = "$wanted" ]
	}
	said "ipc-mq: '$NAME' was created" create -v -c 4 -s 64 "$NAME"
	said "ipc-mq: '$NAME' exists" create -v "$NAME"
	said "ipc-mq: 2 messages of 7 bytes written to '$NAME'" write -v "$NAME" hello me
	said "ipc-mq: 1 messages of 5 bytes read from '$NAME'" read -v "$NAME"
	said "ipc-mq: 1 messages discarded from '$NAME'" purge -v "$NAME"
	said "ipc-mq: '$NAME' was removed" rm -v "$NAME"
	for verb in read wait inspect purge rm peek 'set -m 600' 'write -v'; do
		# shellcheck disable=SC2086  # words
		said '' $verb -q "$NAME"
		[ "$status" -eq 3 ] || [ "$verb" = peek ]
	done
}

# other programs

@test "a program that uses mq_open(3) takes what write sent, byte for byte" {
	queue
	printf 'a\n\0\377b' >in
	ipc-mq write -p 7 "$NAME" <in
	[ "$("$peer" attributes "$NAME")" = "4 64 1" ]
	"$peer" receive "$NAME" >out 2>priority
	cmp out in
	[ "$(cat priority)" = 7 ]
}

@test "read takes what a program that uses mq_open(3) sent, byte for byte" {
	"$peer" create "$NAME" 3 100 0640
	[ "$(value CAPACITY,MESSAGE_SIZE,MODE "$NAME")" = "3 100 0640" ]
	printf 'a\n\0\377b' | tee in | "$peer" send "$NAME" 32767
	"$peer" send "$NAME" 0 </dev/null
	[ "$(value MESSAGES,BYTES "$NAME")" = "2 5" ]
	ipc-mq read "$NAME" | cmp - in
	[ "$(ipc-mq read -J "$NAME")" = '{"priority":0,"type":null,"data":""}' ]
}

@test "a program that waits in mq_receive(3) gets what write sends" {
	queue
	"$peer" receive "$NAME" >out 2>priority 3>&- &
	within 10 asleep $!
	ipc-mq write -p 3 "$NAME" hello
	ends_with 0 $!
	[ "$(cat out priority)" = hello3 ]
}

@test "a program that waits in mq_send(3) goes on when read makes room" {
	queue -c 1
	ipc-mq write "$NAME" first
	printf second >in
	"$peer" send "$NAME" 0 <in 3>&- &
	within 10 asleep $!
	[ "$(ipc-mq read "$NAME")" = first ]
	ends_with 0 $!
	[ "$(ipc-mq read "$NAME")" = second ]
}

@test "inspect tells who asked mq_notify(3) for which signal" {
	queue
	"$peer" notify "$NAME" 10 >ready 3>&- &
	within 10 grep -q ready ready
	[ "$(value NOTIFY_PID,NOTIFY_SIGNAL "$NAME")" = "$! 10" ]
	ipc-mq write "$NAME" hello
	ends_with 0 $!
	[ "$(value NOTIFY_PID,NOTIFY_SIGNAL,MESSAGES "$NAME")" = "0 0 1" ]
}
