# zsh -f complete.zsh SCRIPT LINE: prints what a zsh with this completion offers when TAB is pressed behind the line.
emulate -L zsh
zmodload zsh/zpty
out=$(mktemp)
init=$(mktemp)
cat > $init <<'INIT'
PROMPT=
autoload -Uz compinit && compinit -u -D
eval "$(cat $SCRIPT)"
compadd() {
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
    local -a hits
    builtin compadd -A hits "$@"
    print -rl -- $hits >> $OUT
  fi
  builtin compadd "$@"
}
offer() { _main_complete; print -r -- '= end' >> $OUT }
zle -C offer complete-word offer
bindkey '^I' offer
print -r -- '= ready' >> $OUT
INIT
export SCRIPT=$1 OUT=$out
zpty terminal zsh -f -i
await() { for ((n = 0; n < 600; n++)); do grep -q "^= $1" $out && return; zpty -rt terminal _ > /dev/null; sleep 0.05; done; exit 9 }
zpty -w terminal "source $init"
await ready
zpty -wn terminal "$2"$'\t'
await end
zpty -d terminal
grep -v '^= ' $out
rm -f $out $init
