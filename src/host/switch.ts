/**
 * `microvm switch`: evaluate the host → find and evaluate what it deploys → lock, plan → compare with the machine → build
 * everything → put it in force.
 */
import { basename, join } from "node:path";
import type { BuildReporter, PlannedVms } from "../build/build-evaluated.ts";
import { resolveDeclared } from "../build/declared-references.ts";
import { type EvaluatedVm, evaluateProjectHost, type ProjectLocation } from "../config/index.ts";
import type { ConfigLayer } from "../guest/config-layer.ts";
import { bridgeName } from "../hypervisors/network-names.ts";
import { plannedReasons } from "../live/planned.ts";
import { readRunner } from "../live/read-runner.ts";
import type { GuestConfig } from "../options/guest.ts";
import type { HostConfig } from "../options/host.ts";
import { existsSync } from "../os/files.ts";
import { runnerNames, vmNames } from "../paths.ts";
import type { Plan } from "../plan/plan.ts";
import type { SetWishes } from "../plan/wishes.ts";
import type { FileEntry } from "../store/files.ts";
import { type Recipe, storePathName } from "../store/recipe.ts";
import { openStore } from "../store/store.ts";
import type { TemporaryRoots } from "../store/temporary-roots.ts";
import { type ActivationPlan, planActivation } from "./activation.ts";
import { type Cost, ownCosts, wholeCost } from "./costs.ts";
import { deployedNow, type PlannedGuest, specifyHost } from "./declaration.ts";
import {
  networkOfUnit,
  networksOfHost,
  type SpecifiedNetwork,
  specifyNetworks,
  wishesOfNetworks,
} from "./declared-networks.ts";
import { evaluateDeployed } from "./deployed.ts";
import { addGeneration, currentNumber, generationPath } from "./generations.ts";
import { planHost } from "./host-recipe.ts";
import { hasRunner } from "./installed.ts";
import { installedMachines } from "./installed-machines.ts";
import { absoluteReference } from "./locate.ts";
import type { HostMachine } from "./machine.ts";
import { checkClashes } from "./networks/clashes.ts";
import type { PlannedNetwork } from "./networks/planned-network.ts";
import { writeRevision } from "./revision.ts";
import { putInForce } from "./transaction.ts";

/** What is switched to, and how it is told. */
export interface SwitchOptions {
  readonly machine: HostMachine;
  /** Its `name` is the host's. */
  readonly project: ProjectLocation;
  /** The machine's own name, by which a host is chosen. */
  readonly hostName: string;
  readonly reporter: BuildReporter;
  readonly roots: TemporaryRoots;
  readonly signal?: AbortSignal;
}

/** A switch that is planned. Nothing is built or changed yet. */
export interface SwitchPlan {
  /** The host's name. */
  readonly host: string;
  readonly machine: HostMachine;
  readonly activation: ActivationPlan;
  /** What all of it takes. */
  readonly cost: Omit<Cost, "disk">;
  /** What each VM takes that is created or rebuilt, alone. */
  readonly costs: ReadonlyMap<string, Cost>;
  /** The host's store path, and runners of VMs that are installed this once, by name. */
  readonly recipe: Recipe;
  readonly once: ReadonlyMap<string, Recipe>;
  /** Commits of deployed VMs, by the name of the VM. */
  readonly revisions: ReadonlyMap<string, { readonly runner: string; readonly rev: string | undefined }>;
  readonly planned: readonly PlannedVms[];
  readonly networks: readonly PlannedNetwork[];
}

/** A VM with its plan. */
interface HostVmPlan {
  readonly vm: EvaluatedVm;
  readonly plan: Plan;
  readonly once: boolean;
  /** The commit that it is defined in, if it is in a repository. */
  readonly rev: string | undefined;
}

/** A VM before it is planned, by the name that its host has for it. */
type NamedVm = Omit<HostVmPlan, "plan" | "rev"> & { readonly name: string };

/** VMs of one project. */
interface ProjectOfVms {
  readonly project: ProjectLocation;
  readonly vms: readonly NamedVm[];
}

/** A host that is evaluated, with the plans of its VMs. */
export interface EvaluatedSwitch {
  readonly host: string;
  readonly config: HostConfig;
  /** With the directories that the host names. */
  readonly machine: HostMachine;
  /** Whether it names any. */
  readonly namesDirectories: boolean;
  readonly plans: ReadonlyMap<string, HostVmPlan>;
  readonly planned: readonly PlannedVms[];
  readonly networks: readonly SpecifiedNetwork[];
}

/** Evaluates a host and plans its VMs. Errors: those of the evaluation and of locking. */
export async function evaluateSwitch(options: SwitchOptions): Promise<EvaluatedSwitch> {
  const { project, reporter } = options;
  // What comes after the evaluation is loaded while that is at work in its child.
  const [{ host, machine }] = await Promise.all([evaluateHostOf(options), loadBuild()]);
  const { storeDirectory, stateDirectory } = machine;
  for (const warning of host.warnings) reporter.warning(warning);
  const config = withAbsoluteReferences(host.config as unknown as HostConfig, project.directory);
  const declared = { project, vms: host.vms.map((vm) => ({ name: vm.name, vm, once: false })) };
  const isInstalled = (name: string) => hasRunner(stateDirectory, name);
  const wanted = deployedNow(config.microvm.vms, isInstalled);
  const deployed = await evaluateDeployed(wanted, storeDirectory, (reference) =>
    resolveDeclared(reference, {
      ...{ declaredIn: project, storeDirectory, roots: options.roots, signal: options.signal },
      onProgress: (step) => reporter.step(step),
      onWarning: (text) => reporter.warning(text),
    }),
  );
  const projects = [declared, ...deployed];
  const networks = networksOfHost(config, builtEachTime(projects), machine);
  const also = wishesOfNetworks(networks, storeDirectory);
  const { plans, planned } = await planProjects(projects, also, { ...options, storeDirectory });
  const { stateDir, storeDir } = config.microvm;
  const namesDirectories = stateDir !== null || storeDir !== null;
  const specified = specifyNetworks(networks, planned[0]?.also ?? []);
  return { host: host.name, config, machine, namesDirectories, plans, planned, networks: specified };
}

/** Locks and plans the VMs of each project; what is wished beside them, with the first, which is the host's own. */
async function planProjects(
  [own, ...others]: readonly ProjectOfVms[],
  also: readonly SetWishes[],
  options: SwitchOptions & { readonly storeDirectory: string },
) {
  const { planVms } = await loadBuild();
  const planned: PlannedVms[] = [];
  const plans = new Map<string, HostVmPlan>();
  for (const { project, vms, wishes } of [
    { ...own!, wishes: also },
    ...others.map((one) => ({ ...one, wishes: [] })),
  ]) {
    if (vms.length === 0 && wishes.length === 0) continue;
    for (const warning of vms.flatMap(({ vm }) => vm.warnings)) options.reporter.warning(warning);
    const guests = vms.map(({ vm }) => vm);
    const some = await planVms(guests, { ...options, project, declaredIn: options.project, also: wishes });
    planned.push(some);
    vms.forEach(({ name, vm, once }, index) => {
      plans.set(name, { vm, plan: some.plans[index]!, once, rev: project.fetched?.pin.rev });
    });
  }
  return { plans, planned };
}

/** VMs that the host looks into at every switch, by the names that it has for them. */
function builtEachTime(projects: readonly ProjectOfVms[]) {
  return projects
    .flatMap(({ vms }) => vms)
    .filter(({ once }) => !once)
    .map(({ name, vm }) => ({ name, config: vm.config as unknown as GuestConfig }));
}

/** The host, evaluated with the directories that it names itself. */
async function evaluateHostOf({ machine, project, hostName }: SwitchOptions) {
  const evaluate = (storeDir: string) => evaluateProjectHost({ ...project, storeDir }, hostName);
  const host = await evaluate(machine.storeDirectory);
  const { stateDir, storeDir } = (host.config as unknown as HostConfig).microvm;
  const named: HostMachine = {
    ...machine,
    stateDirectory: stateDir ?? machine.stateDirectory,
    storeDirectory: storeDir ?? machine.storeDirectory,
  };
  const isOther = named.storeDirectory !== machine.storeDirectory;
  return { host: isOther ? await evaluate(named.storeDirectory) : host, machine: named };
}

/** Compares an evaluated host with its machine. Errors: `planActivation`'s, `config-invalid`, `network-clash`. */
export async function planSwitch({
  host,
  config,
  machine,
  plans,
  planned,
  networks,
}: EvaluatedSwitch): Promise<SwitchPlan> {
  const guests = new Map(
    Object.keys(config.microvm.vms).map((vm): [string, PlannedGuest] => {
      const one = plans.get(vm);
      return [vm, { config: one?.vm.config as GuestConfig | undefined, runner: one?.plan.runner ?? null }];
    }),
  );
  const stay = installedMachines(
    machine.stateDirectory,
    (vm) => Object.hasOwn(config.microvm.vms, vm),
    (vm) => !plans.has(vm),
  );
  const { recipe, target } = planHost(specifyHost(host, config, guests, machine, networks, stay));
  const current = generationPath(machine.stateDirectory, currentNumber(machine.stateDirectory));
  const activation = await planActivation(target, machine, {
    isCurrent: current !== undefined && basename(current) === storePathName(recipe),
    why: (vm) => whyRebuilt(plans.get(vm)?.plan, vm, machine),
    rebootReasons: (vm) => whyRebooted(plans.get(vm)?.plan, vm, machine),
  });
  checkClashes(
    networks.map(({ network }) => network),
    activation.units.removed.flatMap((path) => networkOfUnit(path) ?? []).map(bridgeName),
  );
  const store = openStore(machine.storeDirectory);
  const runners = new Map([...plans].map(([vm, { plan }]) => [vm, plan.runner]));
  const changed = activation.vms
    .filter(({ name, action }) => runners.has(name) && (action === "create" || action === "rebuild"))
    .map(({ name }) => name);
  const once = new Map([...plans].filter(([, one]) => one.once).map(([vm, { plan }]) => [vm, plan.runner]));
  const revisions = new Map(
    [...plans]
      .filter(([vm]) => config.microvm.vms[vm]?.flake != null)
      .map(([vm, { plan, rev }]) => [vm, { runner: storePathName(plan.runner), rev }]),
  );
  return {
    host,
    machine,
    activation,
    revisions,
    cost: wholeCost([recipe, ...once.values()], store),
    costs: ownCosts(runners, changed, store),
    recipe,
    once,
    planned,
    networks: networks.map(({ network }) => network),
  };
}

/** Builds what a plan needs and puts it in force; gives the number of the generation. The caller holds the lock. */
export async function applySwitch(
  plan: SwitchPlan,
  options: Pick<SwitchOptions, "reporter" | "roots" | "signal">,
): Promise<number> {
  const { machine } = plan;
  const { reporter, signal } = options;
  const { stateDirectory } = machine;
  const names = [...plan.once.keys()];
  const { realiseRecipes } = await loadBuild();
  const [path, ...runners] = await realiseRecipes([plan.recipe, ...plan.once.values()], plan.planned, {
    ...options,
    storeDirectory: machine.storeDirectory,
  });
  signal?.throwIfAborted();
  const current = currentNumber(stateDirectory);
  const isNew = basename(generationPath(stateDirectory, current) ?? "") !== basename(path!);
  const number = isNew ? addGeneration(stateDirectory, path!) : current;
  const deployed = new Map(names.map((name, index) => [name, runners[index]!]));
  const onStep = (text: string) => reporter.step(text);
  await putInForce({ number, isNew, plan: plan.activation, deployed }, machine, { onStep, signal });
  for (const name of Object.keys(plan.activation.target.record.vms)) {
    const made = plan.revisions.get(name);
    if (made) writeRevision(stateDirectory, name, made.runner, made.rev);
  }
  return number;
}

/** Loads what builds: beside the evaluation, which is at work in its child meanwhile. */
function loadBuild(): Promise<typeof import("../build/build-evaluated.ts")> {
  return import("../build/build-evaluated.ts");
}

function withAbsoluteReferences(config: HostConfig, directory: string): HostConfig {
  const absolute = (reference: string | null) => reference && absoluteReference(reference, directory);
  const vms = Object.entries(config.microvm.vms).map(([name, vm]) => [
    name,
    { ...vm, flake: absolute(vm.flake), updateFlake: absolute(vm.updateFlake) },
  ]);
  return { ...config, microvm: { ...config.microvm, vms: Object.fromEntries(vms) } };
}

/** Which options keep a running VM from becoming what is planned without a reboot. */
function whyRebooted(plan: Plan | undefined, name: string, { stateDirectory }: HostMachine) {
  const booted = join(stateDirectory, name, vmNames.booted);
  if (!plan) return [{ option: "pkgs", why: "what it would run is not known" }];
  const { entries } = plan.runner.params as unknown as { readonly entries: readonly FileEntry[] };
  const script = entries.find(({ path }) => path === runnerNames.run);
  const next = {
    machine: plan.machine,
    layers: plan.layers.map(storePathName),
    script: script?.type === "file" ? script.text : "",
  };
  return plannedReasons(readRunner(booted), next, plan.layers[0]!.params as unknown as ConfigLayer);
}

/** Which parts of a VM's system are others than those of the installed one. */
function whyRebuilt(plan: Plan | undefined, name: string, { stateDirectory }: HostMachine): string {
  const current = join(stateDirectory, name, vmNames.current);
  if (!plan || !existsSync(current)) return "its runner is another";
  const { layers } = readRunner(current);
  const now = new Set(plan.layers.map(storePathName));
  const before = new Set(layers);
  const changed = [...now]
    .filter((layer) => !before.has(layer))
    .concat(layers.filter((layer) => !now.has(layer)));
  const parts = [...new Set(changed.map(partOf))];
  if (parts.length === 0) return "its machine changed";
  return `its ${parts.join(", ").replace(/, ([^,]*)$/, " and $1")} changed`;
}

/** What a layer is, by its name, for a person. */
function partOf(layer: string): string {
  if (layer.endsWith("-config")) return "configuration";
  return layer.endsWith("-kernel") ? "kernel" : "packages";
}
