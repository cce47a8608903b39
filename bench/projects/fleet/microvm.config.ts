// Many VMs of the same packages; the benchmark changes their number.
import { debian, defineProject } from "microvm";

const COUNT = 1;

export default defineProject({
  hosts: {
    default: ({ storeDir }) => ({
      microvm: {
        vms: Object.fromEntries(
          Array.from({ length: COUNT }, (_, index) => [
            `vm-${index}`,
            {
              pkgs: debian({ suite: "trixie", architecture: "amd64" }),
              config: {
                microvm: {
                  shares: [
                    {
                      source: storeDir,
                      mountPoint: "/microvm/.ro-store",
                      tag: "ro-store",
                      proto: "virtiofs" as const,
                    },
                  ],
                  mem: 256 + index,
                },
                environment: { etc: { motd: { text: `VM ${index}\n` } } },
                services: { openssh: { enable: true } },
              },
            },
          ]),
        ),
      },
    }),
  },
});
