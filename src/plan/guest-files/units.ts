/** From the declared units to their files. */

import type { TracedUnit } from "../../guest/unit-files.ts";
import { quoteUnitWord } from "../../guest/units.ts";
import { escapeUnitPath } from "../../options/guest/systemd/names.ts";
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { commentWord, file, relative, type ShowFile } from "./entries.ts";
import { serviceJobs, serviceText } from "./service-text.ts";
import { joined, plainUnitText, sectionText, sorted, stated, type Texts } from "./unit-text.ts";

type Systemd = GuestConfig["systemd"];

/** What units of all kinds have. */
type AnyUnit = Omit<Systemd["units"][string], "text">;

/** A declared unit before it is written. */
interface Source {
  readonly option: string;
  readonly name: string;
  readonly unit: AnyUnit;
  readonly write: (comment: string) => Texts | null;
}

/** Every declared unit, in the order of names. */
export function declaredUnits({ systemd }: GuestConfig, showFile: ShowFile): TracedUnit[] {
  const sources = [...namedUnits(systemd), ...mountUnits(systemd), ...textUnits(systemd)];
  const units = sources.map((source) => declaredUnit(source, showFile));
  return [...units, defaultTarget(systemd.defaultUnit)].sort((a, b) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : 0,
  );
}

function declaredUnit({ option, name, unit, write }: Source, showFile: ShowFile): TracedUnit {
  const definedIn = unit.definedIn.map(showFile);
  const written = write(`# From ${definedIn.map(commentWord).join(", ")}\n`);
  return {
    name,
    option,
    definedIn,
    text: written?.text ?? null,
    ...(written?.dropInText !== undefined && { dropInText: written.dropInText }),
    enable: unit.enable,
    overrideStrategy: unit.overrideStrategy,
    links: linksOf(name, unit),
  };
}

function namedUnits({ services, sockets, timers, targets, paths, slices }: Systemd): Source[] {
  return [
    ...named("services", services, serviceText),
    ...named("sockets", sockets, (unit, comment) => {
      const { listenStreams: ListenStream, listenDatagrams: ListenDatagram, socketConfig } = unit;
      return sectionText(
        unit,
        comment,
        "Socket",
        joined({ ListenStream, ListenDatagram }, sorted(socketConfig)),
      );
    }),
    ...named("timers", timers, (unit, comment) =>
      sectionText(unit, comment, "Timer", sorted(unit.timerConfig)),
    ),
    ...named("targets", targets, plainUnitText),
    ...named("paths", paths, (unit, comment) => sectionText(unit, comment, "Path", sorted(unit.pathConfig))),
    ...named("slices", slices, (unit, comment) =>
      sectionText(unit, comment, "Slice", sorted(unit.sliceConfig)),
    ),
  ];
}

/** Units of one kind, whose option is the kind's plural. */
function named<U extends AnyUnit>(
  option: string,
  units: { readonly [name: string]: U },
  write: (unit: U, comment: string, name: string) => Texts,
): Source[] {
  return Object.entries(units).map(([name, unit]) => ({
    option: `systemd.${option}.${quoteName(name)}`,
    name: `${name}.${option.slice(0, -1)}`,
    unit,
    write: (comment) => write(unit, comment, name),
  }));
}

/** Mounts and automounts, whose names follow from where they are. */
function mountUnits({ mounts, automounts }: Systemd): Source[] {
  return [
    ...mounts.map((unit, index): Source => {
      const { what: What, where: Where, type: Type, options: Options, mountConfig } = unit;
      const settings = joined(stated({ What, Where, Type, Options }), sorted(mountConfig));
      return {
        option: `systemd.mounts.${index}`,
        name: `${escapeUnitPath(Where)}.mount`,
        unit,
        write: (comment) => sectionText(unit, comment, "Mount", settings),
      };
    }),
    ...automounts.map((unit, index): Source => {
      const settings = joined({ Where: unit.where }, sorted(unit.automountConfig));
      return {
        option: `systemd.automounts.${index}`,
        name: `${escapeUnitPath(unit.where)}.automount`,
        unit,
        write: (comment) => sectionText(unit, comment, "Automount", settings),
      };
    }),
  ];
}

function textUnits({ units }: Systemd): Source[] {
  return Object.entries(units).map(([name, unit]) => ({
    option: `systemd.units.${quoteName(name)}`,
    name,
    unit,
    write: (comment) => (unit.text === null ? null : { text: `${comment}\n${endLine(unit.text)}` }),
  }));
}

const endLine = (text: string) => text.replace(/\n*$/, "\n");

/** The scripts of services, directories to mount on, and what holds for all units. */
export function unitSupportFiles({ systemd }: GuestConfig, showFile: ShowFile): FileEntry[] {
  const variables = Object.entries(systemd.globalEnvironment).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...Object.entries(systemd.services).flatMap(([name, service]) =>
      !service.enable
        ? []
        : serviceJobs(name, service).map(({ path, text }) =>
            file(
              path,
              `#!/bin/sh\n# From ${service.definedIn.map(showFile).map(commentWord).join(", ")}\nset -e\n${endLine(text)}`,
              0o755,
            ),
          ),
    ),
    ...[...systemd.mounts, ...systemd.automounts]
      .filter(({ enable }) => enable)
      .map(({ where }): FileEntry => ({ path: relative(where), type: "directory" })),
    ...(variables.length === 0
      ? []
      : [
          file(
            "etc/systemd/system.conf.d/microvm-environment.conf",
            `[Manager]\nDefaultEnvironment=${variables.map(([key, value]) => quoteUnitWord(`${key}=${value}`)).join(" ")}\n`,
          ),
        ]),
  ];
}

/** The link that names the unit to start up to. It has no file. */
function defaultTarget(name: string): TracedUnit {
  return {
    name,
    option: "systemd.defaultUnit",
    definedIn: [],
    text: null,
    enable: true,
    overrideStrategy: "asDropinIfExists",
    links: ["default.target"],
  };
}

function linksOf(name: string, { aliases, wantedBy, requiredBy, upheldBy }: AnyUnit): string[] {
  return [
    ...aliases,
    ...wantedBy.map((by) => `${by}.wants/${name}`),
    ...requiredBy.map((by) => `${by}.requires/${name}`),
    ...upheldBy.map((by) => `${by}.upholds/${name}`),
  ];
}

/** A name as part of an option's path. */
function quoteName(name: string): string {
  return /^[\w@-]+$/.test(name) ? name : JSON.stringify(name);
}
