// The smallest guest with systemd that a person can log into, on the host's store.
import { debian, defineProject } from "microvm";

export default defineProject({
  hosts: {
    default: ({ storeDir }) => ({
      microvm: {
        vms: {
          minimal: {
            pkgs: debian({ suite: "trixie", architecture: "amd64" }),
            config: {
              microvm: {
                shares: [
                  { source: storeDir, mountPoint: "/microvm/.ro-store", tag: "ro-store", proto: "virtiofs" },
                ],
                mem: 512,
                vcpu: 2,
                interfaces: [{ type: "user", id: "net0" }],
              },
              networking: { domain: "example.org" },
              environment: { packages: ["iproute2", "kmod"] },
              services: { openssh: { enable: true } },
            },
          },
        },
      },
    }),
  },
});
