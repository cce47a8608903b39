/** Paths that generated shell scripts hold as they are. */
import { types } from "../module-system/index.ts";

/** An absolute path of letters, digits and `_ . @ -`: it needs no quotes anywhere. */
export const plainPath = types.strMatching(/^(\/[A-Za-z0-9_.@-]+)+$/);
