import assert from "node:assert/strict";
import { test } from "node:test";
import { MicrovmError } from "../../errors.ts";
import { formatReference, parseReference, type Reference } from "./reference.ts";

const REV = "0123456789abcdef0123456789abcdef01234567";
const git = (url: string, fields: Partial<Reference> = {}) => ({
  ...{ type: "git", transport: url.split(":")[0], url },
  ...fields,
});

test("references are read", () => {
  const cases: readonly (readonly [string, object])[] = [
    ["", { type: "path", path: "." }],
    [".", { type: "path", path: "." }],
    [".#web", { type: "path", path: ".", name: "web" }],
    ["#web", { type: "path", path: ".", name: "web" }],
    ["a/b c%20", { type: "path", path: "a/b c%20" }],
    ["./a:b", { type: "path", path: "./a:b" }],
    ["what?", { type: "path", path: "what?" }],
    ["/srv?dir=hosts/a#web", { type: "path", path: "/srv", dir: "hosts/a", name: "web" }],
    ["path:/srv/a%20b%3F?dir=x#web", { type: "path", path: "/srv/a b?", dir: "x", name: "web" }],
    ["path:../b", { type: "path", path: "../b" }],
    ["git+file:///etc/microvm", git("file:///etc/microvm")],
    ["git+file:///etc/microvm/", git("file:///etc/microvm")],
    ["git+file:///a%20b", git("file:///a%20b")],
    [`git+https://example.org/r.git?rev=${REV}`, git("https://example.org/r.git", { rev: REV })],
    ["git+https://me@[::1]:8443/r?ref=a%2Fb&dir=c", git("https://me@[::1]:8443/r", { ref: "a/b", dir: "c" })],
    [
      "git+ssh://git@example.org/~me/r?ref=refs/pull/1/head#web",
      git("ssh://git@example.org/~me/r", { ref: "refs/pull/1/head", name: "web" }),
    ],
    ["git+http://127.0.0.1:80/r", git("http://127.0.0.1:80/r")],
    ["git+http://localhost/r", git("http://localhost/r")],
  ];
  for (const [text, expected] of cases) assert.deepEqual(parseReference(text), expected, text);
});

test("a printed reference is read back as the same, and equal ones print the same", () => {
  const texts = [
    `git+https://example.org/r?dir=a%20b/c&ref=v1&rev=${REV}#web`,
    "path:/a%20b%23%3F%25?dir=x#web",
    "git+file:///a%23b",
  ];
  for (const text of texts) assert.equal(formatReference(parseReference(text)), text);
  assert.equal(
    formatReference(parseReference("git+https://h/r/?ref=a%2Fb&dir=c")),
    "git+https://h/r?dir=c&ref=a/b",
  );
});

test("hostile and mistaken references are refused, each with its reason", () => {
  const cases: readonly (readonly [string, string])[] = [
    [
      "git+https://h/r?ref=--upload-pack=touch%20x",
      'its ref "--upload-pack=touch x" is not the name of a branch or tag',
    ],
    ["git+https://h/r?ref=-x", 'its ref "-x" is not the name of a branch or tag'],
    ["git+https://h/r?ref=a..b", 'its ref "a..b" is not the name of a branch or tag'],
    ["git+https://h/r?ref=a:b", 'its ref "a:b" is not the name of a branch or tag'],
    ["git+https://h/r?ref=", 'its ref "" is not the name of a branch or tag'],
    ["git+https://h/r?ref=a.lock", 'its ref "a.lock" is not the name of a branch or tag'],
    ["git+ssh://-oProxyCommand=x/r", '"-oProxyCommand=x" is no host'],
    ["git+ssh://-x@h/r", '"-x@h" is no host'],
    ["git+ssh://h:-1/r", '"h:-1" is no host'],
    ["git+https://h/../r", 'its path has an empty, "." or ".." part'],
    ["git+https://h/a/%2e%2e/r", 'its path has an empty, "." or ".." part'],
    ["git+https://h//r", 'its path has an empty, "." or ".." part'],
    ["git+https://h/", "it names no repository"],
    ["git+https://h", "it names no repository"],
    ["git+file://etc/microvm", '"etc" is taken for a host'],
    [
      "git+https://h/r?dir=../x",
      'its dir "../x" must be a directory below the top, without an empty, "." or ".." part',
    ],
    [
      "git+https://h/r?dir=a/%2E%2E/%2e%2e/b",
      'its dir "a/../../b" must be a directory below the top, without an empty, "." or ".." part',
    ],
    [
      "git+https://h/r?dir=/etc",
      'its dir "/etc" must be a directory below the top, without an empty, "." or ".." part',
    ],
    [".?dir=..", 'its dir ".." must be a directory below the top, without an empty, "." or ".." part'],
    [
      "git+https://h/r?rev=abc",
      'its rev "abc" must be a commit\'s whole hash, 40 or 64 hexadecimal digits in lower case',
    ],
    [
      "git+https://h/r?rev=--all",
      'its rev "--all" must be a commit\'s whole hash, 40 or 64 hexadecimal digits in lower case',
    ],
    ["git+https://h/r?submodules=1", 'it has the unknown parameter "submodules"'],
    ["path:/a?ref=b", 'it has the unknown parameter "ref"'],
    ["path:", "it names no directory"],
    ["git+https://h/r?ref=a&ref=b", 'it has "ref" twice'],
    ["git+https://h/r%00x", "it has a control character"],
    ["git+https://h/r?dir=a%0ab", "it has a control character"],
    ["git+https://h/r%zz", "its percent-encoding is damaged"],
    ["git+https://h/r%ff", "its percent-encoding is damaged"],
    ["git+http://example.org/r", "plain HTTP lets anybody on the way replace the project"],
    ["git+http://127.0.0.1.example.org/r", "plain HTTP lets anybody on the way replace the project"],
  ];
  for (const [text, why] of cases) {
    assert.throws(() => parseReference(text), {
      code: "reference-invalid",
      message: `Cannot read the reference "${text}": ${why}`,
    });
  }
});

test("control characters are shown as codes, and a password is not shown", () => {
  assert.throws(() => parseReference("a\n\x1b[2Jb\0"), {
    message: 'Cannot read the reference "a\\x0a\\x1b[2Jb\\x00": it has a control character',
  });
  assert.throws(() => parseReference("git+https://me:secret@h/r"), {
    message:
      'Cannot read the reference "git+https://me:…@h/r": it has a password, which would get into locks and logs',
    hint: "Leave it out, and let git ask a credential helper",
  });
});

test("kinds that are not there yet, and git's own helpers, are refused with the kinds that are", () => {
  for (const text of [
    "github:owner/repo",
    "https://h/x.tar.gz",
    "tarball+https://h/x",
    "nixpkgs:x",
    "hg+https://h/r",
  ]) {
    const error = thrown(text);
    assert.equal(error.code, "unsupported");
    assert.match(error.message, /: references of the kind ".*:" are not supported yet$/);
    assert.match(error.hint ?? "", /^Supported are a path, .*"git\+https:\/\/HOST\/REPOSITORY"/);
  }
  for (const text of [
    "ext::sh -c x",
    "git+ext::sh -c x",
    "git+fd://1/r",
    "ssh://h/r",
    "git://h/r",
    "git+git://h/r",
  ]) {
    assert.equal(thrown(text).code, "unsupported", text);
  }
});

function thrown(text: string): MicrovmError {
  try {
    parseReference(text);
  } catch (error) {
    if (error instanceof MicrovmError) return error;
  }
  throw new Error(`"${text}" is not refused`);
}
