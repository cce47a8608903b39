/** What a host can be told about itself. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

/** Options of the host itself. */
export const hostMachineOptions = {
  microvm: {
    host: {
      enable: mkOption({
        type: types.bool,
        default: true,
        description: "Whether this machine runs microVMs. A host that does not has no VMs and no units.",
      }),
      startupTimeout: mkOption({
        type: types.ints.positive,
        default: 150,
        description: "How long a VM may take to start, and to stop, in seconds.",
        example: 300,
      }),
      useNotifySockets: mkOption({
        type: types.bool,
        default: false,
        description:
          "Kept for configurations of microvm.nix. It has no effect: a VM says that it is ready without a socket of its own.",
      }),
      ksm: mkOption({
        type: types.bool,
        default: true,
        description: "Whether the kernel merges equal pages of memory of different VMs.",
      }),
    },
    stateDir: mkOption({
      type: types.nullOr(types.path),
      default: null,
      description:
        "Directory of the VMs. Null is the one that the program uses: `/var/lib/microvms` for root, or what `MICROVM_STATE_DIR` says.",
      example: "/srv/microvms",
    }),
    storeDir: mkOption({
      type: types.nullOr(types.path),
      default: null,
      description:
        "Directory of the store. Null is the one that the program uses: `/var/lib/microvm/store` for root, or what `MICROVM_STORE` says.",
      example: "/srv/microvm/store",
    }),
    autostart: mkOption({
      type: types.listOf(types.strMatching(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/)),
      default: [],
      description:
        "Names of VMs that start with the host, beside those of `vms` that have `autostart`. VMs made by `microvm -c` are named here.",
      example: ["made-by-hand"],
    }),
  },
} as const;

/** Declares them. */
export const hostMachine = withFile("src/options/host/machine.ts", { options: hostMachineOptions });
