/** What a mirror can do wrong over the network: it is noticed, another mirror helps, and nothing wrong is used. */
import assert from "node:assert/strict";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "../../os/files.ts";
import { temporaryDirectory } from "../../os/testing/temporary-directory.ts";
import { lockPackages } from "./lock-packages.ts";
import { debian } from "./package-set.ts";
import {
  type FixtureKey,
  type FixtureMirrorOptions,
  type FixturePackage,
  makeKey,
  makeMirror,
} from "./testing.ts";

const PACKAGES: readonly FixturePackage[] = [
  { name: "base-files", fields: { Essential: "yes" } },
  { name: "nginx", fields: { Depends: "base-files" } },
];

let key: FixtureKey;
/** One that nothing is wrong with, which tests only read. */
let sound: { readonly directory: string; readonly keyring: string };

before(async () => {
  key = await makeKey();
  const directory = mkdtempSync(join(tmpdir(), "archive-"));
  sound = { directory, keyring: (await makeMirror(directory, PACKAGES, { key })).keyring };
});

after(() => rmSync(sound.directory, { recursive: true }));

/** Answers wrongly when it gives true; otherwise the file is served. */
type Fault = (path: string, response: ServerResponse, content: Buffer | undefined) => boolean;

interface Server {
  readonly url: string;
  /** Paths that were asked for. */
  readonly asked: string[];
}

/** Serves an archive on loopback, with a fault. */
async function serve(t: TestContext, directory: string, fault: Fault = () => false): Promise<Server> {
  const asked: string[] = [];
  const answer: RequestListener = (request, response) => {
    const path = decodeURIComponent(request.url!);
    asked.push(path);
    const file = join(directory, path);
    const content = existsSync(file) ? readFileSync(file) : undefined;
    if (fault(path, response, content)) return;
    response.writeHead(content ? 200 : 404).end(content);
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function archive(t: TestContext, options: FixtureMirrorOptions) {
  const directory = temporaryDirectory(t);
  const { keyring } = await makeMirror(directory, PACKAGES, { key, ...options });
  return { directory, keyring };
}

const requests = [{ key: "guest", wanted: ["nginx"], essential: true }];

/** Locks from mirrors, and fetches a package. */
async function use(t: TestContext, mirror: readonly string[], keyring: string, more: object = {}) {
  const directory = temporaryDirectory(t);
  const set = debian({ suite: "trixie", architecture: "amd64", mirror, keyring, ...more });
  const indicesDirectory = join(directory, "indices");
  const download = { retryDelay: 1, silenceLimit: 100 };
  const result = await lockPackages({ set, requests, indicesDirectory, download });
  const out = join(directory, "out.deb");
  const { name, version, ...file } = result.packages.guest!.at(-1)!;
  await result.source.fetch({ ...file, label: `${name} ${version}` }, out, download);
  return { result, out, deb: readFileSync(out) };
}

const isRelease = (path: string) => path.endsWith("InRelease");
const isIndex = (path: string) => path.includes("by-hash");
const isDeb = (path: string) => path.endsWith(".deb");

/** What can go wrong with each kind of file. */
const FAULTS: Readonly<Record<string, (response: ServerResponse, content: Buffer) => void>> = {
  "resets the connection": (response) => response.socket!.resetAndDestroy(),
  "falls silent": (response, content) =>
    void response.writeHead(200, { "content-length": content.length }).write(content.subarray(0, 10)),
  "cuts its answer short": (response, content) =>
    void response
      .writeHead(200, { "content-length": content.length })
      .write(content.subarray(0, 10), () => response.destroy()),
  "ends too early without a word": (response, content) =>
    void response.writeHead(200, { connection: "close" }).end(content.subarray(0, content.length - 10)),
  "gives other bytes": (response, content) => {
    const wrong = Buffer.from(content);
    wrong[wrong.length >> 1]! ^= 1;
    response.writeHead(200).end(wrong);
  },
  "redirects in a loop": (response) => response.writeHead(302, { location: "?again" }).end(),
  "redirects to a file": (response) => response.writeHead(302, { location: "file:///etc/hostname" }).end(),
  "redirects elsewhere": (response) => response.writeHead(302, { location: "ftp://127.0.0.1/x" }).end(),
  "has it not": (response) => response.writeHead(404).end(),
  "is always busy": (response) => response.writeHead(503).end(),
  "answers with a page": (response) => response.writeHead(200).end("<html>Log in first</html>"),
};

for (const [name, break_] of Object.entries(FAULTS)) {
  for (const [what, isMeant] of Object.entries({ Release: isRelease, index: isIndex, package: isDeb })) {
    test(`a mirror that ${name} for a ${what} is an error alone, and no harm beside another`, async (t) => {
      const { directory, keyring } = sound;
      const fault: Fault = (path, response, content) => {
        if (!isMeant(path.split("?")[0]!) || !content) {
          // The loop's next round.
          if (!path.endsWith("?again")) return false;
          break_(response, Buffer.alloc(0));
          return true;
        }
        break_(response, content);
        return true;
      };
      const bad = await serve(t, directory, fault);
      const good = await serve(t, directory);
      await assert.rejects(use(t, [bad.url], keyring), {
        code: /^(mirror-unreachable|download-failed|checksum-mismatch|signature-invalid|package-gone)$/,
      });
      const { deb } = await use(t, [bad.url, good.url], keyring);
      const pool = join(directory, "pool/main");
      assert.ok(
        deb.equals(readFileSync(join(pool, readdirSync(pool).find((one) => one.startsWith("nginx"))!))),
      );
    });
  }
}

test("what passes is cured by another try at the same mirror", async (t) => {
  const { directory, keyring } = sound;
  const failed = new Set<string>();
  const fault: Fault = (path, response) => {
    if (failed.has(path)) return false;
    failed.add(path);
    response.socket!.resetAndDestroy();
    return true;
  };
  const { url } = await serve(t, directory, fault);
  await use(t, [url], keyring);
  assert.equal(failed.size, 3);
});

test("a mirror that is dead is not asked for every file again", async (t) => {
  const { directory, keyring } = sound;
  const dead = await serve(t, directory, (_, response) => {
    response.socket!.resetAndDestroy();
    return true;
  });
  const good = await serve(t, directory);
  await use(t, [dead.url, good.url], keyring);
  assert.deepEqual(dead.asked, [
    "/dists/trixie/InRelease",
    "/dists/trixie/InRelease",
    "/dists/trixie/InRelease",
  ]);
});

test("of several mirrors that fail, each is told with its reason", async (t) => {
  const { directory, keyring } = sound;
  const one = await serve(t, directory, (_, response) => Boolean(response.writeHead(404).end()));
  const two = await serve(t, directory, (_, response) => Boolean(response.writeHead(403).end()));
  const release = "/dists/trixie/InRelease";
  await assert.rejects(use(t, [one.url, two.url], keyring), {
    code: "download-failed",
    message: `None of 2 mirrors gave suite "trixie": Cannot download "${one.url}${release}": the server answered 404 Not Found; Cannot download "${two.url}${release}": the server answered 403 Forbidden`,
  });
});

for (const [name, options, code] of [
  ["an expired Release", { validUntil: "Sat, 12 Sep 2020 07:55:41 UTC" }, "release-outdated"],
  ["another suite", { codename: "bookworm" }, "signature-invalid"],
] as const) {
  test(`${name} is not used, and another mirror's is`, async (t) => {
    const bad = await archive(t, options);
    const good = sound;
    const [first, second] = [await serve(t, bad.directory), await serve(t, good.directory)];
    await assert.rejects(use(t, [first.url], bad.keyring), { code });
    await use(t, [first.url, second.url], good.keyring);
    assert.deepEqual(first.asked.filter(isIndex), []);
  });
}

test("a mirror whose Release another key signed is not used, and another mirror is", async (t) => {
  const bad = await archive(t, { key: await makeKey() });
  const good = sound;
  const [first, second] = [await serve(t, bad.directory), await serve(t, good.directory)];
  await assert.rejects(use(t, [first.url], good.keyring), { code: "signature-invalid" });
  await use(t, [first.url, second.url], good.keyring);
});

test("a mirror that replays a state from before the lock is passed over", async (t) => {
  const old = await archive(t, { date: "Fri, 11 Sep 2026 07:55:41 UTC" });
  const now = sound;
  const [stale, fresh] = [await serve(t, old.directory), await serve(t, now.directory)];
  const set = (mirror: readonly string[]) =>
    debian({ suite: "trixie", architecture: "amd64", mirror, keyring: now.keyring });
  const wish = { requests, indicesDirectory: temporaryDirectory(t), refresh: true };
  const { lock } = await lockPackages({ ...wish, set: set([fresh.url]) });
  await assert.rejects(lockPackages({ ...wish, set: set([stale.url]), lock }), { code: "release-outdated" });
  const again = await lockPackages({ ...wish, set: set([stale.url, fresh.url]), lock });
  assert.equal(again.lock, lock);
});

test("a Release without end is cut off", async (t) => {
  const { directory, keyring } = sound;
  const { url } = await serve(t, directory, (path, response) => {
    if (!isRelease(path)) return false;
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(1 << 20)));
    };
    response.on("drain", more);
    more();
    return true;
  });
  await assert.rejects(use(t, [url], keyring), {
    code: "download-failed",
    message: `Cannot download "${url}/dists/trixie/InRelease": it has more than 8388608 bytes, which nothing of its kind has`,
  });
});

test("a package that the mirror has no more is found in an archive that keeps old ones, or in its snapshot", async (t) => {
  const { directory, keyring } = sound;
  const gone = await serve(
    t,
    directory,
    (path, response) => isDeb(path) && Boolean(response.writeHead(404).end()),
  );
  const keeper = await serve(t, directory);
  await use(t, [gone.url], keyring, { fallbackMirrors: [keeper.url] });
  assert.deepEqual(keeper.asked, ["/pool/main/nginx_1.0-1_amd64.deb"]);
  const snapshots = await serve(t, directory, (path, response) => {
    const [, rest] = /^\/archive\/debian\/20260913T075541Z(\/.*)$/.exec(path) ?? [];
    if (rest === undefined) return false;
    response.writeHead(200).end(readFileSync(join(directory, rest)));
    return true;
  });
  await use(t, [gone.url], keyring, { fallbackMirrors: [`${snapshots.url}/archive/debian`] });
  assert.deepEqual(snapshots.asked, [
    "/archive/debian/pool/main/nginx_1.0-1_amd64.deb",
    "/archive/debian/20260913T075541Z/pool/main/nginx_1.0-1_amd64.deb",
  ]);
});

test("a package that nobody has any more is reported with the cure", async (t) => {
  const { directory, keyring } = sound;
  const refuse: Fault = (path, response) => isDeb(path) && Boolean(response.writeHead(404).end());
  const [gone, keeper] = [await serve(t, directory, refuse), await serve(t, directory, refuse)];
  const said = `(Cannot download "${gone.url}/pool/main/nginx_1.0-1_amd64.deb": the server answered 404 Not Found)`;
  await assert.rejects(use(t, [gone.url], keyring), {
    code: "package-gone",
    message: `The mirror no longer has "nginx 1.0-1", which the lock file names ${said}`,
    hint: 'Take what the archive has now: microvm lock --update; or set "fallbackMirrors" to an archive that keeps old packages',
  });
  await assert.rejects(use(t, [gone.url], keyring, { fallbackMirrors: [keeper.url] }), {
    code: "package-gone",
    message: `The mirror no longer has "nginx 1.0-1", which the lock file names, and none of 2 fallback addresses has it ${said}`,
    hint: "Take what the archive has now: microvm lock --update",
  });
});

test("an archive that keeps old packages cannot give others in their place", async (t) => {
  const { directory, keyring } = sound;
  const gone = await serve(
    t,
    directory,
    (path, response) => isDeb(path) && Boolean(response.writeHead(404).end()),
  );
  const liar = await serve(t, directory, (_, response, content) =>
    Boolean(response.writeHead(200).end(Buffer.alloc(content?.length ?? 9))),
  );
  await assert.rejects(use(t, [gone.url], keyring, { fallbackMirrors: [liar.url] }), {
    code: "package-gone",
  });
});
