// The application: a socket, and a script for each connection that counts visits in the database.
import { defineModule } from "microvm";

export default defineModule({
  users: { users: { visits: { isSystemUser: true, group: "visits" } }, groups: { visits: {} } },
  systemd: {
    sockets: {
      visits: {
        description: "Where the web server asks for the number of visits",
        wantedBy: ["sockets.target"],
        listenStreams: ["/run/visits.sock"],
        socketConfig: { Accept: true, SocketMode: "0660", SocketGroup: "www-data" },
      },
    },
    services: {
      "visits@": {
        description: "Counts a visit",
        after: ["postgresql.service"],
        requires: ["postgresql.service"],
        serviceConfig: { User: "visits", StandardInput: "socket", StandardError: "journal" },
        script: `
# The request's head ends at an empty line.
while read -r line && [ -n "\${line%?}" ]; do :; done
count=$(psql -qAtX -v ON_ERROR_STOP=1 -f /etc/visits.sql visits)
printf 'HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nConnection: close\\r\\n\\r\\nVisit number %s\\n' "$count"
`,
      },
    },
  },
  environment: {
    etc: {
      "visits.sql": {
        text: `SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS visits (at timestamptz NOT NULL DEFAULT now());
INSERT INTO visits DEFAULT VALUES;
SELECT count(*) FROM visits;
`,
      },
    },
  },
});
