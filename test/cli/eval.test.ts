import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { microvm, temporaryProject } from "../../src/cli/testing/program.ts";

const project = temporaryProject({
  "microvm.config.ts": `import { defineProject, mkForce } from "microvm";
export default defineProject({
  microvms: {
    web: {
      config: ({ config }) => ({
        imports: ["./memory.ts"],
        microvm: { mem: mkForce(() => config.microvm.vcpu * 512), vcpu: 2 },
        networking: { domain: "a.example.org" },
      }),
    },
  },
});
`,
  "memory.ts": `import { defineModule, mkDefault, mkIf } from "microvm";
export default defineModule(({ config }) => ({
  microvm: { mem: mkIf(() => config.microvm.vcpu > 4, 9000), vcpu: mkDefault(1) },
  networking: { domain: "b.example.org" },
}));
`,
});
after(() => project[Symbol.dispose]());

async function evaluate(...args: readonly string[]) {
  const { status, stdout, stderr } = await microvm(["eval", project.path, ...args]);
  const short = (text: string) => text.replaceAll(project.path, "DIR");
  return { status, stdout: short(stdout), stderr: short(stderr) };
}

describe("eval of a whole project", { concurrency: 2 }, () => {
  const fleet = temporaryProject({
    "microvm.config.ts": `export default {
  hosts: { default: { microvm: { vms: { db: { config: { microvm: { mem: 31 } } } } } } },
  microvms: { web: { config: { microvm: { vcpu: 3 } } } },
};
`,
  });
  after(() => fleet[Symbol.dispose]());

  test("--all prints every VM, those of hosts too", async () => {
    const { status, stdout, stderr } = await microvm(["eval", fleet.path, "--all"]);
    assert.deepEqual(
      [status, stderr],
      [0, 'warning: "microvm.mem" is 31 MiB: a guest needs at least 32 MiB\n'],
    );
    assert.match(stdout, /^web: microvm\.vcpu = 3$/m);
    assert.match(stdout, /^db: microvm\.mem = 31$/m);
  });

  test("--all --json has them by host", async () => {
    const { hosts, vms } = JSON.parse((await microvm(["eval", fleet.path, "--all", "--json"])).stdout);
    assert.deepEqual([vms.length, vms[0].name, vms[0].config.microvm.vcpu], [1, "web", 3]);
    assert.deepEqual([hosts[0].name, hosts[0].vms[0].name], ["default", "db"]);
  });

  test("--all does not go with one VM or one option", async () => {
    const message = '"--all" is for the whole project, without "#NAME" and "--option"';
    for (const args of [[`${fleet.path}#web`], [fleet.path, "--option", "microvm.mem"]]) {
      assert.deepEqual(await microvm(["eval", ...args, "--all"]), {
        status: 2,
        stdout: "",
        stderr: `error: ${message}\nhint: See "microvm eval --help"\n`,
      });
    }
  });
});

describe("eval of one option", { concurrency: 4 }, () => {
  test("prints its value as JSON, whatever is wrong elsewhere", async () => {
    assert.deepEqual(await evaluate("--option", "microvm.mem"), { status: 0, stdout: "1024\n", stderr: "" });
    const { stdout } = await evaluate("--option", "networking.nftables");
    assert.deepEqual(JSON.parse(stdout), { enable: false, ruleset: "" });
  });

  test("--trace lists every definition with file and strength, and the default", async () => {
    assert.deepEqual(await evaluate("--option", "microvm.mem", "--trace"), {
      status: 0,
      stdout: `microvm.mem = 1024

won   mkForce  1024  DIR/microvm.config.ts
off   plain    9000  DIR/memory.ts
lost  default  512   src/options/guest/machine.ts
(off: its condition does not hold)

type      positive integer, meaning >0
default   512
declared  src/options/guest/machine.ts

Memory in MiB. A guest needs at least 32 MiB.
`,
      stderr: "",
    });
  });

  test("--trace of an option with a fault shows where it comes from, and fails with it", async () => {
    const { status, stdout, stderr } = await evaluate("--option", "networking.domain", "--trace");
    assert.equal(status, 1);
    assert.match(
      stdout,
      /^networking\.domain = no value\n\nwon {3}plain {4}"b\.example\.org" {2}DIR\/memory\.ts\nwon {3}plain {4}"a\.example\.org" {2}DIR\/microvm/,
    );
    assert.equal(
      stderr,
      `error: The option "networking.domain" has conflicting definitions: "b.example.org" in "DIR/memory.ts", "a.example.org" in "DIR/microvm.config.ts"
hint: Use mkForce or mkDefault to say which one counts
`,
    );
    assert.equal((await evaluate("--option", "networking.domain")).stdout, "");
  });

  test("--json says all that is known of it", async () => {
    const { stdout } = await evaluate("--option", "microvm.vcpu", "--trace", "--json");
    const { definitions, description, type, ...rest } = JSON.parse(stdout);
    assert.deepEqual(rest, {
      vm: "web",
      name: "microvm.vcpu",
      option: "microvm.vcpu",
      value: 2,
      declarations: ["src/options/guest/machine.ts"],
      default: "1",
    });
    assert.equal(type, "positive integer, meaning >0");
    assert.equal(typeof description, "string");
    assert.deepEqual(definitions[1], {
      file: "DIR/memory.ts",
      priority: 1000,
      strength: "mkDefault",
      shown: "1",
      value: 1,
      holds: true,
      won: false,
    });
  });

  test("one that is not there is an error with a suggestion, or with a way to search", async () => {
    assert.deepEqual(await evaluate("--option", "microvm.memm"), {
      status: 1,
      stdout: "",
      stderr: 'error: The option "microvm.memm" does not exist; did you mean "microvm.mem"\n',
    });
    assert.deepEqual(await evaluate("--option", "nginx.enable", "--trace"), {
      status: 1,
      stdout: "",
      stderr: 'error: The option "nginx" does not exist\nhint: Search for it: microvm options enable\n',
    });
  });

  test("--trace without --option is wrong usage", async () => {
    assert.deepEqual(await evaluate("--trace"), {
      status: 2,
      stdout: "",
      stderr: 'error: "--trace" needs "--option"\nhint: See "microvm eval --help"\n',
    });
  });
});
