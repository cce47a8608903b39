/** Names of the host's networks, which its options and its guests' share. */
import { types } from "../module-system/index.ts";

/** Becomes a part of names of units, files and nftables. */
export const NETWORK_NAME = types.strMatching(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/);
