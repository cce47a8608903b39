import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { microvm } from "./testing/program.ts";

const options = (...args: readonly string[]) => microvm(["options", ...args]);

describe("searching options", { concurrency: 4 }, () => {
  test("one is shown with type, default, example and file", async () => {
    assert.deepEqual(await options("services.nginx.virtualHosts", "globalRedirect", "host that"), {
      status: 0,
      stdout: `Options of a guest
──────────────────

services.nginx.virtualHosts.<name>.globalRedirect
  Host that all requests are sent to. Null leaves it out.
  type      null or string matching the pattern ^[^\\s;{}]+$
  default   null
  example   "new.example.org"
  declared  src/options/guest/services/nginx-hosts.ts

`,
      stderr: "",
    });
  });

  test("guests and hosts are apart, and each can be asked for alone", async () => {
    const titles = (text: string) => text.match(/^Options of a \w+$/gm) ?? [];
    const both = ["Options of a guest", "Options of a host"];
    assert.deepEqual(titles((await options("microvm")).stdout), both);
    assert.deepEqual(titles((await options("microvm", "--guest", "--host")).stdout), both);
    assert.deepEqual(titles((await options("microvm", "--guest")).stdout), [both[0]]);
    assert.deepEqual(titles((await options("microvm", "--host")).stdout), [both[1]]);
  });

  test("without words all are listed, one a line", async () => {
    const { status, stdout } = await options();
    assert.equal(status, 0);
    assert.match(stdout, /^microvm\.mem {2,}Memory in MiB\.$/m);
    assert.match(stdout, /^microvm\.vms {2,}The host's VMs, by name\.$/m);
  });

  test("an option that must be defined says so", async () => {
    assert.match((await options("volumes.*.image")).stdout, /\n {2}default {3}none, it must be defined\n/);
  });

  test("--json is all that is known", async () => {
    const { guest, host } = JSON.parse((await options("volumes", "size", "--json")).stdout);
    assert.deepEqual(host, []);
    assert.deepEqual(guest, [
      {
        name: "microvm.volumes.*.size",
        path: ["microvm", "volumes", "*", "size"],
        type: "null or positive integer, meaning >0",
        description:
          "Size in MiB. The file is created sparse. When this becomes larger, file and file system are grown at the next start; smaller than what is there is an error at the start. Null, for a volume that is not created, takes it as large as it is.",
        example: 1024,
        readOnly: false,
        opaque: false,
        declarations: ["src/options/guest/volumes.ts"],
      },
    ]);
  });

  test("nothing found is an error with near names", async () => {
    assert.deepEqual(await options("ngnix", "enabel"), {
      status: 1,
      stdout: "",
      stderr: 'error: No option has "ngnix" and "enabel"\nhint: Near are "services.nginx.enable"\n',
    });
    assert.deepEqual(await options("wholly-different"), {
      status: 1,
      stdout: "",
      stderr: 'error: No option has "wholly-different"\nhint: See all of them with "microvm options"\n',
    });
  });

  test("an option of the command that is none is wrong usage", async () => {
    assert.deepEqual(await options("--all"), {
      status: 2,
      stdout: "",
      stderr: "error: Unknown option '--all'\nhint: See \"microvm options --help\"\n",
    });
  });
});
