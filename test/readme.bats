#!/usr/bin/env bats
# the examples of README and of the man pages, run as they stand there
#
# A line of four blanks, "$" and a blank is a command, and one with ">" goes on with
# it; the other lines of four blanks behind it are what it prints, on both outputs.
# There "..." is any text, and a line of it any lines.  The commands of a document run
# in one shell; a System V queue, which cannot have the name of the test, is in $q.
# shellcheck disable=SC2154  # srcdir comes from test/run

load helper

# examples FILE: its lines; those of roff are made plain
examples() {
	case $1 in
	*.h2m | *.[1-8]) sed "s/\\\\-/-/g; s/\\\\(aq/'/g; s/\\\\e/\\\\/g" "$1" ;;
	*) cat "$1" ;;
	esac | sed "s,/jobs,$NAME,g; s,/board,$NAME,g; s,/more,$NAME-2,g; \$a\\
end"
}

# matches WANTED: whether ../printed is that, with "..." for any text
matches() {
	local pattern=${1//\\/\\\\}
	pattern=${pattern//[/\\[}
	pattern=${pattern//\*/\\*}
	pattern=${pattern//\?/\\?}
	pattern=${pattern//.../*}
	# shellcheck disable=SC2053  # it is a pattern
	[[ $(cat ../printed) == $pattern ]]
}

# check COMMAND WANTED: runs it in this shell and compares what it prints
check() {
	[ -n "$1" ] || return 0
	eval "$1" >../printed 2>&1
	examples_run=$((examples_run + 1))
	matches "$2" && return
	printf 'command: %s\nwanted:\n%s\nprinted:\n%s\n' "$1" "$2" "$(cat ../printed)"
	return 1
}

# run_all FILE LEAST: each command, in a directory of their own; LEAST are there
run_all() {
	local command='' wanted='' line examples_run=0
	mkdir work && cd work || return
	exec 4< <(examples "$1")
	while IFS= read -r -u 4 line; do
		case $line in
		'    $ '*)
			check "$command" "$wanted" || return
			command=${line#'    $ '} wanted='' ;;
		'    > '*)
			command+=$'\n'${line#'    > '} ;;
		'    '*)
			wanted+=${wanted:+$'\n'}${line#'    '} ;;
		*)
			check "$command" "$wanted" || return
			command='' wanted='' ;;
		esac
	done
	echo "$examples_run examples"
	[ "$examples_run" -ge "$2" ]
}

# run_examples FILE LEAST: the same, and what is left of $q goes, whatever came of it
run_examples() {
	local q='' result=0
	run_all "$@" || result=$?
	[ -z "$q" ] || ipc-mq rm -f "$q"
	[ -z "$q" ] || ipc-shm rm -f "$q"
	return "$result"
}

@test "every example of README prints what README says" {
	run_examples "$srcdir/README" 20
}

@test "every example of ipc-mq(1) prints what the page says" {
	run_examples "$srcdir/man/ipc-mq.h2m" 15
}

@test "every example of ipc-shm(1) prints what the page says" {
	run_examples "$srcdir/man/ipc-shm.h2m" 10
}

@test "every example of ipc-mmap(1) prints what the page says" {
	run_examples "$srcdir/man/ipc-mmap.h2m" 7
}

@test "every example of ipc-ls(1) prints what the page says" {
	run_examples "$srcdir/man/ipc-ls.h2m" 12
}

@test "every example of ipc-fifo(1) prints what the page says" {
	run_examples "$srcdir/man/ipc-fifo.h2m" 9
}

@test "every example of ipc-pipe(1) prints what the page says" {
	run_examples "$srcdir/man/ipc-pipe.h2m" 11
}

@test "every example of ipc-rm(1) prints what the page says" {
	run_examples "$srcdir/man/ipc-rm.h2m" 9
}

@test "every example of ipcutil(7) prints what the page says" {
	run_examples "$srcdir/man/ipcutil.7" 15
}
