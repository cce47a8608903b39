/** Where nginx's virtual hosts listen. Pure. */
import type { OptionType } from "../../../module-system/index.ts";
import type { virtualHost } from "./nginx-hosts.ts";

/** A virtual host. */
export type VirtualHost = typeof virtualHost extends OptionType<infer T, infer _> ? T : never;

/** One `listen` directive. */
export interface Listen {
  readonly addr: string;
  readonly port: number;
  readonly ssl: boolean;
  readonly proxyProtocol: boolean;
  readonly extraParameters: readonly string[];
}

/** What virtual hosts fall back to. */
export interface ListenDefaults {
  readonly defaultListenAddresses: readonly string[];
  readonly defaultHTTPListenPort: number;
  readonly defaultSSLListenPort: number;
}

/** Whether a host is served encrypted. */
export function hasTls({ addSSL, onlySSL, forceSSL, listen }: VirtualHost): boolean {
  return addSSL || onlySSL || forceSSL || listen.some(({ ssl }) => ssl);
}

/** Where a host listens: as it says, else at the default addresses and ports. */
export function hostListeners(defaults: ListenDefaults, host: VirtualHost): Listen[] {
  const { defaultListenAddresses, defaultHTTPListenPort: http, defaultSSLListenPort: https } = defaults;
  if (host.listen.length > 0) {
    return host.listen.map((one) => ({ ...one, port: one.port ?? (one.ssl ? https : http) }));
  }
  const addresses = host.listenAddresses.length > 0 ? host.listenAddresses : defaultListenAddresses;
  const at = (port: number, ssl: boolean) =>
    addresses.map((addr) => ({ addr, port, ssl, proxyProtocol: false, extraParameters: [] }));
  return [...(host.onlySSL ? [] : at(http, false)), ...(hasTls(host) ? at(https, true) : [])];
}
