/** From a loaded project to one evaluated VM; runs in the child. */
import { basename, dirname, resolve } from "node:path";
import { MicrovmError } from "../errors.ts";
import {
  type Asserted,
  type Attributes,
  assertionsModule,
  checkAssertions,
  combineFaults,
  type Evaluated,
  evalModules,
  type ImportModule,
  mkDefault,
  mkOption,
  plainWithFaults,
  traceOption,
  types,
  withFile,
} from "../module-system/index.ts";
import { guestSystem } from "../options/guest-system.ts";
import { readFileSync } from "../os/files.ts";
import { explainDenied } from "./denied.ts";
import type { HostArguments, Project } from "./project.ts";
import { type EvaluatedVm, type EvaluationRequest, type TracedOption, VM_NAME } from "./protocol.ts";
import { selectVm } from "./select-vm.ts";

/** The modules that declare what hosts and guests can be told, and how paths are imported. */
export interface Declarations {
  readonly hostModule: unknown;
  readonly guestModule: unknown;
  readonly importModule?: ImportModule;
}

/** A VM's definition, as merged by the type of its option. */
export interface MergedVm {
  // biome-ignore lint/suspicious/noExplicitAny: a package set, checked by its type
  readonly pkgs: any;
  readonly specialArgs: Readonly<Record<string, unknown>>;
  readonly config: unknown;
  readonly extraModules: readonly unknown[];
  /** Of a VM that was evaluated before; checked by whoever takes the answer. */
  readonly evaluatedConfig?: Pick<EvaluatedVm, "pkgs" | "config"> | null;
}

/** The project file, and the tree that it belongs to. */
export type ProjectPlace = Pick<EvaluationRequest, "file" | "root">;

/** Where a guest's name becomes its host name. */
const OWN_FILE = "src/config/evaluate-vm.ts";

export type VmsByName = { readonly [name: string]: MergedVm };

const definitionsModule = {
  options: {
    microvms: mkOption({
      type: types.attrsOf(
        types.submodule({
          options: {
            pkgs: mkOption({ type: types.nullOr(guestSystem), default: null }),
            specialArgs: mkOption({ type: types.attrsOf(types.raw), default: {} }),
            config: mkOption({ type: types.nullOr(types.deferredModule), default: null }),
            extraModules: mkOption({ type: types.listOf(types.deferredModule), default: [] }),
            evaluatedConfig: mkOption({ type: types.nullOr(types.raw), default: null }),
          },
        }),
      ),
      default: {},
    }),
  },
};

/** Evaluates the VM that is asked for. All faults of its configuration are reported together. */
export function evaluateVm(
  project: Project,
  request: EvaluationRequest,
  declarations: Declarations,
): EvaluatedVm {
  const { name, vm, warnings } = chosenVm(project, request, declarations);
  return evaluateGuest(name, vm, request, declarations, warnings);
}

/** Evaluates a VM from its definition. */
export function evaluateGuest(
  name: string,
  vm: MergedVm,
  place: ProjectPlace,
  declarations: Declarations,
  hostWarnings: readonly string[] = [],
): EvaluatedVm {
  if (vm.evaluatedConfig) return { name, ...plainGuest(name, vm.evaluatedConfig), warnings: hostWarnings };
  const { plain, warnings } = complete(startGuest(name, vm, place, declarations));
  return { name, pkgs: vm.pkgs, config: plain, warnings: [...hostWarnings, ...warnings] };
}

/** Evaluates one option of the VM that is asked for. Faults elsewhere in its configuration are of no account. */
export function traceOptionOfVm(
  project: Project,
  request: EvaluationRequest & { readonly trace: string },
  declarations: Declarations,
): TracedOption {
  const { name, vm } = chosenVm(project, request, declarations);
  return { vm: name, ...traceOption(startGuest(name, vm, request, declarations), request.trace) };
}

/** The definition of the VM that is asked for, and the warnings of the hosts that had to be evaluated for it. */
function chosenVm(project: Project, request: EvaluationRequest, declarations: Declarations) {
  const { file, name: wanted } = request;
  const definitions = evaluateDefinitions(project, file, declarations);
  if (wanted !== undefined && Object.hasOwn(definitions, wanted)) {
    return { name: wanted, vm: definitions[wanted]!, warnings: [] };
  }
  const hosts = Object.keys(project.hosts ?? {}).map((host) =>
    evaluateHost(project, host, request, declarations),
  );
  const warnings = hosts.flatMap((host) => host.warnings);
  const sources = [definitions, ...hosts.map(({ vms }) => vms)];
  const names = [...new Set(sources.flatMap((vms) => Object.keys(vms)))];
  const name = selectVm(wanted, names, basename(dirname(file)));
  const vm = sources.find((vms) => Object.hasOwn(vms, name))![name]!;
  return { name, vm, warnings };
}

/** The VMs that a project defines beside its hosts. */
export function evaluateDefinitions(
  { microvms }: Project,
  file: string,
  declarations: Declarations,
): VmsByName {
  const evaluated = evalModules<Asserted & { microvms: VmsByName }>({
    modules: [assertionsModule, definitionsModule, { config: { microvms } }],
    file,
    ...importing(declarations),
  });
  complete(evaluated);
  return evaluated.config.microvms;
}

/** A host's configuration, and the definitions of the VMs that it declares in full. */
export function evaluateHost(
  { hosts = {} }: Project,
  name: string,
  { file, storeDir, self }: EvaluationRequest,
  declarations: Declarations,
): { readonly config: Attributes; readonly vms: VmsByName; readonly warnings: readonly string[] } {
  const host: unknown = hosts[name];
  const args: HostArguments = { storeDir, self };
  const evaluated = evalModules<Asserted & { microvm: { vms: VmsByName } }>({
    modules: [assertionsModule, declarations.hostModule, withFile(file, host)],
    specialArgs: { ...args, name },
    class: "host",
    file,
    ...importing(declarations),
  });
  const { plain, warnings } = complete(evaluated);
  const { vms } = evaluated.config.microvm;
  const badNames = Object.keys(vms).flatMap((vm) => nameFault(vm) ?? []);
  if (badNames.length > 0) throw combineFaults(badNames);
  const declared = Object.entries(vms).filter(
    ([, { config, evaluatedConfig }]) => config !== null || evaluatedConfig,
  );
  return { config: plain, vms: Object.fromEntries(declared), warnings };
}

function startGuest(
  name: string,
  { pkgs, specialArgs, config, extraModules }: MergedVm,
  { file, root }: ProjectPlace,
  declarations: Declarations,
): Evaluated<Asserted> {
  checkName(name);
  return evalModules<Asserted>({
    modules: [
      assertionsModule,
      declarations.guestModule,
      withFile(OWN_FILE, { config: { networking: { hostName: mkDefault(name) } } }),
      ...(config === null ? [] : [config]),
      ...extraModules,
    ],
    specialArgs: {
      ...specialArgs,
      pkgs,
      name,
      readText: (path: string) => readProjectFile(dirname(file), root, path),
    },
    class: "guest",
    file,
    ...importing(declarations),
  });
}

function plainGuest(name: string, { pkgs, config }: Pick<EvaluatedVm, "pkgs" | "config">) {
  checkName(name);
  return { pkgs, config };
}

function checkName(name: string): void {
  const fault = nameFault(name);
  if (fault) throw fault;
}

function nameFault(name: string): MicrovmError | undefined {
  if (VM_NAME.test(name)) return undefined;
  return new MicrovmError("config-invalid", `"${name}" cannot be the name of a VM`, {
    hint: "A name has at most 63 letters, digits, dots, dashes and underscores, the first and last a letter or digit",
  });
}

/** A file of the project's tree; evaluation may read no other. */
function readProjectFile(directory: string, root: string, path: string): string {
  const found = resolve(directory, path);
  if (!found.startsWith(`${root}/`)) throw new Error("it lies outside of the project");
  return readFileSync(found, "utf8");
}

function importing({ importModule }: Declarations): { importModule?: ImportModule } {
  return importModule ? { importModule } : {};
}

/** The plain configuration and the warnings; throws one error for all faults and failed assertions. */
function complete(evaluated: Evaluated<Asserted>): {
  readonly plain: Attributes;
  readonly warnings: readonly string[];
} {
  const { plain, faults } = plainWithFaults(evaluated);
  const asserted = checkAssertions(evaluated.config);
  const all = [...new Set([...faults, ...asserted.faults])];
  if (all.length > 0) throw combineFaults(all.map(explainDenied));
  return { plain, warnings: asserted.warnings };
}
