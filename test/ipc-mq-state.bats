#!/usr/bin/env bats
# ipc-mq-state.bats - who has a queue, and what follows from it
# shellcheck disable=SC2016,SC2154

load helper

# sees_all: skips a test for those who cannot look at all processes; root can, but in
# some containers for process 1: that is hidden from state and why then
sees_all() {
	as_root
	[ -e /proc/1/cwd/. ] ||
		looking=(unshare -m sh -c 'mount -t tmpfs none /proc/1 && exec "$@"' sh)
	within 20 sees_all_now || skip "not all processes can be looked at here"
}

# What other tests do meanwhile, a descriptor in flight or one new process after another,
# can be in the way: so what needs a complete view is asked for again.
sees_all_now() {
	"${looking[@]}" ipc-mq ls -o HOLDERS 2>said >/dev/null
	! grep -q 'not all holders' said
}

# tells STATE WHY [ADDRESS]: for within
tells() {
	[ "$("${looking[@]}" ipc-mq inspect -q -J -o STATE,WHY "${3-$NAME}")" = "{\"state\":\"$1\",\"why\":\"$2\"}" ]
}

# state [ADDRESS]: its STATE
state() {
	"${looking[@]}" ipc-mq inspect -r --noheadings -o STATE "${1-$NAME}" 2>/dev/null
}

# is_in_state STATE ADDRESS: for within
is_in_state() {
	[ "$(state "$2")" = "$1" ]
}

# why [ADDRESS]: the evidence
why() {
	"${looking[@]}" ipc-mq inspect -J -o WHY "${1-$NAME}" 2>/dev/null |
		sed 's/^{"why":"\(.*\)"}$/\1/'
}

incomplete='ipc-mq: not all holders may be known: not every process may be looked at'

@test "a queue that nobody has open is idle, and WHY says so" {
	sees_all
	queue
	within 20 tells idle "no process has it open"
	ipc-mq write "$NAME" hello
	within 20 tells idle "no process has it open"
}

@test "a queue that a process has open is in use, until that process is killed" {
	queue
	held "$NAME"
	[ "$(state)" = in-use ]
	[ "$(why)" = "process $! has it open" ]
	[ "$(value HOLDERS "$NAME" 2>/dev/null)" = "$!:read:peer" ]
	[ "$(value HOLDERS,STATE "$NAME" 2>/dev/null)" = "$!:read:peer in-use" ]
	kill -9 $!
	within 10 ended $!
	[ "$(state)" != in-use ]
	[ "$(value HOLDERS "$NAME" 2>/dev/null)" = - ]
}

@test "each process that has a queue is told once, by its number" {
	queue
	held "$NAME"
	first=$!
	ipc-mq write -n "$NAME" 1 2 3 4
	ipc-mq write "$NAME" 5 3>&- &
	second=$!
	within 10 asleep "$second"
	value HOLDERS "$NAME" 2>/dev/null | tr , '\n' >out
	[ "$(sort out)" = "$(printf '%s\n' "$first:read:peer" "$second:write:ipc-mq" | sort)" ]
	[ "$(why)" = "2 processes have it open" ]
}

@test "one that was removed and made again is another: its old users do not count" {
	queue
	held "$NAME"
	ipc-mq rm "$NAME"
	queue
	[ "$(value HOLDERS "$NAME" 2>/dev/null)" = - ]
	[ "$(state)" != in-use ]
}

@test "a System V queue is in use while somebody sleeps in it" {
	mailbox
	[ "$(value HOLDERS "$q" 2>/dev/null)" = - ]
	ipc-mq read "$q" 3>&- &
	within 10 asleep $!
	within 10 is_in_state in-use "$q"
	[ "$(value HOLDERS "$q" 2>/dev/null)" = "$!:blocked:ipc-mq" ]
	[ "$(why "$q")" = "process $! waits in it" ]
	kill $!
	within 10 ended $!
	[ "$(value HOLDERS "$q" 2>/dev/null)" = - ]
}

@test "a System V queue that nobody sleeps in is idle, also when it holds messages" {
	sees_all
	mailbox
	within 20 tells idle "no process waits in it" "$q"
	ipc-mq write "$q" message
	within 20 tells idle "no process waits in it" "$q"
}

@test "a System V queue whose last sender lives is in use" {
	command -v perl >/dev/null || skip "no perl here"
	mailbox
	perl -e 'msgsnd($ARGV[0], pack("l! a*", 1, "x"), 0) or die; $| = 1; print "ready\n"; sleep' \
		"${q#id:}" >ready 3>&- &
	within 10 grep -q ready ready
	[ "$(state "$q")" = in-use ]
	[ "$(why "$q")" = "process $!, the last to use it, lives" ]
	kill -9 $!
	within 10 ended $!
	[ "$(state "$q")" != in-use ]
}

@test "what cannot be proven is unknown, and what was not seen is told, once" {
	queue
	mailbox
	if [ "$(id -u)" -eq 0 ]; then
		chmod 755 "$BATS_TEST_TMPDIR"
		ipc-mq set -m 0666 "$NAME"
		user=(as_user 65534)
	else
		user=()
	fi
	run -0 --separate-stderr "${user[@]}" ipc-mq inspect -r --noheadings -o STATE "$NAME"
	[ "$output" = unknown ]
	[ "$stderr" = "$incomplete" ]
	run -0 --separate-stderr "${user[@]}" ipc-mq ls -r -o STATE,HOLDERS
	[ "$(grep -c '^ipc-mq: not all holders' <<<"$stderr")" -eq 1 ]
	run -0 --separate-stderr "${user[@]}" ipc-mq ls -r -q -o STATE,HOLDERS
	[ -z "$stderr" ]
	run -0 --separate-stderr "${user[@]}" ipc-mq inspect -r -o STATE "$NAME" "$NAME" "$NAME"
	[ "$stderr" = "$incomplete" ]
	run -0 --separate-stderr "${user[@]}" ipc-mq inspect -r -o OWNER_PID "$NAME"
	[ -z "$stderr" ]
	run -0 --separate-stderr "${user[@]}" ipc-mq inspect -r --noheadings -o WHY "$NAME"
	[[ $output == no*holder*but*not*every*process* ]]
}

@test "a plain ls looks at no process, and says nothing" {
	queue
	run -0 --separate-stderr ipc-mq ls
	[ -z "$stderr" ] || [[ $stderr == *"mqueue file system"* ]]
	[[ $output != *STATE* ]]
	held "$NAME"
	ipc-mq ls -r -o +STATE 2>/dev/null | head -n 1 | grep -q ' STATE$'
}

@test "JSON has holders as objects, numbers as numbers, and nobody as an empty list" {
	queue
	ipc-mq inspect -J -o HOLDERS,OWNER_PID "$NAME" 2>/dev/null >out
	[ "$(cat out)" = '{"holders":[],"owner_pid":0}' ]
	ipc-mq inspect -J -o AGE "$NAME" | grep -qxE '\{"age":[0-9]+\}'
	held "$NAME"
	ipc-mq inspect -J -o HOLDERS "$NAME" 2>/dev/null >out
	[ "$(cat out)" = '{"holders":[{"pid":'$!',"command":"peer","user":"'"$(id -un)"'","access":"read"}]}' ]
}

@test "-e tells holders as one word, and nobody as none" {
	queue
	eval "$(ipc-mq inspect -e -o HOLDERS,STATE "$NAME" 2>/dev/null)"
	[ -z "$HOLDERS" ] && [ -n "$STATE" ]
	held "$NAME"
	eval "$(ipc-mq inspect -e -o HOLDERS,STATE "$NAME" 2>/dev/null)"
	[ "$HOLDERS" = "$!:read:peer" ] && [ "$STATE" = in-use ]
}

@test "no byte of a process's name reaches a terminal or breaks a line" {
	queue
	name=$'a \e[1m\n,'
	cp "$peer" "$name"
	"./$name" hold "$NAME" >ready 3>&- &
	within 10 grep -q ready ready
	[ "$(value HOLDERS "$NAME" 2>/dev/null)" = "$!:read:a\\s\\^[[1m\\n\\054" ]
	[ "$(ipc-mq inspect -b -o HOLDERS "$NAME" 2>/dev/null)" = "HOLDERS        $!:read:a\\s\\^[[1m\\n\\054" ]
	eval "$(ipc-mq inspect -e -o HOLDERS "$NAME" 2>/dev/null)"
	[ "$HOLDERS" = "$!:read:a\\s\\^[[1m\\n\\054" ]
	ipc-mq inspect -J -o HOLDERS "$NAME" 2>/dev/null >out
	[ "$(wc -l <out)" -eq 1 ]
	grep -q '"command":"a \\u001b\[1m\\u000a,"' out
}

@test "AGE is told in seconds, or for a person in larger units" {
	queue
	ipc-mq inspect -b --noheadings -o AGE "$NAME" | grep -qxE '[0-9]+'
	ipc-mq inspect --noheadings -o AGE "$NAME" | grep -qxE '[0-9]+s'
	mailbox
	ipc-mq inspect --noheadings -o AGE "$q" | grep -qxE '[0-9]+s'
}

@test "nobody knows from within a PID namespace that none has a queue" {
	as_root
	queue
	held "$NAME"
	# shellcheck disable=SC2016
	unshare -p -f --mount-proc sh -c 'ipc-mq inspect -r --noheadings -o STATE "$1"' sh "$NAME" >out 2>said ||
		skip "no PID namespace can be had"
	[ "$(cat out)" = unknown ]
	grep -q 'other PID namespaces' said
	unshare -p -f --mount-proc sh -c '"$0" hold "$1" >inside 3>&- &
		until grep -q ready inside; do :; done
		ipc-mq inspect -r --noheadings -o HOLDERS "$1" 2>/dev/null; kill -9 $!' "$peer" "$NAME" >out
	[[ $(cat out) == *:read:peer ]]
}

@test "an ordinary user whose /proc hides processes proves nothing" {
	as_root
	queue -m 0666
	as_user 65534 true
	chmod 755 "$BATS_TEST_TMPDIR"
	unshare -m sh -c 'mount -t proc -o hidepid=2 proc /proc && exec "$@"' sh \
		setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all \
		env PATH="$BATS_TEST_TMPDIR/bin:$PATH" \
		ipc-mq inspect -r --noheadings -o STATE "$NAME" >out 2>said || skip "no such /proc can be had"
	[ "$(cat out)" = unknown ]
	grep -q hidepid said
}

# owned: the queue belongs to the process $owner
owned() {
	sleep 1000 3>&- &
	owner=$!
	ipc-mq create --until-exit "$owner" "$NAME" >/dev/null
}

@test "a queue that belongs to a process is idle, and OWNER_PID tells whose it is" {
	sees_all
	owned
	[ "$(value OWNER_PID "$NAME" 2>/dev/null)" = "$owner" ]
	within 20 tells idle "no process has it open; it belongs to process $owner"
	ipc-mq set --until-exit never "$NAME"
	within 20 tells idle "no process has it open"
	[ "$(value OWNER_PID "$NAME" 2>/dev/null)" = 0 ]
}

@test "one whose process and guardian were killed is stale, and the next create sweeps it" {
	sees_all
	# any create of root would do
	elsewhere 'tell() {
			for ((i = 0; i < 1000; i++)); do
				told=$(ipc-mq inspect -q -J -o "$2" "$1")
				[[ $told == *unknown* ]] || break
			done
			echo "$told"
		}
		[ -e /proc/1/cwd/. ] || mount -t tmpfs none /proc/1
		sleep 1000 3>&- & echo $! >owner
		ipc-mq create -q -c 1 -s 1 --until-exit $! "$1" >/dev/null
		kill -9 $(pgrep -f "^ipc-until-exit: waits for the end of process $!\$") $!; wait $!
		tell "$1" STATE,WHY
		"$2" hold "$1" >ready 3>&- & until grep -q ready ready; do :; done
		tell "$1" STATE; kill -9 $!; wait $!
		tell "$1" STATE
		ipc-mq create -c 1 -s 1 "$1-2" >/dev/null; ipc-mq inspect -q "$1"; echo $?' "$NAME" "$peer" >out
	owner=$(cat owner)
	diff out - <<-END
		{"state":"stale","why":"no process has it open, and process $owner, to which it belonged, has ended"}
		{"state":"in-use"}
		{"state":"stale"}
		3
	END
}

@test "an ordinary user is not told to whom another user's queue belongs" {
	as_root
	owned
	ipc-mq set -m 0666 "$NAME"
	[ "$(as_user 65534 ipc-mq inspect -q -r --noheadings -o OWNER_PID "$NAME")" = - ]
	[ "$(as_user 65534 ipc-mq inspect -q -J -o OWNER_PID "$NAME")" = '{"owner_pid":null}' ]
}
