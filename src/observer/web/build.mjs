// SPDX-License-Identifier: Apache-2.0
/* Bundles the page: node build.mjs --out DIR [--watch]
 *
 * DIR holds node_modules (npm ci); the page lands in DIR/dist: index.html, app.js, app.css and
 * favicon.svg, which is all that the node embeds and serves. DIR/page.d tells the build what they
 * are made from. --tests adds the mock server and the browser tests in DIR/tests. */
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = path.dirname(fileURLToPath(import.meta.url));
const testSources = path.resolve(here, "../../../tests/observer");
const { values: options } = parseArgs({
    options: {
        out: { type: "string" },
        tests: { type: "boolean", default: false },
        watch: { type: "boolean", default: false },
    },
});
if (!options.out) throw new Error("usage: node build.mjs --out DIR [--tests] [--watch]");
const out = path.resolve(options.out);
const dist = path.join(out, "dist");
const esbuild = createRequire(path.join(out, "package.json"))("esbuild");

/* The icons as one hidden drawing: <svg><symbol id="i-NAME">…, used by name. */
function sprite() {
    const folder = path.join(here, "icons");
    const symbols = fs
        .readdirSync(folder)
        .filter((file) => file.endsWith(".svg") && file !== "favicon.svg")
        .sort()
        .map((file) => {
            const text = fs.readFileSync(path.join(folder, file), "utf8");
            const inner = text
                .replace(/<!--.*?-->|<\/?svg[^>]*>/gs, "")
                .replace(/\s+/g, " ")
                .trim();
            const id = `i-${path.basename(file, ".svg")}`;
            return `<symbol id="${id}" viewBox="0 0 20 20">${inner}</symbol>`;
        });
    return `<svg class="sprite" aria-hidden="true" width="0" height="0">${symbols.join("")}</svg>`;
}

function writePage() {
    fs.mkdirSync(dist, { recursive: true });
    const html = fs
        .readFileSync(path.join(here, "index.html"), "utf8")
        .replace(/<!-- SPDX.*?-->\s*/, "")
        .replace("<!-- icons -->", sprite())
        .replace(/\n\s+/g, "\n");
    fs.writeFileSync(path.join(dist, "index.html"), html);
    fs.copyFileSync(path.join(here, "icons/favicon.svg"), path.join(dist, "favicon.svg"));
}

const page = {
    entryPoints: [
        { in: path.join(here, "app/main.ts"), out: "app" },
        { in: path.join(here, "styles/app.css"), out: "app" },
    ],
    outdir: dist,
    bundle: true,
    minify: !options.watch,
    sourcemap: options.watch ? "linked" : false,
    format: "iife",
    target: ["chrome110", "firefox115", "safari16.4"],
    nodePaths: [path.join(out, "node_modules")],
    metafile: true,
    legalComments: "none",
    logLevel: "warning",
};

const tests = () => ({
    entryPoints: fs
        .readdirSync(testSources)
        .filter((file) => file.endsWith(".ts"))
        .map((file) => path.join(testSources, file))
        .concat(path.join(testSources, "mock/main.ts")),
    outdir: path.join(out, "tests"),
    outbase: testSources,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node18",
    outExtension: { ".js": ".mjs" },
    packages: "external",
    metafile: true,
    nodePaths: page.nodePaths,
    logLevel: "warning",
});

/* A depfile as compilers write them, so that the build knows the sources without listing them. */
function writeDepfile(inputs) {
    const pageFiles = ["index.html", "build.mjs", "icons"].map((file) => path.join(here, file));
    const icons = fs
        .readdirSync(path.join(here, "icons"))
        .map((file) => path.join(here, "icons", file));
    const sources = inputs.map((file) => path.resolve(file)).concat(pageFiles, icons);
    const escaped = sources.map((file) => file.replaceAll(" ", "\\ "));
    fs.writeFileSync(path.join(out, "page.d"), `dist/index.html: ${escaped.join(" \\\n  ")}\n`);
}

writePage();
if (options.watch) {
    const context = await esbuild.context(page);
    await context.watch();
    fs.watch(here, { recursive: false }, writePage);
} else {
    const built = [await esbuild.build(page)];
    if (options.tests) built.push(await esbuild.build(tests()));
    writeDepfile(built.flatMap((result) => Object.keys(result.metafile.inputs)));
}
