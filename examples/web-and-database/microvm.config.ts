// A web server with a database, whose data outlive the guest: `microvm run examples/web-and-database`,
// then http://localhost:8080/ on the host.
import { debian, defineProject } from "microvm";

export default defineProject({
  hosts: {
    default: {
      microvm: {
        vms: {
          guestbook: {
            pkgs: debian({ suite: "trixie", architecture: "amd64" }),
            config: {
              imports: ["./modules/database.ts", "./modules/visits.ts", "./modules/web-server.ts"],
              microvm: {
                mem: 512,
                vcpu: 2,
                interfaces: [{ type: "user", id: "net0" }],
                forwardPorts: [{ host: { address: "127.0.0.1", port: 8080 }, guest: { port: 80 } }],
                // Kept in the VM's directory. Everything else in the guest is new at each start.
                volumes: [{ image: "database.img", size: 1024, mountPoint: "/var/lib/postgresql" }],
              },
            },
          },
        },
      },
    },
  },
});
