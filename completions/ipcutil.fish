# ipcutil.fish - fish completion of every ipc-* program: each describes itself
#
# It serves the program that its file is named for.

# __ipcutil_option WORD: the caller's arg becomes what the option takes, its head the
# part of WORD before that; an empty head means the next word.
function __ipcutil_option --no-scope-shadowing
    set arg ''
    set head ''
    if string match -q -- '--*' $argv[1]
        set -l parts (string split -m 1 = -- $argv[1])
        set -l i (contains -i -- $parts[1] $options)
        and set arg $takes[$i]
        set -q parts[2]
        and set head $parts[1]=
        return
    end
    for letter in (string split '' -- $argv[1])[2..]
        set head $head$letter
        set -l i (contains -i -- -$letter $options)
        and set arg $takes[$i]
        test -n "$arg"
        and break
    end
    set head -$head
    test $head = $argv[1]
    and set head ''
end

# Completions for the word at the cursor, each with its help behind a tab.
function __ipcutil_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l program (string replace -r -- '^~/' ~/ $words[1])
    set -l verbs
    set -l verb
    set -l operands
    set -l options
    set -l takes
    set -l offered
    set -l columns
    set -l choices
    set -l lister $program ls

    command -sq $program
    or return
    # The row of the verb typed comes before those of its options and columns.
    for row in (command $program --describe 2>/dev/null </dev/null)
        set -l field (string split \t -- $row)
        switch "$field[1] $field[2]"
            case 'verb *'
                set -a verbs $field[3]\t$field[5]
                # Of its own name: it is all there is, and is not typed.
                if test $field[3] = (string replace -r '.*/' '' -- $program)
                    set words $words[1] $field[3] $words[2..]
                    set lister (string replace -r 'ipc-[a-z]*$' ipc-ls -- $program)
                end
                if test $field[3] = "$words[2]"
                    set verb $field[2]
                    set operands $field[4]
                end
            case "option $verb"
                set -a options $field[3]
                set -a takes $field[4]
                if test -n "$field[4]"
                    set field[3] (string replace -r '^(--.*)' '$1=' -- $field[3])
                end
                set -a offered $field[3]\t$field[5]
            case "column $verb"
                set -a columns $field[3]\t$field[5]
            case "word $verb"
                set -a choices "$field[4] $field[3]"
        end
    end

    if not set -q words[2]
        string join \n -- $verbs
        return
    end

    # What the words behind the verb leave to be typed.
    set -l arg ''
    set -l head ''
    set -l ended ''
    set -l operand ''
    for typed in $words[3..]
        if test -n "$arg"
            set arg '' # this was it
        else if test -z "$ended"; and test "$typed" = --
            set ended 1
        else if test -z "$ended"; and string match -q -- '-?*' $typed
            __ipcutil_option $typed
            test -n "$head"
            and set arg '' # it is in the same word
        else
            set operand 1
            # What follows the ADDRESS of "ADDRESS [MESSAGE]..." is data.
            string match -q 'ADDRESS [*' -- $operands
            and set ended 1
        end
    end
    if test -n "$arg"
        set head ''
    else if test -z "$ended"; and string match -q -- '-*' $word
        __ipcutil_option $word
        if test -z "$head"
            string join \n -- $offered
            return
        end
    else if string match -qr 'ipc-(fifo|mmap)$' -- $program; and string match -q 'ADDRESS*' -- $operands
        test -n "$operand" -a "$operands" != ADDRESS... -a "$operands" != 'ADDRESS REPLY'
        or __fish_complete_path $word # its addresses are paths
        return
    else if string match -q '*DIR*' -- $operands
        __fish_complete_directories $word
        return
    else if test "$verb" != create; and string match -q '*ADDRESS*' -- $operands
        test -n "$operand"; and not string match -qr 'ADDRESS[]]?[.]' -- $operands
        and return
        # A backslash is vis(3)'s: such a name is not to be typed.
        command $lister -q --raw --noheadings -o ADDRESS 2>/dev/null </dev/null |
            string match -rv '\\\\'
        return
    end

    switch $arg
        case FILE
            __fish_complete_path (string replace -- "$head" '' $word)
        case COL
            string join \n -- $head$columns
        case COLS
            set head (string match -r '.*[,+]' -- $word; or echo $head)
            string join \n -- $head$columns
        case 'USER*GROUP*'
            if string match -q '*:*' -- $word
                set head (string match -r '.*:' -- $word)
                string join \n -- $head(__fish_complete_groups)
            else
                string join \n -- $head(__fish_complete_users)
            end
        case USER
            string join \n -- $head(__fish_complete_users)
        case '?*'
            set head (string match -r '.*,' -- $word; or echo $head)
            string join \n -- $head(string match -- "$arg *" $choices | string replace -r '.* ' '')
    end
end

complete -c (status filename | string replace -ra '.*/|\.fish$' '') -f -a '(__ipcutil_complete)'
