// PostgreSQL, with a database for the application, which its user may use without a password on the socket.
import { defineModule } from "microvm";

export default defineModule({
  services: {
    postgresql: {
      enable: true,
      ensureDatabases: ["visits"],
      ensureUsers: [{ name: "visits", ensureDBOwnership: true }],
      settings: { shared_buffers: "32MB" },
    },
  },
});
