/** Checked by the compiler: a wrong line would not compile, and one that should be refused would be reported. */
import { test } from "node:test";
import { debian, defineModule, defineProject, type GuestModule, mkIf, mkOption, types } from "../index.ts";

/** What a module from elsewhere adds: its options in every guest, and so in every guest's configuration. */
declare module "./project.ts" {
  interface GuestConfiguration {
    readonly "tests.greeting": { readonly text: string; readonly to: string | null };
  }
}

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
  defineModule({
    systemd: {
      services: {
        web: {
          serviceConfig: {
            Type: "oneshot",
            ProtectSystem: true,
            ExecStartPre: ["/a"],
            Restart: mkIf(true, "always"),
          },
          environment: { A: 1, B: null, C: () => "x" },
          startAt: "daily",
        },
      },
      mounts: [{ what: "tmpfs", where: "/mnt" }],
    },
  });
  // @ts-expect-error a word that the setting does not take
  defineModule({ systemd: { services: { web: { serviceConfig: { Type: "onceshot" } } } } });
  // @ts-expect-error a misspelt option in a function
  defineModule(() => ({ microvm: { memm: 512 } }));
});

test("what is missing or may be missing is refused", () => {
  defineModule({ microvm: { volumes: [{ image: "data.img", size: 64 }] } });
  // @ts-expect-error a volume without its size
  defineModule({ microvm: { volumes: [{ image: "data.img" }] } });
  defineModule(({ config }) => ({ networking: { domain: () => config.networking.domain ?? "lan" } }));
  // @ts-expect-error the domain may be null
  defineModule(({ config }) => ({ networking: { hostName: () => config.networking.domain.slice(1) } }));
  // @ts-expect-error a wrong type in a wrapper
  defineModule({ microvm: { mem: mkIf(true, "512") } });
  // @ts-expect-error a misspelt option of a host's VM
  defineProject({ hosts: { default: { microvm: { vms: { web: { autostrat: true } } } } } });
  // @ts-expect-error a misspelt option of a VM
  defineProject({ microvms: { web: { config: { microvm: { memm: 1 } } } } });
  // @ts-expect-error a misspelt key
  defineProject({ microvm: {} });
});

test("a module from elsewhere extends the configuration", () => {
  const greeting: GuestModule = {
    options: {
      "tests.greeting": {
        text: mkOption({ type: types.str, default: "hello" }),
        to: mkOption({ type: types.nullOr(types.str), default: null }),
      },
    },
  };
  defineModule({ imports: [greeting], "tests.greeting": { text: "good morning" } });
  defineModule(({ config }) => ({
    environment: { etc: { a: { text: () => config["tests.greeting"].text } } },
  }));
  // @ts-expect-error a wrong type
  defineModule({ "tests.greeting": { text: 1 } });
  // @ts-expect-error it may be null
  defineModule(({ config }) => ({ networking: { domain: () => config["tests.greeting"].to.slice(1) } }));
});
