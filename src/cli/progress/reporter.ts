/** Who is told of progress, and ended, so that nothing of it is left on the screen. */
import type { BuildReporter } from "../../build/build-evaluated.ts";

/** A reporter that its user disposes of when the work is over, however it ended. */
export interface ProgressReporter extends BuildReporter, Disposable {}
