#!/usr/bin/env bats
# bench: what make bench runs, in its smallest form; times are not judged

# shellcheck disable=SC2030,SC2031,SC2154  # bats sets some; each test is a subshell
load helper

setup_file() {
	local sources=$srcdir/test/bench bench=$BATS_FILE_TMPDIR/test/bench flags sanitized=()
	mkdir -p "$bench"
	for program in $PROGRAMS; do
		ln -s "$builddir/$program" "$BATS_FILE_TMPDIR"
	done
	flags=(-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wconversion -Werror)
	! nm -u "$builddir/libipcutil.a" 2>/dev/null | grep -q __asan_ ||
		sanitized=("-fsanitize=address,undefined")
	cat >"$bench/plain" <<-END
		#!/bin/sh
		[ "\$1" = create ] || exec "$bench/really-plain" "\$@"
		"$bench/really-plain" "\$@" | tee -a "\$TMPDIR/created"
	END
	chmod +x "$bench/plain"
	# shellcheck disable=SC2086  # CC may have options
	{
		${CC:-cc} "${flags[@]}" -o "$bench/really-plain" "$sources/plain.c"
		${CC:-cc} "${flags[@]}" -o "$bench/race" "$sources/race.c" "$sources/job.c"
		${CC:-cc} "${flags[@]}" -o "$bench/memory" "$sources/memory.c" "$sources/job.c"
		${CC:-cc} "${flags[@]}" -o "$bench/crowd" "$sources/crowd.c"
		for program in copy holders; do
			[ ! -e "$builddir/libipcutil.a" ] || ${CC:-cc} "${flags[@]}" "${sanitized[@]}" \
				-I "$srcdir/lib" -o "$bench/$program" "$sources/$program.c" "$builddir/libipcutil.a"
		done
	}
}

# bench [SETTING]... [OPTION]...: a very short one
bench() {
	timeout 120 env builddir="$BATS_FILE_TMPDIR" PREFIX="$NAME" ROUNDS=1 MESSAGES=20 \
		MEBIBYTES=1 LOADS=quiet "$@"
}

# running: $pid is that of the bench, which is not that of another test
running() {
	for pid in $(pgrep -f "^/bin/bash $srcdir/test/bench/run"); do
		! grep -q -z -x -F -e "PREFIX=$NAME" "/proc/$pid/environ" || return 0
	done
	return 1
}

# nothing_left: no queue, process or file of the bench is there any more
nothing_left() {
	local kept
	kept=$(
		ipc-mq ls -q -r --noheadings -o ADDRESS | grep -F -e "$NAME-bench-"
		ipcs -q | awk '/^0x/ { print "id:" $2 }' | grep -xF -f created
		grep -l -s -z -x -F -e "PREFIX=$NAME" /proc/[0-9]*/environ
		find . -name 'tmp.*'
	)
	echo "$kept"
	[ -s created ] && [ -z "$kept" ]
}

# with_ipc_mq: what stdin has takes its place for the bench
with_ipc_mq() {
	mkdir -p mine/test
	ln -s "$BATS_FILE_TMPDIR/test/bench" mine/test/bench
	cat >mine/ipc-mq
	chmod +x mine/ipc-mq
}

@test "every table has its floor, the floor again and what is measured, and each goal is told" {
	bench CASES="one-shot stream-posix stream-sysv-64-file memory" "$srcdir/test/bench/run" >out
	cat out
	[ "$(grep -c '^stream-posix-.*, as it is$' out)" -eq 4 ]
	[ "$(grep -c '^\(/bin/true\|plain C loops\)  .*' out)" -eq "$(grep -c 'again: the noise  ' out)" ]
	grep -qE '^ipc-mq write +[0-9.]+ +[0-9.]+ \.\. [0-9.]+ +[0-9.]+ ' out
	grep -qE '^goal: ipc-mq (write|read) at most 1\.05 of /bin/true: (met|missed|too much noise to tell) \([0-9.]+\)$' out
	grep -qE '^goal: ipc-mq write to ipc-mq read at least 0\.8 of plain C loops: (met|missed|too much noise to tell) \([0-9.]+\)$' out
	grep -qx 'goal: ipc-mq -l grows at most 256 KiB: met (0)' out
	nothing_left
}

# no_crowd: of the processes of the bench and their files, none is there any more
no_crowd() {
	! pgrep -f "$NAME-bench-" && ! compgen -G "/dev/shm$NAME-bench-*"
}

@test "who has files is asked of the library and of lsof and fuser, where they are" {
	[ -e "$BATS_FILE_TMPDIR/test/bench/holders" ] || skip "no library here"
	bench CASES=holders-1000 "$srcdir/test/bench/run" >out
	cat out
	for peer in lsof fuser; do
		if command -v $peer; then
			grep -q "^holders-1000: who has 100 files, beside $peer.*, as it is\$" out
			grep -qE "^goal: libipcutil at most 0\.[25] of $peer.*: (met|missed|too much noise to tell) \(" out
		else
			grep -qx "holders-1000: $peer is left out: it is not installed" out
		fi
	done
	no_crowd
}

@test "ipc-ls is beside lsof, fuser and lsipc, where they are" {
	bench CASES=ls-1000 "$srcdir/test/bench/run" >out
	for peer in lsof fuser lsipc; do
		if command -v "$peer"; then
			grep -q "^ls-1000: shared memory of 1000 processes, beside $peer.*, as it is\$" out
			grep -q "^goal: ipc-ls --type shm at most .* of $peer" out
		else
			grep -qx "ls-1000: $peer is left out: it is not installed" out
		fi
	done
	no_crowd
}

@test "ipc-ls has a table for its memory with few objects and with many" {
	bench CASES=ls-memory "$srcdir/test/bench/run" >out
	cat out
	for form in '' ' --json'; do
		[ "$(grep -cE "^goal: ipc-ls --type shm$form at most 1 of 4 MiB and 2 KiB an object: (met|missed)" out)" -eq 2 ]
	done
	no_crowd
}

@test "a crowd ends with the bench, however that ends" {
	[ -e "$BATS_FILE_TMPDIR/test/bench/holders" ] || skip "no library here"
	for signal in INT KILL; do
		rm -f out	# of the one before
		bench CASES=holders-1000 ROUNDS=100000 setsid env --default-signal=INT \
			"$srcdir/test/bench/run" >out 2>&1 3>&- &
		within 60 grep -q '^(before' out
		running
		kill -$signal "$pid"
		ends_with $((128 + $(kill -l $signal))) $!
		within 60 no_crowd
	done
}

@test "a crowd that cannot be complete fails, and nothing of it stays" {
	mkdir "/dev/shm$NAME-bench-x-5"
	run -1 "$BATS_FILE_TMPDIR/test/bench/crowd" 20 9 "$NAME-bench-x" 3 </dev/null
	rmdir "/dev/shm$NAME-bench-x-5"
	[[ $output == "crowd: make '$NAME-bench-x-5': "* ]]
	no_crowd
	run -1 few_descriptors 4 "$BATS_FILE_TMPDIR/test/bench/crowd" 20 9 "$NAME-bench-x" 3 </dev/null
	[[ $output == 'crowd: pipe: '* ]]
	no_crowd
}

@test "what is not there is left out with a line that says so" {
	bench CASES=one-shot-sysv PERL=/no/such/perl "$srcdir/test/bench/run" >out
	grep -qx 'one-shot-sysv: IPC::SysV of Perl is left out: it is not installed' out
	run ! grep -q '^IPC::SysV of Perl write' out
}

@test "beside busy loops, which end with it" {
	bench CASES=stream-posix-64-pipe LOADS=busy "$srcdir/test/bench/run" >out
	grep -q 'beside one busy loop for each CPU$' out
	nothing_left
}

@test "copying has a table for each pair of ends and each program beside it" {
	[ -x "$BATS_FILE_TMPDIR/test/bench/copy" ] || skip "no library here"
	bench CASES=copy "$srcdir/test/bench/run" >out
	cat out
	grep -qE '^goal: ipc_copy at least 1\.4 of cat: (met|missed|too much noise to tell) \([0-9.]+\)$' out
	[ "$(grep -c '^thousand KiB/s ' out)" -ge 5 ]
	command -v pv || grep -q '^copy-pipe-pv: pv is left out: it is not installed$' out
	run ! ls -d "/dev/shm/$NAME-bench-"*
}

@test "what goes through pipes and FIFOs has a table for each sink, with all that is there" {
	[ -x "$BATS_FILE_TMPDIR/test/bench/copy" ] || skip "no library here"
	bench CASES="pipe- fifo" "$srcdir/test/bench/run" >out
	cat out
	[ "$(grep -c '^thousand KiB/s ' out)" -eq 8 ]
	[ "$(grep -cE '^goal: cat\|cat at most (0\.25|1) of ipc.*\|ipc.*: (met|missed|too much noise to tell) \([0-9.]+\)$' out)" -eq 8 ]
	[ "$(grep -cE '^goal: cat\|cat at least 3 of ipc.*\|ipc.*: (met|missed|too much noise to tell) \([0-9.]+\)$' out)" -eq 2 ]
	[ "$(grep -cE '^goal: ipc.*\|ipc.* grows at most 256 KiB: met' out)" -eq 2 ]
	for peer in pv mbuffer socat; do
		command -v $peer || grep -q "^fifo-null: $peer is left out: it is not installed\$" out
	done
	run ! compgen -G "/dev/shm$NAME-bench-*"
}

@test "ipc-shm has a table for adding, for each way of bytes, and for its memory" {
	[ -x "$BATS_FILE_TMPDIR/test/bench/copy" ] || skip "no library here"
	bench CASES=shm "$srcdir/test/bench/run" >out
	cat out
	for goal in 'add at most 1\.05 of /bin/true' 'create --from-stdin at least 1 of cp' \
		'write at least 1\.15 of cat' 'read at least 1\.4 of cat' 'read at least 1 of dd' \
		'write at most 1\.5 of cat, in'; do
		grep -qE "^goal: ipc-shm $goal: (met|missed|too much noise to tell) \([0-9.]+\)$" out
	done
	run ! compgen -G "/dev/shm$NAME-bench-*"
}

@test "INT and TERM end all of it, and nothing is left" {
	for signal in INT TERM; do
		rm -f out	# of the one before
		bench CASES=stream ROUNDS=100000 LOADS=busy setsid env --default-signal=INT \
			"$srcdir/test/bench/run" >out 2>&1 3>&- &
		within 60 grep -q '^(before' out
		running
		kill -$signal "$pid"
		ends_with $((128 + $(kill -l $signal))) $!
		within 20 nothing_left
	done
}

@test "bytes that come out otherwise end it before anything is timed" {
	with_ipc_mq <<-END
		#!/bin/sh
		$builddir/ipc-mq "\$@" | tr 1o 23
	END
	for table in one-shot-posix stream-posix-64-file; do
		run -1 bench CASES=$table builddir=mine "$srcdir/test/bench/run"
		echo "$output"
		[[ $output == *"is not what went in"* && $output != *median* ]]
	done
	nothing_left
}

@test "a program that fails ends it, also when another waits for it" {
	with_ipc_mq <<-'END'
		#!/bin/sh
		exit 9
	END
	run -1 bench CASES=stream-posix-64-file builddir=mine "$srcdir/test/bench/run"
	[[ $output == *"failed with status 9"* ]]
	nothing_left
}

@test "a table that is not there is wrong usage, which names those that are" {
	run -2 bench CASES='one-shot-sysv no-such' "$srcdir/test/bench/run"
	[[ $output == *"one-shot-posix "*" memory-sysv"* ]]
}

@test "a goal is met, or missed, or noise hides it" {
	race=$BATS_FILE_TMPDIR/test/bench/race
	floor=(-m -r 1 -t Title floor - /bin/true ';' again -)	# memory, as times differ with the load
	run -0 "$race" "${floor[@]}" /bin/true ';' large 2 /bin/true ';'
	[[ $output == *"goal: large at most 2 of floor: met ("* ]]
	run -3 "$race" "${floor[@]}" /bin/true ';' small 0.5 /bin/true ';'
	[[ $output == *"goal: small at most 0.5 of floor: missed ("* ]]
	run -0 "$race" "${floor[@]}" /bin/bash -c : ';' small 0.5 /bin/true ';'
	[[ $output == *"goal: small at most 0.5 of floor: too much noise to tell ("* ]]
}

@test "a missed goal fails only where asked to" {
	mkdir -p mine/test/bench
	ln -s "$BATS_FILE_TMPDIR/ipc-mq" mine/ipc-mq
	ln -s "$BATS_FILE_TMPDIR/test/bench/plain" mine/test/bench/plain
	printf '#!/bin/sh\nexit 3\n' >mine/test/bench/race
	chmod +x mine/test/bench/race
	bench CASES=one-shot-posix builddir=mine "$srcdir/test/bench/run"
	run -3 bench CASES=one-shot-posix builddir=mine "$srcdir/test/bench/run" --strict
}
