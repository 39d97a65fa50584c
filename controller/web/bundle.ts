/**
 * Bundles the page: `page/` becomes a folder with `index.html` and files whose
 * names carry a hash of what is in them, so that a browser may keep them for ever.
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const page = fileURLToPath(new URL('./page/', import.meta.url));

export async function bundlePage(outdir: string): Promise<void> {
  await mkdir(outdir, { recursive: true });
  const { metafile } = await build({
    entryPoints: [join(page, 'main.tsx'), join(page, 'style.css')],
    outdir,
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    metafile: true,
    // The hashes are of what is in the files, not of where they, or node_modules, are.
    absWorkingDir: page,
    preserveSymlinks: true,
    logLevel: 'warning',
  });
  const files = Object.keys(metafile.outputs).map((file) => basename(file));
  const html = await readFile(join(page, 'index.html'), 'utf8');
  const named = html.replace(/(main\.js|style\.css)/g, (name) => {
    const [stem = '', ending = ''] = name.split('.');
    const file = files.find((each) => each.startsWith(`${stem}-`) && each.endsWith(`.${ending}`));
    if (file === undefined) throw new Error(`the bundle has no ${name}`);
    return file;
  });
  await writeFile(join(outdir, 'index.html'), named);
}
