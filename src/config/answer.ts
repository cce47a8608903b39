/** Checks the answer of an evaluating child, which may be anything: the project's code could have written it. */
import { type ErrorCode, MicrovmError } from "../errors.ts";
import { combineFaults } from "../module-system/faults.ts";
import type { HostConfig } from "../options/host.ts";
import { type EvaluatedProject, type EvaluatedVm, VM_NAME } from "./protocol.ts";

/** What checks the parts of an answer that options declare: see `answer-checks.ts`. */
export interface AnswerChecks {
  /** What is wrong with a guest's or a host's configuration. */
  guest(config: Fields): readonly MicrovmError[];
  host(config: Fields): readonly MicrovmError[];
  /** Whether a guest's system can be made from it. */
  isGuestSystem(value: unknown): boolean;
}

/** For an answer that was checked when it came: to load every option takes longer than all the rest. */
export const CHECKED_BEFORE: AnswerChecks = { guest: () => [], host: () => [], isGuestSystem: () => true };

export type Fields = { readonly [name: string]: unknown };

/** The VM of an answer; throws the error that it carries. */
export function parseAnswer(
  line: string,
  file: string,
  wanted: string | undefined,
  checks: AnswerChecks,
): EvaluatedVm {
  const { vm } = openAnswer(line, file);
  const parsed = parseVm(vm, file, checks);
  if (wanted !== undefined && parsed.name !== wanted) throw malformed(file, "it is of another VM");
  return parsed;
}

/** The hosts and VMs of an answer; throws the error that it carries. */
export function parseProject(line: string, file: string, checks: AnswerChecks): EvaluatedProject {
  const { project } = openAnswer(line, file);
  if (!isFields(project)) throw malformed(file, "it holds no project");
  const parseVms = (vms: unknown) => listOf(vms, file).map((vm) => parseVm(vm, file, checks));
  const hosts = listOf(project.hosts, file).map((host) => {
    if (!isFields(host) || typeof host.name !== "string") throw malformed(file, "a host has no name");
    const config = parseConfig(host.config, file, checks.host);
    const { vms } = (config as unknown as HostConfig).microvm;
    if (!Object.keys(vms).every((name) => VM_NAME.test(name))) throw malformed(file, "it is of another VM");
    return { name: host.name, config, warnings: parseWarnings(host.warnings, file), vms: parseVms(host.vms) };
  });
  return { hosts, vms: parseVms(project.vms) };
}

/** The project of which each part has all hosts, and the VMs of one share. */
export function joinShares(parts: readonly EvaluatedProject[], file: string): EvaluatedProject {
  const hostsOf = ({ hosts }: EvaluatedProject) => JSON.stringify(hosts.map(({ name }) => name));
  const [first, ...others] = parts;
  if (!first || others.some((part) => hostsOf(part) !== hostsOf(first))) {
    throw malformed(file, "its shares are of several projects");
  }
  return {
    hosts: first.hosts.map((host, at) => ({ ...host, vms: parts.flatMap(({ hosts }) => hosts[at]!.vms) })),
    vms: parts.flatMap(({ vms }) => vms),
  };
}

function parseVm(vm: unknown, file: string, checks: AnswerChecks): EvaluatedVm {
  if (!isFields(vm)) throw malformed(file, "it holds no VM");
  const { name, pkgs, config, warnings } = vm;
  if (typeof name !== "string" || !VM_NAME.test(name)) throw malformed(file, "it is of another VM");
  if (pkgs !== null && !checks.isGuestSystem(pkgs)) throw malformed(file, "its package set is none");
  return {
    name,
    pkgs: pkgs as EvaluatedVm["pkgs"],
    config: parseConfig(config, file, checks.guest),
    warnings: parseWarnings(warnings, file),
  };
}

function parseWarnings(warnings: unknown, file: string): string[] {
  if (Array.isArray(warnings) && warnings.every((warning) => typeof warning === "string")) {
    return warnings.map(printable);
  }
  throw malformed(file, "its warnings are no texts");
}

function listOf(value: unknown, file: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed(file, "it lacks a list");
}

function parseConfig(config: unknown, file: string, check: AnswerChecks["guest"]): Fields {
  if (!isFields(config)) throw malformed(file, "its configuration is none");
  const faults = check(config);
  if (faults.length > 0) throw combineFaults(faults);
  return config;
}

/** The fields of an answer; throws the error that it carries. */
export function openAnswer(line: string, file: string): Fields {
  const answer = parse(line, file);
  if (isFields(answer.error)) throw errorOf(answer.error, file);
  return answer;
}

function parse(line: string, file: string): Fields {
  try {
    const answer: unknown = JSON.parse(line);
    if (isFields(answer)) return answer;
  } catch {
    // It is malformed in any case.
  }
  throw malformed(file, "it is no JSON object");
}

function errorOf({ code, message, hint }: Fields, file: string): MicrovmError {
  if (typeof code !== "string" || !/^[a-z-]+$/.test(code) || typeof message !== "string") {
    return malformed(file, "its error is none");
  }
  return new MicrovmError(
    code as ErrorCode,
    printable(message),
    typeof hint === "string" ? { hint: printable(hint) } : {},
  );
}

/** Without what a terminal would obey. */
export function printable(text: string): string {
  return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, "\uFFFD");
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function malformed(file: string, why: string): MicrovmError {
  return new MicrovmError("config-invalid", `The evaluation of "${file}" gave a malformed answer: ${why}`);
}
