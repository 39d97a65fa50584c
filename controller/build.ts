/**
 * Builds the two programs: each one file that runs wherever Node does, with the
 * prompts and the page beside it. Not minified (but for the page): a stack trace from an office must be readable.
 *
 * Says what it did on standard error: `npm start -- --json` keeps standard output.
 */

import { chmod, cp, mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundlePage } from '#controller/web/bundle.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const dist = join(root, 'dist');

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
  await Promise.all(programs.map(({ entry, file }) => bundle(join(root, entry), join(fresh, file))));
  await bundlePage(join(fresh, 'web'));
  await cp(join(root, 'controller/ivr/prompts'), join(fresh, 'prompts'), {
    recursive: true,
    filter: async (source) => (await stat(source)).isDirectory() || source.endsWith('.wav'),
  });
  await rm(dist, { recursive: true, force: true });
  await rename(fresh, dist);
} finally {
  await rm(fresh, { recursive: true, force: true });
}
process.stderr.write(`built dist/ in ${Math.round(performance.now() - begun)} ms\n`);

async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: 'linked',
    banner: { js: banner },
    logLevel: 'warning',
    // Native helpers of ws, which it does without.
    external: ['bufferutil', 'utf-8-validate'],
  });
  await chmod(outfile, 0o755);
}
