/** A network as a store path: its scripts and what they read; and as files of the host. */
import { loaderOf, placeOf } from "../../packages/host-tools.ts";
import type { Program } from "../../runner/words.ts";
import { type FileEntry, filesRecipe } from "../../store/files.ts";
import { type Recipe, storePathName } from "../../store/recipe.ts";
import { dnsmasqConfiguration } from "./dnsmasq.ts";
import { networkdFiles, type TextFile } from "./networkd.ts";
import { rules } from "./nftables.ts";
import type { PlannedNetwork } from "./planned-network.ts";
import { downScript, serveScript, upScript } from "./scripts.ts";
import { type NetworkPlace, networkUnits } from "./units.ts";

/** What a network puts on the host. */
export interface NetworkFiles {
  /** Below `/etc/systemd/system`. */
  readonly units: readonly TextFile[];
  /** Below `/etc`. */
  readonly etc: readonly TextFile[];
}

/** The recipe of a network; `tools` is the tree with its programs, absent for those on the host's `PATH`. */
export function networkRecipe(
  network: PlannedNetwork,
  tools: Recipe | undefined,
  architecture: string,
): Recipe {
  const program = (name: string): Program => {
    if (!tools) return { onPath: name };
    const { loader, libraries } = loaderOf(architecture);
    const below = (path: string) => `${storePathName(tools)}/${path}`;
    return { loader: below(loader), libraries: below(libraries), file: below(placeOf(name)), name };
  };
  const programs = { ip: program("ip"), nft: program("nft"), dnsmasq: program("dnsmasq") };
  const script = (name: string, text: string): FileEntry => ({
    path: `bin/${name}`,
    type: "file",
    text,
    mode: 0o755,
  });
  return filesRecipe(
    `microvm-network-${network.name}`,
    [
      script("network-up", upScript(network, programs)),
      script("network-down", downScript(network, programs)),
      script("network-serve", serveScript(network, programs)),
      { path: "share/rules.nft", type: "file", text: rules(network) },
      { path: "share/dnsmasq.conf", type: "file", text: dnsmasqConfiguration(network) },
    ],
    tools ? { tools } : {},
  );
}

/** The files of a network. */
export function networkFiles(network: PlannedNetwork, place: NetworkPlace): NetworkFiles {
  return { units: networkUnits(network, place), etc: networkdFiles(network) };
}
