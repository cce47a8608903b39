/** `microvm.shares` and `microvm.virtiofsd`: directories of the host in the guest. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

/** `microvm.shares.*`. */
const share = types.submodule({
  options: {
    tag: mkOption({
      type: types.strMatching(/^[A-Za-z0-9_-]{1,36}$/),
      description: "Name of the share, unique in its guest, at most 36 characters.",
      example: "www",
    }),
    source: mkOption({
      type: types.path,
      description: "Directory of the host. The store is always shared read-only.",
      example: "/srv/www",
    }),
    mountPoint: mkOption({
      type: types.path,
      description: "Where the guest mounts the share.",
      example: "/var/www",
    }),
    proto: mkOption({
      type: types.enum(["9p", "virtiofs"]),
      default: "9p",
      description:
        "How the directory is shared. virtiofs is faster and needs a virtiofsd beside the hypervisor.",
    }),
    socket: mkOption({
      type: types.nullOr(types.strMatching(/^(?!\.{1,2}$)[^/\n]+$/)),
      default: null,
      description:
        "Socket of the virtiofsd, in the VM's directory. Null makes it `NAME-virtiofs-TAG.sock`, from the names of VM and share.",
      example: "www.sock",
    }),
    securityModel: mkOption({
      type: types.enum(["none", "passthrough", "mapped", "mapped-file"]),
      default: "none",
      description: "How 9p keeps owners and modes on the host.",
    }),
    readOnly: mkOption({
      type: types.bool,
      default: false,
      description: "Whether the guest may only read the share.",
    }),
    cache: mkOption({
      type: types.enum(["auto", "always", "never", "metadata"]),
      default: "auto",
      description:
        "How much the guest may keep of a virtiofs share. The store never changes and is always kept.",
    }),
    posixAcl: mkOption({
      type: types.bool,
      default: true,
      description: "Whether access control lists of a virtiofs share's files count. The store has none.",
    }),
    extraArgs: mkOption({
      type: types.listOf(types.str),
      default: [],
      description: "More arguments for the virtiofsd of this share.",
      example: ["--announce-submounts"],
    }),
  },
});

/** Options of the shares. */
export const sharesOptions = {
  microvm: {
    shares: mkOption({
      type: types.listOf(share),
      default: [],
      description:
        "Directories of the host in the guest. With a share of the store no disk is built for the guest's layers.",
      example: [{ tag: "www", source: "/srv/www", mountPoint: "/var/www", proto: "virtiofs" }],
    }),
    virtiofsd: {
      inodeFileHandles: mkOption({
        type: types.enum(["never", "prefer", "mandatory"]),
        default: "prefer",
        description: "Whether virtiofsd refers to files by handle, which spares open file descriptors.",
      }),
      threadPoolSize: mkOption({
        type: types.nullOr(types.ints.unsigned),
        default: null,
        description: "Number of threads of each virtiofsd. Null leaves the choice to virtiofsd.",
        example: 4,
      }),
      group: mkOption({
        type: types.nullOr(types.strMatching(/^[a-z_][a-z0-9_-]*\$?$/)),
        default: null,
        description:
          "Group of the host that may use the sockets of virtiofsd: that of who runs the hypervisor. Null takes the one of `microvm.user`, where that is set. On a host the VM's own group has them, whatever this says.",
        example: "kvm",
      }),
      package: mkOption({
        type: types.nullOr(types.nonEmptyStr),
        default: null,
        description: "Package of `microvm.vmHostPackages` with virtiofsd. Null takes `virtiofsd`.",
        example: "virtiofsd",
      }),
      extraArgs: mkOption({
        type: types.listOf(types.str),
        default: [],
        description: "More arguments for virtiofsd.",
        example: ["--announce-submounts"],
      }),
    },
  },
} as const;

/** Declares them. */
export const shares = withFile("src/options/guest/shares.ts", { options: sharesOptions });
