/** What the guest's agent runs for a command of the host: a shell script, since a guest has nothing else for sure. */

/** Directory of the guest where commands have their files; in memory, and for root only. */
export const EXEC_DIRECTORY = "/run/microvm";

/** Of how many reads, each of at most a page, a file of output has: 4 MiB at most, that many bytes at least. */
export const SEGMENT_READS = 1024;

/**
 * Arguments: BASE USER DIRECTORY MODE COUNT, COUNT variables as NAME=VALUE, then the command. BASE is the beginning of
 * all names of this command's files:
 *
 * - `BASE.out.0`, `BASE.err.0`: what it prints, as long as `SEGMENT_READS` allows. Then the next one is there, and
 *   filled once the host has read the last one and says with `BASE.out.1.open` that it has opened this one, so that a flood fills nothing.
 * - `BASE.in`: a FIFO of lines: `d DATA` (as printf's %b takes it), `f NUMBER` (the bytes of `BASE.in.NUMBER`), `e`
 *   (the end). Each that is done adds a line to `BASE.ack`. Only with the mode `input` or `tty`.
 * - `BASE.pid`, `BASE.code`: process id, and exit status once it has ended, though others may still hold its outputs.
 *
 * With the mode `tty` the command is one word, for a shell below script(1).
 */
export const EXEC_SCRIPT = `
b=$1 user=$2 directory=$3 mode=$4 count=$5
shift 5
umask 077
case $mode in input | tty) mkfifo "$b.in" || exit ;; esac
umask 022
unset INVOCATION_ID JOURNAL_STREAM MEMORY_PRESSURE_WATCH MEMORY_PRESSURE_WRITE SYSTEMD_EXEC_PID
[ ! -d /.microvm/bin ] || PATH=$PATH:/.microvm/bin

found=''
while IFS=: read -r name _ uid gid _ home shell; do
  if [ "$name" = "$user" ] || [ "$uid" = "$user" ]; then
    found=yes
    break
  fi
done 2>/dev/null </etc/passwd
if [ -z "$found" ]; then
  if [ "$user" != root ]; then
    echo "there is no user $user" >&2
    rm -f "$b".*
    exit 126
  fi
  name=root uid=0 gid=0 home=/root shell=/bin/sh
fi
export HOME="$home" USER="$name" LOGNAME="$name" SHELL="\${shell:-/bin/sh}"
while [ "$count" -gt 0 ]; do
  export "\${1?}"
  shift
  count=$((count - 1))
done

# Gives what comes in to the host.
pump() {
  number=0
  while :; do
    records=$(LC_ALL=C dd bs=4096 count=${SEGMENT_READS} 2>&1 >>"$b.$1.$number")
    # The numbers of whole and of short reads, behind what it says about short ones.
    records=\${records%% records*}
    records=\${records##*[!0-9+]}
    [ "$((\${records%+*} + \${records#*+}))" -ge ${SEGMENT_READS} ] || return
    last=$number
    number=$((number + 1))
    : >"$b.$1.$number"
    until [ -e "$b.$1.$number.open" ]; do sleep 0.05; done
    : >"$b.$1.$last"
  done
}

# Gives what the host says to the command.
feed() {
  trap '' PIPE
  while read -r verb data; do
    case $verb in
      d) printf %b "$data" ;;
      f) cat "$b.in.$data"; rm -f "$b.in.$data" ;;
      *) break ;;
    esac
    echo >>"$b.ack"
  done <>"$b.in" 2>/dev/null
}

start() {
  read -r pid _ </proc/self/stat
  echo "$pid" >"$b.pid"
  cd "\${directory:-$HOME}" 2>/dev/null || [ -z "$directory" ] || cd "$directory" || exit 126
  if [ "$mode" = tty ]; then
    export MICROVM_SHELL="$SHELL" SHELL=/bin/sh
    set -- script -qefc "$1" /dev/null
  fi
  [ "$uid" = 0 ] || set -- setpriv --reuid "$uid" --regid "$gid" --init-groups -- "$@"
  exec "$@"
}

run() {
  # Not the shell's own words about a signal.
  { (start "$@" 2>&4 4>&-); } 4>&2 2>/dev/null
  echo $? >"$b.code"
  [ "$mode" = output ] || echo e 1<>"$b.in"
}

case $mode in
  output) { run "$@" 2>&1 >&3 3>&- </dev/null | pump err; } 3>&1 | pump out ;;
  input) feed | { run "$@" 2>&1 >&3 3>&- | pump err; } 3>&1 | pump out ;;
  tty) feed | run "$@" 2>&1 | pump out ;;
esac
read -r code <"$b.code"
rm -f "$b".* >/dev/null 2>&1 &
exit "$code"
`;

/** What \`tree PID\` prints: a process and all that it started. */
const TREE = `
tree() {
  echo "$1"
  # shellcheck disable=SC2013 # words are wanted
  for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do tree "$child"; done
}
`;

/** Sends a signal to a command and all that it started. Arguments: BASE, the signal's name. */
export const SIGNAL_SCRIPT = `${TREE}
read -r pid <"$1.pid"
# shellcheck disable=SC2046 # process ids are words
kill -s "$2" $(tree "$pid")
`;

/** Leaves a command that has ended, though others hold its outputs. Arguments: BASE, process id of the script. */
export const LEAVE_SCRIPT = `${TREE}
# shellcheck disable=SC2046 # process ids are words
kill $(tree "$2")
rm -f "$1".*
`;

/** Tells a command's terminal its size. Arguments: BASE, rows, columns. */
export const RESIZE_SCRIPT = `
read -r pid <"$1.pid"
# shellcheck disable=SC2013 # words are wanted
for child in $(cat "/proc/$pid/task/"*/children); do
  stty -F "/proc/$child/fd/0" rows "$2" cols "$3"
done
`;
