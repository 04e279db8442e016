# through.bash - part of run: the streams that go through two copies, one behind the other
# shellcheck shell=bash disable=SC2154  # run sets them

# through_row NAME GOAL: of $writer and $reader, after a look whether all comes through
through_row() {
	local came=$dir/came
	case $what in
	pipe) "${writer[@]}" <"$piece" | "${reader[@]}" >"$came" ;;
	fifo) "${writer[@]}" <"$piece" & "${reader[@]}" >"$came" && wait $! ;;
	esac || fail "$table: $1 failed"
	cmp -s "$piece" "$came" || fail "$table: what comes through $1 is not what went in"
	case $kind in
	memory) row "$1" "$2" "${writer[@]}" "$between" "${reader[@]}" ;;
	*) row "$1" "$2" "$copy" "$generator" "$MEBIBYTES" '|' "${writer[@]}" "$between" "${reader[@]}" "${sink[@]}" ;;
	esac
}

# by COPY...: the two are COPY, from its input to its output
by() {
	writer=("$@") reader=("$@")
	[ "$what" = fifo ] || return 0
	# shellcheck disable=SC2016  # they are of the shell that is measured
	writer=("$(type -P sh)" -c 'exec "$@" >"$0"' "$fifo" "$@") reader=("$(type -P sh)" -c 'exec "$@" <"$0"' "$fifo" "$@")
}

# by_ours: the two are the program's, and $ours is their name; the library's if there is none
by_ours() {
	local program=$builddir/ipc-$what
	ours='ipc_copy|ipc_copy'
	by "$copy"
	[ -x "$program" ] || return 0
	ours="ipc-$what write|ipc-$what read"
	case $what in
	pipe) writer=("$program" write fd:1) reader=("$program" read fd:0) ;;
	fifo) writer=("$program" write "$fifo") reader=("$program" read "$fifo") ;;
	esac
}

# peer_rows: those of others, and how near to ours they may come; what a file takes in is
# the same for all, and more time is worse, which generator and reader have, too
peer_rows() {
	local of goals='cat/0.25 pv/0.909 mbuffer/1 socat/1 dd/1'
	case $kind in
	file) goals=${goals/0.25/1} ;;
	cpu) goals='cat/3 pv/1.1 mbuffer/1 socat/1 dd/1' ;;
	esac
	for of in $goals; do
		copying "${of%/*}" || continue
		by "${peer[@]}"
		through_row "${of%/*}|${of%/*}" "${of#*/}"
	done
}

# memory_of_both: of our two processes, in KiB
memory_of_both() {
	by "$(type -P cat)"
	through_row 'cat|cat' -
	by_ours
	through_row "$ours" 256
	in_both_loads memory -f "$piece" -n $((MEBIBYTES << 20)) -t "$table: after 1/16 and after all of $MEBIBYTES MiB"
}

# through_table pipe|fifo SINK: a generator, and what is read, thrown away, or in a file;
# or "pipes" at both ends, of which neither copies a byte: what counts is between them
through_table() {
	local piece=$dir/piece fifo=$dir/fifo generator=--make sink=() between='|' ours writer reader
	[ -x "$copy" ] || fail "it is not built: make bench"
	[ -e "$piece" ] || head -c 3M /dev/urandom >"$piece" || fail "no room"
	[ "$1" = pipe ] || between='&'
	[ -p "$fifo" ] || mkfifo "$fifo" || fail "no FIFO"
	[ "$2" != memory ] || { memory_of_both && return; }
	case $2 in
	read | cpu) sink=('|' "$copy" --take) ;;
	pipes) generator=--lend sink=('|' "$copy" --drop) ;;
	file)
		[ -n "$memory_dir" ] || memory_dir=$(mktemp -d "/dev/shm/${prefix#/}-XXXXXX") ||
			fail "no shared memory"
		sink=('>' "$memory_dir/made")
		;;
	esac
	by_ours
	through_row "$ours" -
	through_row "$ours again: the noise" -
	[ ${#sink[@]} -eq 0 ] ||
		row 'nothing between: the limit' - "$copy" "$generator" "$MEBIBYTES" "${sink[@]}"
	by "$copy"
	[ "$ours" = 'ipc_copy|ipc_copy' ] || through_row 'ipc_copy|ipc_copy' -
	peer_rows
	if [ "$2" = cpu ]; then
		in_both_loads race -o -c -r "$ROUNDS" -t "$table: $MEBIBYTES MiB"
		return
	fi
	in_both_loads race -o -i $((MEBIBYTES << 10)) -u KiB -r "$ROUNDS" -t "$table: $MEBIBYTES MiB"
}
