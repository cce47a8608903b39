/** `microvm.vms.NAME.limits`: what the host gives a VM at most, whatever its guest says. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

const perDevice = (what: string) =>
  mkOption({
    type: types.attrsOf(types.ints.positive),
    default: {},
    description: `${what}, by a path on the device.`,
    example: { "/var/lib/microvms": 50_000_000 },
  });

/** They become settings of the VM's slice (systemd.resource-control(5)). */
const limits = {
  memory: mkOption({
    type: types.nullOr(types.ints.positive),
    default: null,
    description:
      "Memory of all that the VM runs on the host, in MiB. It needs more than the guest's own: the hypervisor and the virtiofsd of its shares count too. Null is no limit.",
    example: 1024,
  }),
  cpu: mkOption({
    type: types.nullOr(types.ints.positive),
    default: null,
    description: "Processor time in percent of one CPU. Null is no limit.",
    example: 150,
  }),
  cpuWeight: mkOption({
    type: types.nullOr(types.ints.between(1, 10_000)),
    default: null,
    description: "Share of the processors when there are not enough. Null is 100, as everybody has.",
    example: 50,
  }),
  ioWeight: mkOption({
    type: types.nullOr(types.ints.between(1, 10_000)),
    default: null,
    description: "Share of the disks when there are not enough. Null is 100, as everybody has.",
    example: 50,
  }),
  ioReadBandwidth: perDevice("Bytes a second that are read"),
  ioWriteBandwidth: perDevice("Bytes a second that are written"),
  tasks: mkOption({
    type: types.nullOr(types.ints.positive),
    default: null,
    description: "Number of processes and threads. Null is no limit.",
    example: 128,
  }),
};

/** The option `limits`. */
export const hostLimits = mkOption({
  type: types.submodule(withFile("src/options/host/limits.ts", { options: limits })),
  default: {},
  description: "What the host gives the VM at most. It is not the guest's to change.",
  example: { memory: 1024, cpu: 150 },
});
