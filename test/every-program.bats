#!/usr/bin/env bats
# every-program: what all programs and all their verbs have in common, from --describe
# shellcheck disable=SC2086,SC2154  # $PROGRAMS is a list; bats sets the others

load helper

# described PROGRAM: --describe, with a separator of which two may stand side by side
described() {
	"$1" --describe | tr '\t' '\037'
}

# verbs PROGRAM: name, operands of each; synonyms PROGRAM: name and another name of it
verbs() {
	"$1" --describe | awk -F'\t' '$1 == "verb" && $2 == $3 { print $2 "\t" $4 }'
}

synonyms() {
	"$1" --describe | awk -F'\t' '$1 == "verb" && $2 != $3 { print $2 "\t" $3 }'
}

# options PROGRAM VERB: option and argument of each
options() {
	"$1" --describe | awk -F'\t' -v verb="$2" '
		$1 == "option" && $2 == verb { print $3 "\t" $4 }'
}

# has_verbs PROGRAM: it is told by its first word what to do
has_verbs() {
	[ "$(verbs "$1" | cut -f1)" != "$1" ]
}

# page_of PROGRAM: its manual page; one made in the build is newer than a release's
page_of() {
	local page
	for page in "$builddir/man/$1.1" "$srcdir/man/$1.1"; do
		[ ! -s "$page" ] || { echo "$page" && return; }
	done
	return 1
}

# each_verb FUNCTION: calls FUNCTION PROGRAM VERB OPERANDS for all, tells those it fails for;
# "${typed[@]}" is how the verb is called
each_verb() {
	local program verb operands typed bad=0 count=0
	for program in $PROGRAMS; do
		while IFS=$'\t' read -r verb operands; do
			count=$((count + 1))
			typed=("$program" "$verb")
			has_verbs "$program" || typed=("$program")
			"$1" "$program" "$verb" "$operands" </dev/null || {
				echo "^ $program $verb"
				bad=1
			}
		done < <(verbs "$program")
	done
	[ "$count" -gt 0 ] && [ "$bad" -eq 0 ]
}

# try COMMAND...: as run --separate-stderr, in a tenth of the time
try() {
	status=0
	"$@" >out 2>err || status=$?
	output=$(<out) stderr=$(<err)
}

# helps COMMAND...: status 0, something on stdout, nothing on stderr
helps() {
	try "$@"
	[ "$status" -eq 0 ] && [ -n "$output" ] && [ -z "$stderr" ] && return
	echo "$*: status $status, stdout '${output:0:60}', stderr '$stderr'"
	return 1
}

# usage_error PROGRAM ARG...: status 2, one line on stderr, nothing on stdout
usage_error() {
	try "$@"
	[ "$status" -eq 2 ] && [ ! -s out ] && [[ $stderr == "$1: "* && $stderr != *$'\n'* ]] && return
	echo "$*: status $status, stdout '${output:0:60}', stderr '$stderr'"
	return 1
}

@test "the list of programs is not empty, and --describe tells each one's verbs" {
	[ -n "$PROGRAMS" ]
	for program in $PROGRAMS; do
		helps "$program" --describe
		[ -n "$(verbs "$program")" ]
	done
}

@test "each line of --describe is a verb, an option, a column or a word, in its form" {
	for program in $PROGRAMS; do
		"$program" --describe | awk -F'\t' '
			NF != 5 || $0 ~ /[[:cntrl:]]/ && $0 !~ /^[^\001-\010\012-\037]*$/ { bad = 1 }
			$1 !~ /^(verb|option|column|word)$/ || $5 == "" { bad = 1 }
			$1 == "verb" && $2 == $3 { known[$2] = 1 }
			!known[$2] || $3 !~ /^[A-Za-z_-]+$/ { bad = 1 }
			$1 == "option" && $3 !~ /^(-[A-Za-z]|--[a-z][a-z-]+)$/ { bad = 1 }
			$1 == "column" && $3 !~ /^[A-Z_]+$/ { bad = 1 }
			seen[$1, $2, $3]++ { bad = 1 }
			bad { print; exit 1 }'
	done
}

@test "--help and -h tell the same on standard output" {
	for program in $PROGRAMS; do
		helps "$program" --help
		[ "$output" = "$("$program" -h)" ]
		[[ $output == "Usage: $program "* ]]
	done
}

@test "each verb has --help and -h, with or without operands" {
	verb_helps() {
		helps "${typed[@]}" --help && [[ $output == "Usage: ${typed[*]} "* ]] &&
			[ "$output" = "$("${typed[@]}" -h)" ] &&
			[ "$output" = "$("${typed[@]}" -q --help "$NAME")" ]
	}
	each_verb verb_helps
}

@test "a synonym gives the help of its verb" {
	for program in $PROGRAMS; do
		while IFS=$'\t' read -r verb synonym; do
			[ "$("$program" "$verb" --help)" = "$("$program" "$synonym" --help)" ]
		done < <(synonyms "$program")
	done
}

@test "--help tells every verb, synonym, option and column of --describe" {
	for program in $PROGRAMS; do
		help=$("$program" --help)
		while IFS=$'\037' read -r kind verb word arg text; do
			[ "$kind" = option ] && [ "${word#--}" != "$word" ] && [ -n "$arg" ] && word+="=$arg"
			grep -qE -e "(^|[ ,])${word//[\[\]]/.}([ ,]|\$)" <<<"$help" || {
				echo "no $kind '$word' of $verb"
				false
			}
			[ "$kind" = verb ] || grep -qF -e "$text" <<<"$help" || {
				echo "no words of $kind '$word' of $verb: $text"
				false
			}
		done < <(described "$program")
	done
}

@test "a verb's --help tells every option and column of it, and no other option" {
	tells_its_options() {
		local help said described word _
		help=$("${typed[@]}" --help)
		said=$(grep -oE -e '^ +(-[A-Za-z], )?--[a-z-]+' <<<"$help" | grep -oE -e '-[-A-Za-z]+' | sort)
		described=$(options "$1" "$2" | cut -f1 | sort)
		[ "$said" = "$described" ] || {
			diff <(echo "$said") <(echo "$described")
			return 1
		}
		"$1" --describe | while IFS=$'\t' read -r kind verb word _; do
			[ "$kind $verb" != "column $2" ] || grep -qE -e "^  $word " <<<"$help" || return 1
		done
	}
	each_verb tells_its_options
}

@test "no line of --help is too wide for a terminal of 100 columns" {
	for program in $PROGRAMS; do
		run ! grep -E '.{101}' <("$program" --help)
	done
}

@test "--version and -V tell the same version, after a verb, too" {
	for program in $PROGRAMS; do
		helps "$program" --version
		[[ $output =~ ^$program\ \(ipcutil\ [0-9]+\.[0-9]+\.[0-9]+\)$ ]]
		[ "$output" = "$("$program" -V)" ]
	done
	verb_versions() {
		[ "$("${typed[@]}" --version)" = "$("$1" --version)" ] &&
			[ "$("${typed[@]}" -V)" = "$("$1" --version)" ]
	}
	each_verb verb_versions
}

@test "no word at all is wrong usage, told on standard error" {
	for program in $PROGRAMS; do
		has_verbs "$program" || continue
		run --separate-stderr "$program"
		[ "$status" -eq 2 ] && [ -z "$output" ] && [[ $stderr == "Usage: $program "* ]]
	done
}

@test "an unknown verb is wrong usage" {
	for program in $PROGRAMS; do
		has_verbs "$program" || continue
		for verb in no-such-verb '' ' ' - -- --no-such-option -Z $'a\nb' $'\e[31m' "$(printf '%02000d' 0)"; do
			usage_error "$program" "$verb"
		done
		while IFS=$'\t' read -r verb _; do
			usage_error "$program" "${verb^^}"
			usage_error "$program" "$verb "
			usage_error "$program" "${verb}x"
		done < <(verbs "$program")
	done
}

@test "an unknown option is wrong usage, before and after what is right" {
	unknown_options() {
		usage_error "${typed[@]}" --no-such-option "$NAME" && usage_error "${typed[@]}" -Z "$NAME" &&
			usage_error "${typed[@]}" -vZ "$NAME" && usage_error "${typed[@]}" --quie=x "$NAME" &&
			usage_error "${typed[@]}" $'--\e[31m' "$NAME" && usage_error "${typed[@]}" $'-\xff' "$NAME"
	}
	each_verb unknown_options
}

@test "what is said of wrong usage has no control character" {
	plain() {
		usage_error "${typed[@]}" $'--\e[31m\x9b\x7f' "$NAME" && [[ $stderr != *[[:cntrl:]]* ]]
	}
	each_verb plain
}

@test "a missing operand is wrong usage" {
	missing_operand() {
		[[ $3 != ADDRESS* ]] || { usage_error "${typed[@]}" && usage_error "${typed[@]}" --; }
	}
	each_verb missing_operand
}

@test "a surplus operand is wrong usage" {
	surplus_operand() {
		case $3 in
		*...*) ;;
		ADDRESS) usage_error "${typed[@]}" "$NAME" surplus ;;
		'ADDRESS REPLY') usage_error "${typed[@]}" "$NAME" "$NAME-2" surplus ;;
		'') usage_error "${typed[@]}" surplus && usage_error "${typed[@]}" '' ;;
		*) false ;;
		esac
	}
	each_verb surplus_operand
}

@test "an address that cannot be one is wrong usage" {
	impossible_address() {
		[[ $3 != ADDRESS* ]] || { usage_error "${typed[@]}" '' && usage_error "${typed[@]}" /; }
	}
	each_verb impossible_address
}

@test "an option that needs an argument and has none is wrong usage" {
	without_argument() {
		local option arg
		while IFS=$'\t' read -r option arg; do
			[ -z "$arg" ] || usage_error "${typed[@]}" "$option" || return 1
		done < <(options "$1" "$2")
	}
	each_verb without_argument
}

@test "an option that takes no argument and has one is wrong usage" {
	with_argument() {
		local option arg
		while IFS=$'\t' read -r option arg; do
			case $option in
			--*) [ -n "$arg" ] || usage_error "${typed[@]}" "$option=x" "$NAME" || return 1 ;;
			esac
		done < <(options "$1" "$2")
	}
	each_verb with_argument
}

@test "a value that no option can take is wrong usage" {
	impossible_value() {
		local option arg
		while IFS=$'\t' read -r option arg; do
			case $arg in
			N | BYTES | TIME | AGE | MODE | USER* | PID* | COL | COLS | TYPES | STATES)
				usage_error "${typed[@]}" "$option" '-1 x' "$NAME" &&
					usage_error "${typed[@]}" "$option" '' "$NAME" || return 1 ;;
			GLOB | FILE | DIR) usage_error "${typed[@]}" "$option" '' || return 1 ;;
			'') ;;
			*)
				echo "what is '$arg'?"
				return 1 ;;
			esac
		done < <(options "$1" "$2")
	}
	each_verb impossible_value
}

@test "two forms at once are wrong usage" {
	two_of() {
		local program=$1 verb=$2 operands=$3 first second has
		has=$(options "$program" "$verb" | cut -f1)
		shift 3
		for first; do
			shift
			for second; do
				grep -qxF -e "${first%=*}" <<<"$has" && grep -qxF -e "${second%=*}" <<<"$has" || continue
				usage_error "${typed[@]}" "$first" "$second" ${operands:+"$NAME"} || return 1
			done
		done
	}
	two_forms() {
		two_of "$@" --json --raw --export &&
			two_of "$@" --lines --null --length-prefixed --record=3 --json
	}
	each_verb two_forms
}

@test "-q leaves the status and says nothing" {
	silent() {
		run --separate-stderr "${typed[@]}" -q --no-such-option
		[ "$status" -eq 2 ] && [ -z "$output$stderr" ]
	}
	each_verb silent
}

@test "a long option may be cut short while no other begins so" {
	# the longest beginning that several options share, and the shortest that is one's own
	cut_short() {
		local all option arg other length same
		all=$(options "$1" "$2" | grep -e ^--)
		while IFS=$'\t' read -r option arg; do
			same=2
			while read -r other _; do
				[ "$other" != "$option" ] || continue
				length=$same
				while [ "${other:0:length+1}" = "${option:0:length+1}" ]; do
					length=$((length + 1))
				done
				same=$length
			done <<<"$all"
			[ "$same" -eq 2 ] || [ "$same" -eq "${#option}" ] ||
				usage_error "${typed[@]}" "${option:0:same}" || return 1
			[ "$same" -lt "${#option}" ] || continue
			option=${option:0:same+1}
			case $option$arg in
			--vers*) helps "${typed[@]}" "$option" ;;
			*[A-Z]*) usage_error "${typed[@]}" "$option" && [[ $stderr == *' needs an argument' ]] ;;
			*) helps "${typed[@]}" "$option" --help ;;
			esac || return 1
		done <<<"$all"
	}
	each_verb cut_short
}

@test "a letter means the same option everywhere, but for -c and -f" {
	for program in $PROGRAMS; do
		"$program" --describe
	done | awk -F'\t' '
		$1 != "option" { next }
		$3 ~ /^-[^-]$/ { letter = $3; next }
		letter { print letter, $3 }
		{ letter = "" }' | sort -u >letters
	grep -qx -e '-q --quiet' letters
	# -s is the size of an object, and of a message where the object is a queue
	[ -z "$(grep -v -e '^-[cfs] ' letters | cut -d' ' -f1 | uniq -d)" ]
	cat >contract <<-'END'
		-L --length-prefixed
		-J --json
		-N --length
		-O --offset
		-V --version
		-a --all
		-b --bytes
		-c --capacity
		-c --count
		-e --export
		-f --follow
		-f --force
		-h --help
		-l --lines
		-m --mode
		-n --nonblock
		-o --output
		-p --priority
		-q --quiet
		-r --raw
		-s --message-size
		-s --size
		-t --type
		-v --verbose
		-w --timeout
		-x --exclusive
		-z --null
	END
	run ! grep -vxF -f contract letters
}

@test "help that cannot be written is a failure" {
	written_nowhere() {
		run -1 --separate-stderr sh -c '"$@" >/dev/full' sh "$@"
		[[ $stderr == "$1: cannot write to standard output: No space left on device" ]] || return 1
		run -1 --separate-stderr sh -c '"$@" >&-' sh "$@"
		[[ $stderr == "$1: cannot write to standard output: Bad file descriptor" ]]
	}
	for program in $PROGRAMS; do
		for word in --help -h --version -V --describe; do
			written_nowhere "$program" "$word"
		done
	done
	verb_nowhere() {
		written_nowhere "${typed[@]}" --help && written_nowhere "${typed[@]}" --version
	}
	each_verb verb_nowhere
}

@test "help that nobody reads on is a failure, and no death by a signal" {
	mkfifo unread
	# shellcheck disable=SC2094  # it is a pipe
	exec 5<>unread 6>unread 5<&-	# 6 writes to a pipe without a reader
	for program in $PROGRAMS; do
		status=0
		"$program" --help >&6 2>message || status=$?
		[ "$status" -eq 1 ]
		[ "$(<message)" = "$program: cannot write to standard output: Broken pipe" ]
	done
}

@test "closed standard input, output and error are survived" {
	closed() {
		[ "$("${typed[@]}" --help <&-)" = "$("${typed[@]}" --help)" ] &&
			[ "$("${typed[@]}" --help 2>&-)" = "$("${typed[@]}" --help)" ] || return 1
		run -2 sh -c '"$@" 2>&-' sh "${typed[@]}" --no-such-option
		[ -z "$output" ] || return 1
		run -2 sh -c '"$@" <&- >&- 2>&-' sh "${typed[@]}" --no-such-option
		run -2 sh -c '"$@" 2>/dev/full' sh "${typed[@]}" --no-such-option
		run -1 sh -c '"$@" <&- >&- 2>&-' sh "${typed[@]}" --help
	}
	each_verb closed
}

@test "a verb that needs an object fails without one, and says which and why" {
	without_object() {
		[[ $3 == ADDRESS* ]] || return 0
		local absent=$NAME-3
		[ "$1" != ipc-pipe ] || absent=inode:999999999999
		case $2 in
		create) return 0 ;;
		peek) run --separate-stderr "${typed[@]}" "$absent" && [ "$status" -ne 0 ] ;;
		set) run -3 --separate-stderr "${typed[@]}" --mode=600 "$absent" ;;
		advise) run -3 --separate-stderr "${typed[@]}" --willneed "$absent" ;;
		connect) run -3 --separate-stderr "${typed[@]}" "$NAME-2" "$absent" ;;
		resize) run -3 --separate-stderr "${typed[@]}" --size=1 "$absent" ;;
		*) run -3 --separate-stderr "${typed[@]}" "$absent" ;;
		esac
		[[ $stderr == "$1: cannot "*"'$absent': "* ]] && [ "${#stderr_lines[@]}" -eq 1 ] &&
			[ -z "$output" ]
	}
	each_verb without_object
}

@test "what is said of wrong usage keeps its reason, however long the word is" {
	long=$(printf '%03000d' 0)
	for program in $PROGRAMS; do
		has_verbs "$program" || continue
		usage_error "$program" "$long"
		[[ $stderr == *'--help lists them' ]]
	done
}

@test "each program has a manual page that tells all verbs, options and columns" {
	for program in $PROGRAMS; do
		page=$(page_of "$program") || skip "no manual page was built"
		text=$(sed 's/\\f.//g; s/\\-/-/g' "$page")
		while IFS=$'\037' read -r kind verb word arg _; do
			grep -qE -e "(^|[ ,])$word([ ,=]|\$)" <<<"$text" || {
				echo "no $kind $word of $verb"
				false
			}
		done < <(described "$program")
	done
}

@test "each manual page has the sections that people look for" {
	for program in $PROGRAMS; do
		page=$(page_of "$program") || skip "no manual page was built"
		for section in NAME SYNOPSIS DESCRIPTION EXAMPLES 'EXIT STATUS' 'SEE ALSO'; do
			grep -qE -e "^\.SH \"?$section\"?\$" "$page" || {
				echo "no $section"
				false
			}
		done
		grep -qE -e "^$program \\\\- " "$page"
	done
}

@test "each exit status of the contract is in the manual page" {
	for program in $PROGRAMS; do
		page=$(page_of "$program") || skip "no manual page was built"
		section=$(sed -n '/^\.SH "EXIT STATUS"/,/^\.SH [^"]/p' "$page")
		for number in 0 1 2 3 4 5 6 7 75 124; do
			grep -qw -e "$number" <<<"$section"
		done
	done
}

@test "a manual page formats without a warning" {
	command -v man >/dev/null || skip "no man here"
	for program in $PROGRAMS; do
		page=$(page_of "$program") || skip "no manual page was built"
		[ -z "$(MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 "$page" 2>&1 >/dev/null)" ]
	done
}
