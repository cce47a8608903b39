/** The script that puts the OpenSSH server's host keys in their places. Pure. */

/** A host key. */
export interface HostKey {
  /** Made of letters, digits and `_ . -`, so that the shell needs no quotes. */
  readonly path: string;
  readonly type: string;
  readonly bits: number | null;
  readonly comment: string;
  /** Whether the guest keeps it itself, on a volume; otherwise it comes as a credential. */
  readonly isOwn: boolean;
}

/** Shell commands: a key that the guest keeps is made when it is missing, another is taken from its credential. */
export function hostKeyScript(keys: readonly HostKey[]): string {
  return keys.map((key) => (key.isOwn ? ownKey(key) : handedKey(key))).join("");
}

/** The name that counts is given last: a key that is there is whole. */
function ownKey({ path, type, bits, comment }: HostKey): string {
  const length = bits === null ? "" : ` -b ${bits}`;
  const said = comment === "" ? "" : ` -C '${comment.replaceAll("'", "'\\''")}'`;
  return `[ -s ${path} ] || {
  mkdir -p ${path.slice(0, path.lastIndexOf("/"))}
  rm -f ${path}.new ${path}.new.pub
  ssh-keygen -q -t ${type}${length} -N ''${said} -f ${path}.new
  mv ${path}.new.pub ${path}.pub
  mv ${path}.new ${path}
}
`;
}

function handedKey({ path }: HostKey): string {
  return `install -D -m 0600 "$CREDENTIALS_DIRECTORY/${path.slice(path.lastIndexOf("/") + 1)}" ${path}
`;
}
