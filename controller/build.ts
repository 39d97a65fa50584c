/**
 * Builds the two programs: each one file that runs wherever Node does, the
 * controller's with the page inside and the prompts beside it, and a list of what
 * is in them (CycloneDX). White space goes, names stay: a stack trace from an office names functions, and the
 * source map beside it the lines.
 *
 *     npm run build              to dist/
 *     npm run build -- FOLDER    elsewhere; the same bytes, wherever the sources are
 *
 * Says what it did on standard error: `npm start -- --json` keeps standard output.
 */

import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { formatRelease, signRelease } from '#controller/release/release.ts';
import { readPage } from '#controller/web/assets.ts';
import { bundlePage } from '#controller/web/bundle.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const dist = resolve(process.argv[2] ?? join(root, 'dist'));

const programs = [
  { entry: 'controller/main.ts', file: 'hotdesk.mjs' },
  { entry: 'agent/main.ts', file: 'hotdesk-agent.mjs' },
];

/** Bundled CommonJS asks for `require`, which a module does not have. */
const banner = [
  '#!/usr/bin/env node',
  "import { createRequire as createRequireOfBundle } from 'node:module';",
  'const require = createRequireOfBundle(import.meta.url);',
].join('\n');

const begun = performance.now();
// Beside, then swapped: a build that fails leaves the last good one.
const fresh = `${dist}.${process.pid}`;
try {
  await mkdir(fresh);
  await bundlePage(join(fresh, 'web'));
  const embeddedPage = JSON.stringify(readPage(join(fresh, 'web')));
  await Promise.all([
    ...programs.map(({ entry, file }) => bundle(join(root, entry), join(fresh, file), embeddedPage)),
    cp(join(root, 'controller/ivr/prompts'), join(fresh, 'prompts'), {
      recursive: true,
      filter: async (source) => (await stat(source)).isDirectory() || /\.(wav|tsv)$/.test(source),
    }),
    cp(join(root, 'install.sh'), join(fresh, 'install.sh')),
    listParts(join(fresh, 'sbom.cdx.json')),
  ]);
  await release(fresh);
  await rm(dist, { recursive: true, force: true });
  await rename(fresh, dist);
} finally {
  await rm(fresh, { recursive: true, force: true });
}
process.stderr.write(`built dist/ in ${Math.round(performance.now() - begun)} ms\n`);

async function bundle(entry: string, outfile: string, embeddedPage: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    minifyWhitespace: true,
    minifySyntax: true,
    define: { embeddedPage },
    sourcemap: 'linked',
    // Where node_modules really is must not show.
    preserveSymlinks: true,
    absWorkingDir: root,
    banner: { js: banner },
    logLevel: 'warning',
    // Native helpers of ws, which it does without.
    external: ['bufferutil', 'utf-8-validate'],
  });
  await chmod(outfile, 0o755);
}

/** With a key (PEM) in HOTDESK_RELEASE_KEY it is signed here; else each controller signs it with its own. */
async function release(folder: string): Promise<void> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  await writeFile(join(folder, 'manifest.json'), await formatRelease(folder, version));
  const key = process.env.HOTDESK_RELEASE_KEY;
  if (key !== undefined) await signRelease(folder, await readFile(key, 'utf8'));
}

type Parts = {
  serialNumber?: string;
  metadata: { timestamp?: string; component: { name: string } };
};

/** What the lock file says, without what differs from one build to the next: number, time and folder. */
async function listParts(file: string): Promise<void> {
  const argv = ['sbom', '--package-lock-only', '--omit', 'dev', '--sbom-format', 'cyclonedx'];
  const options = { cwd: root, maxBuffer: 64 * 1024 * 1024 };
  const { stdout } = await promisify(execFile)('npm', argv, options);
  const { serialNumber: _number, ...parts } = JSON.parse(stdout) as Parts;
  const { timestamp: _time, ...metadata } = parts.metadata;
  const component = { ...metadata.component, name: 'hotdesk' };
  await writeFile(file, `${JSON.stringify({ ...parts, metadata: { ...metadata, component } }, null, 2)}\n`);
}
