/** Checked by the compiler: a wrong line would not compile, and one that should be refused would be reported. */
import { test } from "node:test";
import { type Definition, type InferConfig, mkDefault, mkIf, mkMerge, mkOption, types } from "./index.ts";

const options = {
  microvm: {
    mem: mkOption({ type: types.int }),
    hypervisor: mkOption({ type: types.enum(["qemu", "kvmtool"]) }),
    socket: mkOption({ type: types.nullOr(types.str) }),
    volumes: mkOption({
      type: types.listOf(
        types.submodule({
          options: {
            image: mkOption({ type: types.str }),
            size: mkOption({ type: types.nullOr(types.int), default: null }),
          },
        }),
      ),
    }),
    shares: mkOption({
      type: types.attrsOf(types.submodule({ options: { source: mkOption({ type: types.str }) } })),
    }),
    tags: mkOption({ type: types.listOf(types.str) }),
    env: mkOption({ type: types.attrsOf(types.oneOf([types.bool, types.str])) }),
  },
};
type Config = InferConfig<typeof options>;

test("the configuration has the types of its options", () => {
  const read = ({ microvm }: Config) => {
    const mem: number = microvm.mem;
    const hypervisor: "qemu" | "kvmtool" = microvm.hypervisor;
    const socket: string | null = microvm.socket;
    const image: string | undefined = microvm.volumes[0]?.image;
    const value: boolean | string | undefined = microvm.env.a;
    // @ts-expect-error it may be null
    const length: number = microvm.socket.length;
    // @ts-expect-error there may be none
    const first: string = microvm.volumes[0].image;
    // @ts-expect-error the configuration cannot be changed
    microvm.mem = 1;
    // @ts-expect-error there is no such option
    return [length, first, mem, hypervisor, socket, image, value, microvm.memm];
  };
  void read;
});

test("definitions may be left out, wrapped or functions at any depth", () => {
  const good: Definition<Config>[] = [
    {},
    { microvm: { mem: 1, hypervisor: "qemu", volumes: [{ image: "a" }] } },
    {
      microvm: mkIf(() => true, {
        mem: mkDefault(1),
        socket: () => null,
        volumes: () => [{ image: () => "a" }],
      }),
    },
    mkMerge([{ microvm: { env: { a: true, b: mkDefault("b") } } }]),
  ];
  // @ts-expect-error a misspelt option
  const misspelt: Definition<Config> = { microvm: { memm: 1 } };
  // @ts-expect-error a wrong type
  const wrong: Definition<Config> = { microvm: { mem: "1" } };
  // @ts-expect-error a wrong value of an enum
  const value: Definition<Config> = { microvm: { hypervisor: "qemuu" } };
  // @ts-expect-error a wrong entry of a list
  const entry: Definition<Config> = { microvm: { tags: [1] } };
  // @ts-expect-error a wrong value in a function
  const called: Definition<Config> = { microvm: { mem: () => "1" } };
  // @ts-expect-error a wrong value in a wrapper
  const wrapped: Definition<Config> = { microvm: { mem: mkDefault("1") } };
  void [good, misspelt, wrong, value, entry, called, wrapped];
});

test("an entry of a list has what its submodule needs", () => {
  const good: Definition<Config>[] = [
    {
      microvm: { volumes: [{ image: "a" }, mkIf(true, { image: "b", size: null }), () => ({ image: "c" })] },
    },
    { microvm: { volumes: [mkMerge([{ image: "a" }, { size: 1 }])] } },
    // Several modules may define one attribute together.
    { microvm: { shares: { store: {} } } },
  ];
  // @ts-expect-error a missing field of an entry
  const missing: Definition<Config> = { microvm: { volumes: [{ size: 1 }] } };
  // @ts-expect-error a missing field of an entry in a condition
  const conditional: Definition<Config> = { microvm: { volumes: [mkIf(true, { size: 1 })] } };
  // @ts-expect-error a misspelt field of an entry
  const misspelt: Definition<Config> = { microvm: { volumes: [{ image: "a", sise: 1 }] } };
  void [good, missing, conditional, misspelt];
});

const target = mkOption({
  type: types.attrTag({
    file: mkOption({ type: types.submodule({ options: { path: mkOption({ type: types.str }) } }) }),
    port: mkOption({ type: types.int }),
  }),
});
const tagged = { target, targets: mkOption({ type: types.listOf(target.type) }) };
type TaggedConfig = InferConfig<typeof tagged>;

test("a tagged union has exactly one of its attributes", () => {
  const read = ({ target }: TaggedConfig) => {
    const value: string | number = "port" in target ? target.port : target.file.path;
    // @ts-expect-error it may have the other attribute
    const port: number = target.port;
    // @ts-expect-error there is no such tag
    return [value, port, target.prot];
  };
  const good: Definition<TaggedConfig>[] = [
    { target: { port: 1 } },
    { target: mkIf(true, { file: mkDefault({ path: () => "/a" }) }), targets: [{ port: 1 }] },
    { target: mkMerge([{ file: {} }, { file: { path: "/a" } }]) },
  ];
  // @ts-expect-error none of the attributes
  const none: Definition<TaggedConfig> = { target: {} };
  // @ts-expect-error both of them
  const both: Definition<TaggedConfig> = { target: { port: 1, file: { path: "/a" } } };
  // @ts-expect-error a misspelt one
  const misspelt: Definition<TaggedConfig> = { target: { prot: 1 } };
  // @ts-expect-error a wrong type
  const wrong: Definition<TaggedConfig> = { target: { port: "1" } };
  // @ts-expect-error both of them in an entry of a list
  const entry: Definition<TaggedConfig> = { targets: [{ port: 1, file: { path: "/a" } }] };
  // @ts-expect-error a missing field of an entry
  const missing: Definition<TaggedConfig> = { targets: [{ file: {} }] };
  void [read, good, none, both, misspelt, wrong, entry, missing];
});

const user = types.submodule({
  options: { shell: mkOption({ type: types.enum(["sh", "bash"]) }), home: mkOption({ type: types.str }) },
});
const whole = types.submoduleWith({ modules: [{ options: { n: mkOption({ type: types.int }) } }] });
const submodules = {
  users: mkOption({ type: types.attrsOf(user) }),
  admin: mkOption({ type: types.nullOr(user) }),
  whole: mkOption({ type: whole }),
};
type Submodules = InferConfig<typeof submodules>;

test("a submodule is defined by a module function, and by a path where definitions are modules", () => {
  const good: Definition<Submodules>[] = [
    { users: { ada: ({ name, config }) => ({ home: `/home/${name.trim()}`, shell: () => config.shell }) } },
    {
      users: { ada: () => ({ shell: "bash" }) },
      admin: ({ name }) => ({ config: { home: name, shell: "sh" } }),
    },
    { users: { ada: mkIf(true, ({ name }) => ({ home: name })) } },
    { admin: null, whole: "./whole.ts" },
    { admin: () => null, whole: { config: { n: 1 } } },
    { whole: { n: 1 } },
  ];
  // @ts-expect-error a misspelt option in a module function
  const misspelt: Definition<Submodules> = { users: { ada: ({ name }) => ({ hom: name }) } };
  // @ts-expect-error a wrong value in a module function
  const wrong: Definition<Submodules> = { users: { ada: () => ({ shell: "fish" }) } };
  // @ts-expect-error there is no such option to read
  const read: Definition<Submodules> = { users: { ada: ({ config }) => ({ home: () => config.hom }) } };
  // @ts-expect-error a text that is no path
  const path: Definition<Submodules> = { whole: "whole.ts" };
  // @ts-expect-error a path where definitions are all config
  const config: Definition<Submodules> = { admin: "./admin.ts" };
  void [good, misspelt, wrong, read, path, config];
});
