/** dpkg's triggers, deb-triggers(5): who is interested in what, and what a set of new packages activates. */

/** A package's declaration in its `triggers` file. */
export interface TriggerDirective {
  readonly kind: "interest" | "activate";
  /** An absolute path for file triggers, else a name. */
  readonly trigger: string;
  /** Whether the activating package waits for the interested one. */
  readonly isAwaited: boolean;
}

/** Who is interested: the trigger, and the package as dpkg's files write it (`name[:arch][/noawait]`). */
export interface TriggerInterest {
  readonly trigger: string;
  readonly package: string;
}

/** The directives of a `triggers` file. */
export function parseTriggers(text: string): readonly TriggerDirective[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(interest|activate)(-await|-noawait)?\s+(\S+)/.exec(line);
    if (!match) return [];
    return [
      { kind: match[1] as TriggerDirective["kind"], trigger: match[3]!, isAwaited: match[2] !== "-noawait" },
    ];
  });
}

/** The lines of dpkg's `triggers/File`: `PATH PACKAGE`. */
export function parseFileInterests(text: string): readonly TriggerInterest[] {
  return text
    .split("\n")
    .map((line) => line.split(" "))
    .filter((words) => words.length === 2)
    .map(([trigger, name]) => ({ trigger: trigger!, package: name! }));
}

/** The interests that a package declares; `name` with its architecture when it is Multi-Arch: same. */
export function interestsOf(
  name: string,
  directives: readonly TriggerDirective[],
): readonly TriggerInterest[] {
  return directives
    .filter((directive) => directive.kind === "interest")
    .map(({ trigger, isAwaited }) => ({ trigger, package: isAwaited ? name : `${name}/noawait` }));
}

/**
 * The triggers that new packages activate, sorted: what they say that they activate, and the interests in
 * paths that are, or lie above, one of the new files.
 */
export function activatedTriggers(
  directives: readonly TriggerDirective[],
  interests: readonly TriggerInterest[],
  newFiles: Iterable<string>,
): readonly string[] {
  const activated = new Set<string>();
  for (const { kind, trigger } of directives) if (kind === "activate") activated.add(trigger);
  const paths = new Set(interests.map(({ trigger }) => trigger).filter((trigger) => trigger.startsWith("/")));
  for (const file of newFiles) {
    for (let path = file; path !== ""; path = path.slice(0, path.lastIndexOf("/"))) {
      if (paths.has(path)) activated.add(path);
    }
  }
  return [...activated].sort();
}
