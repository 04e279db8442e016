#!/usr/bin/env bats
# progress: --progress of whatever may take long
# shellcheck disable=SC2016,SC2094,SC2154  # bats sets them; scripts of a terminal

load helper

# once FILE: waits until a line is in it
once() {
	until grep -q B/s "$1" || [ "$SECONDS" -ge 100 ]; do sleep 0.05; done
}

# slow_input FILE: 2 MiB, and the end when a line is in FILE
slow_input() {
	head -c 2M /dev/zero
	once "$1"
}

# shown WIDTH SCRIPT: what a terminal of that width is sent, each rewriting a line; SCRIPT
# has it in the file "seen"
shown() {
	on_terminal "$(declare -f once slow_input); stty cols $1; $2" >seen
	tr '\r' '\n' <seen | sed '/^$/d'
}

@test "--progress shows one line, when it lasts longer than a second, and ends it" {
	run shown 80 'slow_input seen | ipc-shm create --from-stdin --progress "$1"'
	[[ ${lines[0]} == "ipc-shm: 2.0 MiB, "*" MiB/s, average "*" MiB/s" ]]
	[[ ${lines[-2]} =~ ^"ipc-shm: 2.0 MiB in 0:0"[1-9]", average "[0-9.]+" "[KM]iB/s" "*$ ]]
	[ "${lines[-1]}" = "$NAME" ]
}

@test "what takes no second shows nothing" {
	run shown 80 'head -c 2M /dev/zero | ipc-shm create --from-stdin --progress "$1"'
	[ "$output" = "$NAME" ]
}

@test "how much is left is told where the end is known" {
	ipc-shm create -s 4M "$NAME"
	run shown 80 '{ slow_input seen; head -c 1M /dev/zero; } | ipc-shm write -N 3M --progress "$1"'
	[[ ${lines[0]} == "ipc-shm: 2.0 MiB, "*", 66%, ETA 0:0"*", average "* ]]
	run shown 80 'ipc-shm read --progress "$1" | { once seen; wc -c; }'
	[[ ${lines[0]} == "ipc-shm: "*", "*"%, ETA "*", average "* ]]
	[ "${lines[-1]}" -eq $((4 << 20)) ]
}

@test "the line is as long as the terminal is wide, and never longer" {
	run shown 30 'slow_input seen | ipc-shm create --from-stdin --progress "$1"'
	[[ ${lines[0]} =~ ^"2.0 MiB, "[0-9.]+" MiB/s"$ ]]
	for line in "${lines[@]::${#lines[@]}-1}"; do
		[ "${#line}" -lt 30 ]
	done
}

@test "a terminal that becomes narrower gets a shorter line" {
	run shown 80 '{ slow_input seen; stty cols 20 >&2 <&2; } |
		ipc-shm create --from-stdin --progress "$1"'
	[ "${#lines[0]}" -gt 20 ]
	[ "${#lines[-2]}" -le 20 ]
	[[ ${lines[-2]} == "2.0 MiB in 0:0"* ]]
}

@test "without a terminal nothing is shown, unless --verbose asks for it, a line each" {
	{ head -c 2M /dev/zero; sleep 1.8; } | ipc-shm create --from-stdin --progress "$NAME-2" 2>said
	[ ! -s said ]
	slow_input said | COLUMNS=42 ipc-shm create --from-stdin --progress -v "$NAME" 2>said
	run cat said
	[[ ${lines[0]} =~ ^"ipc-shm: 2.0 MiB, "[0-9.]+" MiB/s"$ ]]
	[[ ${lines[-2]} == "ipc-shm: 2.0 MiB in 0:0"* ]]
	[ "${lines[-1]}" = "ipc-shm: '$NAME' was created" ]
}

@test "--quiet is quiet with --progress, too" {
	{ head -c 2M /dev/zero; sleep 1.8; } | ipc-shm create --from-stdin --progress -q -v "$NAME" 2>said
	[ ! -s said ]
}

@test "a failure is told below the line" {
	ipc-shm create -s 1M "$NAME"
	run shown 80 '{ head -c 1M /dev/zero; once seen; echo; } | ipc-shm write --progress "$1"; echo $?'
	[[ ${lines[-3]} == "ipc-shm: 1.0 MiB in 0:0"*", average "* ]]
	[ "${lines[-2]}" = "ipc-shm: cannot write to '$NAME': it is full after 1048576 bytes, and there are more" ]
	[ "${lines[-1]}" = 6 ]
}

@test "a signal ends the line before it ends the program" {
	mkfifo input
	{ head -c 2M /dev/zero && exec sleep 60; } >input 3>&- &
	on_terminal '(echo $BASHPID >pid && exec ipc-shm create --from-stdin --progress "$1" <input); echo "ended with $?"' >seen &
	within 10 grep -q MiB/s seen
	kill -TERM "$(cat pid)"
	within 10 grep -q 'ended with' seen
	run tr -s '\r' '\n' <seen
	[[ $output =~ $'\n'"ipc-shm: 2.0 MiB in 0:0"[1-9]", average "[^$'\n']+$'\n'[^$'\n']*(Terminated|"ended with 143") ]]
	gone "$NAME"
}

@test "ipc-mq counts messages, too, both ways" {
	queue
	run shown 80 '{ echo one; once seen; echo two; } | ipc-mq write -l --progress "$1"'
	[[ ${lines[0]} == "ipc-mq: 1 message, 3 B, "*" B/s, average "*" B/s" ]]
	[[ ${lines[-1]} == "ipc-mq: 2 messages, 6 B in 0:0"*", average "* ]]
	run shown 80 'ipc-mq read -l -c 3 -w 1.2 --progress "$1"'
	[[ $output == *"ipc-mq: 2 messages, 6 B, "*" B/s, average "*" B/s"* ]]
	[[ ${lines[-1]} == "ipc-mq: cannot read '$NAME': it stayed empty for 1.2 s" ]]
}

@test "a signal ends the line of what waits, too" {
	queue
	mkfifo fifo
	exec 7<>fifo	# nobody opens it in vain
	mkfifo input
	exec 8<>input	# nothing comes, nor its end
	for words in 'ipc-mq read -f --progress $1' 'ipc-mq write -l --progress $1' \
		'ipc-fifo read -l --progress fifo' 'ipc-fifo read --progress fifo' \
		'ipc-fifo write -l --progress fifo' 'ipc-fifo write --progress fifo'; do
		rm -f seen
		on_terminal "(echo \$BASHPID >pid && exec $words <input); echo \"ended with \$?\"" >seen &
		within 10 grep -q ' B/s' seen
		kill -TERM "$(cat pid)"
		within 10 grep -q 'ended with' seen
		run tr -s '\r' '\n' <seen
		[[ $output =~ $'\n'"ipc-"[a-z]+": 0 B in 0:0"[1-9]", average "[^$'\n']+$'\n'[^$'\n']*(Terminated|"ended with 143") ]]
	done
	exec 7>&- 8>&-
}

# told: one message more, and whether a line has been shown
told() {
	ipc-mq write "$q" x && grep -q 'B/s, average' seen
}

@test "a conversation counts both ways" {
	mkfifo request reply
	{ exec <request >reply; cat; } 3>&- &
	run shown 80 'slow_input seen | ipc-fifo connect --progress request reply >out'
	[[ ${lines[0]} == "ipc-fifo: "*"/s, average "*"/s" ]]
	[[ ${lines[-1]} == "ipc-fifo: 4.0 MiB in 0:0"*", average "* ]]
	[ "$(wc -c <out)" -eq $((2 << 20)) ]
}

@test "a signal ends the line of what sleeps at a System V queue" {
	mailbox
	on_terminal "(echo \$BASHPID >pid && exec ipc-mq read -f -l --progress $q); echo \"ended with \$?\"" >seen &
	within 20 told
	within 10 holds 0 "$q"
	kill -TERM "$(cat pid)"
	within 10 grep -q 'ended with' seen
	run tr -s '\r' '\n' <seen
	[[ $output =~ "ipc-mq: "[0-9]+" messages, "[^$'\n']+" in 0:0"[1-9]", average "[^$'\n']+$'\n'[^$'\n']*(Terminated|"ended with 143") ]]
}
