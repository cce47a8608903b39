/** What a runner needs of the host before its hypervisor starts: interfaces and devices, made by its own scripts. */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { existsSync, readTextIfExists } from "../os/files.ts";
import { runToEnd } from "../os/processes.ts";
import { isInUserNamespace } from "../os/user-namespace.ts";
import { runnerNames } from "../paths.ts";

/**
 * Sets up what a runner needs, and returns what removes it again. A user who is not root cannot make interfaces: those
 * that root made for them before are used and left. Errors: `permission-denied`, `guest-failed`.
 */
export async function setUpInterfaces(runner: string): Promise<() => Promise<void>> {
  if (isInUserNamespace()) {
    checkInterfaces(runner);
    return async () => {};
  }
  const tearDown = async () => {
    for (const script of [runnerNames.tapDown, runnerNames.macvtapDown]) await runIfThere(runner, script);
  };
  for (const script of [runnerNames.pciSetup, runnerNames.tapUp, runnerNames.macvtapUp]) {
    const fault = await runIfThere(runner, script);
    if (fault === undefined) continue;
    await tearDown();
    throw new MicrovmError("guest-failed", `The host is not ready for the VM: ${fault}`);
  }
  return tearDown;
}

/** What a script said when it failed; undefined when it is not there or did its work. */
async function runIfThere(runner: string, script: string): Promise<string | undefined> {
  const path = join(runner, script);
  if (!existsSync(path)) return undefined;
  const { code, stderr } = await runToEnd([path]);
  return code === 0 ? undefined : stderr.toString().trim() || `"${path}" ended with ${code}`;
}

function checkInterfaces(runner: string): void {
  const names = [runnerNames.tapInterfaces, runnerNames.macvtapInterfaces]
    .flatMap((file) => (readTextIfExists(join(runner, file)) ?? "").split("\n"))
    .flatMap((line) => line.split(" ")[0] || []);
  const absent = names.filter((name) => !existsSync(join("/sys/class/net", name)));
  if (absent.length === 0) return;
  throw new MicrovmError(
    "permission-denied",
    `The VM needs interfaces of the host that are not there, and only root can make them: "${absent.join('", "')}"`,
    {
      hint: `Run it as root; or let root run "MICROVM_USER=YOU ${join(runner, runnerNames.tapUp)}" before; or give the guest an interface of the type "user"`,
    },
  );
}
