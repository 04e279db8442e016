#!/usr/bin/env bats
# ipc-mq: queues that belong to a process and go when it ends: --until-exit

# shellcheck disable=SC2016,SC2046,SC2030,SC2031,SC2153,SC2154  # inner shells expand
load helper

# owner: a process $owner that lives until it is killed
owner() {
	env --default-signal sleep 1000 3>&- &
	owner=$!
}

# guardian PID: the process that waits for the end of PID, $guardian
guardian() {
	guardian=$(pgrep -x -f "ipc-until-exit: waits for the end of process $1") && [ -n "$guardian" ]
}

# unguarded PID: there is none, nor a file that tells what belongs to PID
unguarded() {
	! guardian "$1" && [ -z "$(files "$1")" ]
}

# files PID: those that tell what belongs to it
files() {
	find "/run/user/$(id -u)/ipcutil" "/dev/shm/ipcutil-$(id -u)" -name "$1.*" 2>/dev/null
}

# gone_all: no queue of the test is there
gone_all() {
	! grep -q -e "^$NAME" <(ipc-mq ls -r --noheadings -o ADDRESS)
}

# removed: the queue goes, soon, and then what knew of it
removed() {
	within 20 gone "${1-$NAME}" && within 20 unguarded "$owner"
}

# kill_owner [SIGNAL]: the owner ends
kill_owner() {
	kill "-${1-KILL}" "$owner"
	wait "$owner" || :
}

@test "create --until-exit prints the address, and the queue is as any other" {
	owner
	[ "$(ipc-mq create --until-exit "$owner" "$NAME")" = "$NAME" ]
	ipc-mq write "$NAME" hello
	[ "$(ipc-mq read "$NAME")" = hello ]
	guardian "$owner"
}

@test "the queue goes when its process ends by itself" {
	mkfifo end
	bash -c 'read -r _ <end' 3>&- &
	owner=$!
	queue --until-exit "$owner"
	ipc-mq inspect "$NAME" >/dev/null
	echo >end
	removed
}

@test "the queue goes when its process is killed, by whatever signal" {
	for signal in HUP INT TERM KILL SEGV; do
		owner
		queue --until-exit "$owner"
		ipc-mq write "$NAME" "one that nobody reads"
		kill_owner $signal
		removed
	done
}

@test "so does a System V queue" {
	owner
	q=$(ipc-mq create --until-exit "$owner" private) && made "$q"
	[ "$(ipc-mq create --until-exit "$owner" "$BYKEY")" != "$q" ]
	ipc-mq write "$q" hello
	kill_owner
	removed "$q"
	gone "$BYKEY"
}

@test "a script's own process is \$\$" {
	bash -c 'ipc-mq create --until-exit $$ "$1" && ipc-mq inspect "$1" >there' - "$NAME" 3>&-
	[ -s there ]
	within 20 gone "$NAME"
}

@test "any process may be the owner, not only a child" {
	owner=$(setsid bash -c 'sleep 1000 >/dev/null 3>&- & echo $!')
	others+=("$owner")
	queue --until-exit "$owner"
	kill -9 "$owner"
	removed
}

@test "the queue stays while its process is stopped" {
	owner
	queue --until-exit "$owner"
	kill -STOP "$owner"
	within 20 grep -q ') T ' "/proc/$owner/stat"
	ipc-mq inspect "$NAME" >/dev/null
	kill_owner
	removed
}

@test "a process that is no more: 3, and nothing is created" {
	owner
	kill_owner
	fails_with 3 "ipc-mq: cannot watch process '$owner': there is no such process" \
		ipc-mq create --until-exit "$owner" "$NAME"
	gone "$NAME"
	queue
	fails 3 ipc-mq set -m 0640 --until-exit "$owner" "$NAME"
	[ "$(value MODE "$NAME")" = 0600 ]
}

@test "a zombie has ended: 3, and nothing is created" {
	bash -c '(until grep -q sleep /proc/$$/comm; do :; done) & echo $! >pid; exec sleep 1000' 3>&- &
	within 20 test -s pid
	owner=$(cat pid)
	within 20 grep -q ') Z ' "/proc/$owner/stat"
	fails_with 3 "ipc-mq: cannot watch process '$owner': it has ended" \
		ipc-mq create --until-exit "$owner" "$NAME"
	gone "$NAME"
}

@test "a thread is no process: 3" {
	fails 3 ipc-mq create --until-exit 2147483647 "$NAME"
	for task in /proc/*/task/*; do
		[ "${task#*/task/}" = "$(cut -d/ -f3 <<<"$task")" ] && continue
		fails 3 ipc-mq create --until-exit "${task#*/task/}" "$NAME"
		return
	done
	skip "no process here has two threads"
}

@test "what is no process id is wrong usage" {
	for word in 0 -1 '' 1x never 2147483648 '$$'; do
		fails 2 ipc-mq create --until-exit="$word" "$NAME"
		gone "$NAME"
	done
	queue
	for word in 0 -1 Never; do
		fails 2 ipc-mq set --until-exit="$word" "$NAME"
	done
}

@test "a queue that somebody else made anew under the name stays" {
	owner
	queue --until-exit "$owner"
	ipc-mq rm "$NAME"
	queue -m 0640
	ipc-mq create --until-exit "$owner" "$BYKEY" >/dev/null
	ipc-mq rm "$BYKEY"
	ipc-mq create "$BYKEY" >/dev/null
	kill_owner
	within 20 unguarded "$owner"
	[ "$(value MODE "$NAME")" = 0640 ]
	ipc-mq inspect "$BYKEY" >/dev/null
}

@test "200 queues of one process have one guardian, and go with it" {
	owner
	made "$NAME-"{1..100}
	ipc-mq create -c 1 -s 1 --until-exit "$owner" "$NAME-"{1..100} >/dev/null
	for _ in {1..100}; do echo private; done |
		xargs ipc-mq create --until-exit "$owner" >ids
	[ "$(wc -l <ids)" -eq 100 ]
	made $(<ids)
	[ "$(pgrep -x -c -f "ipc-until-exit: .* process $owner")" -eq 1 ]
	kill_owner
	removed
	gone_all
	while read -r q; do gone "$q"; done <ids
}

@test "a guardian ends when nothing of what it is for is there any more, and another can be had" {
	owner
	queue --until-exit "$owner"
	q=$(ipc-shm create -s 64 --until-exit "$owner" private)
	ipc-shm create -s 64 --until-exit "$owner" "$NAME-2"
	guardian "$owner"
	ipc-mq rm "$NAME"
	ipcrm -m "${q#id:}"
	rm "/dev/shm$NAME-2"
	within 60 unguarded "$owner"
	kill -0 "$owner"
	queue --until-exit "$owner"
	guardian "$owner"
	kill_owner
	removed
}

@test "queues that came and went do not let the file grow without bound" {
	owner
	# One that stays, lest the guardian ends between two rounds and takes the file along.
	ipc-mq create --until-exit "$owner" "$BYKEY"
	for _ in {1..40}; do
		ipc-mq create --until-exit "$owner" "$NAME" private private >ids
		ipc-mq rm $(<ids)
	done
	[ "$(wc -l <"$(files "$owner")")" -le 40 ]
}

@test "set --until-exit gives a queue to a process, to another, to none" {
	owner
	first=$owner
	queue
	ipc-mq set --until-exit "$first" "$NAME"
	guardian "$first"
	owner
	ipc-mq set --until-exit "$owner" "$NAME"
	kill -9 "$first"
	within 20 unguarded "$first"
	ipc-mq inspect "$NAME" >/dev/null
	ipc-mq set --until-exit never "$NAME"
	kill_owner
	within 20 unguarded "$owner"
	ipc-mq inspect "$NAME" >/dev/null
	ipc-mq set --until-exit never "$NAME"
}

@test "set --until-exit PID lets a queue go with that process" {
	owner
	queue
	ipc-mq create "$BYKEY" >/dev/null
	ipc-mq set -m 0640 --until-exit "$owner" "$NAME" "$BYKEY"
	[ "$(value MODE "$BYKEY")" = 0640 ]
	kill_owner
	removed
	gone "$BYKEY"
}

@test "a process that gets the id of one that ended in the same moment owns nothing of it" {
	as_root
	cat >script <<-'EOF'
		last=/proc/sys/kernel/ns_last_pid
		mount -t proc none /proc && [ -w $last ] || exit 77
		for n in {1..20}; do
			pid=$((20000 + 10 * n))
			echo $((pid - 1)) >$last; sleep 1000 3>&- & old=$!
			ipc-mq create -q -c 1 -s 1 --until-exit "$old" "$1" >out	# pid + 1, which forks
			kill -STOP $((pid + 3)); kill -9 "$old"; wait "$old"
			echo $((pid - 1)) >$last; sleep 1000 3>&- & new=$!
			ipc-mq create -q -c 1 -s 1 --until-exit "$new" "$1-2" >out || exit
			kill -CONT $((pid + 3))
			for ((i = 0; i < 2000; i++)); do ipc-mq inspect "$1" >out || break; done
			[ "$i" -lt 2000 ] && ipc-mq inspect "$1-2" >out || exit 1
			kill -9 "$new"; wait "$new"; [ "$old" -eq "$new" ] || exit 2
			for ((i = 0; i < 2000; i++)); do ipc-mq inspect "$1-2" >out || break; done
		done 2>said
		exit 0
	EOF
	run unshare -mipf bash script "$NAME"
	[ "$status" -ne 77 ] || skip "ns_last_pid cannot be written"
	[ "$status" -eq 0 ]
}

@test "create finds a queue that belongs to the same process as good as a new one" {
	owner
	queue --until-exit "$owner"
	queue --until-exit "$owner"
	fails 4 ipc-mq create -x --until-exit "$owner" "$NAME"
	fails_with 4 "ipc-mq: cannot create '$NAME': it exists and does not belong to process $$ ('set --until-exit' changes that)" \
		ipc-mq create --until-exit $$ "$NAME"
	kill_owner
	removed
}

@test "create --until-exit leaves an older queue as it was" {
	owner
	queue
	ipc-mq write "$NAME" kept
	fails 4 ipc-mq create --until-exit "$owner" "$NAME"
	kill_owner
	holds 1
	unguarded "$owner"
}

@test "create that cannot print leaves no queue, and an owner of nothing" {
	owner
	for where in '>&-' '>/dev/full'; do
		fails 1 bash -c 'ipc-mq create --until-exit "$2" "$1" '"$where" - "$NAME" "$owner"
		gone "$NAME"
	done
	queue
	kill_owner
	within 20 unguarded "$owner"
	ipc-mq inspect "$NAME" >/dev/null
}

@test "when the guardian is killed with its owner, the next create removes what was theirs" {
	owner
	queue --until-exit "$owner"
	guardian "$owner"
	kill -9 "$guardian"
	within 20 ended "$guardian"
	kill_owner
	ipc-mq create "$NAME-2" >/dev/null	# or that of another test
	gone "$NAME"
	[ -z "$(files "$owner")" ]
}

@test "when the guardian alone is killed, another create starts one that watches all" {
	owner
	queue --until-exit "$owner"
	guardian "$owner"
	first=$guardian
	kill -9 "$guardian"
	within 20 ended "$guardian"
	ipc-mq create --until-exit "$owner" "$NAME-2" >/dev/null
	guardian "$owner"
	[ "$guardian" -ne "$first" ]
	kill_owner
	removed
	gone "$NAME-2"
}

@test "many creates at once for one owner have one guardian" {
	owner
	made "$NAME-"{1..8}
	for n in 1 2 3 4 5 6 7 8; do
		ipc-mq create -c 1 -s 1 --until-exit "$owner" "$NAME-$n" >/dev/null 3>&- &
		creates+=($!)
	done
	wait "${creates[@]}"
	guardian "$owner"
	[ "$(wc -l <<<"$guardian")" -eq 1 ]
	kill_owner
	removed "$NAME-2"
	gone_all
}

@test "a guardian survives HUP, INT, QUIT and TERM, and does its work" {
	owner
	queue --until-exit "$owner"
	guardian "$owner"
	for signal in HUP INT QUIT TERM PIPE TSTP; do
		kill -$signal "$guardian"
	done
	within 20 asleep "$guardian"
	ipc-mq inspect "$NAME" >/dev/null
	kill_owner
	removed
}

@test "a guardian has no use for its maker's limit of files and class of scheduling" {
	owner
	(ulimit -S -f 1 && chrt -b 0 ipc-mq create -c 1 -s 1 --until-exit "$owner" "$NAME" >/dev/null)
	guardian "$owner"
	[ "$(ps -o cls= -p "$guardian" | xargs)" = TS ]
	made "$NAME-"{1..30}
	ipc-mq create -c 1 -s 1 --until-exit "$owner" "$NAME-"{1..30} >/dev/null
	kill_owner
	removed
	gone_all
}

@test "a guardian holds no descriptor of others, sits in no directory of theirs" {
	owner
	queue --until-exit "$owner" 7<"$BATS_TEST_FILENAME" 9>kept
	guardian "$owner"
	readlink "/proc/$guardian/fd/"* >held
	[ "$(grep -c -x /dev/null held)" -eq 3 ]
	[ "$(grep -v -x /dev/null held | sed 's,^/.*/ipcutil[^/]*,REGISTRY,; s,/[0-9.]*$,/FILE,' | sort | xargs)" = \
		"REGISTRY REGISTRY/FILE anon_inode:[pidfd]" ]
	[ "$(readlink "/proc/$guardian/cwd")" = / ]
}

@test "a guardian is nobody's child, and in a session of its own" {
	owner
	queue --until-exit "$owner"
	guardian "$owner"
	read -r ppid sid comm < <(ps -o ppid=,sid=,comm= -p "$guardian")
	[ "$ppid" -ne $$ ] && [ "$ppid" -ne "$BASHPID" ]
	[ "$sid" -ne "$(ps -o sid= -p $$)" ]
	[ "$comm" = ipc-until-exit ]
}

@test "who starts a guardian, such as a test of bats, and ends at once is not waited for" {
	owner
	[ "$(timeout 20 bash -c 'ipc-mq create --until-exit "$1" "$2"' - "$owner" "$NAME" 3>&1 9>&1)" = "$NAME" ]
	guardian "$owner"
}

@test "set of mode or limit leaves a System V queue its process; of owner it takes it away" {
	owner
	q=$(ipc-mq create --until-exit "$owner" private) && made "$q"
	changed=$(ipc-mq inspect -J -o CHANGED "$q")
	while [ "$(ipc-mq inspect -J -o CHANGED "$q")" = "$changed" ]; do	# it is in seconds
		ipc-mq set -m 0640 "$q"
	done
	ipc-mq set --bytes-limit 100 "$q"
	kill_owner
	removed "$q"
}

@test "set --owner by root lets a queue belong to no process" {
	as_root
	owner
	q=$(ipc-mq create --until-exit "$owner" private) && made "$q"
	queue --until-exit "$owner"
	ipc-mq set --owner 65534 "$q" "$NAME"
	kill_owner
	within 20 unguarded "$owner"
	ipc-mq inspect "$q" "$NAME" >/dev/null
}

@test "another user's queue: 5" {
	as_root
	owner
	queue -m 0666
	as_user 65534 true	# copies are made
	fails 5 as_user 65534 ipc-mq set --until-exit "$owner" "$NAME"
	fails 5 as_user 65534 ipc-mq set --until-exit never "$NAME"
	fails 4 as_user 65534 ipc-mq create --until-exit "$owner" "$NAME"
}

@test "root gives a user's queue to a process: the guardian is that user's for ever" {
	as_root
	owner
	as_user 65534 ipc-mq create -c 1 -s 1 "$NAME" >/dev/null
	ipc-mq set --until-exit "$owner" "$NAME"
	guardian "$owner"
	[ "$(sed -n 's/^Uid:\t//p' "/proc/$guardian/status")" = $'65534\t65534\t65534\t65534' ]
	[ "$(sed -n 's/^Groups:[[:blank:]]*//p' "/proc/$guardian/status")" = "" ]
	[ "$(sed -n 's/^CapPrm:\t//p' "/proc/$guardian/status")" = 0000000000000000 ]
	[ "$(stat -c '%u %a' /dev/shm/ipcutil-65534 || stat -c '%u %a' /run/user/65534/ipcutil)" = "65534 700" ]
	kill_owner
	within 20 gone "$NAME"
}

@test "root that may not act as another user gives away none of his queues" {
	as_root
	owner
	as_user 65534 ipc-mq create -c 1 -s 1 -m 0666 "$NAME" >/dev/null
	fails_with 5 "ipc-mq: cannot act as user 65534: it needs CAP_SETUID" \
		"${powerless[@]}" ipc-mq set --until-exit "$owner" "$NAME"
}

@test "a queue that its owner may not open cannot be told from others later: 5" {
	owner
	create=("${powerless[@]}" ipc-mq create -m 0 --until-exit "$owner" "$NAME")
	"${powerless[@]}" ipc-mq ls -q >/dev/null
	"${create[@]}" 2>said >out && skip "a mqueue file system is mounted"
	fails 5 "${create[@]}"
	gone "$NAME"
	unguarded "$owner"
}

@test "a directory that is not the user's alone is refused, and nothing is left" {
	as_root
	owner
	for make in 'mkdir $d; chown 65534 $d' 'mkdir -m 0755 $d' 'mkdir -m 0770 $d' \
		'ln -s /tmp $d' 'ln -s /nowhere $d' ': >$d' 'mkfifo $d'; do
		run -7 --separate-stderr elsewhere 'd=/dev/shm/ipcutil-0; '"$make"'
			timeout 10 ipc-mq create --until-exit "$1" "$2"' "$owner" "$NAME"
		[[ $make == *chown* ]] && whose=65534 || whose=0
		[ "$stderr" = "ipc-mq: cannot use '/dev/shm/ipcutil-0', which tells what belongs to whom: it is not a directory of user 0 alone (it is user $whose's): remove it, as root if need be" ]
		[ -z "$output" ]
		gone "$NAME"
	done
	run -7 elsewhere 'chmod 0777 /dev/shm; ipc-mq create -q --until-exit "$1" "$2"' "$owner" "$NAME"
}

@test "what stands in the place of a file is refused, and nothing is left" {
	as_root
	owner
	for make in 'mkfifo "$f"' 'mkdir "$f"' 'ln -s /etc/passwd "$f"' 'echo garbage >"$f"' \
		'head -c 20000000 /dev/zero >"$f"' 'truncate -s 1T "$f"' 'cp "$f" "$f.2"; ln -f "$f.2" "$f"'; do
		elsewhere 'ipc-mq create --until-exit "$1" "$2" >/dev/null
			for f in /dev/shm/ipcutil-0/*; do break; done
			ipc-mq rm "$2"
			mv "$f" old; cp old "$f"; '"$make"' 2>/dev/null || { rm "$f"; '"$make"'; }
			timeout 10 ipc-mq create -q --until-exit "$1" "$2"; echo $? >status
			timeout 10 ipc-mq create -q "$2" >/dev/null; ipc-mq rm "$2"' "$owner" "$NAME"
		[ "$(cat status)" -eq 1 ]
		gone "$NAME"
	done
	kill_owner
	within 20 eval '! guardian "$owner"'
}

@test "who waits for the lock gives up: 1, with nothing changed and nothing left" {
	as_root
	owner
	cat >script <<-'EOF'
		ipc-mq create -q -c 1 -s 1 --until-exit "$1" "$2" >out
		q=$(ipc-mq create --until-exit "$1" private) && exec 8</dev/shm/ipcutil-0 && flock 8
		ipc-mq create --until-exit "$1" "$2-2" 2>create & create=$!
		ipc-mq set --until-exit never "$2" 2>drop & drop=$!
		ipc-mq set -m 0640 "$q" 2>renew & renew=$!
		for job in create drop renew; do
			wait "${!job}"; echo "$job $?: $(<$job)"
		done
		ipc-mq inspect -q "$2-2" 2>said >out; echo "$? $(ipc-mq inspect -r --noheadings -o MODE "$q")"
		kill -9 "$1"
		for ((i = 0; i < 1000; i++)); do ipc-mq inspect "$2" >out 2>&1 || break; done
		ipc-mq inspect "$2" "$q" >out 2>&1; echo "$?"
		ipc-mq rm -f "$q"
	EOF
	busy="cannot use '/dev/shm/ipcutil-0': another process has had it locked for 2 s"
	run timeout 60 unshare -m bash -c 'mount -t tmpfs -o mode=1777 none /dev/shm && mount -t tmpfs none /run/user; . ./script' - "$owner" "$NAME"
	echo "$output"
	[ "$(grep -c ": ipc-mq: $busy$" <<<"$output")" -eq 3 ]
	[ "$(grep -c ' 1: ' <<<"$output")" -eq 3 ]
	[ "${lines[3]}" = "3 0600" ]	# changed nothing
	[ "${lines[4]}" = 3 ]	# and the guardian went on without the lock
}

@test "INT ends a create that waits for the lock, which leaves no queue" {
	as_root
	owner
	run -130 elsewhere 'ipc-mq create -q --until-exit "$1" "$2" && exec 8</dev/shm/ipcutil-0 && flock 8
		env --default-signal ipc-mq create --until-exit "$1" "$2-2" & create=$!
		until ipc-mq inspect -q "$2-2" >/dev/null 2>&1; do :; done
		SECONDS=0; kill -INT $create; wait $create; status=$?
		[ "$SECONDS" -lt 2 ] && exit $status' "$owner" "$NAME"
	gone "$NAME-2"
}

@test "a create without a lock that others have does not wait, and removes nothing of theirs" {
	as_root
	owner
	elsewhere 'ipc-mq create -q --until-exit "$1" "$2" && exec 8</dev/shm/ipcutil-0 && flock 8 &&
		kill -9 $(pgrep -x -f "ipc-until-exit: .* process $1") && kill -9 "$1" &&
		timeout 1.5 ipc-mq create -q -c 1 -s 1 "$2-2" && ipc-mq inspect "$2" && exec 8<&- &&
		ipc-mq create -q -c 1 -s 1 "$2-2" && ! ipc-mq inspect -q "$2" 2>/dev/null' "$owner" "$NAME"
}

@test "create that fails late removes no queue that somebody else made under the name" {
	as_root
	owner
	run -1 elsewhere 'ipc-mq create -q --until-exit "$1" "$2" && exec 8</dev/shm/ipcutil-0 && flock 8
		ipc-mq create -q --until-exit "$1" "$2-2" & create=$!
		until grep -q "(ipc-mq) S " /proc/$create/stat && ipc-mq rm -q "$2-2" 2>/dev/null; do :; done
		ipc-mq create -q -m 0640 "$2-2"; wait $create' "$owner" "$NAME"
	[ "$(value MODE "$NAME-2")" = 0640 ]
}

@test "of two sets at once of a System V queue none makes it lose its process" {
	as_root
	owner
	elsewhere 'another_second() {	# that is what the time of a change is told in
			printf -v now "%(%s)T"
			until printf -v next "%(%s)T"; [ "$next" != "$now" ]; do :; done
		}
		q=$(ipc-mq create --until-exit "$1" private) && exec 8</dev/shm/ipcutil-0 && flock 8
		another_second
		ipc-mq set -m 0620 "$q" 8<&- & set=$!
		until [[ $(readlink /proc/$set/fd/*) == *ipcutil-0* ]]; do :; done
		kill -STOP $set; exec 8<&-
		ipc-mq set -m 0640 "$q"
		another_second
		kill -CONT $set; wait $set && [ "$(ipc-mq inspect -r --noheadings -o MODE "$q")" = 0620 ]
		status=$?; kill -9 "$1"
		for ((i = 0; i < 1000; i++)); do ipc-mq inspect -q "$q" >/dev/null 2>&1 || exit $status; done
		ipc-mq rm "$q"; exit 1' "$owner"
}

@test "no /dev/shm: it is told, the status is 1, and nothing is left" {
	as_root
	owner
	run -1 --separate-stderr elsewhere 'mkdir d && mount -t tmpfs none d && touch d/null &&
		mount --bind /dev/null d/null && mount --move d /dev && ipc-mq create --until-exit "$1" "$2"' "$owner" "$NAME"
	[ "$stderr" = "ipc-mq: cannot open '/dev/shm': there is no such directory" ]
	gone "$NAME"
}

@test "who has too many files, or too long ones, makes root wait for none of them" {
	as_root
	owner
	as_user 65534 ipc-mq create -c 1 -s 1 "$NAME" >/dev/null
	for make in 'for i in {1..100}; do : >$d/$i; done' 'for i in {1..5000}; do : >$d/$i; done' \
		'{ head -n 1 $d/$1.*; yes "+ posix-mq 9 9 65534 0 /a" | head -c 16000000; } >$d/1; for i in {2..6}; do cp $d/1 $d/$i; done'; do
		elsewhere 'd=/dev/shm/ipcutil-65534; ipc-mq set --until-exit "$1" "$2"; '"$make"'; chown -R 65534 $d
			rm $d/$1.*; ipc-mq inspect -r --noheadings -o OWNER_PID "$2"' "$owner" "$NAME" 2>&1
	done >out
	[ "$(xargs <out)" = "0 - -" ]
}

@test "the directory is in /run/user/UID where that is the user's" {
	as_root
	owner
	elsewhere 'mkdir -m 0700 /run/user/0 && ipc-mq create --until-exit "$1" "$2" >/dev/null &&
		ls -d /run/user/0/ipcutil/$1.* && [ ! -e /dev/shm/ipcutil-0 ] &&
		ipc-mq create --until-exit "$1" "$2"' "$owner" "$NAME"
	kill_owner
	removed
	owner
	elsewhere 'mkdir -m 0700 /run/user/0 && chown 65534 /run/user/0 &&
		ipc-mq create --until-exit "$1" "$2" && ls /dev/shm/ipcutil-0/$1.*' "$owner" "$NAME"
	kill_owner
	removed
}

@test "the directory goes with its last file" {
	as_root
	elsewhere 'sleep 1000 3>&- & ipc-mq create --until-exit $! "$1" && [ -d /dev/shm/ipcutil-0 ] &&
		kill -9 $! && for n in {1..5000}; do [ -e /dev/shm/ipcutil-0 ] || exit 0; done; exit 1' "$NAME"
}

@test "a full file system: it is told, and nothing is left" {
	as_root
	owner
	run -6 --separate-stderr elsewhere 'mount -o remount,size=4k /dev/shm; head -c 4096 /dev/zero >/dev/shm/full
		ipc-mq create --until-exit "$1" "$2"; status=$?; ls /dev/shm >left; exit $status' "$owner" "$NAME"
	[[ $stderr == "ipc-mq: cannot note in '/dev/shm/ipcutil-0/$owner."*"' what belongs to a process: no room is left in its file system" ]]
	[ "$(cat left)" = full ]
	gone "$NAME"
}

@test "no /proc, or that of others: it is told, and nothing is left" {
	as_root
	owner
	for how in 'mount -t tmpfs none /proc' 'exec unshare -pf'; do
		run -1 elsewhere "$how"' ipc-mq create --until-exit "$1" "$2"' "$owner" "$NAME" ||
			run -1 elsewhere "$how"'; ipc-mq create --until-exit "$1" "$2"' "$owner" "$NAME"
		gone "$NAME"
	done
}

@test "too few descriptors or processes: it is told, and nothing is left" {
	owner
	exec 4>&- 7>&-
	worked=0
	for n in {4..20}; do
		if run prlimit --nofile="$n" ipc-mq create --until-exit "$owner" "$NAME"; [ "$status" -eq 0 ]; then
			worked=1
			break
		fi
		[[ $output == "ipc-mq: cannot "*": "* ]] || [ "$status" -eq 127 ]
		gone "$NAME"
		unguarded "$owner"
	done
	[ "$worked" -eq 1 ]
	ipc-mq rm "$NAME"
	[ "$(id -u)" -ne 0 ] || return 0
	owner	# its guardian is not there yet
	ASAN_OPTIONS=detect_leaks=0 fails 6 prlimit --nproc=1 ipc-mq create --until-exit "$owner" "$NAME"
	[[ $stderr == "ipc-mq: cannot start a guardian for process '$owner': the limit of processes is reached: RLIMIT_NPROC (ulimit -u) allows a user 1, "* ]]
	gone "$NAME"
	unguarded "$owner"
}

@test "a killed guardian is no end: the queue of a process that lives stays" {
	owner
	queue --until-exit "$owner"
	guardian "$owner"
	kill -9 "$guardian"
	within 20 ended "$guardian"
	ipc-mq create -q -c 1 -s 1 "$NAME-2" >/dev/null
	ipc-mq inspect "$NAME" >/dev/null
	[ -n "$(files "$owner")" ]
	[ "$(value OWNER_PID "$NAME")" = "$owner" ]
	ipc-mq create -q -c 1 -s 1 --until-exit "$owner" "$NAME-3" >/dev/null
	kill_owner
	removed
}

# planted EDIT [COMMAND]: an ended process's file, changed by sed -E EDIT, and the queue after a create
planted() {
	elsewhere 'sleep 1000 3>&- & owner=$!; ipc-mq create -q -c 1 -s 1 --until-exit $owner "$1" >/dev/null
		kill -9 $(pgrep -x -f "ipc-until-exit: .* process $owner") $owner; wait $owner 2>/dev/null
		f=$(echo /dev/shm/ipcutil-0/$owner.*) && sed -E -i "$2" "$f" && eval "$3" && ipc-mq create -q -c 1 -s 1 "$1-2" >/dev/null
		ipc-mq inspect -q "$1" >/dev/null 2>&1; echo "queue $?"; [ -e "$f" ]; echo "file $?"' "$NAME" "$1" "${2-:}" 2>/dev/null
	ipc-mq rm -f "$NAME"
}

@test "what a planted file names is removed only when it is this boot's and this user's" {
	as_root
	[ "$(planted '' | xargs)" = "queue 3 file 1" ]
	[ "$(planted '1s/^([^ ]+ 1) [^ ]+/\1 00000000-0000-0000-0000-000000000000/' | xargs)" = "queue 0 file 1" ]
	[ "$(planted '2s/ 0 0 (\/)/ 65534 0 \1/' 'ipc-mq set --owner 65534 "$1"' | xargs)" = "queue 0 file 1" ]
	[ "$(planted '1s/ [0-9]+( [0-9]+ [0-9]+ [0-9]+)$/ 1\1/' | xargs)" = "queue 0 file 0" ]	# another IPC namespace
}

@test "a queue of another IPC namespace is not touched, though its file is at hand" {
	as_root
	elsewhere 'sleep 1000 3>&- & owner=$!; ipc-mq create -q -c 1 -s 1 --until-exit $owner "$1"
		kill -9 $(pgrep -x -f "ipc-until-exit: .* process $owner")
		unshare -i bash -c "ipc-mq create -q -c 1 -s 1 --until-exit \$1 \$2 && [ \$(ls /dev/shm/ipcutil-0 | wc -l) = 2 ] &&
			kill -9 \$1 && for ((i = 0; i < 2000; i++)); do ipc-mq inspect -q \$2 || break; done >/dev/null 2>&1 &&
			ipc-mq create -q -c 1 -s 1 \$2 && ipc-mq inspect \$2" - $owner "$1" || exit
		ipc-mq inspect "$1" && ipc-mq create -q -c 1 -s 1 "$1-2" && ! ipc-mq inspect -q "$1" &&
		[ ! -e /dev/shm/ipcutil-0 ]' "$NAME" 2>/dev/null
}

@test "200 creates at once for 10 processes, with kills, leave nothing and lose nothing" {
	for _ in {1..10}; do
		owner
		owners+=("$owner")
	done
	for n in {1..200}; do
		ipc-mq create --until-exit "${owners[n % 10]}" private >>ids 2>>said 3>&- &
		creates+=($!)
		[ $((n % 20)) -ne 0 ] || pkill -9 -x -f "ipc-until-exit: .* process ${owners[n / 20 - 1]}" || :
		[ $((n % 60)) -ne 0 ] || kill -9 "${owners[n / 60 - 1]}"
	done
	wait "${creates[@]}" || :
	made $(<ids)
	run ! grep -v "cannot watch process .*: \(there is no such process\|it has ended\)$" said
	for n in {3..9}; do	# the last create started a guardian if it saw that one was killed
		ipc-mq create -q --until-exit "${owners[n]}" private >>ids
		guardian "${owners[n]}"
		[ "$(wc -l <<<"$guardian")" -eq 1 ]
	done
	ipc-mq ls -J -o ADDRESS,OWNER_PID >listed
	for n in {3..9}; do
		[ "$(grep -c "\"owner_pid\":${owners[n]}\b" listed)" -eq 21 ]
	done
	kill -9 "${owners[@]}"
	within 20 eval '! pgrep -x -f "ipc-until-exit: .* process ($(IFS="|"; echo "${owners[*]}"))" >/dev/null'
	ipc-mq create -q "$BYKEY" >/dev/null
	while read -r q; do gone "$q"; done <ids
}

@test "kill -9 of scripts that make queues leaves none behind" {
	for ((kills = 0; kills < ${STORM:-12}; kills++)); do
		: >created	# the next shell comes to that only later
		bash -c 'for n in 1 2 3 4 5 6; do ipc-mq create -q -c 1 -s 1 --until-exit $$ "$1-$n"; done; exec sleep 1000' \
			- "$NAME" >created 2>said 3>&- &
		owner=$!
		until [ "$(wc -l <created)" -ge $((RANDOM % 6 + 1)) ]; do :; done
		kill -9 "$owner"
		wait "$owner" || :
		within 20 gone_all
		within 20 unguarded "$owner"
		[ ! -s said ]
	done 2>/dev/null
}

@test "kill -9 of scripts and their guardians leaves what the next create removes" {
	for ((kills = 0; kills < ${STORM:-12}; kills++)); do
		: >created	# the next shell comes to that only later
		bash -c 'for n in 1 2 3 4 5 6; do ipc-mq create -q -c 1 -s 1 --until-exit $$ "$1-$n"; done; exec sleep 1000' \
			- "$NAME" >created 3>&- &
		owner=$!
		until [ "$(wc -l <created)" -ge $((RANDOM % 6 + 1)) ]; do :; done
		kill -STOP "$owner"
		within 20 eval '! pgrep -r R,S,D -P "$owner" >/dev/null'
		guardian "$owner"
		kill -9 "$owner" "$guardian"
		wait "$owner" || :
		within 20 ended "$guardian"
		ipc-mq create -c 1 -s 1 "$BYKEY" >/dev/null 2>&1 || ipc-mq create "$BYKEY" >/dev/null
		gone_all
		[ -z "$(files "$owner")" ]
	done 2>/dev/null
}
