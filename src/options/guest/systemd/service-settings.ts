/** The section [Service]: settings that most services have, systemd.service(5), systemd.exec(5), systemd.kill(5). */
import { mkOption, type OptionType } from "../../../module-system/index.ts";
import { booleanSetting, sectionOf, setting, textSetting, timeSetting, wordSetting } from "./settings.ts";

const option = <T, D>(type: OptionType<T, D>, description: string, example?: unknown) =>
  mkOption({
    type,
    default: null,
    description: `${description} Null leaves it out.`,
    ...(example !== undefined && { example }),
  });

const SERVICE_SETTINGS = {
  Type: option(
    wordSetting(["simple", "exec", "forking", "oneshot", "dbus", "notify", "notify-reload", "idle"]),
    "When the service counts as started.",
    "oneshot",
  ),
  ExecStart: option(setting, "Command to run, or several for a service of type `oneshot`.", "/usr/bin/true"),
  ExecStartPre: option(setting, "Commands to run before the main one.", ["/usr/sbin/nginx -t"]),
  ExecStartPost: option(setting, "Commands to run when the main one has started.", ["/usr/bin/true"]),
  ExecReload: option(
    setting,
    "Commands that make the service read its configuration again.",
    "/bin/kill -HUP $MAINPID",
  ),
  ExecStop: option(setting, "Commands that stop the service.", "/usr/bin/redis-cli shutdown"),
  ExecStopPost: option(setting, "Commands to run when the service has stopped.", ["/usr/bin/true"]),
  Restart: option(
    wordSetting(["no", "always", "on-success", "on-failure", "on-abnormal", "on-abort", "on-watchdog"]),
    "When the service is started again after it ended.",
    "on-failure",
  ),
  RestartSec: option(timeSetting, "How long to wait before that, in seconds or as a span of time.", "2s"),
  TimeoutStartSec: option(timeSetting, "How long a start may take, in seconds or as a span of time.", 30),
  TimeoutStopSec: option(
    timeSetting,
    "How long a stop may take, in seconds or as a span of time.",
    "1min 30s",
  ),
  RemainAfterExit: option(
    booleanSetting,
    "Whether the service counts as running after its processes ended.",
    true,
  ),
  User: option(textSetting, "User to run as, by name or id.", "www-data"),
  Group: option(textSetting, "Group to run as, by name or id.", "www-data"),
  DynamicUser: option(
    booleanSetting,
    "Whether to run as a user who exists only while the service runs.",
    true,
  ),
  WorkingDirectory: option(textSetting, "Directory to run in.", "/srv/www"),
  EnvironmentFile: option(
    setting,
    "Files with more environment variables; a dash in front of one lets it be absent.",
    "-/etc/default/web",
  ),
  StateDirectory: option(setting, "Directories below `/var/lib` to make and to own.", "web"),
  RuntimeDirectory: option(setting, "Directories below `/run` to make and to own.", "web"),
  CacheDirectory: option(setting, "Directories below `/var/cache` to make and to own.", "web"),
  LogsDirectory: option(setting, "Directories below `/var/log` to make and to own.", "web"),
  LoadCredential: option(setting, "Credentials to hand to the service, each as `ID:PATH`.", [
    "token:/run/keys/token",
  ]),
  KillMode: option(
    wordSetting(["control-group", "mixed", "process", "none"]),
    "Which processes are ended when the service stops.",
    "mixed",
  ),
} as const;

/** The section's type. */
export const serviceSection = sectionOf("src/options/guest/systemd/service-settings.ts", SERVICE_SETTINGS);
