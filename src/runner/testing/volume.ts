/** A volume for tests of the runner's scripts. */
import type { RunnerVolume, VolumePrograms } from "../volumes.ts";

/** A raw volume of 1 MiB, changed by `fields`. */
export const volume = (image: string, fields: Partial<RunnerVolume> = {}): RunnerVolume => ({
  image,
  size: 1,
  label: null,
  fsType: "ext4",
  mkfsExtraArgs: [],
  autoCreate: true,
  imageType: "raw",
  readOnly: false,
  canGrow: true,
  ...fields,
});

/** The programs on the `PATH`. */
export const ON_PATH: VolumePrograms = {
  mkfs: (program) => ({ onPath: program }),
  qemuImg: { onPath: "qemu-img" },
};
