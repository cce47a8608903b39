// Run by npm when the package has been installed. Kept to what any Node understands, and silent in a checkout, which has
// nothing built.
if (Number(process.versions.node.split(".")[0]) >= 24) {
  const program = new URL("../dist/config/make-snapshot.js", import.meta.url);
  if (process.getBuiltinModule("node:fs").existsSync(program)) await import(program.href);
}
