// Bundles the tests with the same aliases as the build, and runs them.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const out = mkdtempSync(join(tmpdir(), "tutelage-test-"));
try {
  await build({ absWorkingDir: here, entryPoints: ["test/pure.test.ts"], bundle: true, platform: "node", format: "esm", outdir: out, outExtension: { ".js": ".mjs" }, tsconfig: "tsconfig.json", external: ["node:*"] });
  process.exitCode = spawnSync(process.execPath, ["--test", join(out, "pure.test.mjs")], { stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
