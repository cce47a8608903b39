/** Which files of packages are left out of a guest's layers, and by its dpkg. Pure. */
import { DOCUMENTATION } from "../guest/debian-layer.ts";
import { madeLocales } from "../options/guest/i18n.ts";
import type { GuestConfig } from "../options/guest.ts";

/** Globs, as dpkg's `path-exclude` and `path-include` have them. */
export interface LeftOut {
  readonly exclude: readonly string[];
  readonly include: readonly string[];
}

/**
 * udev's database of what hardware is called and how it errs (bookworm's path, and trixie's). A guest's devices are the
 * hypervisor's, of which it says nothing; to compile it is the longest step of configuring a guest's packages.
 */
const HARDWARE_DATABASE = ["/lib/udev/hwdb.d/*", "/usr/lib/udev/hwdb.d/*"];

/**
 * What is for other languages than the guest's stays out while `microvm.optimize.enable` is true, and what is for
 * hardware, unless the guest is given some.
 */
export function leftOut(config: GuestConfig): LeftOut {
  const { documentation, microvm } = config;
  const wanted: Readonly<Record<string, boolean>> = {
    "/usr/share/doc/*": documentation.doc.enable,
    "/usr/share/info/*": documentation.info.enable,
    "/usr/share/lintian/*": documentation.enable,
    "/usr/share/locale/*": !microvm.optimize.enable,
    "/usr/share/man/*": documentation.man.enable,
  };
  const hasHardware = !microvm.optimize.enable || microvm.devices.length > 0;
  const exclude = [
    ...DOCUMENTATION.exclude.filter((path) => !wanted[path]),
    ...(hasHardware ? [] : HARDWARE_DATABASE),
  ];
  if (exclude.length === 0) return { exclude: [], include: [] };
  return {
    exclude,
    include: [...DOCUMENTATION.include, ...(microvm.optimize.enable ? translations(config) : [])],
  };
}

/** Translations of the languages that the guest speaks: `de`, `de_AT`, `sr@latin`. */
function translations(config: GuestConfig): string[] {
  const languages = madeLocales(config).map((name) => name.replace(/[_.@].*$/, ""));
  return [...new Set(languages)].flatMap((language) => [
    `/usr/share/locale/${language}/*`,
    `/usr/share/locale/${language}[_@]*`,
  ]);
}
