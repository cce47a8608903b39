import assert from "node:assert/strict";
import { test } from "node:test";
import { readProjectText } from "./project-files.ts";

test("a file that an option names is read, or the option and the reason are named", () => {
  assert.equal(
    readProjectText((path) => `text of ${path}`, "a.b", "x.pub"),
    "text of x.pub",
  );
  const outside = () => {
    throw new Error("it lies outside of the project");
  };
  assert.throws(() => readProjectText(outside, "security.pki.certificateFiles", "../x.pem"), {
    code: "config-invalid",
    message:
      '"security.pki.certificateFiles" names "../x.pem", which cannot be read: it lies outside of the project',
    hint: "Name a file inside the project's directory, relative to it",
  });
});
