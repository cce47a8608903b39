/** Language, shells, programs, modules, memory and units as options say, asserted from inside the guest. */
import { join } from "node:path";
import { test } from "node:test";
import { writeFileSync } from "../src/os/files.ts";
import { assertChecks, type Checks } from "./guest-checks.ts";
import { guestProject } from "./support.ts";

const UNITS = `
  systemd: {
    globalEnvironment: { EVERYWHERE: "yes", DROPPED: "no" },
    services: {
      worker: {
        description: "Works",
        wantedBy: ["multi-user.target"],
        environment: { WHOM: "the 100% \\"world\\"", DROPPED: null },
        path: ["/opt/tool/bin"],
        serviceConfig: { Type: "oneshot", RemainAfterExit: true, RuntimeDirectory: "worker" },
        preStart: "echo before >/run/worker/log\\n",
        script: 'echo "main $1 $WHOM \${EVERYWHERE-} \${DROPPED-none} $(of-our-own)" >>/run/worker/log\\n',
        scriptArgs: "%p",
        postStart: "echo after >>/run/worker/log\\n",
        startAt: "daily",
      },
      failing: {
        wantedBy: ["multi-user.target"],
        onFailure: ["rescuer.service"],
        serviceConfig: { Type: "oneshot" },
        script: "false\\necho unreachable >/run/unreachable\\n",
      },
      rescuer: { serviceConfig: { Type: "oneshot" }, script: "touch /run/rescued\\n" },
      "qemu-guest-agent": { environment: { FROM_DROP_IN: "yes" } },
      "systemd-tmpfiles-clean": { enable: false },
      "work@": { serviceConfig: { Type: "oneshot" }, script: 'echo "$SIZE $1" >/run/work-$1\\n', scriptArgs: "%i" },
      "work@a": { wantedBy: ["multi-user.target"], environment: { SIZE: "big" } },
      "echo@": { serviceConfig: { ExecStart: "/usr/bin/cat", StandardInput: "socket", StandardOutput: "socket" } },
      inbox: { serviceConfig: { Type: "oneshot" }, script: "touch /run/inbox-done\\n" },
    },
    sockets: { echo: { wantedBy: ["sockets.target"], listenStreams: ["127.0.0.1:7000"], socketConfig: { Accept: true } } },
    paths: { inbox: { wantedBy: ["multi-user.target"], pathConfig: { PathExists: "/run/go", Unit: "inbox.service" } } },
    mounts: [{ what: "tmpfs", where: "/mnt/scratch-1", type: "tmpfs", options: "size=1M", wantedBy: ["local-fs.target"] }],
    targets: { mine: { wantedBy: ["multi-user.target"], aliases: ["ours.target"] } },
    units: { "raw.service": { text: "[Service]\\nType=oneshot\\nExecStart=/usr/bin/touch /run/raw\\n", requiredBy: ["mine.target"] } },
  },
  environment: {
    files: { "/opt/tool/bin/of-our-own": { text: "#!/bin/sh\\necho tool\\n", mode: "0755" } },
  },
`;

const directory = guestProject(`
  imports: ["./units.ts"],
  microvm: {
    vcpu: 2,
    mem: 512,
    hotplugMem: 256,
    hotpluggedMem: 128,
    balloon: true,
    machineId: "6d1c4e0f-7d52-4c2f-9d4e-5c8f0a9b1c2d",
  },
  i18n: { defaultLocale: "de_DE.UTF-8", extraLocaleSettings: { LC_TIME: "en_DK.UTF-8" } },
  documentation: { man: { enable: true } },
  boot: {
    kernelModules: ["dummy"],
    blacklistedKernelModules: ["virtio_balloon"],
    extraModprobeConfig: "options dummy numdummies=3\\n",
    kernel: { sysctl: { "vm.swappiness": 7 } },
  },
  environment: {
    variables: { FROM_OPTIONS: "yes" },
    shellAliases: { greet: "echo hello from an alias" },
    loginShellInit: "export FROM_LOGIN=yes",
    interactiveShellInit: "export FROM_INTERACTIVE=yes",
  },
  programs: {
    git: { enable: true, config: { init: { defaultBranch: "trunk" } } },
    less: { enable: true, envVariables: { LESS: "-R" } },
    vim: { enable: true, defaultEditor: true },
    tmux: { enable: true, keyMode: "vi" },
    nano: { enable: true, nanorc: "set tabsize 4\\n" },
  },
`);

writeFileSync(join(directory, "units.ts"), `export default { ${UNITS} };\n`);

/** What units of every kind have done. */
const UNIT_CHECKS: Checks = {
  worker: ["cat /run/worker/log", /^before\nmain worker the 100% "world" yes none tool\nafter$/],
  onFailure: ["ls /run/rescued /run/unreachable 2>/dev/null", /^\/run\/rescued$/],
  instance: ["cat /run/work-a", /^big a$/],
  dropIn: [
    "systemctl show --value -p Environment qemu-guest-agent.service; systemctl show --value -p DropInPaths qemu-guest-agent.service",
    /^FROM_DROP_IN=yes\n\/etc\/systemd\/system\/qemu-guest-agent\.service\.d\/microvm\.conf \/etc\/systemd\/system\/qemu-guest-agent\.service\.d\/overrides\.conf$/,
  ],
  masked: ["systemctl is-enabled systemd-tmpfiles-clean.service", /^masked$/],
  timer: ["systemctl list-timers --no-legend worker.timer", /worker\.timer *worker\.service/],
  socket: [
    "bash -c 'exec 3<>/dev/tcp/127.0.0.1/7000; echo hello >&3; read -r answer <&3; echo \"$answer\"'",
    /^hello$/,
  ],
  path: [
    "[ ! -e /run/inbox-done ]; echo $?; touch /run/go; for i in $(seq 50); do [ -e /run/inbox-done ] && break; sleep 0.2; done; ls /run/inbox-done",
    /^0\n\/run\/inbox-done$/,
  ],
  mount: ["grep ' /mnt/scratch-1 ' /proc/mounts", /^tmpfs \/mnt\/scratch-1 tmpfs rw,relatime,size=1024k/],
  target: [
    "systemctl is-active ours.target; ls /run/raw; systemctl get-default",
    /^active\n\/run\/raw\nmulti-user\.target$/,
  ],
  origin: ["head -2 /etc/systemd/system/worker.service", /^# From units\.ts$/],
};

const CHECKS: Checks = {
  state: [
    "systemctl is-system-running --wait; systemctl --failed --no-legend --plain",
    /^degraded\nfailing\.service .*$/,
  ],
  quietAgent: ["journalctl --quiet --output=cat --unit=qemu-guest-agent --grep=guest-exec | wc -l", /^0$/],
  // systemd itself looks elsewhere for libbpf; what it starts does not.
  withoutBpf: [
    'tr "\\0" "\\n" </proc/1/environ | grep ^LD_; env | grep ^LD_; ip -V | grep -o libbpf; journalctl --quiet --output=cat --grep="BPF features disabled"',
    /^LD_LIBRARY_PATH=\/usr\/local\/lib\/microvm\/without-bpf\nlibbpf\n.*libbpf/,
  ],
  locale: [
    ". /etc/default/locale; export LANG LC_TIME; locale; locale charmap; bash -c 'printf %.1f 0,5'; echo",
    /^LANG=de_DE\.UTF-8\n[\s\S]*LC_TIME=en_DK\.UTF-8\n[\s\S]*\nUTF-8\n0,5$/,
  ],
  translation: ["LC_ALL=de_DE.UTF-8 ls /nowhere", /nicht (?:möglich|gefunden)/],
  others: ["ls /usr/share/locale", /^(?:(?:(?:de|en)(?:[_@][\w@]*)?|locale\.alias)(?:\n|$))+$/],
  manager: ["systemctl show-environment", /^LANG=de_DE\.UTF-8$/m],
  documentation: [
    "ls /usr/share/man/man1/ls.1.gz; ls /usr/share/doc/coreutils /usr/share/info",
    /^\/usr\/share\/man\/man1\/ls\.1\.gz\n/,
  ],
  licences: ["ls /usr/share/doc/coreutils", /^copyright$/],
  modules: [
    "ls -d /sys/class/net/dummy*; lsmod | grep -c virtio_balloon",
    /^(\/sys\/class\/net\/dummy\d\n){3}0$/,
  ],
  sysctl: ["cat /proc/sys/vm/swappiness", /^7$/],
  // The kernel starts one alone under emulation, the initrd the others.
  processors: ["nproc; cat /sys/devices/system/cpu/online", /^2\n0-1$/],
  // Longer turns only where the processors are emulated; the kernel's own are below 3 ms.
  turns: [
    `mkdir /tmp/debugfs && mount -t debugfs debugfs /tmp/debugfs && cat /tmp/debugfs/sched/base_slice_ns
    umount /tmp/debugfs; mount | grep -c debugfs; grep -c slice_ns= /proc/cmdline`,
    /^10000000\n0\n1$|^[12]?\d{6}\n0\n0$/,
  ],
  // Four blocks of 128 MiB at the start, and one that was plugged.
  memory: ["grep -h . /sys/devices/system/memory/memory*/state | sort | uniq -c | tr -s ' '", /^ ?5 online$/],
  balloon: ["grep -l 0x0005 /sys/bus/virtio/devices/*/device | wc -l", /^1$/],
  machineId: [
    "cat /etc/machine-id /sys/class/dmi/id/product_uuid",
    /^6d1c4e0f7d524c2f9d4e5c8f0a9b1c2d\n6d1c4e0f-7d52-4c2f-9d4e-5c8f0a9b1c2d$/,
  ],
  login: ["bash -lc 'echo $FROM_OPTIONS $FROM_LOGIN $LESS $EDITOR'", /^yes yes -R vim$/],
  alias: ["bash -ic 'greet; echo $FROM_INTERACTIVE'", /hello from an alias\nyes$/],
  git: ["git init -q /tmp/repository && git -C /tmp/repository symbolic-ref HEAD", /^refs\/heads\/trunk$/],
  tmux: ["HOME=/root tmux new-session -d && tmux show-options -gv mode-keys; tmux kill-server", /^vi$/],
  nano: ["grep tabsize /etc/nanorc", /^set tabsize 4$/],
};

test("options do in the guest what they say", async () =>
  void (await assertChecks(directory, { ...CHECKS, ...UNIT_CHECKS })));
