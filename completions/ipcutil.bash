# ipcutil.bash - bash completion of every ipc-* program: each describes itself
# shellcheck shell=bash
#
# The functions here share the local variables of _ipcutil, the last of them.

# The words up to the cursor; COMP_WORDS has them cut at '=' and ':', too.
_ipcutil_split() {
	local piece rest=${COMP_LINE:0:COMP_POINT}

	for piece in "${COMP_WORDS[@]:0:COMP_CWORD + 1}"; do
		if [[ ! $piece || ${#words[@]} -eq 0 || $rest == [[:space:]]* ]]; then
			rest=${rest#"${rest%%[![:space:]]*}"}
			words+=('')
		fi
		words[-1]+=${rest:0:${#piece}}
		rest=${rest:${#piece}}
	done
}

# All verbs, and what belongs to the one typed: its row comes before the others.
_ipcutil_describe() {
	local kind of name takes help

	while IFS=$'\t' read -r kind of name takes help; do
		if [[ ! $help ]]; then
			takes=''	# it was empty: two tabs are one to read
		fi
		case $kind:$of in
		verb:*)
			verbs+=("$name")
			if [[ $name == "${program##*/}" ]]; then
				behind=1	# it is all there is, and is not typed
			fi
			if [[ $behind -eq 1 || $name == "${words[1]}" ]]; then
				verb=$of operands=$takes
			fi
			;;
		option:"$verb") options[$name]=$takes ;;
		column:"$verb") columns+=("$name") ;;
		word:"$verb") choices+=("$takes $name") ;;
		esac
	done <<<"$(command -- "$program" --describe 2>/dev/null </dev/null)"
}

# _ipcutil_option WORD: arg becomes what the option takes, head the part of WORD
# before it; an empty head means the next word.
_ipcutil_option() {
	local i

	arg='' head=''
	case $1 in
	--*=*) arg=${options[${1%%=*}]-} head=${1%%=*}= ;;
	--*) arg=${options[$1]-} ;;
	*)
		for ((i = 1; i < ${#1}; i++)); do
			arg=${options[-${1:i:1}]-}
			if [[ $arg ]]; then
				break
			fi
		done
		if ((i + 1 < ${#1})); then
			head=${1:0:i + 1}
		fi
		;;
	esac
}

# What the words behind the verb leave to be typed: count operands are there, no
# options when ended, and arg, for the option before the cursor or around it.
_ipcutil_parse() {
	local typed

	for typed in "${words[@]:behind:${#words[@]} - 1 - behind}"; do
		if [[ $arg ]]; then
			arg=''		# this was it
		elif [[ ! $ended && $typed == -- ]]; then
			ended=1
		elif [[ ! $ended && $typed == -?* ]]; then
			_ipcutil_option "$typed"
			if [[ $head ]]; then
				arg=''	# it is in the same word
			fi
		else
			count=$((count + 1))
			if [[ $operands == 'ADDRESS ['* ]]; then
				ended=1		# what follows is data
			fi
		fi
	done
	if [[ ! $arg && ! $ended && $word == -* ]]; then
		_ipcutil_option "$word"
		if [[ ! $head ]]; then
			arg=''		# not begun yet
		fi
	else
		head=''
	fi
}

# _ipcutil_offer HEAD CANDIDATE...: those that the word typed can become behind
# HEAD, also where a slash was not typed.
_ipcutil_offer() {
	local candidate

	for candidate in "${@:2}"; do
		candidate=$1$candidate
		case $candidate in
		"$word"*) COMPREPLY+=("${candidate#"$kept"}") ;;
		/"$word"*) COMPREPLY+=("${candidate#"${kept:+/$kept}"}") ;;
		esac
	done
}

_ipcutil_offer_options() {
	local option

	for option in "${!options[@]}"; do
		if [[ $option == --* && ${options[$option]} ]]; then
			option+='='
		fi
		_ipcutil_offer '' "$option"
	done
	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace
	fi
}

_ipcutil_offer_arguments() {
	local names choice action=user value=${word#"$head"}

	case $arg in
	FILE) compopt -o default ;;
	COL*)
		head+=${value%"${value##*[,+]}"}
		value=${value##*[,+]}
		word=$head${value^^}	# either case will do
		_ipcutil_offer "$head" "${columns[@]}"
		if [[ $arg == COLS ]]; then
			compopt -o nospace	# a comma may follow
		fi
		;;
	USER*)
		if [[ $arg == *GROUP* && $value == *:* ]]; then
			action=group head+=${value%%:*}:
		fi
		mapfile -t names < <(compgen -A "$action")
		_ipcutil_offer "$head" "${names[@]}"
		;;
	*)
		head+=${value%"${value##*,}"}
		for choice in "${choices[@]}"; do
			if [[ $choice == "$arg "* ]]; then
				_ipcutil_offer "$head" "${choice#* }"
				compopt -o nospace	# a comma may follow
			fi
		done
		;;
	esac
}

_ipcutil_offer_addresses() {
	local name quoted lister=("$program" ls)

	if [[ $behind -eq 1 ]]; then
		lister=("${program%ipc-*}ipc-ls")	# it takes those of all types
	fi

	while IFS= read -r name; do
		printf -v quoted %q "$name"
		# With a backslash it is vis(3)-encoded; and in a quoted word, what
		# has to be quoted would need quoting of another kind.
		if [[ $name != *\\* && ( ! $quote || $name == "$quoted" ) ]]; then
			_ipcutil_offer '' "$quoted"
		fi
	done <<<"$(command -- "${lister[@]}" -q --raw --noheadings -o ADDRESS 2>/dev/null </dev/null)"
}

_ipcutil() {
	local IFS=$' \t\n' program=${1/#'~/'/"$HOME/"} words=()
	local verbs=() verb='' operands='' columns=() choices=()
	local arg='' head='' ended='' count=0 behind=2	# where what follows the verb is
	local -A options=()

	COMPREPLY=()
	_ipcutil_split
	_ipcutil_describe
	# Readline replaces what follows the quote, or the last '=' or ':'.
	local word=${words[-1]#[\"\']} kept='' breaks=${COMP_WORDBREAKS//[!=:]/}
	local quote=${words[-1]%"$word"}
	if [[ $breaks && ! $quote ]]; then
		kept=${word%"${word##*["$breaks"]}"}
	fi

	if [[ ${#words[@]} -eq behind ]]; then
		_ipcutil_offer '' "${verbs[@]}"
		return
	fi
	_ipcutil_parse
	if [[ $arg ]]; then
		_ipcutil_offer_arguments
	elif [[ ! $ended && $word == -* ]]; then
		_ipcutil_offer_options
	elif [[ ${program##*/} == ipc-@(fifo|mmap) && $operands == ADDRESS* ]]; then
		if [[ $count -eq 0 || $operands == ADDRESS@(...|" REPLY") ]]; then
			compopt -o default	# its addresses are paths
		fi
	elif [[ $operands == *DIR* ]]; then
		compopt -o dirnames
	elif [[ $verb != create && $operands == *ADDRESS* ]]; then
		if [[ $count -eq 0 || $operands == ADDRESS... ]]; then
			_ipcutil_offer_addresses
		fi
	fi
}

complete -F _ipcutil ipc-{fifo,ls,mmap,mq,pipe,ring,rm,sem,shm,sock}
