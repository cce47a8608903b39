/**
 * Whether a running guest can become what another runner would boot: a pure function of what both say. Everything but
 * the configuration layer must be the same.
 */
import type { Disk, MachineSpec } from "../hypervisors/machine.ts";
import { FIELD_OPTIONS, LATER_FIELDS, LAYER_OPTIONS, WORD_OPTIONS } from "./machine-options.ts";

/** What a runner says of itself. */
export interface RunnerFacts {
  readonly machine: MachineSpec;
  /** Names of store paths, topmost first: the configuration layer, then the others. */
  readonly layers: readonly string[];
  /** The script that starts it. */
  readonly script: string;
}

/** An option that asks for a reboot. */
export interface RebootReason {
  readonly option: string;
  /** For a person; begins small. */
  readonly why: string;
}

/** Why a guest of the first runner must be booted anew to become one of the second; empty when it need not. */
export function rebootReasons(former: RunnerFacts, next: RunnerFacts): RebootReason[] {
  if (isImage(next)) return [{ option: "pkgs", why: "guests of images are not changed while they run" }];
  const reasons = [...layerReasons(former, next), ...machineReasons(former.machine, next.machine)];
  if (reasons.length === 0 && former.machine.agentSocket === null) {
    reasons.push({ option: "services.qemuGuest.enable", why: "a guest without agent cannot be changed" });
  }
  if (reasons.length === 0 && scriptOf(former) !== scriptOf(next)) {
    reasons.push(scriptReason(former, next));
  }
  return [...new Map(reasons.map((reason) => [reason.option, reason])).values()];
}

/** For a person: `"microvm.mem" changed`. */
export function reasonText(reasons: readonly RebootReason[]): string {
  return reasons.map(({ option, why }) => `"${option}": ${why}`).join("; ");
}

/** Such a guest has another init than systemd, or may have. */
function isImage({ machine }: RunnerFacts): boolean {
  return machine.kernelParams.some((word) => word.startsWith("microvm.init="));
}

function layerReasons(former: RunnerFacts, next: RunnerFacts): RebootReason[] {
  const [before, after] = [former.layers.slice(1), next.layers.slice(1)];
  return [...before, ...after]
    .filter((layer) => !before.includes(layer) || !after.includes(layer))
    .map((layer) => ({
      option: LAYER_OPTIONS.find(([end]) => layer.endsWith(end))?.[1] ?? "pkgs",
      why: "the guest's packages are others",
    }));
}

function machineReasons(former: MachineSpec, next: MachineSpec): RebootReason[] {
  const [before, after] = [comparable(former), comparable(next)];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((field) => !isSame(before[field], after[field]))
    .flatMap((field) => fieldReasons(field, former, next));
}

function fieldReasons(field: string, former: MachineSpec, next: MachineSpec): RebootReason[] {
  switch (field) {
    case "kernelParams":
      return wordReasons(former.kernelParams, next.kernelParams);
    case "disks":
      return [{ option: "microvm.volumes", why: "the machine's disks are others" }];
    case "layerDisks":
      return [{ option: "microvm.storeDiskErofsFlags", why: "the disks of the layers are others" }];
    case "qemu":
      return Object.keys({ ...former.qemu, ...next.qemu })
        .filter((name) => !isSame(fieldOf(former.qemu, name), fieldOf(next.qemu, name)))
        .map((name) => ({ option: `microvm.qemu.${name}`, why: "the machine is another" }));
    default: {
      const [before, after] = [fieldOf(former, field), fieldOf(next, field)];
      const isShort = [before, after].every((value) => ["number", "string"].includes(typeof value));
      const why = isShort ? `${before} becomes ${after}` : "the machine is another";
      return [{ option: FIELD_OPTIONS[field] ?? `microvm.${field}`, why }];
    }
  }
}

function wordReasons(former: readonly string[], next: readonly string[]): RebootReason[] {
  const changed = [
    ...former.filter((word) => !next.includes(word)),
    ...next.filter((word) => !former.includes(word)),
  ];
  const words = changed.filter((word) => !isOfConfigLayer(word));
  if (words.length === 0)
    return [{ option: "boot.kernelParams", why: "the kernel's words have another order" }];
  return words.map((word) => ({
    option: WORD_OPTIONS.find(([start]) => word.startsWith(start))?.[1] ?? "boot.kernelParams",
    why: `the kernel is told "${word}"`,
  }));
}

/** A machine without what another configuration layer makes another. */
function comparable(machine: MachineSpec): Record<string, unknown> {
  const isLayer = ({ image }: Disk) => "store" in image;
  const { disks, kernelParams, ...rest } = machine;
  return Object.fromEntries(
    Object.entries({
      ...rest,
      kernelParams: kernelParams.filter((word) => !isOfConfigLayer(word)),
      disks: disks.filter((disk) => !isLayer(disk)),
      layerDisks: disks.filter(isLayer).slice(1),
    }).filter(([field]) => !LATER_FIELDS.includes(field)),
  );
}

/** The initrd stacks the layers by this word; that all but the first are the same is looked at by their names. */
function isOfConfigLayer(word: string): boolean {
  return word.startsWith("microvm.layers=");
}

function scriptReason(former: RunnerFacts, next: RunnerFacts): RebootReason {
  const [before, after] = [former, next].map((runner) => scriptOf(runner).split("\n")) as [
    string[],
    string[],
  ];
  const changed = [...before, ...after].filter((line) => !before.includes(line) || !after.includes(line));
  const images = next.machine.disks.flatMap(({ image }) => ("file" in image ? [image.file] : []));
  return images.some((image) => changed.some((line) => line.includes(image)))
    ? { option: "microvm.volumes", why: "volumes are made and grown at the start" }
    : {
        option: "microvm.preStart, microvm.extraArgsScript or microvm.vmHostPackages",
        why: "what starts the VM is another",
      };
}

/** A runner's script without the names of its configuration layer and its disk. */
function scriptOf({ script, layers, machine }: RunnerFacts): string {
  const [disk] = machine.disks.filter(({ image }) => "store" in image);
  const names = [layers[0], disk?.serial, disk && "store" in disk.image ? disk.image.store : undefined];
  return names.reduce<string>(
    (text, name) => (name === undefined ? text : text.replaceAll(name, "config")),
    script,
  );
}

function fieldOf(object: object, name: string): unknown {
  return (object as Readonly<Record<string, unknown>>)[name];
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
