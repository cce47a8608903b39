/**
 * An image's layers applied to one directory, the lowest first: what the OCI image specification calls a changeset.
 * Everything is written by {@link TreeWriter}, which never leaves the directory. It takes for granted that a directory
 * stays one, as in packages; a layer may replace one, so it starts anew then.
 */
import { join } from "node:path";
import { chmodSync, lchownSync, lstatSync, readdirSync, rmSync } from "../../os/files.ts";
import { run } from "../../os/processes.ts";
import type { TarEntry } from "../debian/tar.ts";
import { TreeWriter } from "../debian/tree-writer.ts";

/** Begins the name of an entry that removes what a lower layer has; the whole name: everything in its directory. */
const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

/** The attribute that gives a program rights of root's; capabilities(7). No other one is kept. */
const CAPABILITY = "security.capability";

/** Writes the entries of an image's layers. */
export class ImageTree {
  readonly #root: string;
  readonly #setAttribute: readonly string[];
  readonly #isRoot = process.getuid?.() === 0;
  /** What the layer at hand made, and the directories above that. Whiteouts are for what is below the layer. */
  readonly #own = new Set<string>();
  #writer: TreeWriter;

  /** `root`: an empty directory. `setAttribute`: the command that runs setfattr(1). */
  constructor(root: string, setAttribute: readonly string[]) {
    this.#root = root;
    this.#setAttribute = setAttribute;
    this.#writer = new TreeWriter({ root, lowers: [] });
  }

  /** Begins a layer; `name` is what errors call it. */
  beginLayer(name: string): void {
    this.#own.clear();
    this.#writer.packageName = name;
  }

  /** Applies one entry of the layer. Errors: `package-invalid`. */
  async add(entry: TarEntry): Promise<void> {
    const slash = entry.path.lastIndexOf("/");
    const base = entry.path.slice(slash + 1);
    if (base.startsWith(WHITEOUT)) return this.#whiteOut(entry.path.slice(0, Math.max(slash, 0)), base);
    if (entry.type === "directory") return this.#directory(entry);
    // The guest's kernel makes its devices. On the host's disk one would be a way past its rights.
    if (entry.path === "" || entry.type === "char-device" || entry.type === "block-device") return;
    const existing = entry.type === "hardlink" ? this.#linkTarget(entry) : undefined;
    const real = this.#makeRoom(entry.path);
    if (existing === real) return;
    this.#keep(real);
    if (entry.type === "file") await this.#file(entry);
    else if (entry.type === "symlink") this.#writer.symlink(entry.path, entry);
    else if (existing !== undefined) this.#writer.hardlink(entry.path, existing);
    else await this.#fifo(real, entry);
  }

  #directory({ path, mode, uid, gid }: TarEntry): void {
    const real = path === "" ? "" : this.#writer.place(path);
    const full = join(this.#root, real);
    if (lstatSync(full, { throwIfNoEntry: false })?.isDirectory() === false) this.#remove(real);
    if (path !== "") this.#writer.directory(path);
    this.#keep(real);
    if (this.#isRoot) lchownSync(full, uid, gid);
    chmodSync(full, mode);
  }

  async #file(entry: TarEntry): Promise<void> {
    const real = await this.#writer.file(entry.path, entry);
    const capability = entry.xattrs[CAPABILITY];
    if (!capability) return;
    const value = `0x${capability.toString("hex")}`;
    await run([...this.#setAttribute, "-h", "-n", CAPABILITY, "-v", value, "--", join(this.#root, real)]);
  }

  async #fifo(real: string, { mode, uid, gid }: TarEntry): Promise<void> {
    const full = join(this.#root, real);
    await run(["mkfifo", "--", full]);
    if (this.#isRoot) lchownSync(full, uid, gid);
    chmodSync(full, mode);
  }

  /** The file that a hard link leads to, which may be a lower layer's. */
  #linkTarget({ path, target }: TarEntry): string {
    const real = this.#writer.place(target);
    const stats = lstatSync(join(this.#root, real), { throwIfNoEntry: false });
    const isBelow = `${real}/`.startsWith(`${this.#writer.place(path)}/`) && target !== path;
    if (stats && !stats.isDirectory() && !isBelow) return real;
    throw this.#writer.refuse(`"/${path}" is a hard link to "/${target}", which is no file`);
  }

  /** Takes away what leads elsewhere, where something else comes; gives the real path. */
  #makeRoom(path: string): string {
    const real = this.#writer.place(path);
    const stats = lstatSync(join(this.#root, real), { throwIfNoEntry: false });
    if (stats?.isDirectory() || stats?.isSymbolicLink()) this.#remove(real);
    return real;
  }

  #whiteOut(parent: string, base: string): void {
    const directory = parent === "" ? "" : this.#writer.directory(parent);
    if (base === OPAQUE) {
      for (const name of readdirSync(join(this.#root, directory))) this.#removeLower(join(directory, name));
      return;
    }
    // Other names of this form are notes of the file system that the layer was made on.
    if (base.startsWith(".wh..wh.")) return;
    const name = base.slice(WHITEOUT.length);
    if (name === "" || name === "." || name === "..") {
      throw this.#writer.refuse(`it has the whiteout "/${join(parent, base)}"`);
    }
    this.#removeLower(join(directory, name));
  }

  /** Removes what this layer did not make. */
  #removeLower(real: string): void {
    if (!this.#own.has(real)) {
      this.#remove(real);
      return;
    }
    const full = join(this.#root, real);
    if (!lstatSync(full, { throwIfNoEntry: false })?.isDirectory()) return;
    for (const name of readdirSync(full)) this.#removeLower(join(real, name));
  }

  #remove(real: string): void {
    const name = this.#writer.packageName;
    rmSync(join(this.#root, real), { recursive: true, force: true });
    this.#writer = new TreeWriter({ root: this.#root, lowers: [] });
    this.#writer.packageName = name;
  }

  #keep(real: string): void {
    for (
      let path = real;
      path !== "" && !this.#own.has(path);
      path = path.slice(0, Math.max(path.lastIndexOf("/"), 0))
    ) {
      this.#own.add(path);
    }
  }
}
