/** What changes a running guest: a shell script, sent along with what it brings (`bundle.ts`). */
import { ACCOUNT_FUNCTIONS } from "./script-accounts.ts";
import { FILE_FUNCTIONS } from "./script-files.ts";
import { SETTING_FUNCTIONS } from "./script-settings.ts";

/** Directory of the guest where live changes lie; in memory, for root only. */
export const LIVE_DIRECTORY = "/run/microvm-live";

/** The unit that a change runs as: it lives on when the host, or the guest's agent, does not. */
export const LIVE_UNIT = "microvm-live.service";

/** Of a service, in the guest: a change must pass it (`microvm.liveChange.check`). */
export const CHECK_PROGRAM = "usr/local/lib/microvm/live-change-check";

/** How long everything must stay up, in seconds. */
const SETTLE_TIME = 2;

/**
 * Arguments: DIRECTORY of the change, `run`, or `finish` for what a `run` left that was cut off; and a root for tests.
 *
 * What it reads in the directory:
 *
 * - `files`: lines `KIND NUMBER MODE OWNER FORMER PATH`. KIND is file, link (both with `content/NUMBER`), directory, gone or
 *   emptied; FORMER the checksum of what the former configuration has there, or `-`.
 * - `accounts/former/NAME`, `accounts/next/NAME`: the four account files, when they differ.
 * - `units`: lines `LIST UNIT`; `steps`: lines `STEP PATH`; `runner`: the name of what the guest becomes.
 *
 * What it writes there: `words`, what it has to say; `result`, at the end: a line `changed`, `returned` or `damaged`, then
 * the words. It is done, or nothing is.
 */
export const CHANGE_SCRIPT = `#!/bin/sh
# Changes a running guest to another configuration, or leaves it as it was.
set -u
export LC_ALL=C
umask 022
dir=$1 root=\${3:-} live=\${1%/*}
cd "$dir" || exit

say() { echo "$*" >>words; }

# Units of a list, one a line.
listed() { sed -n "s/^$1 //p" units; }

# What is being done: the reason when it fails without one of its own, or is cut off.
at() { echo "$*" >doing; }

# The states of units, in their order: UNIT STATE.
states() {
  [ $# -gt 0 ] || return 0
  systemctl show -p Id -p ActiveState -- "$@" | awk -F= '
    $1 == "Id" { id = $2 } $1 == "ActiveState" { state = $2 }
    id != "" && state != "" { print id, state; id = state = "" }'
}

# The states of all units that may have to stop, in "before": LIST UNIT STATE. A template stands for its instances.
read_states() {
  while read -r list unit; do
    case $list in later | itself | consider) continue ;; esac
    case $unit in
      *@.*)
        systemctl list-units --all --plain --no-legend "\${unit%%@*}@*.\${unit##*.}" |
          awk -v list="$list" '{ print list, $1 }' ;;
      *) echo "$list $unit" ;;
    esac
  done <units >asked
  # shellcheck disable=SC2046 # words are wanted
  states $(cut -d ' ' -f 2 asked) | awk 'NR == FNR { list[NR] = $1; next } { print list[FNR], $0 }' asked - >before
}

# Those of the units of a list that were in one of these states.
were() { awk -v list="$1" -v wanted="$2" '$1 == list && index(wanted, $3) { print $2 }' before; }

# What wants units that are new, or wanted less, in "relations": UNIT STATE TRIGGER WANTING...; and the wanting that run in "alive".
read_relations() {
  : >alive
  # shellcheck disable=SC2046 # words are wanted
  set -- $(listed consider) $(cat perhaps)
  [ $# -gt 0 ] || { : >relations; return 0; }
  systemctl show -p Id -p ActiveState -p TriggeredBy -p WantedBy -p RequiredBy -p UpheldBy -- "$@" | awk '
    BEGIN { RS = ""; FS = "\\n" }
    {
      by = id = state = ""; trigger = "-"
      for (i = 1; i <= NF; i++) {
        key = value = $i
        sub(/=.*/, "", key); sub(/^[^=]*=/, "", value)
        if (key == "Id") id = value
        else if (key == "ActiveState") state = value
        else if (key != "TriggeredBy") by = by " " value
        else if (value != "") trigger = "triggered"
      }
      print id, state, trigger by
    }' >relations
  # shellcheck disable=SC2046 # words are wanted
  states $(cut -d ' ' -f 4- relations) | awk '$2 ~ /^(active|activating|reloading)$/ { print $1 }' | sort -u >alive
}

# Of units on standard input those that something wants that runs ("yes"), or nothing ("no"): UNIT STATE TRIGGER.
wanted() {
  awk -v answer="$1" '
    FILENAME == "alive" { alive[$1]; next }
    FILENAME == "relations" { state[$1] = $2; trigger[$1] = $3; for (i = 4; i <= NF; i++) if ($i in alive) is[$1] = 1; next }
    ($1 in state) && (is[$1] ? "yes" : "no") == answer { print $1, state[$1], trigger[$1] }' alive relations -
}

failed() { systemctl list-units --state=failed --plain --no-legend | awk '{ print $1 }' | sort; }

${FILE_FUNCTIONS}${ACCOUNT_FUNCTIONS}${SETTING_FUNCTIONS}# What a unit said last.
tell_unit() {
  say "reason the unit $1 $2"
  journalctl "_SYSTEMD_UNIT=$1" -n 3 -o cat --no-pager 2>/dev/null | sed 's/^/log /' >>words
}

# Starts, restarts or reloads units; those that fail are told.
control() {
  verb=$1
  shift
  [ $# -gt 0 ] || return 0
  systemctl "$verb" -- "$@" >control.log 2>&1 && return
  is_told=''
  for unit in "$@"; do
    ! systemctl is-failed -q -- "$unit" || { tell_unit "$unit" "did not $verb"; is_told=yes; }
  done
  [ -n "$is_told" ] || say "reason systemctl $verb: $(head -n 1 control.log)"
  return 1
}

healthy() {
  at "watching the guest"
  sleep ${SETTLE_TIME}
  failed >failed.now
  new=$(comm -13 failed.before failed.now | head -n 1)
  [ -z "$new" ] || { tell_unit "$new" failed; return 1; }
  # shellcheck disable=SC2046 # words are wanted
  set -- $(cat started restarted)
  if [ $# -gt 0 ]; then
    new=$(systemctl show -p Id -p SubState -- "$@" |
      awk -F= '$1 == "Id" { id = $2 } $1 == "SubState" { state = $2 } $0 == "" { id = state = "" } id != "" && state ~ /^auto-restart/ { print id; exit }')
    [ -z "$new" ] || { tell_unit "$new" "fails again and again"; return 1; }
  fi
  [ -x "$root/${CHECK_PROGRAM}" ] || return 0
  at "running microvm.liveChange.check"
  "$root/${CHECK_PROGRAM}" >check.log 2>&1 || {
    say "reason microvm.liveChange.check failed: $(tail -n 1 check.log)"
    return 1
  }
}

# Of the services that were replaced those that a socket starts when somebody asks.
left_to_sockets() {
  # shellcheck disable=SC2046 # words are wanted
  set -- $(listed itself | awk '
    FILENAME != "replaced" { itself[$1]; next }
    /[.]service$/ && !($1 in itself) { sub(/service$/, "socket"); print }' - replaced)
  states "$@" | awk '$2 == "active" { sub(/socket$/, "service", $1); print $1 }'
}

# The units of a file, and their fate.
stop_units() {
  # shellcheck disable=SC2046 # words are wanted
  set -- $(cat "$@")
  control stop "$@"
}

change() {
  at "looking at the units"
  read_states
  were stop 'active activating reloading' >stopped
  { were replace 'active activating reloading failed'; were restart failed; } >replaced
  were restart 'active activating reloading' >restarted
  were reload 'active reloading' >reloaded
  were unwanted 'active activating reloading' >perhaps
  failed >failed.before
  sort -u stopped replaced restarted reloaded >touched
  at "stopping units"
  stop_units stopped replaced || return
  at "putting files in their places"
  put_files && sysctl_save || return
  at "changing accounts"
  change_accounts || return
  at "having systemd read its units"
  systemctl daemon-reload && steps '' || return
  at "looking for units that are wanted"
  read_relations
  wanted no <perhaps | awk '$3 == "-" { print $1 }' >extra
  cat extra >>touched
  stop_units extra || return
  [ ! -s extra ] || { grep -vxFf extra alive >alive.left; mv alive.left alive; }
  listed consider | wanted yes | awk '$2 != "active" { print $1 }' >new
  left_to_sockets >left
  grep -vxFf left replaced >started
  cat new >>started
  at "starting units"
  # shellcheck disable=SC2046 # words are wanted
  set -- $(cat started)
  [ $# = 0 ] || systemctl reset-failed -- "$@" 2>/dev/null
  # shellcheck disable=SC2046
  control restart $(cat restarted) && control reload-or-restart $(cat reloaded) && control start "$@" && healthy
}

# Puts everything back, last things first. Whatever fails of it is told, and the rest is done.
go_back() {
  is_whole=yes
  trouble() { is_whole=''; say "trouble $*"; }
  # shellcheck disable=SC2046
  set -- $(cat started restarted 2>/dev/null)
  [ $# = 0 ] || systemctl stop -- "$@" || trouble "cannot stop what was started"
  [ ! -f undo ] || awk '{ line[NR] = $0 } END { for (i = NR; i > 0; i--) print line[i] }' undo >undo.reversed
  [ ! -f undo ] || while read -r verb number path; do
    put_back "$verb" "$number" "$path" 2>/dev/null || trouble "cannot put back /$path"
  done <undo.reversed
  [ ! -f made ] || sort -r made | while read -r path; do rmdir "$path" 2>/dev/null; done
  systemctl daemon-reload || trouble "systemd does not read its units"
  # shellcheck disable=SC2046
  set -- $(cat started restarted 2>/dev/null)
  [ $# = 0 ] || systemctl reset-failed -- "$@" 2>/dev/null
  [ ! -f sysctl.saved ] || steps back || trouble "not all settings are the former ones"
  # Those that had failed before would fail again.
  # shellcheck disable=SC2046
  set -- $(grep -vxFf failed.before touched 2>/dev/null)
  [ $# = 0 ] || systemctl start -- "$@" || trouble "not everything runs again: $*"
  # shellcheck disable=SC2046
  set -- $(cat reloaded 2>/dev/null)
  [ $# = 0 ] || systemctl reload-or-restart -- "$@" || trouble "not everything was reloaded: $*"
  if [ -n "$is_whole" ]; then finish returned; else finish damaged; fi
}

finish() {
  rm -rf saved accounts content
  { echo "$1"; cat words; } >result.new
  mv result.new result
}

# What the shell and its programs complained of last.
complaint() { [ ! -s complaints ] || echo ": $(tail -n 1 complaints)"; }

touch words
case $2 in
  run)
    : >begun
    exec 2>>complaints
    if change; then
      cp runner "$live/applied"
      finish changed
    else
      grep -q '^reason ' words || say "reason it failed while $(cat doing)$(complaint)"
      go_back
    fi ;;
  finish)
    [ -f begun ] && [ ! -f result ] || exit 0
    exec 2>>complaints
    # What systemd says of the main process: "signal", "timeout", or "exit-code" when the shell gave up by itself.
    why=\${SERVICE_RESULT:-nobody knows why}
    [ "$why" != exit-code ] || why=$why$(complaint)
    say "reason the change was cut off while $(cat doing) ($why)"
    go_back ;;
esac
`;
