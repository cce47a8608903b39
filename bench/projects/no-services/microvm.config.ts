// The smallest guest with systemd: no services of its own, no network; on the host's store.
import { debian, defineProject } from "microvm";

export default defineProject({
  hosts: {
    default: ({ storeDir }) => ({
      microvm: {
        vms: {
          "no-services": {
            pkgs: debian({ suite: "trixie", architecture: "amd64" }),
            config: {
              microvm: {
                shares: [
                  { source: storeDir, mountPoint: "/microvm/.ro-store", tag: "ro-store", proto: "virtiofs" },
                ],
                mem: 512,
                vcpu: 2,
              },
            },
          },
        },
      },
    }),
  },
});
