#!/usr/bin/env bats
# ipc-mq: System V queues behind the same verbs

# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154  # inner shells expand
load helper

# nobody and daemon: two ordinary users
alice=65534 bob=1

# create

# facts: all that is known of the queue $q but for its age
facts() {
	ipc-mq inspect -q -J "$q" | sed 's/"age":[0-9]*,//'
}

@test "create private makes a new queue each time, and prints its id alone" {
	mailbox
	[[ $q =~ ^id:[0-9]+$ ]]
	first=$q
	mailbox
	[ "$q" != "$first" ]
	[ "$(value KEY,MODE,MESSAGES "$q")" = "0x00000000 0600 0" ]
	[ "$(value SIZE "$q")" = "$(cat /proc/sys/kernel/msgmnb)" ]
}

@test "create makes the queue of a key, which key and id find from then on" {
	q=$(ipc-mq create "$BYKEY")
	[[ $q =~ ^id:[0-9]+$ ]]
	[ "$(value ADDRESS,KEY "$BYKEY")" = "$q ${BYKEY#key:}" ]
	ipc-mq write "$BYKEY" one
	ipc-mq write "$q" two
	[ "$(ipc-mq read "$q") $(ipc-mq read "$BYKEY")" = "one two" ]
}

@test "a key may be written in hexadecimal, decimal and octal" {
	q=$(ipc-mq create "$BYKEY")
	number=$((${BYKEY#key:}))
	for key in "$number" "$(printf 0%o "$number")" "$(printf 0x%X "$number")"; do
		[ "$(value ADDRESS "key:$key")" = "$q" ]
	done
}

@test "ftok:PATH:PROJ is the key that ftok(3) makes, PROJ being 1 by default" {
	for address in ftok:here ftok:here:1 ftok:here:0xff; do
		touch here
		project=${address#ftok:here} project=$((${project#:} + 0))
		q=$(ipc-mq create "$address") && made "$q"
		key=$(perl -MIPC::SysV=ftok -e 'printf "0x%08x", 0xffffffff & ftok("here", $ARGV[0] + 0)' "$((project > 0 ? project : 1))")
		[ "$(value KEY "$address")" = "$key" ]
		ipc-mq rm "$address"
	done
	fails 3 ipc-mq create ftok:no-such-file
	for address in ftok: ftok::5 ftok:here:0 ftok:here:256 ftok:here:-1 ftok:here: ftok:here:x; do
		fails 2 ipc-mq create "$address"
	done
}

@test "what cannot be the address of a System V queue is wrong usage" {
	for address in id: id:-1 id:x id:1x id:2147483648 id:0x1 key: key:0 key:0x0 key:0x100000000 \
		key:-1 key:x key:08 'key: 1'; do
		run ipc-mq inspect "$address"
		echo "$address: $status $output"
		[ "$status" -eq 2 ]
	done
	for verb in write read peek wait inspect purge rm 'set -m 600'; do
		# shellcheck disable=SC2086  # words
		run ipc-mq $verb private
		echo "$verb: $status $output"
		[ "$status" -eq 2 ]
	done
	fails 2 ipc-mq create id:1
}

@test "create makes the exact mode asked for, whatever the umask" {
	for mode in 0666 0640 0444 0222 0000 0777; do
		q=$(umask 077 && ipc-mq create -m "$mode" private) && made "$q"
		[ "$(value MODE "$q")" = "$mode" ]
		ipc-mq rm "$q"
	done
}

@test "create --bytes-limit is what all messages may have together" {
	mailbox --bytes-limit=100
	[ "$(value SIZE "$q")" = 100 ]
	ipc-mq write -n "$q" "$(printf %060d 0)" "$(printf %040d 0)"
	[ "$(value MESSAGES,BYTES,USED "$q")" = "2 100 100" ]
	fails_with 75 "ipc-mq: cannot write to '$q': it is full" ipc-mq write -n "$q" x
}

@test "create takes --capacity and --message-size for no System V queue" {
	for option in -c4 -s64 --capacity=1 --message-size=1 --size=1; do
		fails 2 ipc-mq create "$option" "$BYKEY"
		fails 2 ipc-mq create "$option" private
	done
	gone "$BYKEY"
}

@test "create takes --bytes-limit for no POSIX queue" {
	fails 2 ipc-mq create --bytes-limit=100 "$NAME"
	gone "$NAME"
}

@test "create accepts the queue of a key, and changes nothing of it" {
	q=$(ipc-mq create --bytes-limit=1000 -m 0640 "$BYKEY")
	ipc-mq write -t 7 "$q" kept
	before=$(facts)
	[ "$(ipc-mq create "$BYKEY")" = "$q" ]
	[ "$(ipc-mq create -m 0666 --bytes-limit=1000 "$BYKEY")" = "$q" ]
	[ "$(facts)" = "$before" ]
}

@test "create fails with 4 when the queue exists with another limit, or with -x" {
	q=$(ipc-mq create -x --bytes-limit=1000 "$BYKEY")
	fails_with 4 "ipc-mq: cannot create '$BYKEY': it exists with a limit of 1000 bytes, not 999" \
		ipc-mq create --bytes-limit=999 "$BYKEY"
	fails_with 4 "ipc-mq: cannot create '$BYKEY': File exists" ipc-mq create -x "$BYKEY"
	[ "$(value SIZE "$BYKEY")" = 1000 ]
}

@test "create prints to a standard output that takes nothing: 1, and no queue is left" {
	for where in '>&-' '>/dev/full'; do
		fails 1 bash -c 'ipc-mq create "$1" '"$where" - "$BYKEY"
		gone "$BYKEY"
	done
	q=$(ipc-mq create "$BYKEY")
	fails 1 bash -c 'ipc-mq create "$1" >/dev/full' - "$BYKEY"
	holds 0 "$q"
}

# limits

# in_namespace SCRIPT ARG...: bash runs it where there are no queues but its own
in_namespace() {
	local user=()
	[ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
	unshare "${user[@]}" --ipc true || skip "cannot make an ipc namespace"
	unshare "${user[@]}" --ipc bash -c "$@"
}

# limited NAME VALUE: to begin a script for in_namespace
limited='limited() { echo "$2" >/proc/sys/kernel/$1; } 2>/dev/null; '

@test "create above msgmni fails with 6, and names it" {
	run --separate-stderr in_namespace "$limited"'limited msgmni 2 || exit 99
		ipc-mq create private private private'
	[ "$status" -ne 99 ] || skip "cannot set msgmni"
	[ "$status" -eq 6 ]
	[ "${#lines[@]}" -eq 2 ]
	[ "$stderr" = "ipc-mq: cannot create 'private': the system has its most of 2 queues (sysctl kernel.msgmni)" ]
}

@test "a limit above msgmnb fails with 6, names it, and leaves no queue" {
	most=$(cat /proc/sys/kernel/msgmnb)
	run --separate-stderr "${powerless[@]}" ipc-mq create --bytes-limit=$((most + 1)) "$BYKEY"
	[ "$status" -eq 6 ]
	[ -z "$output" ]
	[[ $stderr == "ipc-mq: cannot "*" to $((most + 1)) bytes: the limit is $most (sysctl kernel.msgmnb)" ]]
	gone "$BYKEY"
	q=$("${powerless[@]}" ipc-mq create --bytes-limit="$most" "$BYKEY")
	fails_with 6 "ipc-mq: cannot set '$BYKEY' to $((most + 1)) bytes: the limit is $most (sysctl kernel.msgmnb)" \
		"${powerless[@]}" ipc-mq set --bytes-limit=$((most + 1)) "$BYKEY"
}

@test "write of a message above msgmax fails with 6, and names it" {
	most=$(cat /proc/sys/kernel/msgmax)
	mailbox
	head -c $((most + 1)) /dev/zero >in
	run --separate-stderr ipc-mq write "$q" <in
	echo "$stderr"
	[ "$status" -eq 6 ]
	[[ $stderr == *"longer than the longest that is taken, of $most bytes (sysctl kernel.msgmax)" ]]
	fails_with 6 "ipc-mq: cannot write to '$q': a message of $((most + 1)) bytes is longer than the $most it takes (sysctl kernel.msgmax)" \
		ipc-mq write "$q" "$(tr '\0' x <in)"
	holds 0 "$q"
	head -c "$most" /dev/zero >in
	ipc-mq write "$q" <in
	ipc-mq read -n "$q" | cmp - in
}

@test "write of a message above the limit of the queue fails with 6, and never waits for room" {
	mailbox --bytes-limit=10
	run --separate-stderr timeout 10 ipc-mq write "$q" 12345678901
	echo "$stderr"
	[ "$status" -eq 6 ]
	[[ $stderr == *"11 bytes"*"10"*"bytes-limit"* ]]
	ipc-mq write -n "$q" 1234567890
}

@test "what was sent before msgmax was lowered can still be read and discarded" {
	run in_namespace "$limited"'q=$(ipc-mq create private)
		head -c 8000 /dev/zero >in
		ipc-mq write "$q" <in; ipc-mq write "$q" <in
		limited msgmax 100 || exit 99
		ipc-mq wait -n "$q" && ipc-mq peek "$q"
		echo "$?"
		ipc-mq read -n "$q" | cmp - in && ipc-mq purge "$q"'
	[ "$status" -ne 99 ] || skip "cannot set msgmax"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = "ipc-mq: cannot peek at 'id:0': a message is longer than 100 bytes (sysctl kernel.msgmax) and can only be read
6" ]
}

@test "a reader that waits takes a message longer than any could be when it began" {
	run in_namespace "$limited"'limited msgmnb 65536 && limited msgmax 100 || exit 99
		q=$(ipc-mq create private)
		ipc-mq read -w 20 -c 2 -L "$q" >out &
		until [[ $(</proc/$!/stat) == *"(ipc-mq) S "* ]]; do :; done
		limited msgmax 50000
		head -c 50000 /dev/urandom >in
		ipc-mq write "$q" <in && ipc-mq write "$q" end && wait $! &&
			tail -c +5 out | head -c 50000 | cmp - in'
	[ "$status" -ne 99 ] || skip "cannot set msgmax"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "a message of 1 MiB where the limits allow it" {
	run in_namespace "$limited"'limited msgmax 1048576 && limited msgmnb 2097152 || exit 99
		q=$(ipc-mq create private)
		head -c 1048576 /dev/urandom >in
		ipc-mq write "$q" <in && ipc-mq peek "$q" | cmp - in && ipc-mq read "$q" | cmp - in'
	[ "$status" -ne 99 ] || skip "cannot set msgmax"
	[ "$status" -eq 0 ]
}

# other users

@test "create refuses the key of another user's queue: root any, others not root's" {
	as_root
	q=$(as_user $alice ipc-mq create -m 0666 "$BYKEY")
	fails_with 7 "ipc-mq: cannot create '$BYKEY': it belongs to user $alice; --trust-owner=$alice allows it" \
		ipc-mq create "$BYKEY"
	[ "$(ipc-mq create --trust-owner=$alice "$BYKEY")" = "$q" ]
	fails 7 as_user $bob ipc-mq create "$BYKEY"
	ipc-mq set --owner=root "$BYKEY"	# alice, who made it, keeps all rights
	fails 7 as_user $bob ipc-mq create "$BYKEY"
	fails 7 ipc-mq create "$BYKEY"
	fails 7 ipc-mq write "$BYKEY" secret
	ipc-mq rm "$BYKEY"
	q=$(ipc-mq create -m 0666 "$BYKEY")
	[ "$(as_user $bob ipc-mq create "$BYKEY")" = "$q" ]
}

@test "create fails with 5 or 7 for the key of a queue that others may not use" {
	as_root
	q=$(ipc-mq create "$BYKEY")
	fails_with 5 "ipc-mq: cannot create '$BYKEY': Permission denied" as_user $bob ipc-mq create "$BYKEY"
	ipc-mq set --owner=$alice "$BYKEY"
	fails 5 as_user $bob ipc-mq create "$BYKEY"
	fails 5 as_user $bob ipc-mq create --trust-owner=$alice "$BYKEY"
	for mode in 0604 0602; do
		ipc-mq set -m $mode "$BYKEY"
		fails 7 as_user $bob ipc-mq create "$BYKEY"
		[ "$(as_user $bob ipc-mq create --trust-owner=$alice "$BYKEY")" = "$q" ]
	done
	ipc-mq set -m 0000 "$BYKEY"
	fails 5 as_user $alice ipc-mq create "$BYKEY"
	touch here
	id=$(ipc-mq create ftok:here) && made "$id"
	fails 5 as_user $bob ipc-mq create "ftok:$PWD/here"
}

@test "every verb but inspect and ls fails with 5 without permission" {
	as_root
	q=$(ipc-mq create "$BYKEY")
	ipc-mq write "$q" kept
	for verb in read 'read -n' peek wait purge rm 'set -m 666' 'set --bytes-limit 1'; do
		# shellcheck disable=SC2086  # words
		fails 5 as_user $bob ipc-mq $verb "$q"
		# shellcheck disable=SC2086  # words
		fails 5 as_user $bob ipc-mq $verb "$BYKEY"
	done
	fails 5 as_user $bob ipc-mq write "$q" hello
	[ "$(as_user $bob ipc-mq inspect -r --noheadings -o ADDRESS,MESSAGES,BYTES,MODE "$q")" = "$q 1 4 0600" ]
	as_user $bob ipc-mq ls -r --noheadings -o ADDRESS | grep -x "$q"
	holds 1 "$q"
}

@test "root does not write to the queue of another user, unless trusted" {
	as_root
	q=$(as_user $alice ipc-mq create -m 0666 "$BYKEY")
	fails_with 7 "ipc-mq: cannot write to '$q': it belongs to user $alice; --trust-owner=$alice allows it" \
		ipc-mq write "$q" hello
	ipc-mq write --trust-owner=$alice "$q" hello
	as_user $bob ipc-mq write "$q" 'from bob'
	[ "$(ipc-mq read -l -a "$q")" = $'hello\nfrom bob' ]
}

@test "an owner without permission to read may still inspect, set and rm" {
	mailbox -m 0000
	[ "$("${powerless[@]}" ipc-mq inspect -r --noheadings -o MODE "$q")" = 0000 ]
	fails 5 "${powerless[@]}" ipc-mq read -n "$q"
	fails 5 "${powerless[@]}" ipc-mq write -n "$q" x
	"${powerless[@]}" ipc-mq set -m 0200 --bytes-limit 100 "$q"
	"${powerless[@]}" ipc-mq write "$q" hello
	[ "$(value MODE,SIZE,MESSAGES "$q")" = "0200 100 1" ]
	"${powerless[@]}" ipc-mq rm "$q"
	gone "$q"
}

# types

@test "write takes -t, and 1 without; read tells it by -J" {
	mailbox
	ipc-mq write "$q" one
	ipc-mq write -t 9223372036854775807 "$q" most
	ipc-mq write --type=2 "$q" two
	ipc-mq read -J -a "$q" >out
	[ "$(sed 's/"priority":null,//' out | xargs)" = \
		"{type:1,data:one} {type:9223372036854775807,data:most} {type:2,data:two}" ]
}

@test "read takes the oldest of all by 0, of one type by N, and of the lowest type up to N by -N" {
	mailbox
	for type in 5 3 4 3 9; do ipc-mq write -t $type "$q" "$type"; done
	[ "$(ipc-mq read -n -t 4 "$q")" = 4 ]
	[ "$(ipc-mq read -n -t -4 "$q")" = 3 ]
	[ "$(ipc-mq read -n --type=0 "$q")" = 5 ]
	fails_with 75 "ipc-mq: cannot read '$q': it is without such a message" ipc-mq read -n -t -2 "$q"
	fails 75 ipc-mq read -n -t 5 "$q"
	[ "$(ipc-mq read -n -t -9223372036854775807 "$q")" = 3 ]
	[ "$(ipc-mq read -n "$q")" = 9 ]
}

@test "read -t N -a and -c take those of the type alone" {
	mailbox
	for type in 1 2 1 2 1; do ipc-mq write -t $type "$q" "$type"; done
	[ "$(ipc-mq read -l -t 2 -a "$q" | xargs)" = "2 2" ]
	run --separate-stderr ipc-mq read -l -t 1 -c 4 -n "$q"
	[ "$status" -eq 75 ]
	[ "$output" = $'1\n1\n1' ]
}

@test "read --except N takes those of any other type" {
	mailbox
	for type in 1 1 2 3 1; do ipc-mq write -t $type "$q" "$type"; done
	[ "$(ipc-mq read -l --except 1 -a "$q" | xargs)" = "2 3" ]
	fails 75 ipc-mq read -n --except=1 "$q"
	holds 3 "$q"
	fails 2 ipc-mq read --except 1 -t 2 "$q"
}

@test "a type that is none is wrong usage" {
	mailbox
	for type in 0 -1 +1 0x1 '' x 1.0 9223372036854775808; do
		fails_with 2 "ipc-mq: option '--type': '$type' is not a type: a number from 1" \
			ipc-mq write --type="$type" "$q" x
		fails 2 ipc-mq read --except="$type" "$q"
	done
	for type in +1 -- --1 - 0x1 '' x -9223372036854775809; do
		fails 2 ipc-mq read --type="$type" "$q"
	done
}

@test "-p is wrong usage on System V queues, and -t on POSIX queues" {
	mailbox
	queue
	fails_with 2 "ipc-mq: '$q' is a System V queue: its messages have no priority" \
		ipc-mq write -p 1 "$q" x
	for verb in 'write -t 1' 'read -n -t 1' 'read -n -t -1' 'read -n --except 1'; do
		# shellcheck disable=SC2086  # words
		fails_with 2 "ipc-mq: '$NAME' is a POSIX queue: its messages have no type" ipc-mq $verb "$NAME"
	done
	holds 0 "$q"
	holds 0
}

@test "direct communication: the type is the receiver's pid, -t \$\$" {
	mailbox
	for n in 1 2 3; do
		bash -c 'exec ipc-mq read -t $$ "$1"' - "$q" >out.$n 3>&- &
		pids[n]=$!
	done
	for n in 1 2 3; do within 10 asleep "${pids[n]}"; done
	for n in 3 1 2; do
		ipc-mq write -t "${pids[n]}" "$q" "for $n"
		ends_with 0 "${pids[n]}"
		[ "$(cat out.$n)" = "for $n" ]
	done
}

@test "a request and its reply share a queue: server type 1, clients their pids" {
	mailbox
	ipc-mq read -f "$q" -t 1 -- bash -c 'read -r pid number; ipc-mq write -t "$pid" '"$q"' $((number * 2))' 3>&- &
	server=$!
	for n in 1 2 3; do
		[ "$(ipc-mq write "$q" "$BASHPID $n" && ipc-mq read -w 10 -t $BASHPID "$q")" = $((n * 2)) ]
	done
	kill $server
	ends_with 143 $server
}

# write and read

@test "every byte and every length up to the limit comes back" {
	mailbox
	for bytes in 0 1 7 8 4047 4048 4049 4096 8191 8192; do
		head -c $bytes /dev/urandom >in
		ipc-mq write "$q" <in
		[ "$(value MESSAGES,BYTES "$q")" = "1 $bytes" ]
		ipc-mq read -n "$q" | cmp - in
	done
}

@test "write takes operands, lines and records as for POSIX queues" {
	mailbox
	ipc-mq write "$q" -n '' $'two\nlines'
	[ "$(ipc-mq read -a -J "$q" | jq -c '[.type, .data]' | xargs)" = '[1,-n] [1,] [1,two\nlines]' ]
	seq 100 | ipc-mq write -l -t 3 "$q"
	[ "$(ipc-mq read -c 100 -l -t 3 "$q")" = "$(seq 100)" ]
	[ "$(printf abcdef | ipc-mq write --tee --record=2 "$q")" = abcdef ]
	[ "$(ipc-mq read -a -z "$q" | tr '\0' ' ')" = "ab cd ef " ]
}

@test "write -n and -w: 75 and 124 on a full queue, and nothing is sent" {
	mailbox --bytes-limit=4
	fails_with 75 "ipc-mq: cannot write to '$q': it is full" ipc-mq write -n "$q" 12 34 5
	fails 75 ipc-mq write -w 0 "$q" 5
	fails_with 124 "ipc-mq: cannot write to '$q': it stayed full for 0.05 s" ipc-mq write -w 50ms "$q" 5
	[ "$(ipc-mq read -a -l "$q" | xargs)" = "12 34" ]
}

@test "a queue is full of empty messages, too" {
	mailbox --bytes-limit=2
	ipc-mq write -n "$q" '' ''
	fails 75 ipc-mq write -n "$q" ''
	fails 124 ipc-mq write -w 0.01 "$q" ''
	holds 2 "$q"
}

@test "read -n and -w: 75 and 124 on an empty queue" {
	mailbox
	fails_with 75 "ipc-mq: cannot read '$q': it is empty" ipc-mq read -n "$q"
	fails_with 75 "ipc-mq: cannot wait for '$q': it is empty" ipc-mq wait -n "$q"
	fails_with 124 "ipc-mq: cannot read '$q': it stayed empty for 0.05 s" ipc-mq read -w 0.05 "$q"
	fails_with 124 "ipc-mq: cannot wait for '$q': it stayed empty for 0.05 s" ipc-mq wait -w 50ms "$q"
	for time in 0.000000000001 1us 1ms; do run ipc-mq read -w $time "$q"; [ "$status" -ne 0 ]; done
	[ -z "$(ipc-mq read -a "$q")" ]
}

@test "read waits for a message, and write for room" {
	mailbox --bytes-limit=1
	for limit in '' '-w 10' '-w 106751d'; do
		# shellcheck disable=SC2086  # words
		ipc-mq read $limit "$q" >out 3>&- &
		within 10 asleep $!
		ipc-mq write -n "$q" a
		ends_with 0 $!
		[ "$(cat out)" = a ]
		ipc-mq write -n "$q" b
		# shellcheck disable=SC2086  # words
		ipc-mq write $limit "$q" c 3>&- &
		within 10 asleep $!
		[ "$(ipc-mq read "$q")" = b ]
		ends_with 0 $!
		[ "$(ipc-mq read -n "$q")" = c ]
	done
}

@test "read of a type waits while others are there" {
	mailbox
	ipc-mq read -t 2 "$q" >out 3>&- &
	within 10 asleep $!
	ipc-mq write "$q" other
	asleep $!
	fails 124 ipc-mq read -w 0.01 -t -0 --except 1 "$q"
	ipc-mq write -t 2 "$q" mine
	ends_with 0 $!
	[ "$(cat out)" = mine ]
	holds 1 "$q"
}

@test "a wait goes on after a stop and a continue" {
	mailbox
	ipc-mq read -w 20 "$q" >out 3>&- &
	within 10 asleep $!
	kill -STOP $!
	within 10 grep -q ') T ' "/proc/$!/stat"
	kill -CONT $!
	within 10 asleep $!
	ipc-mq write "$q" hello
	ends_with 0 $!
	[ "$(cat out)" = hello ]
}

# watch PID: until it ends, what it uses: $ticks and $wakes from first to last asleep
watch() {
	local stat switches first='' used
	ticks=0 wakes=0
	while ! ended "$1"; do
		{ read -r stat <"/proc/$1/stat" && switches=$(grep ^voluntary "/proc/$1/status"); } 2>/dev/null || break
		[[ $stat == *") S "* ]] || continue
		read -ra used <<<"${stat##*) }"
		ticks=$((used[11] + used[12])) wakes=${switches##*[[:blank:]]}
		first=${first:-"$ticks $wakes"}
	done
	ticks=$((ticks - ${first% *})) wakes=$((wakes - ${first#* }))
	echo "$ticks ticks, woken up $wakes times"
}

@test "a wait of one second uses no processor time, and wakes up for nothing" {
	mailbox --bytes-limit=1
	ipc-mq write "$q" x
	for command in "read -w 1 -t 2 $q" "write -w 1 $q y"; do
		# shellcheck disable=SC2086  # words
		ipc-mq $command 2>/dev/null 3>&- &
		within 10 asleep $!
		watch $!
		ends_with 124 $!
		[ "$ticks" -le 1 ]
		[ "$wakes" -le 3 ]
	done
}

@test "wait of one second looks seldom, and uses no processor time" {
	mailbox
	ipc-mq wait -w 1 "$q" 2>/dev/null 3>&- &
	within 10 asleep $!
	watch $!
	ends_with 124 $!
	[ "$ticks" -le 2 ]
	[ "$wakes" -le 60 ]
}

@test "a writer does not wait for what a lowered limit will never let in" {
	mailbox --bytes-limit=100
	ipc-mq write "$q" "$(printf %050d 1)"
	mkfifo input
	ipc-mq write -l -w 10 "$q" <input 2>said 3>&- &
	exec 7>input
	echo >&7
	within 10 holds 2 "$q"
	ipc-mq set --bytes-limit=55 "$q"
	printf '%060d\n' 2 >&7
	exec 7>&-
	ends_with 6 $!
	[ "$(cat said)" = "ipc-mq: cannot write to '$q': a message of 60 bytes is longer than the 55 it takes (the queue's --bytes-limit)" ]
	fails 2 ipc-mq set --bytes-limit=0 "$q"
}

@test "a signal that nobody expects ends a wait as it would end anything" {
	mailbox
	for signal in 64 63 10; do
		ipc-mq read "$q" 2>said 3>&- &
		within 10 asleep $!
		kill -$signal $!
		ends_with $((128 + signal)) $!
		[ ! -s said ]
	done
}

@test "waiting that a parent prepared badly: signals blocked or ignored, and a pending alarm" {
	mailbox
	for how in --block-signal=ALRM --ignore-signal=ALRM --block-signal --ignore-signal; do
		fails_with 124 "ipc-mq: cannot read '$q': it stayed empty for 0.05 s" \
			timeout 10 env $how ipc-mq read -w 0.05 "$q"
	done
	run timeout 3 perl -MTime::HiRes=ualarm -e 'ualarm 100000; exec @ARGV' ipc-mq read -w 20 "$q"
	[ "$status" -eq 142 ]	# whoever set the alarm wanted this
}

@test "a removed queue ends all who wait for it with 3" {
	mailbox --bytes-limit=1
	ipc-mq write "$q" x
	pids=()
	for command in "read -t 2 $q" "read -w 20 -t 2 $q" "read -f --except 1 $q" \
		"write $q y" "write -w 20 $q y" "read -t 2 $q -- true"; do
		# shellcheck disable=SC2086  # words
		ipc-mq $command >/dev/null 2>>said 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do within 10 asleep "$pid"; done
	ipc-mq rm "$q"
	for n in 0 1 2 3 4; do ends_with 3 "${pids[n]}"; done
	ends_with 125 "${pids[5]}"
	[ "$(sort -u said)" = "ipc-mq: cannot read '$q': it was removed
ipc-mq: cannot write to '$q': it was removed" ]
}

@test "a removed queue ends wait with 3" {
	mailbox
	for limit in '' '-w 20'; do
		mailbox
		# shellcheck disable=SC2086  # words
		ipc-mq wait $limit "$q" 2>said 3>&- &
		within 10 asleep $!
		ipc-mq rm "$q"
		ends_with 3 $!
		[ "$(cat said)" = "ipc-mq: cannot wait for '$q': it was removed" ]
	done
}

@test "every verb fails with 3 for a queue that does not exist" {
	mailbox
	ipc-mq rm "$q"
	for address in "$q" "$BYKEY"; do
		for verb in read 'read -n' peek wait inspect purge rm 'set -m 600'; do
			# shellcheck disable=SC2086  # words
			fails 3 ipc-mq $verb "$address"
		done
		fails 3 ipc-mq write "$address" hello
		ipc-mq rm -f "$address"
	done
}

@test "wait ends when a message is there, and takes nothing" {
	mailbox
	ipc-mq wait "$q" 3>&- &
	waiters=($!)
	ipc-mq wait -w 20 "$q" 3>&- &
	waiters+=($!)
	for pid in "${waiters[@]}"; do within 10 asleep "$pid"; done
	ipc-mq write -t 5 "$q" hello
	for pid in "${waiters[@]}"; do ends_with 0 "$pid"; done
	run --separate-stderr ipc-mq wait "$q"
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	[ "$(value MESSAGES,RECEIVER "$q")" = "1 0" ]
	[ "$(ipc-mq read -n -t 5 "$q")" = hello ]
}

@test "wait leaves empty messages, too, and their order" {
	mailbox
	ipc-mq write "$q" '' second
	ipc-mq wait "$q"
	[ "$(value MESSAGES,RECEIVER "$q")" = "2 0" ]
	[ "$(ipc-mq read -a -J "$q" | jq -r .data | xargs -d '\n')" = " second" ]
}

@test "wait needs permission to read, and to read alone" {
	mailbox -m 0400
	"${powerless[@]}" ipc-mq wait -w 20 "$q" 3>&- &
	within 10 asleep $!
	ipc-mq set -m 0600 "$q"
	ipc-mq write "$q" ''
	ends_with 0 $!
	ipc-mq set -m 0400 "$q"
	"${powerless[@]}" ipc-mq wait -n "$q"
	[ "$(value MESSAGES,RECEIVER "$q")" = "1 0" ]
	ipc-mq set -m 0200 "$q"
	fails 5 "${powerless[@]}" ipc-mq wait -n "$q"
	holds 1 "$q"
}

@test "wait leaves an empty message that comes meanwhile, for whoever reads" {
	mailbox
	for _ in 1 2 3; do
		ipc-mq wait -w 20 "$q" 3>&- &
		waiter=$!
		within 10 asleep $waiter
		ipc-mq write "$q" ''
		ends_with 0 $waiter
		[ "$(value MESSAGES "$q")" = 1 ]
		[ "$(ipc-mq read -n -L "$q" | od -An -tx1 | tr -d ' ')" = 00000000 ]
	done
}

# peek

# can_peek: skips where the kernel lacks it
can_peek() {
	run ipc-mq peek "$q"
	[ "$status" -ne 7 ] || skip "$output"
}

@test "peek shows the oldest message, and leaves it, the times and the pids" {
	mailbox
	can_peek
	ipc-mq write -t 3 "$q" one two
	before=$(facts)
	[ "$(ipc-mq peek "$q")" = one ]
	[ "$(ipc-mq peek --count 2 -l "$q")" = $'one\ntwo' ]
	[ "$(ipc-mq peek --all -l "$q")" = $'one\ntwo' ]
	[ "$(ipc-mq peek -J "$q" | jq -c '[.type, .data]')" = '[3,"one"]' ]
	[ "$(facts)" = "$before" ]
	grep -E "^ *-?[0-9]+ +${q#id:} " /proc/sysvipc/msg | awk '{ exit !($5 == 2 && $7 == 0 && $13 == 0) }'
}

@test "peek shows those of a type, as read would choose them" {
	mailbox
	can_peek
	for type in 5 3 4 3 9; do ipc-mq write -t $type "$q" "$type"; done
	[ "$(ipc-mq peek -t 4 "$q")" = 4 ]
	[ "$(ipc-mq peek -t 3 -a -l "$q" | xargs)" = "3 3" ]
	[ "$(ipc-mq peek --except 5 "$q")" = 3 ]
	[ "$(ipc-mq peek --except 3 -a -l "$q" | xargs)" = "5 4 9" ]
	[ "$(ipc-mq peek -t -5 "$q")" = 3 ]
	[ "$(ipc-mq peek -t -5 "$q")" = "$(ipc-mq read -t -5 "$q")" ]
	holds 4 "$q"
}

@test "peek of what is not there: 75, and with --all nothing" {
	mailbox
	can_peek
	fails_with 75 "ipc-mq: cannot peek at '$q': it is empty" ipc-mq peek "$q"
	run --separate-stderr ipc-mq peek --all "$q"
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	ipc-mq write "$q" x
	fails 75 ipc-mq peek -t 2 "$q"
	run --separate-stderr ipc-mq peek -c 2 -l "$q"
	[ "$output" = x ]
	[ "$status" -eq 0 ]
}

@test "peek shows messages of every length, and fails when standard output takes nothing" {
	mailbox
	can_peek
	for bytes in 0 1 8192; do
		head -c $bytes /dev/urandom >in
		ipc-mq write "$q" <in
		ipc-mq peek "$q" | cmp - in
		run bash -c 'ipc-mq peek "$1" >/dev/full' - "$q"
		[ "$status" -eq 1 ] || [ $bytes -eq 0 ]
		ipc-mq read "$q" | cmp - in
	done
}

# inspect, ls, set, purge, rm

@test "inspect tells what /proc/sysvipc/msg tells" {
	q=$(ipc-mq create -m 0642 --bytes-limit=1000 "$BYKEY")
	ipc-mq write "$q" one three
	ipc-mq read "$q" >/dev/null
	read -r key id mode bytes messages sender receiver uid gid _ _ stime rtime ctime < \
		<(awk -v id="${q#id:}" '$2 == id' /proc/sysvipc/msg)
	[ "$(value KEY,ID,MODE,BYTES,USED,MESSAGES,SENDER,RECEIVER,SIZE "$BYKEY")" = \
		"$(printf '0x%08x' $((key & 0xffffffff))) $id 0$mode $bytes $bytes $messages $sender $receiver 1000" ]
	[ "$bytes $messages" = "5 1" ]
	group=$(getent group "$gid" | cut -d: -f1)	# it need not have a name
	[ "$(value USER,GROUP "$q")" = "$(getent passwd "$uid" | cut -d: -f1) ${group:-$gid}" ]
	last=$((stime > rtime ? stime : rtime))
	[ "$(value MODIFIED "$q")" = "$(date -u -d "@$last" +%FT%TZ)" ]
	[ "$(value CHANGED "$q")" = "$(date -u -d "@$((ctime > last ? ctime : last))" +%FT%TZ)" ]
	[ "$(value CAPACITY,CREATED,NOTIFY_PID,INODE "$q")" = "- - - -" ]
	[ "$(value MESSAGE_SIZE "$q")" = 1000 ]	# the limit of the queue is below msgmax
	mailbox
	[ "$(value MESSAGE_SIZE "$q")" = "$(cat /proc/sys/kernel/msgmax)" ]
}

@test "inspect tells of a queue that nobody used yet" {
	mailbox
	[ "$(value MESSAGES,BYTES,SENDER,RECEIVER,MODIFIED "$q")" = "0 0 0 0 -" ]
	[ "$(ipc-mq inspect -J -o KEY,ID,SENDER,MODIFIED,CAPACITY "$q")" = \
		'{"key":"0x00000000","id":'"${q#id:}"',"sender":0,"modified":null,"capacity":null}' ]
}

@test "MODIFIED is the time of the last message in or out" {
	mailbox
	[ "$(value MODIFIED,ACCESSED "$q")" = "- -" ]
	head -c 2000 /dev/zero | ipc-mq write -z "$q"
	in=$(value MODIFIED "$q")
	[ "$in" != - ]
	within 20 eval 'ipc-mq read -n "$q" && [[ $(value MODIFIED "$q") > $in ]]'
	ipc-mq set -m 0640 "$q"
	[ "$(value MODIFIED "$q")" = "$(value ACCESSED "$q")" ]
	[[ ! $(value CHANGED "$q") < $(value MODIFIED "$q") ]]
}

@test "ls lists System V queues behind the POSIX ones, by id, as ipcs and lsipc do" {
	queue
	mailbox
	a=$q
	b=$(ipc-mq create -m 0640 --bytes-limit=500 "$BYKEY")
	ipc-mq write "$b" hello
	ipc-mq ls -r --noheadings -o ADDRESS >out
	[ "$(grep -x -e "$a" -e "$b" out | sed s/id:// | sort -n | xargs)" = "$(grep -x -e "$a" -e "$b" out | sed s/id:// | xargs)" ]
	[ "$(grep -c -x -e "$a" -e "$b" out)" -eq 2 ]
	run ! grep '^/' <(sed -n '/^id:/,$p' out)
	[ "$(ipc-mq ls -r --noheadings -o KEY,ADDRESS,USER,MODE,BYTES,MESSAGES | grep " $b " | sed 's/id://; s/ 0640/ 640/')" = \
		"$(ipcs -q | awk -v id="${b#id:}" '$2 == id { print $1, $2, $3, $4, $5, $6 }')" ]
	[ "$(ipc-mq ls -r --noheadings -o KEY,ID,MODE,USER,BYTES,MESSAGES,SENDER,RECEIVER | grep " ${b#id:} ")" = \
		"$(lsipc -q -r --noheadings -o KEY,ID,PERMS,OWNER,USEDBYTES,MSGS,LSPID,LRPID -b | awk -v id="${b#id:}" '$2 == id { $3 = "0640"; print }')" ]
}

@test "set changes the limit and the mode of a System V queue, and leaves the rest" {
	q=$(ipc-mq create --bytes-limit=1000 "$BYKEY")
	ipc-mq write "$q" hello
	ipc-mq set --bytes-limit=5 "$BYKEY"
	[ "$(value SIZE,MODE,MESSAGES "$q")" = "5 0600 1" ]
	fails 75 ipc-mq write -n "$q" x
	ipc-mq set -m g+r,o+w "$q"
	[ "$(value SIZE,MODE "$q")" = "5 0642" ]
	ipc-mq set -m 0666 --bytes-limit=1K "$q"
	[ "$(value SIZE,MODE,KEY,USER "$q")" = "1024 0666 ${BYKEY#key:} $(id -un)" ]
	fails 2 ipc-mq set "$q"
	fails 2 ipc-mq set --bytes-limit=x "$q"
	queue
	fails 2 ipc-mq set --bytes-limit=100 "$NAME"
}

@test "set --bytes-limit wakes up who waits for room" {
	mailbox --bytes-limit=1
	ipc-mq write "$q" x
	ipc-mq write "$q" y 3>&- &
	within 10 asleep $!
	ipc-mq set --bytes-limit=2 "$q"
	ends_with 0 $!
	[ "$(ipc-mq read -a "$q")" = xy ]
}

@test "set --owner gives a queue away, and root gets it back" {
	as_root
	q=$(ipc-mq create "$BYKEY")
	ipc-mq set --owner=$alice:$bob "$q"
	[ "$(ipc-mq inspect -J "$q" | jq -r '"\(.user) \(.group)"')" = "$(id -un $alice) $(getent group $bob | cut -d: -f1)" ]
	as_user $alice ipc-mq write "$q" hello
	fails 5 as_user $bob ipc-mq set --owner=$bob "$q"
	ipc-mq set --owner=root:root "$q"
	[ "$(value USER,GROUP,MESSAGES "$q")" = "root root 1" ]
}

@test "purge discards all messages, of every type" {
	mailbox
	for type in 1 5 99; do ipc-mq write -t $type "$q" a '' b; done
	[ "$(ipc-mq purge -v "$q" 2>&1)" = "ipc-mq: 9 messages discarded from '$q'" ]
	holds 0 "$q"
	ipc-mq purge "$q"
}

@test "rm removes by id and by key, and several, going on after a failure" {
	mailbox
	ipc-mq create "$BYKEY"
	run --separate-stderr ipc-mq rm "$q" "$q" "$BYKEY"
	[ "$status" -eq 3 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	gone "$q"
	gone "$BYKEY"
	ipc-mq rm -f "$q" "$BYKEY"
}

# dump and restore

@test "read -J --all and write -J: every byte and every type is kept" {
	mailbox
	from=$q
	mailbox
	for type in 3 1 9223372036854775807; do
		head -c 300 /dev/urandom >in.$type
		ipc-mq write -t $type "$from" <in.$type
		ipc-mq write -t $type "$from" "text $type" ''
	done
	ipc-mq peek -J --all "$from" >dump
	ipc-mq read -J --all "$from" >dump.2
	cmp dump dump.2
	ipc-mq write -J "$q" <dump
	holds 9 "$q"
	for type in 3 1 9223372036854775807; do
		ipc-mq read -t $type "$q" | cmp - in.$type
		[ "$(ipc-mq read -t $type "$q")" = "text $type" ]
		[ -z "$(ipc-mq read -n -t $type "$q")" ]
	done
}

@test "write -J without a type takes that of -t; with a priority, or a type for POSIX, it fails" {
	mailbox
	echo '{"data":"a"}' | ipc-mq write -J "$q"
	echo '{"data":"b"}' | ipc-mq write -J -t 4 "$q"
	echo '{"type":6,"priority":0,"data":"c"}' | ipc-mq write -J -t 4 "$q"
	[ "$(ipc-mq read -a -J "$q" | jq -r '"\(.type)\(.data)"' | xargs)" = "1a 4b 6c" ]
	queue
	fails 1 bash -c 'echo "{\"priority\":1,\"data\":\"a\"}" | ipc-mq write -J "$1"' - "$q"
	fails 1 bash -c 'echo "{\"type\":1,\"data\":\"a\"}" | ipc-mq write -J "$1"' - "$NAME"
	for type in -1 1.5 '"1"' 9223372036854775808; do
		fails 1 bash -c 'echo "{\"type\":$2,\"data\":\"a\"}" | ipc-mq write -J "$1"' - "$q" "$type"
	done
	holds 0 "$q"
	holds 0
}

# signals

@test "INT, TERM, HUP and QUIT end a wait by that very signal, at once, and lose nothing" {
	mailbox --bytes-limit=1
	ipc-mq write "$q" x
	ulimit -c 0
	for signal in HUP:129 INT:130 QUIT:131 TERM:143; do
		for command in "read -t 2 $q" "read -f -w 60 -t 2 $q" "write $q y" "write -w 60 $q y"; do
			# shellcheck disable=SC2086  # words
			env --default-signal=INT,QUIT ipc-mq $command >out 2>said 3>&- &
			within 10 asleep $!
			kill -${signal%:*} $!
			ends_with ${signal#*:} $!
			[ ! -s out ] && [ ! -s said ]
		done
	done
	[ "$(ipc-mq read -a "$q")" = x ]
}

@test "INT and TERM end wait by that very signal" {
	mailbox
	for signal in INT:130 TERM:143; do
		env --default-signal=INT ipc-mq wait "$q" 2>said 3>&- &
		within 10 asleep $!
		kill -${signal%:*} $!
		ends_with ${signal#*:} $!
		[ ! -s said ]
	done
}

@test "a signal that is ignored, as by nohup, ends no wait" {
	mailbox
	env --ignore-signal=HUP,INT ipc-mq read -w 20 "$q" >out 3>&- &
	within 10 asleep $!
	kill -HUP $!
	kill -INT $!
	ipc-mq write "$q" hello
	ends_with 0 $!
	[ "$(cat out)" = hello ]
}

@test "read -f ends soon after a signal, also while messages never cease" {
	mailbox
	flooders=()
	for _ in 1 2 3 4; do
		yes | ipc-mq write -l "$q" 2>/dev/null 3>&- &
		flooders+=($!)
	done
	for command in "read -f $q" "read -J -f $q"; do
		rm -f out # or the shell that is about to become the reader may get the signal
		# shellcheck disable=SC2086  # words
		nice -n 19 ipc-mq $command >out 3>&- &
		within 10 test -s out
		kill -TERM $!
		within 20 ended $!
		ends_with 143 $!
	done
	ipc-mq rm "$q"
	wait "${flooders[@]}" 2>/dev/null || :
}

@test "a signal with a message in hand puts it back, with its type" {
	mailbox
	mkfifo fifo
	tail -f /dev/null <fifo >/dev/null 3>&- &
	nobody_reads=/proc/$!/fd/0
	ipc-mq read -f "$q" >fifo 2>said 3>&- &
	reader=$!
	within 10 asleep $reader
	within 10 test -p $nobody_reads
	dd if=/dev/zero of=$nobody_reads bs=4096 oflag=nonblock status=none 2>/dev/null || :
	dd if=$nobody_reads bs=4096 count=1 status=none >/dev/null
	head -c 8192 /dev/urandom >in
	ipc-mq write -t 7 "$q" <in
	within 10 holds 0 "$q"
	within 10 asleep $reader
	kill -TERM $reader
	ends_with 143 $reader
	[ "$(cat said)" = "ipc-mq: cannot write to standard output: a signal came; the message was put back" ]
	ipc-mq read -n -t 7 "$q" | cmp - in
}

@test "what comes when nobody reads standard output any more is put back" {
	mailbox
	mkfifo pipe
	ipc-mq read -f "$q" >pipe 2>said 3>&- &
	exec 7<pipe
	within 10 asleep $!
	exec 7<&-
	ipc-mq write "$q" kept
	ends_with 1 $!
	[ "$(ipc-mq read -n "$q")" = kept ]
}

# others

@test "what Perl's IPC::SysV sends is read, and what is written it receives" {
	mailbox
	perl -MIPC::SysV -e 'msgsnd($ARGV[0], pack("l! a*", 5, "from \0 perl\n"), 0) or die $!' "${q#id:}"
	[ "$(ipc-mq read -n -J "$q" | jq -c '[.type, .data]')" = '[5,"from \u0000 perl\n"]' ]
	printf 'to \0 perl\n' | ipc-mq write -t 6 "$q"
	[ "$(perl -e 'msgrcv($ARGV[0], $m, 100, -9, 0) or die $!; printf "%vd", $m' "${q#id:}")" = \
		"6.0.0.0.0.0.0.0.116.111.32.0.32.112.101.114.108.10" ]
}

@test "a queue of Perl's IPC::Msg is found by its key, and the other way round" {
	perl -MIPC::SysV=IPC_CREAT,IPC_EXCL -MIPC::Msg -e '
		my $q = IPC::Msg->new(oct $ARGV[0], IPC_CREAT|IPC_EXCL|0600) or die $!;
		$q->snd(3, "hello") or die $!; print $q->id' "${BYKEY#key:}" >id
	[ "$(ipc-mq create "$BYKEY")" = "id:$(cat id)" ]
	[ "$(ipc-mq read -n -t 3 "$BYKEY")" = hello ]
	ipc-mq rm "$BYKEY"
	ipc-mq create --bytes-limit=99 "$BYKEY"
	ipc-mq write -t 8 "$BYKEY" back
	[ "$(perl -MIPC::Msg -e 'my $q = IPC::Msg->new(oct $ARGV[0], 0) or die $!;
		$q->rcv(my $m, 99, 8) or die $!; print $m, " ", $q->stat->qbytes; $q->remove' "${BYKEY#key:}")" = "back 99" ]
	gone "$BYKEY"
}

@test "Python's sysv_ipc and ipc-mq exchange messages" {
	# The distribution has it for its own Python, which may not be the first.
	local python
	for python in python3 /usr/bin/python3 ''; do
		[ -n "$python" ] || skip "no python3 here has sysv_ipc"
		! "$python" -c 'import sysv_ipc' 2>/dev/null || break
	done
	q=$(ipc-mq create "$BYKEY")
	ipc-mq write -t 4 "$q" hello
	[ "$("$python" -c 'import sys, sysv_ipc
q = sysv_ipc.MessageQueue(int(sys.argv[1], 16))
print(*q.receive())
q.send(b"back", type=9)' "${BYKEY#key:}")" = "b'hello' 4" ]
	[ "$(ipc-mq read -n -t 9 "$q")" = back ]
}

@test "ipcmk makes queues for ipc-mq, and ipcrm removes those of ipc-mq" {
	id=$(ipcmk -Q -p 0640 | grep -o '[0-9]*$') && made "id:$id"
	ipc-mq write "id:$id" hello
	[ "$(value MODE,MESSAGES "id:$id")" = "0640 1" ]
	[ "$(ipc-mq read "id:$id")" = hello ]
	ipcrm -q "$id"
	gone "id:$id"
	ipc-mq create "$BYKEY"
	ipcrm -Q "${BYKEY#key:}"
	gone "$BYKEY"
}

@test "a message wakes a reader of another program, and one of theirs ours" {
	mailbox
	perl -e '$| = 1; msgrcv($ARGV[0], $m, 100, 0, 0) or die $!; print substr $m, 8' "${q#id:}" >out 3>&- &
	within 10 asleep $!
	ipc-mq write "$q" hello
	ends_with 0 $!
	[ "$(cat out)" = hello ]
	ipc-mq read "$q" >out 3>&- &
	within 10 asleep $!
	perl -e 'msgsnd($ARGV[0], pack("l! a*", 1, "back"), 0) or die $!' "${q#id:}"
	ends_with 0 $!
	[ "$(cat out)" = back ]
}

# storms

# verify LOST LINES: of so many numbered lines none is torn or doubled, few lost
verify() {
	cat out.* >all
	echo "$(wc -l <all) of $2 lines, at most $1 may be lost"
	[ "$(grep -c -v -x 'w[0-9]*-[0-9]* end' all)" -eq 0 ]
	[ -z "$(sort all | uniq -d)" ]
	[ "$(wc -l <all)" -ge $(($2 - $1)) ]
}

@test "readers whose time-outs pass all the while lose and double no message" {
	mailbox --bytes-limit=100
	readers=() writers=()
	for n in 1 2 3; do
		until [ -e over ]; do
			ipc-mq read -f -l -w 5ms "$q" >>out.$n 2>>said || echo $? >>expired.$n
		done 3>&- &
		readers+=($!)
	done
	for n in 1 2; do
		# Messages come about when a time-out passes: the pace is what is tested.
		perl -e '$| = 1; for (1..1500) { printf "w%d-%06d end\n", $ARGV[0], $_;
			select undef, undef, undef, rand 0.012 if $_ % 10 == 0 }' $n |
			ipc-mq write -l -w 20 "$q" 3>&- &
		writers+=($!)
	done
	for pid in "${writers[@]}"; do ends_with 0 "$pid"; done
	within 10 holds 0 "$q"
	touch over
	wait "${readers[@]}"
	verify 0 3000
	[ "$(sort -u expired.*)" = 124 ]
	echo "$(cat expired.* | wc -l) time-outs"
	[ "$(cat expired.* | wc -l)" -ge 20 ]
}

@test "writers whose time-outs pass all the while lose and double no message" {
	mailbox --bytes-limit=30
	ipc-mq read -f -l "$q" >out.1 3>&- &
	reader=$!
	writers=()
	for n in 1 2 3; do
		for i in {000001..000150}; do
			until ipc-mq write -w 1ms "$q" "w$n-$i end" 2>>said; do :; done
		done 3>&- &
		writers+=($!)
	done
	for pid in "${writers[@]}"; do within 20 ended "$pid"; done
	wait "${writers[@]}"
	within 10 holds 0 "$q"
	within 10 asleep $reader
	kill $reader
	ends_with 143 $reader
	verify 0 450
}

# storm SIGNAL: three readers, of which one gets it $kills times while lines come; $total
storm() {
	local signal=$1 n kill
	mailbox --bytes-limit=300
	readers=() writers=() sizes=()
	reader() {
		touch "out.$1"
		sizes[$1]=$(stat -c %s "out.$1")
		ipc-mq read -f -l "$q" >>"out.$1" 2>>said 3>&- &
		readers[$1]=$!
	}
	read_some() { [ "$(stat -c %s "out.$1")" != "${sizes[$1]}" ]; }
	for n in 1 2 3; do
		reader $n
		perl -e 'until (-e "over") { printf "w%d-%06d end\n", $ARGV[0], ++$i for 1..100 }
			open F, ">", "count.$ARGV[0]"; print F "$i\n"' $n | ipc-mq write -l "$q" 3>&- &
		writers+=($!)
	done
	kills=${STORM:-12}
	for ((kill = 0; kill < kills; kill++)); do
		n=$((kill % 3 + 1))
		within 10 read_some $n
		# Not a shell that is about to become the reader.
		within 10 grep -q ipc-mq "/proc/${readers[n]}/comm"
		kill "-$signal" "${readers[n]}"
		wait "${readers[n]}" || :
		reader $n
	done 2>/dev/null
	touch over
	wait "${writers[@]}"
	within 10 holds 0 "$q"
	for n in 1 2 3; do within 10 asleep "${readers[n]}"; done
	kill "${readers[@]}"
	wait "${readers[@]}" || :
	total=$(awk '{ sum += $1 } END { print sum }' count.*)
}

@test "a storm of TERM on readers loses and doubles no message" {
	storm TERM
	verify 0 "$total"
	run ! grep -v 'put back$' said
}

@test "a storm of kill -9 on readers tears and doubles none, and loses one each at most" {
	storm KILL
	verify "$kills" "$total"
}

@test "a storm of kill -9 on writers tears and doubles none, and what was accepted arrives" {
	local n i=0
	mailbox --bytes-limit=300
	ipc-mq read -f -l "$q" >out.1 3>&- &
	reader=$!
	# Each writer tells by --tee what has been accepted: at most one more has been.
	for ((n = 1; n <= ${STORM:-20}; n++)); do
		seq -f "w$n-%06.0f end" 100000 | ipc-mq write -l --tee "$q" >"told.$n" 3>&- &
		writer=$!
		within 10 test -s "told.$n"
		within 10 grep -q ipc-mq "/proc/$writer/comm"
		kill -9 $writer
		ends_with 137 $writer
	done
	within 10 holds 0 "$q"
	within 10 asleep $reader
	kill $reader
	ends_with 143 $reader
	verify 0 "$(cat told.* | grep -c ' end$')"
	for ((n = 1; n <= ${STORM:-20}; n++)); do
		# One after the other from the first on, and at most one that was not told.
		grep "^w$n-" out.1 >"got.$n"
		cmp <(seq -f "w$n-%06.0f end" "$(wc -l <"got.$n")") "got.$n"
		i=$(($(wc -l <"got.$n") - $(grep -c ' end$' "told.$n")))
		echo "writer $n: $(wc -l <"got.$n") arrived, $i not told"
		[ "$i" -eq 0 ] || [ "$i" -eq 1 ]
	done
}
