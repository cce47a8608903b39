import assert from "node:assert/strict";
import { test } from "node:test";
import type { TracedOption } from "./protocol.ts";
import { parseTrace } from "./trace-answer.ts";

const trace: TracedOption = {
  vm: "web",
  name: "microvm.mem",
  option: "microvm.mem",
  value: 512,
  fault: { code: "option-type", message: "It is wrong" },
  type: "integer",
  description: "Memory in MiB.",
  declarations: ["a.ts"],
  default: null,
  definitions: [
    { file: "a.ts", priority: 100, strength: "plain", shown: "512", value: 512, holds: true, won: true },
  ],
};

const parse = (answer: unknown) => parseTrace(JSON.stringify(answer), "/project.ts");

test("a sound answer comes through", () => {
  assert.deepEqual(parse({ trace }), trace);
});

test("an answer that is none is malformed, and says why", () => {
  const [definition] = trace.definitions;
  const cases: readonly (readonly [unknown, string])[] = [
    [{}, "it holds no option"],
    [{ trace: { ...trace, name: 1 } }, "what it says of the option is no text"],
    [{ trace: { ...trace, declarations: "a.ts" } }, "what it says of the option is no list"],
    [{ trace: { ...trace, definitions: [null] } }, "one of its definitions is none"],
    [
      { trace: { ...trace, definitions: [{ ...definition, priority: "1" }] } },
      "one of its definitions is none",
    ],
  ];
  for (const [answer, why] of cases) {
    assert.throws(() => parse(answer), {
      message: `The evaluation of "/project.ts" gave a malformed answer: ${why}`,
    });
  }
});

test("what a terminal would obey is taken out of texts", () => {
  assert.equal(parse({ trace: { ...trace, description: "a\u001b[2Jb" } }).description, "a\uFFFD[2Jb");
});

test("an error is thrown", () => {
  const error = { code: "option-unknown", message: "No such option" };
  assert.throws(() => parse({ error }), error);
});
