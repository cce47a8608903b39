/** The machine's own apt with directories of its own: it knows some suites, and no installed package. */
import { join } from "node:path";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "../src/os/files.ts";
import { run } from "../src/os/processes.ts";
import { type Shell, startShell } from "./shells.ts";

const ARCHIVE_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** What such an apt knows. */
export interface PrivateAptOptions {
  /** A directory of its own, which is made. */
  readonly directory: string;
  /** Where it fetches from; absent: it knows the packages that it is given. */
  readonly mirror?: string;
  readonly suites: readonly string[];
  readonly architecture: string;
  /** Text of `preferences`, apt_preferences(5). */
  readonly preferences?: string;
  /** The texts of the suites' `Packages`, when nothing is fetched. */
  readonly packages?: readonly string[];
}

/** An apt that is run without root and changes nothing outside its directory. */
export interface PrivateApt {
  update(): Promise<void>;
  /** The text of a suite's `Packages`, as this apt has it. */
  packages(suite: string): Buffer | undefined;
  /**
   * Names and versions that installing these packages leads to, sorted; undefined when apt says that it is
   * impossible. `--print-uris` resolves as `--simulate` does, and leaves out the order of unpacking, which takes
   * several times as long.
   */
  choose(names: readonly string[], recommends: boolean): Promise<readonly string[] | undefined>;
  /** The candidate's version by name, of those that have one. */
  candidates(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** Why this machine's apt cannot be compared with, if it cannot. */
export function whyNoApt(): string | false {
  if (!existsSync("/usr/bin/apt-get")) return "this machine has no apt to compare with";
  return existsSync(ARCHIVE_KEYRING) ? false : "this machine's apt has no keys of Debian";
}

/** Of all, started with the first one. */
let shells: readonly Shell[] | undefined;
let calls = 0;

/** Makes the directories. */
export function privateApt({
  directory,
  mirror,
  suites,
  architecture,
  preferences = "",
  packages = [],
}: PrivateAptOptions): PrivateApt {
  shells ??= [startShell(), startShell()];
  const starters = shells;
  for (const place of ["etc/apt.conf.d", "etc/preferences.d", "lists/partial", "cache/archives/partial"]) {
    mkdirSync(join(directory, place), { recursive: true });
  }
  const from =
    mirror === undefined
      ? "[trusted=yes] http://localhost/debian"
      : `[signed-by=${ARCHIVE_KEYRING}] ${mirror}`;
  const sources = suites.map((suite) => `deb ${from} ${suite} main\n`);
  const settings = {
    Dir: directory,
    "Dir::Etc": "etc",
    "Dir::Etc::sourceparts": "none",
    "Dir::State": directory,
    "Dir::State::status": join(directory, "status"),
    "Dir::Cache": join(directory, "cache"),
    "APT::Architecture": architecture,
    "APT::Architectures": architecture,
    "Acquire::Languages": "none",
  };
  write("status", "");
  write("etc/sources.list", sources.join(""));
  write("etc/preferences", preferences);
  write(
    "apt.conf",
    Object.entries(settings)
      .map(([name, value]) => `${name} "${value}";\n`)
      .join(""),
  );
  for (const [index, text] of packages.entries()) {
    write(`lists/localhost_debian_dists_${suites[index]}_main_binary-${architecture}_Packages`, text);
  }
  const env = { ...process.env, APT_CONFIG: join(directory, "apt.conf"), LC_ALL: "C" };
  const lists = join(directory, "lists");

  function write(path: string, text: string): void {
    writeFileSync(join(directory, path), text);
  }

  return {
    async update() {
      await run(["apt-get", "-qq", "update"], { env });
    },
    packages(suite) {
      const end = `_dists_${suite}_main_binary-${architecture}_Packages`;
      const name = readdirSync(lists).find((file) => file.endsWith(end));
      return name === undefined ? undefined : readFileSync(join(lists, name));
    },
    async choose(names, recommends) {
      const option = recommends ? "--install-recommends" : "--no-install-recommends";
      const variables = ["env", `APT_CONFIG=${env.APT_CONFIG}`, "LC_ALL=C"];
      const call = calls++;
      const printed = join(directory, `printed-${call}`);
      const code = await starters[call % starters.length]!.run(
        [...variables, "apt-get", "-qq", "--print-uris", option, "install", ...names],
        printed,
      );
      if (code !== 0) return undefined;
      // 'URI' NAME_VERSION_ARCHITECTURE.deb SIZE HASH
      const files = readFileSync(printed, "utf8").matchAll(/^'\S+' ([^_ ]+)_([^_ ]+)_\S+ /gm);
      return [...files].map(([, name, version]) => `${name} ${decodeURIComponent(version!)}`).sort();
    },
    async candidates(names) {
      const text = (await run(["apt-cache", "policy", ...names], { env })).toString();
      const found = text.matchAll(/^(\S+):\n {2}Installed: .*\n {2}Candidate: (\S+)$/gm);
      return new Map(
        [...found].filter((match) => match[2] !== "(none)").map((match) => [match[1]!, match[2]!]),
      );
    },
  };
}
