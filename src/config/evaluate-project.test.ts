import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { type TestContext, test } from "node:test";
import { evaluateProject } from "./evaluate-project.ts";
import { type Files, faultOf as faultOfProject, project, vm } from "./testing/project.ts";

const evaluate = (file: string, name?: string, timeLimit?: number) =>
  evaluateProject({ file, name, storeDir: "/store", ...(timeLimit !== undefined && { timeLimit }) });

/** The fault of a project that is evaluated as it always is, in the restricted child. */
const faultOf = (t: TestContext, files: string | Files, timeLimit?: number) =>
  faultOfProject(t, files, (file) => evaluate(file, undefined, timeLimit));

test("a project's modules, imported by path too, merge into one configuration", async (t) => {
  const file = project(t, {
    "microvm.config.ts": `
      import { debian, defineProject, mkDefault } from "microvm";
      import { memory } from "./lib/memory.ts";
      export default defineProject({
        hosts: {
          default: ({ storeDir, self }) => ({
            microvm: {
              vms: {
                web: {
                  pkgs: debian({ suite: "trixie", architecture: "amd64" }),
                  specialArgs: { domain: "example.org" },
                  config: ({ config, domain }) => ({
                    imports: ["./modules/units.ts"],
                    microvm: { mem: () => config.microvm.vcpu * memory, vcpu: mkDefault(1) },
                    environment: { etc: { place: { text: [storeDir, self, domain].join(" ") } } },
                  }),
                },
                other: { flake: self },
              },
            },
          }),
        },
      });`,
    "lib/memory.ts": "export const memory: number = 300;",
    "modules/units.ts": `
      import { defineModule } from "microvm";
      export default defineModule(({ name }) => ({
        microvm: { vcpu: 2 },
        systemd: { services: { demo: { description: () => name } } },
      }));`,
  });
  const { name, pkgs, config, warnings } = await evaluate(file);
  // biome-ignore lint/suspicious/noExplicitAny: plain data of a guest
  const { microvm, networking, systemd, environment } = config as any;
  assert.deepEqual([name, (pkgs as { suite?: string } | null)?.suite, warnings], ["web", "trixie", []]);
  assert.deepEqual([microvm.mem, microvm.vcpu, networking.hostName], [600, 2, "web"]);
  assert.equal(systemd.services.demo.description, "web");
  assert.equal(environment.etc.place.text, `/store path:${dirname(file)} example.org`);
});

test("a syntax error is named with file and line", async (t) => {
  assert.deepEqual(await faultOf(t, "const a = 1;\nexport default { x: ;"), [
    "config-invalid",
    'Syntax error in "DIR/microvm.config.ts:2": Expression expected',
  ]);
});

test("TypeScript that cannot be erased is an error", async (t) => {
  assert.deepEqual(await faultOf(t, "enum A { x }\nexport default {};"), [
    "config-invalid",
    'Syntax error in "DIR/microvm.config.ts:1": TypeScript enum is not supported in strip-only mode',
  ]);
});

test("a project file that throws is named with file and line", async (t) => {
  assert.deepEqual(await faultOf(t, '\nthrow new Error("boo");\nexport default {};'), [
    "config-threw",
    '"DIR/microvm.config.ts:2" threw while it was loaded: boo',
  ]);
});

test("a definition that throws is named with file and line", async (t) => {
  assert.deepEqual(await faultOf(t, vm("{ microvm: { mem: () => nothing } }")), [
    "config-threw",
    'The definition of "microvm.mem" in "DIR/microvm.config.ts:1" threw: nothing is not defined',
  ]);
});

test("writing a file is denied", async (t) => {
  const write = (path: string) => `
    import { writeFileSync } from "node:fs";
    ${vm(`{ microvm: { mem: () => { writeFileSync("${path}", ""); return 1; } } }`)}`;
  assert.deepEqual(await faultOf(t, write("/tmp/file")), [
    "permission-denied",
    'The definition of "microvm.mem" in "DIR/microvm.config.ts:3" tried to write "/tmp/file", which a project file may not',
  ]);
});

test("reading outside the project is denied", async (t) => {
  const text = 'import { readFileSync } from "node:fs";\nreadFileSync("/etc/passwd");\nexport default {};';
  assert.deepEqual(await faultOf(t, text), [
    "permission-denied",
    '"DIR/microvm.config.ts:2" tried to read "/etc/passwd", which a project file may not',
  ]);
});

test("starting a program is denied", async (t) => {
  const text = 'import { execFileSync } from "node:child_process";\nexecFileSync("id");\nexport default {};';
  assert.deepEqual(await faultOf(t, text), [
    "permission-denied",
    '"DIR/microvm.config.ts:2" tried to start the program "id", which a project file may not',
  ]);
});

test("starting a thread and loading native code are denied", async (t) => {
  const attempts = {
    "start a thread": 'import { Worker } from "node:worker_threads"; new Worker("", { eval: true });',
    "load native code": 'process.dlopen({ exports: {} }, "/lib/x.node");',
  };
  for (const [what, code] of Object.entries(attempts)) {
    assert.deepEqual(await faultOf(t, `${code} export default {};`), [
      "permission-denied",
      `"DIR/microvm.config.ts:1" tried to ${what}, which a project file may not`,
    ]);
  }
});

test("importing a file outside the project is denied", async (t) => {
  assert.deepEqual(await faultOf(t, vm('{ imports: ["/etc/outside.ts"] }')), [
    "permission-denied",
    'The module "DIR/microvm.config.ts" tried to read "/etc/outside.ts", which a project file may not',
  ]);
});

test("the environment is empty", async (t) => {
  assert.deepEqual(await faultOf(t, "throw Object.keys(process.env).length;"), [
    "config-threw",
    '"DIR/microvm.config.ts" threw while it was loaded: 0',
  ]);
});

test("an evaluation without end is stopped", async (t) => {
  assert.deepEqual(await faultOf(t, "for (;;);\nexport default {};", 400), [
    "config-threw",
    'The evaluation of "DIR/microvm.config.ts" took longer than 0.4 seconds',
  ]);
});

test("an evaluation that ends itself is an error", async (t) => {
  assert.deepEqual(await faultOf(t, "process.exit(3);\nexport default {};"), [
    "config-threw",
    'The evaluation of "DIR/microvm.config.ts" ended with exit status 3 and without an answer',
  ]);
});

test("a project that is left running does not keep its parent waiting", async (t) => {
  const file = project(t, {
    "microvm.config.ts": `setInterval(() => {}, 1000); process.exit = () => {};\n${vm("{}")}`,
  });
  assert.equal((await evaluate(file)).name, "web");
});

test("an answer that the project's code forges is checked", async (t) => {
  const forge = (answer: string) => `
    import { writeSync } from "node:fs";
    writeSync(3, JSON.stringify(${answer}) + "\\n");
    ${vm("{}")}`;
  assert.deepEqual(
    await faultOf(t, forge('{ vm: { name: "../x", pkgs: null, config: {}, warnings: [] } }')),
    [
      "config-invalid",
      'The evaluation of "DIR/microvm.config.ts" gave a malformed answer: it is of another VM',
    ],
  );
  const [code, message] = await faultOf(
    t,
    forge('{ vm: { name: "web", pkgs: null, config: { microvm: { mem: "x" } }, warnings: [] } }'),
  );
  assert.equal(code, "config-invalid");
  assert.match(
    message,
    /\n- The option "microvm.mem" must be of type "positive integer, meaning >0", but is "x" in "the evaluated configuration"/,
  );
});

test("there is no network", async (t) => {
  if (spawnSync("unshare", ["--user", "--map-root-user", "--net", "true"]).status !== 0) {
    t.skip("this kernel gives this user no network namespace");
    return;
  }
  const [, message] = await faultOf(
    t,
    `import { networkInterfaces } from "node:os";
    throw new Error(Object.keys(networkInterfaces()).length + " interfaces");`,
  );
  assert.match(message, /: 0 interfaces$/);
});
