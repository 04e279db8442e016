#!/usr/bin/env bats
# ipc-fifo: making, holding, looking at and removing FIFOs, and talking over two
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2094,SC2154  # bats runs and sets them

load helper

program=ipc-fifo

# hold FIFO [OPTION]...: a process $holder holds it open
hold() {
	holder=$(ipc-fifo hold --background "${@:2}" "$1") && others+=("$holder")
}

# opening FIFO ACCESS: somebody waits in open(2) for its other end
opening() {
	[[ $(value HOLDERS "$1" 2>/dev/null) == *":$2+opening:"* ]]
}

# fds PID: its descriptors besides those of /dev/null
fds() {
	local fd
	for fd in "/proc/$1/fd"/*; do
		[ "$(readlink "$fd")" = /dev/null ] || readlink "$fd"
	done
}

@test "create prints the path, and makes a FIFO for its owner alone" {
	[ "$(umask 777 && ipc-fifo create f)" = f ]
	[ -p f ]
	[ "$(stat -c %a f)" = 600 ]
}

@test "create --mode is exact, whatever the umask" {
	(umask 077 && ipc-fifo create -m 666 f)
	[ "$(stat -c %a f)" = 666 ]
	ipc-fifo create -m u=rw,g=r g
	[ "$(stat -c %a g)" = 640 ]
}

@test "create accepts a FIFO that is there and changes nothing of it; with -x it is status 4" {
	mkfifo -m 640 f
	[ "$(ipc-fifo create -m 600 f)" = f ]
	[ "$(stat -c %a f)" = 640 ]
	fails_with 4 "ipc-fifo: cannot create 'f': File exists" ipc-fifo create -x f
}

@test "create makes several, goes on after a failure, and ends with its status" {
	: >file
	run -7 --separate-stderr ipc-fifo create a file b
	[ "$output" = $'a\nb' ]
	[ "$stderr" = "ipc-fifo: cannot create 'file': it is a regular file" ]
	[ -p a ] && [ -p b ]
}

# planted: at "link", "file", "dir", "socket" and "device", what is no FIFO
planted() {
	mkfifo target
	ln -s target link
	ln -s nowhere dangling
	: >file
	mkdir dir
	ln -s /dev/zero device
}

@test "what is no FIFO is refused by every verb, at once, and nothing of it is opened" {
	planted
	for verb in create 'write -w 9' 'read -w 9' hold inspect 'set -m 600' rm; do
		# shellcheck disable=SC2086  # words
		fails_with 7 "ipc-fifo: cannot ${verb%% *}${suffix-} 'link': it is a symbolic link" \
			timeout 20 ipc-fifo $verb link || [[ $stderr == *"'link': it is a symbolic link" ]]
		for what in link dangling device; do
			# shellcheck disable=SC2086  # words
			fails 7 timeout 20 ipc-fifo $verb "$what" </dev/null
			[[ $stderr == *"'$what': it is a symbolic link" ]]
		done
		# shellcheck disable=SC2086  # words
		fails 7 timeout 20 ipc-fifo $verb file </dev/null
		[[ $stderr == *"'file': it is a regular file" ]]
		# shellcheck disable=SC2086  # words
		fails 7 timeout 20 ipc-fifo $verb dir </dev/null
		[[ $stderr == *"'dir': it is a directory" ]]
	done
	[ -L link ] && [ -p target ] && [ -f file ] && [ -d dir ]
	fails 7 timeout 20 ipc-fifo connect target link </dev/null
	fails 7 timeout 20 ipc-fifo connect link target </dev/null
}

@test "a FIFO that is not there is status 3; rm -f does not mind" {
	: >file
	for verb in 'write -n' 'read -n' hold inspect 'set -m 600' rm; do
		for path in f no/f file/f; do
			# shellcheck disable=SC2086  # words
			fails 3 ipc-fifo $verb $path
		done
	done
	fails 3 ipc-fifo create no/f
	fails 3 ipc-fifo create file/f
	ipc-fifo rm -f f no/f file/f
	fails 7 ipc-fifo rm -f file
	[ -f file ]
}

@test "rm removes the name of one that is in use" {
	ipc-fifo create f
	hold f
	ipc-fifo rm f
	[ ! -e f ]
}

@test "set changes the mode, symbolically, too" {
	ipc-fifo create f
	ipc-fifo set -m g+r,u-w f
	[ "$(stat -c %a f)" = 440 ]
	fails_with 2 "ipc-fifo: 'set' needs --mode, --owner or --until-exit" ipc-fifo set f
}

@test "set --owner gives it away" {
	as_root
	ipc-fifo create f
	ipc-fifo set --owner nobody f
	[ "$(stat -c %U f)" = nobody ]
}

@test "names may have any bytes" {
	for name in $'new\nline' $'esc\e[31m' 'bl ank' ./-dash $'\xff' "qu'ote" $'\\back'; do
		[ "$(ipc-fifo create "$name")" = "$name" ]
		[ -p "$name" ]
		run ! grep -q '[[:cntrl:]]' <(ipc-fifo inspect -r --noheadings -o ADDRESS "$name" 2>&1 | tr -d '\n')
		ipc-fifo inspect -q -J "$name" | grep -q '"address":"'
		fails 75 ipc-fifo write -n "$name" x
		[[ $stderr != *[[:cntrl:]]* ]]
		ipc-fifo rm "$name"
	done
}

@test "the longest name is one, a longer one is wrong usage" {
	name=$(printf '%0255d' 0)
	[ "$(ipc-fifo create "$name")" = "$name" ]
	fails 2 ipc-fifo create "0$name"
}

@test "create --until-exit: the FIFO goes when the process has ended, however" {
	sleep 1000 3>&- & owner=$!
	ipc-fifo create --until-exit $owner f
	[ "$(value OWNER_PID f)" = $owner ]
	kill -9 $owner
	within 10 test ! -e f
}

@test "another FIFO that gets the inode of one that belonged to a process does not go with it" {
	for _ in {1..20}; do
		rm -f f
		sleep 1000 3>&- & owner=$!
		ipc-fifo create --until-exit $owner f
		was=$(stat -c %i f)
		rm f
		mkfifo f
		[ "$(stat -c %i f)" -ne "$was" ] || break
		kill $owner
	done
	[ "$(stat -c %i f)" -eq "$was" ] || skip "the file system gives no inode again"
	[ "$(value OWNER_PID f)" = 0 ]
	kill $owner
	unguarded() { ! pgrep -x -f "ipc-until-exit: waits for the end of process $owner"; }
	within 20 unguarded
	[ -p f ]
}

@test "set --until-exit changes to which process it belongs, and to none" {
	sleep 1000 3>&- & owner=$!
	ipc-fifo create f
	ipc-fifo set --until-exit $owner f
	[ "$(value OWNER_PID f)" = $owner ]
	ipc-fifo set --until-exit never f
	[ "$(value OWNER_PID f)" = 0 ]
	kill -9 $owner
	wait $owner || :
	[ -p f ]
}

@test "create for a process that is none makes nothing" {
	sh -c : & gone=$!
	wait $gone
	fails 3 ipc-fifo create --until-exit $gone f
	[ ! -e f ]
}

@test "create whose address nobody gets to know leaves no FIFO" {
	fails_with 1 "ipc-fifo: cannot write to standard output: No space left on device" \
		bash -c 'ipc-fifo create f >/dev/full'
	[ ! -e f ]
	mkfifo f
	fails 1 bash -c 'ipc-fifo create f >&-'
	[ -p f ]
}

@test "root trusts in create only FIFOs of root, unless told" {
	as_root
	mkfifo f && chown nobody f
	fails_with 7 "ipc-fifo: cannot create 'f': it belongs to user 65534; --trust-owner=65534 allows it" \
		ipc-fifo create f
	[ "$(ipc-fifo create --trust-owner nobody f)" = f ]
}

@test "root writes to another user's FIFO only when told to trust the user" {
	as_root
	mkfifo f && chown nobody f
	hold f
	fails_with 7 "ipc-fifo: cannot write to 'f': it belongs to user 65534; --trust-owner=65534 allows it" \
		ipc-fifo write f x
	fails 7 ipc-fifo connect f f </dev/null
	ipc-fifo write --trust-owner nobody f x
	[ "$(ipc-fifo read -N 1 f)" = x ]
}

@test "users write to each other's FIFOs as the permissions say" {
	as_root
	mkfifo -m 622 f && chown nobody f
	mkfifo -m 600 g && chown nobody g
	as_user 65534 ipc-fifo hold --background f >holder && others+=("$(cat holder)")
	as_user 1234 ipc-fifo write -n f x
	fails 5 as_user 1234 ipc-fifo write -n g x
	fails 5 as_user 1234 ipc-fifo read -n f
	[ "$(ipc-fifo read -N 1 f)" = x ]
}

@test "a FIFO with several names is not written to" {
	mkfifo f && ln f g
	fails_with 7 "ipc-fifo: cannot write to 'f': it is one of the 2 names (hard links) of a FIFO" \
		ipc-fifo write -n f x
	fails 7 ipc-fifo create f
	fails 7 ipc-fifo set -m 600 f
}

@test "inspect tells who reads, who writes, and who waits in open(2)" {
	ipc-fifo create f
	[ "$(value READERS f 2>/dev/null)" = - ]
	bash -c 'exec 7<f' 3>&- &
	reader=$!
	within 10 opening f read
	[ "$(value READERS f 2>/dev/null)" = "$reader:read+opening:bash" ]
	[ "$(value WRITERS f 2>/dev/null)" = - ]
	kill $reader
	within 10 ended $reader
	bash -c 'exec 7>f' 3>&- &
	writer=$!
	within 10 opening f write
	[ "$(value WRITERS f 2>/dev/null)" = "$writer:write+opening:bash" ]
	kill $writer
	hold f
	[[ $(value READERS f 2>/dev/null) == "$holder/"*":both:ipc-fifo-hold" ]]
}

@test "inspect tells of our own writer that waits for a reader" {
	ipc-fifo create f
	ipc-fifo write f x 3>&- & others+=($!)
	within 10 opening f write
	[ "$(value STATE f 2>/dev/null)" = in-use ]
	[ "$(ipc-fifo read f)" = x ]
}

@test "inspect opens no FIFO, and a peer that waits does not notice" {
	ipc-fifo create f
	cat f >out 3>&- & reader=$!
	within 10 opening f read
	if command -v strace >/dev/null; then
		ASAN_OPTIONS=detect_leaks=0 strace -f -o trace -e trace=openat,open ipc-fifo inspect -q f >/dev/null
		run ! grep -E 'open(at)?\(.*"(f|/proc/self/fd/[0-9]+)"' <(grep -v O_PATH trace)
	fi
	for _ in 1 2 3; do
		ipc-fifo inspect -q f >/dev/null
	done
	opening f read
	echo there >f
	wait $reader
	[ "$(cat out)" = there ]
}

@test "the columns have one name everywhere" {
	ipc-fifo create f
	ipc-fifo inspect -q -J f | grep -q '"readers":\[\],"writers":\[\],"queued":'
	[ "$(ipc-fifo inspect -q -J -o TYPE,MODE f)" = '{"type":"fifo","mode":"0600"}' ]
	eval "$(ipc-fifo inspect -q -e -o ADDRESS,INODE f)"
	[ "$ADDRESS" = f ] && [ "$INODE" = "$(stat -c %i f)" ]
}

@test "hold --background prints the holder, which has no descriptor of the caller" {
	ipc-fifo create f
	exec 7>other
	hold f
	exec 7>&-
	[ "$(fds "$holder")" = "$PWD/f" ]
	[ "$(readlink "/proc/$holder/cwd")" = / ]
	kill "$holder"
	within 10 ended "$holder"
	fails 75 ipc-fifo write -n f x
}

@test "hold --background does not keep a pipe open that its caller's output goes to" {
	ipc-fifo create f
	holder=$(timeout 10 ipc-fifo hold --background f) && others+=("$holder")
	[ -d "/proc/$holder" ]
}

@test "three separate writers into one held FIFO are read by one reader" {
	ipc-fifo create f
	hold f
	for i in 1 2 3; do
		ipc-fifo write -l f "from $i"
	done
	[ "$(ipc-fifo read -l -c 3 f)" = $'from 1\nfrom 2\nfrom 3' ]
	fails 75 ipc-fifo read -n f
}

@test "a reader of a held FIFO sees no end between writers" {
	ipc-fifo create f
	hold f
	ipc-fifo read f >out 3>&- & reader=$!
	ipc-fifo write f one
	within 10 grep -q one out
	ipc-fifo write f two
	within 10 grep -q onetwo out
	[ -d /proc/$reader ]
	kill "$holder"
	ends_with 0 $reader
}

@test "hold --until-exit ends with the process, in the foreground and in the background" {
	sleep 1000 3>&- & owner=$!
	ipc-fifo create f
	ipc-fifo hold --until-exit $owner f 3>&- & foreground=$!
	hold f --until-exit $owner
	within 10 eval '[[ $(value HOLDERS f 2>/dev/null) == *,* ]]'
	kill -9 $owner
	ends_with 0 $foreground
	within 10 ended "$holder"
	fails 3 ipc-fifo hold --until-exit $owner f || fails 3 ipc-fifo hold --until-exit 4194304 f
}

@test "hold in the foreground ends by a signal, as always" {
	ipc-fifo create f
	ipc-fifo hold f 3>&- & foreground=$!
	within 10 ipc-fifo write -q -n f x
	kill $foreground
	ends_with 143 $foreground
}

@test "a holder that is killed leaves nothing, and another can hold" {
	ipc-fifo create f
	for _ in 1 2 3; do
		hold f
		kill -9 "$holder"
		within 10 ended "$holder"
		fails 75 ipc-fifo write -n f x
	done
	hold f
	ipc-fifo write -n f x
}

@test "hold --background whose id nobody gets to know holds nothing" {
	ipc-fifo create f
	fails 1 bash -c 'ipc-fifo hold --background f >/dev/full'
	within 10 eval '[ "$(value HOLDERS f 2>/dev/null)" = - ]'
}

# answers COMMAND: it reads the FIFO "request" and writes to "reply"
answers() {
	ipc-fifo create request reply >/dev/null
	bash -c "{ $1; } <request >reply" 3>&- & server=$!
}

@test "connect talks both ways, and passes the end on" {
	answers 'tr a-z A-Z'
	[ "$(printf 'hello\nworld' | timeout 10 ipc-fifo connect request reply)" = $'HELLO\nWORLD' ]
	ends_with 0 $server
}

@test "connect meets a server that opens the reply first" {
	ipc-fifo create request reply >/dev/null
	bash -c 'exec >reply <request; cat' 3>&- & server=$!
	[ "$(echo hello | timeout 10 ipc-fifo connect request reply)" = hello ]
	ends_with 0 $server
}

@test "connect passes megabytes each way while each side writes before it reads" {
	answers 'head -c 3000000 /dev/zero; cksum'
	head -c 5000000 /dev/zero | tr '\0' x >in
	timeout 20 ipc-fifo connect request reply <in >out
	[ "$(head -c 3000000 out | cksum)" = "$(head -c 3000000 /dev/zero | cksum)" ]
	[ "$(tail -c +3000001 out)" = "$(cksum <in)" ]
}

@test "connect through an echo moves megabytes that no pipe could hold" {
	answers cat
	head -c 8000000 /dev/urandom >in
	timeout 20 ipc-fifo connect request reply <in | cmp - in
}

@test "connect ends when the other side does, though its own input goes on" {
	answers 'head -n 1'
	mkfifo slow
	bash -c 'echo first; exec sleep 1000' >slow 3>&- &
	timeout 20 ipc-fifo connect request reply <slow >out
	[ "$(cat out)" = first ]
}

@test "connect whose output nobody reads any more fails, and tells the other side" {
	ipc-fifo create request reply >/dev/null
	bash -c 'exec <request 4>reply; read -r line; echo "$line" >&4; until ! echo more >&4; do :; done 2>/dev/null' 3>&- &
	mkfifo slow
	bash -c 'echo first; exec sleep 1000' >slow 3>&- &
	run --separate-stderr bash -c 'timeout 20 ipc-fifo connect request reply <slow | head -n 1; exit "${PIPESTATUS[0]}"'
	[ "$status" -eq 1 ]
	[ "$output" = first ]
	[ "$stderr" = "ipc-fifo: cannot write to standard output: Broken pipe" ]
	# Also when nothing comes any more, and only that it has gone is noticed.
	bash -c 'exec <request 4>reply; read -r line; echo "$line" >&4; cat >rest' 3>&- & server=$!
	exec 7<>slow
	echo one >slow
	run --separate-stderr bash -c 'timeout 20 ipc-fifo connect request reply <slow | head -n 1; exit "${PIPESTATUS[0]}"' 7>&-
	[ "$status" -eq 1 ]
	[ "$output" = one ]
	[ "$stderr" = "ipc-fifo: cannot write to standard output: Broken pipe" ]
	ends_with 0 $server
	# And when there is always something more to send.
	bash -c 'exec <request 4>reply; read -r line; echo "$line" >&4; cat >/dev/null' 3>&- & server=$!
	run --separate-stderr bash -c 'yes | timeout 20 ipc-fifo connect request reply | head -n 1; exit "${PIPESTATUS[1]}"'
	[ "$status" -eq 1 ]
	[ "$output" = y ]
	ends_with 0 $server
}

@test "connect -n and -w: no peer is 75 and 124, and so is one that is silent" {
	ipc-fifo create request reply >/dev/null
	fails_with 75 "ipc-fifo: cannot write to 'request': nobody has it open to read" \
		ipc-fifo connect -n request reply </dev/null
	fails 124 ipc-fifo connect -w 0.2 request reply </dev/null
	hold request
	fails_with 124 "ipc-fifo: cannot connect 'request': nothing was moved for 0.2 s" \
		ipc-fifo connect -w 0.2 request reply </dev/null
}

@test "connect to a side that is killed while there is input fails" {
	ipc-fifo create request reply >/dev/null
	bash -c 'exec <request >reply; head -c 10 >/dev/null; kill -9 $$' 3>&- &
	head -c 9000000 /dev/zero >in
	run -1 --separate-stderr timeout 20 ipc-fifo connect request reply <in
	[[ $stderr == "ipc-fifo: cannot write to 'request': Broken pipe" ]]
}

@test "connect needs two FIFOs" {
	fails_with 2 "ipc-fifo: 'connect' needs two FIFOs: ADDRESS REPLY" ipc-fifo connect f
}

@test "ls lists what is open anywhere, and under a directory what is not" {
	mkdir -p dir/sub && mkfifo dir/sub/closed dir/open open
	hold dir/open
	first=$holder
	hold open
	listed=$(ipc-fifo ls -q -r --noheadings -o ADDRESS,READERS)
	grep -qx "$PWD/dir/open $first/[0-9]*:both:ipc-fifo-hold" <<<"$listed"
	grep -qx "$PWD/open $holder/[0-9]*:both:ipc-fifo-hold" <<<"$listed"
	run ! grep -q "$PWD/.*closed" <<<"$listed"
	listed=$(ipc-fifo ls -q -r --noheadings -o ADDRESS dir)
	grep -qx "$PWD/dir/sub/closed" <<<"$listed"
	[ "$(grep -cx "$PWD/dir/open" <<<"$listed")" = 1 ]
}

@test "ls follows no symbolic link but those that are named, and opens no FIFO" {
	mkdir dir other && mkfifo other/f && ln -s ../other dir/link && ln -s ../other/f dir/f
	run ! grep -F "$PWD/" <(ipc-fifo ls -q -r --noheadings -o ADDRESS dir)
	ipc-fifo ls -q -r --noheadings -o ADDRESS dir/link | grep -q /f
	fails 3 ipc-fifo ls none
}

@test "ls says when a directory cannot be read" {
	mkdir -p dir/secret && chmod 0 dir/secret
	run --separate-stderr "${powerless[@]}" ipc-fifo ls dir
	[ "$status" -eq 0 ]
	[[ $stderr == *"not all may be listed: cannot list '$PWD/dir/secret': Permission denied"* ]]
	run --separate-stderr "${powerless[@]}" ipc-fifo ls dir/secret
	chmod 700 dir/secret
	[ "$status" -eq 5 ]
	[[ $stderr == *"ipc-fifo: cannot list 'dir/secret': Permission denied" ]]
}

@test "ls shows names of any bytes" {
	mkdir dir && mkfifo $'dir/new\nline\e[31m' $'dir/\xff'
	run -0 ipc-fifo ls -q -r --noheadings -o ADDRESS dir
	[[ $output == *'new\012line'* || $output == *'new\nline'* ]]
	[[ ${output//$'\n'/} != *[[:cntrl:]]* ]]
	ipc-fifo ls -q -J dir | grep -q address_base64
}

@test "inspect and resize: how much is in it, and how much it takes" {
	ipc-fifo create f
	fails 1 ipc-fifo resize -s 8K f
	[[ $stderr == "ipc-fifo: cannot resize 'f': no"*" has it open, and it has room for bytes only while somebody has" ]]
	hold f
	ipc-fifo write f 12345
	[ "$(value QUEUED f 2>/dev/null)" = 5 ]
	ipc-fifo resize -s 8K f
	[ "$(value CAPACITY f 2>/dev/null)" = 8192 ]
	head -c 4096 /dev/zero | ipc-fifo write -w 5 f
	fails 7 ipc-fifo resize -s 4K f
	fails_with 2 "ipc-fifo: 'resize' needs --size" ipc-fifo resize f
}

@test "resize beyond what is allowed names the limit" {
	ipc-fifo create f
	"${powerless[@]}" ipc-fifo hold --background f >holder
	others+=("$(cat holder)")
	most=$(cat /proc/sys/fs/pipe-max-size)
	fails 6 "${powerless[@]}" ipc-fifo resize -s $((most * 2)) f
	[[ $stderr == *"/proc/sys/fs/pipe-max-size allows $most"* ]]
}

@test "without /proc nothing is said not to be there that is" {
	as_root
	! grep -q __asan_init "$(command -v ipc-fifo)" || skip "sanitizers want it, too"
	mkfifo f
	unshare -m bash -c 'umount -l /proc; for words in "write -n" "read -n" hold; do ipc-fifo $words f; echo $?; done
		ipc-pipe write 1/0 data; echo $?; ipc-pipe write fd:1 data | ipc-pipe read fd:0; echo; ipc-fifo set -m 600 f; true' >said 2>&1
	[ "$(cat said)" = "ipc-fifo: cannot write to 'f': /proc is not there
1
ipc-fifo: cannot read 'f': /proc is not there
1
ipc-fifo: cannot hold 'f': /proc is not there
1
ipc-pipe: cannot write to '1/0': /proc is not there, or not that of our PID namespace
1
data
ipc-fifo: cannot change the mode of 'f': /proc is not there" ]
}
