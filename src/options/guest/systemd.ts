/** `systemd`: units of the guest. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

/** A value of a unit's setting. */
const unitValue = types.oneOf([types.bool, types.int, types.str, types.listOf(types.str)]);

/** Name of a unit, systemd.unit(5); it becomes part of a path. */
const unitName = types.strMatching(/^[A-Za-z0-9:_.\\@-]+$/);

/** `systemd.services.*`. */
const service = types.submodule({
  options: {
    enable: mkOption({
      type: types.bool,
      default: true,
      description: "Whether the unit may start. False masks it, also a package's own.",
    }),
    description: mkOption({
      type: types.str,
      default: "",
      description: "What the unit is, for a person.",
      example: "Copies the pictures",
    }),
    wantedBy: mkOption({
      type: types.listOf(unitName),
      default: [],
      description: "Units that start this one.",
      example: ["multi-user.target"],
    }),
    after: mkOption({
      type: types.listOf(types.str),
      default: [],
      description: "Units that come first, when they start too.",
      example: ["network.target"],
    }),
    before: mkOption({
      type: types.listOf(types.str),
      default: [],
      description: "Units that come later, when they start too.",
      example: ["nginx.service"],
    }),
    requires: mkOption({
      type: types.listOf(types.str),
      default: [],
      description: "Units that are started with this one and without which it cannot run.",
      example: ["postgresql.service"],
    }),
    wants: mkOption({
      type: types.listOf(types.str),
      default: [],
      description: "Units that are started with this one.",
      example: ["network-online.target"],
    }),
    environment: mkOption({
      type: types.attrsOf(types.str),
      default: {},
      description: "Environment variables of the service, by name.",
      example: { LANG: "C.UTF-8" },
    }),
    unitConfig: mkOption({
      type: types.attrsOf(unitValue),
      default: {},
      description: "Settings of the section [Unit], systemd.unit(5).",
      example: { ConditionPathExists: "/etc/pictures.conf" },
    }),
    serviceConfig: mkOption({
      type: types.attrsOf(unitValue),
      default: {},
      description: "Settings of the section [Service], systemd.service(5) and systemd.exec(5).",
      example: { Type: "oneshot", ExecStart: "/usr/bin/true" },
    }),
    script: mkOption({
      type: types.lines,
      default: "",
      description: "Shell commands to run as the service's main process.",
      example: "exec /usr/bin/python3 -m http.server 8000\n",
    }),
  },
});

/** Options of the guest's units. */
export const systemdOptions = {
  systemd: {
    services: mkOption({
      type: types.attrsOf(service),
      default: {},
      description: "Services, by name. One that a package brings is extended.",
      example: {
        hello: {
          wantedBy: ["multi-user.target"],
          serviceConfig: { Type: "oneshot" },
          script: "echo hello\n",
        },
      },
    }),
    maskedUnits: mkOption({
      type: types.listOf(unitName),
      default: [],
      description:
        "Units that never start, whoever wants them. With `microvm.optimize.enable` those that a microVM has no use for are among them; `mkForce` replaces the whole list.",
      example: ["apt-daily.timer"],
    }),
  },
} as const;

/** Declares them. */
export const systemd = withFile("src/options/guest/systemd.ts", { options: systemdOptions });
