/** `security.setuidFiles`. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

/** Options of files that run with the rights of their owner or group. */
export const setuidOptions = {
  security: {
    setuidFiles: mkOption({
      type: types.nullOr(types.listOf(types.strMatching(/^(\/[^/\n\0]+)+$/))),
      default: null,
      description:
        "Files of packages, by absolute path with `/usr`, that may have the set-user-id or set-group-id bit: others lose both when their layer is made, whatever their package or its scripts say. Null: all that packages want. Guests with another list share no layers of packages. Capabilities of files are not touched; `NoNewPrivileges` of a service ignores both.",
      example: ["/usr/bin/su", "/usr/bin/sudo"],
    }),
  },
} as const;

/** Declares them. */
export const setuid = withFile("src/options/guest/setuid.ts", { options: setuidOptions });
