# ipcutil.fish - fish completion of every ipc-* program: each describes itself

# __ipcutil_option WORD: for its caller, arg becomes what the option takes, head the
# part of WORD before it; an empty head means the next word.
function __ipcutil_option --no-scope-shadowing
    set arg ''
    set head ''
    if string match -q -- '--*' $argv[1]
        set head (string match -r -- '^[^=]*=' $argv[1]; or echo)
        ...
end
