/** What dpkg tells on its `--status-fd` while it configures packages (dpkg(1)). */

/** States that a package has once its own script has run; triggers may still be due. */
const CONFIGURED = /^status: ([^:]+(?::[^:]+)?): (?:installed|triggers-awaited|triggers-pending)$/;

/** Longer than any line of dpkg's: its own are a package's name and some words, others an error's text. */
const MAX_LINE = 64 * 1024;

/**
 * Counts which of these packages (names without architecture; each once) are configured, from pieces of dpkg's
 * status that may be cut anywhere. Returns the count after each piece. What else is written there is passed over.
 */
export function configuredCounter(packages: readonly string[]): (piece: Uint8Array) => number {
  const missing = new Set(packages);
  const all = missing.size;
  const decoder = new TextDecoder();
  let rest = "";
  return (piece) => {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop()!.slice(0, MAX_LINE);
    for (const line of lines) {
      const name = CONFIGURED.exec(line)?.[1];
      if (name !== undefined) missing.delete(name.split(":")[0]!);
    }
    return all - missing.size;
  };
}
