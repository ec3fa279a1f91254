// Puts the browser builds of GraphiQL's packages into `dist/`, under names that carry their hash, and beside them the
// script of the page that follows an order, bundled with the client of its subscription.
//
// GraphiQL 4 is the newest major that is published as one self-contained script (no workers, fonts inside its CSS), so
// it needs no bundler, the page needs no exception for `eval` or blob workers, and the very same files can come
// from a CDN, guarded by the integrity hashes in `libraries.json`, as long as nobody has built.
//
//   node build.mjs         copies, and refuses files that differ from `libraries.json`
//   node build.mjs --pin   writes versions and hashes of what is installed into `libraries.json`

import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { build as bundle } from "esbuild";

const web = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const at = (...parts) => path.join(web, ...parts);
const digest = (algorithm, encoding, ...contents) =>
  contents.reduce((hash, content) => hash.update(content), createHash(algorithm)).digest(encoding);

/** What decides about the contents of `dist/`; `server/graphiql_build.py` hashes the same files in the same order. */
const INPUTS = [
  "package-lock.json",
  "libraries.json",
  "build.mjs",
  "track/track.js",
  "track/following.js",
  "track/steps.js",
];
const TRACKING = "track/track.js";

async function installed({ package: name, file }) {
  const { version } = JSON.parse(await readFile(at("node_modules", name, "package.json"), "utf8"));
  const content = await readFile(at("node_modules", name, file));
  return { package: name, version, file, integrity: `sha384-${digest("sha384", "base64", content)}`, content };
}

async function pin(libraries) {
  const lines = libraries.map(({ content, ...library }) => `  ${JSON.stringify(library)}`);
  await writeFile(at("libraries.json"), `[\n${lines.join(",\n")}\n]\n`);
}

function refuseForeign(libraries, pinned) {
  libraries.forEach((library, index) => {
    const { version, integrity } = pinned[index];
    if (library.version !== version || library.integrity !== integrity) {
      throw new Error(
        `${library.package}/${library.file} is not the file that libraries.json names. ` +
          "After a deliberate change of versions, run `npm run pin`.",
      );
    }
  });
}

function hashedName({ package: name, file, content }) {
  const stem = name.replace(/^@/, "").replaceAll("/", "-");
  return `${stem}-${digest("sha256", "hex", content).slice(0, 16)}${path.extname(file)}`;
}

async function bundled(file) {
  const { outputFiles } = await bundle({
    entryPoints: [at(file)],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
    legalComments: "none",
    logLevel: "warning",
  });
  return Buffer.from(outputFiles[0].contents);
}

async function build(libraries) {
  const fresh = at(".build", "dist");
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  const names = libraries.map(hashedName);
  await Promise.all(libraries.map(({ content }, index) => writeFile(path.join(fresh, names[index]), content)));
  const tracking = { package: "track", file: TRACKING, content: await bundled(TRACKING) };
  await writeFile(path.join(fresh, hashedName(tracking)), tracking.content);
  const inputs = digest("sha256", "hex", ...(await Promise.all(INPUTS.map((input) => readFile(at(input))))));
  const manifest = {
    inputs,
    scripts: names.filter((name) => name.endsWith(".js")),
    styles: names.filter((name) => name.endsWith(".css")),
    tracking: hashedName(tracking),
  };
  await writeFile(path.join(fresh, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await replace(fresh, at("dist"), at(".build", "old"));
}

/** Whoever reads meanwhile finds the old folder, none, or the new one, and never half of one. */
async function replace(fresh, current, old) {
  await rm(old, { recursive: true, force: true });
  await rename(current, old).catch((error) => {
    if (error.code !== "ENOENT") throw error;
  });
  await rename(fresh, current);
  await rm(old, { recursive: true, force: true });
}

const pinned = JSON.parse(await readFile(at("libraries.json"), "utf8"));
const libraries = await Promise.all(pinned.map(installed));
if (process.argv.includes("--pin")) {
  await pin(libraries);
} else {
  refuseForeign(libraries, pinned);
  await build(libraries);
}
