/** The text of services, and the programs that their scripts become. */
import { quoteUnitWord, type UnitValue } from "../../guest/units.ts";
import type { GuestConfig } from "../../options/guest.ts";
import {
  joined,
  present,
  type Settings,
  sorted,
  stated,
  type Texts,
  unitSection,
  withComment,
} from "./unit-text.ts";

type Service = GuestConfig["systemd"]["services"][string];

/** Scripts: the option, the setting that runs it, and the program's name. */
const JOBS = [
  ["preStart", "ExecStartPre", "pre-start"],
  ["script", "ExecStart", "start"],
  ["postStart", "ExecStartPost", "post-start"],
  ["reload", "ExecReload", "reload"],
  ["preStop", "ExecStop", "stop"],
  ["postStop", "ExecStopPost", "post-stop"],
] as const satisfies readonly (readonly [keyof Service, string, string])[];

/** The settings that people look for first, in the order of a service's life. */
const ORDER = [
  "Type",
  "Environment",
  "EnvironmentFile",
  "UnsetEnvironment",
  "ExecCondition",
  "ExecStartPre",
  "ExecStart",
  "ExecStartPost",
  "ExecReload",
  "ExecStop",
  "ExecStopPost",
  "Restart",
  "RestartSec",
  "RemainAfterExit",
  "User",
  "Group",
  "DynamicUser",
  "WorkingDirectory",
  "StateDirectory",
  "RuntimeDirectory",
];

/** What systemd searches for programs in Debian, systemd.exec(5). */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";

/** The programs of a service's scripts: paths relative to the guest's root. */
export function serviceJobs(
  name: string,
  service: Service,
): readonly { readonly setting: string; readonly path: string; readonly text: string }[] {
  return JOBS.filter(([option]) => service[option] !== "").map(([option, setting, job]) => ({
    setting,
    path: `usr/local/lib/microvm/${name}/${job}`,
    text: service[option],
  }));
}

/** The unit of a service. */
export function serviceText(service: Service, comment: string, name: string): Texts {
  const jobs = serviceJobs(name, service);
  const write = (isDropIn: boolean) =>
    withComment(comment, {
      Unit: unitSection(service),
      Service: sorted(serviceSection(service, jobs, isDropIn), ORDER) as Record<string, UnitValue>,
    });
  const text = write(false);
  // A package's own command would run as well, or stand in the way.
  return service.script === "" ? { text } : { text, dropInText: write(true) };
}

function serviceSection(
  service: Service,
  jobs: ReturnType<typeof serviceJobs>,
  isDropIn: boolean,
): Record<string, UnitValue> {
  const commands = jobs.map(({ setting, path }) => {
    const args = setting === "ExecStart" && service.scriptArgs !== "" ? ` ${service.scriptArgs}` : "";
    const command = `${execPath(`/${path}`)}${args}`;
    return [setting, setting === "ExecStart" && isDropIn ? ["", command] : command] as const;
  });
  const generated: Settings = {
    ...environmentSettings(service),
    ...Object.fromEntries(commands),
    ...changeSettings(service),
  };
  return present(joined(stated(generated), service.serviceConfig));
}

/** Variables by name; null ones are taken away. */
function environmentSettings({ environment, path }: Service): Settings {
  const search = path.length > 0 ? { PATH: [...path, DEFAULT_PATH].join(":") } : {};
  const all = Object.entries({ ...search, ...environment }).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    Environment: all.flatMap(([key, value]) => (value === null ? [] : [quoteUnitWord(`${key}=${value}`)])),
    UnsetEnvironment: all.flatMap(([key, value]) => (value === null ? [key] : [])).join(" "),
  };
}

/** What a live change of the guest is told, in NixOS's words. systemd passes over settings that begin with X-. */
function changeSettings(service: Service): Settings {
  return {
    "X-RestartIfChanged": service.restartIfChanged ? null : "false",
    "X-ReloadIfChanged": service.reloadIfChanged ? "true" : null,
    "X-StopIfChanged": service.stopIfChanged ? null : "false",
    "X-NotSocketActivated": service.notSocketActivated ? "true" : null,
  };
}

/** A path as the first word of a command. */
function execPath(path: string): string {
  return /^[\w/.@:-]+$/.test(path) ? path : quoteUnitWord(path);
}
