/** Gives new volumes the owner and the mode that their mount point has in the guest's layers. */
import { type InferConfig, mkIf, withFile } from "../../module-system/index.ts";
import { type fileSystemsOptions, STACKED_DIRECTORIES, volumeOf } from "./file-systems.ts";
import type { volumesOptions } from "./volumes.ts";

type Config = InferConfig<typeof fileSystemsOptions & typeof volumesOptions>;

const implementation = ({ config }: { readonly config: Config }) => ({
  config: {
    systemd: {
      services: mkIf(() => ownedPlaces(config).length > 0, {
        "volume-owners": () => service(ownedPlaces(config)),
      }),
    },
  },
});

/** Mount points of volumes that can have an owner. Stacked ones get theirs from the initrd. */
function ownedPlaces({ fileSystems, microvm: { volumes } }: Config): string[] {
  return Object.entries(fileSystems)
    .filter(([place, fileSystem]) => {
      const volume = volumeOf(fileSystem, volumes);
      return volume && !volume.readOnly && volume.fsType !== "vfat" && !STACKED_DIRECTORIES.includes(place);
    })
    .map(([place]) => place)
    .sort();
}

/** What a volume hides is seen in a second view of the root, which only this service has. */
function service(places: readonly string[]) {
  const lines = places.map((place) => `adopt '${place.replaceAll("'", "'\\''")}'\n`).join("");
  return {
    description: "Owners of new volumes (microvm.volumes)",
    wantedBy: ["sysinit.target"],
    before: ["sysinit.target", "systemd-tmpfiles-setup.service", "shutdown.target"],
    after: ["local-fs.target"],
    unitConfig: { DefaultDependencies: false, Conflicts: "shutdown.target" },
    serviceConfig: { Type: "oneshot", RemainAfterExit: true, PrivateMounts: true },
    script: `below=/run/microvm/below
mkdir -p "$below"
mount --bind / "$below"
# One that somebody has written to, or has given an owner, is left as it is.
adopt() {
  [ "$(stat -c %u:%g:%a "$1")" = 0:0:755 ] || return 0
  case $(ls -A "$1") in '' | lost+found) ;; *) return 0 ;; esac
  chown --reference="$below$1" "$1"
  chmod --reference="$below$1" "$1"
}
${lines}`,
  };
}

/** Defines the service that does. */
export const volumeOwners = withFile("src/options/guest/volume-owners.ts", implementation);
