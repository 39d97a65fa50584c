/** Other versions of what was built, as a later release would be. */

import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { formatRelease } from '#controller/release/release.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

/** What was built, with an agent of another version; both say what this one does not know. Answers the controller's file. */
export async function buildOf(
  folder: string,
  version: string,
  change = (text: string) => text,
): Promise<string> {
  const built = join(folder, `dist-${version}`);
  await cp(dist, built, { recursive: true });
  const file = join(built, 'hotdesk-agent.mjs');
  const text = await readFile(file, 'utf8');
  const named = text.replace(/(\bversion\d*=)"0\.1\.0"/, `$1"${version}"`);
  assert.is.not(named, text, 'the version is in the bundle');
  await writeFile(file, change(added(named, /([\w$]+)\(options\.status\(\)\)/, `$&,links.${later}`)));
  const controller = join(built, 'hotdesk.mjs');
  const served = await readFile(controller, 'utf8');
  await writeFile(controller, added(served, /this\.#control\(\{type:"hear"\}\)/, `(this.links.${later},$&)`));
  await writeFile(join(built, 'manifest.json'), await formatRelease(built, version));
  return controller;
}

/** What a later version says and this one does not know. */
const later = `signal.sendKept("control",0,Buffer.from('{"type":"later","colour":1}'))`;

function added(text: string, what: RegExp, instead: string): string {
  const changed = text.replace(what, instead);
  assert.is.not(changed, text, String(what));
  return changed;
}
