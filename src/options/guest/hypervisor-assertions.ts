/** Faults of the hypervisor: what it cannot do, and what is said of another one. */
import { CAPABILITIES } from "../../hypervisors/capabilities.ts";
import { DEFAULT_OPTION_PRIORITY, definedNames, EvaluatedOption } from "../../module-system/index.ts";
import type { GuestConfig } from "./arguments.ts";
import type { DefinedIn } from "./defined-in.ts";
import type { Assertion } from "./name-assertions.ts";
import { otherHypervisorsOptions } from "./other-hypervisors.ts";

/** One assertion for each rule. */
export function hypervisorAssertions(config: GuestConfig, options: DefinedIn): Assertion[] {
  return [
    ...ableAssertions(config),
    ...unusedAssertions(config.microvm.hypervisor, options),
    firmwareAssertion(config),
  ];
}

function ableAssertions({ microvm }: GuestConfig): Assertion[] {
  const { hypervisor, interfaces, shares, volumes, devices, vsock, forwardPorts, credentialFiles } = microvm;
  const able = CAPABILITIES[hypervisor];
  if (!able) {
    const known = Object.keys(CAPABILITIES).join('", "');
    return [
      {
        assertion: false,
        message: `"microvm.hypervisor" is "${hypervisor}", which this version cannot start: it can start "${known}"`,
      },
    ];
  }
  const cannot = (option: string, value: string): Assertion => ({
    assertion: false,
    message: `"microvm.${option}" is "${value}", which "${hypervisor}" cannot do here`,
  });
  return [
    ...shares.flatMap(({ proto }, i) =>
      able.shares.includes(proto) ? [] : [cannot(`shares.${i}.proto`, proto)],
    ),
    ...interfaces.flatMap(({ type }, i) =>
      able.interfaces.includes(type) ? [] : [cannot(`interfaces.${i}.type`, type)],
    ),
    ...volumes.flatMap(({ imageType }, i) =>
      able.imageTypes.includes(imageType) ? [] : [cannot(`volumes.${i}.imageType`, imageType)],
    ),
    ...devices.flatMap(({ bus }, i) => (able.devices.includes(bus) ? [] : [cannot(`devices.${i}.bus`, bus)])),
    ...(vsock.cid === null || able.vsock ? [] : [cannot("vsock.cid", String(vsock.cid))]),
    ...(forwardPorts.length === 0 || able.forwardPorts ? [] : [cannot("forwardPorts", "set")]),
    ...(Object.keys(credentialFiles).length === 0 || able.credentials
      ? []
      : [cannot("credentialFiles", "set")]),
  ];
}

/** One for each option of a hypervisor that the guest is not for. */
function unusedAssertions(hypervisor: string, options: DefinedIn): Assertion[] {
  const { microvm } = options as { readonly microvm: Readonly<Record<string, object>> };
  return definedNames(microvm)
    .filter((name) => name !== hypervisor && name in otherHypervisorsOptions.microvm)
    .flatMap((name) => setOptions(microvm[name]!))
    .map(({ location, definitions }) => ({
      assertion: false,
      message: `"${location.join(".")}" is set in "${[...new Set(definitions.map(({ file }) => file))].join('" and "')}", and "microvm.hypervisor" is "${hypervisor}", which has no use for it: leave it out`,
    }));
}

/** The options at or below a place that somebody defines. */
function setOptions(at: object): EvaluatedOption[] {
  if (at instanceof EvaluatedOption) {
    return at.definitions.some(({ priority }) => priority < DEFAULT_OPTION_PRIORITY) ? [at] : [];
  }
  const set = at as Readonly<Record<string, object>>;
  return definedNames(set).flatMap((name) => setOptions(set[name]!));
}

function firmwareAssertion({ microvm }: GuestConfig): Assertion {
  const withWord = microvm["cloud-hypervisor"].platformOEMStrings.find((text) =>
    text.includes("oem_strings"),
  );
  return {
    assertion: withWord === undefined,
    message: `"microvm.cloud-hypervisor.platformOEMStrings" has "${withWord}": give the texts alone, without "oem_strings"`,
  };
}
