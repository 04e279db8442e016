#!/usr/bin/env bats
# quick: programs that are linked statically, and the whole ones that they go on as
# shellcheck disable=SC2016,SC2154  # other shells expand, and bats sets them

load helper

# made_quick: skips where the programs are not
made_quick() {
	[ -e "$builddir/ipc-shm-whole" ] || skip 'programs are linked with shared libraries here'
}

# alone: a quick program in $alone without its whole one, and an object
alone() {
	made_quick
	alone=$BATS_TEST_TMPDIR/ipc-shm
	cp "$builddir/ipc-shm" "$alone"
	[ ! -e "$(strings "$alone" | sed -n 's|/%s-whole$||p')/ipc-shm-whole" ] ||
		skip 'the whole ones are installed'
	ipc-shm create -s 8 "$NAME"	# there is no table of nothing
}

# calm PROGRAM: what it prints of $words, and its status, when others do not come too fast
calm() {
	local told
	for _ in {1..20}; do
		# shellcheck disable=SC2086
		told=$("$1" $words 2>&1; echo $?)
		[[ $told == *'processes come too fast'* ]] || break
	done
	printf '%s\n' "$told"
}

@test "a quick program and its whole one print the same" {
	made_quick
	ipc-shm create -s 8 "$NAME"
	local words
	for words in "inspect $NAME" "inspect -J $NAME" "inspect -r -o SIZE,USER $NAME" \
		"inspect -o NONE $NAME" "inspect $NAME-2" "--help" "ls --help" "--describe"; do
		diff <(calm ipc-shm) <(calm "$builddir/ipc-shm-whole")
	done
}

@test "what a quick program hands over are its words, descriptors and ignored signals" {
	made_quick
	ipc-shm create -s 8 "$NAME"
	diff <(ipc-shm inspect $'/a\nb  c' '' 2>&1) <("$builddir/ipc-shm-whole" inspect $'/a\nb  c' '' 2>&1)
	run -1 --separate-stderr bash -c 'ipc-shm inspect "$1" >&-' bash "$NAME"
	[[ $stderr == *"cannot write to standard output"* ]]
	run -0 bash -c 'trap "" PIPE; exec ipc-shm inspect "$1"' bash "$NAME"
	[[ $output == *"$NAME"* ]]
}

@test "what a quick program goes on as gets the signals that its caller ignores, and no other" {
	alone
	printf '#!/bin/sh\nexec grep SigIgn /proc/self/status\n' >"$alone-whole"
	chmod +x "$alone-whole"
	[ "$("$alone" ls)" = "$(sh -c 'exec grep SigIgn /proc/self/status')" ]
	[ "$(trap '' PIPE && exec "$alone" ls)" = "$(trap '' PIPE && exec grep SigIgn /proc/self/status)" ]
	[ "$("$alone" ls)" != "$(trap '' PIPE && exec "$alone" ls)" ]
}

@test "what a quick program goes on as has its name" {
	made_quick
	run -0 --separate-stderr ipc-pipe inspect -r --noheadings -o HOLDERS fd:0 < <(:)
	[[ $output == *:ipc-pipe ]]
}

@test "a quick program alone knows the names of passwd and group, and makes all but tables" {
	alone
	local user group
	user=$(stat -c %U "/dev/shm$NAME") group=$(stat -c %G "/dev/shm$NAME")
	[ "$user" != UNKNOWN ] || user=$(id -u)
	[ "$group" != UNKNOWN ] || group=$(stat -c %g "/dev/shm$NAME")
	run -0 --separate-stderr "$alone" inspect -r --noheadings -o USER,GROUP "$NAME"
	[ "$output" = "$user $group" ]
	"$alone" set --owner "$user:$group" "$NAME"
	run -2 "$alone" set --owner no-such-user "$NAME"
	run -1 --separate-stderr "$alone" ls
	[[ $stderr == *"cannot make a table: no whole program can be run from '/"*"'; --raw, --export and --json do without it" ]]
	[ -z "$output" ]
}

@test "a quick program goes on as no link, and as no program of another user" {
	alone
	printf '#!/bin/sh\necho planted\n' >"$BATS_TEST_TMPDIR/planted"
	chmod +x "$BATS_TEST_TMPDIR/planted"
	ln -s planted "$alone-whole"
	run -1 "$alone" ls
	[[ $output != *planted* ]]
	rm "$alone-whole"
	cp "$BATS_TEST_TMPDIR/planted" "$alone-whole"
	run -0 "$alone" ls
	[ "$output" = planted ]
	[ "$(id -u)" -eq 0 ] || skip 'only root gives files away'
	chown 65534 "$alone-whole"
	run -1 "$alone" ls
	[[ $output != *planted* ]]
}

@test "a quick program with privileges of its own goes on as none beside it" {
	[ "$(id -u)" -eq 0 ] || skip 'only root gives privileges'
	alone
	local as_nobody=(setpriv --reuid=65534 --clear-groups --inh-caps=-all)
	cp "$(type -P id)" id
	chmod u+s id
	chmod a+x . .. ../..
	[ "$("${as_nobody[@]}" ./id -u)" = 0 ] || skip 'no program gives privileges here'
	printf '#!/bin/sh\necho planted\n' >"$alone-whole"
	chmod 755 "$alone-whole"
	run -0 "${as_nobody[@]}" "$alone" ls
	[ "$output" = planted ]
	chmod u+s "$alone"
	run -1 "${as_nobody[@]}" "$alone" ls
	[[ $output != *planted* ]]
}
