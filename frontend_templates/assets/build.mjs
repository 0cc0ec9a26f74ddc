// Refreshes frontend_templates/static/vendor (and the accessibility checker of the browser tests) from node_modules.
// Run with: npm --prefix frontend_templates/assets ci && npm --prefix frontend_templates/assets run build
import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const vendor = join(here, "..", "static", "vendor");
const testVendor = join(here, "..", "..", "tests", "browser", "vendor");
const icons = JSON.parse(await readFile(join(here, "icons.json"), "utf8"));
// The parts of the design system that the pages use, in its own order; the whole of it would be three times as heavy.
// tests/web/test_components.py holds that each ds-* class in a template has its part here.
const parts = {
  "ds.base": ["base", "label"],
  "ds.components": ["data-size-workaround", "button", "input", "alert", "skip-link", "chip", "tag"],
};

async function copy(source, target) {
  await mkdir(dirname(target), { recursive: true });
  await cp(join(modules, source), target);
}

/** The licence file of a package, whatever its spelling. */
async function copyLicence(name, target) {
  const found = (await readdir(join(modules, name))).find((file) => /^licen[cs]e/i.test(file));
  if (!found) throw new Error(`${name} has no licence file`);
  await copy(join(name, found), join(target, "LICENSE"));
}

/** The chosen parts in one sheet, in the cascade layers that the design system's own index puts them in. */
async function designSystem() {
  const sheets = ["@layer ds.theme,ds.base,ds.components;"];
  for (const [layer, names] of Object.entries(parts)) {
    const texts = await Promise.all(names.map((name) => readFile(join(modules, `@digdir/designsystemet-css/dist/src/${name}.css`), "utf8")));
    sheets.push(`@layer ${layer}{${texts.map((text) => text.trim()).join("\n")}}`);
  }
  return sheets.join("\n");
}

async function version(name) {
  return JSON.parse(await readFile(join(modules, name, "package.json"), "utf8")).version;
}

/** Moves data: images into files, because the content security policy allows images from 'self' only. */
async function withIconFiles(css) {
  const names = new Map();
  const replaced = css.replace(/url\((["'])data:image\/svg\+xml;charset=utf-8,(.+?)\1\)/g, (_, quote, encoded) => {
    const image = encoded.startsWith("%3C") ? decodeURIComponent(encoded) : encoded;
    if (!names.has(image)) names.set(image, `${names.size + 1}.svg`);
    return `url("icons/${names.get(image)}")`;
  });
  if (replaced.includes("data:")) throw new Error("The design system still contains a data: URL");
  for (const [image, name] of names) await writeFile(join(system, "icons", name), image);
  return replaced;
}

const system = join(vendor, "designsystemet");
await rm(vendor, { recursive: true, force: true });

await mkdir(join(system, "icons"), { recursive: true });
await writeFile(join(system, "designsystemet.css"), await withIconFiles(await designSystem()));
await copyLicence("@digdir/designsystemet-css", system);
await cp(join(here, "design-tokens-build", "praktiknavet.css"), join(system, "theme.css"));

const font = join(vendor, "source-sans-3");
await copy("@fontsource-variable/source-sans-3/files/source-sans-3-latin-wght-normal.woff2", join(font, "source-sans-3-latin.woff2"));
await copyLicence("@fontsource-variable/source-sans-3", font);

await copy("htmx.org/dist/htmx.min.js", join(vendor, "htmx", "htmx.min.js"));
await copyLicence("htmx.org", join(vendor, "htmx"));

for (const icon of icons) await copy(`lucide-static/icons/${icon}.svg`, join(vendor, "lucide", `${icon}.svg`));
await copyLicence("lucide-static", join(vendor, "lucide"));

await copy("axe-core/axe.min.js", join(testVendor, "axe.min.js"));
await copyLicence("axe-core", testVendor);

const packages = [
  ["@digdir/designsystemet-css", "MIT"],
  ["@digdir/designsystemet", "MIT"],
  ["@fontsource-variable/source-sans-3", "OFL-1.1"],
  ["htmx.org", "0BSD"],
  ["lucide-static", "ISC"],
  ["axe-core", "MPL-2.0 (tests only)"],
];
const rows = await Promise.all(packages.map(async ([name, licence]) => `| ${name} | ${await version(name)} | ${licence} |`));
await writeFile(
  join(vendor, "README.md"),
  `Third-party files: of the design system the parts in use and a generated theme, everything else unchanged. Refreshed by \`npm run build\` in frontend_templates/assets.\n\n` +
    `| package | version | licence |\n|---|---|---|\n${rows.join("\n")}\n`,
);
