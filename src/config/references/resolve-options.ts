import type { TemporaryRoots } from "../../store/temporary-roots.ts";
import type { PinnedReference } from "../find-project.ts";

/** How a reference is resolved. */
export interface ResolveOptions {
  readonly storeDirectory: string;
  /** Told when something is fetched. */
  readonly onProgress?: ((step: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What relative paths are relative to. Default: this process's. */
  readonly workingDirectory?: string;
  /** The commit that a lock has for it: taken without asking. */
  readonly pinned?: PinnedReference | undefined;
  /** Keep a fetched tree from garbage collection for as long as the caller holds them. */
  readonly roots?: TemporaryRoots | undefined;
  readonly onWarning?: ((text: string) => void) | undefined;
}
