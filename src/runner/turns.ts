/** Lines of `microvm-run` by which emulated VMs of one host take turns while they start. */
import { TURNS_DIRECTORY, turnNames } from "../paths.ts";

/** How long one wait is before systemd is told that it goes on, and how many there are at most: seconds, times. */
const ROUND_TIME = 30;
const ROUNDS = 30;

/** Seconds between two looks of the one that is next. */
const LOOK_TIME = 0.2;

/**
 * An emulated guest keeps a processor busy until it is up, and many at once take longer than one after another: each
 * gets so little of its time that its own timers are most of what it does. What takes a turn is a lock on one of the
 * host's files, which microvm-ready inherits, so that it is over when the guest has its agent, is up, or does not come
 * up. Nobody waits for ever: whoever can read the files can hold them. `accel` is set.
 */
export const TAKE_TURN = `
turns=../${TURNS_DIRECTORY}
take_turn() {
  exec 8<"$turns/${turnNames.next}"
  rounds=0
  while [ "$rounds" -lt ${ROUNDS} ]; do
    rounds=$((rounds + 1))
    systemd-notify EXTEND_TIMEOUT_USEC=${ROUND_TIME * 3}000000 --status="Waiting until others have started" || return 0
    # In the order in which they came, and only one of them looks.
    flock -w ${ROUND_TIME} 8 || continue
    looks=0
    while [ "$looks" -lt ${ROUND_TIME / LOOK_TIME} ]; do
      looks=$((looks + 1))
      for turn in "$turns"/[0-9]*; do
        [ -r "$turn" ] || return 0
        exec 9<"$turn"
        if flock -n 9; then return 0; fi
      done
      sleep ${LOOK_TIME}
    done
  done
  exec 9<&-
}
if [ -n "\${NOTIFY_SOCKET:-}" ] && [ "$accel" = tcg ] && [ -r "$turns/${turnNames.next}" ]; then
  take_turn
  exec 8<&-
fi
`;
