import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { lint, missing } from "../os/testing/programs.ts";
import { ON_PATH, volume } from "./testing/volume.ts";
import { PRINT_ARGUMENTS, workplace } from "./testing/workplace.ts";
import { type RunnerVolume, volumesLines } from "./volumes.ts";

const MIB = 1024 * 1024;

const scriptOf = (...volumes: RunnerVolume[]) =>
  `#!/bin/sh\nset -eu\n${volumesLines(volumes, ON_PATH)}echo started\n`;

/** A VM's directory, and a function that starts it with a volume. */
function started(t: TestContext) {
  const place = workplace(t);
  const start = (...volumes: RunnerVolume[]) => place.run(place.script("microvm-run", scriptOf(...volumes)));
  return { place, start };
}

const IMAGE = "-new dir/it's, data.img";

test("the commands for volumes of all kinds pass shellcheck", { skip: missing("shellcheck") }, () => {
  const kinds = (["raw", "qcow2", "vhd", "vhdx"] as const).flatMap((imageType) => [
    volume(`${IMAGE}-${imageType}`, { imageType, label: "data", fsType: "xfs" }),
    volume(`${IMAGE}-${imageType}-fixed`, { imageType, canGrow: false, fsType: "vfat" }),
    volume(`${IMAGE}-${imageType}-ro`, { imageType, readOnly: true, autoCreate: false }),
  ]);
  assert.equal(lint(scriptOf(...kinds, volume("as it is", { size: null, autoCreate: false }))), "");
});

test("a volume is created once, whole or not at all", (t) => {
  const { place, start } = started(t);
  place.program("mke2fs", `${PRINT_ARGUMENTS} >>calls\n[ ! -e full ]`);
  const wanted = volume(IMAGE, { size: 3, label: "data", mkfsExtraArgs: ["-O", "^has journal"] });
  writeFileSync(join(place.vm, "full"), "");
  assert.equal(start(wanted).status, 1);
  assert.ok(!existsSync(join(place.vm, IMAGE)));
  assert.equal(place.run(place.program("clean", "rm full calls")).status, 0);
  assert.equal(start(wanted).stdout, "started\n");
  assert.equal(start(wanted).stdout, "started\n");
  assert.equal(statSync(join(place.vm, IMAGE)).size, 3 * MIB);
  const call = ["-q", "-t", "ext4", "-L", "data", "-O", "^has journal", `./${IMAGE}.new`];
  assert.deepEqual(place.read("calls").split("\0").slice(0, -1), call);
  assert.deepEqual(readdirSync(join(place.vm, "-new dir")), ["it's, data.img"]);
});

test("each type of file system is made by its own program", (t) => {
  const { place, start } = started(t);
  const calls = {
    xfs: ["mkfs.xfs", "-q -L"],
    btrfs: ["mkfs.btrfs", "-q -L"],
    vfat: ["mkfs.fat", "-n"],
  } as const;
  for (const [fsType, [program, words]] of Object.entries(calls)) {
    place.program(program, `echo noise; echo "$*" >call`);
    assert.equal(start(volume(fsType, { fsType, label: "data" })).stdout, "started\n");
    assert.equal(place.read("call"), `${words} data ${fsType}.new\n`);
  }
});

test("an image that is larger than declared is an error, and left alone", (t) => {
  const { place, start } = started(t);
  writeFileSync(join(place.vm, "it's.img"), Buffer.alloc(2 * MIB + 1));
  const { status, stdout, stderr } = start(volume("it's.img"));
  assert.deepEqual([status, stdout], [1, ""]);
  assert.equal(
    stderr,
    'microvm-run: the volume "it\'s.img" has 3 MiB, more than the 1 MiB of "microvm.volumes.0.size", and volumes do not shrink: set the option to the larger size, or copy the files to a new volume\n',
  );
  assert.equal(statSync(join(place.vm, "it's.img")).size, 2 * MIB + 1);
});

test("an image that is smaller than declared is grown without holes filled, and keeps what it has", (t) => {
  const { place, start } = started(t);
  writeFileSync(join(place.vm, "a.img"), "content");
  assert.equal(start(volume("a.img", { size: 64 })).stdout, "started\n");
  const { size, blocks } = statSync(join(place.vm, "a.img"));
  assert.equal(size, 64 * MIB);
  assert.ok(blocks * 512 < MIB);
  assert.match(place.read("a.img"), /^content\0/);
});

test("an image whose file system cannot grow with it is an error", (t) => {
  const { place, start } = started(t);
  writeFileSync(join(place.vm, "a.img"), Buffer.alloc(MIB));
  const fault = (fields: Partial<RunnerVolume>) => start(volume("a.img", { size: 2, ...fields })).stderr;
  const small =
    'microvm-run: the volume "a.img" has 1 MiB, less than the 2 MiB of "microvm.volumes.0.size", and';
  assert.equal(
    fault({ canGrow: false, fsType: "vfat" }),
    `${small} its file system cannot be grown by the guest: copy the files to a new volume\n`,
  );
  assert.equal(fault({ readOnly: true }), `${small} is read-only: set the option to the smaller size\n`);
  assert.equal(statSync(join(place.vm, "a.img")).size, MIB);
});

test("a volume that is not to be created must be there, and may be of any size", (t) => {
  const { place, start } = started(t);
  const fields = { autoCreate: false, size: null };
  const { status, stderr } = start(volume("a.img", fields));
  assert.equal(status, 1);
  assert.equal(
    stderr,
    'microvm-run: the volume "a.img" is missing, and "microvm.volumes.0.autoCreate" is false: put it into the VM\'s directory\n',
  );
  writeFileSync(join(place.vm, "a.img"), "x");
  assert.equal(start(volume("a.img", fields)).stdout, "started\n");
  assert.equal(place.read("a.img"), "x");
});

const CREATE = {
  qcow2: "convert -q -f raw -O qcow2 a.img.raw a.img.new",
  vhd: "convert -q -f raw -O vpc -o force_size=on a.img.raw a.img.new",
  vhdx: "convert -q -f raw -O vhdx a.img.raw a.img.new",
};
const GROW = {
  qcow2: "resize -q -f qcow2 a.img 2M",
  vhd: "create -q -f vpc -o force_size=on a.img.new 2M\nconvert -q -n --target-is-zero -f vpc -O vpc a.img a.img.new",
  vhdx: "create -q -f vhdx a.img.new 2M\nconvert -q -n --target-is-zero -f vhdx -O vhdx a.img a.img.new",
};

for (const imageType of ["qcow2", "vhd", "vhdx"] as const) {
  test(`an image of the format ${imageType} is made and grown by qemu-img, which tells its size`, (t) => {
    const { place, start } = started(t);
    place.program("mke2fs", ":");
    place.program(
      "qemu-img",
      `case $1 in info) echo "virtual size: 1 MiB ($((1024 * 1024)) bytes)" ;; *) echo "$*" >>calls; : >a.img.new ;; esac`,
    );
    assert.equal(start(volume("a.img", { imageType })).stdout, "started\n");
    assert.equal(place.read("calls"), `${CREATE[imageType]}\n`);
    assert.equal(start(volume("a.img", { imageType })).stdout, "started\n");
    assert.equal(start(volume("a.img", { imageType, size: 2 })).stdout, "started\n");
    assert.equal(place.read("calls"), `${CREATE[imageType]}\n${GROW[imageType]}\n`);
    assert.deepEqual(
      readdirSync(place.vm).filter((name) => !/^(calls|a\.img|a\.img\.new)$/.test(name)),
      [],
    );
  });
}
