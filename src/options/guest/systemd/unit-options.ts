/** Options that all kinds of units have. */
import {
  type InferConfig,
  type InferDefinitions,
  mkOption,
  type OptionType,
  types,
  withFile,
} from "../../../module-system/index.ts";
import { unitName, unitReference } from "./names.ts";
import { setting } from "./settings.ts";

const units = (description: string, example: string) =>
  mkOption({ type: types.listOf(unitReference), default: [], description, example: [example] });

const links = (description: string, example: string) =>
  mkOption({ type: types.listOf(unitName), default: [], description, example: [example] });

/** What says whether a unit is there, whether it extends another, and what starts it. */
export const enablementOptions = {
  enable: mkOption({
    type: types.bool,
    default: true,
    description: "Whether the unit may start. False masks it, also a package's own.",
  }),
  overrideStrategy: mkOption({
    type: types.enum(["asDropinIfExists", "asDropin"]),
    default: "asDropinIfExists",
    description:
      "How the unit gets along with one of the same name that a package ships. `asDropinIfExists` extends that one with a file in `NAME.d`, and makes a whole unit when there is none; an instance extends its template. `asDropin` always extends.",
  }),
  aliases: links("More names of the unit.", "web.service"),
  wantedBy: links("Units that start this one, and go on without it when it fails.", "multi-user.target"),
  requiredBy: links("Units that start this one and fail when it does.", "multi-user.target"),
  upheldBy: links(
    "Units that start this one, and start it again whenever it has stopped.",
    "multi-user.target",
  ),
  definedIn: mkOption({
    type: types.listOf(types.str),
    default: ({ _definedIn }: { readonly _definedIn: readonly string[] }) => _definedIn,
    defaultText: "the modules that define the unit",
    readOnly: true,
    visible: false,
    description: "Files of the modules that define the unit.",
    example: ["modules/web-server.ts"],
  }),
} as const;

/** Options of every unit that is not given as text. */
export const unitOptions = {
  ...enablementOptions,
  description: mkOption({
    type: types.strMatching(/^[^\n]*$/),
    default: "",
    description: "What the unit is, for a person.",
    example: "Copies the pictures",
  }),
  documentation: mkOption({
    type: types.listOf(types.strMatching(/^(?:https?|file|info|man):\S+$/)),
    default: [],
    description: "Where to read about the unit, as URIs.",
    example: ["man:nginx(8)", "https://example.org/pictures"],
  }),
  wants: units("Units that are started with this one.", "network-online.target"),
  requires: units(
    "Units that are started with this one, and without which it cannot run. One that is nowhere is refused when the guest is built.",
    "postgresql.service",
  ),
  requisite: units("Units that must run already, or this one fails at once.", "postgresql.service"),
  bindsTo: units("Units as in `requires`, and this one stops when one of them does.", "dev-vdb.device"),
  partOf: units("Units with which this one is stopped and restarted.", "web.target"),
  upholds: units("Units that are started whenever they have stopped while this one runs.", "worker.service"),
  conflicts: units("Units that stop when this one starts, and the other way round.", "shutdown.target"),
  before: units("Units that come later, when they start too.", "nginx.service"),
  after: units("Units that come first, when they start too.", "network.target"),
  onFailure: units("Units that start when this one has failed.", "report@%n.service"),
  onSuccess: units("Units that start when this one has ended well.", "publish.service"),
  startLimitBurst: mkOption({
    type: types.nullOr(types.ints.unsigned),
    default: null,
    description:
      "How often the unit may start within `startLimitIntervalSec`. Null is systemd's own default, five times.",
  }),
  startLimitIntervalSec: mkOption({
    type: types.nullOr(types.ints.unsigned),
    default: null,
    description:
      "Seconds in which starts are counted; zero counts none. Null is systemd's own default, ten seconds.",
  }),
  unitConfig: mkOption({
    type: types.attrsOf(setting),
    default: {},
    description: "Settings of the section [Unit], systemd.unit(5), by name.",
    example: { ConditionPathExists: "/etc/pictures.conf" },
  }),
  restartTriggers: mkOption({
    type: types.listOf(types.str),
    default: [],
    description:
      "Texts, such as that of a configuration file, whose change means that the unit must be restarted. Only their checksum is kept, in the unit's `X-Restart-Triggers`.",
    example: () => ["listen 80;\n"],
  }),
  reloadTriggers: mkOption({
    type: types.listOf(types.str),
    default: [],
    description:
      "Texts whose change means that the unit must be reloaded. Only their checksum is kept, in the unit's `X-Reload-Triggers`.",
    example: () => ["listen 80;\n"],
  }),
} as const;

const FILE = "src/options/guest/systemd/unit-options.ts";

/** A value that is made of declared options. */
type With<B, O> = OptionType<InferConfig<B & O>, InferDefinitions<B & O>>;

/** The type of units of one kind: what all units have, and the options that `file` declares for the kind. */
export function unitOf<O>(file: string, options: O): With<typeof unitOptions, O> {
  return types.submodule([withFile(FILE, { options: unitOptions }), withFile(file, { options })]);
}

/** The type of units that are given as text. */
export function textUnitOf<O>(file: string, options: O): With<typeof enablementOptions, O> {
  return types.submodule([withFile(FILE, { options: enablementOptions }), withFile(file, { options })]);
}
