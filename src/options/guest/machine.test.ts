import assert from "node:assert/strict";
import { test } from "node:test";
import { mkIf, withFile } from "../../module-system/index.ts";
import { guest, guestConfig } from "../testing/evaluate.ts";

const faultsOf = (microvm: object) => guest({ microvm }).faults;

test("memory that the hypervisor cannot take or give is refused, by option", () => {
  assert.deepEqual(faultsOf({ balloon: true, hugepageMem: true, hotplugMem: 64 }), []);
  assert.deepEqual(faultsOf({ initialBalloonMem: 1 }), [
    '"microvm.initialBalloonMem" is set, which "qemu" cannot do here',
  ]);
  assert.deepEqual(faultsOf({ hotplugMem: 64, qemu: { machine: "microvm" } }), [
    '"microvm.hotplugMem" is set, which the machine "microvm" of "microvm.qemu.machine" cannot do',
  ]);
});

test("a screen is shown where the hypervisor can, and packages are named where there are any", () => {
  assert.deepEqual(faultsOf({ graphics: { enable: true, backend: "headless" } }), []);
  assert.deepEqual(faultsOf({ graphics: { backend: "cocoa" } }), []);
  for (const backend of ["gtk", "cocoa"]) {
    assert.deepEqual(faultsOf({ graphics: { enable: true, backend } }), [
      `"microvm.graphics.backend" is "${backend}", which "qemu" cannot do here: it can do "headless"`,
    ]);
  }
  assert.deepEqual(faultsOf({ vmHostPackages: "host", virtiofsd: { package: "my-virtiofsd" } }), [
    '"microvm.virtiofsd.package" is "my-virtiofsd", and "microvm.vmHostPackages" is "host", which has no packages: set one of them',
  ]);
});

test("a screen is drawn by the hypervisor, and by nothing that it would have to load", () => {
  assert.deepEqual(faultsOf({ graphics: { hostmem: "256M" } }), []);
  assert.deepEqual(faultsOf({ graphics: { socket: "gpu.sock", vulkan: "venus", hostmem: "1G" } }), [
    '"microvm.graphics.socket" is "gpu.sock", which "qemu" cannot do here: leave it out',
    '"microvm.graphics.vulkan" is "venus", which "qemu" cannot do here: leave it out',
    '"microvm.graphics.hostmem" is "1G", which "qemu" cannot do here: leave it out',
  ]);
  for (const graphics of [{ socket: "../a" }, { hostmem: "256" }, { hostmem: "0M" }, { vulkan: "gl" }]) {
    assert.match(faultsOf({ graphics }).join(), new RegExp(`"microvm.graphics.${Object.keys(graphics)}"`));
  }
});

test("options of a hypervisor that the guest is not for are refused, with the file", () => {
  const mine = withFile("mine.ts", {
    config: {
      microvm: {
        "cloud-hypervisor": { platformOEMStrings: ["a"] },
        firecracker: { driveIoEngine: "Async", extraConfig: mkIf(false, { entropy: {} }) },
        vfkit: { rosetta: { enable: true } },
      },
    },
  });
  const refused = (option: string) =>
    `"microvm.${option}" is set in "mine.ts", and "microvm.hypervisor" is "qemu", which has no use for it: leave it out`;
  assert.deepEqual(guest(() => ({ imports: [mine] })).faults, [
    refused("cloud-hypervisor.platformOEMStrings"),
    refused("firecracker.driveIoEngine"),
    refused("vfkit.rosetta.enable"),
  ]);
  assert.deepEqual(faultsOf({ hypervisor: "firecracker", firecracker: { extraArgs: ["-v"] } }), [
    '"microvm.hypervisor" is "firecracker", which this version cannot start: it can start "qemu"',
  ]);
});

test("texts of the firmware are given without the words around them", () => {
  const platformOEMStrings = ["oem_strings=[a]"];
  const { faults } = guest({
    microvm: { hypervisor: "cloud-hypervisor", "cloud-hypervisor": { platformOEMStrings } },
  });
  assert.equal(
    faults[1],
    '"microvm.cloud-hypervisor.platformOEMStrings" has "oem_strings=[a]": give the texts alone, without "oem_strings"',
  );
});

test("the runner is named when the guest is evaluated, and by nobody else", () => {
  const { microvm } = guestConfig({});
  assert.deepEqual(microvm.runner, { qemu: "microvm-qemu-web" });
  assert.equal(microvm.declaredRunner, "microvm-qemu-web");
  for (const set of [{ runner: { qemu: "mine" } }, { declaredRunner: "mine" }]) {
    const [fault, ...others] = faultsOf(set);
    assert.match(fault!, new RegExp(`"microvm.${Object.keys(set)}" is read-only`));
    assert.deepEqual(others, []);
  }
});

test("an initrd of the project's own is not added to", () => {
  const initrd = { availableKernelModules: ["nbd"], postMountCommands: "true\n" };
  assert.deepEqual(guest({ boot: { initrd } }).faults, []);
  const own = (option: string) =>
    `"boot.initrd.${option}" is set, and "microvm.initrdPath" is the file "./a", which is taken as it is: leave one of them out`;
  assert.deepEqual(guest({ boot: { initrd }, microvm: { initrdPath: "./a" } }).faults, [
    own("availableKernelModules"),
    own("postMountCommands"),
  ]);
});

test("memory that comes later comes in whole blocks, and all of it at first unless less is said", () => {
  assert.equal(guestConfig({ microvm: { hotplugMem: 64 } }).microvm.hotpluggedMem, 64);
  assert.deepEqual(faultsOf({ hotplugMem: 4, hotpluggedMem: 5 }), [
    '"microvm.hotpluggedMem" is 5 MiB, more than the 4 MiB of "microvm.hotplugMem"',
    '"microvm.hotpluggedMem" is 5 MiB, which is no multiple of 2 MiB',
  ]);
});

test("access control lists do not go with translated ids", () => {
  const share = { tag: "a", source: "/srv", mountPoint: "/srv", proto: "virtiofs" };
  const extraArgs = ["--translate-uid=map:0:1000:1"];
  assert.deepEqual(faultsOf({ shares: [{ ...share, extraArgs }] }), [
    '"microvm.shares.0.posixAcl" is true, which does not go with arguments that translate user or group ids: set it to false',
  ]);
  assert.deepEqual(faultsOf({ shares: [{ ...share, extraArgs, posixAcl: false }] }), []);
});

test("a kernel is named once, and one of the project's own has no modules", () => {
  assert.deepEqual(guest({ microvm: { kernel: "a" }, boot: { kernelPackage: "b" } }).faults, [
    '"microvm.kernel" is "a", and "boot.kernelPackage" is "b": set one of them',
  ]);
  assert.deepEqual(guest({ microvm: { kernel: "a" }, boot: { kernelPackage: "a" } }).faults, []);
  const boot = { kernelPackage: "b", kernelModules: ["nbd"], initrd: { kernelModules: ["btrfs"] } };
  assert.deepEqual(guest({ microvm: { kernel: "./a" }, boot }).faults, [
    '"microvm.kernel" is the file "./a", and "boot.kernelPackage" is "b": set one of them',
    '"boot.kernelModules" has "nbd", and "microvm.kernel" is the file "./a", which comes without modules: build it in',
    '"boot.initrd.kernelModules" has "btrfs", and "microvm.kernel" is the file "./a", which comes without modules: build it in',
  ]);
});
