/** What a VM's processes on the host are kept from (systemd.exec(5)). */

/** For the hypervisor. `directory` is the VM's, the only place that it may write to unless a drop-in adds others. */
export function confinement(directory: string) {
  return {
    NoNewPrivileges: true,
    CapabilityBoundingSet: "",
    AmbientCapabilities: "",
    ProtectSystem: "strict",
    ReadWritePaths: `-${directory}`,
    ProtectHome: true,
    PrivateTmp: true,
    PrivateMounts: true,
    PrivateIPC: true,
    ProtectKernelTunables: true,
    ProtectKernelModules: true,
    ProtectKernelLogs: true,
    ProtectControlGroups: true,
    ProtectClock: true,
    ProtectHostname: true,
    ProtectProc: "invisible",
    RestrictNamespaces: true,
    RestrictRealtime: true,
    RestrictSUIDSGID: true,
    // Not AF_PACKET: taps are made before.
    RestrictAddressFamilies: "AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_VSOCK",
    LockPersonality: true,
    RemoveIPC: true,
    KeyringMode: "private",
    UMask: "0007",
    SystemCallArchitectures: "native",
    SystemCallFilter: ["@system-service", "~@privileged"],
    SystemCallErrorNumber: "EPERM",
    DevicePolicy: "closed",
    DeviceAllow: [
      "/dev/kvm rw",
      "/dev/net/tun rw",
      "/dev/vhost-net rw",
      "/dev/vhost-vsock rw",
      "/dev/vfio/vfio rw",
      "char-vfio rw",
      "char-macvtap rw",
      "char-usb_device rw",
    ],
  };
}

/** For virtiofsd, which is root: it makes files as any user of the guest, below whatever is shared. */
export const virtiofsdConfinement = {
  NoNewPrivileges: true,
  CapabilityBoundingSet:
    "CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_MKNOD CAP_SETFCAP CAP_SETGID CAP_SETUID CAP_SETPCAP CAP_SYS_ADMIN CAP_SYS_CHROOT CAP_SYS_RESOURCE",
  PrivateNetwork: true,
  PrivateIPC: true,
  ProtectKernelModules: true,
  ProtectKernelLogs: true,
  ProtectClock: true,
  ProtectHostname: true,
  RestrictRealtime: true,
  RestrictAddressFamilies: "AF_UNIX",
  LockPersonality: true,
  MemoryDenyWriteExecute: true,
  KeyringMode: "private",
  SystemCallArchitectures: "native",
  DevicePolicy: "closed",
} as const;
