/** What the parent asks the evaluating child, and what it answers. Both are JSON. */
import type { MicrovmError } from "../errors.ts";
import type { OptionTrace } from "../module-system/index.ts";
import type { GuestSystemValue } from "../options/guest-system.ts";

/** Given to the child as its one argument. */
export interface EvaluationRequest {
  /** The project file; an absolute path. */
  readonly file: string;
  /** The tree that it belongs to; an absolute path. */
  readonly root: string;
  /** Which VM is wanted; absent: the one that goes without saying. */
  readonly name?: string;
  readonly storeDir: string;
  /** A reference to the project. */
  readonly self: string;
  /** Path of the one option that is wanted instead of the whole configuration. */
  readonly trace?: string;
  /** Whether every host and VM is wanted instead of one VM. */
  readonly all?: boolean;
  /** Which host is wanted, with all VMs that it declares in full. */
  readonly host?: HostChoice;
  /** Names of several VMs that are wanted. */
  readonly names?: readonly string[];
  /** How many children may evaluate the VMs of this request at once. */
  readonly children?: number;
  /** The VMs that are wanted of all, when several children evaluate them. */
  readonly share?: Share;
}

/** One of so many equal parts of a row of VMs; the first has the index 0. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

/** How a host is chosen. */
export interface HostChoice {
  /** What the person named. */
  readonly wanted?: string;
  /** The machine's own name. */
  readonly hostName: string;
}

/** One option of a VM, and where its value comes from. */
export interface TracedOption extends OptionTrace {
  /** Name of the VM. */
  readonly vm: string;
}

/** A VM that is evaluated. */
export interface EvaluatedVm {
  readonly name: string;
  /** Null: the host's own package set. */
  readonly pkgs: GuestSystemValue | null;
  /** The guest's plain configuration. */
  readonly config: { readonly [name: string]: unknown };
  readonly warnings: readonly string[];
}

/** A host that is evaluated. */
export interface EvaluatedHost {
  readonly name: string;
  /** Its plain configuration, which says what else there is to know of its VMs. */
  readonly config: { readonly [name: string]: unknown };
  readonly warnings: readonly string[];
  /** The VMs that it declares in full. */
  readonly vms: readonly EvaluatedVm[];
}

/** A whole project. */
export interface EvaluatedProject {
  readonly hosts: readonly EvaluatedHost[];
  /** The VMs that it defines beside its hosts. */
  readonly vms: readonly EvaluatedVm[];
}

/** An error on its way to the parent. */
export type PlainError = Pick<MicrovmError, "code" | "message" | "hint">;

/** Written as a line before the answer, when the answer is only the first of so many shares. */
export interface Division {
  readonly shares: number;
}

/** Written to file descriptor 3 as one line. */
export type EvaluationAnswer =
  | { readonly vm: EvaluatedVm }
  | { readonly trace: TracedOption }
  | { readonly project: EvaluatedProject }
  | { readonly error: PlainError };

/** The descriptor that the child answers on; its output is the project's own. */
export const ANSWER_DESCRIPTOR = 3;

/** What a VM can be called: it becomes a host name, a directory and part of units' names. */
export const VM_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
