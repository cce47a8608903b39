import assert from "node:assert/strict";
import { test } from "node:test";
import { configuredCounter } from "./dpkg-status.ts";

/** As dpkg 1.22 writes it when it configures packages and runs a trigger. */
const STATUS = `processing: configure: base-passwd
status: base-passwd: half-configured
status: base-passwd: installed
processing: configure: libc6:amd64
status: libc6:amd64: unpacked
status: libc6:amd64: half-configured
status: libc6:amd64: installed
processing: configure: systemd
status: systemd: half-configured
status: systemd: triggers-awaited
processing: trigproc: libc-bin
status: libc-bin: half-configured
status: libc-bin: installed
status: systemd: installed
`;

const PACKAGES = ["base-passwd", "libc-bin", "libc6", "nginx", "systemd"];

test("configured packages are counted once each, wherever the pieces are cut", () => {
  for (let cut = 1; cut < 40; cut++) {
    const count = configuredCounter(PACKAGES);
    const counts = Array.from({ length: Math.ceil(STATUS.length / cut) }, (_, index) =>
      count(Buffer.from(STATUS.slice(index * cut, (index + 1) * cut))),
    );
    assert.equal(counts.at(-1), 4);
    assert.deepEqual(counts, counts.toSorted());
  }
  const lines = STATUS.split("\n").slice(0, -1);
  const count = configuredCounter(PACKAGES);
  assert.deepEqual(
    lines.map((line) => count(Buffer.from(`${line}\n`))),
    [0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4],
  );
});

test("what is no package of the layer does not count, and no line is kept without bound", () => {
  const count = configuredCounter(["bash"]);
  assert.equal(count(Buffer.from("status: other: installed\nstatus: bash: unpacked\n\0\xff\n")), 0);
  for (let index = 0; index < 64; index++) count(Buffer.alloc(1 << 20, "x"));
  assert.equal(count(Buffer.from("\nstatus: bash: installed\n")), 1);
  assert.equal(count(Buffer.from("status: bash: installed\n")), 1);
});
