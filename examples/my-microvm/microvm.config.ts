// The host's VMs, declared in one typed file. `microvm run examples/my-microvm` boots "my-microvm".
import { debian, defineProject } from "microvm";

export default defineProject({
  hosts: {
    default: ({ storeDir, self }) => ({
      microvm: {
        vms: {
          "my-microvm": {
            // Package set of the guest. It also determines the guest's architecture.
            pkgs: debian({ suite: "trixie", architecture: "amd64" }),

            // Extra arguments for the guest's modules.
            specialArgs: { domain: "example.org" },

            // Several definitions of the same option merge as its type says: the web server brings its own
            // packages to `environment.packages`, the ones below come on top.
            config: ({ domain }) => ({
              imports: ["./modules/web-server.ts"],
              microvm: {
                // The host's store, so that no disk is built.
                shares: [
                  { source: storeDir, mountPoint: "/microvm/.ro-store", tag: "ro-store", proto: "virtiofs" },
                ],
                // The guest may change everything, packages included; changes last until it stops.
                writableStoreOverlay: true,
                mem: 512,
                vcpu: 2,
                interfaces: [{ type: "user", id: "net0" }],
                forwardPorts: [{ host: { port: 8080 }, guest: { port: 80 } }],
              },
              networking: { domain },
              environment: { packages: ["curl"] },
              services: {
                getty: { autologinUser: "root" },
                openssh: { enable: true },
              },
            }),
          },

          // Deployed once, then updated with `microvm -u critical`.
          critical: { flake: self, updateFlake: "git+file:///etc/microvm" },
        },
      },
    }),
  },

  // Definitions that can be built, run or deployed by name: `microvm run examples/my-microvm#critical`
  microvms: {
    critical: {
      pkgs: debian({ suite: "trixie", architecture: "amd64" }),
      config: { services: { nginx: { enable: true } } },
    },
  },
});
