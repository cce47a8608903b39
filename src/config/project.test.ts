/** Checked by the compiler: a wrong line would not compile, and one that should be refused would be reported. */
import { test } from "node:test";
import { debian, defineModule, defineProject, mkIf } from "../index.ts";

test("a project's hosts and VMs are typed", () => {
  defineProject({
    hosts: {
      default: ({ storeDir, self }) => ({
        microvm: {
          vms: {
            web: {
              pkgs: debian({ suite: "trixie", architecture: "amd64" }),
              specialArgs: { domain: "example.org" },
              config: ({ config, lib, pkgs, domain }) => ({
                imports: ["./modules/web-server.ts"],
                microvm: {
                  shares: [{ source: storeDir, mountPoint: "/x", tag: "ro-store", proto: "virtiofs" }],
                  mem: () => config.microvm.vcpu * 512,
                  vcpu: lib.mkDefault(pkgs === null ? 1 : 2),
                },
                networking: { domain },
              }),
            },
            other: { flake: self, autostart: false },
          },
        },
      }),
    },
    microvms: { critical: { config: { services: { openssh: { enable: true } } } } },
  });
});

test("a module's definitions are typed", () => {
  defineModule({ microvm: { mem: 512 } });
  defineModule(({ config }) => ({ config: { microvm: mkIf(() => config.microvm.vcpu > 1, { mem: 1024 }) } }));
  // @ts-expect-error a misspelt option
  defineModule({ microvm: { memm: 512 } });
  // @ts-expect-error a wrong type
  defineModule({ microvm: { mem: "512" } });
  // @ts-expect-error a wrong type in a function
  defineModule(() => ({ microvm: { mem: "512" } }));
  // @ts-expect-error a misspelt option in a function
  defineModule(() => ({ microvm: { memm: 512 } }));
});
