/** What generated files call the modules that they come from: layers hold no path of the machine that built them. */
import { basename, isAbsolute, relative } from "node:path";

/** Names files from a project's directory on; one outside it by its last part. The program's own have names already. */
export function moduleNames(projectDirectory: string): (file: string) => string {
  return (file) => {
    if (!isAbsolute(file)) return file;
    const below = relative(projectDirectory, file);
    return below === "" || /^\.\.(?:\/|$)/.test(below) ? basename(file) : below;
  };
}
