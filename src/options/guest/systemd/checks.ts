/** What must hold between units, as far as it can be known without the guest's packages. */
import type { InferConfig } from "../../../module-system/index.ts";
import { type DefinedIn, definitionFiles } from "../defined-in.ts";
import { instanceOf, UNIT_STEM, WITH_KIND } from "./names.ts";
import { orderCycle } from "./order.ts";
import type { otherUnitsOptions } from "./other-units.ts";
import type { servicesOptions } from "./services.ts";

type Units = InferConfig<typeof servicesOptions & typeof otherUnitsOptions>["systemd"];

/** A guest's units, and which of them are masked. */
export interface UnitsConfig {
  readonly systemd: Units & { readonly maskedUnits: readonly string[] };
}

const NAMED = ["services", "sockets", "timers", "targets", "paths", "slices"] as const;

type NamedUnits = ReturnType<typeof namedUnits>;

/** Units by whole name, each with its option. Mounts are named by where they are. */
function namedUnits(systemd: Units) {
  return NAMED.flatMap((kind) =>
    Object.entries(systemd[kind]).map(([stem, unit]) => ({
      option: `systemd.${kind}`,
      stem,
      name: `${stem}.${kind.slice(0, -1)}`,
      unit,
    })),
  );
}

/** A message for each fault. */
export function unitFaults({ systemd }: UnitsConfig, options: DefinedIn): string[] {
  const named = namedUnits(systemd);
  return [
    ...nameFaults(systemd, named),
    ...Object.entries(systemd.services).flatMap(([name, service]) => serviceFaults(name, service)),
    ...templateFaults(named),
    ...doubleFaults(systemd, named),
    ...cycleFaults(named, options),
  ];
}

function nameFaults(systemd: Units, named: NamedUnits): string[] {
  const stems = named.flatMap(({ option, stem }) => {
    const shown = JSON.stringify(stem);
    if (!UNIT_STEM.test(stem)) return [`"${option}" has ${shown}, which is no name of a unit`];
    return WITH_KIND.test(stem) && stem.endsWith(`.${option.slice("systemd.".length, -1)}`)
      ? [`"${option}" has ${shown}: leave out "${WITH_KIND.exec(stem)![0]}"`]
      : [];
  });
  const whole = Object.keys(systemd.units)
    .filter((name) => !UNIT_STEM.test(name) || !WITH_KIND.test(name))
    .map((name) => `"systemd.units" has ${JSON.stringify(name)}, which is no whole name of a unit`);
  const variables = Object.entries(systemd.services).flatMap(([name, { environment }]) =>
    Object.keys(environment)
      .filter((variable) => !VARIABLE.test(variable))
      .map(
        (variable) =>
          `"systemd.services.${name}.environment" has ${JSON.stringify(variable)}, which is no name of a variable`,
      ),
  );
  return [...stems, ...whole, ...variables];
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

type Service = Units["services"][string];

/** Scripts, and the settings that say the same. */
const JOBS = {
  script: "ExecStart",
  preStart: "ExecStartPre",
  postStart: "ExecStartPost",
  reload: "ExecReload",
  preStop: "ExecStop",
  postStop: "ExecStopPost",
} as const satisfies { readonly [K in keyof Service]?: string };

function serviceFaults(name: string, service: Service): string[] {
  const both = Object.entries(JOBS).flatMap(([option, setting]) => {
    const { [setting]: given = null } = service.serviceConfig;
    const isGiven = given !== null && !(Array.isArray(given) && given.length === 0);
    return isGiven && service[option as keyof typeof JOBS] !== ""
      ? [`"systemd.services.${name}" has both "${option}" and "serviceConfig.${setting}": give one of them`]
      : [];
  });
  const alone =
    service.scriptArgs !== "" && service.script === ""
      ? [`"systemd.services.${name}" has "scriptArgs" and no "script" that takes them`]
      : [];
  return [...both, ...alone];
}

/** A template is no unit that could be started. */
function templateFaults(named: NamedUnits): string[] {
  return named.flatMap(({ option, stem, name, unit }) => {
    const links = [...unit.wantedBy, ...unit.requiredBy, ...unit.upheldBy];
    if (instanceOf(stem)?.instance !== "" || links.length === 0 || !unit.enable) return [];
    return [
      `"${option}.${stem}" is a template, which "${links[0]}" cannot start: say it of an instance, "${option}.${stem}NAME", and not of "${name}"`,
    ];
  });
}

function doubleFaults(systemd: Units, named: NamedUnits): string[] {
  const places = [
    ...named.map(({ option, stem, name }) => ({ name, place: `${option}.${stem}` })),
    ...Object.keys(systemd.units).map((name) => ({ name, place: `systemd.units.${JSON.stringify(name)}` })),
    ...systemd.mounts.map(({ where }, index) => ({
      name: `${plainPath(where)} (mount)`,
      place: `systemd.mounts.${index}`,
    })),
    ...systemd.automounts.map(({ where }, index) => ({
      name: `${plainPath(where)} (automount)`,
      place: `systemd.automounts.${index}`,
    })),
    ...named.flatMap(({ option, stem, unit }) =>
      unit.aliases.map((name) => ({ name, place: `${option}.${stem}.aliases` })),
    ),
  ];
  return [...Map.groupBy(places, ({ name }) => name)].flatMap(([name, found]) =>
    found.length < 2
      ? []
      : [`The unit "${name}" is declared twice, by ${found.map(({ place }) => `"${place}"`).join(" and ")}`],
  );
}

const plainPath = (path: string) => path.replace(/\/+/g, "/").replace(/(?<=.)\/$/, "");

/** Declared units that wait for each other. Those of packages are looked at when the guest is built. */
function cycleFaults(named: NamedUnits, options: DefinedIn): string[] {
  const units = named.filter(({ unit }) => unit.enable);
  const cycle = orderCycle(units.map(({ name, unit }) => ({ name, after: unit.after, before: unit.before })));
  if (!cycle) return [];
  const places = cycle.slice(0, -1).map((name) => {
    const { option, stem } = units.find((each) => each.name === name)!;
    const files = definitionFiles(options, [...option.split("."), stem]).map((file) => `"${file}"`);
    return `"${option}.${stem}" in ${files.join(" and ")}`;
  });
  return [
    `Units wait for each other: "${cycle.join('" after "')}"; look at "after" and "before" of ${places.join(", ")}`,
  ];
}

/** Declared units that a mask keeps from starting. */
export function unitWarnings({ systemd }: UnitsConfig): string[] {
  const masked = new Set(systemd.maskedUnits);
  return namedUnits(systemd)
    .filter(({ name, unit }) => masked.has(name) && unit.enable)
    .map(
      ({ option, stem, name }) =>
        `"${option}.${stem}" never starts: "systemd.maskedUnits" has "${name}"; "mkForce" replaces the whole list`,
    );
}
