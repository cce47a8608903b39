/** Settings of a unit's section: what a value can be, and sections whose common settings are known by type. */
import {
  type InferConfig,
  type InferDefinitions,
  makeType,
  type OptionType,
  types,
  withFile,
} from "../../../module-system/index.ts";

/** A setting's value. A list repeats the setting, null leaves it out. */
export type SettingValue = string | number | boolean | null | readonly (string | number | boolean)[];

const scalar = types.nullOr(types.oneOf([types.bool, types.number, types.str]));

/**
 * Any setting. As in NixOS, definitions are joined as soon as one of them is a list; otherwise they must be equal.
 */
export const setting: OptionType<SettingValue> = makeType<SettingValue>({
  name: "unitSetting",
  description: "boolean, number, string, list of these, or null",
  check: (value) =>
    scalar.check(value) ||
    (Array.isArray(value) && value.every((each) => each !== null && scalar.check(each))),
  merge: (location, definitions, context) => {
    if (!definitions.some(({ value }) => Array.isArray(value))) {
      return scalar.merge(location, definitions, context);
    }
    return definitions.flatMap(({ value }) => (value ?? []) as string);
  },
  toJsonSchema: (context) => ({
    anyOf: [
      scalar.toJsonSchema(context),
      { type: "array", items: { type: ["string", "number", "boolean"] } },
    ],
  }),
});

/** A setting that takes one of these words. */
export function wordSetting<const W extends string>(words: readonly W[]): OptionType<W | null> {
  return types.nullOr(types.enum(words)) as OptionType<W | null>;
}

/** A setting that is a name, a path or another text without line breaks. */
export const textSetting = types.nullOr(types.strMatching(/^[^\n]*$/));

/** A setting that is true or false, also in systemd's own words. */
export const booleanSetting = types.nullOr(
  types.either(types.bool, types.enum(["yes", "no", "true", "false", "on", "off"])),
);

// biome-ignore lint/complexity/useRegexLiterals: the letters of a literal stay in the package, which is ASCII
const TIME = new RegExp("^[0-9a-zµ. ]+$");

/** A span of time: seconds, or as systemd.time(7) writes it. */
export const timeSetting = types.nullOr(types.either(types.number, types.strMatching(TIME)));

/** The values of a section whose settings `O` are declared. */
export type Section<O> = InferConfig<O> & { readonly [setting: string]: SettingValue };

type SectionDefinition<O> = InferDefinitions<O> & { readonly [setting: string]: SettingValue };

/** The type of a section: the settings that `file` declares are checked as declared, all others are free. */
export function sectionOf<O>(file: string, options: O): OptionType<Section<O>, SectionDefinition<O>> {
  return types.submodule([
    withFile(file, { options }),
    { freeformType: types.attrsOf(setting), options: {} },
  ]) as OptionType<Section<O>, SectionDefinition<O>>;
}
