import { debian } from "./debian/package-set.ts"; import { mirrorFor } from "./debian/mirror.ts"; import { fetchRelease } from "./debian/release.ts"; import { fetchIndex } from "./debian/fetch-index.ts"; import { resolve } from "./debian/resolver.ts";
let t = performance.now(); const lap = (n: string) => { const u = performance.now(); console.error(n, (u - t).toFixed(0)); t = u; };
const set = debian({suite:"trixie", architecture:"amd64"}); const m = mirrorFor(set); lap("mirror");
const r = await fetchRelease(set, m); lap("release");
for (let i=0;i<3;i++){ const index = await fetchIndex(set, r, m, "/tmp/dw/indices"); lap("index");
const p = resolve(index, process.argv.slice(2), {essential:true}); lap("resolve "+p.length); if(i==2) for (const x of p) console.log(x.name, x.version); }
