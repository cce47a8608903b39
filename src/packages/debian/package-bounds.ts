/** How much a package may be: so that a small file cannot fill a disk or the memory before anybody notices. */
import { fieldOf, parseParagraphs } from "./control.ts";
import { invalid } from "./invalid.ts";
import type { TarEntry } from "./tar.ts";

/** Entries of one archive; Debian's largest have a hundred thousand. */
const MAX_ENTRIES = 500_000;

const GIBIBYTE = 1024 ** 3;

/** Bytes that a package may have beyond what it says, since the field is an estimate and may be missing. */
const SLACK = 2 * GIBIBYTE;

/** Counts the entries of one package's archive. */
export class Bounds {
  readonly #name: string;
  /** In bytes. */
  readonly #limit: number;
  #entries = 0;
  #bytes = 0;

  /** `name` is what errors call the package, `control` the text of its control file. */
  constructor(name: string, control: string) {
    const declared = fieldOf(parseParagraphs(control)[0] ?? new Map(), "Installed-Size") ?? "";
    // In KiB, deb-control(5).
    const bytes = /^\d{1,10}$/.test(declared) ? Number(declared) * 1024 : 0;
    this.#name = name;
    this.#limit = 2 * bytes + SLACK;
  }

  /** Error `package-invalid` at the first entry that is too much, before it is written. */
  count({ size }: Pick<TarEntry, "size">): void {
    this.#entries += 1;
    this.#bytes += size;
    if (this.#entries > MAX_ENTRIES) {
      throw invalid(this.#name, `its archive has more than ${MAX_ENTRIES} entries`);
    }
    if (this.#bytes > this.#limit) {
      const gibibytes = (this.#limit / GIBIBYTE).toFixed(1);
      throw invalid(
        this.#name,
        `its files have more than ${gibibytes} GiB, the most that its Installed-Size allows`,
      );
    }
  }
}
