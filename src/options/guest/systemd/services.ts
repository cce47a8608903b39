/** `systemd.services`. */
import { mkDefinition, mkOption, types, withFile } from "../../../module-system/index.ts";
import { serviceSection } from "./service-settings.ts";
import { unitOf } from "./unit-options.ts";

const FILE = "src/options/guest/systemd/services.ts";

const script = (description: string, example: string) =>
  mkOption({ type: types.lines, default: "", description, example });

const SERVICE_OPTIONS = {
  environment: mkOption({
    type: types.attrsOf(types.nullOr(types.oneOf([types.str, types.number]))),
    default: {},
    description:
      "Environment variables of the service, by name. Null takes one away, wherever it was set, with `UnsetEnvironment`.",
    example: { LANG: "C.UTF-8", PORT: 8080, DEBUG: null },
  }),
  path: mkOption({
    type: types.listOf(types.path),
    default: [],
    description:
      "Directories with programs, searched before the usual ones. In NixOS these are packages; here a package's programs lie in `/usr/bin`, where they are found once the package is in `environment.packages`.",
    example: ["/opt/tool/bin"],
  }),
  serviceConfig: mkOption({
    type: serviceSection,
    default: {},
    description:
      "Settings of the section [Service], systemd.service(5), systemd.exec(5) and others, by name. A list repeats the setting.",
    example: { Type: "oneshot", ExecStart: "/usr/bin/true", ProtectSystem: "strict" },
  }),
  script: script(
    "Shell commands to run as the service's main process. They run with `/bin/sh` and end at the first one that fails. In a drop-in they replace the package's `ExecStart`.",
    "exec /usr/bin/python3 -m http.server 8000\n",
  ),
  scriptArgs: mkOption({
    type: types.strMatching(/^[^\n]*$/),
    default: "",
    description: "Arguments of `script`. Specifiers such as `%i` are replaced.",
    example: "%i",
  }),
  preStart: script("Shell commands to run before the main process.", "mkdir -p /run/pictures\n"),
  postStart: script(
    "Shell commands to run when the main process has started.",
    "curl -sf http://localhost/\n",
  ),
  reload: script(
    "Shell commands that make the service read its configuration again.",
    "kill -HUP $MAINPID\n",
  ),
  preStop: script("Shell commands that stop the service.", "redis-cli shutdown\n"),
  postStop: script("Shell commands to run when the service has stopped.", "rm -f /run/pictures/lock\n"),
  startAt: mkOption({
    type: types.either(types.str, types.listOf(types.str)),
    default: [],
    description:
      "Times to start the service at, systemd.time(7): a timer of the same name is made. Faults in them are found when the guest is built.",
    example: "Sun 14:00:00",
  }),
  restartIfChanged: mkOption({
    type: types.bool,
    default: true,
    description:
      "Whether a live change of the guest's configuration restarts the service when its unit changed.",
  }),
  reloadIfChanged: mkOption({
    type: types.bool,
    default: false,
    description: "Whether a live change reloads the service instead.",
  }),
  stopIfChanged: mkOption({
    type: types.bool,
    default: true,
    description:
      "Whether a live change stops the service with its former unit and starts it with the new one. False restarts it in one step, with the new unit.",
  }),
  notSocketActivated: mkOption({
    type: types.bool,
    default: false,
    description: "Whether a live change starts the service itself although a socket could start it.",
  }),
} as const;

/** Options of services. */
export const servicesOptions = {
  systemd: {
    services: mkOption({
      type: types.attrsOf(unitOf(FILE, SERVICE_OPTIONS)),
      default: {},
      description:
        "Services, by name without `.service`. One that a package ships is extended. `NAME@` is a template, `NAME@INSTANCE` extends it for one instance.",
      example: {
        hello: {
          wantedBy: ["multi-user.target"],
          serviceConfig: { Type: "oneshot" },
          script: "echo hello\n",
        },
      },
    }),
  },
} as const;

/** A service, as far as its timer follows from it. */
interface Timed {
  readonly enable: boolean;
  readonly startAt: string | readonly string[];
  readonly definedIn: readonly string[];
}

interface Arguments {
  readonly config: { readonly systemd: { readonly services: { readonly [name: string]: Timed } } };
}

/** The timers that `startAt` asks for. They are the service's own modules' definitions. */
const timers = ({ config }: Arguments) => ({
  config: {
    systemd: {
      timers: () =>
        Object.fromEntries(
          Object.entries(config.systemd.services).flatMap(([name, { enable, startAt, definedIn }]) =>
            !enable || startAt.length === 0
              ? []
              : [
                  [
                    name,
                    mkDefinition({
                      file: definedIn[0] ?? FILE,
                      value: { wantedBy: ["timers.target"], timerConfig: { OnCalendar: startAt } },
                    }),
                  ],
                ],
          ),
        ),
    },
  },
});

/** Declares them. */
export const services = withFile(FILE, { imports: [timers], options: servicesOptions });
