#!/usr/bin/env bats
# ipc-ls: what is listed, and that looking changes nothing
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154  # bats and the helper set them

load helper

# listing [OPTION]...: words of what has the name of the test, or is in this directory
listing() {
	ipc-ls -q -r --noheadings "$@" "$PWD" | grep -F -e "${NAME#/}" -e "$PWD"
}

# column COLS ADDRESS: its value
column() {
	ipc-ls -q -r --noheadings --type "${2%%:*}" -o "ADDRESS,$1" "$PWD" |
		sed -n "s|^$2 ||p"
}

# queue_there: makes the queue of the test, and skips where none can be seen that nobody
# holds: an ordinary user may not mount what shows them
queue_there() {
	queue "$@"
	[ -n "$(ipc-ls -q -r --noheadings -o ADDRESS --type mq --name "${NAME#/}")" ] ||
		skip "no mqueue file system here"
}

# one_of_all_types: those of one_of_each, and a FIFO
one_of_all_types() {
	queue_there
	one_of_each
	mkfifo fifo
}

@test "objects of all types are in one table, each once" {
	one_of_all_types
	ipc-ls "$PWD" >out 2>err
	head -1 out | grep -qx 'ADDRESS  *STATE  *SIZE MODE USER  *HOLDERS  *AGE'
	for address in mq:"$NAME" mq:"$q" shm:"$NAME" shm:"$segment" sem:"$NAME" sem:"$set" \
		fifo:"$PWD/fifo" sock:"$PWD/socket"; do
		[ "$(grep -c "^$address " out)" -eq 1 ]
	done
	[ "$(wc -l <err)" -le 1 ]
}

@test "what ipc-ls calls an object, its program takes" {
	one_of_all_types
	for address in mq:"$NAME" mq:"$q" shm:"$NAME" shm:"$segment"; do
		program=ipc-${address%%:*}
		[ "$(column MODE,USER "$address")" = "$(value MODE,USER "${address#*:}")" ]
	done
}

# alike ADDRESS COLUMNS: the program and ipc-ls tell the same
alike() {
	[ "$(column "$2" "$1")" = "$(value "$2" "${1#*:}")" ]
}

@test "every column of a program is one of ipc-ls, with the same value" {
	queue_there -m 640
	ipc-mq write -p 3 "$NAME" hello
	columns=$(ipc-mq --describe | awk -F'\t' '$1 == "column" && $2 == "ls" && $3 !~ /^(ADDRESS|AGE|WHY)$/ { print $3 }' | paste -sd,)
	within 5 alike mq:"$NAME" "$columns"	# others may come too fast for one look
	segment=$(ipc-shm create -s 4K private) && segments "$segment"
	# shellcheck disable=SC2034  # for value
	program=ipc-shm
	columns=$(ipc-shm --describe | awk -F'\t' '$1 == "column" && $2 == "ls" && $3 !~ /^(ADDRESS|AGE|WHY)$/ { print $3 }' | paste -sd,)
	within 5 alike shm:"$segment" "$columns"
}

@test "a column that a type has not is -, in JSON null, and left out where all are told" {
	queue_there
	[ "$(column VALUE,MESSAGES mq:"$NAME")" = '- 0' ]
	ipc-ls -q --json -o ADDRESS,VALUE --name "$NAME" | jq -e '.value == null and has("value")'
	ipc-ls -q --json --name "$NAME" | jq -e '(has("value") | not) and .messages == 0'
	[ "$(ipc-ls -q --export -o VALUE --name "$NAME")" = "VALUE=''" ]
}

@test "--type, --name, --user and --older-than choose, and each narrows the others" {
	queue_there
	ipc-shm create -s 10 "$NAME"
	ipc-shm create -s 10 "$NAME-2"
	[ "$(listing -o ADDRESS --type mq)" = "mq:$NAME" ]
	[ "$(listing -o ADDRESS --type shm,mq --name "*${NAME#/}")" = $'mq:'"$NAME"$'\n''shm:'"$NAME" ]
	[ "$(listing -o ADDRESS --type shm --name "${NAME#/}-?")" = "shm:$NAME-2" ]
	[ "$(listing -o ADDRESS --name "shm:$NAME*")" = $'shm:'"$NAME"$'\n''shm:'"$NAME-2" ]
	[ -z "$(listing --name "s*:$NAME")" ]
	[ -n "$(listing --user "$(id -u)" --name "${NAME#/}")" ]
	[ -z "$(listing --user 54321)" ]
	[ -z "$(listing --older-than 1h)" ]
	touch -d '2 hours ago' "/dev/shm$NAME"
	[ -z "$(listing --older-than 1h)" ]	# its change is not as old
	[ -n "$(listing --user :"$(id -g)")" ]
	[ -z "$(listing --user :54321)" ]
}

@test "--older-than counts parts of a second" {
	older() {
		[ -n "$(ipc-ls -q -r --noheadings -o ADDRESS --type shm --name "${NAME#/}" --older-than "$1")" ]
	}
	# for most of a second, what is older than 1 s is not older than 1.99 s
	in_between() {
		ipc-shm rm -f "$NAME" && ipc-shm create -s 10 "$NAME"
		until older 1; do :; done
		! older 1.99
	}
	within 60 in_between
	within 60 older 1.99
}

@test "what is in several of the directories is listed once" {
	mkdir -p in/side
	mkfifo in/fifo in/side/fifo
	socket_file "$PWD/in/side/socket"
	for dirs in 'in in/side' 'in/side in in/../in'; do
		# shellcheck disable=SC2086  # each
		ipc-ls -q -r --noheadings -o ADDRESS --type fifo,sock --name "$PWD/*" $dirs | sort >out
		diff out - <<-END
			fifo:$PWD/in/fifo
			fifo:$PWD/in/side/fifo
			sock:$PWD/in/side/socket
		END
	done
}

@test "a directory that may not be read is a failure, and one below another is told with its reason" {
	mkdir -p a/secret $'b/\e[31m' b/second
	chmod 0 a/secret b/*
	run -0 --separate-stderr "${powerless[@]}" ipc-ls -o ADDRESS --type sock a b
	told=$stderr
	run -0 --separate-stderr "${powerless[@]}" ipc-ls -o ADDRESS --type fifo b
	odd=$stderr
	for type in shm fifo sock; do
		fails_with 5 "ipc-ls: cannot list 'a/secret': Permission denied" "${powerless[@]}" ipc-ls --type "$type" a a/secret
	done
	chmod 700 a/secret b/*
	[ "$told" = "ipc-ls: not all may be listed of: sock; cannot list '$PWD/a/secret': Permission denied" ]
	[[ $odd == "ipc-ls: not all may be listed of: fifo; cannot list '$PWD/b/\\^[[31m': Permission denied"* ]]
}

@test "no other file system is entered, and no directory again by a mount below itself" {
	as_root
	mkdir -p dir/mount dir/self
	unshare -m mount -t tmpfs none dir/mount || skip "nothing can be mounted here"
	unshare -m bash -e -c 'mount -t tmpfs none dir/mount
		mkfifo dir/fifo dir/mount/fifo
		mount --bind dir dir/self
		ipc-ls -q -r --noheadings -o ADDRESS --type fifo --name "$PWD/dir/*" dir' >out
	[ "$(cat out)" = "fifo:$PWD/dir/fifo" ]
}

@test "a directory that is too deep is told" {
	printf -v deep '%.0slevel-of-directories/' {1..100}
	mkdir -p "a/$deep" b
	(cd "a/$deep" && mkdir -p "$deep")
	run -0 --separate-stderr ipc-ls -o ADDRESS --type sock b a
	[[ $stderr == "ipc-ls: not all may be listed of: sock; cannot list '$PWD/a/level-of-directories/"*"level-of-directories': File name too long" ]]
}

@test "--pid and --state choose by who has it" {
	queue
	ipc-shm create -s 10 "$NAME-2"
	held "$NAME"
	[ "$(listing -o ADDRESS --type mq,shm --pid $!)" = "mq:$NAME" ]
	[ "$(listing -o ADDRESS --state in-use)" = "mq:$NAME" ]
	[ "$(listing -o ADDRESS --state idle,stale,unknown)" = "shm:$NAME-2" ]
	[ "$(column HOLDERS mq:"$NAME")" = "$!:read:peer" ]
}

@test "--sort sorts by the value of any column, numbers as such, and --reverse the other way" {
	ipc-shm create -s 900 "$NAME"
	ipc-shm create -s 1000 "$NAME-2"
	ipc-shm create -s 80 "$NAME-3"
	sizes() {
		ipc-ls -q -r --noheadings -o SIZE --type shm --name "${NAME#/}*" "$@" | xargs
	}
	[ "$(sizes --sort SIZE)" = '80 900 1000' ]
	[ "$(sizes --sort size --reverse)" = '1000 900 80' ]
	[ "$(sizes)" = '900 1000 80' ]
}

@test "--sort looks for what is told only to who asks for it by name" {
	queue_there
	ipc-mq create "$NAME-2" "$NAME-3" >/dev/null
	ipc-mq write "$NAME" large
	ipc-mq write "$NAME-3" s
	run -0 ipc-ls -q -r --noheadings -o ADDRESS --type mq --name "${NAME#/}*" --sort bytes
	[ "$(xargs <<<"$output")" = "mq:$NAME-2 mq:$NAME-3 mq:$NAME" ]
	mkfifo first second
	exec 7<>first 8<>second
	echo data >&7
	run -0 ipc-ls -q -r --noheadings -o ADDRESS --type fifo --name "$PWD/*" --sort QUEUED
	exec 7>&- 8>&-
	[ "$(xargs <<<"$output")" = "fifo:$PWD/second fifo:$PWD/first" ]
}

@test "--sort KEY sorts hexadecimal digits as numbers" {
	as_root
	unshare -i true || skip "no namespaces here"
	run -0 --separate-stderr unshare -i bash -c '
		for key in 0x10000000 0xffffffff 0x1a000000 0x10 0xa; do ipc-mq create "key:$key"; done >/dev/null
		ipc-ls -q -r --noheadings -o KEY --type mq --sort KEY | grep -v -x -e -'
	[ "$(xargs <<<"$output")" = '0x0000000a 0x00000010 0x10000000 0x1a000000 0xffffffff' ]
}

@test "a time that is in no calendar is not known, and no more" {
	ipc-shm create -s 10 "$NAME"
	touch -d @9223372036854775807 "/dev/shm$NAME" 2>/dev/null || skip "no such time here"
	for form in -r --json --noheadings; do
		ipc-ls -q "$form" -o ADDRESS,MODIFIED,AGE --type shm --name "${NAME#/}" | grep -q -e "$NAME.*-" -e 'modified":null'
	done
}

@test "what is no type, state, column, pattern or directory is wrong usage, or not there" {
	for wrong in --type=mq,no --type= --state=gone --sort=NO --sort=+SIZE --name= --output=NO --since-all; do
		fails 2 ipc-ls "$wrong"
	done
	fails 2 ipc-ls --save one --new-since two
	fails 2 ipc-ls --tree --dot
	ipc-ls -q --save before --type shm
	for picture in --tree --dot; do
		fails_with 2 "ipc-ls: $picture shows only what somebody has: --new-since cannot be with it" ipc-ls $picture --new-since before
	done
	for picture in --tree --dot --save=one; do
		for form in --json --export --output=ADDRESS --raw --bytes --noheadings; do
			fails_with 2 "ipc-ls: ${picture%=*} shows no records: ${form%=*} cannot be with it" ipc-ls $picture $form
		done
	done
	for wrong in --sort=SIZE --reverse; do
		fails_with 2 "ipc-ls: --save has no order: --sort and --reverse cannot be with it" ipc-ls --save one "$wrong"
	done
	for wrong in --type=mq --sort=MOST --reverse --older-than=1h --pid=1 --user=:0 "$PWD"; do
		fails 2 ipc-ls --limits "$wrong"	# it is not left out
	done
	: >file
	for options in '' --type=mq --tree '--type=shm --save=one'; do
		# shellcheck disable=SC2086  # each
		fails_with 3 "ipc-ls: cannot list 'no-such-directory': No such file or directory" ipc-ls $options . no-such-directory
		# shellcheck disable=SC2086  # each
		fails_with 3 "ipc-ls: cannot list 'file': Not a directory" ipc-ls $options file
	done
	[ ! -e one ]
}

@test "looking opens no FIFO, connects to nothing, reads no message and leases nothing" {
	one_of_all_types
	command -v strace >/dev/null || skip "no strace here"
	strace -f -o trace ipc-ls -q "$PWD" >/dev/null || skip "strace may not look"
	run ! grep -E ' (connect|mq_timedreceive|msgrcv|mq_unlink|unlink|unlinkat|semop|semtimedop|shmat|kill|tgkill|pidfd_send_signal|fchmod|fchmodat|chmod|utimensat)\(' <(
		grep -v nscd trace)	# whom libc asks for names of users
	run ! grep -E 'F_SETLEASE|IPC_RMID|IPC_SET|O_CREAT|O_TRUNC|O_WRONLY|O_RDWR' trace
	run ! grep -E 'open[a-z0-9]*\(.*"(fifo|socket)"' <(grep -v O_PATH trace)
}

@test "looking moves no access time and takes no message" {
	one_of_all_types
	ipc-mq write "$NAME" hello
	ipc-mq write "$q" hello
	touch -a -d '3 days ago' "/dev/shm$NAME" "/dev/shm/sem.${NAME#/}" fifo socket
	times() {
		stat -c '%n %x %y %z' "/dev/shm$NAME" "/dev/shm/sem.${NAME#/}" fifo socket
		ipc-mq ls -r -o ADDRESS,ACCESSED,MODIFIED,MESSAGES | grep -e "^$NAME " -e "^$q "
	}
	times >before
	ipc-ls -q "$PWD" >/dev/null
	ipc-ls -q --json "$PWD" >/dev/null
	ipc-ls -q --tree "$PWD" >/dev/null
	times | diff before -
}

@test "looking moves no access time of a directory" {
	as_root
	unshare -m -i true || skip "no namespaces here"
	mkdir dir
	unshare -m -i bash -e -c '
		mount -t tmpfs -o strictatime,mode=1777 none /dev/shm
		mount -t mqueue -o strictatime none /dev/mqueue
		mount -t tmpfs -o strictatime none "$0"
		mkdir -p "$0/below/it" /dev/shm/ipcutil-0 && chmod 700 /dev/shm/ipcutil-0
		mkfifo "$0/below/it/fifo"
		ipc-mq create /queue && ipc-shm create -s 10 /segment
		dirs=(/dev/shm /dev/shm/ipcutil-0 /dev/mqueue "$0" "$0/below" "$0/below/it")
		touch -a -d 2020-01-01 "${dirs[@]}"
		for options in "" -J --tree "--save /dev/null" "-o +USED"; do
			ipc-ls -q $options "$0"
		done
		stat -c "%X %n" "${dirs[@]}" >&2
		ls /dev/shm /dev/mqueue "$0" >&2	# which does
		stat -c "moved: %X %n" "${dirs[@]}" >&2' "$PWD/dir" 2>told >out
	cat told
	grep -q "fifo:$PWD/dir/below/it/fifo" out
	[ "$(grep -c "^$(date -d 2020-01-01 +%s) " told)" -eq 6 ]
	run -1 grep -E "^moved: $(date -d 2020-01-01 +%s) (/dev/shm|/dev/mqueue|$PWD/dir)\$" told
}

@test "--save and --new-since tell what was made in between, with status 7" {
	queue_there
	ipc-ls -q --save before "$PWD"
	run -0 --separate-stderr ipc-ls --new-since before --name "${NAME#/}*" "$PWD"
	[ -z "$output" ]
	ipc-shm create -s 10 "$NAME"
	mkfifo fifo
	run -7 --separate-stderr ipc-ls -r --noheadings -o ADDRESS --new-since before --name "${NAME#/}*"
	[ "$output" = "shm:$NAME" ]
	[ "${stderr_lines[0]}" = 'ipc-ls: something new was found' ]
	run -7 --separate-stderr ipc-ls -r --noheadings -o ADDRESS --new-since before --type fifo --name "$PWD/fifo" "$PWD"
	[ "$output" = "fifo:$PWD/fifo" ]
	ipc-mq rm "$NAME"
	ipc-mq create "$NAME"	# another one
	run -7 --separate-stderr ipc-ls -q -r --noheadings -o ADDRESS --new-since before --type mq --name "${NAME#/}"
	[ "$output" = "mq:$NAME" ]
}

@test "the file of --new-since can be a pipe, and is read before anything is looked at" {
	ipc-ls -q --save before --type shm
	ipc-shm create -s 10 "$NAME"
	run -7 ipc-ls -q -r --noheadings -o ADDRESS --new-since <(cat before) --type shm --name "${NAME#/}"
	[ "$output" = "shm:$NAME" ]
	run -7 ipc-ls -q --new-since /dev/stdin --name "${NAME#/}" < <(cat before)
	[[ $output == *"shm:$NAME "* ]]
	echo nonsense >file
	fails_with 1 "ipc-ls: cannot read 'file': it is no file that --save has made" \
		ipc-ls --new-since file no-such-directory
}

@test "a socket file that only sockets of others may be bound to is unknown, and that is told" {
	mkdir dir && socket_file "$PWD/dir/left"
	run -0 --separate-stderr ipc-ls -r --noheadings -o STATE --type sock --name "$PWD/*" dir
	[ "$output" = unknown ]
	[[ $stderr == *"sockets of other network namespaces may be bound to socket files"* ]]
	run -0 --separate-stderr ipc-ls --noheadings --type sock --state stale --name "$PWD/*" dir
	[ -z "$output" ]
	[[ $stderr == *"sockets of other network namespaces may be bound to socket files"* ]]
	run -0 --separate-stderr ipc-ls --type sock --name "$PWD/*"
	[[ $stderr != *"socket files"* ]]
}

@test "a socket file to which nobody is bound any more is not new" {
	"$peer" bind "$PWD/socket" >ready 3>&- &
	within 10 grep -q ready ready
	ipc-ls -q --save before --type sock "$PWD"
	killed $!
	run -0 ipc-ls -q --new-since before --type sock --name "$PWD/*" "$PWD"
	rm socket
	socket_file "$PWD/socket"
	run -7 ipc-ls -q --new-since before --type sock --name "$PWD/*" "$PWD"
}

@test "what goes with those who have it is new only for --since-all" {
	ipc-ls -q --save before
	sleep 60 3>&- | cat 3>&- &
	others+=($!)
	run -0 ipc-ls -q --new-since before --pid $!
	run -7 --separate-stderr ipc-ls -q -r --noheadings -o ADDRESS --new-since before --since-all --type pipe --pid $!
	[[ $output == pipe:inode:* ]]
}

@test "a socket whose file is gone is new only for --since-all" {
	ipc-ls -q --save before --type sock "$PWD"
	"$peer" bind "$PWD/socket" >ready 3>&- &
	others+=($!)
	within 10 grep -q ready ready
	run -7 ipc-ls -q --new-since before --type sock --pid $!
	mv socket moved
	run -0 ipc-ls -q --new-since before --type sock --pid $!
	run -7 ipc-ls -q --new-since before --type sock --pid $! "$PWD"
	rm moved
	run -0 ipc-ls -q --new-since before --type sock --pid $! "$PWD"
	run -7 ipc-ls -q --new-since before --since-all --type sock --pid $!
	: >socket
	run -0 ipc-ls -q --new-since before --type sock --pid $!
	killed $!
}

@test "a socket whose file only its own process sees is new" {
	as_root
	mkdir private
	unshare -m mount -t tmpfs none private || skip "nothing can be mounted here"
	ipc-ls -q --save before --type sock
	unshare -m bash -c 'mount -t tmpfs none private && exec "$0" bind "$PWD/private/socket"' "$peer" >ready 3>&- &
	others+=($!)
	within 10 grep -q ready ready
	run -7 ipc-ls -q -r --noheadings -o ADDRESS --new-since before --type sock --name "$PWD/private/*"
	[ "$output" = "sock:$PWD/private/socket" ]
	rm "/proc/$!/root$PWD/private/socket"
	run -0 ipc-ls -q -r --noheadings -o ADDRESS --new-since before --type sock --name "$PWD/private/*"
}

@test "a socket whose file cannot be looked at is new, also one of a relative name" {
	mkdir private
	ipc-ls -q --save before --type sock
	"$peer" bind "$PWD/private/socket" >ready 3>&- &
	others+=($!)
	within 10 grep -q ready ready
	chmod 0 private
	run -7 "${powerless[@]}" "$(command -v ipc-ls)" -q --new-since before --type sock --name "$PWD/private/*"
	chmod 700 private
	"$peer" bind "${NAME#/}" >also 3>&- &
	others+=($!)
	within 10 grep -q ready also
	cd /
	run -7 ipc-ls -q --new-since "$BATS_TEST_TMPDIR/before" --type sock --name "${NAME#/}"
}

@test "a file of other making is none of --save, and one that cannot be written is told" {
	echo nonsense >file
	fails_with 1 "ipc-ls: cannot read 'file': it is no file that --save has made" ipc-ls --new-since file
	fails 3 ipc-ls --new-since no-such-file
	fails 1 ipc-ls --save /dev/full
}

@test "a file of --save that was cut is refused, also at the end of a line" {
	ipc-shm create -s 10 "$NAME"
	ipc-ls -q --save before --type shm
	cut="ipc-ls: cannot read 'after': it was cut: its last line is missing"
	for lines in 1 -1; do
		head -n "$lines" before >after
		fails_with 1 "$cut" ipc-ls --new-since after
	done
	truncate -s -1 after
	fails_with 1 "$cut" ipc-ls --new-since after
}

@test "a file of --new-since without an end is refused at its first line that is too long" {
	! grep -q __asan_init "$(command -v ipc-ls)" || skip "a sanitizer needs room"
	head -n 1 <(ipc-ls -q --save /dev/stdout --type shm) >before
	for file in /dev/zero <(cat before /dev/zero); do
		fails_with 1 "ipc-ls: cannot read '$file': it is no file that --save has made" \
			prlimit --as=200000000 ipc-ls --new-since "$file"
	done
}

@test "a System V object that was there is not new in another PID namespace" {
	as_root
	mailbox
	segment=$(ipc-shm create -s 4K private) && segments "$segment"
	set_of 3
	unshare -p -f --mount-proc true || skip "no namespaces here"
	ipc-ls -q --save before --type mq,shm,sem
	for address in "mq:$q" "shm:$segment" "sem:$set"; do
		run -0 unshare -p -f --mount-proc ipc-ls -q --new-since before --type "${address%%:*}" --name "${address#*:}"
		[ -z "$output" ]
	done
}

@test "a file of --save from before the boot, or of another IPC namespace, is refused" {
	ipc-ls -q --save before
	ipc-ls -q --new-since before --name "${NAME#/}"
	sed 's/^\(ipc-ls [0-9]* \)[^ ]*/\1another-boot/' before >after
	other="ipc-ls: cannot read 'after': it was saved before this boot, in another IPC namespace, or by another version of ipc-ls"
	fails_with 1 "$other" ipc-ls --new-since after
	mv before after
	unshare -i true || skip "no namespaces here"
	fails_with 1 "$other" unshare -i ipc-ls --new-since after
}

# suite: runs a bats file with leaks.bash whose tests are on standard input, each begun by
# "%test", as bats would take "@test" for one of this file
suite() {
	{
		echo "load '$srcdir/share/leaks.bash'"
		sed 's/^%/@/'
	} >suite.bats
	IPC_LEAKS_WAIT=3 bats --tap suite.bats 3>&- 4>&-
}

@test "leaks.bash lets the test fail that leaves an object, and tells which" {
	export NAME
	run -1 suite <<-'END'
		setup() { ipc_leaks_begin --type shm --name "${NAME#/}*"; }
		%test "leaves" {
		ipc-shm create -s 10 "$NAME"
		}
		%test "leaves nothing" {
		ipc-shm create -s 10 "$NAME-2"
		ipc-shm rm "$NAME-2"
		}
		%test "leaves it for a moment" {
		ipc-shm create -s 10 "$NAME-3"
		sleep() { ipc-shm rm -f "$NAME-3"; }	# before the second look
		}
	END
	[[ $output == *'not ok 1 leaves'* && $output == *"shm:$NAME "* ]]
	[[ $output == *'ok 2 leaves nothing'* && $output == *'ok 3 leaves it'* && $output != *'not ok 2'* && $output != *'not ok 3'* ]]
}

@test "leaks.bash lets the test fail, too, that could not be looked at" {
	run -1 suite <<-'END'
		setup() { ipc_leaks_begin --type shm; ipc_leaks=(--type none); }
		%test "passes" {
		true
		}
	END
	[[ $output == *"Whether the test leaves IPC objects behind cannot be told:"*"ipc-ls: option '--type': 'none' is not a list"* ]]
	as_root
	unshare -m true || skip "no namespaces here"
	as_user 65534 true	# makes the programs of bin
	cp "$srcdir/share/leaks.bash" . && mkdir -m 1777 out
	without_queues() {
		unshare -m bash -c 'umount -a -t mqueue; PATH=$PWD/bin:$PATH BATS_TEST_TMPDIR=out/it exec setpriv \
			--reuid=65534 --clear-groups --inh-caps=-all bash -c ". ./leaks.bash; ipc_leaks_begin $0"' "$1"
	}
	run -1 without_queues ''
	[[ $output == *"cannot be told:"$'\n'"ipc-ls: not all may be listed of: mq"* ]]
	run -0 without_queues '--type shm,sem,sock'
}

@test "--tree tells each process, its objects, and who else has them" {
	queue
	held "$NAME"
	first=$!
	held "$NAME"
	LC_ALL=C ipc-ls -q --tree --type mq --name "${NAME#/}" >out
	diff - out <<-END
		$first peer
		\`- read mq:$NAME
		   \`- read $! peer
		$! peer
		\`- read mq:$NAME
		   \`- read $first peer
	END
	[ "$(ipc-ls -q --tree --pid $! --name "${NAME#/}" | wc -l)" -eq 3 ]
	LC_ALL=C.UTF-8 ipc-ls -q --tree --name "${NAME#/}" | grep -q '└─ read mq:'
}

@test "pictures show who sleeps in a pipe" {
	sleep 60 3>&- | cat 3>&- &
	others+=($!)
	within 10 eval 'ipc-ls -q --tree --type pipe --pid $! | grep -q "read+blocked pipe:"'
	ipc-ls -q --dot --type pipe --pid $! | grep -q "p$! -> o[0-9]* .dir=back, style=dashed.;"
}

@test "a FIFO that a process waits to open has its own path, by whatever path that opens it" {
	mkfifo fifo
	ipc-fifo write fifo hello 3>&- &	# by that of a descriptor
	within 10 eval '[ "$(ipc-ls -q -r --noheadings -o ADDRESS --type fifo --pid $!)" = "fifo:$PWD/fifo" ]'
	killed $!
	python3 -c 'import mmap' 2>/dev/null || skip "no Python here"
	python3 -c 'import os
here = os.open(".", os.O_PATH)
os.chdir("/")
os.open("fifo", os.O_RDONLY, dir_fd=here)' 3>&- &
	within 10 eval '[ "$(ipc-ls -q -r --noheadings -o ADDRESS --type fifo --pid $!)" = "fifo:$PWD/fifo" ]'
}

@test "a FIFO that a process waits to open through links or .. has its path without them" {
	local path
	mkdir dir
	mkfifo dir/fifo
	ln -s dir/fifo link
	ln -s "$PWD/link" again
	ln -s dir there
	ipc-ls -q --save before --type fifo
	for path in link "$PWD/again" there/fifo "$PWD/dir/../dir/./fifo" ./dir//fifo; do
		cat <"$path" 3>&- &
		within 10 eval '[[ $(ipc-ls -q -r --noheadings -o ADDRESS,HOLDERS --type fifo --pid $!) == "fifo:$PWD/dir/fifo $!:"* ]]'
		run -7 ipc-ls -q --new-since before --type fifo --name "$PWD/dir/fifo"
		run -7 ipc-rm -q "fifo:$PWD/dir/fifo"
		killed $!
	done
}

@test "a limit of 0 is full, one is nearly full from 90 % on, and no other is" {
	as_root
	unshare -i sh -c 'echo 0 >/proc/sys/kernel/shmmni' || skip "no limits to be changed here"
	unshare -i bash -e -c 'cd /proc/sys/kernel
		limits() {
			ipc-ls -q --limits -r --noheadings -o LIMIT,USE,MOST,PERCENT,MARK
		}
		for limit in shmmni msgmni ../fs/mqueue/queues_max; do
			echo 0 >"$limit"
		done
		echo 1000 1000 10 10 >sem
		for i in {1..10}; do
			ipcmk -S 1 >/dev/null
			limits | grep ^semm
		done
		limits' >out
	grep -qx 'shmmni 0 0 100 full' out
	grep -qx 'msgmni 0 0 100 full' out
	grep -qx 'queues_max 0 0 100 full' out
	grep -qx 'semmsl 1 1000 0 ok' out	# not a whole hundredth
	grep -qx 'semmni 8 10 80 ok' out
	grep -qx 'semmni 9 10 90 nearly-full' out
	grep -qx 'semmni 10 10 100 full' out
}

@test "--limits has a line for who asks, or for --user, also where he has no queue" {
	as_root
	unshare -i true || skip "no namespaces here"
	queues() {
		unshare -i prlimit --msgqueue=123456 ipc-ls -q --limits -r --noheadings -o LIMIT,OWNER,USE,MOST,MARK "$@" |
			grep ^RLIMIT_MSGQUEUE
	}
	[ "$(queues)" = "RLIMIT_MSGQUEUE root 0 123456 ok" ]
	[ "$(queues --user 0)" = "RLIMIT_MSGQUEUE root 0 123456 ok" ]
	[ "$(queues --user 54321)" = "RLIMIT_MSGQUEUE 54321 0 - -" ]
}

@test "shared memory without a limit has none in --limits" {
	as_root
	unshare -m mount -t tmpfs -o size=0 none /dev/shm || skip "nothing can be mounted here"
	unshare -m sh -e -c 'mount -t tmpfs -o size=0 none /dev/shm
		ipc-ls -q --limits -r --noheadings -o LIMIT,USE,MOST,PERCENT,MARK
		ipc-ls -q --limits --json -o LIMIT,USE,MOST,PERCENT,MARK' >out
	grep -qx '/dev/shm - - - -' out
	grep -qxF '{"limit":"/dev/shm","use":null,"most":null,"percent":null,"mark":null}' out
}

@test "a socket without a file has no mode and no group, not some that are made up" {
	python3 -c 'import socket' 2>/dev/null || skip "no Python here"
	python3 -c 'import socket, time
abstract, relative = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
abstract.bind("\0" + "'"${NAME#/}"'")
relative.bind("'"${NAME#/}"'")
time.sleep(60)' 3>&- &
	others+=($!)
	within 10 eval '[ "$(ipc-ls -q -r --noheadings --type sock --pid $! -o ADDRESS | wc -l)" -eq 2 ]'
	ipc-ls -q -r --noheadings --type sock --pid $! -o ADDRESS,MODE,GROUP >out
	grep -qxF "sock:@${NAME#/} - -" out
	grep -qxF "sock:${NAME#/} - -" out
	ipc-ls -q --json --type sock --pid $! -o ADDRESS,MODE,GROUP >out
	grep -qxF "{\"address\":\"sock:@${NAME#/}\",\"mode\":null,\"group\":null}" out
	grep -qxF "{\"address\":\"sock:${NAME#/}\",\"mode\":null,\"group\":null}" out
}

@test "a socket file is not in use by one that another mount has by that name and inode" {
	as_root
	mkdir disk
	unshare -m mount -t tmpfs none disk || skip "nothing can be mounted here"
	run -0 --separate-stderr unshare -m bash -c 'mount -t tmpfs none disk
		"$0" bind "$PWD/disk/socket" >bound 3>&- &
		until grep -q ready bound; do :; done
		kill -9 $!
		wait $!
		unshare -m bash -c "mount -t tmpfs none disk &&
			exec \"\$0\" bind \"\$PWD/disk/socket\"" "$0" >elsewhere 3>&- &
		until grep -q ready elsewhere; do :; done
		ipc-ls -q --json --type sock -o ADDRESS,STATE,MODE "$PWD/disk"
		kill $!' "$peer"
	grep -F "\"sock:$PWD/disk/socket\"" <<<"$output" >out
	grep -q '"state":"unknown","mode":"0' out
	run ! grep '"state":"in-use","mode":"0' out
}

@test "a socket of an overlay is in use, whatever device is told of its file" {
	as_root
	mkdir low up all
	local layers='mount -t tmpfs none low && mount -t tmpfs none up && mkdir up/layer up/work &&
		mount -t overlay -o lowerdir=low,upperdir=up/layer,workdir=up/work none all'
	unshare -m bash -c "$layers" 2>/dev/null || skip "no overlays here"
	run -0 --separate-stderr unshare -m bash -c "$layers"'
		"$0" bind "$PWD/all/socket" >bound 3>&- &
		until grep -q ready bound; do :; done
		ipc-ls -q -r --noheadings -o STATE,MODE --type sock --name "$PWD/*" "$PWD/all"
		kill $!' "$peer"
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == "in-use 0"* ]]
}

@test "in --dot, memory has a line without an arrow, mapped or open" {
	ipc-shm create -s 4K "$NAME"
	sleep 60 3<>"/dev/shm$NAME" &
	others+=($!)
	within 10 eval '[ -n "$(ipc-ls -q -r --noheadings -o ADDRESS --type shm --pid $!)" ]'
	ipc-ls -q --dot --type shm --pid $! >graph
	grep -q "p$! -> o[0-9]* .dir=none.;" graph
	run ! grep -E 'dir=(both|back|forward)' graph
}

# sides FILE: width and height of what dot(1) draws, in whole inches
sides() {
	dot -Tplain "$1" | awk '$1 == "graph" { printf "%d %d\n", $3, $4 }'
}

@test "a process with hundreds of objects is no strip in --dot" {
	command -v dot >/dev/null || skip "no Graphviz here"
	for i in {1..200}; do
		mkfifo "fifo-$i"
	done
	bash -c 'for fifo in fifo-*; do exec {fd}<>"$fifo"; done; exec sleep 60' 3>&- &
	others+=($!)
	within 10 eval '[ "$(ipc-ls -q -r --noheadings -o ADDRESS --type fifo --pid $! | wc -l)" -eq 200 ]'
	ipc-ls -q --dot --type fifo --pid $! >graph
	read -r width height < <(sides graph)
	echo "$width x $height"
	[ "$width" -lt $((3 * height)) ] && [ "$height" -lt $((3 * width)) ]
}

@test "--dot is a graph that dot(1) draws, whatever the names are" {
	odd=$NAME-2$'"\\N&amp;<b>\e[31m' && made "$odd"
	ipc-mq create "$odd"
	held "$odd"
	ipc-ls -q --dot --name "*-2*" --type mq >graph
	ipc-mq rm "$odd"
	grep -q "p$! -> o[0-9]* \[dir=back\];" graph
	run ! grep -P '[^\x09\x20-\x7e]' graph
	command -v dot >/dev/null || skip "no Graphviz here"
	dot -Tplain graph >plain
	grep -q "^edge p$! " plain
}

@test "hostile names and titles reach no terminal, and JSON stays JSON" {
	odd=$NAME-2$'\e]0;x\a\n\x9b\xff"\\' && made "$odd"
	ipc-mq create "$odd" >/dev/null
	cp "$peer" $'p\e[31m"\n\xff' && peer=$PWD/$'p\e[31m"\n\xff'
	held "$odd"
	for form in '' -r --tree --dot; do
		LC_ALL=C ipc-ls -q ${form:+"$form"} --name "*${NAME#/}-2*" >out
		[ -s out ]
		run ! grep -aP '[^\x09\x20-\x7e]' out
	done
	ipc-ls -q --json --name "*${NAME#/}-2*" | jq -e '.holders[0].pid and (.address | startswith("mq:"))'
	eval "$(ipc-ls -q --export -o ADDRESS --name "*${NAME#/}-2*")"
	ipc-mq rm "$odd"
	[ "$ADDRESS" = "mq:$odd" ]
}

@test "what nobody sees in a name is escaped in JSON, in every locale, and is the same name" {
	odd=$NAME-2$'\xc2\x9b31m\xe2\x80\xae\xf3\xa0\x80\x81é\x7f' && segments "$odd"
	ipc-shm create -s 10 "$odd"
	for locale in C C.UTF-8; do
		LC_ALL=$locale ipc-ls -q --json --type shm --name "$NAME-2*" >out
		grep -qF '"address":"shm:'"$NAME"'-2\u009b31m\u202e\udb40\udc01é\u007f"' out
		[ "$(jq -r .address out)" = "shm:$odd" ]
	done
	ipc-rm --stdin --in-use <out
	[ ! -e "/dev/shm$odd" ]
}

@test "a view that is not complete is told in one line, and states are unknown" {
	as_root
	ipc-shm create -s 10 "$NAME"
	run -0 --separate-stderr as_user 65534 ipc-ls -r --noheadings -o ADDRESS,STATE --name "${NAME#/}"
	[ "$output" = "shm:$NAME unknown" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == 'ipc-ls: not all may be listed of: '*'fifo, mmap, pipe; not all holders may be known: '*'not every process may be looked at'* ]]
}

@test "--pid of no process is a failure, not an empty list" {
	sleep 60 3>&- &
	killed $!
	for form in '' --json --tree --dot --save=one; do
		# shellcheck disable=SC2086  # none is no word
		fails_with 3 "ipc-ls: cannot list the objects of process '$!': there is no such process" \
			ipc-ls $form --type mq --pid $!
	done
	[ ! -e one ]
}

# told OPTION...: out has the warnings about $pid, whose namespaces are ours but for these
told() {
	unshare "$@" sleep 60 3>&- &
	pid=$!
	others+=("$pid")
	within 10 grep -q -x sleep "/proc/$pid/comm"
	ipc-ls --type shm --pid "$pid" 2>out >/dev/null
}

@test "--pid of a process in other namespaces says that what is there is not listed" {
	as_root
	unshare -i -m true || skip "no namespaces here"
	for options in '-i IPC' '-m mount' '-i -m IPC and mount'; do
		names=${options##*-? }
		# shellcheck disable=SC2086  # words
		told ${options%"$names"}
		cat out
		[ "$(wc -l <out)" -eq 1 ]
		grep -qE "^ipc-ls: .*process $pid is in another $names namespace: what is only there is not listed(;|\$)" out
	done
	told -u
	run ! grep namespace: out
}

@test "a container sees its own objects alone, and knows that others may have them" {
	as_root
	queue
	segment=$(ipc-shm create -s 4K private) && segments "$segment"
	unshare -i -m -p -f --mount-proc true || skip "no namespaces here"
	run -0 --separate-stderr unshare -i -m -p -f --mount-proc bash -c '
		mount -t tmpfs -o mode=1777 none /dev/shm
		ipc-mq create /inside >/dev/null && ipc-shm create -s 10 /inside >/dev/null
		ipc-ls -r --noheadings -o ADDRESS,STATE --type mq,shm'
	diff - <(echo "$output") <<-END
		mq:/inside unknown
		shm:/inside unknown
	END
	[[ ${stderr_lines[-1]} == *'other PID namespaces may have processes'* ]]
}

@test "a table that cannot be written is a failure" {
	queue
	run -1 --separate-stderr sh -c 'ipc-ls -q >/dev/full'
	run -1 --separate-stderr sh -c 'ipc-ls --dot >/dev/full'
	[[ $stderr == *'cannot write to standard output: No space left on device' ]]
}
