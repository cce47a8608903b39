/** Checks of what options declare in the answer of an evaluating child. */
import { assertionsModule, type Evaluated, evalModules, validatePlain } from "../module-system/index.ts";
import { guestModule } from "../options/guest.ts";
import { guestSystem } from "../options/guest-system.ts";
import { hostModule } from "../options/host.ts";
import type { AnswerChecks, Fields } from "./answer.ts";

/**
 * The checks, for the options that this program knows; a person's own modules may declare more. To gather those of a
 * guest takes a while: that is done here, and not when an answer has come.
 */
export function answerChecks(): AnswerChecks {
  const guest = evalModules({ modules: [assertionsModule, guestModule] });
  const host = evalModules({ modules: [assertionsModule, hostModule] });
  validatePlain(guest, {});
  return {
    guest: (config) => faultsIn(config, guest),
    host: (config) => faultsIn(config, host),
    isGuestSystem: (value) => guestSystem.check(value),
  };
}

function faultsIn(config: Fields, known: Evaluated) {
  return validatePlain(known, config).filter(({ code }) => code !== "option-unknown");
}
