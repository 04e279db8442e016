# helper.bash - what every test file starts from
# shellcheck disable=SC2016,SC2034,SC2154  # bats sets and reads them
# shellcheck disable=SC2119,SC2120  # options are for who calls them

bats_require_minimum_version 1.5.0
load "${srcdir:-..}/share/leaks.bash"

setup() {
	local prefix=${PREFIX:-/ipcutil-test-$$}
	NAME=$prefix-$BATS_TEST_NUMBER	# no test meets another's
	printf -v BYKEY 'key:0x%08x' $((${prefix##*-} << 10 | BATS_TEST_NUMBER))	# nor this
	peer=$builddir/test/peer
	powerless=()	# "${powerless[@]}" COMMAND...: root without its privileges
	[ "$(id -u)" -ne 0 ] || powerless=(setpriv --inh-caps=-all --bounding-set=-all)
	export TMPDIR=$BATS_TEST_TMPDIR	# where a message would be saved
	others=()	# more processes to end than "jobs -p" tells
	# What waits in a loop ends some time, also when the test is killed with kill -9.
	[ -n "${STORM-}" ] || ulimit -t 120
	cd "$BATS_TEST_TMPDIR" || return
	# A group of its own tells what is this file's; else at least its names do.
	local types=shm,sem	# and queues, where they can be seen
	[[ $(ipc-ls --type mq 2>&1 >/dev/null) == *"listed of: mq"* ]] || types+=,mq
	if [ -n "${LEAKS_GROUP-}" ]; then
		ipc_leaks_begin --type "$types,sock" --user ":$LEAKS_GROUP"
	else
		ipc_leaks_begin --type "$types" --name "${NAME#/}*"
	fi
}

teardown() {
	local jobs made=()
	mapfile -t jobs < <(jobs -p)
	jobs+=("${others[@]}")
	[ ${#jobs[@]} -eq 0 ] || kill -9 "${jobs[@]}" 2>/dev/null || :
	[ ! -e "$BATS_TEST_TMPDIR/made" ] || mapfile -d '' -t made <"$BATS_TEST_TMPDIR/made"
	ipc-mq rm -f "$NAME" "$NAME-2" "$NAME-3" "$BYKEY" "${made[@]}"
	made=()
	[ ! -e "$BATS_TEST_TMPDIR/segments" ] || mapfile -d '' -t made <"$BATS_TEST_TMPDIR/segments"
	ipc-shm rm -f "$NAME" "$NAME-2" "$NAME-3" "$BYKEY" "${made[@]}"
	made=()
	[ ! -e "$BATS_TEST_TMPDIR/sets" ] || mapfile -t made <"$BATS_TEST_TMPDIR/sets"
	[ ${#made[@]} -eq 0 ] || ipc-rm -q "${made[@]}" || :	# some may have gone
	rm -f "/dev/shm/sem.${NAME#/}"
	ipc_leaks_end
}

# fails_with STATUS MESSAGE COMMAND...: it says MESSAGE on stderr, and nothing else
fails_with() {
	local status_wanted=$1 message=$2
	shift 2
	run "-$status_wanted" --separate-stderr "$@" || :
	echo "status $status, stdout '$output', stderr '$stderr'"
	[ "$status" -eq "$status_wanted" ] && [ -z "$output" ] && [ "$stderr" = "$message" ]
}

# fails STATUS COMMAND...: it says one line on stderr that begins with its name
fails() {
	local status_wanted=$1
	shift
	run "-$status_wanted" --separate-stderr "$@" || :
	echo "status $status, stdout '$output', stderr '$stderr'"
	[ "$status" -eq "$status_wanted" ] && [ -z "$output" ] &&
		[ ${#stderr_lines[@]} -eq 1 ] && [[ $stderr == ipc-*": "* ]]
}

# within SECONDS COMMAND...: waits for the state in which COMMAND succeeds
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
	done
}

# asleep PID: the program, and no shell before it, waits in a system call
asleep() {
	local stat
	read -r stat 2>/dev/null <"/proc/$1/stat" &&
		[[ $stat != *"(bash)"* && $stat == *") S "* ]]
}

# ended PID: a process is no more, though its parent may not know yet
ended() {
	local stat
	! read -r stat 2>/dev/null <"/proc/$1/stat" || [[ $stat == *") Z "* ]]
}

# ends_with STATUS PID: a background process ends so, soon
ends_with() {
	local status=0
	within 10 ended "$2" || return
	wait "$2" || status=$?
	echo "process $2 ended with $status"
	[ "$status" -eq "$1" ]
}

# queue [OPTION]...: makes the queue of the test, for 4 messages of 64 bytes
queue() {
	ipc-mq create -c 4 -s 64 "$@" "$NAME" >/dev/null
}

# made ADDRESS...: System V queues, and those of more or odd names, that teardown removes:
# told as soon as they are there, or before
made() {
	printf '%s\0' "$@" >>"$BATS_TEST_TMPDIR/made"
	printf '%s\n' "$@" | sed -n '/^id:/p' >>"${MADE:-/dev/null}"	# test/run looks for them
}

# segments ADDRESS...: the same of shared memory
segments() {
	printf '%s\0' "$@" >>"$BATS_TEST_TMPDIR/segments"
	printf 'shm:%s\n' "$@" | sed -n '/^shm:id:/p' >>"${MADE:-/dev/null}"
}

# mailbox [OPTION]...: makes a private System V queue, $q
mailbox() {
	q=$(ipc-mq create "$@" private) && made "$q"
}

# holds COUNT [ADDRESS]: so many messages are in the queue
holds() {
	[ "$(value MESSAGES "${2-$NAME}")" = "$1" ]
}

# held ADDRESS: a process $! holds it open until killed
held() {
	rm -f ready	# that of another process
	"$peer" hold "$1" >ready 3>&- &
	within 10 grep -q ready ready
}

# on_terminal SCRIPT: bash runs it, whatever $SHELL is, on a terminal with job
# control, and what it shows is told; SCRIPT gets the queue as $1
on_terminal() {
	printf '%s\n' "$1" >script
	script -qec "bash -m script '$NAME'" /dev/null </dev/null 3>&- 7<&-
}

# gone ADDRESS: there is no such object
gone() {
	run -3 "${program:-ipc-mq}" inspect "$1"
}

# elsewhere SCRIPT [ARG]...: for root, with an empty /dev/shm and /run/user of its own
elsewhere() {
	local script=$1
	shift
	unshare -m bash -c 'mount -t tmpfs -o mode=1777 none /dev/shm && mkdir -p /run/user &&
		mount -t tmpfs none /run/user && eval "$0"' "$script" "$@"
}

# semaphore NAME: one of POSIX that nobody has
semaphore() {
	head -c 32 /dev/zero >"/dev/shm/sem.${1#/}"
}

# one_of_each: $NAME of several types, $q, $segment, $set, and in this directory socket
one_of_each() {
	queue
	mailbox
	ipc-shm create -s 4K "$NAME"
	segment=$(ipc-shm create -s 4K private) && segments "$segment"
	semaphore "$NAME"
	set_of 3
	socket_file "$PWD/socket"
}

# no_drafts: no object of this file stands half made; where it has no group, of nobody's
no_drafts() {
	[ -z "$(find /dev/shm -maxdepth 1 -name '.ipc.*' ${LEAKS_GROUP:+-group "$LEAKS_GROUP"} 2>/dev/null)" ]
}

# set_of N: a System V set of N semaphores, $set
set_of() {
	set=id:$(ipcmk -S "$1" | awk '{ print $NF }')
	printf 'sem:%s\n' "$set" | tee -a "${MADE:-/dev/null}" >>"$BATS_TEST_TMPDIR/sets"
}

# socket_file PATH: one to which nobody is bound
socket_file() {
	rm -f ready	# that of another process
	"$peer" bind "$1" >ready 3>&- &
	within 10 grep -q ready ready
	killed $!
}

# killed PID: of a process of the test
killed() {
	kill -9 "$1"
	wait "$1" || :
}

# value COLUMN ADDRESS: one value of an object of $program
value() {
	"${program:-ipc-mq}" inspect -r --noheadings -o "$1" "$2"
}

# few_descriptors N COMMAND...: COMMAND may have N, and has but 0, 1 and 2
few_descriptors() {
	bash -c 'for fd in /proc/self/fd/*; do fd=${fd##*/}; [ "$fd" -le 2 ] || eval "exec $fd>&-"; done
		exec prlimit --nofile="$1" -- "$(command -v "$2")" "${@:3}"' - "$@"
}

# as_root: skips a test that an ordinary user cannot run
as_root() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
}

# as_user UID COMMAND...: for root; runs copies, as the build may be out of reach
as_user() {
	local uid=$1 copy=$BATS_TEST_TMPDIR/bin
	shift
	if [ ! -d "$copy" ]; then
		chmod a+x "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
		mkdir "$copy"
		# shellcheck disable=SC2046,SC2086  # words
		cp $(command -v ${PROGRAMS:-ipc-fifo ipc-ls ipc-mmap ipc-mq ipc-pipe ipc-rm ipc-shm}) "$peer" "$copy"
	fi
	PATH=$copy:$PATH setpriv --reuid="$uid" --regid="$uid" --clear-groups \
		--inh-caps=-all --bounding-set=-all "$@"
}
