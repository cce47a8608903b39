// nginx with one page. `config` holds the merged result of all modules.
import { defineModule } from "microvm";

export default defineModule(({ config }) => ({
  environment: {
    packages: ["jq"],
    files: {
      "/srv/www/index.html": { text: () => `<h1>Hello from ${config.networking.hostName}</h1>\n` },
    },
  },
  // The firewall lets nothing in but what is allowed.
  networking: { firewall: { allowedTCPPorts: [80] } },
  services: {
    nginx: {
      enable: true,
      virtualHosts: { localhost: { root: "/srv/www", default: true } },
    },
  },
}));
