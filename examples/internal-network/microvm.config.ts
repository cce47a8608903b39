// A network of the host's own with two VMs that reach each other by name. "web" answers at the host's port 8080 and
// asks "db", which nobody outside of the network reaches.
import { debian, defineProject } from "microvm";

const pkgs = debian({ suite: "trixie", architecture: "amd64" });

export default defineProject({
  hosts: {
    default: {
      microvm: {
        networks: {
          lan: {
            subnet: "10.77.0.0/24",
            domain: "lan.internal",
            // The first of the network's addresses is the host's; these are left to be chosen by hand.
            hosts: { db: { address: "10.77.0.10" } },
            forwardPorts: [{ host: { port: 8080 }, vm: "web", guest: { port: 80 } }],
            // VMs reach what the host reaches, but for the networks around it.
            egress: {
              rules: [
                { action: "deny", to: "10.0.0.0/8" },
                { action: "deny", to: "192.168.0.0/16" },
              ],
            },
          },
        },
        vms: {
          web: {
            pkgs,
            config: {
              microvm: { interfaces: [{ type: "tap", id: "vm-web", network: "lan" }] },
              services: {
                nginx: {
                  enable: true,
                  virtualHosts: {
                    web: {
                      default: true,
                      // Looked up at each request, so that "web" starts whether "db" is there or not.
                      extraConfig: `
                        resolver 127.0.0.53 ipv6=off;
                        set $database http://db.lan.internal;
                        location / { proxy_pass $database; }
                      `,
                    },
                  },
                },
              },
              networking: { firewall: { allowedTCPPorts: [80] } },
              environment: { packages: ["curl"] },
            },
          },
          db: {
            pkgs,
            config: {
              microvm: { interfaces: [{ type: "tap", id: "vm-db", network: "lan" }] },
              services: {
                nginx: {
                  enable: true,
                  virtualHosts: { db: { default: true, extraConfig: 'return 200 "the database\\n";' } },
                },
              },
              networking: { firewall: { allowedTCPPorts: [80] } },
              environment: { packages: ["curl"] },
            },
          },
        },
      },
    },
  },
});
