/** Texts of others, made fit to be shown on a person's terminal. */

/** Control sequences (ECMA-48: CSI, then the strings that ST or BEL ends), other escapes, single control characters. */
const TERMINAL_ONLY =
  /\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P_^X][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** A text without what only a terminal can show: what others wrote cannot move the cursor or change the window. */
export function printable(text: string): string {
  return text.replace(TERMINAL_ONLY, "");
}
