/** From an image's own description and the guest's options to the files that start it. Pure. */

import type { ConfigLayer } from "../guest/config-layer.ts";
import {
  IMAGE_AGENT_SCRIPT,
  IMAGE_DHCP_SCRIPT,
  IMAGE_INIT_SCRIPT,
  IMAGE_SHUTDOWN_SCRIPT,
} from "../guest/image-init-script.ts";
import { imageProgram, PROGRAMS_DIRECTORY } from "../guest/image-programs.ts";
import { unitText } from "../guest/units.ts";
import type { GuestConfig } from "../options/guest.ts";
import { quoteCommand, quoteWord } from "../os/processes.ts";
import type { ImageConfig } from "../packages/oci/documents.ts";
import type { OciImage } from "../packages/oci/image-source.ts";
import type { FileEntry } from "../store/files.ts";
import { imageFstab } from "./guest-files/file-systems.ts";

/** An image to plan a guest of. */
export interface PlannedImage {
  readonly source: OciImage;
  readonly config: ImageConfig;
}

/** What Docker searches when an image says nothing. */
const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Processes that are an init: a guest of whose image this is the first one is started by it. */
const INITS = ["/init", "/sbin/init", "/usr/sbin/init", "/lib/systemd/systemd", "/usr/lib/systemd/systemd"];

/** Directories that a guest needs and an image made from nothing lacks. */
const DIRECTORIES: readonly FileEntry[] = [
  ...["dev", "proc", "run", "sys", "var"].map((path): FileEntry => ({ path, type: "directory" })),
  { path: "tmp", type: "directory", mode: 0o1777 },
];

/** The configuration layer of a guest of an image: what its options generate, and what starts it. */
export function imageGuestFiles(
  layer: ConfigLayer,
  config: GuestConfig,
  architecture: string,
  image: PlannedImage,
  storeMount: string | null = null,
): ConfigLayer {
  const fstab = "fstab" in config.environment.etc ? [] : [imageFstab(config, storeMount)];
  const own = [...DIRECTORIES, ...startFiles(config, architecture, image), ...agentUnit(config)];
  const entries = new Map([...own, ...layer.entries, ...fstab].map((entry) => [entry.path, entry]));
  return {
    ...layer,
    entries: [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    // An image made from nothing has no accounts.
    groups: [{ name: "root", gid: 0, members: [] }, ...layer.groups],
    // The shell of an image's root is the image's, unless it is declared.
    users: layer.users.map((user) => ({ ...user, shell: config.users.users[user.name]?.shell ?? null })),
  };
}

/** The words of the image's process, as changed by the project. */
function processOf({ source, config }: PlannedImage): readonly string[] {
  const cmd = source.cmd ?? (source.entrypoint === null ? config.cmd : []);
  const words = [...(source.entrypoint ?? config.entrypoint), ...cmd];
  return words.length > 0 ? words : ["/bin/sh"];
}

function startFiles(config: GuestConfig, architecture: string, image: PlannedImage): FileEntry[] {
  const words = processOf(image);
  const settings = {
    ...initSettings(image, words),
    user: image.config.user,
    directory: image.config.workingDir || "/",
    stop_signal: image.config.stopSignal.replace(/^SIG/, "") || "TERM",
    restart: image.source.restart,
    agent: config.services.qemuGuest.enable ? "yes" : "",
    dhcp: config.networking.useDHCP ? "yes" : "",
    setpriv: quoteCommand(imageProgram(architecture, "setpriv")),
  };
  const variables = [DEFAULT_PATH, "TERM=vt220", ...image.config.env, ...ownVariables(config)];
  const environment = quoteCommand(["/.microvm/bin/env", "-i", ...variables]);
  const agent = quoteCommand(["/.microvm/agent-port", ...imageProgram(architecture, "qemu-ga")]);
  const script = (path: string, text: string): FileEntry => ({
    path: `${PROGRAMS_DIRECTORY}/${path}`,
    type: "file",
    text,
    mode: 0o755,
  });
  return [
    script("init", IMAGE_INIT_SCRIPT),
    script("dhcp", IMAGE_DHCP_SCRIPT),
    script("shutdown", IMAGE_SHUTDOWN_SCRIPT),
    script("agent-port", IMAGE_AGENT_SCRIPT),
    ...["setpriv", "script"].map((program) => {
      const command = quoteCommand(imageProgram(architecture, program));
      return script(`bin/${program}`, `#!/.microvm/bin/sh\nexec ${command} "$@"\n`);
    }),
    script("agent", `#!/.microvm/bin/sh\nexec ${withDefault(environment, "HOME=/root")} ${agent}\n`),
    script(
      "run",
      `#!/.microvm/bin/sh\nexec ${withDefault(environment, '"HOME=$HOME"')} "$@" ${quoteCommand(words)}\n`,
    ),
    script(
      "settings",
      Object.entries(settings)
        .map(([name, value]) => `${name}=${quoteWord(value)}\n`)
        .join(""),
    ),
  ];
}

/** What the image says comes after, and so counts. */
function withDefault(environment: string, variable: string): string {
  return environment.replace(" -i ", ` -i ${variable} `);
}

function initSettings({ source }: PlannedImage, words: readonly string[]): Record<string, string> {
  const isInit = INITS.includes(words[0]!);
  if (source.init ?? isInit) return { init: "yes", init_path: isInit ? words[0]! : "/sbin/init" };
  return { init: source.init === false ? "no" : "auto" };
}

function ownVariables({ environment }: GuestConfig): string[] {
  return Object.entries(environment.variables).map(([name, value]) => `${name}=${value}`);
}

/** For an image with systemd: our agent in place of one that the image may have. */
function agentUnit({ services }: GuestConfig): FileEntry[] {
  if (!services.qemuGuest.enable) return [];
  const unit = "etc/systemd/system/microvm-agent.service";
  const text = unitText({
    Unit: { Description: "QEMU guest agent" },
    Service: { ExecStart: "/.microvm/agent", Restart: "always", RestartSec: 1 },
  });
  return [
    { path: unit, type: "file", text },
    {
      path: "etc/systemd/system/multi-user.target.wants/microvm-agent.service",
      type: "symlink",
      target: "/etc/systemd/system/microvm-agent.service",
    },
    { path: "etc/systemd/system/qemu-guest-agent.service", type: "symlink", target: "/dev/null" },
  ];
}
