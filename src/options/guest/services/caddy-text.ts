/** The text of a Caddyfile, and where its hosts listen. Pure. */

/** A virtual host. */
interface Host {
  readonly hostName: string | null;
  readonly serverAliases: readonly string[];
  readonly listenAddresses: readonly string[];
  readonly logFormat: string | null;
  readonly extraConfig: string;
}

/** What the options of Caddy come to. */
export interface CaddyConfig {
  readonly email: string | null;
  readonly acmeCA: string | null;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly logFormat: string;
  readonly globalConfig: string;
  readonly extraConfig: string;
  readonly virtualHosts: { readonly [name: string]: Host };
}

/** The Caddyfile. Its blocks are indented with tabs, as `caddy fmt` does. */
export function caddyfile(caddy: CaddyConfig): string {
  const options = [
    ...(caddy.email === null ? [] : [`email ${caddy.email}`]),
    ...(caddy.acmeCA === null ? [] : [`acme_ca ${caddy.acmeCA}`]),
    ...(caddy.httpPort === 80 ? [] : [`http_port ${caddy.httpPort}`]),
    ...(caddy.httpsPort === 443 ? [] : [`https_port ${caddy.httpsPort}`]),
    ...block("log", lines(caddy.logFormat)),
    ...lines(caddy.globalConfig),
  ];
  const hosts = Object.entries(caddy.virtualHosts).map(([name, host]) =>
    block(addressesOf(name, host).join(", "), [
      ...(host.listenAddresses.length > 0 ? [`bind ${host.listenAddresses.join(" ")}`] : []),
      ...(host.logFormat === null ? [] : block("log", lines(host.logFormat))),
      ...lines(host.extraConfig),
    ]),
  );
  const parts = [block("", options), ...hosts, lines(caddy.extraConfig)].filter((part) => part.length > 0);
  return `${parts.map((part) => part.join("\n")).join("\n\n")}\n`;
}

function addressesOf(name: string, { hostName, serverAliases }: Host): string[] {
  return [hostName ?? name, ...serverAliases];
}

function block(head: string, content: readonly string[]): string[] {
  return [`${head} {`.trimStart(), ...content.map((line) => `\t${line}`), "}"];
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

/** Where hosts listen, as far as their addresses say: the port in one, else that of its scheme; a bare name has both. */
export function listenedPorts(
  caddy: CaddyConfig,
): { readonly name: string; readonly address: string | null; readonly port: number }[] {
  return Object.entries(caddy.virtualHosts).flatMap(([name, host]) => {
    const ports = new Set(addressesOf(name, host).flatMap((address) => portsOf(address, caddy)));
    const addresses = host.listenAddresses.length > 0 ? host.listenAddresses : [null];
    return [...ports].flatMap((port) => addresses.map((address) => ({ name, address, port })));
  });
}

function portsOf(address: string, { httpPort, httpsPort }: CaddyConfig): number[] {
  const [, scheme, port] = /^(https?:\/\/)?(?:\[[^\]]*\]|[^:/[\]]*)(?::(\d+))?(?:\/.*)?$/.exec(address) ?? [];
  if (port !== undefined) return [Number(port)];
  if (scheme === "http://") return [httpPort];
  return scheme === "https://" ? [httpsPort] : [httpPort, httpsPort];
}
