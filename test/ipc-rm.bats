#!/usr/bin/env bats
# ipc-rm: what is removed, and what is not
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154,SC2238  # bats and the helper set them

load helper

# listed ADDRESS [OPTION]...: its line of ipc-ls --json
listed() {
	ipc-ls -q --json --type "${1%%:*}" "${@:2}" | grep -F "{\"address\":\"$1\","
}

# there ADDRESS: the object exists
there() {
	ipc-rm -q --dry-run --in-use --discard-data "$1" >/dev/null
}

# not_there ADDRESS
not_there() {
	run -3 --separate-stderr ipc-rm --dry-run "$1"
}

# alike STATUS COMMAND...: an ipc-rm ends so, and with --dry-run it says the same
alike() {
	run "-$1" --separate-stderr "${@:2}"
	echo "stderr '$stderr'"
	local real=$stderr
	run "-$1" --separate-stderr "${@:2}" --dry-run
	echo "dry: status $status, stdout '$output', stderr '$stderr'"
	[ -z "$output" ] && [ "${stderr/would remove/removed}" = "$real" ]
}

@test "an object of each type is removed by what ipc-ls calls it" {
	one_of_each
	for address in mq:"$NAME" shm:"$NAME" shm:"$segment" sem:"$NAME" sem:"$set" sock:"$PWD/socket"; do
		there "$address"
		run -0 --separate-stderr ipc-rm "$address"
		[ -z "$output$stderr" ]
		not_there "$address"
	done
	ipc-mq rm "$q"
}

@test "an operand without its type, or of no type, is wrong usage" {
	fails_with 2 "ipc-rm: '$NAME' is not an address with its type before it, such as 'shm:id:42'" ipc-rm "$NAME"
	fails 2 ipc-rm nothing:"$NAME"
	fails 2 ipc-rm shm:/a/b
}

@test "one of four says what to remove" {
	fails_with 2 "ipc-rm: one of these says what to remove: operands, --stdin, --stale, --idle" ipc-rm
	fails 2 ipc-rm --stale --idle --older-than 1d
	fails 2 ipc-rm --stale mq:"$NAME"
	fails 2 ipc-rm --type shm
	fails 2 ipc-rm --user root
	fails_with 2 "ipc-rm: option '--idle' needs '--older-than' and an age above 0" ipc-rm --idle --type shm
	fails_with 2 "ipc-rm: option '--idle' needs '--older-than' and an age above 0" ipc-rm --idle --older-than 0
	fails 2 ipc-rm --older-than 1d mq:"$NAME"
	fails 2 ipc-rm --stale --in-use
}

@test "how to list is wrong usage without --dry-run, and removes nothing" {
	ipc-shm create -s 4K "$NAME"
	for option in --json --output=ADDRESS --bytes --raw --export --noheadings; do
		fails_with 2 "ipc-rm: options such as '--json' say how to list, and need '--dry-run'" ipc-rm "$option" shm:"$NAME"
	done
	run -2 ipc-rm -J --stdin </dev/null
	there shm:"$NAME"
}

@test "what is not there is status 3, with -f 0, and does not keep others from being removed" {
	fails_with 3 "ipc-rm: cannot remove 'shm:$NAME': there is no such object" ipc-rm shm:"$NAME"
	run -0 --separate-stderr ipc-rm -f shm:"$NAME" mq:id:2147483647 sem:"$NAME"
	[ -z "$output$stderr" ]
	ipc-shm create -s 4K "$NAME"
	run -3 ipc-rm shm:"$NAME-2" shm:"$NAME"
	not_there shm:"$NAME"
}

@test "what a process has open or mapped is refused, and removed with --in-use" {
	queue
	held "$NAME"
	run -7 --separate-stderr ipc-rm mq:"$NAME"
	[[ $stderr == "ipc-rm: cannot remove 'mq:$NAME': it is in use: "* ]]
	ipc-rm --in-use mq:"$NAME"
	gone "$NAME"
	ipc-shm create -s 4K "$NAME"
	"$peer" map "/dev/shm$NAME" >mapped 3>&- &
	within 10 grep -q ready mapped
	run -7 --separate-stderr ipc-rm shm:"$NAME"
	[[ $stderr == "ipc-rm: cannot remove 'shm:$NAME': it is in use: process $! has it mapped" ]]
	ipc-rm --in-use shm:"$NAME"
	not_there shm:"$NAME"
}

@test "a process that cannot be seen is no reason to remove what it has" {
	as_root
	unshare --pid --fork true 2>/dev/null || skip "no PID namespaces here"
	ipc-shm create -m 0666 -s 4K "$NAME"
	"$peer" map "/dev/shm$NAME" >mapped 3>&- &
	within 10 grep -q ready mapped
	chown 65534 "/dev/shm$NAME"
	run -7 --separate-stderr as_user 65534 ipc-rm shm:"$NAME"
	[[ $stderr == "ipc-rm: cannot remove 'shm:$NAME': it is in use: a process has it open or mapped" ]]
	killed $!
	as_user 65534 ipc-rm shm:"$NAME"
}

@test "a file of an overlay that a process only maps is in use" {
	as_root
	unshare --mount bash -c 'mkdir layers && mount -t tmpfs none layers && cd layers && mkdir low up work all &&
		mount -t overlay -o lowerdir=low,upperdir=up,workdir=work none all' 2>/dev/null || skip "no overlays here"
	run -7 --separate-stderr unshare --mount bash -c '
		mount -t tmpfs none layers && cd layers && mkdir low up work all
		mount -t overlay -o lowerdir=low,upperdir=up,workdir=work none all
		head -c 4096 /dev/zero >all/file
		"$0" map all/file >mapped 3>&- &
		until grep -q ready mapped; do :; done
		ipc-rm "mmap:$PWD/all/file"
		status=$?
		kill $! && exit $status' "$peer"
	[[ $stderr == *"it is in use: process "*" has it mapped"* ]]
}

@test "a segment that is attached is refused, also when its process cannot be seen" {
	segment=$(ipc-shm create -s 4K private) && segments "$segment"
	perl -e 'use IPC::SysV; IPC::SysV::shmat($ARGV[0], undef, 0) or die; $| = 1; print "ready\n"; sleep' \
		"${segment#id:}" >attached 3>&- &
	within 10 grep -q ready attached
	fails_with 7 "ipc-rm: cannot remove 'shm:$segment': it is in use: it is attached once" \
		ipc-rm shm:"$segment" || [[ $stderr == *"process $! has it attached" ]]
	killed $!
	ipc-rm shm:"$segment"
}

@test "semaphores in which a process waits are refused" {
	set_of 1
	perl -e 'use IPC::SysV; semop($ARGV[0], pack("s!3", 0, -1, 0))' "${set#id:}" 3>&- &
	within 10 asleep $!
	within 10 eval '! ipc-rm -q --dry-run "sem:$set" >/dev/null'
	fails_with 7 "ipc-rm: cannot remove 'sem:$set': it is in use: 1 process waits in it" ipc-rm sem:"$set"
	killed $!
	ipc-rm sem:"$set"
}

@test "a bound socket is refused, and its file removed with --in-use" {
	"$peer" bind "$PWD/socket" >ready 3>&- &
	within 10 grep -q ready ready
	run -7 --separate-stderr ipc-rm sock:"$PWD/socket"
	[[ $stderr == "ipc-rm: cannot remove 'sock:$PWD/socket': it is in use: "* ]]
	ipc-rm --in-use sock:socket
	[ ! -e socket ]
}

# Where not all processes can be looked at, nothing proves that nobody has it.
@test "a FIFO is removed that nobody has, and refused when a process waits in open(2) of it" {
	mkfifo fifo
	listed fifo:"$PWD/fifo" . >list
	run --separate-stderr ipc-rm --stdin <list
	[ "$status" -eq 0 ] || [[ $stderr == *"': whether it is in use is not known: "*"; --in-use removes it all the same"* ]]
	ipc-rm -f --in-use fifo:fifo
	[ ! -e fifo ]
	mkfifo fifo
	run -7 --separate-stderr ipc-rm --in-use --stdin <list
	[[ $stderr == *"'fifo:$PWD/fifo': it is no longer the object that was listed"* ]]
	cat fifo >got 3>&- &
	within 10 asleep $!
	run -7 --separate-stderr ipc-rm fifo:fifo
	[[ $stderr == "ipc-rm: cannot remove 'fifo:fifo': it is in use: process $! "* ]]
	echo still >fifo
	wait $!
	[ "$(cat got)" = still ]
	rm fifo
}

@test "an abstract socket has no name to remove" {
	perl -MSocket -e 'my $s; socket($s, AF_UNIX, SOCK_STREAM, 0) or die $!;
		bind($s, pack("Sa*", AF_UNIX, "\0$ARGV[0]")) or die $!;
		$| = 1; print "ready\n"; sleep' "${NAME#/}" >ready 3>&- &
	within 10 grep -q ready ready
	fails_with 7 "ipc-rm: cannot remove 'sock:@${NAME#/}': it has no name to remove, and goes with its last user" \
		ipc-rm --in-use "sock:@${NAME#/}"
}

@test "a pipe of ipc-pipe create is in use by its holder, which --in-use ends, and no other" {
	pipe=$(ipc-pipe create)
	others+=("${pipe%/*}")
	run -7 --separate-stderr ipc-rm pipe:"$pipe"
	[[ $stderr == "ipc-rm: cannot remove 'pipe:$pipe': it is in use: process ${pipe%/*} has it open" ]]
	ipc-pipe write "$pipe" hello
	fails_with 7 "ipc-rm: cannot remove 'pipe:$pipe': it holds 5 bytes; --discard-data lets them go" ipc-rm --in-use pipe:"$pipe"
	[ "$(ipc-pipe read -N 5 "$pipe")" = hello ]
	ipc-rm --in-use pipe:"$pipe"
	within 10 ended "${pipe%/*}"
	fails_with 3 "ipc-rm: cannot remove 'pipe:inode:1': no process that we may look at has it open" ipc-rm --in-use pipe:inode:1
	sleep 1000 3>&- > >(cat) &
	run -7 ipc-rm --in-use pipe:$!/1
}

@test "a queue that holds messages is refused, and removed with --discard-data" {
	queue
	ipc-mq write "$NAME" one two
	fails_with 7 "ipc-rm: cannot remove 'mq:$NAME': it holds 2 messages; --discard-data lets them go" ipc-rm mq:"$NAME"
	[ "$(ipc-mq read "$NAME")" = one ]
	fails_with 7 "ipc-rm: cannot remove 'mq:$NAME': it holds 1 message; --discard-data lets it go" ipc-rm mq:"$NAME"
	ipc-rm --discard-data mq:"$NAME"
	gone "$NAME"
}

@test "what was listed is removed, from a list of ipc-ls --json" {
	ipc-shm create -s 4K "$NAME"
	semaphore "$NAME-2"
	set_of 2
	ipc-ls -q --json --type shm,sem --name "${NAME#/}*" >list
	listed sem:"$set" >>list
	run -0 --separate-stderr ipc-rm --stdin <list
	[ "$output" = "" ] && [ "$stderr" = "ipc-rm: removed 3, refused 0" ]
	run -3 --separate-stderr ipc-rm --stdin <list
	[ "${stderr_lines[-1]}" = "ipc-rm: removed 0, refused 3" ]
	run -0 --separate-stderr ipc-rm -f --stdin <list
}

@test "what was made again under its name is not what was listed, and stays" {
	for make in queue "ipc-shm create -s 4K $NAME" "semaphore $NAME-2" "socket_file $PWD/socket"; do
		$make
		ipc-ls -q --json --type shm,sem --name "${NAME#/}*" >list
		# an ordinary user may have no list of queues
		[ "$make" != queue ] || ipc-mq inspect -J "$NAME" | sed 's/"address":"/&mq:/' >list
		[ ! -e socket ] || listed sock:"$PWD/socket" . >list
		[ "$(wc -l <list)" -eq 1 ]
		address=$(sed 's/^{"address":"\([^"]*\)".*/\1/' list)
		ipc-rm "$address"
		$make
		run -7 --separate-stderr ipc-rm --stdin <list
		[ "${stderr_lines[0]}" = "ipc-rm: cannot remove '$address': it is no longer the object that was listed" ]
		[ "${stderr_lines[1]}" = "ipc-rm: removed 0, refused 1" ]
		ipc-rm "$address"
	done
}

@test "an id that stands for something else is not what was listed, and stays" {
	segment=$(ipc-shm create -s 4K private) && segments "$segment"
	listed shm:"$segment" | sed 's/"identity":"[0-9]*\.0\./&1/' >list
	fails_list=$(ipc-rm --stdin <list 2>&1) && false || [ $? -eq 7 ]
	[[ $fails_list == *"'shm:$segment': it is no longer the object that was listed"* ]]
	ipc-rm shm:"$segment"
}

@test "a list that is none leaves all as it was" {
	ipc-shm create -s 4K "$NAME"
	listed shm:"$NAME" >list
	for wrong in '' 'shm:/a' '{"address":"shm:/a"}' '{"address":1,"identity":"1"}' '["a"]' '{"address":"a\u0000b","identity":"1"}'; do
		{ cat list && echo "$wrong"; } >more
		run -2 --separate-stderr ipc-rm --stdin <more
		[[ $stderr == "ipc-rm: line 2 of standard input: "* ]] && [ "${#stderr_lines[@]}" -eq 1 ]
	done
	for key in address address_base64 identity; do
		echo "{\"$key\":\"YQ==\",\"address\":\"shm:/a\",\"address_base64\":\"YQ==\",\"identity\":\"1\"}" >more
		fails_with 2 "ipc-rm: line 1 of standard input: it has two addresses or identities" ipc-rm --stdin <more
	done
	echo '{"identity":"1","address":"shm:/a\u0000b"}' >more
	fails_with 2 "ipc-rm: line 1 of standard input: its address or identity has a NUL within" ipc-rm --stdin <more
	echo '{"identity":"1","address_base64":"YQBi"}' >more
	fails_with 2 "ipc-rm: line 1 of standard input: its address or identity has a NUL within" ipc-rm --stdin <more
	echo '{"address":"nothing:/a","identity":"1"}' | cat list - >more
	run -2 --separate-stderr ipc-rm --stdin <more
	[[ $stderr == "ipc-rm: 'nothing:/a' is not an address with its type before it"* ]]
	run -0 --separate-stderr ipc-rm --stdin </dev/null
	ipc-rm shm:"$NAME"
}

@test "a name of any bytes is found by the list, and shown to nobody raw" {
	name=$NAME-2$'\e[1m\n\377' && segments "$name"
	: >"/dev/shm$name"
	ipc-ls -q --json --type shm --name "${NAME#/}*" >list
	run -0 --separate-stderr ipc-rm -v --stdin <list
	[[ $stderr == "ipc-rm: removed 'shm:$NAME-2\\"* ]] && [[ $stderr != *$'\e'* ]]
	[ ! -e "/dev/shm$name" ]
}

@test "--dry-run lists as ipc-ls does what would be removed, and removes nothing" {
	ipc-shm create -s 4K "$NAME"
	run -0 --separate-stderr ipc-rm --dry-run -r --noheadings -o ADDRESS,STATE shm:"$NAME"
	[ "$output" = "shm:$NAME idle" ] && [ -z "$stderr" ]
	queue
	ipc-mq write "$NAME" one
	run -7 --separate-stderr ipc-rm --dry-run -r --noheadings -o ADDRESS mq:"$NAME" shm:"$NAME"
	[ "$output" = "shm:$NAME" ]
	ipc-rm --discard-data mq:"$NAME" shm:"$NAME"
}

@test "--dry-run refuses what is another's as the removal does" {
	as_root
	queue -m 0666
	mailbox -m 0666
	ipc-shm create -m 0666 -s 4K "$NAME"
	segment=$(ipc-shm create -m 0666 -s 4K private) && segments "$segment"
	semaphore "$NAME"
	set_of 1
	mkdir mine shared && chmod 0755 mine && chmod 1777 shared
	mkfifo mine/fifo shared/fifo
	for address in shm:"$segment" sem:"$set" mq:"$q" mq:"$NAME" shm:"$NAME" sem:"$NAME" fifo:"$PWD/shared/fifo" fifo:mine/fifo; do
		alike 5 as_user 65534 ipc-rm --in-use "$address"
		[[ $stderr == "ipc-rm: cannot remove '$address': "?*" "+(permitted|denied) ]]
		there "$address"
	done
	for type in "shm --name $segment" "sem --name $set"; do
		within 10 eval '[ "$(ipc-ls -q --type $type --older-than 1ms -r --noheadings)" ]'
		# shellcheck disable=SC2086  # words
		alike 5 as_user 65534 ipc-rm --idle --older-than 1ms --user root --type $type
		[ "${stderr_lines[1]}" = "ipc-rm: would remove 0, refused 1" ]
	done
	segment=$(as_user 65534 ipc-shm create -s 4K private) && segments "$segment"
	alike 5 "${powerless[@]}" ipc-rm --in-use shm:"$segment"
	there shm:"$segment"
	fowner() {
		PATH=$BATS_TEST_TMPDIR/bin:$PATH setpriv --reuid=65534 --clear-groups \
			--inh-caps=-all,+fowner --ambient-caps=-all,+fowner "$@"
	}
	run -0 fowner ipc-rm --in-use --dry-run fifo:"$PWD/shared/fifo"
	run -0 fowner ipc-rm --in-use fifo:"$PWD/shared/fifo"
}

@test "--dry-run refuses what the file system keeps as the removal does" {
	as_root
	mkdir files
	kept() {
		alike "$1" unshare --mount bash -c 'mount -t tmpfs none files && : >files/file && cd files &&
			eval "$0" && ipc-rm --in-use "$@" "mmap:$PWD/file"' "$2"
		[ "$stderr" = "ipc-rm: cannot remove 'mmap:$PWD/files/file': $3" ]
	}
	kept 1 'mount -o remount,ro .' "Read-only file system"
	kept 1 'mount --bind file file' "Device or resource busy"
	unshare --mount bash -c 'mount -t tmpfs none files && : >files/file && chattr +i files/file' 2>/dev/null ||
		skip "no attributes of files here"
	kept 5 'chattr +i file' "Operation not permitted"
	kept 5 'chattr +a file' "Operation not permitted"
	kept 5 'chattr +i .' "Operation not permitted"
	kept 5 'chattr +a .' "Operation not permitted"
}

@test "an owner who is no user of the user namespace is said" {
	as_root
	unshare -Ur true 2>/dev/null || skip "no user namespaces here"
	segment=$(as_user 65534 ipc-shm create -m 0666 -s 4K private) && segments "$segment"
	alike 5 unshare -Ur ipc-rm shm:"$segment"
	[ "$stderr" = "ipc-rm: cannot remove 'shm:$segment': its owner is no user of this user namespace" ]
	there shm:"$segment"
}

@test "a pipe whose process is no holder of ipc-pipe create is refused, by --dry-run too" {
	mkfifo end
	# shellcheck disable=SC2217  # that it reads nothing is what is wanted
	sleep 1000 3>&- < <(cat end 3>&-) & pid=$!
	within 10 asleep $pid
	alike 7 ipc-rm --in-use "pipe:$pid/0"
	[ "$stderr" = "ipc-rm: cannot remove 'pipe:$pid/0': process $pid is no holder that 'ipc-pipe create' made, and goes on" ]
	kill $pid
	: >end
}

@test "what prints keeps nobody from what it lists, and a signal ends it" {
	ipc-shm create -s 4K "$NAME"{,-2,-3} "$NAME"-{10..60} >/dev/null
	mkfifo out
	exec 7<>out
	dd if=/dev/zero of=out bs=4096 oflag=nonblock status=none 2>/dev/null || : # it is full
	ipc-rm --dry-run -J shm:"$NAME"{,-2,-3} shm:"$NAME"-{10..60} >out 2>said 3>&- 7>&- &
	within 10 asleep $!
	for name in "$NAME"{,-2,-3} "$NAME"-{10..60}; do
		timeout 10 head -c 1 "/dev/shm$name" >/dev/null
	done
	kill $!
	within 10 ended $!
	ends_with 143 $!
	exec 7>&-
	ipc-shm rm "$NAME"-{10..60}
}

@test "--dry-run counts an object once, by whatever addresses it is given" {
	ipc-shm create -s 4K "$NAME"
	set_of 1
	listed shm:"$NAME" >list
	run -3 --separate-stderr ipc-rm --dry-run -r --noheadings -o ADDRESS shm:"$NAME" sem:"$set" shm:"${NAME#/}" mmap:"/dev/shm$NAME"
	[ "$output" = "shm:$NAME"$'\n'"sem:$set" ]
	[ "$stderr" = "ipc-rm: cannot remove 'shm:${NAME#/}': there is no such object
ipc-rm: cannot remove 'mmap:/dev/shm$NAME': there is no such object" ]
	run -0 ipc-rm -f --dry-run -r --noheadings -o ADDRESS shm:"$NAME" shm:"$NAME"
	[ "$output" = "shm:$NAME" ]
	cat list >>list.2 && cat list >>list.2
	alike_twice=$(ipc-rm --dry-run --stdin <list.2 2>&1 >/dev/null) || [ $? -eq 3 ]
	run -3 --separate-stderr ipc-rm --stdin <list.2
	[ "${alike_twice/would remove/removed}" = "$stderr" ]
	[ "${stderr_lines[1]}" = "ipc-rm: removed 1, refused 1" ]
}

@test "--dry-run counts a segment that is attached as often as it can be removed" {
	segment=$(ipc-shm create -s 4K private) && segments "$segment"
	perl -e 'use IPC::SysV; IPC::SysV::shmat($ARGV[0], undef, 0) or die; $| = 1; print "ready\n"; sleep' \
		"${segment#id:}" >attached 3>&- &
	within 10 grep -q ready attached
	run -0 ipc-rm --in-use --dry-run -r --noheadings -o ADDRESS shm:"$segment" shm:"$segment"
	[ "${#lines[@]}" -eq 2 ]
	ipc-rm --in-use shm:"$segment" shm:"$segment"
	killed $!
}

@test "--stale removes socket files to which nobody is bound, and no others" {
	mkdir dir && socket_file "$PWD/dir/left"
	"$peer" bind "$PWD/dir/bound" >bound 3>&- &
	within 10 grep -q ready bound
	: >dir/file
	run -0 --separate-stderr ipc-rm --stale --type sock --under dir --name "$PWD/*" --dry-run -r --noheadings -o ADDRESS,STATE
	[ "$output" = "sock:$PWD/dir/left stale" ]
	[ "$stderr" = "ipc-rm: would remove 1, refused 0" ]
	run -0 --separate-stderr ipc-rm --stale --type sock --under dir
	[ "$stderr" = "ipc-rm: removed 1, refused 0" ]
	[ "$(ls dir)" = $'bound\nfile' ]
}

# overlay SCRIPT [ARGUMENT]...: one where an overlay of lower and UPPER can be mounted, as: overlaid UPPER
overlay() {
	as_root
	mkdir -p layers
	unshare -m bash -c "$overlaid"'in_layers && mkdir u && overlaid u' || skip "no overlay here"
	run -0 --separate-stderr unshare -m bash -e -c "$overlaid"'in_layers
		'"$1" "$peer" "${@:2}"
	echo "$output"
	echo "$stderr"
}
overlaid='in_layers() { mount -t tmpfs none layers && cd layers && mkdir lower work merged; }
	overlaid() { mount -t overlay -o "lowerdir=lower,upperdir=$1,workdir=work" none "${2-merged}"; }
	bound() {
		"$peer" bind merged/socket 3<>merged/fifo >bound &
		until grep -q ready bound; do kill -0 $!; done
	}
	export peer=$0; '

@test "what may be in use through an overlay is left, however its upper directory is called" {
	overlay 'export -f overlaid bound
		for upper in upper "$PWD/absolute" "$PWD/with,comma" "$PWD/with=sign" "$PWD/with:colon" "$PWD/with blank"; do
			rm -rf work/* bound
			mkdir "$upper"
			mkfifo "$upper/fifo"
			overlaid "${upper//,/\\,}"
			bound
			for dir in . /; do
				full=$(readlink -f "$upper")
				(cd $dir && ipc-rm "fifo:$full/fifo") || echo $?
				(cd $dir && ipc-rm "sock:$full/socket") || echo $?
			done
			kill $!
			wait $! || :
			umount merged
			[ -p "$upper/fifo" ]
			ipc-rm "sock:$full/socket"
		done'
	[ "$(sort <<<"$output" | uniq -c | xargs)" = "24 7" ]
	[ "$(grep -c "it is in the upper layer of an overlay, where it has another name; --in-use" <<<"$stderr")" -eq 24 ]
}

@test "what may be in use through an overlay of another mount namespace is left" {
	overlay 'mkdir upper
		mkfifo upper/fifo end
		export -f overlaid bound
		unshare -m bash -e -c "overlaid upper; bound; cat end; kill \$!; wait || :" &
		until grep -q ready bound; do kill -0 $!; done
		ipc-rm --stale --type sock --under upper
		ipc-rm sock:upper/socket || echo $?
		: >end
		wait
		ipc-rm --stale --type sock --under upper'
	[ "$output" = 7 ]
	[ "$(grep -x "ipc-rm: removed.*" <<<"$stderr")" = "ipc-rm: removed 0, refused 0, left 1 of which the state is not known
ipc-rm: removed 1, refused 0" ]
}

@test "--under can be given again, and each directory is searched" {
	mkdir one other
	socket_file "$PWD/one/left"
	socket_file "$PWD/other/left"
	fails_with 2 "ipc-rm: option '--under': '' is not the path of a directory" ipc-rm --stale --under one --under ''
	fails_with 2 "ipc-rm: option '--under': 'one' is not among the first 16, and there can be no more" \
		ipc-rm --stale --under={1,2,3,4}{1,2,3,4} --under=one
	run -0 --separate-stderr ipc-rm --stale --type sock --under one --under other --under one
	[ "$stderr" = "ipc-rm: removed 2, refused 0" ]
	[ ! -e one/left ] && [ ! -e other/left ]
}

@test "--under what may not be read is a failure, and what may not be below it is told" {
	mkdir -p dir/secret
	socket_file "$PWD/dir/left"
	socket_file "$PWD/dir/secret/left"
	chmod 0 dir/secret
	run -0 --separate-stderr "${powerless[@]}" ipc-rm --stale --type sock --under dir
	told=$stderr
	fails_with 5 "ipc-rm: cannot list 'dir/secret': Permission denied" \
		"${powerless[@]}" ipc-rm --stale --type sock --under dir/secret
	chmod 700 dir/secret
	diff - <(echo "$told") <<-END
		ipc-rm: not all may be found of: sock; cannot list '$PWD/dir/secret': Permission denied
		ipc-rm: removed 1, refused 0
	END
	[ ! -e dir/left ] && [ -e dir/secret/left ]
}

@test "objects that cannot be found are told of" {
	as_root
	as_user 65534 true	# makes the programs of bin
	unshare -m true 2>/dev/null || skip "no namespaces here"
	run -0 --separate-stderr unshare -m bash -c 'umount -a -t mqueue; PATH=$PWD/bin:$PATH exec setpriv --reuid=65534 \
		--clear-groups --inh-caps=-all ipc-rm --idle --older-than 1000d --type mq,sem --name "$0*"' "${NAME#/}"
	[ "$stderr" = "ipc-rm: not all may be found of: mq
ipc-rm: removed 0, refused 0" ]
}

@test "--stale takes what belonged to a process that has ended, and not what is only idle" {
	as_root
	elsewhere 'sleep 1000 3>&- & echo $! >owner
		ipc-shm create -s 4K --until-exit $! "$1-2" >/dev/null
		ipc-shm create -s 4K "$1-3" >/dev/null
		kill -9 $(pgrep -f "^ipc-until-exit: waits for the end of process $!\$") $!; wait $!
		ipc-rm --stale --type shm --name "*${1#/}*" 2>&1; ls /dev/shm | grep -F "${1#/}"' "$NAME" >out
	[ "$(cat out)" = "ipc-rm: removed 1, refused 0"$'\n'"${NAME#/}-3" ]
}

@test "--idle takes what is older than the age, of the user, and not what is in use" {
	ipc-shm create -s 4K "$NAME"
	ipc-shm create -s 4K "$NAME-2"
	"$peer" map "/dev/shm$NAME-2" >mapped 3>&- &
	within 10 grep -q ready mapped
	ipc-rm -q --idle --older-than 1h --type shm --name "${NAME#/}*"
	there shm:"$NAME"
	within 10 eval '[ "$(ipc-rm --idle --older-than 1ms --type shm --name "${NAME#/}*" --dry-run -r --noheadings -o ADDRESS 2>/dev/null)" = "shm:$NAME" ]'
	ipc-rm -q --idle --older-than 1ms --type shm --name "${NAME#/}*" || :
	not_there shm:"$NAME"
	there shm:"$NAME-2"
	ipc-rm --in-use shm:"$NAME-2"
}

@test "a directory where everybody may replace the file is refused, and so is one of two names" {
	mkdir -m 0777 open && chmod 0777 open
	socket_file "$PWD/open/socket"
	fails_with 7 "ipc-rm: cannot remove 'sock:open/socket': everybody may replace what is in its directory" ipc-rm sock:open/socket
	chmod 1777 open
	ipc-rm sock:open/socket
	ipc-shm create -s 4K "$NAME"
	ln "/dev/shm$NAME" "/dev/shm$NAME-2"
	fails_with 7 "ipc-rm: cannot remove 'shm:$NAME': it is one of the 2 names (hard links) of a file" ipc-rm shm:"$NAME"
	rm "/dev/shm$NAME-2"
	ipc-rm shm:"$NAME"
}

@test "what is something else than its type says is refused" {
	ln -s /etc/passwd "/dev/shm$NAME"
	run -7 ipc-rm shm:"$NAME"
	rm "/dev/shm$NAME"
	: >file
	mkdir -m 0 secret
	fails_with 7 "ipc-rm: cannot remove 'sock:file': it is no socket" ipc-rm sock:file
	fails_with 5 "ipc-rm: cannot remove 'sock:secret/file': Permission denied" "${powerless[@]}" ipc-rm sock:secret/file
	chmod 700 secret
	[ -e /etc/passwd ]
}

@test "an ordinary user cannot remove what is another's" {
	as_root
	ipc-shm create -m 0666 -s 4K "$NAME"
	segment=$(ipc-shm create -m 0666 -s 4K private) && segments "$segment"
	run -5 as_user 65534 ipc-rm --in-use shm:"$NAME"
	run -5 as_user 65534 ipc-rm shm:"$segment"
	there shm:"$NAME"
	there shm:"$segment"
	ipc-rm shm:"$NAME" shm:"$segment"
}

@test "a socket that is bound in another network namespace is not stale, and no refusal" {
	as_root
	unshare --net "$peer" bind "$PWD/socket" >bound 3>&- &
	within 20 grep -q ready bound
	run -0 --separate-stderr ipc-rm --stale --type sock --under "$PWD"
	[ "$stderr" = "ipc-rm: removed 0, refused 0" ]
	fails 7 ipc-rm sock:"$PWD/socket"
	kill $!
}

@test "what is used while ipc-rm --idle looks a second time is young again, and stays" {
	as_root
	run -0 --separate-stderr unshare --ipc bash -c '
		id=$(ipc-shm create -q -s 4K private)
		until [ "$(ipc-ls -q --type shm --name "$id" --older-than 1s -r --noheadings -o ADDRESS)" ]; do :; done
		ipc-rm -v --idle --older-than 1s --type shm --name "$id" &
		until grep -q nanosleep "/proc/$!/wchan" || ! kill -0 $!; do :; done
		ipc-shm read "$id" >/dev/null
		wait $! && ipc-rm "shm:$id"'
	[[ ${stderr_lines[0]} == *"is left: it was used or set meanwhile" ]]
	[ "${stderr_lines[1]}" = "ipc-rm: removed 0, refused 0" ]
}

@test "a line for which there is no memory leaves all as it was" {
	! grep -q __asan_init "$(command -v ipc-rm)" || skip "a sanitizer takes as much as it likes"
	ipc-shm create -s 4K "$NAME"
	listed shm:"$NAME" >list
	head -c 300M /dev/zero | tr '\0' ' ' >>list
	run -1 --separate-stderr bash -c 'ulimit -v 200000; ipc-rm --stdin <list'
	[ "$stderr" = "ipc-rm: cannot read standard input: Cannot allocate memory" ]
	there shm:"$NAME"
	ipc-rm shm:"$NAME"
}
