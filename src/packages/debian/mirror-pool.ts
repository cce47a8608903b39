/** Several mirrors of one archive, asked in order; those that fail are not asked for every file again. */
import { MicrovmError } from "../../errors.ts";

/** What a run knows of the mirrors that it asked. */
export interface MirrorPool {
  /** Failures in a row, by address. */
  readonly failures: Map<string, number>;
}

/** Failures in a row after which a mirror is left aside; one is enough when it cannot be reached at all. */
const MAX_FAILURES = 3;

/** A pool that knows nothing yet. One is shared by all that one run fetches. */
export function newMirrorPool(): MirrorPool {
  return { failures: new Map() };
}

/** What is fetched. */
export interface MirrorRequest {
  /** In order of preference; not empty. */
  readonly mirrors: readonly string[];
  /** What errors call it. */
  readonly what: string;
  readonly pool: MirrorPool;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The first answer that one of the mirrors gives. `attempt` fails with a `MicrovmError` for whatever makes an
 * answer unfit, so that the next mirror is asked. Errors: that of the only mirror; of several, the first one's
 * code with what each of them said.
 */
export async function fromMirrors<T>(
  { mirrors, what, pool, signal }: MirrorRequest,
  attempt: (mirror: string) => Promise<T>,
): Promise<T> {
  const healthy = mirrors.filter((mirror) => (pool.failures.get(mirror) ?? 0) < MAX_FAILURES);
  const errors: MicrovmError[] = [];
  for (const mirror of healthy.length > 0 ? healthy : mirrors) {
    try {
      const answer = await attempt(mirror);
      pool.failures.delete(mirror);
      return answer;
    } catch (error) {
      if (!(error instanceof MicrovmError) || signal?.aborted) throw error;
      const isDead = error.code === "mirror-unreachable";
      pool.failures.set(mirror, isDead ? MAX_FAILURES : (pool.failures.get(mirror) ?? 0) + 1);
      errors.push(error);
    }
  }
  throw errors.length === 1 ? errors[0]! : combine(what, errors);
}

function combine(what: string, errors: readonly MicrovmError[]): MicrovmError {
  const [first] = errors as [MicrovmError];
  // That all lack it is another fault than that all are out of reach.
  const code = errors.find((error) => error.code !== "mirror-unreachable")?.code ?? first.code;
  const said = errors.map((error) => error.message).join("; ");
  return new MicrovmError(code, `None of ${errors.length} mirrors gave ${what}: ${said}`, {
    ...(first.hint !== undefined && { hint: first.hint }),
    cause: first,
  });
}
