// Builds the pages of all.jsonl, each as a folder with an index.html that needs no server:
//     node build.mjs all.jsonl pages
// Run it in a folder of its own, in which npm has installed esbuild, tailwindcss,
// @tailwindcss/cli, react, react-dom and the packages that the pages use. None of a page's own
// code is run here; what cannot be built is named, and the others are built all the same.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const [rows, out] = process.argv.slice(2);
const head = '<!doctype html><meta charset="utf-8"><title>Page</title>';
const html = `${head}<link rel="stylesheet" href="page.css"><div id="root"></div>` +
  '<script src="page.js"></script>\n';
const mount = `import { createRoot } from "react-dom/client";
import Page from "./page";
createRoot(document.getElementById("root")!).render(<Page />);
`;
const packagesOnly = {
  name: "packages only",
  setup(made) {
    made.onResolve({ filter: /^[./]/ }, ({ importer, path }) =>
      importer.endsWith("/page.tsx")
        ? { errors: [{ text: `${path}: a page is one file, and may import packages only` }] }
        : undefined);
  },
};

async function buildPage(code, folder) {
  writeFileSync("page.tsx", code);
  await build({
    entryPoints: ["mount.tsx"], outfile: `${folder}/page.js`, bundle: true, minify: true,
    jsx: "automatic", alias: { "@": process.cwd() }, logLevel: "silent", plugins: [packagesOnly],
    define: { "process.env.NODE_ENV": '"production"' },
  });
  execFileSync("npx", ["@tailwindcss/cli", "-i", "tailwind.css", "-o", `${folder}/page.css`],
    { stdio: "ignore" });
  writeFileSync(`${folder}/index.html`, html);
}

writeFileSync("tailwind.css", '@import "tailwindcss" source(none);\n@source "./page.tsx";\n');
writeFileSync("mount.tsx", mount);
for (const line of readFileSync(rows, "utf8").split("\n").filter(Boolean)) {
  const row = JSON.parse(line);
  for (const side of ["a", "b"]) {
    const name = `${row.question_id}_${side}`;
    const folder = `${out}/${name}`;
    try {
      mkdirSync(folder, { recursive: true });
      await buildPage(row[`conversation_${side}`].at(-1).object.code, folder);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      console.error(`${name}: ${error.errors?.[0]?.text ?? error.message}`);
    }
  }
}
