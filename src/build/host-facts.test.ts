import assert from "node:assert/strict";
import { test } from "node:test";
import { hostArchitecture } from "../packages/host-tools.ts";
import { hostPackageSet } from "./host-facts.ts";

const DEBIAN = `PRETTY_NAME="Debian GNU/Linux 13 (trixie)"
NAME="Debian GNU/Linux"
VERSION_ID="13"
VERSION_CODENAME=trixie
ID=debian
`;

test("a Debian host's own suite is the default package set", () => {
  const set = hostPackageSet(DEBIAN);
  assert.deepEqual(
    [set.type, set.suite, set.architecture, set.mirror],
    ["debian", "trixie", hostArchitecture(), null],
  );
  assert.deepEqual(
    hostPackageSet(DEBIAN.replaceAll("=trixie", '="trixie"').replace("=debian", '="debian"')),
    set,
  );
});

test("every other host must be told where packages come from", () => {
  const others = [
    DEBIAN.replace("ID=debian", "ID=ubuntu\nID_LIKE=debian"),
    DEBIAN.replace("VERSION_CODENAME=trixie\n", ""),
    'NAME="Fedora Linux"\nID=fedora\n',
    "",
  ];
  for (const text of others) {
    assert.throws(() => hostPackageSet(text), {
      code: "unsupported",
      message: "The VM names no package set, and this host's system is no Debian release",
      hint: 'Give the VM one: pkgs: debian({ suite: "trixie", architecture: "amd64", mirror: "https://MIRROR/debian" })',
    });
  }
});
