/** Units that are no services: `systemd.{sockets,timers,targets,paths,slices,mounts,automounts,units}`. */
import { mkOption, type OptionType, types, withFile } from "../../../module-system/index.ts";
import { type SettingValue, setting } from "./settings.ts";
import { textUnitOf, unitOf } from "./unit-options.ts";

const FILE = "src/options/guest/systemd/other-units.ts";

const section = (name: string, page: string, example: { readonly [setting: string]: SettingValue }) =>
  mkOption({
    type: types.attrsOf(setting),
    default: {},
    description: `Settings of the section [${name}], ${page}, by name. A list repeats the setting.`,
    example,
  });

const listen = (setting: string) =>
  mkOption({
    type: types.listOf(types.strMatching(/^[^\n]+$/)),
    default: [],
    description: `Ports, addresses and paths to listen at: each is a \`${setting}\`, systemd.socket(5).`,
    example: ["0.0.0.0:993", "/run/pictures.socket"],
  });

const SOCKET = {
  listenStreams: listen("ListenStream"),
  listenDatagrams: listen("ListenDatagram"),
  socketConfig: section("Socket", "systemd.socket(5)", { Accept: true }),
} as const;

const TIMER = { timerConfig: section("Timer", "systemd.timer(5)", { OnCalendar: "daily" }) } as const;
const PATH = { pathConfig: section("Path", "systemd.path(5)", { PathExists: "/run/go" }) } as const;
const SLICE = { sliceConfig: section("Slice", "systemd.slice(5)", { MemoryMax: "1G" }) } as const;

const where = mkOption({
  type: types.path,
  description: "Directory to mount on. The unit has its name.",
  example: "/mnt/pictures",
});

const MOUNT = {
  what: mkOption({
    type: types.strMatching(/^[^\n]+$/),
    description: "What is mounted: a device, a share, or another resource.",
    example: "/dev/disk/by-label/pictures",
  }),
  where,
  type: mkOption({
    type: types.strMatching(/^[^\n]*$/),
    default: "",
    description: "Type of the file system. Empty lets mount(8) find out.",
    example: "ext4",
  }),
  options: mkOption({
    type: types.strMatching(/^[^\n]*$/),
    default: "",
    description: "Options of mount(8), parted by commas.",
    example: "noatime",
  }),
  mountConfig: section("Mount", "systemd.mount(5)", { DirectoryMode: "0775" }),
} as const;

const AUTOMOUNT = {
  where,
  automountConfig: section("Automount", "systemd.automount(5)", { TimeoutIdleSec: 600 }),
} as const;

const TEXT = {
  text: mkOption({
    type: types.nullOr(types.str),
    default: null,
    description: "The whole text of the unit, or of its drop-in. Null when only its links are to be made.",
    example: "[Unit]\nDescription=Pictures\n",
  }),
} as const;

const named = <T, D>(kind: string, type: OptionType<T, D>, description: string, example: object) =>
  mkOption({
    type: types.attrsOf(type),
    default: {},
    description: `${description}, by name without \`.${kind}\`. One that a package ships is extended.`,
    example,
  });

/** Options of units that are no services. */
export const otherUnitsOptions = {
  systemd: {
    sockets: named("socket", unitOf(FILE, SOCKET), "Sockets that start the service of their name", {
      pictures: { wantedBy: ["sockets.target"], listenStreams: ["80"] },
    }),
    timers: named("timer", unitOf(FILE, TIMER), "Timers that start the service of their name", {
      backup: { wantedBy: ["timers.target"], timerConfig: { OnCalendar: "daily", Persistent: true } },
    }),
    targets: named("target", unitOf(FILE, {}), "Targets, which group units", {
      pictures: { wantedBy: ["multi-user.target"], wants: ["thumbnails.service"] },
    }),
    paths: named("path", unitOf(FILE, PATH), "Paths that are watched, and start the service of their name", {
      inbox: { wantedBy: ["multi-user.target"], pathConfig: { DirectoryNotEmpty: "/srv/inbox" } },
    }),
    slices: named("slice", unitOf(FILE, SLICE), "Slices, which share out the machine among services", {
      batch: { sliceConfig: { CPUWeight: 20 } },
    }),
    mounts: mkOption({
      type: types.listOf(unitOf(FILE, MOUNT)),
      default: [],
      description:
        "Mounts as units. Those of `microvm.volumes` and `microvm.shares` are made already, and need none.",
      example: [{ what: "tmpfs", where: "/scratch", type: "tmpfs", wantedBy: ["local-fs.target"] }],
    }),
    automounts: mkOption({
      type: types.listOf(unitOf(FILE, AUTOMOUNT)),
      default: [],
      description: "Directories whose mount of the same place is made when somebody looks into them.",
      example: [{ where: "/scratch", wantedBy: ["multi-user.target"] }],
    }),
    units: mkOption({
      type: types.attrsOf(textUnitOf(FILE, TEXT)),
      default: {},
      description:
        "Units of any kind as text, by whole name. The other options are easier to write and to merge.",
      example: { "pictures.target": { text: "[Unit]\nDescription=Pictures\n" } },
    }),
  },
} as const;

/** Declares them. */
export const otherUnits = withFile(FILE, { options: otherUnitsOptions });
