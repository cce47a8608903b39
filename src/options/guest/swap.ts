/** `swapDevices`: where the guest may put memory that it does not need at once. */
import { type InferConfig, mkOption, types, withFile } from "../../module-system/index.ts";
import { escapeUnitPath } from "./systemd/names.ts";

/** `swapDevices.*`. */
const swapDevice = types.submodule({
  options: {
    device: mkOption({
      type: types.nullOr(types.strMatching(/^\/[\w./:@+-]+$/)),
      default: null,
      description: "Device or file to swap to. Null takes `label`.",
      example: "/data/swapfile",
    }),
    label: mkOption({
      type: types.nullOr(types.strMatching(/^[A-Za-z0-9_.-]{1,15}$/)),
      default: null,
      description: "Label of the device to swap to. Null takes `device`.",
      example: "swap",
    }),
    size: mkOption({
      type: types.nullOr(types.ints.positive),
      default: null,
      description:
        "Size in MiB of a swap file, which is made when it is missing or of another size. The file lies on a volume. Null takes a file or device that is there.",
      example: 1024,
    }),
    priority: mkOption({
      type: types.nullOr(types.ints.between(0, 32767)),
      default: null,
      description: "Those with the highest priority are used first. Null leaves the order to the kernel.",
      example: 10,
    }),
    discardPolicy: mkOption({
      type: types.nullOr(types.enum(["once", "pages", "both"])),
      default: null,
      description: "When the host is told which pages are unused, swapon(8). Null never tells it.",
      example: "once",
    }),
    options: mkOption({
      type: types.listOf(types.strMatching(/^[\w.=-]+$/)),
      default: ["defaults"],
      description: "More options of swapon(8) and systemd.swap(5).",
      example: ["nofail"],
    }),
    randomEncryption: {
      enable: mkOption({
        type: types.bool,
        default: false,
        description:
          "Swap that is encrypted with a key of each start's own. It is not there: true is refused.",
      }),
    },
  },
});

/** Options of swap. */
export const swapOptions = {
  swapDevices: mkOption({
    type: types.listOf(swapDevice),
    default: [],
    description: "Devices and files to swap to.",
    example: [{ device: "/data/swapfile", size: 1024 }],
  }),
} as const;

type Config = InferConfig<typeof swapOptions>;

/** Where a swap device is found. */
export function swapPlace({
  device,
  label,
}: Pick<Config["swapDevices"][number], "device" | "label">): string {
  return device ?? `/dev/disk/by-label/${label}`;
}

const implementation = ({ config }: { readonly config: Config }) => ({
  config: {
    systemd: {
      services: () =>
        Object.fromEntries(
          config.swapDevices.flatMap(({ device, size }) =>
            device === null || size === null
              ? []
              : [[`mkswap-${escapeUnitPath(device)}`, swapFileService(device, size)]],
          ),
        ),
    },
  },
});

/** Makes a swap file under another name first, without holes, which the kernel does not swap to. */
function swapFileService(file: string, size: number) {
  const swap = `${escapeUnitPath(file)}.swap`;
  return {
    description: `Swap file ${file} (swapDevices)`,
    requiredBy: [swap],
    before: [swap, "shutdown.target"],
    unitConfig: { DefaultDependencies: false, RequiresMountsFor: file, Conflicts: "shutdown.target" },
    serviceConfig: { Type: "oneshot", RemainAfterExit: true, UMask: "0077" },
    script: `[ "$(stat -c %s ${file} 2>/dev/null)" != ${size * 1024 * 1024} ] || exit 0
rm -f ${file} ${file}.new
fallocate -l ${size}M ${file}.new
mkswap ${file}.new
mv ${file}.new ${file}
`,
  };
}

/** Declares them, and makes swap files. */
export const swap = withFile("src/options/guest/swap.ts", {
  imports: [implementation],
  options: swapOptions,
});
