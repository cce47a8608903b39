/** Progress in a log or a pipe: plain lines, each of them once. */
import { type Paint, warningLine } from "../output.ts";
import type { Clock } from "./clock.ts";
import { progressModel, type RunningBuild, type View, WORTH_TELLING } from "./model.ts";
import type { ProgressReporter } from "./reporter.ts";
import { activity, bytes, downloadParts, finishedText, packages, percentage } from "./texts.ts";

/** Milliseconds between two lines that tell how far everything is. */
const PROGRESS_INTERVAL = 2000;

/** Milliseconds between two looks at what has begun. */
const INTERVAL = 100;

/** Reports to a stream. */
export function plainReporter(
  stream: { write(text: string): unknown },
  clock: Clock,
  paint: Paint,
): ProgressReporter {
  const model = progressModel();
  const announced = new Set<string>();
  let last = { time: clock.now(), text: "" };
  const say = (text: string) => stream.write(`${text}\n`);

  const announce = (build: RunningBuild, now: number) => {
    const key = `${build.path} ${build.isElsewhere}`;
    if (announced.has(key) || now - build.started < WORTH_TELLING) return;
    announced.add(key);
    say(
      build.isElsewhere ? `Waiting for ${build.name}, which another process makes` : `Building ${build.name}`,
    );
  };
  const timer = clock.every(INTERVAL, () => {
    const now = clock.now();
    const view = model.view(now);
    for (const build of view.builds) announce(build, now);
    if (now - last.time < PROGRESS_INTERVAL) return;
    const text = progressLine(view);
    if (text === last.text) return;
    if (text !== "") say(text);
    last = { time: now, text };
  });

  return {
    step: say,
    warning: (text) => say(warningLine(paint, text)),
    missing(paths) {
      model.expect(paths);
      last = { time: clock.now(), text: "" };
      const fetches = paths.flatMap(({ fetch }) => fetch ?? []);
      const size = fetches.reduce((sum, one) => sum + one, 0);
      const builds = paths.length - fetches.length;
      if (fetches.length > 0) say(`Fetching ${packages(fetches.length)}, ${bytes(size)}`);
      if (builds > 0) say(`Building ${builds === 1 ? "1 store path" : `${builds} store paths`}`);
    },
    event(event) {
      const finished = model.take(event, clock.now());
      if (finished) say(finishedText(finished, paint));
    },
    [Symbol.dispose]: () => timer[Symbol.dispose](),
  };
}

/** Everything that is going on, in one line; empty when nothing is. */
function progressLine({ downloads, builds, share }: View): string {
  const parts = [
    ...(downloads ? [`fetching ${downloadParts(downloads).join(", ")}`] : []),
    ...builds.map((build) => {
      const doing = activity(build) || "running";
      return `${build.name}: ${doing}${build.share === undefined ? "" : ` (${percentage(build.share)})`}`;
    }),
  ];
  if (parts.length === 0) return "";
  return `${share === undefined ? "" : `${percentage(share)}: `}${parts.join("; ")}`;
}
