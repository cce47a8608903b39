/** References that a project's hosts name, pinned in its lock. */
import {
  checkReference,
  type EvaluatedProject,
  formatReference,
  type PinnedReference,
  type ProjectLocation,
  parseReference,
  type ResolveOptions,
  resolveReference,
  withoutName,
} from "../config/index.ts";
import { MicrovmError } from "../errors.ts";
import { nearNames } from "../packages/debian/near-names.ts";
import type { Lock, LockedReference } from "../packages/lock.ts";
import { readLock } from "./lock-file.ts";
import { writeLockOf } from "./project-lock.ts";

/** How a declared reference is resolved. */
export interface DeclaredOptions extends Omit<ResolveOptions, "pinned" | "workingDirectory"> {
  /** The project whose host names it. */
  readonly declaredIn: ProjectLocation;
  /** Ask for what it names now, and pin that. */
  readonly update?: boolean;
}

/**
 * The project that a reference in a project's file names: the commit that its lock has, for which nothing is asked when
 * the store has it; else what it names now, which is then pinned. Errors: those of `resolveReference`; `lock-invalid`.
 */
export async function resolveDeclared(text: string, options: DeclaredOptions): Promise<ProjectLocation> {
  const { declaredIn, update = false, ...how } = options;
  const pinned = update ? undefined : pinOf(readLock(declaredIn.directory), text);
  const project = await resolveReference(text, { ...how, pinned, workingDirectory: declaredIn.directory });
  const { fetched } = project;
  if (fetched === undefined || fetched.pin.rev === pinned?.rev) return project;
  // A commit that a fetched project names by its hash, such as its own, needs no pin.
  if (declaredIn.fetched && fetched.reference.includes(fetched.pin.rev)) return project;
  // Read again: others may have written to it meanwhile.
  const before = readLock(declaredIn.directory);
  const warning = writeLockOf(declaredIn, before, withReference(before, fetched.reference, fetched.pin));
  if (warning !== undefined) how.onWarning?.(warning);
  return project;
}

/** What became of a reference. */
export interface LockedReferenceReport {
  /** As the lock calls it. */
  readonly reference: string;
  readonly status: "unchanged" | "locked" | "updated";
  readonly rev: string;
  /** The commit before; absent when it was not pinned. */
  readonly from?: string;
}

/** How references are pinned. */
export interface PinOptions extends Omit<DeclaredOptions, "update"> {
  readonly update: (reference: string) => boolean;
  /** Leave out what is no longer named. */
  readonly forget: boolean;
  /** Only ask what they name. What comes back is then no lock to be written. */
  readonly dryRun: boolean;
}

/** Pins references that are not, and those that are to be updated. Those to places on this machine are left out. */
export async function pinReferences(
  lock: Lock,
  references: readonly string[],
  { update, forget, dryRun, declaredIn, ...how }: PinOptions,
): Promise<{ readonly lock: Lock; readonly reports: readonly LockedReferenceReport[] }> {
  const reports: LockedReferenceReport[] = [];
  let after = forget ? withoutOthers(lock, references) : lock;
  for (const reference of references) {
    const before = pinOf(lock, reference);
    const isKept = before !== undefined && !update(reference);
    const pin = isKept
      ? before
      : await pinNow(reference, dryRun, { ...how, workingDirectory: declaredIn.directory });
    if (pin === undefined) continue;
    const status = before === undefined ? "locked" : before.rev === pin.rev ? "unchanged" : "updated";
    reports.push({ reference, status, rev: pin.rev, ...(status === "updated" && { from: before!.rev }) });
    if (status !== "unchanged") after = withReference(after, reference, pin);
  }
  return { lock: after, reports };
}

/** The digest of a dry run is empty: nothing was fetched. */
async function pinNow(
  reference: string,
  dryRun: boolean,
  options: ResolveOptions,
): Promise<PinnedReference | undefined> {
  if (!dryRun) return (await resolveReference(reference, options)).fetched?.pin;
  const { rev } = await checkReference(reference, undefined, options.signal);
  return rev === undefined ? undefined : { rev, digest: "" };
}

/**
 * The references to repositories that the VMs of a project's hosts are deployed from, as a lock calls them. Errors:
 * those of `parseReference`, with the option that is wrong.
 */
export function referencesOf(hosts: EvaluatedProject["hosts"]): readonly string[] {
  const found = hosts.flatMap(({ name: host, config }) =>
    Object.entries(vmsOf(config)).flatMap(([vm, { flake }]) => {
      if (typeof flake !== "string") return [];
      const reference = parseIn(`"microvm.vms.${vm}.flake" of the host "${host}"`, flake);
      return reference.type === "git" ? [formatReference(withoutName(reference))] : [];
    }),
  );
  return [...new Set(found)].sort();
}

function parseIn(where: string, flake: string): ReturnType<typeof parseReference> {
  try {
    return parseReference(flake);
  } catch (error) {
    if (!(error instanceof MicrovmError)) throw error;
    const { code, message, hint } = error;
    throw new MicrovmError(code, `In ${where}: ${message}`, { ...(hint && { hint }), cause: error });
  }
}

/** The reference that a person means; undefined when the text is none. Errors: `bad-usage` for one that is not named. */
export function matchingReference(references: readonly string[], wanted: string): string | undefined {
  if (!/^(?:path|git\+\w+):/.test(wanted)) return undefined;
  const reference = formatReference(withoutName(parseReference(wanted)));
  if (references.includes(reference)) return reference;
  const near = nearNames(reference, references);
  const known = (near.length > 0 ? near : references).map((one) => `"${one}"`);
  throw new MicrovmError("bad-usage", `No host of the project names the reference "${reference}"`, {
    hint:
      near.length > 0
        ? `Did you mean ${known.join(" or ")}?`
        : known.length > 0
          ? `Its references are ${known.join(", ")}`
          : "Its hosts name none; for another project, write it in front of --update",
  });
}

function pinOf(lock: Lock, text: string): LockedReference | undefined {
  const key = formatReference(withoutName(parseReference(text)));
  return Object.hasOwn(lock.references, key) ? lock.references[key] : undefined;
}

function withReference(lock: Lock, reference: string, pin: PinnedReference): Lock {
  return { ...lock, references: { ...lock.references, [reference]: pin } };
}

/** The same lock when it has no others. */
function withoutOthers(lock: Lock, references: readonly string[]): Lock {
  const all = Object.entries(lock.references);
  const kept = all.filter(([reference]) => references.includes(reference));
  return kept.length === all.length ? lock : { ...lock, references: Object.fromEntries(kept) };
}

function vmsOf(config: { readonly [name: string]: unknown }): Record<string, { readonly flake?: unknown }> {
  const { vms } = config.microvm as { readonly vms: Record<string, { readonly flake?: unknown }> };
  return vms;
}
