// A service that systemd starts for each connection. It gets the connection and nothing else: no network of its own, no
// devices, no other user's processes, no capability, no file to write to but its state.
import { defineModule } from "microvm";

const PORT = 8000;

export default defineModule({
  networking: { firewall: { allowedTCPPorts: [PORT] } },
  systemd: {
    sockets: {
      counter: {
        wantedBy: ["sockets.target"],
        listenStreams: [String(PORT)],
        // One after the other, so that none counts what another one counts.
        socketConfig: { Accept: true, MaxConnections: 16 },
      },
    },
    services: {
      "counter@": {
        description: "Counts visits",
        script: `
          while IFS= read -r line && [ "$line" != "$(printf '\\r')" ]; do :; done
          exec 9>"$STATE_DIRECTORY/lock"
          flock 9
          visits=0
          [ ! -s "$STATE_DIRECTORY/visits" ] || read -r visits <"$STATE_DIRECTORY/visits"
          visits=$((visits + 1))
          echo "$visits" >"$STATE_DIRECTORY/visits.new"
          mv "$STATE_DIRECTORY/visits.new" "$STATE_DIRECTORY/visits"
          printf 'HTTP/1.0 200 OK\\r\\nContent-Type: text/plain\\r\\nConnection: close\\r\\n\\r\\nvisit %s\\n' "$visits"
        `,
        serviceConfig: {
          StandardInput: "socket",
          StandardOutput: "socket",
          StandardError: "journal",
          TimeoutSec: 30,
          RuntimeMaxSec: 30,
          // A user that exists only while the service runs, and the one directory that it may write to.
          DynamicUser: true,
          StateDirectory: "counter",
          StateDirectoryMode: "0700",
          UMask: "0077",
          MemoryMax: "16M",
          TasksMax: 8,
          NoNewPrivileges: true,
          CapabilityBoundingSet: "",
          LockPersonality: true,
          MemoryDenyWriteExecute: true,
          RestrictNamespaces: true,
          RestrictRealtime: true,
          RestrictSUIDSGID: true,
          RestrictAddressFamilies: "none",
          SystemCallArchitectures: "native",
          SystemCallFilter: ["@system-service", "~@privileged @resources"],
          PrivateDevices: true,
          PrivateNetwork: true,
          PrivateTmp: true,
          PrivateUsers: true,
          IPAddressDeny: "any",
          DevicePolicy: "closed",
          ProcSubset: "pid",
          ProtectProc: "invisible",
          ProtectClock: true,
          ProtectControlGroups: true,
          ProtectHome: true,
          ProtectHostname: true,
          ProtectKernelLogs: true,
          ProtectKernelModules: true,
          ProtectKernelTunables: true,
          ProtectSystem: "strict",
        },
      },
    },
  },
});
