/** `microvm.graphics`: a screen of the guest. */
import type { Vulkan } from "../../hypervisors/capabilities.ts";
import { mkOption, types, withFile } from "../../module-system/index.ts";

const VULKAN: readonly [Vulkan, ...Vulkan[]] = ["venus", "drm_native_context"];

/** Options of a screen. */
export const graphicsOptions = {
  microvm: {
    graphics: {
      enable: mkOption({
        type: types.bool,
        default: false,
        description: "Whether the guest has a screen.",
      }),
      backend: mkOption({
        type: types.enum(["gtk", "cocoa", "headless"]),
        default: "gtk",
        description:
          "Where the screen is shown: in a window of GTK's or of macOS's, or, headless, nowhere: it can be looked at by the hypervisor's control socket (`screendump`). The QEMU of a package set has no windows, so that QEMU can do headless only. The kernel must have a driver for virtio-gpu: Debian's `linux-image-amd64` has, its kernel for virtual machines has not.",
        example: "headless",
      }),
      socket: mkOption({
        type: types.nullOr(types.strMatching(/^(?!\.{1,2}$)[^/\n]+$/)),
        default: null,
        description:
          "Socket in the VM's directory of a program beside the hypervisor that draws the screen (vhost-user). Null makes it `NAME-gpu.sock` where there is such a program. QEMU draws by itself, so that a name is refused with it.",
        example: "gpu.sock",
      }),
      vulkan: mkOption({
        type: types.nullOr(types.enum(VULKAN)),
        default: null,
        description:
          "How the guest's Vulkan reaches the host's graphics processor. Null is no Vulkan. It needs the host's own graphics libraries, which the QEMU of a package set does not load: any value but null is refused with it.",
        example: "venus",
      }),
      hostmem: mkOption({
        type: types.strMatching(/^[1-9][0-9]*[MG]$/),
        default: "256M",
        description:
          "Size of the memory that guest and graphics processor share, with the unit `M` or `G`. It is there for `vulkan` only: another size than the default is refused where that is.",
        example: "1G",
      }),
    },
  },
} as const;

/** Declares them. */
export const graphics = withFile("src/options/guest/graphics.ts", { options: graphicsOptions });
