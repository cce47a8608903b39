/** The parts that references are made of: what they may hold, and their percent-encoding (RFC 3986). Pure. */

/** Whether a text has no control characters: none that a terminal, a shell, a URL or git's protocol takes for more. */
export function isPlainText(text: string): boolean {
  return !/[\x00-\x1f\x7f-\x9f]/.test(text);
}

/** A relative directory that cannot lead out: no empty, `.` or `..` part. */
export function isInnerDirectory(path: string): boolean {
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/** What git takes for the name of a branch or tag (git-check-ref-format(1)), and what is no option. */
export function isRefName(ref: string): boolean {
  const isForbidden = /^[-/]|^@$|[ ~^:?*[\\]|\.\.|@\{|\/\/|[/.]$/.test(ref);
  return ref !== "" && !isForbidden && ref.split("/").every((part) => !/^\.|\.lock$/.test(part));
}

/** Undefined when a percent sign is not followed by two digits, or the bytes are no UTF-8. */
export function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** A path, as it stands in a URL. */
export function encodedPath(path: string): string {
  return encodeURI(path).replace(/[?#[\]]/g, encodeURIComponent);
}

/** A parameter's value; a slash stays readable. */
export function encodedQuery(value: string): string {
  return encodeURIComponent(value).replaceAll("%2F", "/");
}
