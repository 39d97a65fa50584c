#!/usr/bin/env node
/**
 * `hotdesk-agent` as npx finds it: a file that is there before the first build, for npx
 * remembers a package whose programs it did not find. The program itself is built
 * from ./main.ts by `npm run build`.
 */

import { existsSync } from 'node:fs';

const program = new URL('../dist/hotdesk-agent.mjs', import.meta.url);
if (!existsSync(program)) {
  process.stderr.write('hotdesk-agent: not built yet; run "npm run build" first\n');
  process.exit(1);
}
await import(program.href);
