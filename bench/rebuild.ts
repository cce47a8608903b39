/** Building again after a change: a changed option, one more package, one less, and nothing at all. */
import { type Benchmark, figure } from "./benchmark.ts";
import { build, changeExample, copyExample, type Example } from "./example.ts";

/** Whole commands, on a minimal guest that was built before. */
export const rebuild: Benchmark = {
  name: "rebuild",
  runs: 5,
  async measure({ runs, workspace, say }) {
    const example = copyExample(workspace, "rebuild", "minimal");
    await build(workspace, example);
    const times = { option: [], add: [], remove: [], nothing: [] } as Record<Change, number[]>;
    for (let run = 1; run <= runs; run++) {
      for (const [change, list] of Object.entries(times) as [Change, number[]][]) {
        CHANGES[change](example, run);
        list.push((await build(workspace, example)).seconds);
      }
      say(
        `rebuild ${run}/${runs}: ${Object.values(times)
          .map((list) => list.at(-1)?.toFixed(2))
          .join(", ")}`,
      );
    }
    const note = "no peer: mmdebstrap cannot build again, only anew";
    return [
      figure("rebuild", "build after a changed option", times.option, [], note),
      figure("rebuild-add", "build after adding a package, nginx or another", times.add, [], note),
      figure("rebuild-remove", "build after removing it again", times.remove, [], note),
      figure("rebuild-nothing", "build when nothing changed", times.nothing, [], note),
    ];
  },
};

type Change = "option" | "add" | "remove" | "nothing";

/** One for each run, since what was built once is there: web servers of about the same size. */
const PACKAGES = ["nginx", "lighttpd", "apache2", "haproxy", "webfs", "varnish", "squid", "nginx-extras"];

const CHANGES: Readonly<Record<Change, (example: Example, run: number) => void>> = {
  option: (example, run) => changeExample(example, /domain: "[^"]*"/, `domain: "run-${run}.example.org"`),
  add: (example, run) =>
    changeExample(example, /"kmod"\]/, `"kmod", "${PACKAGES[(run - 1) % PACKAGES.length]}"]`),
  remove: (example) => changeExample(example, /"kmod", "[^"]*"\]/, '"kmod"]'),
  nothing: () => {},
};
