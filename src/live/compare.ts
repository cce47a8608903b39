/** Two runners in the store: what makes a guest of the one a guest of the other. */
import { readAccounts } from "./account-changes.ts";
import { type RebootReason, rebootReasons } from "./compare-runners.ts";
import { entryBelow, pathChanges, readLayer } from "./layer-tree.ts";
import { type LiveChange, planChange } from "./plan-change.ts";
import type { StoredRunner } from "./read-runner.ts";

/** What a live change would do; undefined when options ask for a reboot. */
export interface Comparison {
  readonly reasons: readonly RebootReason[];
  readonly change: LiveChange | undefined;
}

/** Compares two runners with all that they hold. */
export function compareRunners(former: StoredRunner, next: StoredRunner): Comparison {
  const reasons = rebootReasons(former, next);
  if (reasons.length > 0) return { reasons, change: undefined };
  const [before, after] = [former.layerPaths[0]!, next.layerPaths[0]!];
  const tree = readLayer(after);
  const changes = pathChanges(readLayer(before), tree, entryBelow(next.layerPaths.slice(1)));
  const accounts = { former: readAccounts(before), next: readAccounts(after) };
  const plan = planChange(changes, tree, accounts);
  return plan.reasons.length > 0
    ? { reasons: plan.reasons, change: undefined }
    : { reasons: [], change: plan.change };
}
