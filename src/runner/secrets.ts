/** What the runner does with secrets before the hypervisor starts: it makes host keys once, and looks at credentials. */
import type { Credential } from "../hypervisors/machine.ts";
import { quoteWord } from "../os/processes.ts";
import { type Program, programWords } from "./words.ts";

/** A host key of the guest that the VM's directory keeps. */
export interface NewHostKey {
  /** Name of the secret key's file; the public one is beside it with `.pub`. */
  readonly file: string;
  readonly type: string;
  /** Null takes ssh-keygen's own number. */
  readonly bits: number | null;
  readonly comment: string;
}

/** Largest credential that systemd takes, in bytes (CREDENTIAL_SIZE_MAX in its src/shared/creds-util.h). */
const CREDENTIAL_SIZE = 1024 * 1024;

/** Made once, under another name first; the secret key is last, so that one that exists has its public one. */
export function hostKeyLines({ file, type, bits, comment }: NewHostKey, sshKeygen: Program): string {
  const args = ["-q", "-t", type, ...(bits === null ? [] : ["-b", String(bits)]), "-N", "", "-C", comment];
  return `
if [ ! -e ${file} ]; then
  rm -f ${file}.new ${file}.new.pub
  ${programWords(sshKeygen)} ${args.map(quoteWord).join(" ")} -f ${file}.new
  mv ${file}.new.pub ${file}.pub
  mv ${file}.new ${file}
fi
`;
}

/** Each secret is looked at before the hypervisor reads it, so that a fault has a name. */
export function credentialLines(credentials: readonly Credential[]): string {
  if (credentials.length === 0) return "";
  return `
# Name and file of a secret that the guest gets.
credential() {
  if [ ! -f "$2" ] || [ ! -r "$2" ]; then
    echo "microvm-run: the credential \\"$1\\" cannot be read: \\"$2\\" is no file that this user may read" >&2
    exit 1
  fi
  case $(stat -L -c %A "$2") in
    ?????w* | ????????w*)
      echo "microvm-run: the credential \\"$1\\" is refused: others than its owner may write to \\"$2\\"" >&2
      exit 1
      ;;
    ???????r*)
      echo "microvm-run: warning: every user of this host may read the credential \\"$1\\" in \\"$2\\"" >&2
      ;;
  esac
  if [ "$(stat -L -c %s "$2")" -gt ${CREDENTIAL_SIZE} ]; then
    echo "microvm-run: the credential \\"$1\\" is too large: \\"$2\\" has more than ${CREDENTIAL_SIZE} bytes" >&2
    exit 1
  fi
}
${credentials.map(({ name, file }) => `credential ${quoteWord(name)} ${quoteWord(file)}\n`).join("")}`;
}
