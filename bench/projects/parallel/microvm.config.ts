// A machine, and a host of many small guests for it. They are started by whoever measures.
import { debian, defineProject } from "microvm";

const COUNT = 20;
const pkgs = debian({ suite: "trixie", architecture: "amd64" });

export default defineProject({
  hosts: {
    default: ({ storeDir }) => ({
      microvm: {
        vms: Object.fromEntries(
          Array.from({ length: COUNT }, (_, index) => [
            `vm${index}`,
            {
              pkgs,
              autostart: false,
              config: {
                microvm: {
                  shares: [
                    {
                      source: storeDir,
                      mountPoint: "/microvm/.ro-store",
                      tag: "ro-store",
                      proto: "virtiofs",
                    },
                  ],
                  mem: 256,
                  vcpu: 1,
                },
              },
            },
          ]),
        ),
      },
    }),
  },
  microvms: {
    machine: { pkgs, config: { environment: { packages: ["dbus", "iproute2", "procps"] } } },
  },
});
