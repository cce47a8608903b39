/** A machine as a host of VMs. */
export { type ActivationPlan, formerHost, planActivation } from "./activation.ts";
export { isPending, type VmChange } from "./changes.ts";
export type { Cost } from "./costs.ts";
export { currentNumber, type Generation, generationPath, listGenerations } from "./generations.ts";
export { readHost } from "./host-record.ts";
export {
  flakeOf,
  hasRunner,
  type InstalledVm,
  install,
  listInstalled,
  readInstalled,
} from "./installed.ts";
export { groupNumber, type HostMachine, thisMachine } from "./machine.ts";
export { COMMON_USER, unitOf, userOf } from "./names.ts";
export { addressLines } from "./networks/plan.ts";
export { applySwitch, evaluateSwitch, planSwitch, type SwitchOptions, type SwitchPlan } from "./switch.ts";
export { checkHost, isRunning, type Systemd, type UnitState } from "./systemd.ts";
export { lockHost, putInForce } from "./transaction.ts";
