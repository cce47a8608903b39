import assert from "node:assert/strict";
import { test } from "node:test";
import { guestConfig } from "../options/testing/evaluate.ts";
import type { ImageConfig } from "../packages/oci/documents.ts";
import { type OciOptions, oci } from "../packages/oci/image-source.ts";
import { guestFiles } from "./guest-files.ts";
import { imageGuestFiles } from "./image-files.ts";

const IMAGE: ImageConfig = {
  os: "linux",
  architecture: "amd64",
  entrypoint: ["/app"],
  cmd: ["--port", "80"],
  env: ["PATH=/opt/bin", "NOTE=it's"],
  user: "app",
  workingDir: "/srv",
  stopSignal: "SIGQUIT",
  diffIds: [],
};

/** What a guest of an image gets, by path. */
function files(image: Partial<ImageConfig> = {}, options: Partial<OciOptions> = {}, module: object = {}) {
  const config = guestConfig(module);
  const source = oci({ layout: "image", architecture: "amd64", ...options });
  const planned = { source, config: { ...IMAGE, ...image } };
  const layer = imageGuestFiles(guestFiles(config, null), config, "amd64", planned);
  const texts = layer.entries.map(
    (entry) => [entry.path, "text" in entry ? entry.text : entry.type] as const,
  );
  return { ...layer, texts: Object.fromEntries(texts) };
}

/** The image's process, as the shell would be told it. */
const command = (image: Partial<ImageConfig>, options: Partial<OciOptions> = {}) =>
  files(image, options).texts[".microvm/run"]!.split(' "$@" ')[1]!.trimEnd();

const setting = (name: string, image: Partial<ImageConfig> = {}, options: Partial<OciOptions> = {}) =>
  new RegExp(`^${name}=(.*)$`, "m").exec(files(image, options).texts[".microvm/settings"]!)?.[1];

test("the process runs with the image's environment, and what the guest's options say wins", () => {
  const { texts } = files({}, {}, { environment: { variables: { NOTE: "two words" } } });
  assert.equal(
    texts[".microvm/run"],
    '#!/.microvm/bin/sh\nexec /.microvm/bin/env -i "HOME=$HOME" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ' +
      `TERM=vt220 PATH=/opt/bin 'NOTE=it'\\''s' 'NOTE=two words' "$@" /app --port 80\n`,
  );
});

test("entrypoint and cmd can be others, as docker run has it", () => {
  assert.equal(command({}), "/app --port 80");
  assert.equal(command({}, { cmd: ["a b", "$x"] }), "/app 'a b' '$x'");
  assert.equal(command({}, { entrypoint: ["/other"] }), "/other");
  assert.equal(command({}, { entrypoint: ["/other"], cmd: ["1"] }), "/other 1");
  assert.equal(command({ entrypoint: [], cmd: [] }), "/bin/sh");
});

test("an image whose process is an init is started by it, unless that is not wanted", () => {
  const init = { entrypoint: [], cmd: ["/usr/sbin/init"] };
  assert.deepEqual([setting("init", init), setting("init_path", init)], ["yes", "/usr/sbin/init"]);
  assert.equal(setting("init", init, { init: false }), "no");
  assert.equal(setting("init"), "auto");
  assert.deepEqual(
    [setting("init", {}, { init: true }), setting("init_path", {}, { init: true })],
    ["yes", "/sbin/init"],
  );
});

test("settings are words of the shell, whatever the image says", () => {
  assert.equal(setting("user", { user: "$(reboot)" }), "'$(reboot)'");
  assert.equal(setting("directory", { workingDir: "/a b" }), "'/a b'");
  assert.equal(setting("directory", { workingDir: "" }), "/");
  assert.deepEqual([setting("stop_signal"), setting("stop_signal", { stopSignal: "" })], ["QUIT", "TERM"]);
  assert.equal(setting("restart", {}, { restart: "always" }), "always");
});

test("files of the guest's options stand beside ours, and the shell of an image's root is the image's", () => {
  const { texts, users, groups } = files({}, {}, { environment: { etc: { motd: { text: "hello" } } } });
  assert.equal(texts["etc/motd"], "hello");
  assert.equal(texts.proc, "directory");
  assert.deepEqual(groups, [{ name: "root", gid: 0, members: [] }]);
  assert.match(texts["etc/systemd/system/microvm-agent.service"]!, /^ExecStart=\/\.microvm\/agent$/m);
  assert.equal(users.find(({ name }) => name === "root")?.shell, null);
  const declared = files({}, {}, { users: { users: { root: { shell: "/bin/ash" } } } });
  assert.equal(declared.users.find(({ name }) => name === "root")?.shell, "/bin/ash");
});
