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

# The states of units, one a line: UNIT STATE.
states() {
  [ $# -gt 0 ] || return 0
  systemctl show -p Id -p ActiveState -- "$@" | awk -F= '
    $1 == "Id" { id = $2 } $1 == "ActiveState" { state = $2 }
    id != "" && state != "" { print id, state; id = state = "" }'
}

# Those of the units of a list that run; a template stands for its instances.
running() {
  names=''
  for unit in $(listed "$1"); do
    case $unit in
      *@.*) names="$names $(systemctl list-units --all --plain --no-legend "\${unit%%@*}@*.\${unit##*.}" | awk '{ print $1 }')" ;;
      *) names="$names $unit" ;;
    esac
  done
  # shellcheck disable=SC2086 # words are wanted
  states $names | awk -v wanted="$2" 'index(wanted, $2) { print $1 }'
}

failed() { systemctl list-units --state=failed --plain --no-legend | awk '{ print $1 }' | sort; }

# Whether something that runs wants a unit.
wanted() {
  by=$(systemctl show -p WantedBy -p RequiredBy -p UpheldBy --value -- "$1")
  # shellcheck disable=SC2086 # words are wanted
  [ -n "$by" ] && states $by | grep -Eq ' (active|activating|reloading)$'
}

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
  sleep ${SETTLE_TIME}
  failed >failed.now
  new=$(comm -13 failed.before failed.now | head -n 1)
  [ -z "$new" ] || { tell_unit "$new" failed; return 1; }
  # shellcheck disable=SC2013 # words are wanted
  for unit in $(cat started restarted); do
    case $(systemctl show -p SubState --value -- "$unit") in
      auto-restart*) tell_unit "$unit" "fails again and again"; return 1 ;;
    esac
  done
  [ -x "$root/${CHECK_PROGRAM}" ] || return 0
  "$root/${CHECK_PROGRAM}" >check.log 2>&1 || {
    say "reason microvm.liveChange.check failed: $(tail -n 1 check.log)"
    return 1
  }
}

change() {
  running stop 'active activating reloading' >stopped
  { running replace 'active activating reloading failed'; running restart failed; } >replaced
  running restart 'active activating reloading' >restarted
  running reload 'active reloading' >reloaded
  running unwanted 'active activating reloading' >perhaps
  failed >failed.before
  sort -u stopped replaced restarted reloaded >touched
  # shellcheck disable=SC2046 # words are wanted
  set -- $(cat stopped replaced)
  [ $# = 0 ] || control stop "$@" || return
  put_writable && sysctl_save && put_mounted && change_accounts || return
  systemctl daemon-reload && steps '' || return
  : >extra
  # shellcheck disable=SC2013 # words are wanted
  for unit in $(cat perhaps); do
    wanted "$unit" || [ -n "$(systemctl show -p TriggeredBy --value -- "$unit")" ] || {
      echo "$unit" >>touched
      echo "$unit" >>extra
    }
  done
  # shellcheck disable=SC2046
  set -- $(cat extra)
  [ $# = 0 ] || control stop "$@" || return
  : >new
  for unit in $(listed consider); do
    ! wanted "$unit" || systemctl is-active -q -- "$unit" || echo "$unit" >>new
  done
  # shellcheck disable=SC2013 # words are wanted
  for unit in $(cat replaced); do
    # A socket starts it when somebody asks.
    case $unit in
      *.service) listed itself | grep -qxF -- "$unit" || ! systemctl is-active -q -- "\${unit%.service}.socket" || continue ;;
    esac
    echo "$unit"
  done >started
  cat new >>started
  # shellcheck disable=SC2046
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
    case $verb in
      back) rm -f "$root/$path" && cp -aT "saved/$number" "$root/$path" ;;
      # Directories go below, when nobody else has put anything in them.
      none) [ -d "$root/$path" ] && [ ! -L "$root/$path" ] || rm -f "$root/$path" ;;
      mode) [ -d "$root/$path" ] || { rm -f "$root/$path"; mkdir "$root/$path"; }; chmod "$number" "$root/$path" ;;
      mount) umount -l "$root/$path" ;;
      account) write_account "$path" "accounts/saved/$path" ;;
    esac 2>/dev/null || trouble "cannot put back /$path"
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
  [ "$1" = changed ] || rm -rf layers
  { echo "$1"; cat words; } >result.new
  mv result.new result
}

touch words
case $2 in
  run)
    : >begun
    if change; then
      ln -sfn "$dir" "$live/current"
      cp runner "$live/applied"
      finish changed
    else
      go_back
    fi ;;
  finish)
    [ -f begun ] && [ ! -f result ] || exit 0
    say "reason the change was cut off"
    go_back ;;
esac
`;
