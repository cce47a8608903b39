/**
 * The resolver against this machine's own apt: hundreds of sets of packages in two suites, each with its updates,
 * for two architectures. apt starts from an empty `status` file. It adds essential packages only when they are
 * asked for, so both sides get the same list: the suite's essential packages in the archive's order, then the
 * set. A quarter of the sets is resolved with recommendations. That apt finds a set impossible is an answer too.
 *
 * Each set is given to an apt that knows the part of the archive which the set can lead to: a tenth of the time, and the
 * same answer. That it is the same is looked at with every 23rd set, which an apt with the whole archive is given too.
 *
 * Sets come from a list of what people really install, and from a seeded choice: the same archive gives the same
 * sets.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { before, type TestContext, test } from "node:test";
import { MicrovmError } from "../src/errors.ts";
import { rmSync } from "../src/os/files.ts";
import { runToEnd } from "../src/os/processes.ts";
import { hostMirror } from "../src/packages/debian/mirror.ts";
import { type IndexSource, openIndex, type PackageIndex } from "../src/packages/debian/package-index.ts";
import type { IndexPolicy } from "../src/packages/debian/policy.ts";
import { resolve } from "../src/packages/debian/resolver.ts";
import { compareVersions } from "../src/packages/debian/version.ts";
import { type Archive, readArchive } from "./archive-part.ts";
import { type PrivateApt, privateApt, whyNoApt } from "./private-apt.ts";
import { temporaryDirectory } from "./support.ts";

/** Sets that are known to differ, in the form in which the test prints them, each with its reason. */
const KNOWN_DIFFERENCES: Readonly<Record<string, string>> = {};

/** Of all sets, those that must agree. */
const AGREEMENT = 0.99;

const CONFIGURATIONS = [
  { suite: "trixie", architecture: "amd64", seed: 1 },
  { suite: "trixie", architecture: "arm64", seed: 2 },
  { suite: "bookworm", architecture: "amd64", seed: 3 },
  { suite: "bookworm", architecture: "arm64", seed: 4 },
] as const;

/** Sets of a seeded choice for each configuration. */
const RANDOM_SETS = 64;

/** Every how many sets recommendations count. */
const RECOMMENDS_EVERY = 4;

/** Every how many sets an apt with the whole archive is asked, too. */
const WHOLE_EVERY = 23;

/** How many apts run at once. */
const AT_ONCE = 2;

/** What people make machines of. Each configuration gets every fourth, so that all are different. */
const REALISTIC: readonly string[] = [
  ...["systemd-sysv udev dbus kmod iproute2 openssh-server", "apt apache2 php mariadb-server wordpress"],
  ...[
    "gnome",
    "kde-full",
    "docker.io podman",
    "postgresql python3-django",
    "postgresql python3-psycopg2 nginx",
  ],
  ...["build-essential openjdk-17-jdk maven", "build-essential cmake git", "task-gnome-desktop"],
  ...[
    "xfce4 lightdm",
    "lxqt sddm",
    "mate-desktop-environment",
    "cinnamon-desktop-environment",
    "sway waybar",
  ],
  ...["nginx redis-server postgresql", "haproxy keepalived", "qemu-system-x86 libvirt-daemon-system", "lxc"],
  ...["exim4 dovecot-imapd", "postfix dovecot-imapd spamassassin", "mailutils", "exim4 postfix", "bind9"],
  ...["samba krb5-user winbind", "slapd ldap-utils", "squid", "openvpn wireguard", "prometheus grafana"],
  ...[
    "libreoffice",
    "texlive-latex-extra",
    "gimp inkscape",
    "firefox-esr thunderbird",
    "vlc mpv",
    "emacs vim",
  ],
  ...[
    "python3-numpy python3-scipy python3-pandas",
    "r-base r-cran-tidyverse",
    "octave",
    "golang rustc cargo",
  ],
  ...[
    "nodejs npm",
    "ruby-rails",
    "tomcat10 default-jdk",
    "kubernetes-client",
    "ceph-common",
    "glusterfs-server",
  ],
  // An init system beside what wants another: marks that do not fit together, which scores decide.
  ...[
    "runit-init xfce4",
    "sysvinit-core gnome",
    "icewm-common notion",
    "elogind lxqt",
    "controku runit-init",
  ],
  ...["network-manager modemmanager", "ifupdown isc-dhcp-client", "ansible", "live-build debootstrap"],
];

const skip = whyNoApt();
const directory = skip ? "" : temporaryDirectory();
const apts = new Map<(typeof CONFIGURATIONS)[number], PrivateApt>();

before(async () => {
  if (skip) return;
  const mirror = hostMirror("/etc/apt");
  for (const configuration of CONFIGURATIONS) {
    const { suite, architecture } = configuration;
    const apt = privateApt({
      directory: join(directory, `${suite}-${architecture}`),
      ...{ mirror, suites: [suite, `${suite}-updates`], architecture },
    });
    await apt.update();
    apts.set(configuration, apt);
  }
});

/** An index of the same files that this apt has. */
function indexOf(apt: PrivateApt, suites: readonly string[], architecture: string, policy: IndexPolicy = {}) {
  const sources = suites.flatMap((suite): IndexSource[] => {
    const text = apt.packages(suite);
    if (!text) return [];
    const sha256 = createHash("sha256").update(text).digest("hex");
    const release = { suite, codename: suite, origin: "Debian", label: "Debian", component: "main" };
    const flags = { notAutomatic: false, butAutomaticUpgrades: false };
    return [{ text: () => text, sha256, repository: "debian", release: { ...release, ...flags } }];
  });
  return openIndex(sources, architecture, { policy });
}

interface Wish {
  /** Its place among the others. */
  readonly at: number;
  readonly names: readonly string[];
  readonly recommends: boolean;
}

function wishesFor(index: PackageIndex, position: number, seed: number): readonly Wish[] {
  const isThere = (name: string) => index.get(name) !== undefined;
  const realistic = REALISTIC.filter((_, at) => at % CONFIGURATIONS.length === position)
    .map((names) => names.split(" ").filter(isThere))
    .filter((names) => names.length > 0);
  const choose = chooserOf(seed, [...index.names()].filter(isThere).sort());
  const random = Array.from({ length: RANDOM_SETS }, (_, at) => Array.from({ length: 1 + (at % 8) }, choose));
  return [...realistic, ...random].map((names, at) => ({
    at,
    names: [...new Set(names)],
    recommends: at % RECOMMENDS_EVERY === 0,
  }));
}

/** A choice that is the same for the same seed: a linear congruential generator, its high bits. */
function chooserOf(seed: number, from: readonly string[]): () => string {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return from[Math.floor((state / 2 ** 32) * from.length)]!;
  };
}

/** What we choose; undefined when that is impossible. */
function ours(index: PackageIndex, { names, recommends }: Wish): readonly string[] | undefined {
  try {
    const chosen = resolve(index, names, { essential: true, recommends });
    return chosen.map(({ name, version }) => `${name} ${version}`).sort();
  } catch (error) {
    if (error instanceof MicrovmError && error.code === "package-unsatisfiable") return undefined;
    throw error;
  }
}

/** Both sides' view of a suite and its updates. */
interface Sides {
  readonly configuration: (typeof CONFIGURATIONS)[number];
  readonly apt: PrivateApt;
  readonly archive: Archive;
  readonly index: PackageIndex;
}

/** What apt chooses; undefined when it finds that impossible. */
async function theirsOf({ configuration, apt, archive, index }: Sides, { at, ...wish }: Wish) {
  const { suite, architecture } = configuration;
  const names = [...index.essential().map(({ name }) => name), ...wish.names];
  const place = join(directory, `${suite}-${architecture}-${at}`);
  const ofPart = privateApt({
    ...{ directory: place, suites: [suite, `${suite}-updates`], architecture },
    packages: archive.around(wish.names),
  });
  const chosen = await ofPart.choose(names, wish.recommends);
  rmSync(place, { recursive: true });
  if (at % WHOLE_EVERY === 0)
    assert.deepEqual(chosen, await apt.choose(names, wish.recommends), `${wish.names}`);
  return chosen;
}

/** A sentence for what differs, if anything does. */
async function difference(sides: Sides, wish: Wish): Promise<string | undefined> {
  const theirs = await theirsOf(sides, wish);
  const own = ours(sides.index, wish);
  if (!theirs || !own) {
    return theirs === own ? undefined : `only ${own ? "we" : "apt"} found it possible`;
  }
  const more = own.filter((one) => !theirs.includes(one));
  const less = theirs.filter((one) => !own.includes(one));
  return more.length + less.length === 0 ? undefined : `more: ${more.join(", ")}; less: ${less.join(", ")}`;
}

async function compareAll(context: TestContext, sides: Sides, wishes: readonly Wish[]): Promise<void> {
  let next = 0;
  let differing = 0;
  const unknown: string[] = [];
  const work = async () => {
    for (let wish = wishes[next++]; wish; wish = wishes[next++]) {
      const found = await difference(sides, wish);
      if (found === undefined) continue;
      differing++;
      const set = wish.names.join(" ") + (wish.recommends ? " (with recommendations)" : "");
      if (!(set in KNOWN_DIFFERENCES)) unknown.push(`${set}: ${found}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const line of unknown) context.diagnostic(`not as apt: ${line}`);
  const agreement = (wishes.length - differing) / wishes.length;
  context.diagnostic(`${wishes.length - differing} of ${wishes.length} sets agree`);
  assert.ok(agreement >= AGREEMENT, unknown.join("\n"));
}

for (const [position, configuration] of CONFIGURATIONS.entries()) {
  const { suite, architecture, seed } = configuration;
  test(`${suite} for ${architecture} is resolved as by apt`, { skip }, async (context) => {
    const apt = apts.get(configuration)!;
    const suites = [suite, `${suite}-updates`];
    const index = indexOf(apt, suites, architecture);
    const archive = readArchive(suites.map((one) => apt.packages(one)?.toString() ?? ""));
    const wishes = wishesFor(index, position, seed);
    assert.ok(new Set(wishes.map(({ names }) => names.join())).size >= 75);
    await compareAll(context, { configuration, apt, archive, index }, wishes);
  });
}

/** A policy with one of everything, and the same for apt. */
const POLICY: IndexPolicy = {
  pins: [
    { packages: ["*"], codename: "trixie", priority: 100 },
    { packages: ["nginx*", "lib[a-c]*"], codename: "trixie", priority: 990 },
    { packages: ["bash", "python3*"], version: "5.2.15*", priority: 1001 },
    { packages: ["perl*"], priority: -1 },
  ],
};

const PREFERENCES = `
Package: *
Pin: release n=trixie
Pin-Priority: 100

Package: nginx* lib[a-c]*
Pin: release n=trixie
Pin-Priority: 990

Package: bash python3*
Pin: version 5.2.15*
Pin-Priority: 1001

Package: perl*
Pin: release *
Pin-Priority: -1
`;

test("candidates of two suites with pins are apt's", { skip }, async () => {
  const suites = ["bookworm", "trixie"];
  const apt = privateApt({
    directory: join(directory, "pinned"),
    ...{ mirror: hostMirror("/etc/apt"), suites, architecture: "amd64", preferences: PREFERENCES },
  });
  await apt.update();
  const index = indexOf(apt, suites, "amd64", POLICY);
  const choose = chooserOf(5, [...index.names()].sort());
  const pinned = ["bash", "nginx", "nginx-core", "perl", "perl-base", "python3", "libc6", "libapr1t64"];
  const names = [...new Set([...pinned, ...Array.from({ length: 1500 }, choose)])];
  const theirs = await apt.candidates(names);
  const own = names.map((name) => [name, index.get(name)?.version] as const);
  assert.deepEqual(new Map(own.filter(([, version]) => version !== undefined)), theirs);
  assert.ok(theirs.size > 1400);
});

test("versions are ordered as dpkg orders them", { skip }, async () => {
  const index = indexOf(apts.get(CONFIGURATIONS[0])!, ["trixie"], "amd64");
  const versions = [...new Set([...index.names()].sort().map((name) => index.get(name)!.version))];
  const chooseReal = chooserOf(6, versions);
  const chooseCharacter = chooserOf(7, [..."0019aAzZ.+~-~"]);
  // Behind a colon stands an epoch, and a version must not end in a dash, so neither is made here.
  const made = () => `1${Array.from({ length: 6 }, chooseCharacter).join("")}0`;
  const pairs = Array.from({ length: 450 }, (_, at) =>
    at % 3 === 0 ? ([chooseReal(), chooseReal()] as const) : ([made(), made()] as const),
  );
  // One shell asks for all: dpkg has no form that compares more than one pair.
  const script =
    'while [ $# -gt 1 ]; do dpkg --compare-versions "$1" lt "$2" && echo "<" || { dpkg --compare-versions "$1" eq "$2" && echo "=" || echo ">"; }; shift 2; done';
  const { stdout } = await runToEnd(["sh", "-c", script, "sh", ...pairs.flat()]);
  const theirs = stdout.toString().trim().split("\n");
  const signs = pairs.map(([a, b]) => ["<", "=", ">"][Math.sign(compareVersions(a, b)) + 1]);
  assert.deepEqual(
    pairs.map((pair, at) => `${pair.join(` ${signs[at]} `)}`),
    pairs.map((pair, at) => `${pair.join(` ${theirs[at]} `)}`),
  );
});
