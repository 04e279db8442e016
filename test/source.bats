#!/usr/bin/env bats
# source: the tree itself: its layers, its headers, and how the programs are linked
# shellcheck disable=SC2086,SC2154  # $PROGRAMS is a list; bats sets the others

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	library=$builddir/libipcutil.a
}

# needs FILE...: skips where the files are not, as in the copy that nobody has
needs() {
	local file
	for file; do
		[ -e "$file" ] || skip "no ${file##*/} here"
	done
}

# not_sanitized: sanitizers add symbols, sections and libraries of their own
not_sanitized() {
	! nm -u "$builddir/${PROGRAMS%% *}" 2>/dev/null | grep -qE '__(asan|ubsan)_' ||
		skip "built with sanitizers"
}

# hardened: --disable-hardening leaves the marks of it out
hardened() {
	needs "$builddir/Makefile"
	grep -q '^HARDENING_LDFLAGS = .*relro' "$builddir/Makefile" || skip "not hardened"
}

# shared PROGRAM: the one that is linked with the shared libc: itself, or the whole one
shared() {
	[ ! -e "$builddir/$1-whole" ] || set -- "$1-whole"
	echo "$builddir/$1"
}

# references ARCHIVE: the symbols that its objects want from others
references() {
	nm -u "$1" | sed -n 's/^ *[Uw] //p' | sort -u
}

# none_of PATTERN: fails, and tells, when a line matches all of it
none_of() {
	run ! grep -xE -e "$1"
}

@test "the library prints nothing" {
	needs "$library"
	references "$library" | none_of '(__)?(v|f|vf|d|vd|ob|w|fw|vw|vfw)?printf(_chk)?(_unlocked)?'
	references "$library" | none_of '_?_?(f?put[cs]|putchar|fputs|fwrite|puts|putw?c|fput?w[cs])(_unlocked)?(_chk)?'
	references "$library" | none_of '(perror|psignal|psiginfo|stdout|stderr|_IO_put[cs]|__overflow|syslog|__syslog_chk)'
}

# One in the background is a process of its own: what it is not allowed, nobody else is.
@test "the library ends no process, and one file alone makes any" {
	needs "$library"
	run ! grep -vE 'background\.o:|scan-pass\.o:.* close_range' <(nm -A -u "$library" | grep -E ' U (_exit|fork)(@.*)?$')
	references "$library" | none_of '(exit|_Exit|quick_exit|abort|atexit|on_exit|pthread_exit|raise|kill|__libc_start_main)'
	references "$library" | none_of '(exec[lv]p?e?|execveat|fexecve|vfork|system|popen|posix_spawnp?)'
}

@test "the library reports by its own means, and reads no command line or environment" {
	needs "$library"
	references "$library" | none_of 'v?(err|warn)[xc]?|error(_at_line)?|getopt(_long(_only)?)?|optarg|optind|argp_parse'
	references "$library" | none_of '(secure_)?getenv|environ|setlocale|signal|umask|setenv|putenv'
	run ! grep -vE 'background\.o:|scan-pass\.o:.* close_range' <(nm -A -u "$library" | grep -E ' U (chdir|close_range|setsid|setresuid)(@.*)?$')
}

# As no call of the kernel waits for a System V queue and for a time, too: that file puts
# back what it changed before it returns.  One in the background changes only its own.
@test "the library changes what signals do for the length of a call, or in the background" {
	needs "$library"
	not_sanitized
	run ! grep -v 'interrupt\.o:\|fault\.o:\|background\.o:.* sigaction' <(
		nm -A -u "$library" | grep -E ' U (sigaction|sigaltstack|timer_create|timer_settime|setitimer|alarm)(@.*)?$')
}

@test "the library needs libc alone" {
	needs "$library"
	not_sanitized
	echo 'int main(void) { return 0; }' >main.c
	${CC:-cc} -o main main.c -nodefaultlibs -Wl,--whole-archive "$library" -Wl,--no-whole-archive \
		-lc -lgcc
}

@test "the library includes nothing of the programs, of libbsd or of libsmartcols" {
	needs "$srcdir/lib" "$srcdir/cmd"
	for header in "$srcdir"/cmd/*.h; do
		[ ! -e "$srcdir/lib/${header##*/}" ] || continue
		run ! grep -vF "<ipcutil/${header##*/}>" <(
			grep -rnE "# *include *[<\"](.*/)?${header##*/}[>\"]" "$srcdir/lib")
	done
	run ! grep -rnE '# *include *<(bsd/|libsmartcols|getopt|err\.h|error\.h)' "$srcdir/lib"
	run ! grep -rn 'cmd/' "$srcdir/lib" --include='*.[ch]'
}

@test "the programs reach the library by its public headers alone" {
	needs "$srcdir/lib" "$srcdir/cmd"
	for header in "$srcdir"/lib/*.h; do
		[ ! -e "$srcdir/cmd/${header##*/}" ] || continue
		run ! grep -nE "# *include *\"(\.\./lib/)?${header##*/}\"" "$srcdir"/cmd/*.[ch]
	done
}

@test "all global symbols of the library are its own by name" {
	needs "$library"
	nm -g --defined-only "$library" | awk 'NF == 3 { print $3 }' | grep -v '^__odr_asan' >symbols
	[ -s symbols ]
	run ! grep -vE '^ipc_' symbols
	uniq -d <(sort symbols) >twice
	[ ! -s twice ]
}

@test "every function that a public header promises is there, and no other is public" {
	needs "$library" "$srcdir/lib/ipcutil"
	nm -g --defined-only "$library" | awk '$2 == "T" && $3 !~ /^ipc_((background|copy|fault|memory_(append|draft|file|put|sysv)|shm_(posix|sysv|dir)|sysv|mq_posix|mq_sysv|mq_piece|mq_turn|lock|mqueuefs|interrupt|proc|scan|thread|owner|ledger|registry|guardian|guard_renew|layer|directory)_|walk$|inventory_add_item$|fifo_find$|become(_root)?$|limits_users$|removal_(fail|other|reword|lease|become|may_unstick)$|sock_(table_.*|is_same_name|is_gone_for|probe_file)$|pipe_device$|object_(generation|made_with|has_row|is_gone|is_on|look)$|word_(cut|wake(_written)?|wait_looking)$|memory_(cut|type_name|change_mode|foreign|kind|other_failed|part|place|relay|size_now)$|mq_(waited|foreign)$)/ { print $3 }' | sort >made
	sed 's|/\*.*\*/||; /^\/\*/,/\*\//d' "$srcdir"/lib/ipcutil/*.h |
		grep -oE '^[a-z].*\<(ipc_[a-z_0-9]+)\(' | grep -oE 'ipc_[a-z_0-9]+\($' | tr -d '(' |
		sort >promised
	[ -s promised ]
	diff promised made
}

@test "no variable of the library or the programs outlives a call" {
	needs "$library" "$builddir/libcli.a"
	not_sanitized
	for file in "$library" "$builddir/libcli.a" "$builddir"/cmd/ipc-*.o; do
		objdump -t "$file" | awk '
			NF > 4 && $(NF - 2) ~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ && $(NF - 2) !~ /^\.data\.rel\.ro/ &&
			$(NF - 1) !~ /^0+$/ { print }' >writable
		run ! grep . writable
	done
}

@test "no static variable in the sources is without const" {
	needs "$srcdir/lib" "$srcdir/cmd"
	run ! grep -nE '^[[:space:]]*(static|_Thread_local|__thread) [^(]*[;=[]' <(
		grep -hv '\<const\>' "$srcdir"/lib/*.[ch] "$srcdir"/cmd/*.[ch])
}

@test "each public header compiles alone, as C11 and as C++" {
	needs "$srcdir/lib/ipcutil"
	for header in "$srcdir"/lib/ipcutil/*.h; do
		echo "#include <ipcutil/${header##*/}>" >alone.c
		${CC:-cc} -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Werror -I "$srcdir/lib" \
			-fsyntax-only alone.c
		! command -v c++ >/dev/null ||
			c++ -std=c++11 -Wall -Wextra -Werror -I "$srcdir/lib" -fsyntax-only -x c++ alone.c
	done
}

@test "C++ can call what the public headers declare" {
	needs "$library" "$srcdir/lib/ipcutil"
	command -v c++ >/dev/null || skip "no C++ here"
	not_sanitized
	cat >call.cc <<-'END'
		#include <ipcutil/mq.h>
		int main()
		{
			struct ipc_address address;
			uint64_t number;
			return ipc_address_mq("/a", &address, nullptr) != 0 || !ipc_number("1", 10, 1, &number);
		}
	END
	c++ -I "$srcdir/lib" -o call call.cc "$library"
	./call
}

@test "each header of a program compiles alone" {
	needs "$srcdir/cmd"
	for header in "$srcdir"/cmd/*.h "$srcdir"/lib/*.h; do
		printf '#include "%s"\nint main(void);\n' "$header" >alone.c
		[ "${header##*/}" != message.h ] ||
			echo 'static const struct framing bare = NO_FRAMING; int main(void) { return bare.lines; }' >>alone.c
		${CC:-cc} -std=gnu11 -D_GNU_SOURCE -I "$srcdir/lib" -I "$srcdir/cmd" -fsyntax-only alone.c
	done
}

@test "each header guards itself by its own name" {
	needs "$srcdir/lib" "$srcdir/cmd"
	for header in "$srcdir"/lib/ipcutil/*.h "$srcdir"/lib/*.h "$srcdir"/cmd/*.h "$srcdir"/test/*.h; do
		guard=$(basename "$header" | tr 'a-z.-' 'A-Z__')
		case $header in
		"$srcdir"/lib/ipcutil/*) guard=IPCUTIL_$guard ;;
		esac
		grep -qx "#ifndef $guard" "$header"
		grep -qx "#define $guard" "$header"
	done
}

@test "each source file says in its first lines what it is for" {
	needs "$srcdir/lib" "$srcdir/cmd"
	for file in "$srcdir"/lib/ipcutil/*.h "$srcdir"/lib/*.[ch] "$srcdir"/cmd/*.[ch] "$srcdir"/test/*.[ch]; do
		name=$(basename "$file" .c)
		head -2 "$file" | grep -qE "^(/\*| \*) ($name|$name\.c) - "
	done
}

@test "every source and header is in Makefile.am, each public header among those installed" {
	needs "$srcdir/Makefile.am"
	installed=$(sed -e :a -e '/\\$/N; s/\\\n//; ta' "$srcdir/Makefile.am" |
		sed -n 's/^ipcutilinclude_HEADERS *+*= *//p')
	for header in "$srcdir"/lib/ipcutil/*.h; do
		grep -qw "lib/ipcutil/${header##*/}" <<<"$installed"
	done
	for file in "$srcdir"/lib/*.[ch] "$srcdir"/cmd/*.[ch]; do
		grep -qE "(^|[[:blank:]=])${file#"$srcdir"/}( |\$)" "$srcdir/Makefile.am" || {
			echo "no $file"
			false
		}
	done
}

@test "programs are position-independent, with full relro and no executable stack" {
	not_sanitized
	hardened
	for program in $PROGRAMS; do
		readelf -hW "$builddir/$program" | grep -q 'Type: *DYN'
		readelf -lW "$builddir/$program" | grep -q ' GNU_RELRO '
		readelf -dW "$builddir/$program" | grep -qE 'FLAGS.*(BIND_)?NOW'
		readelf -dW "$builddir/$program" | grep -qE 'FLAGS_1.*PIE'
		readelf -lW "$builddir/$program" | grep -qE ' GNU_STACK .* RW  '
		run ! grep -E ' LOAD .* RWE ' <(readelf -lW "$builddir/$program")
		run ! grep -E 'TEXTREL|RPATH|RUNPATH' <(readelf -dW "$builddir/$program")
	done
}

@test "programs are fortified and have a stack protector" {
	not_sanitized
	hardened
	for program in $PROGRAMS; do
		nm -D "$(shared "$program")" | grep -q '__stack_chk_fail'
		nm -D "$(shared "$program")" | grep -q '_chk@'
	done
}

@test "quick programs need no shared library, and stand where the kernel puts them" {
	local program count=0
	for program in $PROGRAMS; do
		[ -e "$builddir/$program-whole" ] || continue
		run ! grep -E 'NEEDED|INTERP' <(readelf -dlW "$builddir/$program")
		[ ! -e "$builddir/Makefile" ] || ! grep -q '^QUICK_LDFLAGS = *-static-pie' "$builddir/Makefile" ||
			grep -q 'Type: *DYN' <(readelf -hW "$builddir/$program")
		count=$((count + 1))
	done
	[ "$count" -gt 0 ] || skip 'configured without them'
}

@test "what takes shared libraries is called in whole.c alone" {
	needs "$srcdir/lib" "$srcdir/cmd"
	calls='(get(pw|gr)(nam|uid|gid|ent)(_r)?|(user|group)_from_[ug]id|getgrouplist|getaddrinfo|gethostby[a-z]+|iconv_open|dlopen)'
	grep -qE "\b$calls\(" "$srcdir/cmd/whole.c"
	run ! grep -nE "\b$calls\(" --exclude=whole.c "$srcdir"/cmd/*.c "$srcdir"/lib/*.c
}

@test "programs need no shared library but libc" {
	not_sanitized
	for program in $PROGRAMS; do
		readelf -dW "$(shared "$program")" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' >needed
		[ -s needed ]
		[ ! -e "$builddir/Makefile" ] || grep -q '^LIBBSD_LIBS = .*-Bstatic' "$builddir/Makefile" ||
			skip "configured with the shared libbsd"
		run ! grep -vE '^(libc\.so\.6|ld-linux.*)$' needed
	done
}

@test "programs are linked with the static library, which no shared one hides" {
	for program in $PROGRAMS; do
		run ! grep ipcutil <(readelf -dW "$builddir/$program")
	done
}

@test "test/run takes no process for one of a test, also where its caller exports PREFIX" {
	mkdir -p tree/test tree/completions tree/man tree/share && : >tree/README
	echo '@test "passes" { true; }' >tree/test/any.bats
	run -0 env PREFIX=/usr MADE=made srcdir="$PWD/tree" "$srcdir/test/run" any.bats 3>&- 4>&-
	echo "$output"
	[[ $output == *"ok 1 passes"* && $output != *"not ok"* ]]
}

@test "sources are free of blanks at the ends of lines" {
	needs "$srcdir/lib" "$srcdir/cmd"
	run ! grep -nE '[[:blank:]]$' "$srcdir"/lib/ipcutil/*.h "$srcdir"/lib/*.[ch] "$srcdir"/cmd/*.[ch] \
		"$srcdir"/test/*.[ch] "$srcdir"/test/*.bats
}
