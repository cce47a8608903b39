// nginx in front: a page of its own, and the application below /visits.
import { defineModule } from "microvm";

export default defineModule(({ config }) => ({
  networking: { firewall: { allowedTCPPorts: [80] } },
  services: {
    nginx: {
      enable: true,
      recommendedProxySettings: true,
      virtualHosts: {
        guestbook: {
          default: true,
          root: "/srv/www",
          locations: { "= /visits": { proxyPass: "http://unix:/run/visits.sock:/" } },
        },
      },
    },
  },
  environment: {
    files: {
      "/srv/www/index.html": {
        text: () => `<h1>Hello from ${config.networking.hostName}</h1>\n<a href="/visits">Visits</a>\n`,
      },
    },
  },
}));
