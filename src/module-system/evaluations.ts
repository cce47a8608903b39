const evaluations = new WeakSet<object>();

/** Remembers that an object is what `evalModules` returned. */
export function rememberEvaluation(evaluated: object): void {
  evaluations.add(evaluated);
}

/** Whether a value is what `evalModules` returned, which is easily taken for a module. */
export function isEvaluation(value: object): boolean {
  return evaluations.has(value);
}
