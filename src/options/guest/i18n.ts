/** `i18n`: language and customs of the guest. */
import {
  type InferConfig,
  makeType,
  mkIf,
  mkOption,
  type OptionType,
  types,
  withFile,
} from "../../module-system/index.ts";
import { LOCALE_NAMES } from "./locale-names.ts";

/** Locales that the C library has without any package. */
const BUILT_IN = ["C", "C.UTF-8", "POSIX"];

/** `de_DE.UTF-8`, `sr_RS.UTF-8@latin`: what is before and after the character set. */
const LOCALE = /^([A-Za-z]+(?:_[A-Z]+)?)\.UTF-8(@[a-z]+)?$/;

const locale: OptionType<string> = makeType({
  name: "locale",
  description: 'locale in UTF-8, such as "de_DE.UTF-8"',
  check: (value) => typeof value === "string" && isLocale(value),
  merge: types.str.merge,
  toJsonSchema: () => ({ type: "string" }),
});

/** The same with the character set behind a slash, as locale.gen(5) and NixOS have it. */
const supportedLocale: OptionType<string> = makeType({
  name: "supportedLocale",
  description: 'locale in UTF-8, such as "de_DE.UTF-8/UTF-8"',
  check: (value) => typeof value === "string" && isLocale(value.replace(/\/UTF-8$/, "")),
  merge: types.str.merge,
  toJsonSchema: () => ({ type: "string" }),
});

function isLocale(name: string): boolean {
  const found = LOCALE.exec(name);
  return BUILT_IN.includes(name) || (found !== null && LOCALE_NAMES.has(`${found[1]}${found[2] ?? ""}`));
}

/** Options of the guest's language. */
export const i18nOptions = {
  i18n: {
    defaultLocale: mkOption({
      type: locale,
      default: "C.UTF-8",
      description:
        "Locale of everything in the guest, `LANG`. C.UTF-8 needs no package; any other is made when the guest is built, from the package `locales`, and brings the translations of its language. NixOS's default is en_US.UTF-8.",
      example: "de_DE.UTF-8",
    }),
    extraLocaleSettings: mkOption({
      type: types.attrsOf(locale),
      default: {},
      description: "Locales of single customs, by the name of their variable, locale(7).",
      example: { LC_TIME: "en_DK.UTF-8" },
    }),
    supportedLocales: mkOption({
      type: types.listOf(supportedLocale),
      default: [],
      description:
        "More locales that programs can use. Those of the other options are there without being named.",
      example: ["fr_FR.UTF-8/UTF-8"],
    }),
  },
} as const;

type Config = InferConfig<typeof i18nOptions>;

/** The locales to be made, in the order of their names. */
export function madeLocales({ i18n }: Config): string[] {
  const all = [i18n.defaultLocale, ...Object.values(i18n.extraLocaleSettings), ...i18n.supportedLocales];
  return [...new Set(all.map((name) => name.replace(/\/UTF-8$/, "")))]
    .filter((name) => !BUILT_IN.includes(name))
    .sort();
}

const implementation = ({ config }: { readonly config: Config }) => ({
  config: {
    assertions: () =>
      Object.keys(config.i18n.extraLocaleSettings)
        .filter((name) => !/^(?:LC_[A-Z]+|LANGUAGE)$/.test(name))
        .map((name) => ({
          assertion: false,
          message: `"i18n.extraLocaleSettings" has ${JSON.stringify(name)}, which is no variable of locale(7)`,
        })),
    environment: {
      servicePackages: mkIf(() => madeLocales(config).length > 0, ["locales"]),
      // systemd's own is C.UTF-8.
      etc: mkIf(
        () => localeConf(config.i18n) !== "LANG=C.UTF-8\n",
        () => ({
          "locale.conf": { text: localeConf(config.i18n) },
          "default/locale": { text: localeConf(config.i18n) },
        }),
      ),
    },
  },
});

function localeConf({ defaultLocale, extraLocaleSettings }: Config["i18n"]): string {
  const settings = { LANG: defaultLocale, ...extraLocaleSettings };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

/** Declares them, and says them to systemd and to logins. */
export const i18n = withFile("src/options/guest/i18n.ts", {
  imports: [implementation],
  options: i18nOptions,
});
