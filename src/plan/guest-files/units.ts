/** Units of systemd. */
import { quoteUnitWord, type UnitValue, unitText } from "../../guest/units.ts";
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { file, link, unit, wanted } from "./entries.ts";

type Service = GuestConfig["systemd"]["services"][string];

/** The units that are declared, and what belongs to them. */
export function serviceFiles({ systemd }: GuestConfig): FileEntry[] {
  return Object.entries(systemd.services).flatMap(([name, service]) => {
    const unitName = `${name}.service`;
    if (!service.enable) return [link(unit(unitName), "/dev/null")];
    const script = `usr/local/lib/microvm/${name}`;
    return [
      file(unit(unitName), serviceText(service, script)),
      ...service.wantedBy.map((target) => wanted(target, unitName, "/etc/systemd/system")),
      ...(service.script === "" ? [] : [file(script, `#!/bin/sh\nset -e\n${service.script}\n`, 0o755)]),
    ];
  });
}

function serviceText(service: Service, script: string): string {
  const list = (key: string, names: readonly string[]) =>
    names.length > 0 ? { [key]: names.join(" ") } : {};
  const environment = Object.entries(service.environment).map(([key, value]) =>
    quoteUnitWord(`${key}=${value}`),
  );
  return unitText({
    Unit: {
      ...(service.description !== "" && { Description: service.description }),
      ...list("After", service.after),
      ...list("Before", service.before),
      ...list("Requires", service.requires),
      ...list("Wants", service.wants),
      ...(service.unitConfig as Record<string, UnitValue>),
    },
    Service: {
      ...(environment.length > 0 && { Environment: environment }),
      ...(service.script !== "" && { ExecStart: `/${script}` }),
      ...(service.serviceConfig as Record<string, UnitValue>),
    },
  });
}
