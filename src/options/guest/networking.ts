/** `networking`: the guest's names and addresses. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

/** Options of the guest's network. */
export const networkingOptions = {
  networking: {
    hostName: mkOption({
      type: types.strMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
      description: "Name of the guest. The VM's name, unless a module defines another.",
      example: "web",
    }),
    domain: mkOption({
      type: types.nullOr(types.strMatching(/^[a-z0-9.-]+$/)),
      default: null,
      description: "Domain of the guest. Null gives none.",
      example: "example.org",
    }),
    hosts: mkOption({
      type: types.attrsOf(types.listOf(types.str)),
      default: {},
      description: "More lines for `/etc/hosts`: names by address.",
      example: { "10.0.0.2": ["db"] },
    }),
    nameservers: mkOption({
      type: types.listOf(types.str),
      default: [],
      description:
        "Addresses of name servers. Without any, a guest with an interface of the type `user` asks the hypervisor's.",
      example: ["9.9.9.9"],
    }),
    useDHCP: mkOption({
      type: types.bool,
      default: true,
      description: "Whether interfaces get their addresses by DHCP.",
    }),
  },
} as const;

/** Declares them. */
export const networking = withFile("src/options/guest/networking.ts", { options: networkingOptions });
