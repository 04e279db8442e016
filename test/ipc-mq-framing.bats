#!/usr/bin/env bats
# ipc-mq: how messages stand one behind the other on stdin and stdout

# shellcheck disable=SC2016,SC2030,SC2031,SC2094,SC2153,SC2154  # inner shells expand
load helper

# through FRAMING OTHER COUNT: stdin goes in framed one way and comes out another
through() {
	timeout 20 ipc-mq write "$1" "$NAME" <&0 3>&- &
	timeout 20 ipc-mq read "$2" -c "$3" "$NAME"
	wait $!
}

# prefixed FILE...: each as a message of write -L
prefixed() {
	local file length
	for file; do
		length=$(wc -c <"$file")
		# shellcheck disable=SC2059  # the format is made of the length
		printf "$(printf '\\%03o' $((length >> 24)) $((length >> 16 & 255)) $((length >> 8 & 255)) $((length & 255)))"
		cat "$file"
	done
}

# messages WITHOUT: files 01 to 24 of random bytes but WITHOUT, of 0 to 64 bytes
messages() {
	local i
	for i in {01..24}; do
		head -c 200 /dev/urandom | tr -d "$1" | head -c $((10#$i < 3 ? 10#$i - 1 : RANDOM % 65)) >"$i"
	done
}

# bytes OCTAL...: those
bytes() {
	# shellcheck disable=SC2059  # the format is made of the codes
	printf "$(printf '\\%s' "$@")"
}

# refuses FRAMING STATUS MESSAGE: write of stdin says MESSAGE, alone
refuses() {
	run --separate-stderr ipc-mq write "$1" "$NAME"
	echo "status $status, stderr '$stderr'"
	[ "$status" -eq "$2" ] && [ "$stderr" = "ipc-mq: $3" ] && [ -z "$output" ]
}

# lines

@test "write -l makes each line a message, also an empty one and a last one without newline" {
	queue
	printf 'one\n\n two \nlast' | ipc-mq write -l "$NAME"
	holds 4
	[ "$(ipc-mq read "$NAME")" = one ]
	[ -z "$(ipc-mq read "$NAME")" ]
	ipc-mq read -L -a "$NAME" | cmp - <(bytes 0 0 0 5 && printf ' two ' && bytes 0 0 0 4 && printf last)
}

@test "write makes no message of an empty standard input that is framed" {
	queue
	for framing in -l -z -L -J --record=4; do
		ipc-mq write "$framing" "$NAME" </dev/null
	done
	holds 0
}

@test "read -l ends each message with a newline, write -l takes that away" {
	queue
	ipc-mq write "$NAME" a '' b
	ipc-mq read -l -a "$NAME" | cmp - <(printf 'a\n\nb\n')
}

@test "read -l writes a message with a newline all the same, names it, and fails with 1" {
	queue
	ipc-mq write "$NAME" plain $'two\nlines' after
	run --separate-stderr ipc-mq read -l -a "$NAME"
	[ "$status" -eq 1 ]
	[ "$output" = $'plain\ntwo\nlines\nafter' ]
	[ "$stderr" = "ipc-mq: cannot frame message 2 so that it can be told apart: it has a newline" ]
}

@test "read -z writes a message with NUL all the same, names it, and fails with 1" {
	queue
	printf 'a\0b' | ipc-mq write "$NAME"
	ipc-mq write "$NAME" after
	ipc-mq read -z -a "$NAME" >out 2>said || [ $? -eq 1 ]
	cmp out <(printf 'a\0b\0after\0')
	[ "$(cat said)" = "ipc-mq: cannot frame message 1 so that it can be told apart: it has a NUL byte" ]
}

@test "read --record writes a message of another length all the same, names it, and fails with 1" {
	queue
	ipc-mq write "$NAME" four five5 '' '4444'
	run --separate-stderr ipc-mq read --record 4 -a "$NAME"
	[ "$status" -eq 1 ]
	[ "$output" = fourfive54444 ]
	[ "${#stderr_lines[@]}" -eq 2 ]
	[ "${stderr_lines[0]}" = "ipc-mq: cannot frame message 2 so that it can be told apart: it is of another length than the records" ]
	[[ ${stderr_lines[1]} == *"message 3"* ]]
}

# property: -X and -X are inverse for what -X can carry

@test "write -l and read -l are inverse for every text" {
	queue
	messages '\n'
	for file in {01..24}; do cat "$file" && echo; done >in
	through -l -l 24 <in | cmp - in
	through -l -L 24 <in | cmp - <(prefixed {01..24})
	prefixed {01..24} | through -L -l 24 | cmp - in
}

@test "write -z and read -z are inverse for every text without NUL" {
	queue
	messages '\0'
	for file in {01..24}; do cat "$file" && printf '\0'; done >in
	through -z -z 24 <in | cmp - in
	through -z -L 24 <in | cmp - <(prefixed {01..24})
	prefixed {01..24} | through -L -z 24 | cmp - in
}

@test "write -L and read -L are inverse for every byte string" {
	queue
	messages ''
	prefixed {01..24} >in
	through -L -L 24 <in | cmp - in
}

@test "write --record and read --record are inverse for every byte string of that size" {
	queue
	head -c 3200 /dev/urandom >in
	for size in 1 5 64; do
		through --record=$size --record=$size $((3200 / size)) <in | cmp - in
	done
	through --record=64 -L 50 <in | tail -c 64 | cmp - <(tail -c 64 in)
}

@test "write -J and read -J are inverse for every byte string" {
	queue
	messages ''
	for code in {0..255}; do bytes "$(printf %o "$code")"; done >all
	head -c 64 all >"25"
	head -c 128 all | tail -c 64 >"26"
	head -c 192 all | tail -c 64 >"27"
	tail -c 64 all >"28"
	prefixed {01..28} | tee in | through -L -J 28 >dump
	[ "$(jq -c . dump | wc -l)" -eq 28 ]
	through -J -L 28 <dump | cmp - in
	through -J -J 28 <dump | cmp - dump
}

@test "write and read without framing are inverse for every byte string" {
	queue -s 8192 -c 1
	for length in 0 1 4095 8191 8192; do
		head -c "$length" /dev/urandom >in
		ipc-mq write "$NAME" <in
		ipc-mq read -n "$NAME" | cmp - in
	done
}

@test "long framed messages come whole through pipes that split them anywhere" {
	queue -s 8192 -c 2
	head -c 300000 /dev/urandom | base64 -w 8191 >in
	dd if=in bs=1009 status=none | through -l -l "$(wc -l <in)" | cmp - in
	head -c 819200 /dev/urandom >in
	dd if=in bs=4093 status=none | through --record=8192 --record=8192 100 | cmp - in
}

# what ends too early, or is too long

@test "write -z takes a last piece without NUL, and empty ones" {
	queue
	printf 'a\0\0b' | ipc-mq write -z "$NAME"
	ipc-mq read -z -a "$NAME" | cmp - <(printf 'a\0\0b\0')
}

@test "write -L of what ends within a length or a message fails with 1, after the others" {
	queue
	{ bytes 0 0 0 1 && printf a && bytes 0 0 0; } |
		refuses -L 1 "cannot read standard input: it ends within message 2"
	{ bytes 0 0 0 1 && printf b && bytes 0 0 0 5 && printf four; } |
		refuses -L 1 "cannot read standard input: it ends within message 2"
	{ bytes 0 0 0 5; } | refuses -L 1 "cannot read standard input: it ends within message 1"
	[ "$(ipc-mq read -l -a "$NAME" | xargs)" = "a b" ]
}

@test "write --record of what ends within a record fails with 1, after the others" {
	queue
	printf 12345678abc | refuses --record=4 1 "cannot read standard input: it ends within message 3"
	[ "$(ipc-mq read -l -a "$NAME" | xargs)" = "1234 5678" ]
}

@test "what is too long is named, and the messages around it are sent" {
	queue
	long=$(printf %065d 0)
	printf '%s\n' before "$long" after |
		refuses -l 6 "cannot write message 2: it is 65 bytes long and the longest that is taken has 64 (its message size, chosen at create)"
	[ "$(ipc-mq read -l -a "$NAME" | xargs)" = "before after" ]
	printf '%s\0' before "$long" after | refuses -z 6 "cannot write message 2: it is 65 bytes long and the longest that is taken has 64 (its message size, chosen at create)"
	[ "$(ipc-mq read -l -a "$NAME" | xargs)" = "before after" ]
	{ bytes 0 0 0 101 && echo "$long" && bytes 0 0 0 1 && printf a; } |
		refuses -L 1 "cannot read standard input: it ends within message 2" || :
	ipc-mq purge "$NAME"
	{ bytes 0 0 0 101 && printf %s "$long" && bytes 0 0 0 1 && printf a; } |
		refuses -L 6 "cannot write message 1: it is 65 bytes long and the longest that is taken has 64 (its message size, chosen at create)"
	[ "$(ipc-mq read -l -a "$NAME")" = a ]
	printf '{"data":"%s"}\n' before "$long" after |
		refuses -J 6 "cannot write message 2: it is 65 bytes long and the longest that is taken has 64 (its message size, chosen at create)"
	[ "$(ipc-mq read -l -a "$NAME" | xargs)" = "before after" ]
}

@test "a line of megabytes is named by its length, and costs no other" {
	queue
	{ echo before && head -c 3000000 /dev/zero && echo && echo after; } |
		refuses -l 6 "cannot write message 2: it is 3000000 bytes long and the longest that is taken has 64 (its message size, chosen at create)"
	[ "$(ipc-mq read -l -a "$NAME" | xargs)" = "before after" ]
}

@test "a length of 4 GiB is passed over, not allocated" {
	queue
	{ bytes 377 377 377 377 && echo not that much; } >in
	run --separate-stderr ipc-mq write -L "$NAME" <in
	[ "$status" -eq 6 ] || [ "$status" -eq 1 ]
	[ -n "$stderr" ]
	holds 0
}

@test "records that are longer than the queue takes are refused with 6" {
	queue
	fails_with 6 "ipc-mq: cannot write records of 65 bytes: the longest that is taken has 64 (its message size, chosen at create)" \
		ipc-mq write --record=65 "$NAME"
	fails 6 ipc-mq write --record=8PiB "$NAME"
	holds 0
}

@test "read --record of a size that no message can have delivers what there is" {
	queue
	ipc-mq write "$NAME" hello
	run --separate-stderr ipc-mq read --record=1M -a "$NAME"
	[ "$status" -eq 1 ]
	[ "$output" = hello ]
}

@test "two framings, or records of 0 bytes, are wrong usage, and nothing moves" {
	queue
	ipc-mq write "$NAME" kept
	for framing in -lz -lL -lJ -zL -zJ -LJ '-l --record=4' '-J --record=4'; do
		for verb in read write; do
			# shellcheck disable=SC2086  # words
			fails_with 2 "ipc-mq: only one option can say how messages are framed" \
				ipc-mq "$verb" $framing "$NAME"
		done
	done
	fails 2 ipc-mq read --record=0 "$NAME"
	fails 2 ipc-mq write --record=0 "$NAME"
	holds 1
}

@test "framing does not go with operands" {
	queue
	for framing in -l -z -L -J --record=4; do
		fails 2 ipc-mq write "$framing" "$NAME" four
	done
	holds 0
}

# JSON

@test "read -J tells priority, type and data of each message" {
	queue
	ipc-mq write -p 5 "$NAME" hello
	[ "$(ipc-mq read -J "$NAME")" = '{"priority":5,"type":null,"data":"hello"}' ]
}

@test "what read -J dumps, write -J restores, with priorities" {
	queue
	ipc-mq write -p 9 "$NAME" high ''
	printf '\0\377"\\\n' | ipc-mq write "$NAME"
	ipc-mq write "$NAME" $'last é\xc2\x9b\xe2\x80\xae\xf3\xa0\x80\x81'
	ipc-mq read -J -a "$NAME" >dump
	[ "$(tail -n 1 dump)" = '{"priority":0,"type":null,"data":"last é\u009b\u202e\udb40\udc01"}' ]
	ipc-mq write -J "$NAME" <dump
	[ "$(value MESSAGES,BYTES "$NAME")" = "4 25" ]
	LC_ALL=C ipc-mq read -J -a "$NAME" | cmp - dump
	[ "$(jq -r .priority dump | xargs)" = "9 9 0 0" ]
}

@test "JSON has base64 beside readable data for what is not UTF-8, and for nothing else" {
	queue
	while read -r octal is; do
		# shellcheck disable=SC2086  # words
		bytes ${octal//,/ } >in
		ipc-mq write "$NAME" <in
		ipc-mq read -J "$NAME" >out
		iconv -f UTF-8 -t UTF-8 out | cmp - out
		if [ "$is" = text ]; then
			jq -j .data out | cmp - in
			jq -e 'has("data_base64") == false' out
		else
			jq -r .data_base64 out | base64 -d | cmp - in
			jq -e '.data | type == "string"' out
		fi
	done <<-END
		303,251 text
		342,202,254 text
		360,237,230,200 text
		364,217,277,277 text
		364,220,200,200 bytes
		355,237,277 text
		355,240,200 bytes
		300,200 bytes
		301,277 bytes
		340,237,277 bytes
		360,217,277,277 bytes
		342,202 bytes
		200 bytes
		377 bytes
		141,303,50 bytes
		357,273,277 text
		177 text
		302,233,342,200,256,363,240,200,201 text
		1,37,42,134 text
	END
}

@test "JSON tells different byte strings apart" {
	queue
	for data in '\377' '\\377' '\\M^?' '\M-^?' 'M-^?' '\xff' '\u00ff' 'ÿ' '\376' '' ' ' '\0' '\000' 'null'; do
		printf '%s' "$data" | ipc-mq write "$NAME"
		ipc-mq read -J "$NAME"
	done >out
	for code in 0 200 201 376 377; do
		bytes "$code" | ipc-mq write "$NAME"
		ipc-mq read -J "$NAME"
	done >>out
	[ "$(sort -u out | wc -l)" -eq 19 ]
	[ "$(jq -c . out | sort -u | wc -l)" -eq 19 ]
}

@test "write -J takes JSON as others print it" {
	queue
	while IFS=$'\t' read -r line octal; do
		echo "$line" | ipc-mq write -J "$NAME"
		# shellcheck disable=SC2086  # words
		ipc-mq read -n "$NAME" | cmp - <(bytes $octal)
	done <<-'END'
		{"data":"a"}	141
		 { "data" : "a" , "priority" : 3 , "type" : null } 	141
		{"type":null,"priority":null,"data":"\u0061"}	141
		{"data":"\u0000a\u00E9"}	0 141 303 251
		{"data":"\uD83D\ude00"}	360 237 230 200
		{"data":"\"\\\/\b\f\n\r\t"}	42 134 57 10 14 12 15 11
		{"data":"readable","data_base64":"/wA="}	377 0
		{"data_base64":"/w==","data":"readable"}	377
		{"d\u0061ta":"a"}	141
	END
	printf '{"data":"no newline"}' | ipc-mq write -J "$NAME"
	printf '{"data":"CR"}\r\n' | ipc-mq write -J "$NAME"
	[ "$(ipc-mq read -l -a "$NAME" | xargs)" = "no newline CR" ]
}

@test "write -J -p gives the priority of those that tell none" {
	queue
	printf '%s\n' '{"data":"a"}' '{"data":"b","priority":9}' '{"data":"c","priority":null}' |
		ipc-mq write -J -p 4 "$NAME"
	[ "$(ipc-mq read -J -a "$NAME" | jq -c '[.priority, .data]' | xargs)" = "[9,b] [4,a] [4,c]" ]
}

@test "write -J refuses a line that is none, by its number, and sends nothing of it" {
	queue
	while read -r line; do
		printf '%s\n' '{"data":"good"}' "$line" >in
		run --separate-stderr ipc-mq write -J "$NAME" <in
		echo "$line: status $status, stderr '$stderr'"
		[ "$status" -eq 1 ]
		[[ $stderr == "ipc-mq: cannot "*"message 2"* ]]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[ "$(ipc-mq read -l -a "$NAME")" = good ]
	done <<-'END'
		x
		[]
		[{"data":"a"}]
		"data"
		null
		{}
		{"data"}
		{"data":}
		{"data":"a"
		{"data":"a"}}
		{"data":"a"} {"data":"b"}
		{"data":"a",}
		{,"data":"a"}
		{"data":"a";"priority":1}
		{"data":"a}
		{'data':'a'}
		{data:"a"}
		{"data":1}
		{"data":null}
		{"data":true}
		{"data":["a"]}
		{"data":{"data":"a"}}
		{"data":"a","more":1}
		{"data":"a","Priority":1}
		{"data":"a","priority":-1}
		{"data":"a","priority":32768}
		{"data":"a","priority":1.5}
		{"data":"a","priority":1e2}
		{"data":"a","priority":01}
		{"data":"a","priority":"1"}
		{"data":"a","priority":99999999999999999999}
		{"data":"a","type":1}
		{"data":"a","type":[]}
		{"data":"\x61"}
		{"data":"\u12"}
		{"data":"\u123g"}
		{"data":"\ud83d"}
		{"data":"\ud83dx"}
		{"data":"\ud83d\u0061"}
		{"data":"\ude00"}
		{"data":"\ude00\ud83d"}
		{"data_base64":"/"}
		{"data_base64":"/w"}
		{"data_base64":"/w="}
		{"data_base64":"===="}
		{"data_base64":"/w==/w=="}
		{"data_base64":"/-=="}
		{"data_base64":1}
		{"data":"a"}x
	END
}

@test "write -J refuses raw control characters, bad UTF-8 and an empty line" {
	queue
	printf '{"data":"a\001"}\n' | refuses -J 1 "cannot read message 1 of standard input: a value is not a JSON string, number, boolean or null"
	printf '{"data":"a\0"}\n' | refuses -J 1 "cannot read message 1 of standard input: a value is not a JSON string, number, boolean or null"
	printf '{"data":"a\377"}\n' | refuses -J 1 "cannot read message 1 of standard input: a value is not a JSON string, number, boolean or null"
	printf '{"data":"a"}\0\n' | refuses -J 1 "cannot read message 1 of standard input: something follows the JSON object"
	ipc-mq purge "$NAME"
	printf '\n' | refuses -J 1 "cannot read message 1 of standard input: it is not a JSON object"
	holds 0
}

@test "write -J refuses deep nesting without going down" {
	queue -s 8192 -c 1
	for deep in '[' '{"a":' '{"data":['; do
		for (( n = 0; n < 12; n++ )); do deep+=$deep; done
		run --separate-stderr ipc-mq write -J "$NAME" < <(printf '{"data":%s\n' "${deep:0:60000}")
		[ "$status" -eq 1 ]
	done
	holds 0
}

@test "what read -J dumps, write -J restores, also where messages are short" {
	queue -s 1
	printf '\377' | ipc-mq write "$NAME"
	ipc-mq write -p 32767 "$NAME" a
	ipc-mq read -J -a "$NAME" >dump
	ipc-mq write -J "$NAME" <dump
	ipc-mq read -J -a "$NAME" | cmp - dump
}

@test "write -J takes the longest message in its longest form" {
	queue
	data=
	for _ in {1..64}; do data+='\u0001'; done
	base64=$(head -c 64 /dev/zero | base64 -w 0)
	echo "{\"priority\":0,\"type\":null,\"data\":\"$data\",\"data_base64\":\"$base64\"}" |
		ipc-mq write -J "$NAME"
	[ "$(value MESSAGES,BYTES "$NAME")" = "1 64" ]
}

# time

@test "a message that has come whole waits for no other" {
	queue
	mkfifo input
	for framing in -l -z -L -J --record=1; do
		ipc-mq write "$framing" "$NAME" <input 3>&- &
		exec 7>input
		for data in a b; do
			case $framing in
			-l) printf '%s\n' $data ;;
			-z) printf '%s\0' $data ;;
			-L) bytes 0 0 0 1 && printf %s $data ;;
			-J) printf '{"data":"%s"}\n' $data ;;
			--record=1) printf %s $data ;;
			esac >&7
			within 10 holds 1
			[ "$(ipc-mq read -n "$NAME")" = $data ]
		done
		exec 7>&-
		ends_with 0 $!
	done
}

@test "a message that was read is out before the next one comes" {
	queue
	mkfifo output
	for framing in -l -z -L -J --record=1; do
		ipc-mq read -f "$framing" "$NAME" >output 3>&- &
		exec 7<output
		for data in a b; do
			ipc-mq write "$NAME" $data
			# dd leaves O_NONBLOCK with the pipe: there may be nothing yet.
			within 10 eval 'timeout 10 head -c 1 <&7 >first 2>/dev/null && [ -s first ]'
			within 10 asleep $!
			timeout 10 dd bs=100 count=1 iflag=nonblock status=none <&7 2>/dev/null || :
		done
		kill $!
		ends_with 143 $!
		exec 7<&-
	done
}
