// Bundles the front end into src/tutelage/web/static/dist: hashed files, manifest.json, words.json, THIRD_PARTY.txt.
// A kind of question is found by its folder: workbench/<kind>/element.ts and, if it has one, style.css.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const web = join(here, "..", "src", "tutelage", "web");
const out = process.env.TUTELAGE_DIST ?? join(web, "static", "dist");
const half = `${out}.${process.pid}.tmp`;

const folders = readdirSync(join(web, "workbench"), { withFileTypes: true }).filter((f) => f.isDirectory()).map((f) => f.name);
const kinds = folders.filter((name) => existsSync(join(web, "workbench", name, "element.ts"))).sort();

// Two entries that exist only here: the table of kinds, each loaded when a task needs it, and one style sheet for all.
const generated = {
  "kinds.ts": () =>
    `export const KINDS: Record<string, () => Promise<unknown>> = {\n${kinds
      .map((k) => `  ${JSON.stringify(k)}: () => import(${JSON.stringify(join(web, "workbench", k, "element.ts"))}),`)
      .join("\n")}\n};`,
  "workbench.css": () =>
    [join(here, "src", "workbench.css"), ...kinds.map((k) => join(web, "workbench", k, "style.css"))]
      .filter(existsSync)
      .map((file) => `@import ${JSON.stringify(file)};`)
      .join("\n"),
};

const plugin = {
  name: "generated",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^generated:/ }, ({ path }) => ({ path: path.slice(10), namespace: "generated" }));
    onLoad({ filter: /.*/, namespace: "generated" }, ({ path }) => ({
      contents: generated[path](),
      loader: path.endsWith(".css") ? "css" : "ts",
      resolveDir: here,
    }));
    // Elements live in the package, beside their server side; what they import lives here.
    onResolve({ filter: /^@tutelage\// }, ({ path }) => ({ path: join(here, "src", `${path.slice(10)}.ts`) }));
    onResolve({ filter: /^lit(\/|$)/ }, ({ path, importer, pluginData }) =>
      pluginData?.ours || importer.includes("node_modules")
        ? undefined
        : resolveHere(path));
  },
};
let resolveHere = () => undefined;
const setup = plugin.setup;
plugin.setup = (b) => {
  resolveHere = (path) => b.resolve(path, { kind: "import-statement", resolveDir: here, pluginData: { ours: true } });
  setup(b);
};

rmSync(half, { recursive: true, force: true });
const result = await build({
  absWorkingDir: here,
  entryPoints: {
    site: "src/site.ts",
    sign: "src/sign.ts",
    workbench: "src/workbench.ts",
    "site-style": join(web, "shared", "styles", "site.css"),
    "workbench-style": "generated:workbench.css",
  },
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  legalComments: "none",
  target: ["chrome123", "firefox120", "safari17.5"],
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  outdir: half,
  metafile: true,
  plugins: [plugin],
  logLevel: "warning",
  tsconfig: "tsconfig.json",
});

// What a page asks for by name: an entry, or `kind:<name>` with everything it loads, to be fetched early.
const outputs = Object.entries(result.metafile.outputs);
const named = (path) => relative(half, join(here, path));
const manifest = { files: {}, kinds: {} };
for (const [path, { entryPoint, imports }] of outputs) {
  if (!entryPoint) continue;
  const kind = kinds.find((k) => entryPoint.endsWith(join("workbench", k, "element.ts")));
  const needs = imports.filter((i) => i.kind === "import-statement").map((i) => named(i.path));
  const name = named(path).replace(/-[A-Z0-9]{8}(?=\.\w+$)/, "").replace("-style.css", ".css");
  if (kind) manifest.kinds[kind] = [named(path), ...needs];
  else manifest.files[name] = { file: named(path), needs };
}

// Every text a person reads is written t("…") or tn(n, "…", "…"): the page hands over its translations by these.
const sources = Object.keys(result.metafile.inputs).map((p) => join(here, p)).filter((p) => existsSync(p) && p.endsWith(".ts") && !p.includes("node_modules"));
const words = new Set();
for (const file of sources) {
  const text = readFileSync(file, "utf8");
  for (const [, inner] of text.matchAll(/\b(?:t|tn|mark)\(\s*((?:[^"()]*?,\s*)?"(?:[^"\\]|\\.)*"(?:,\s*"(?:[^"\\]|\\.)*")?)/g))
    for (const [literal] of inner.matchAll(/"(?:[^"\\]|\\.)*"/g)) words.add(JSON.parse(literal));
}

const bundled = new Set(
  Object.keys(result.metafile.inputs).map((p) => p.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean),
);
const licences = [...bundled].sort().map((name) => {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, "LICENSE"), "utf8").trim()}\n`;
});

const write = (name, text) => writeFileSync(join(half, name), text);
mkdirSync(half, { recursive: true });
write("manifest.json", `${JSON.stringify({ ...manifest, sources: process.env.TUTELAGE_SOURCES ?? null }, null, 1)}\n`);
write("words.json", `${JSON.stringify([...words].sort(), null, 1)}\n`);
write("THIRD_PARTY.txt", licences.join("\n\n"));
write("SHA256SUMS", outputs.map(([path]) => `${createHash("sha256").update(readFileSync(join(here, path))).digest("hex")}  ${named(path)}\n`).join(""));
// A server that runs while this builds goes on naming the files it knows: those of the last build stay beside the new.
const sums = join(out, "SHA256SUMS");
for (const line of existsSync(sums) ? readFileSync(sums, "utf8").split("\n") : []) {
  const [, name] = line.split("  ");
  if (name && existsSync(join(out, name)) && !existsSync(join(half, name))) copyFileSync(join(out, name), join(half, name));
}
rmSync(out, { recursive: true, force: true });
renameSync(half, out);
