import assert from "node:assert/strict";
import { test } from "node:test";
import type { MachineSpec } from "../hypervisors/machine.ts";
import { layerDisk, machine, share } from "../hypervisors/testing/machine.ts";
import { type RunnerFacts, reasonText, rebootReasons } from "./compare-runners.ts";

function runner(
  fields: Partial<MachineSpec> = {},
  config = "c1-web-config",
  others = ["b1-trixie-base", "k1-kernel"],
): RunnerFacts {
  const layers = [config, ...others];
  const words = fields.kernelParams ?? ["console=ttyS0"];
  return {
    machine: machine({ ...fields, kernelParams: [...words, `microvm.layers=${layers.join(":")}`] }),
    layers,
    script: `exec qemu -append '${layers.join(":")}'`,
  };
}

const options = (former: RunnerFacts, next: RunnerFacts) =>
  rebootReasons(former, next).map(({ option }) => option);

test("another configuration layer asks for no reboot, nor does what counts at the next start", () => {
  assert.deepEqual(rebootReasons(runner(), runner({}, "c2-web-config")), []);
  const onDisk = (name: string) =>
    runner(
      { disks: [layerDisk({ serial: name, image: { store: `${name}-web-config.erofs` } }), layerDisk()] },
      name,
    );
  assert.deepEqual(rebootReasons(onDisk("c1"), onDisk("c2")), []);
  assert.deepEqual(rebootReasons(runner(), runner({ shutdownTimeout: 5 } as Partial<MachineSpec>)), []);
});

test("each part of the machine names the option that asks for a reboot", () => {
  const volume = { ...layerDisk(), image: { file: "data.img" }, readOnly: false };
  const cases: readonly [RunnerFacts, readonly string[]][] = [
    [runner({ mem: 1024, vcpu: 4 }), ["microvm.vcpu", "microvm.mem"]],
    [runner({ disks: [volume] }), ["microvm.volumes"]],
    [runner({ shares: [share()] }), ["microvm.shares"]],
    [runner({ kernelParams: ["console=ttyS0", "quiet"] }), ["boot.kernelParams"]],
    [runner({ kernelParams: [] }), ["microvm.qemu.serialConsole"]],
    [runner({ kernelParams: ["console=ttyS0", "lsm=yama"] }), ["security.lsm"]],
    [runner({ credentials: [{ name: "a", file: "/a" }] }), ["microvm.credentialFiles"]],
    [runner({ agentSocket: null }), ["services.qemuGuest.enable"]],
    [runner({ initrd: "i2-initrd" }), ["boot.initrd.kernelModules"]],
    [
      runner({ qemu: { machine: null, machineOpts: null, extraArgs: ["-s"], pcieRootPorts: [] } }),
      ["microvm.qemu.extraArgs"],
    ],
    [
      runner({}, "c1-web-config", ["p1-trixie-packages", "b1-trixie-base", "k1-kernel"]),
      ["environment.packages"],
    ],
    [runner({}, "c1-web-config", ["b2-trixie-base", "k1-kernel"]), ["pkgs"]],
    [
      { ...runner(), script: "exec other" },
      ["microvm.preStart, microvm.extraArgsScript or microvm.vmHostPackages"],
    ],
  ];
  for (const [next, expected] of cases) assert.deepEqual(options(runner(), next), expected);
});

test("a reason says what becomes what", () => {
  assert.equal(reasonText(rebootReasons(runner(), runner({ mem: 1024 }))), '"microvm.mem": 512 becomes 1024');
});
