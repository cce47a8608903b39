/** A machine as a host of VMs. */
export { planActivation } from "./activation.ts";
export { isPending, type VmChange } from "./changes.ts";
export type { Cost } from "./costs.ts";
export { currentNumber, listGenerations } from "./generations.ts";
export { readHost } from "./host-record.ts";
export { type HostMachine, thisMachine } from "./machine.ts";
export { addressLines } from "./networks/plan.ts";
export { applySwitch, evaluateSwitch, planSwitch, type SwitchPlan } from "./switch.ts";
export { checkHost } from "./systemd.ts";
export { lockHost, putInForce } from "./transaction.ts";
