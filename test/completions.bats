#!/usr/bin/env bats
# completions.bats - what the real shells offer when Tab is pressed
# shellcheck disable=SC2154  # bats and helper.bash set them

load helper

# offers SHELL LINE...: for each LINE, on a line of its own, what SHELL offers for the
# last word, in order.  "--count=" counts as "--count"; so do MODE and "--output=MODE".
offers() {
	local shell=$1 line words
	shift
	rm -f found
	for line; do
		printf '%s\n' "$line"
	done | "type_in_$shell"
	while IFS= read -r words && IFS= read -r line <&4; do
		tr ' ' '\n' <<<"$words" | grep -vxF -e "${line##* }" |
			sed 's/=$//; s/^--[^=]*=//' | LC_ALL=C sort -u | paste -sd' '
	done <found 4< <(printf '%s\n' "$@")
}

installed() {
	command -v "$1" >/dev/null || skip "$1 is not installed"
}

# The number of words in front of the last one.
words_before() {
	local words
	read -ra words <<<"$1."
	echo $((${#words[@]} - 1))
}

# The line is completed with all that is offered, then run by 'args', put in front.
# Readline needs no terminal for that; its echo is in the transcript.
type_in_bash() {
	local line
	{
		echo ". '$srcdir/completions/ipcutil.bash'"
		# shellcheck disable=SC2016  # for the shell that is typed into
		echo 'args() { echo "${@:$1 + 2}" >>found; }; set -eu'
		while IFS= read -r line; do
			printf '%s\e*\001args %s \n' "$line" "$(words_before "$line")"
		done
	} | bash --norc --noprofile -i >transcript 2>&1
}

# The line editor of zsh needs a terminal, and is waited for: line by line.
# shellcheck disable=SC2016  # for zsh
type_in_zsh() {
	local line keys=()
	while IFS= read -r line; do
		keys+=("$line"$'\t\001args '"$(words_before "$line") ")
	done
	timeout 30 zsh -f -c '
		zmodload zsh/zpty
		zpty shell zsh -f -i
		for line; do
			zpty -w shell "$line"
			zpty -r shell transcript "*<done>*"
		done
		zpty -d shell' zsh '
		setopt nounset; unset zle_bracketed_paste
		fpath=('"${srcdir@Q}"'/completions $fpath)
		autoload -Uz compinit; compinit -D -u
		all() { _main_complete; compstate[insert]=all; compstate[list]= }
		zle -C all complete-word all; bindkey -e; bindkey "^I" all
		args() { print -r -- "${@:$1 + 2}" >>found; echo "<""done>" }; echo "<""done>"' \
		"${keys[@]}" </dev/null
}

# As installed: fish finds the file by the name of the program.
type_in_fish() {
	mkdir -p share/fish/vendor_completions.d
	for program in ipc-fifo ipc-ls ipc-mmap ipc-mq ipc-rm ipc-shm; do
		cp "$srcdir/completions/ipcutil.fish" "share/fish/vendor_completions.d/$program.fish"
	done
	# shellcheck disable=SC2016  # for fish
	HOME=$PWD XDG_DATA_DIRS=$PWD/share fish -c '
		while read line
			echo (complete -C $line | string replace -r "\t.*" "")
		end' >found 2>transcript
}

# rows KIND VERB: the words that ipc-mq tells of, as offers prints them
rows() {
	ipc-mq --describe | awk -F'\t' -v kind="$1" -v verb="$2" \
		'$1 == kind && (verb == "" || $2 == verb) { print $3 }' | LC_ALL=C sort -u | paste -sd' '
}

verbs_of() {
	[ "$(offers "$1" 'ipc-mq ')" = "$(rows verb '')" ]
	[ "$(offers "$1" 'ipc-mq re')" = 'read recv remove' ]
}

options_of() {
	local verb of lines=() wanted=()
	while IFS=$'\t' read -r verb of; do
		lines+=("ipc-mq $verb -")
		wanted+=("$(rows option "$of")")
	done < <(ipc-mq --describe | awk -F'\t' -v OFS='\t' '$1 == "verb" { print $3, $2 }')
	[ "${#lines[@]}" -ge 10 ]
	diff <(printf '%s\n' "${wanted[@]}") <(offers "$1" "${lines[@]}")
}

columns_of() {
	local all
	all=$(rows column ls)
	diff - <(offers "$1" 'ipc-mq ls -o ' 'ipc-mq inspect --output=' 'ipc-mq ls -o US' \
		'ipc-mq ls -Jo us' 'ipc-mq ls -oUS' 'ipc-mq ls --output=MODE,US' \
		'ipc-mq list --output +US' 'ipc-mq stat --output MODE,+US') <<-END
		$all
		$all
		USED USER
		USED USER
		-oUSED -oUSER
		MODE,USED MODE,USER
		+USED +USER
		MODE,+USED MODE,+USER
	END
}

users_of() {
	diff - <(offers "$1" 'ipc-mq write --trust-owner roo' 'ipc-mq create --trust-owner=roo' \
		'ipc-mq set --owner nobod' 'ipc-mq set --owner root:roo' \
		'ipc-mq set --owner=root:roo') <<-END
		root
		root
		nobody
		root:root
		root:root
	END
}

nothing_for() {
	[ -z "$(offers "$1" 'ipc-mq read -w ' 'ipc-mq read --count ' 'ipc-mq create -m ' \
		'ipc-mq create --message-size=' 'ipc-mq write -np ' 'ipc-mq nonsense -')" ]
}

# An ordinary user's queues are seen by the processes that hold them.
held_queue() {
	ipc-mq create -c 1 -s 16 "$1" >/dev/null
	ipc-mq read "$1" 3>&- &
	within 20 asleep $!
}

addresses_of() {
	local start=${NAME%-*}-
	held_queue "$NAME"
	held_queue "$NAME-2"
	diff - <(offers "$1" "ipc-mq read $start" "ipc-mq rm ${start#/}" \
		"ipc-mq rm -f $NAME $start" "ipc-mq send -p 1 $start" \
		"ipc-mq read -n -w 1 --count=2 $start" "ipc-mq purge -- $start" \
		"ipc-mq read $NAME $start" "ipc-mq write $NAME $start" \
		"ipc-mq create $start") <<-END
		$NAME $NAME-2
		$NAME $NAME-2
		$NAME $NAME-2
		$NAME $NAME-2
		$NAME $NAME-2
		$NAME $NAME-2



	END
}

strange_addresses_of() {
	local queue queues=("$NAME;it's" "$NAME blank" "$NAME\\x" "$NAME:\$x") result
	for queue in "${queues[@]}"; do
		held_queue "$queue"
	done
	result=$(offers "$1" "ipc-mq rm ${NAME%-*}-") || :	# what it made goes, anyway
	ipc-mq rm "${queues[@]}"
	[ "$result" = "$NAME:\$x $NAME;it's" ]
}

# Fish offers addresses that have a '-' anywhere, and is right.
no_options_for() {
	[ "$(offers "$1" 'ipc-mq read /q --cou')" = --count ]
	offers "$1" 'ipc-mq write /q -' 'ipc-mq send -n /q text --' 'ipc-mq rm -- -' |
		tr ' ' '\n' >result
	[ -s result ]
	run ! grep '^-' result
}

by_path_of() {
	ln -s "$(command -v ipc-mq)" ipc-mq
	[ "$(offers "$1" './ipc-mq pe' "$PWD/ipc-mq pe")" = $'peek\npeek' ]
	[ -z "$(offers "$1" './no/ipc-mq pe')" ]
}

@test "bash: ipc-mq <Tab> offers every verb and synonym" {
	verbs_of bash
}

@test "zsh: ipc-mq <Tab> offers every verb and synonym" {
	installed zsh
	verbs_of zsh
}

@test "fish: ipc-mq <Tab> offers every verb and synonym" {
	installed fish
	verbs_of fish
}

@test "bash: ipc-mq VERB -<Tab> offers every option of every verb" {
	options_of bash
}

@test "zsh: ipc-mq VERB -<Tab> offers every option of every verb" {
	installed zsh
	options_of zsh
}

@test "fish: ipc-mq VERB -<Tab> offers every option of every verb" {
	installed fish
	options_of fish
}

@test "bash: ipc-mq ls -o <Tab> offers columns, also after = and , and +" {
	columns_of bash
}

@test "zsh: ipc-mq ls -o <Tab> offers columns, also after = and , and +" {
	installed zsh
	columns_of zsh
}

@test "fish: ipc-mq ls -o <Tab> offers columns, also after = and , and +" {
	installed fish
	columns_of fish
}

@test "bash: ipc-mq set --owner <Tab> offers users, and groups after the colon" {
	users_of bash
}

@test "zsh: ipc-mq set --owner <Tab> offers users, and groups after the colon" {
	installed zsh
	users_of zsh
}

@test "fish: ipc-mq set --owner <Tab> offers users, and groups after the colon" {
	installed fish
	users_of fish
}

@test "bash: ipc-mq read -w <Tab> offers nothing: a TIME is for people to say" {
	nothing_for bash
}

@test "zsh: ipc-mq read -w <Tab> offers nothing: a TIME is for people to say" {
	installed zsh
	nothing_for zsh
}

@test "fish: ipc-mq read -w <Tab> offers nothing: a TIME is for people to say" {
	installed fish
	nothing_for fish
}

@test "bash: ipc-mq rm <Tab> offers queues, also without their slash; create does not" {
	addresses_of bash
}

@test "zsh: ipc-mq rm <Tab> offers queues, also without their slash; create does not" {
	installed zsh
	addresses_of zsh
}

@test "fish: ipc-mq rm <Tab> offers queues, also without their slash; create does not" {
	installed fish
	addresses_of fish
}

@test "bash: ipc-mq rm <Tab> quotes what a queue's name needs, and leaves out encoded names" {
	strange_addresses_of bash
}

@test "zsh: ipc-mq rm <Tab> quotes what a queue's name needs, and leaves out encoded names" {
	installed zsh
	strange_addresses_of zsh
}

@test "fish: ipc-mq rm <Tab> quotes what a queue's name needs, and leaves out encoded names" {
	installed fish
	strange_addresses_of fish
}

@test "bash: ipc-mq write ADDRESS -<Tab> offers no option, nor does rm -- -<Tab>" {
	no_options_for bash
}

@test "zsh: ipc-mq write ADDRESS -<Tab> offers no option, nor does rm -- -<Tab>" {
	installed zsh
	no_options_for zsh
}

@test "fish: ipc-mq write ADDRESS -<Tab> offers no option, nor does rm -- -<Tab>" {
	installed fish
	no_options_for fish
}

@test "bash: ./ipc-mq <Tab> asks that program" {
	by_path_of bash
}

@test "zsh: ./ipc-mq <Tab> asks that program" {
	installed zsh
	by_path_of zsh
}

@test "fish: ./ipc-mq <Tab> asks that program" {
	installed fish
	by_path_of fish
}

@test "bash: completion leaves no variable behind and says nothing, under set -eu" {
	cat >lines <<-END
		. '$srcdir/completions/ipcutil.bash'
		PS1= PS2= before= word=mine after=
		set -eu
		before=\$(compgen -v)
		ipc-mq ls -o AD$(printf '\t') >/dev/null
		ipc-mq no-verb -$(printf '\t\025')
		after=\$(compgen -v)
		{ diff <(echo "\$before") <(echo "\$after") && echo "\$word"; } >result
	END
	bash --norc --noprofile -i <lines >transcript 2>&1
	[ "$(cat result)" = mine ]
	# It misses the terminal, and nothing else.
	run grep '^bash: ' transcript
	[ "${#lines[@]}" -eq 2 ]
}

@test "bash: ipc-mq rm '/na<Tab> closes the quote" {
	held_queue "$NAME"
	[ "$(offers bash "ipc-mq rm '${NAME%-*}-")" = "$NAME" ]
}

@test "bash, fish: <Tab> never runs what is typed, only the program" {
	printf '%s\n' ". '$srcdir/completions/ipcutil.bash'" \
		$'$(touch ran)/ipc-mq \t\025' $'ipc-mq rm $(touch ran)\t\025' |
		bash --norc --noprofile -i >transcript 2>&1
	[ ! -e ran ]
	installed fish
	printf '%s\n' '(touch ran)/ipc-mq ' 'ipc-mq rm (touch ran)' | type_in_fish
	[ ! -e ran ]
}

@test "fish: ipc-mq r<Tab> tells the help with each verb" {
	installed fish
	offers fish 'ipc-mq ' >/dev/null	# installs it
	HOME=$PWD XDG_DATA_DIRS=$PWD/share fish -c "complete -C 'ipc-mq pee'" |
		grep -xF "$(ipc-mq --describe | awk -F'\t' '$3 == "peek" { print $3 "\t" $5 }')"
}

# others_of SHELL: programs besides ipc-mq
others_of() {
	[ "$(offers "$1" 'ipc-shm re')" = 'read remove resize' ]
	ipc-shm create -s 1 "$NAME" >/dev/null
	[ "$(offers "$1" "ipc-shm rm $NAME")" = "$NAME" ] || [ "$(offers "$1" "ipc-shm rm ${NAME%?}")" = "$NAME" ]
	: >a-file-here
	[ "$(offers "$1" "ipc-mmap read a-fi")" = a-file-here ]
	[ "$(offers "$1" "ipc-mmap create a-fi")" = a-file-here ]
	[ "$(offers "$1" "ipc-fifo read a-fi")" = a-file-here ]
	[ "$(offers "$1" "ipc-fifo connect a-file-here a-fi")" = a-file-here ]
}

@test "bash: ipc-shm offers its verbs and objects, ipc-mmap and ipc-fifo files" {
	others_of bash
}

@test "zsh: ipc-shm offers its verbs and objects, ipc-mmap and ipc-fifo files" {
	installed zsh
	others_of zsh
}

@test "fish: ipc-shm offers its verbs and objects, ipc-mmap and ipc-fifo files" {
	installed fish
	others_of fish
}

# no_verb SHELL: programs that have none
no_verb() {
	ipc-shm create -s 1 "$NAME" >/dev/null
	[ "$(offers "$1" 'ipc-ls --new')" = --new-since ]
	[ "$(offers "$1" 'ipc-ls -q --sort ADDR')" = ADDRESS ]
	[ "$(offers "$1" 'ipc-ls -o HOLD')" = HOLDERS ]
	diff - <(offers "$1" 'ipc-ls --type ' 'ipc-rm --state=i' 'ipc-ls --state=unknown,id' \
		'ipc-ls -q --type mq,s') <<-END
		fifo mmap mq pipe sem shm sock
		idle in-use
		unknown,idle
		mq,sem mq,shm mq,sock
	END
	mkdir a-directory-here
	offers "$1" 'ipc-ls a-di' | grep -qx 'a-directory-here/*'
	offers "$1" "ipc-rm shm:${NAME%?}" | tr ' ' '\n' | grep -qx "\(shm:\)*$NAME"
}

@test "bash: ipc-ls and ipc-rm, which have no verb, offer options, columns and addresses" {
	no_verb bash
}

@test "zsh: ipc-ls and ipc-rm, which have no verb, offer options, columns and addresses" {
	installed zsh
	no_verb zsh
}

@test "fish: ipc-ls and ipc-rm, which have no verb, offer options, columns and addresses" {
	installed fish
	no_verb fish
}
