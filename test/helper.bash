# helper.bash - what every test file starts from
# shellcheck disable=SC2034,SC2154  # bats sets and reads them

bats_require_minimum_version 1.5.0

setup() {
	NAME=${PREFIX:-/ipcutil-test-$$}-$BATS_TEST_NUMBER	# no test meets another's
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	local jobs
	mapfile -t jobs < <(jobs -p)
	[ ${#jobs[@]} -eq 0 ] || kill -9 "${jobs[@]}" 2>/dev/null || :
	ipc-mq rm -f "$NAME" "$NAME-2" "$NAME-3"
}

# fails_with STATUS MESSAGE COMMAND...: it says MESSAGE on stderr, and nothing else
fails_with() {
	local status_wanted=$1 message=$2
	shift 2
	run --separate-stderr "$@"
	echo "status $status, stdout '$output', stderr '$stderr'"
	[ "$status" -eq "$status_wanted" ] && [ -z "$output" ] && [ "$stderr" = "$message" ]
}

# fails STATUS COMMAND...: it says one line on stderr that begins with its name
fails() {
	local status_wanted=$1
	shift
	run --separate-stderr "$@"
	echo "status $status, stdout '$output', stderr '$stderr'"
	[ "$status" -eq "$status_wanted" ] && [ -z "$output" ] &&
		[ ${#stderr_lines[@]} -eq 1 ] && [[ $stderr == "$1: "* ]]
}

# within SECONDS COMMAND...: waits for the state in which COMMAND succeeds
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
	done
}

# asleep PID: it waits in a system call, and not for a moment
asleep() {
	[[ $(cut -d' ' -f3 "/proc/$1/stat" 2>/dev/null) == S ]]
}

# value COLUMN ADDRESS: one value of a queue
value() {
	ipc-mq inspect -r --noheadings -o "$1" "$2"
}

# as_root: skips a test that an ordinary user cannot run
as_root() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
}
