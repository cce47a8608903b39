/** Locks of all versions, small. */

const sha256 = "0123456789abcdef".repeat(4);
const release = { suite: "trixie", codename: "trixie", date: "Sat, 12 Sep 2026 07:55:41 UTC", sha256 };
const pinned = { version: "1:2-3", architecture: "amd64", file: "pool/a.deb", size: 1000, sha256 };

/** Their texts. */
export const LOCK_SEEDS: readonly string[] = [
  {
    version: 2,
    packageSets: {
      "debian/trixie/amd64": {
        releases: {
          trixie: {
            ...release,
            origin: "Debian",
            label: "Debian",
            byHash: true,
            notAutomatic: false,
            butAutomaticUpgrades: false,
            indices: { main: { path: "main/Packages.xz", sha256, size: 1, text: sha256, textSize: 2 } },
          },
        },
        local: sha256,
        packages: { a: { ...pinned, repository: "local" }, b: pinned },
        resolutions: { "a b": ["b", "a"], none: [] },
      },
    },
  },
  {
    version: 3,
    packageSets: {},
    references: {
      "git+https://example.org/r": {
        rev: sha256.slice(0, 40),
        lastModified: 1790000000,
        digest: sha256,
        packageSets: {},
      },
    },
  },
  {
    version: 1,
    packageSets: { "debian/trixie/amd64": { release, packages: { a: pinned }, resolutions: { a: ["a"] } } },
  },
].map((lock) => JSON.stringify(lock));
