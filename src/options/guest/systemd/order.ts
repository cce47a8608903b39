/** The order in which units start. */

/** A unit and those that it is ordered with. */
export interface OrderedUnit {
  readonly name: string;
  readonly after: readonly string[];
  readonly before: readonly string[];
}

/** Units that wait for each other in a circle, the first one again at the end; undefined when there is none. */
export function orderCycle(units: readonly OrderedUnit[]): readonly string[] | undefined {
  const waits = new Map(units.map(({ name }) => [name, new Set<string>()]));
  for (const { name, after, before } of units) {
    for (const earlier of after) if (waits.has(earlier)) waits.get(name)!.add(earlier);
    for (const later of before) waits.get(later)?.add(name);
  }
  const done = new Set<string>();
  for (const start of waits.keys()) {
    const cycle = cycleFrom(start, waits, done);
    if (cycle) return cycle;
  }
  return undefined;
}

/** Walks along what units wait for, without recursion: a chain may be long. */
function cycleFrom(
  start: string,
  waits: ReadonlyMap<string, ReadonlySet<string>>,
  done: Set<string>,
): readonly string[] | undefined {
  const path: string[] = [];
  const ahead: Iterator<string>[] = [];
  const enter = (name: string) => {
    path.push(name);
    ahead.push(waits.get(name)![Symbol.iterator]());
  };
  if (!done.has(start)) enter(start);
  while (path.length > 0) {
    const next = ahead.at(-1)!.next();
    if (next.done) {
      done.add(path.pop()!);
      ahead.pop();
    } else if (path.includes(next.value)) {
      return [...path.slice(path.indexOf(next.value)), next.value];
    } else if (!done.has(next.value)) enter(next.value);
  }
  return undefined;
}
