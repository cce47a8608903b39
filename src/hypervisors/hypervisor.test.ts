/** What every hypervisor of the program does; a skip says what it cannot do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CAPABILITIES, HYPERVISORS } from "./capabilities.ts";
import type { Hypervisor } from "./hypervisor.ts";
import type { MachineSpec, Word } from "./machine.ts";
import { qemu } from "./qemu.ts";
import { layerDisk, machine, share } from "./testing/machine.ts";

const ALL: readonly Hypervisor[] = [qemu];

/** Words as a person reads them: `STORE` for the store, `$name` for the runner's variables. */
function shown(words: readonly Word[]): string[] {
  return words.map((word) =>
    typeof word === "string"
      ? word
      : word
          .map((part) =>
            typeof part === "string" ? part : "store" in part ? `STORE/${part.store}` : `$${part.variable}`,
          )
          .join(""),
  );
}

const args = (hypervisor: Hypervisor, fields: Partial<MachineSpec> = {}) =>
  shown([...hypervisor.consoleArgs(machine(fields)), ...hypervisor.args(machine(fields))]);

const user = { id: "net0", type: "user", mac: "02:00:00:00:00:01" } as const;

test("every hypervisor that can be started is in this suite", () => {
  assert.deepEqual(
    ALL.map((hypervisor) => hypervisor.name),
    Object.keys(CAPABILITIES),
  );
});

for (const hypervisor of ALL) {
  const { name, capabilities } = hypervisor;

  test(`${name}: its capabilities are those that guests are checked against`, () => {
    assert.ok((HYPERVISORS as readonly string[]).includes(name));
    assert.equal(capabilities, CAPABILITIES[name as keyof typeof CAPABILITIES]);
    assert.deepEqual(structuredClone(capabilities), capabilities);
  });

  test(`${name}: it starts the kernel and the initrd of the store, with the kernel's words`, () => {
    const text = args(hypervisor).join("\n");
    for (const part of ["STORE/k1-vmlinux", "STORE/i1-initrd", "console=ttyS0 quiet"]) {
      assert.ok(text.includes(part), part);
    }
  });

  test(`${name}: every architecture that it can has a program`, () => {
    for (const architecture of capabilities.architectures) {
      assert.match(hypervisor.program(machine({ architecture })), /^[a-z0-9_-]+$/);
    }
  });

  test(`${name}: the guest finds each disk by its serial number`, () => {
    const volume = { serial: "vol-1", image: { file: "data.img" }, readOnly: false };
    const text = args(hypervisor, { disks: [layerDisk(), layerDisk(volume)] }).join("\n");
    for (const part of ["STORE/l1-layer.erofs", "data.img", "serial=layer", "serial=vol-1"]) {
      assert.ok(text.includes(part), part);
    }
  });

  for (const proto of ["virtiofs", "9p"] as const) {
    const skip = capabilities.shares.includes(proto) ? false : `${name} has no ${proto}`;
    test(`${name}: a ${proto} share is in the command by its tag`, { skip }, () => {
      const text = args(hypervisor, { shares: [share({ proto, tag: "my-tag" })] }).join("\n");
      assert.ok(text.includes("my-tag"));
      assert.ok(text.includes(proto === "9p" ? "/srv/data" : "web-virtiofs-data.sock"));
    });
  }

  test(`${name}: values are data: the same machine gives the same words, and none is empty`, () => {
    const fields = { disks: [layerDisk()], shares: [share()], interfaces: [user] };
    assert.deepEqual(args(hypervisor, fields), args(hypervisor, structuredClone(fields)));
    assert.ok(args(hypervisor, fields).every((word) => word !== ""));
  });

  test(`${name}: without sockets only readiness is listened for, and nobody can be asked to shut down`, () => {
    const silent = { controlSocket: null, agentSocket: null, consoleSocket: null };
    assert.deepEqual(
      args(hypervisor, silent)
        .join("\n")
        .match(/[\w.]+\.sock/g),
      ["web.ready.sock"],
    );
    assert.equal(hypervisor.controlLines(machine(silent)), undefined);
    assert.ok(hypervisor.controlLines(machine())!.powerButton.length > 0);
  });

  test(`${name}: it runs with and without hardware virtualisation`, () => {
    const { kvm, tcg } = hypervisor.accelerators(machine());
    assert.notEqual(kvm.accelerator, tcg.accelerator);
    const chosen = hypervisor.accelerators(machine({ cpu: "Skylake" }));
    assert.deepEqual([chosen.kvm.cpu, chosen.tcg.cpu], ["Skylake", "Skylake"]);
  });
}

test("qemu: a comma in a path or an address begins no option", () => {
  const words = args(qemu, {
    controlSocket: "a,b.sock",
    agentSocket: "c,d.sock",
    disks: [layerDisk({ image: { file: "e,f.img" } })],
    shares: [share({ socket: "g,h.sock" }), share({ proto: "9p", source: "/i,j" })],
    interfaces: [user],
    forwardPorts: [
      {
        from: "host",
        proto: "tcp",
        host: { address: "127.0.0.1,smb=/", port: 1 },
        guest: { address: "", port: 2 },
      },
    ],
    qemu: { machine: null, machineOpts: { dumpdtb: "x,y" }, extraArgs: [], pcieRootPorts: [] },
  });
  const text = words.join("\n");
  for (const doubled of ["a,,b.sock", "c,,d.sock", "e,,f.img", "g,,h.sock", "/i,,j", "1,,smb=", "x,,y"]) {
    assert.ok(text.includes(doubled), doubled);
  }
});

test("qemu: a processor that somebody chose is not taken for a source of random numbers", () => {
  const loads = (cpu: string | null) =>
    !qemu.accelerators(machine({ cpu })).tcg.params.includes("modprobe.blacklist=virtio_rng");
  assert.deepEqual([loads(null), loads("qemu64")], [false, true]);
});

test("qemu: emulated processors start after devices are found, where the initrd starts them", () => {
  const initrdCan = { startCpus: true, dropSignatures: false, setSlice: false };
  const isLate = (fields: Partial<MachineSpec>) =>
    qemu.accelerators(machine({ initrdCan, ...fields })).tcg.params.includes("maxcpus=1");
  const cannot = { initrdCan: { startCpus: false, dropSignatures: true, setSlice: true } };
  assert.deepEqual([{}, { vcpu: 1 }, cannot, { architecture: "arm64" as const }].map(isLate), [
    true,
    false,
    false,
    false,
  ]);
  assert.deepEqual(qemu.accelerators(machine({ initrdCan })).kvm.params, []);
});

test("qemu: the arguments of a machine", () => {
  const words = args(qemu, {
    disks: [layerDisk(), layerDisk({ image: { file: "d.img" }, serial: "v", readOnly: false, direct: true })],
    shares: [share(), share({ tag: "ro", proto: "9p", source: "store", readOnly: true })],
    interfaces: [user],
    forwardPorts: [
      {
        from: "host",
        proto: "tcp",
        host: { address: "127.0.0.1", port: 8080 },
        guest: { address: "", port: 80 },
      },
      {
        from: "guest",
        proto: "tcp",
        host: { address: "127.0.0.1", port: 1 },
        guest: { address: "10.0.2.9", port: 2 },
      },
    ],
    qemu: { machine: null, machineOpts: null, extraArgs: ["-vnc", ":5"], pcieRootPorts: [] },
  });
  const lines = words.join(" ").replaceAll(/ -(?=[a-z])/g, "\n-");
  assert.equal(
    lines,
    `-chardev stdio,id=stdio,signal=off
-chardev socket,id=terminal,path=web.console.sock,server=on,wait=off
-chardev hub,id=console,chardevs.0=stdio,chardevs.1=terminal
-serial chardev:console
-name web,process=microvm@web
-nodefaults
-no-user-config
-no-reboot
-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny
-machine q35,mem-merge=on,usb=off,sata=off,smbus=off,i8042=off,vmport=off,smm=off,hpet=off,memory-backend=mem
-accel $accelerator
-cpu $cpu
-smp 2
-uuid 6d1c4e0f-7d52-4c2f-9d4e-5c8f0a9b1c2d
-display none
-device virtio-rng-pci
-m 512M
-object memory-backend-memfd,id=mem,size=512M,share=on
-kernel STORE/k1-vmlinux
-initrd STORE/i1-initrd
-append console=ttyS0 quiet$accelerator_params
-chardev socket,id=control,path=web.sock,server=on,wait=off
-mon chardev=control,mode=control
-device virtio-serial-pci
-chardev socket,id=agent,path=web.agent.sock,server=on,wait=off
-device virtserialport,chardev=agent,name=org.qemu.guest_agent.0
-chardev socket,id=ready,path=web.ready.sock,server=on,wait=off
-device virtserialport,chardev=ready,name=microvm.ready
-blockdev driver=raw,file.driver=file,file.filename=STORE/l1-layer.erofs,node-name=disk0,read-only=on,auto-read-only=off,discard=unmap,file.cache.direct=off
-device virtio-blk-pci,drive=disk0,serial=layer
-blockdev driver=raw,file.driver=file,file.filename=d.img,node-name=disk1,read-only=off,auto-read-only=off,discard=unmap,file.cache.direct=on
-device virtio-blk-pci,drive=disk1,serial=v
-chardev socket,id=share0,path=web-virtiofs-data.sock
-device vhost-user-fs-pci,chardev=share0,tag=data
-fsdev local,id=share1,path=STORE/,security_model=none,readonly=on
-device virtio-9p-pci,fsdev=share1,mount_tag=ro
-netdev user,id=net0,hostfwd=tcp:127.0.0.1:8080-:80,guestfwd=tcp:10.0.2.9:2-tcp:127.0.0.1:1
-device virtio-net-pci,netdev=net0,mac=02:00:00:00:00:01,romfile=
-vnc :5`,
  );
});

test("memory that comes and goes has devices of its own, and pages as they are asked for", () => {
  const memory = (fields: object) => {
    const words = qemu.args(machine(fields)).map(String);
    return words.slice(words.indexOf("-m"), words.indexOf("-kernel"));
  };
  assert.deepEqual(
    memory({ mem: 64, hotplugMem: 128, hotpluggedMem: 32, balloon: true, deflateOnOOM: false }),
    [
      ...["-m", "64M,maxmem=192M"],
      ...["-object", "memory-backend-ram,id=mem,size=64M"],
      ...["-object", "memory-backend-ram,id=hotplug,size=128M"],
      ...["-device", "virtio-mem-pci,id=hotplug0,memdev=hotplug,requested-size=32M"],
      ...["-device", "virtio-balloon-pci,id=balloon0,deflate-on-oom=off,free-page-reporting=on"],
    ],
  );
  assert.deepEqual(memory({ mem: 64, hugepageMem: true }), [
    ...["-m", "64M"],
    ...["-object", "memory-backend-memfd,id=mem,size=64M,share=on,hugetlb=on"],
  ]);
});

test("qemu: taps with a queue for each virtual CPU, macvtaps by their descriptors, devices and virtual sockets", () => {
  const mac = "02:00:00:00:00:01";
  const macvtap = { link: "eth0", mode: "bridge" };
  const device = (bus: "pci" | "usb", path: string, id: string | null = null) =>
    ({ bus, path, qemu: { id, bus: null, deviceExtraArgs: id && "x-a=on" } }) as const;
  const words = args(qemu, {
    interfaces: [
      { id: "t0", type: "tap", mac, vhost: true },
      { id: "b0", type: "bridge", mac, bridge: "br0" },
      { id: "m0", type: "macvtap", mac, macvtap },
      { id: "m1", type: "macvtap", mac, macvtap },
    ],
    devices: [device("pci", "0000:01:00.0", "gpu"), device("usb", "vendorid=0x046d,productid=0xc52b")],
    vsockCid: 7,
  });
  const lines = words
    .join(" ")
    .replaceAll(/ -(?=[a-z])/g, "\n-")
    .split("\n");
  const device0 = (id: string) => `-device virtio-net-pci,netdev=${id},mac=${mac},romfile=,mq=on,vectors=6`;
  assert.deepEqual(lines.slice(-12), [
    "-netdev tap,id=t0,ifname=t0,script=no,downscript=no,queues=2$vhost",
    device0("t0"),
    "-netdev tap,id=b0,ifname=b0,script=no,downscript=no,queues=2",
    device0("b0"),
    "-netdev tap,id=m0,fds=9:8",
    device0("m0"),
    "-netdev tap,id=m1,fds=7:6",
    device0("m1"),
    "-device qemu-xhci",
    "-device vfio-pci,host=0000:01:00.0,multifunction=on,id=gpu,x-a=on",
    "-device usb-host,vendorid=0x046d,productid=0xc52b",
    "-device vhost-vsock-pci,guest-cid=7",
  ]);
  const single = args(qemu, { vcpu: 1, interfaces: [{ id: "m0", type: "macvtap", mac, macvtap }] });
  assert.deepEqual(single.slice(-4), [
    "-netdev",
    "tap,id=m0,fd=9",
    "-device",
    `virtio-net-pci,netdev=m0,mac=${mac},romfile=`,
  ]);
});

test("qemu: a root port has a chassis of its own unless another is said, and no value begins an option", () => {
  const port = { id: "rp1", bus: null, chassis: null, slot: null, addr: null };
  const ports = [port, { ...port, id: "rp2", bus: "pcie.0,x", chassis: 7, slot: 0, addr: "06.0" }];
  const qemuOptions = { machine: null, machineOpts: null, extraArgs: [], pcieRootPorts: ports };
  const device = { id: null, bus: "rp1", deviceExtraArgs: null };
  const words = args(qemu, {
    qemu: qemuOptions,
    devices: [{ bus: "pci", path: "0000:01:00.0", qemu: device }],
  });
  const first = words.indexOf("pcie-root-port,id=rp1,chassis=1");
  assert.equal(words[first + 2], "pcie-root-port,id=rp2,bus=pcie.0,,x,chassis=7,slot=0,addr=06.0");
  // A device is behind a port that is there.
  assert.ok(first < words.indexOf("vfio-pci,host=0000:01:00.0,multifunction=on,bus=rp1"));
});

test("qemu: a screen is a device, and no window", () => {
  const words = args(qemu, { graphics: "headless" });
  assert.ok(words.includes("virtio-gpu-pci"));
  assert.equal(words[words.indexOf("-display") + 1], "none");
  assert.ok(!args(qemu).includes("virtio-gpu-pci"));
});
