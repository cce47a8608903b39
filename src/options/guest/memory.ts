/** `microvm.*`: memory beside `mem`. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

/** Options of memory that comes and goes. */
export const memoryOptions = {
  microvm: {
    hugepageMem: mkOption({
      type: types.bool,
      default: false,
      description: "Whether the guest's memory is in huge pages, which the host must have reserved.",
    }),
    hotplugMem: mkOption({
      type: types.ints.unsigned,
      default: 0,
      description:
        "Memory in MiB, a multiple of 2, that the guest can be given while it runs, beside `mem`: virtio-mem.",
      example: 2048,
    }),
    hotpluggedMem: mkOption({
      type: types.ints.unsigned,
      default: ({ config }: { readonly config: { readonly microvm: { readonly hotplugMem: number } } }) =>
        config.microvm.hotplugMem,
      defaultText: "microvm.hotplugMem",
      description: "How much of `hotplugMem` the guest has from the start, in MiB, a multiple of 2.",
      example: 512,
    }),
    balloon: mkOption({
      type: types.bool,
      default: false,
      description:
        "Whether memory can be taken from the guest while it runs, and memory that it frees goes back to the host by itself.",
    }),
    initialBalloonMem: mkOption({
      type: types.ints.unsigned,
      default: 0,
      description: "Memory in MiB that is taken from the guest from the start.",
      example: 256,
    }),
    deflateOnOOM: mkOption({
      type: types.bool,
      default: true,
      description: "Whether a guest that has too little gets back what the balloon has taken.",
    }),
  },
} as const;

/** Declares them. */
export const memory = withFile("src/options/guest/memory.ts", { options: memoryOptions });
