/** Faults of the machine that no single type can see: what its hypervisor lacks, memory, access control lists. */
import { CAPABILITIES, type Capabilities, type Feature } from "../../hypervisors/capabilities.ts";
import type { GuestConfig } from "./arguments.ts";
import { graphicsOptions } from "./graphics.ts";
import type { Assertion } from "./name-assertions.ts";

const FEATURES: readonly Feature[] = ["balloon", "initialBalloonMem", "hotplugMem", "hugepageMem"];

/** One assertion for each rule. */
export function machineAssertions(config: GuestConfig): Assertion[] {
  return [
    ...featureAssertions(config),
    ...memoryAssertions(config),
    ...aclAssertions(config),
    ...kernelAssertions(config),
    ...initrdAssertions(config),
    ...packageAssertions(config),
  ];
}

function featureAssertions({ microvm }: GuestConfig): Assertion[] {
  const { graphics, hypervisor } = microvm;
  const able = CAPABILITIES[hypervisor];
  // A hypervisor that is not there is refused as such.
  if (!able) return [];
  return [
    ...FEATURES.map((feature) => ({
      assertion: !microvm[feature] || able.features.includes(feature),
      message: `"microvm.${feature}" is set, which "${hypervisor}" cannot do here`,
    })),
    {
      assertion: !graphics.enable || able.graphics.includes(graphics.backend),
      message: `"microvm.graphics.backend" is "${graphics.backend}", which "${hypervisor}" cannot do here: it can do "${able.graphics.join('", "')}"`,
    },
    ...drawingAssertions(graphics, hypervisor, able),
  ];
}

/** Who draws the guest's screen, and by what. Whether the screen is on makes no difference: it would do nothing. */
function drawingAssertions(
  { socket, vulkan, hostmem }: GuestConfig["microvm"]["graphics"],
  hypervisor: string,
  able: Capabilities,
): Assertion[] {
  const cannot = (option: string, value: string) =>
    `"microvm.graphics.${option}" is "${value}", which "${hypervisor}" cannot do here: leave it out`;
  return [
    { assertion: socket === null || able.graphicsSocket, message: cannot("socket", socket ?? "") },
    { assertion: vulkan === null || able.vulkan.includes(vulkan), message: cannot("vulkan", vulkan ?? "") },
    {
      assertion: able.vulkan.length > 0 || hostmem === graphicsOptions.microvm.graphics.hostmem.default,
      message: cannot("hostmem", hostmem),
    },
  ];
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

/** Names of packages mean nothing where programs are looked for on `PATH`. */
function packageAssertions({ microvm: { vmHostPackages, qemu, virtiofsd } }: GuestConfig): Assertion[] {
  return Object.entries({ qemu, virtiofsd }).map(([option, settings]) => ({
    assertion: settings.package === null || vmHostPackages !== "host",
    message: `"microvm.${option}.package" is "${settings.package}", and "microvm.vmHostPackages" is "host", which has no packages: set one of them`,
  }));
}

/** Two options for one thing, and what a kernel without modules cannot do. */
function kernelAssertions({ microvm: { kernel }, boot }: GuestConfig): Assertion[] {
  if (kernel === null) return [];
  if (!kernel.includes("/")) {
    return [
      {
        assertion: boot.kernelPackage === null || boot.kernelPackage === kernel,
        message: `"microvm.kernel" is "${kernel}", and "boot.kernelPackage" is "${boot.kernelPackage}": set one of them`,
      },
    ];
  }
  const modules = {
    "boot.kernelModules": boot.kernelModules,
    "boot.initrd.kernelModules": boot.initrd.kernelModules,
    "boot.initrd.availableKernelModules": boot.initrd.availableKernelModules,
  };
  return [
    {
      assertion: boot.kernelPackage === null,
      message: `"microvm.kernel" is the file "${kernel}", and "boot.kernelPackage" is "${boot.kernelPackage}": set one of them`,
    },
    ...Object.entries(modules).map(([option, names]) => ({
      assertion: names.length === 0,
      message: `"${option}" has "${names[0]}", and "microvm.kernel" is the file "${kernel}", which comes without modules: build it in`,
    })),
  ];
}

/** An initrd of the project's own is taken as it is. */
function initrdAssertions({ microvm: { initrdPath }, boot }: GuestConfig): Assertion[] {
  return Object.entries(boot.initrd).map(([option, value]) => ({
    assertion: initrdPath === null || value.length === 0,
    message: `"boot.initrd.${option}" is set, and "microvm.initrdPath" is the file "${initrdPath}", which is taken as it is: leave one of them out`,
  }));
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
