/** Lists that grow without costing more than their content: for tables of millions of entries. */

/** A list of 32-bit numbers. */
export class Words {
  private values = new Uint32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Uint32Array(this.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  at(index: number): number {
    return this.values[index]!;
  }

  set(index: number, value: number): void {
    this.values[index] = value;
  }

  /** What is there now; not changed by what is added later. */
  toArray(): Uint32Array {
    return this.values.slice(0, this.length);
  }
}

/** Strings one after the other, and where each ends. */
export interface Heap {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

/** A string of a heap, by its number. Bytes of paths may be UTF-8; names and versions are ASCII. */
export function textAt({ bytes, ends }: Heap, id: number): string {
  const heap = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return heap.toString("utf8", id === 0 ? 0 : ends[id - 1]!, ends[id]!);
}

/** Strings one after the other, by number. Their characters are bytes (Latin-1). */
export class Strings {
  private bytes = Buffer.allocUnsafe(64 * 1024);
  private size = 0;
  private readonly ends = new Words();
  private readonly known = new Map<string, number>();

  get count(): number {
    return this.ends.length;
  }

  /** The number of this string, which is added when it is new. */
  intern(text: string): number {
    const known = this.known.get(text);
    if (known !== undefined) return known;
    const id = this.add(text);
    this.known.set(text, id);
    return id;
  }

  /** Adds a string that is not asked for again. */
  add(text: string): number {
    if (this.size + text.length > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.size + text.length));
      this.bytes.copy(larger, 0, 0, this.size);
      this.bytes = larger;
    }
    this.size += this.bytes.write(text, this.size, "latin1");
    this.ends.push(this.size);
    return this.ends.length - 1;
  }

  /** The interned strings with their numbers, in the order of the numbers. */
  entries(): Iterable<[string, number]> {
    return this.known.entries();
  }

  /** The strings as one heap, and where each ends in it. */
  toArrays(): Heap {
    return { bytes: new Uint8Array(this.bytes.subarray(0, this.size)), ends: this.ends.toArray() };
  }
}
