import assert from "node:assert/strict";
import { test } from "node:test";
import { selectHost } from "./select-host.ts";

test("a host is chosen by its name, else by the machine's, else it is the default", () => {
  const names = ["default", "alpha", "beta"];
  assert.equal(selectHost({ wanted: "beta", hostName: "alpha" }, names), "beta");
  assert.equal(selectHost({ hostName: "alpha" }, names), "alpha");
  assert.equal(selectHost({ hostName: "gamma" }, names), "default");
});

test("a host that is not there is named with those that are", () => {
  const names = ["alpha", "beta"];
  assert.throws(() => selectHost({ wanted: "alhpa", hostName: "x" }, names), {
    code: "host-not-found",
    message: 'The project declares no host "alhpa"; did you mean "alpha"',
    hint: 'Choose one with #NAME: "alpha", "beta"',
  });
  assert.throws(() => selectHost({ hostName: "x" }, names), {
    message: 'The project declares no host with this machine\'s name, "x", and none named "default"',
    hint: 'Choose one with #NAME: "alpha", "beta"',
  });
  assert.throws(() => selectHost({ hostName: "x" }, []), { message: "The project declares no host" });
});
