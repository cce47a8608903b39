/** The sentences that say why packages cannot be installed together. */
import { MicrovmError } from "../../errors.ts";
import { formatGroup, formatRelation } from "./dependencies.ts";
import type { PackageIndex } from "./package-index.ts";
import { candidatesOf } from "./satisfaction.ts";
import type { Need, Objection, Selection } from "./selection.ts";

/** A need that could not be met, and the selection in which it could not. */
export interface Failure {
  readonly need: Need;
  readonly selection: Selection;
}

/** The error of a failed resolution: who needs what, and what is missing or forbids it. */
export function explain({ need, selection }: Failure, index: PackageIndex, label: string): MicrovmError {
  const objections = candidatesOf(index, need.group)
    .map((candidate) => selection.objectionTo(candidate))
    .filter((objection) => objection !== undefined);
  const forbidden = `${need.owner ? "but " : ""}${objections.map(describe).join("; ")}`;
  const why = objections.length > 0 ? forbidden : missing(need, index, label);
  const chain = need.owner ? selection.chainOf(need.owner) : [];
  const subject = chain.at(-1) ?? formatGroup(need.group);
  const needs = need.owner ? `"${need.owner.name}" needs "${formatGroup(need.group)}", ` : "";
  const involved = objections.map(({ chosen }) => selection.chainOf(chosen)).filter((one) => one.length > 1);
  const chains = [...(chain.length > 1 ? [chain] : []), ...involved].map(describeChain);
  return new MicrovmError("package-unsatisfiable", `Cannot install "${subject}": ${needs}${why}`, {
    hint: [...new Set(chains), "Ask for other packages, or use another suite"].join(". "),
  });
}

function describe({ candidate, chosen, owner, kind, relation }: Objection): string {
  const other = owner === candidate ? chosen : candidate;
  const named = relation.name === other.name ? "" : ` ("${other.name}")`;
  return `"${owner.name}" ${kind} "${formatRelation(relation)}"${named}`;
}

function missing(need: Need, index: PackageIndex, label: string): string {
  const found = need.group
    .map((relation) => index.get(relation.name))
    .filter((one) => one !== undefined)
    .map((one) => `"${one.name}" ${one.version}`);
  return found.length > 0 ? `but ${label} has ${found.join(" and ")}` : `which is not in ${label}`;
}

/** From the package that the person asked for downwards. */
function describeChain(chain: readonly string[]): string {
  return chain
    .toReversed()
    .map((name) => `"${name}"`)
    .join(" needs ");
}
