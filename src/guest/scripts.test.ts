import assert from "node:assert/strict";
import { test } from "node:test";
import { RECEIVE_SCRIPT, SEND_SCRIPT } from "../control/copy.ts";
import { EXEC_SCRIPT, LEAVE_SCRIPT, RESIZE_SCRIPT, SIGNAL_SCRIPT } from "../control/exec-script.ts";
import { lint, missing, syntaxFaults } from "../os/testing/programs.ts";
import { TELL_STAGE_SCRIPT } from "../plan/guest-files/stages.ts";
import {
  IMAGE_AGENT_SCRIPT,
  IMAGE_APPLETS,
  IMAGE_DHCP_SCRIPT,
  IMAGE_INIT_SCRIPT,
  IMAGE_SHUTDOWN_SCRIPT,
} from "./image-init-script.ts";
import { INIT_APPLETS, INIT_SCRIPT } from "./init-script.ts";
import { CONFIGURE_SCRIPT, SANDBOX_SCRIPT } from "./sandbox-script.ts";

for (const [name, script] of Object.entries({
  INIT_SCRIPT,
  SANDBOX_SCRIPT,
  CONFIGURE_SCRIPT,
  IMAGE_INIT_SCRIPT,
  IMAGE_AGENT_SCRIPT,
  IMAGE_DHCP_SCRIPT,
  IMAGE_SHUTDOWN_SCRIPT,
  EXEC_SCRIPT,
  LEAVE_SCRIPT,
  RESIZE_SCRIPT,
  SIGNAL_SCRIPT,
  RECEIVE_SCRIPT,
  SEND_SCRIPT,
  TELL_STAGE_SCRIPT,
})) {
  test(`${name} is POSIX shell`, () => assert.equal(syntaxFaults(script), ""));
  test(`${name} passes shellcheck`, { skip: missing("shellcheck") }, () => assert.equal(lint(script), ""));
}

test("the initrd has every program that its script calls", () => {
  const called = [
    ...["cat", "chmod", "chown", "cp", "insmod", "mkdir", "mount", "poweroff", "sleep", "stat"],
    "switch_root",
  ];
  for (const program of called) {
    assert.match(INIT_SCRIPT, new RegExp(`(^|[ (])${program} `, "m"));
    assert.ok((INIT_APPLETS as readonly string[]).includes(program), program);
  }
});

test("a guest of an image has every program that its scripts call", () => {
  const ours = [IMAGE_INIT_SCRIPT, IMAGE_DHCP_SCRIPT, IMAGE_SHUTDOWN_SCRIPT];
  const scripts = [...ours, EXEC_SCRIPT, RESIZE_SCRIPT, RECEIVE_SCRIPT, SEND_SCRIPT].join("\n");
  for (const program of IMAGE_APPLETS.filter((name) => !["env", "sh"].includes(name))) {
    assert.match(scripts, new RegExp(`(^|[ (])${program}( |$)`, "m"), program);
  }
});
