/** `assertions` and `warnings`: what modules check and say once the configuration is known. */
import { MicrovmError } from "../errors.ts";
import { isAttributes } from "./attributes.ts";
import { faultsOf, threw, wrongType } from "./faults.ts";
import { mkOption } from "./option.ts";
import { listOf } from "./types/lists.ts";
import { mergeOne } from "./types/merging.ts";
import { str } from "./types/strings.ts";
import { makeType, type OptionType } from "./types/type.ts";

/** Something that must hold, and what to say when it does not. Either may be a function that reads `config`. */
export interface Assertion {
  readonly assertion: boolean | (() => boolean);
  readonly message: string | (() => string);
}

const assertion: OptionType<Assertion> = makeType({
  name: "assertion",
  description: 'attribute set of "assertion" and "message"',
  opaque: true,
  check: (value) =>
    isAttributes(value) &&
    (typeof value.assertion === "boolean" || typeof value.assertion === "function") &&
    (typeof value.message === "string" || typeof value.message === "function"),
  merge: mergeOne<Assertion>,
  validate: () => {},
});

/** Declares `assertions` and `warnings`. */
export const assertionsModule = {
  options: {
    assertions: mkOption({
      type: listOf(assertion),
      default: [],
      internal: true,
      description: "What must hold for the configuration to be valid",
    }),
    warnings: mkOption({
      type: listOf(str),
      default: [],
      internal: true,
      description: "What to tell the person when the configuration is used",
    }),
  },
} as const;

/** What `checkAssertions` needs of a configuration. */
export interface Asserted {
  readonly assertions: readonly Assertion[];
  readonly warnings: readonly string[];
}

/** One fault for each assertion that fails or cannot be decided, and the warnings. */
export function checkAssertions(config: Asserted): {
  readonly faults: readonly MicrovmError[];
  readonly warnings: readonly string[];
} {
  const faults: MicrovmError[] = [];
  const collect = <T>(evaluate: () => T): T | undefined => {
    try {
      return evaluate();
    } catch (error) {
      faults.push(...faultsOf(threw("An assertion", "the configuration", error)));
      return undefined;
    }
  };
  for (const each of collect(() => config.assertions) ?? []) {
    const fault = collect(() => checkAssertion(each));
    if (fault) faults.push(fault);
  }
  return { faults, warnings: collect(() => config.warnings) ?? [] };
}

function checkAssertion({ assertion, message }: Assertion): MicrovmError | undefined {
  const holds = typeof assertion === "function" ? assertion() : assertion;
  if (typeof holds !== "boolean") {
    return wrongType(["assertions"], "boolean", [{ value: holds, file: "an assertion" }]);
  }
  if (holds) return undefined;
  return new MicrovmError("config-invalid", String(typeof message === "function" ? message() : message));
}
