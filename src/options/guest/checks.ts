/** `system.checks`: what programs themselves say of the configurations that are generated for them. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

/** `system.checks.*`. */
const check = types.submodule({
  options: {
    option: mkOption({
      type: types.str,
      description: "Option that the configuration follows from, as an error names it.",
      example: "services.dnsmasq",
    }),
    program: mkOption({
      type: types.path,
      description:
        "The checker, by its absolute path in the guest. Where the guest's packages have no such program nothing is checked, and the log says so.",
      example: "/usr/sbin/dnsmasq",
    }),
    files: mkOption({
      type: types.listOf(types.path),
      default: [],
      description:
        "Generated files that the check reads, by absolute path; a directory stands for all below it. The check is made again only when one of them, the packages or the check itself changes.",
      example: ["/etc/dnsmasq.conf"],
    }),
    script: mkOption({
      type: types.lines,
      description:
        "Shell commands that end with an error when the configuration is wrong, and print why. They run as root on the guest's packages, with `/bin/sh`, without network, before the guest is built; what they write is gone afterwards.",
      example: "dnsmasq --test --conf-file=/etc/dnsmasq.conf\n",
    }),
    definedIn: mkOption({
      type: types.listOf(types.str),
      default: ({ _definedIn }: { readonly _definedIn: readonly string[] }) => _definedIn,
      defaultText: "the modules that define the check",
      description: "Files that an error names beside the option.",
      example: ["modules/dns.ts"],
    }),
  },
});

/** Options of the checks. */
export const checksOptions = {
  system: {
    checks: mkOption({
      type: types.attrsOf(check),
      default: {},
      description:
        "Checks of generated files by the programs that read them, by name. One that fails is an error of the build. A guest that is made from an OCI image has none. In NixOS the option of this name is a list of packages.",
      example: {
        dnsmasq: {
          option: "services.dnsmasq",
          program: "/usr/sbin/dnsmasq",
          files: ["/etc/dnsmasq.conf"],
          script: "dnsmasq --test --conf-file=/etc/dnsmasq.conf\n",
        },
      },
    }),
  },
} as const;

/** Declares them. */
export const checks = withFile("src/options/guest/checks.ts", { options: checksOptions });
