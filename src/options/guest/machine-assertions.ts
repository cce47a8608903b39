/** Faults of the machine that no single type can see: what its hypervisor lacks, memory, access control lists. */
import { CAPABILITIES, type Feature } from "../../hypervisors/capabilities.ts";
import type { GuestConfig } from "./arguments.ts";
import type { Assertion } from "./name-assertions.ts";

const FEATURES: readonly Feature[] = [
  "balloon",
  "initialBalloonMem",
  "hotplugMem",
  "hugepageMem",
  "graphics.enable",
];

function isWanted(microvm: GuestConfig["microvm"], feature: Feature): boolean {
  return feature === "graphics.enable" ? microvm.graphics.enable : Boolean(microvm[feature]);
}

/** One assertion for each rule. */
export function machineAssertions(config: GuestConfig): Assertion[] {
  return [...featureAssertions(config), ...memoryAssertions(config), ...aclAssertions(config)];
}

function featureAssertions({ microvm }: GuestConfig): Assertion[] {
  const able = CAPABILITIES[microvm.hypervisor]?.features;
  // A hypervisor that is not there is refused as such.
  if (!able) return [];
  return FEATURES.map((feature) => ({
    assertion: !isWanted(microvm, feature) || able.includes(feature),
    message: `"microvm.${feature}" is set, which "${microvm.hypervisor}" cannot do here`,
  }));
}

function memoryAssertions({ microvm }: GuestConfig): Assertion[] {
  const { hotplugMem, hotpluggedMem, hypervisor, qemu } = microvm;
  return [
    {
      assertion: hotpluggedMem <= hotplugMem,
      message: `"microvm.hotpluggedMem" is ${hotpluggedMem} MiB, more than the ${hotplugMem} MiB of "microvm.hotplugMem"`,
    },
    ...(["hotplugMem", "hotpluggedMem"] as const).map((option) => ({
      // The blocks of virtio-mem.
      assertion: microvm[option] % 2 === 0,
      message: `"microvm.${option}" is ${microvm[option]} MiB, which is no multiple of 2 MiB`,
    })),
    {
      assertion: hotplugMem === 0 || hypervisor !== "qemu" || qemu.machine !== "microvm",
      message: '"microvm.hotplugMem" is set, which the machine "microvm" of "microvm.qemu.machine" cannot do',
    },
  ];
}

/** virtiofsd's own refusal, said before it starts. */
function aclAssertions({ microvm }: GuestConfig): Assertion[] {
  const translates = (args: readonly string[]) => args.some((arg) => /^--translate-[ug]id/.test(arg));
  return microvm.shares.map(({ posixAcl, proto, extraArgs }, index) => ({
    assertion:
      proto !== "virtiofs" || !posixAcl || !translates([...extraArgs, ...microvm.virtiofsd.extraArgs]),
    message: `"microvm.shares.${index}.posixAcl" is true, which does not go with arguments that translate user or group ids: set it to false`,
  }));
}
