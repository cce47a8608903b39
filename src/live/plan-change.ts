/** From two configuration layers to what is done in the running guest, or to the options that ask for a reboot. Pure. */
import { ACCOUNT_FILES, type Accounts, accountsDiffer, changedIds } from "./account-changes.ts";
import type { RebootReason } from "./compare-runners.ts";
import type { LayerTree, PathChange } from "./layer-tree.ts";
import { PATH_RULES, type PathRule, type Step } from "./path-rules.ts";
import { type UnitChanges, unitChanges } from "./unit-changes.ts";

/** What is done in a guest. */
export interface LiveChange {
  readonly paths: readonly PathChange[];
  /** Undefined when the accounts are the same. */
  readonly accounts: { readonly former: Accounts; readonly next: Accounts } | undefined;
  readonly units: UnitChanges;
  /** In the order in which they are done, each with the files that it is for. */
  readonly steps: readonly { readonly step: Step; readonly paths: readonly string[] }[];
}

/** The order of steps: users are there before files are theirs. */
const STEPS: readonly Step[] = ["hostname", "sysctl", "sysusers", "tmpfiles", "udev", "networkd"];

/** Options that ask for a reboot, by the paths of a configuration layer that are others. */
export function pathReasons(changes: readonly Pick<PathChange, "path" | "former">[]): RebootReason[] {
  return changes.flatMap((change) => {
    const rule = ruleOf(change);
    return rule && "reboot" in rule ? [{ option: rule.reboot, why: rule.why }] : [];
  });
}

/** What these changes ask for. */
export function planChange(
  all: readonly PathChange[],
  next: LayerTree,
  accounts: { readonly former: Accounts; readonly next: Accounts },
): { readonly reasons: readonly RebootReason[]; readonly change: LiveChange } {
  const paths = all.filter(({ path }) => !ACCOUNT_FILES.some((name) => path === `etc/${name}`));
  const units = unitChanges(paths, next);
  const asked = (key: "restart" | "reload" | "later") =>
    paths.flatMap((path) => {
      const rule = ruleOf(path) as Readonly<Partial<Record<typeof key, string>>> | undefined;
      return rule?.[key] === undefined ? [] : [rule[key]];
    });
  const restart = [...new Set([...units.restart, ...asked("restart")])];
  const isStarted = (unit: string) => [...restart, ...units.replace].includes(unit);
  const change: LiveChange = {
    paths,
    accounts: accountsDiffer(accounts.former, accounts.next) ? accounts : undefined,
    units: {
      ...units,
      restart: restart.filter((unit) => !units.replace.includes(unit) && !units.stop.includes(unit)),
      reload: [...new Set([...units.reload, ...asked("reload")])].filter((unit) => !isStarted(unit)),
      later: [...new Set([...units.later, ...asked("later")])],
    },
    steps: STEPS.map((step) => ({ step, paths: pathsOf(step, paths) })).filter((one) => one.paths.length > 0),
  };
  const reasons = [...pathReasons(paths), ...changedIds(accounts.former, accounts.next)];
  return { reasons: [...new Map(reasons.map((one) => [one.option, one])).values()], change };
}

/** Whether there is nothing to do. */
export function isEmpty({ paths, accounts }: LiveChange): boolean {
  return paths.length === 0 && accounts === undefined;
}

function pathsOf(step: Step, changes: readonly PathChange[]): string[] {
  return changes
    .filter((change) => {
      const rule = ruleOf(change);
      const { former, next } = change;
      const isFile = [former, next].some((entry) => entry && entry.type !== "directory");
      return isFile && rule !== undefined && "step" in rule && rule.step === step;
    })
    .map(({ path }) => path);
}

function ruleOf({ path, former }: Pick<PathChange, "path" | "former">): PathRule | undefined {
  const isPassed = (rule: PathRule) => "unlessNew" in rule && former === undefined;
  return PATH_RULES.find((rule) => rule.path.test(path) && !isPassed(rule));
}
