/** Which option asks for a reboot when a part of the machine is another one. Data. */

/** Fields of `MachineSpec` whose option has another name than `microvm.FIELD`. */
export const FIELD_OPTIONS: Readonly<Record<string, string>> = {
  architecture: "pkgs",
  kernel: "pkgs",
  initrd: "boot.initrd.kernelModules",
  initrdCan: "microvm.optimize.enable",
  credentials: "microvm.credentialFiles",
  controlSocket: "microvm.socket",
  consoleSocket: "microvm.socket",
  agentSocket: "services.qemuGuest.enable",
  vsockCid: "microvm.vsock.cid",
  serialConsole: "microvm.qemu.serialConsole",
};

/** Fields that only matter when a VM starts or ends: another value counts from the next start on. */
export const LATER_FIELDS: readonly string[] = ["readiness", "readinessSocket", "shutdownTimeout"];

/** Words of the kernel's command line, by how they begin; others are `boot.kernelParams`. */
export const WORD_OPTIONS: readonly (readonly [start: string, option: string])[] = [
  ["console=", "microvm.qemu.serialConsole"],
  ["loglevel=", "microvm.optimize.enable"],
  ["lsm=", "security.lsm"],
  ["LD_LIBRARY_PATH=", "microvm.optimize.systemdBpf"],
  ["microvm.store", "microvm.shares"],
  ["microvm.writable=", "microvm.writableStoreOverlay"],
];

/** What a layer's name ends in, and the option that it comes from; others are `pkgs`. */
export const LAYER_OPTIONS: readonly (readonly [end: string, option: string])[] = [
  ["-packages", "environment.packages"],
  ["-services", "services"],
];
