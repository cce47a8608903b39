/** Projects of many VMs, each with ten definitions, for measuring evaluation. */
import { join } from "node:path";
import { mkdirSync, writeFileSync } from "../src/os/files.ts";
import { PROJECT_FILE } from "../src/paths.ts";

/** One VM's module: ten definitions, among them lists, submodules, a function and what a service adds. */
export function definitionsOf(index: number) {
  return ({ config }: { readonly config: { readonly microvm: { readonly vcpu: number } } }) => ({
    microvm: {
      vcpu: 1 + (index % 4),
      mem: () => config.microvm.vcpu * 512 + 1,
      interfaces: [{ type: "user", id: "net0" }],
      volumes: [{ image: "data.img", size: 1024, mountPoint: "/var/lib/data" }],
      kernelParams: ["quiet"],
    },
    networking: { domain: "example.org" },
    environment: { packages: ["curl", "jq"], etc: { motd: { text: `VM ${index}\n` } } },
    users: { users: { alice: { isNormalUser: true } } },
    services: { nginx: { enable: true } },
  });
}

/** Writes a project of so many VMs into a directory. */
export function writeFleet(directory: string, count: number): void {
  mkdirSync(directory, { recursive: true });
  const text = `${definitionsOf.toString()}
const names = Array.from({ length: ${count} }, (_, index) => [\`vm-\${index}\`, { config: definitionsOf(index) }]);
export default { microvms: Object.fromEntries(names) };
`;
  writeFileSync(join(directory, PROJECT_FILE), text);
}
