/**
 * Releases in the agent's folder: the one it runs instead of what was installed,
 * and the one that did not come up.
 *
 *     bundles/<version>.mjs
 *     bundles/current.json    { version, manifest, signature }
 *     bundles/refused.json    { version, signature, reason }
 *
 * Nothing here runs for being here: signature and hash are looked at each time.
 */

import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { Fault } from '#protocol/fault.ts';
import {
  agentFile,
  isNewer,
  type Manifest,
  maxManifestChars,
  readManifest,
  releaseSignature,
  versionText,
} from '#protocol/tunnel/release.ts';

const offer = z.object({
  version: versionText,
  manifest: z.string().max(maxManifestChars),
  signature: releaseSignature,
});
const refusal = z.object({ version: versionText, signature: releaseSignature, reason: z.string().max(256) });

/** A release as it came: what is signed, and by whom. */
export type Offer = z.infer<typeof offer>;
export type Refusal = z.infer<typeof refusal>;

const folderOf = (data: string) => join(data, 'bundles');
const programOf = (data: string, version: string) => join(folderOf(data), `${version}.mjs`);

/** Throws `auth.refused` when it is not what the manifest names. */
export function checkAgent(content: Uint8Array, { files }: Manifest): void {
  const named = files.find(({ path }) => path === agentFile);
  const sha256 = createHash('sha256').update(content).digest('hex');
  if (named?.sha256 !== sha256)
    throw new Fault('auth.refused', `${agentFile} is not what the manifest names`);
}

/** On disk, whole, when it resolves with the file's name. */
export async function keepAgent(data: string, version: string, content: Uint8Array): Promise<string> {
  await write(data, `${version}.mjs`, content);
  return programOf(data, version);
}

/** What to run: what was kept, where it is newer than what was installed, signed and as it was; else undefined. */
export async function findKept(
  data: string,
  installed: string,
  trustedKey: string | undefined,
): Promise<{ file: string; version: string } | undefined> {
  const kept = await read(data, 'current.json', offer);
  if (kept === undefined || trustedKey === undefined || !isNewer(kept.version, installed)) return undefined;
  const manifest = readManifest(kept.manifest, kept.signature, trustedKey);
  const file = programOf(data, manifest.version);
  checkAgent(await readFile(file), manifest);
  return { file, version: manifest.version };
}

/** From now on that one runs, and no other is kept. */
export async function keepCurrent(data: string, kept: Offer): Promise<void> {
  await write(data, 'current.json', JSON.stringify(kept));
  await rm(join(folderOf(data), 'refused.json'), { force: true });
  for (const name of await readdir(folderOf(data))) {
    if (name.endsWith('.mjs') && name !== `${kept.version}.mjs`) await rm(join(folderOf(data), name));
  }
}

export async function keepRefusal(data: string, refused: Refusal): Promise<void> {
  await write(data, 'refused.json', JSON.stringify(refused));
  await rm(programOf(data, refused.version), { force: true });
}

export const readRefusal = (data: string): Promise<Refusal | undefined> =>
  read(data, 'refused.json', refusal);

async function read<T>(data: string, name: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(join(folderOf(data), name), 'utf8')));
  } catch {
    return undefined; // none, or half of one: what was installed runs, and is offered it again
  }
}

async function write(data: string, name: string, content: string | Uint8Array): Promise<void> {
  await mkdir(folderOf(data), { recursive: true, mode: 0o700 });
  const file = join(folderOf(data), name);
  const handle = await open(`${file}.new`, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}
