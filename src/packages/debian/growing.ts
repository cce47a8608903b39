/** Lists that grow without costing more than their content: for tables of millions of entries. */
import { MicrovmError } from "../../errors.ts";
import { hashOf } from "./index-tables.ts";

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

/** Looks that a string may take in a hash table. Those that nobody chose to collide take a few dozen at most. */
const MAX_STEPS = 500;

/**
 * Strings one after the other, by number. Their characters are bytes (Latin-1). They are found by a hash table of their
 * own: of the millions of pieces of an index that are asked for, most are known, and are never made a string.
 */
export class Strings {
  private bytes = Buffer.allocUnsafe(64 * 1024);
  private size = 0;
  private readonly ends = new Words();
  private readonly hashes = new Words();
  /** By hash: a string's number and 1; 0 is free. At most half full. */
  private slots: Uint32Array = new Uint32Array(1024);

  get count(): number {
    return this.ends.length;
  }

  /** The number of a piece of this text, which is added when it is new. Errors: `index-invalid` for too many that collide. */
  intern(text: string, start = 0, end = text.length): number {
    const hash = hashOf(text, start, end);
    let slot = hash & (this.slots.length - 1);
    for (let step = 0; this.slots[slot] !== 0; step++) {
      const id = this.slots[slot]! - 1;
      if (this.hashes.at(id) === hash && this.equals(id, text, start, end)) return id;
      if (step > MAX_STEPS) throw tooMuch("names that are made to collide");
      slot = (slot + 1) & (this.slots.length - 1);
    }
    this.slots[slot] = this.count + 1;
    this.hashes.push(hash);
    const id = this.add(text.slice(start, end));
    if (this.count * 2 > this.slots.length) this.slots = hashTable(this.hashes, this.slots.length * 2);
    return id;
  }

  private add(text: string): number {
    if (this.size + text.length > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.size + text.length));
      this.bytes.copy(larger, 0, 0, this.size);
      this.bytes = larger;
    }
    this.size += this.bytes.write(text, this.size, "latin1");
    this.ends.push(this.size);
    return this.ends.length - 1;
  }

  /** A hash table of the interned strings, with the fewest slots that are at most half full. */
  toSlots(): Uint32Array {
    let size = 16;
    while (size < this.count * 2) size *= 2;
    return hashTable(this.hashes, size);
  }

  /** The strings as one heap, and where each ends in it. */
  toArrays(): Heap {
    return { bytes: new Uint8Array(this.bytes.subarray(0, this.size)), ends: this.ends.toArray() };
  }

  private equals(id: number, text: string, start: number, end: number): boolean {
    const from = id === 0 ? 0 : this.ends.at(id - 1);
    if (this.ends.at(id) - from !== end - start) return false;
    for (let at = start; at < end; at++) {
      if (this.bytes[from + at - start] !== text.charCodeAt(at)) return false;
    }
    return true;
  }
}

/** The slots of a hash table of strings with these hashes, each by its number and 1, in the order of the numbers. */
function hashTable(hashes: Words, size: number): Uint32Array {
  const slots = new Uint32Array(size);
  for (let id = 0; id < hashes.length; id++) {
    let slot = hashes.at(id) & (size - 1);
    for (let step = 0; slots[slot] !== 0; step++) {
      if (step > MAX_STEPS) throw tooMuch("names that are made to collide");
      slot = (slot + 1) & (size - 1);
    }
    slots[slot] = id + 1;
  }
  return slots;
}

/** The error of an index that is beyond all measure. */
export function tooMuch(what: string): MicrovmError {
  return new MicrovmError("index-invalid", `The index of packages has ${what}`, {
    hint: "Use another mirror",
  });
}
