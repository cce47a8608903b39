// One service in a VM of its own, with as little around it as possible: `microvm run examples/hardened-service`, then
// `curl http://127.0.0.1:8081/`. It counts its visits on a volume.
import { debian, defineProject } from "microvm";

export default defineProject({
  microvms: {
    "hardened-service": {
      pkgs: debian({ suite: "trixie", architecture: "amd64" }),
      config: {
        imports: ["./modules/counter.ts"],
        microvm: {
          mem: 256,
          vcpu: 2,
          // One interface, and one port of this machine that leads to it. The system itself is read-only, which is
          // the default.
          interfaces: [{ type: "user", id: "net0" }],
          forwardPorts: [{ host: { address: "127.0.0.1", port: 8081 }, guest: { port: 8000 } }],
          // Where systemd keeps the state of services whose user is made for them.
          volumes: [{ image: "state.img", size: 64, mountPoint: "/var/lib/private" }],
        },
        // Nothing else gets in: pings are not answered either.
        networking: { firewall: { allowPing: false } },
        // No program runs with more rights than who starts it.
        security: { setuidFiles: [] },
        // Nobody can log in. The guest agent stays, which only this machine reaches.
        systemd: { maskedUnits: ["getty.target", "serial-getty@.service"] },
        users: { users: { root: { hashedPassword: "!" } } },
      },
    },
  },
});
