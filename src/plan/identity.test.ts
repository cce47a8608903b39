import assert from "node:assert/strict";
import { test } from "node:test";
import { volumeSerial } from "../options/guest/volumes.ts";
import { layerSerial, macAddress, machineUuid } from "./identity.ts";

test("a machine's UUID is the same on every machine and from every build", () => {
  assert.equal(machineUuid("web", null), "7e780d04-9256-4d33-92e6-c7d00d35e6b3");
  assert.match(
    machineUuid("db", null),
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  assert.notEqual(machineUuid("db", null), machineUuid("web", null));
});

test("a hardware address is the same from every build, locally administered and one machine's own", () => {
  assert.equal(macAddress("web", "net0", null), "02:f9:9a:af:1e:83");
  for (const name of ["a", "b", "c", "d"]) {
    const first = Number.parseInt(macAddress(name, "net0", null), 16);
    assert.equal(first & 0b11, 0b10);
  }
  const addresses = ["web", "db"].flatMap((name) => ["net0", "net1"].map((id) => macAddress(name, id, null)));
  assert.equal(new Set(addresses).size, 4);
});

test("what is declared counts", () => {
  const uuid = "6d1c4e0f-7d52-4c2f-9d4e-5c8f0a9b1c2d";
  assert.equal(machineUuid("web", uuid), uuid);
  assert.equal(macAddress("web", "net0", "02:AA:00:00:00:01"), "02:aa:00:00:00:01");
  assert.equal(volumeSerial({ image: "a.img", serial: "mine" }), "mine");
});

test("serial numbers fit virtio-blk", () => {
  assert.equal(volumeSerial({ image: "a rather/long name of a volume.img", serial: null }).length, 20);
  assert.equal(layerSerial("0ha7dd008zkdwmh74932mt3myj6hfjcc-trixie-base"), "0ha7dd008zkdwmh74932");
});
