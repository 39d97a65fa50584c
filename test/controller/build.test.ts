/** The build: small, told apart by nothing but its sources, and with a list of its parts. */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = [
  'agent',
  'controller',
  'protocol',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'install.sh',
];

async function buildIn(folder: string): Promise<Map<string, string>> {
  await mkdir(folder, { recursive: true });
  for (const each of sources) await cp(join(root, each), join(folder, each), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await promisify(execFile)(process.execPath, ['--import', 'tsx', 'controller/build.ts'], { cwd: folder });
  const dist = join(folder, 'dist');
  const hashes = new Map<string, string>();
  for (const name of (await readdir(dist, { recursive: true })).sort()) {
    if (!(await stat(join(dist, name))).isFile()) continue;
    hashes.set(
      name,
      createHash('sha256')
        .update(await readFile(join(dist, name)))
        .digest('hex'),
    );
  }
  return hashes;
}

describe('the build', (test) => {
  test('is the same in another folder, the agent is under 1 MB, and its parts are listed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hotdesk-build-'));
    try {
      const [one, other] = [join(folder, 'one'), join(folder, 'quite/another')];
      const [first, second] = await Promise.all([buildIn(one), buildIn(other)]);
      assert.equal([...first], [...second]);

      const { size } = await stat(join(one, 'dist/hotdesk-agent.mjs'));
      assert.ok(size < 1_000_000, `hotdesk-agent.mjs has ${size} bytes`);
      const controller = await readFile(join(one, 'dist/hotdesk.mjs'), 'utf8');
      assert.ok(controller.includes('<!doctype html>'), 'the page is inside');
      const agent = await readFile(join(one, 'dist/hotdesk-agent.mjs'), 'utf8');
      assert.match(agent, 'function openSipSockets(', 'a stack trace names what is ours');
      const map = JSON.parse(await readFile(join(one, 'dist/hotdesk-agent.mjs.map'), 'utf8')) as {
        sources: string[];
      };
      assert.ok(map.sources.includes('../agent/main.ts'));

      const parts = JSON.parse(await readFile(join(one, 'dist/sbom.cdx.json'), 'utf8')) as {
        bomFormat: string;
        components: { name: string }[];
      };
      assert.is(parts.bomFormat, 'CycloneDX');
      const names = parts.components.map(({ name }) => name);
      assert.ok(['ws', 'sip.js', 'zod'].every((name) => names.includes(name)));
      assert.not.ok(names.includes('esbuild'), 'what builds is no part');
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 120_000);
});
