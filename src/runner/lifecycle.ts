/** Scripts of the runner about a VM that runs: whether it is up, whether it answers, and its end. */
import type { Hypervisor } from "../hypervisors/hypervisor.ts";
import type { MachineSpec } from "../hypervisors/machine.ts";
import { quoteWord } from "../os/processes.ts";
import { PROLOGUE } from "./prologue.ts";
import { type Program, programWords } from "./words.ts";

/** How long the agent's way has, and how often the power button is pressed then: seconds. */
const AGENT_TIME = 5;
const BUTTON_TIME = 2;

/** How long the agent's first way has before its second one is tried as well, in seconds. */
const FIRST_TIME = 2;

/**
 * Powers a guest off, by the signal that has systemd do so (systemd(1)): shutdown(8), which the agent would call, has
 * the bus and the login manager started first, if only to be stopped again. A shell that has no name for the signal is
 * busybox's.
 */
const POWER_OFF = "[ -d /run/systemd/system ] && kill -s RTMIN+4 1 || exec /sbin/shutdown -P now";

/** Questions to the agent, the second for one that runs no commands. */
const AGENT_LINES = [
  { execute: "guest-exec", arguments: { path: "/bin/sh", arg: ["-c", POWER_OFF] } },
  { execute: "guest-shutdown", arguments: { mode: "powerdown" } },
].map((question) => JSON.stringify(question));

/** What ends in a socket, for socat(1): the connection is kept when there is nothing more to say. */
function client(socat: Program, seconds: string, socket: string, options = ""): string {
  return `${programWords(socat)} -t ${seconds} STDIO ${quoteWord(`UNIX-CONNECT:${socatPath(socket)}`)},shut-none${options}`;
}

/** A hypervisor that takes no connections has two that wait, and lets others wait for ever without this. */
const NO_WAITING = ",connect-timeout=1";

/** Asks the agent to power off, and waits for the hypervisor's end, for some seconds at most. */
function askAgent(socat: Program, seconds: number, socket: string): string {
  const questions = AGENT_LINES.map((line) => `printf '%s\\n' ${quoteWord(line)}`);
  return `{ ${questions.join(`; sleep ${FIRST_TIME}; `)}; } |
  ${client(socat, String(seconds), socket, NO_WAITING)} >/dev/null`;
}

/** A path in an address of socat(1), where other marks part the values. */
function socatPath(path: string): string {
  return path.replace(/[\s\\,:!"'()[\]{}]/g, "\\$&");
}

/**
 * `bin/microvm-shutdown`: asks the guest in the current directory to power off, by its agent, then by its power
 * button, and waits for its end. A guest that does not obey in its time is ended.
 */
export function shutdownScript(machine: MachineSpec, hypervisor: Hypervisor, socat: Program): string {
  const { controlSocket, agentSocket, shutdownTimeout } = machine;
  const lines = hypervisor.controlLines(machine);
  if (lines === undefined || controlSocket === null) {
    return agentSocket === null
      ? `${PROLOGUE}echo "microvm-shutdown: ${machine.name} has neither a control socket nor an agent" >&2\nexit 1\n`
      : `${PROLOGUE}${askAgent(socat, shutdownTimeout, agentSocket)}\n`;
  }
  const presses = Math.max(1, Math.ceil((shutdownTimeout - AGENT_TIME) / BUTTON_TIME));
  const say = (text: readonly string[]) => text.map(quoteWord).join(" ");
  const agent =
    agentSocket === null
      ? ""
      : `
${askAgent(socat, AGENT_TIME, agentSocket)} &
control ${AGENT_TIME} || exit 0
`;
  return `${PROLOGUE}# Says lines to the hypervisor and waits for its end, some seconds at most. Fails when it has ended or takes nothing.
control() {
  seconds=$1
  shift
  printf '%s\\n' ${say(lines.greeting)} "$@" |
    ${client(socat, '"$seconds"', controlSocket, NO_WAITING)} >/dev/null
}
control 0
exec 2>/dev/null
${agent}
# A guest that is still starting overlooks its power button: it is pressed again.
tries=0
while [ "$tries" -lt ${presses} ]; do
  tries=$((tries + 1))
  control ${BUTTON_TIME} ${say(lines.powerButton)} || exit 0
done
echo "microvm-shutdown: ${machine.name} did not power off within ${shutdownTimeout} seconds and is ended"
control ${BUTTON_TIME} ${say(lines.end)} || exit 0
`;
}

/**
 * `bin/microvm-ready`: tells systemd how far the guest in the current directory is, and ends when it is up. Nothing that
 * the guest says counts twice, and no more than 4 KiB of it are read.
 */
export function readyScript({ name, readinessSocket, readiness }: MachineSpec, socat: Program): string {
  const { stage, timeout } = readiness;
  const names = [...new Set(["basic", "agent", "network", "multi-user", stage])];
  return `${PROLOGUE}# Tells systemd how far ${name} is, and that it is up.
stages=${quoteWord(`./${name}.stages`)} socket=${quoteWord(`./${readinessSocket}`)}
# Twice the time: a guest that is up without its last stage is told of after it, by a count that is not exact.
extend=EXTEND_TIMEOUT_USEC=$((${timeout} * 2000000))
tell() { systemd-notify "$@" || :; }

tell "$extend" --status="Starting"
: >"$stages"
# Whoever was silent before was another.
rm -f ${quoteWord(`./${name}.silent`)}
tries=0
until [ -S "$socket" ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 600 ] || exit 1
  sleep 0.1
done
(
  # In blocks of 512 bytes.
  ulimit -f 8
  # The socket may be that of a hypervisor that was killed, until the next one has made its own.
  exec ${programWords(socat)} -u ${quoteWord(`UNIX-CONNECT:${socatPath(readinessSocket)},retry=600,interval=0.1`)} CREATE:"$stages"
) 2>/dev/null 9<&- &
listener=$!
trap 'kill "$listener" 2>/dev/null || :' EXIT

reached=' ' quiet=0
while [ -S "$socket" ]; do
  while read -r one; do
    case $one in ${names.map(quoteWord).join(" | ")}) ;; *) continue ;; esac
    case $reached in *" $one "*) continue ;; esac
    reached="$reached$one "
    quiet=0
    # What comes after it may be long waits: the turn of others to start.
    if [ "$one" = agent ]; then exec 9<&-; fi
    if [ "$one" = ${quoteWord(stage)} ]; then
      tell --ready --status="Up"
      exit 0
    fi
    tell "$extend" --status="Starting: the guest has reached $one"
  done <"$stages"
  quiet=$((quiet + 1))
  # A unit that takes long does not end a guest that is up without it.
  if [ "$quiet" -ge $((${timeout} * 4)) ]; then
    case $reached in
      *' basic '* | *' agent '*)
        tell --ready --status=${quoteWord(`Up, but not at ${stage} within ${timeout} seconds`)}
        exit 0
        ;;
    esac
  fi
  sleep 0.25
done
exit 1
`;
}

/** Lines of `microvm-run` that start it when systemd waits; it is no child of the hypervisor, which would not wait for it. */
export const START_READY = `
if [ -n "\${NOTIFY_SOCKET:-}" ]; then
  ("$(dirname "$0")/microvm-ready" >/dev/null &)
  # The console goes on without keys from here; an input that has ended would end its output as well.
  rm -f .keys
  mkfifo -m 0600 .keys
  exec <>.keys
  rm -f .keys
  # microvm-ready alone keeps the turn.
  exec 9<&-
  unset NOTIFY_SOCKET
fi
`;

/** How long an agent may take to answer before it counts as silent, in seconds. */
const ANSWER_TIME = 10;

/**
 * `bin/microvm-alive [SECONDS]`: whether the guest in the current directory answers. Exit status 0: it does. 3: it does not,
 * and the file `NAME.silent` says since when, in seconds since 1970. 4: and so for SECONDS at least.
 */
export function aliveScript({ name, agentSocket }: MachineSpec, socat: Program): string {
  if (agentSocket === null) {
    return `${PROLOGUE}echo "microvm-alive: ${name} has no agent" >&2\nexit 2\n`;
  }
  return `${PROLOGUE}# Tells whether the guest of ${name} answers.
silent=${quoteWord(`./${name}.silent`)} answer=${quoteWord(`./${name}.answer`)}
: >"$answer"
(
  # In blocks of 512 bytes.
  ulimit -f 8
  exec ${client(socat, String(ANSWER_TIME), agentSocket)} >"$answer" <<END
{"execute":"guest-sync","arguments":{"id":$$}}
END
) 2>/dev/null &
asker=$!
tries=0 answered=''
while [ "$tries" -lt ${ANSWER_TIME * 5} ] && [ -z "$answered" ]; do
  tries=$((tries + 1))
  sleep 0.2
  ! grep -q '"return": *'"$$"'[^0-9]' "$answer" || answered=yes
  kill -0 "$asker" 2>/dev/null || tries=${ANSWER_TIME * 5}
done
kill "$asker" 2>/dev/null || :
rm -f "$answer"
if [ -n "$answered" ]; then
  rm -f "$silent"
  exit 0
fi
now=$(date +%s)
since=$now
[ ! -s "$silent" ] || read -r since <"$silent" || :
case $since in '' | *[!0-9]*) since=$now ;; esac
[ -s "$silent" ] || echo "$since" >"$silent"
echo "$since"
[ -z "\${1:-}" ] || [ $((now - since)) -lt "$1" ] || exit 4
exit 3
`;
}
