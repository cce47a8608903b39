/** Checked by the compiler: a wrong line would not compile, and one that should be refused would be reported. */
import { test } from "node:test";
import { type Definition, type InferConfig, mkDefault, mkIf, mkMerge, mkOption, types } from "./index.ts";

const options = {
  microvm: {
    mem: mkOption({ type: types.int }),
    hypervisor: mkOption({ type: types.enum(["qemu", "kvmtool"]) }),
    socket: mkOption({ type: types.nullOr(types.str) }),
    volumes: mkOption({
      type: types.listOf(types.submodule({ options: { image: mkOption({ type: types.str }) } })),
    }),
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
    // @ts-expect-error there is no such option
    return [mem, hypervisor, socket, image, value, microvm.memm];
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
  void [good, misspelt, wrong, value];
});
