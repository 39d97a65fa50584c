/**
 * Builds the two programs: each one file that runs wherever Node does, with the
 * prompts beside it. Not minified: a stack trace from an office must be readable.
 *
 * Says what it did on standard error: `npm start -- --json` keeps standard output.
 */

import { chmod, cp, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

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
await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await Promise.all(programs.map(({ entry, file }) => bundle(join(root, entry), join(dist, file))));
await cp(join(root, 'controller/ivr/prompts'), join(dist, 'prompts'), {
  recursive: true,
  filter: async (source) => (await stat(source)).isDirectory() || source.endsWith('.wav'),
});
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
