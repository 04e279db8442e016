#!/usr/bin/env bats
# ipc-rm: what sysadmins use it for
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154  # bats and the helper set them

load helper

# nobodys_uid: $uid, which no other test and no user has
nobodys_uid() {
	local prefix=${NAME%-*}
	uid=$((1100000000 + ${prefix##*-} * 100 + BATS_TEST_NUMBER))
}

# of_user UID OPTION...: ipc-rm for what belongs to UID
of_user() {
	ipc-rm --user "$1" --idle --older-than 1ms "${@:2}"
}

@test "100 segments that a killed job left are found and removed, and one that is still mapped survives" {
	as_root
	nobodys_uid && chmod a+x "$PWD"
	# the job makes 100 segments of both kinds, and dies
	as_user "$uid" bash -c 'for ((i = 0; i < 50; i++)); do
			ipc-shm create -s 4K private && ipc-shm create -s 4K "$1-$i"
		done; kill -9 $$' job "$NAME" >left 2>/dev/null || :
	mapfile -t left <left && segments "${left[@]}"
	[ "${#left[@]}" -eq 100 ]
	"$peer" map "/dev/shm$NAME-7" >mapped 3>&- &
	within 10 grep -q ready mapped
	within 20 eval '! find /dev/shm -user $uid -newermt "-1 seconds" | grep -q .'
	run -0 --separate-stderr of_user "$uid" --type shm --dry-run -r --noheadings -o ADDRESS
	[ "${#lines[@]}" -eq 99 ] && [ "$stderr" = "ipc-rm: would remove 99, refused 0" ]
	run -0 --separate-stderr of_user "$uid" --type shm
	[ "$stderr" = "ipc-rm: removed 99, refused 0" ]
	[ "$(ipc-ls -q --user "$uid" --type shm -r --noheadings -o ADDRESS)" = "shm:$NAME-7" ]
	killed $!
	ipc-rm shm:"$NAME-7"
}

@test "the semaphores that a user leaked are removed, and root's are left" {
	as_root
	nobodys_uid
	set_of 2 && of_root=$set
	semaphore "$NAME"
	as_user "$uid" bash -c 'ipcmk -S 3; head -c 32 /dev/zero >/dev/shm/sem.$1' job "${NAME#/}-2" |
		sed -n 's/.*: /sem:id:/p' | tee -a "$MADE" >>sets
	within 20 eval '[ "$(of_user $uid --type sem --dry-run -r --noheadings -o ADDRESS 2>/dev/null | wc -l)" -eq 2 ]'
	# as that user, and as root for him
	run -0 --separate-stderr as_user "$uid" ipc-rm --idle --older-than 1ms --type sem --name "${NAME#/}-2"
	[ "$stderr" = "ipc-rm: removed 1, refused 0" ]
	run -0 --separate-stderr of_user "$uid" --type sem
	[ "$stderr" = "ipc-rm: removed 1, refused 0" ]
	ipc-rm "sem:$of_root" "sem:$NAME"
}

# It runs from a directory of the test, as a user with a group that has nothing else.
@test "a PostgreSQL server is never harmed, whether it runs or was killed and starts again" {
	as_root
	postgres=$(find /usr/lib/postgresql/*/bin -name postgres 2>/dev/null | sort -V | tail -n 1)
	[ -n "$postgres" ] || skip "no PostgreSQL here"
	nobodys_uid && user=daemon group=$uid data=$(mktemp -d)
	chown "$user" "$data"
	as_daemon() {
		(cd / && exec setpriv --reuid="$user" --regid="$group" --clear-groups "${postgres%/*}/$1" "${@:2}")
	}
	server() {
		as_daemon postgres -D "$data/db" -k "$data" -c listen_addresses= -c shared_memory_type="$1" \
			-c dynamic_shared_memory_type="${2-posix}" >"$data/log" 2>&1 3>&- &
		within 30 holds_all
		server=$(head -n 1 "$data/db/postmaster.pid")
		others+=("$server")
	}
	holds_all() {
		[ "$(as_daemon psql -h "$data" -qAt postgres -c 'select count(*) from t' 2>/dev/null)" = 1000 ]
	}
	clean() {
		ipc-rm --stale --user "$user:$group" --under "$data" || :
		ipc-rm --idle --older-than 1ms --user "$user:$group" --under "$data" || :
	}
	as_daemon initdb -D "$data/db" >/dev/null
	as_daemon postgres --single -D "$data/db" postgres >/dev/null \
		<<<'create table t as select generate_series(1, 1000) x'
	for memory in mmap sysv; do
		server "$memory"
		sleep 1.1	# what is younger is left in any case
		clean
		holds_all
		kill -9 "$server"
		within 10 eval '! pgrep -u "$user" -G "$group" -r R,S,D postgres'
		clean
		server "$memory"
		clean
		holds_all
		kill -INT "$server"
		within 10 ended "$server"
	done
	[ -z "$(ipc-ls -q --user "$user:$group" --type shm,sem -r --noheadings -o ADDRESS)" ]
	rm -r "$data"
}

@test "a container sees and removes only its own" {
	as_root
	unshare --ipc --pid --fork true 2>/dev/null || skip "no namespaces here"
	segment=$(ipc-shm create -s 4K private) && segments "$segment"
	unshare --ipc --pid --mount --fork --mount-proc bash -c '
		mount -t tmpfs none /dev/shm || exit
		ipc-shm create -q -s 4K private >own
		sleep 1.1
		ipc-rm --idle --older-than 1ms --type shm --dry-run -r --noheadings -o ADDRESS
		ipc-rm --idle --older-than 1ms --type shm' 2>said >removed
	[ "$(cat removed)" = "shm:$(cat own)" ]
	[ "$(cat said)" = $'ipc-rm: would remove 1, refused 0\nipc-rm: removed 1, refused 0' ]
	ipc-rm shm:"$segment"
}
