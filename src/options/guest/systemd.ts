/** `systemd`: units of the guest, and what holds for all of them. */
import { mkOption, types, withFile } from "../../module-system/index.ts";
import { type UnitsConfig, unitFaults, unitWarnings } from "./systemd/checks.ts";
import { unitName } from "./systemd/names.ts";
import { otherUnits, type otherUnitsOptions } from "./systemd/other-units.ts";
import { services, type servicesOptions } from "./systemd/services.ts";

const managerOptions = {
  systemd: {
    defaultUnit: mkOption({
      type: unitName,
      default: "multi-user.target",
      description: "Unit that the guest starts up to.",
      example: "rescue.target",
    }),
    globalEnvironment: mkOption({
      type: types.attrsOf(types.oneOf([types.str, types.number])),
      default: {},
      description:
        "Environment variables of every service, those of packages included, by name: `DefaultEnvironment` of systemd-system.conf(5). In NixOS they are written into each unit.",
      example: { TZ: "CET" },
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

/** Options of the guest's units. */
export type SystemdOptions = typeof managerOptions & typeof servicesOptions & typeof otherUnitsOptions;

interface Arguments {
  readonly config: UnitsConfig;
  readonly options: object;
}

const checks = ({ config, options }: Arguments) => ({
  config: {
    assertions: () => unitFaults(config, options).map((message) => ({ assertion: false, message })),
    warnings: () => unitWarnings(config),
  },
});

/** Declares them. */
export const systemd = withFile("src/options/guest/systemd.ts", {
  imports: [services, otherUnits, checks],
  options: managerOptions,
});
