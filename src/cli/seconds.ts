import { MicrovmError } from "../errors.ts";

/** The value of an option that is a number of seconds above zero; undefined when it was not given. */
export function parseSeconds(command: string, option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new MicrovmError(
    "bad-usage",
    `"--${option}" is "${text}": it must be a number of seconds above zero`,
    {
      hint: `See "microvm ${command} --help"`,
    },
  );
}
