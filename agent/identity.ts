/**
 * Who this agent is: made by `enrol`, kept in one file that only its owner may
 * read. Whoever has this file is this agent, until it is revoked.
 *
 *     identity.json   { agent, site, controller, pins, privateKey, releaseKey }     0600
 */

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { Fault } from '#protocol/fault.ts';
import { releaseKey } from '#protocol/tunnel/release.ts';

export type AgentIdentity = {
  agent: string;
  site: string;
  controller: URL;
  /** base64url SHA-256 of the SPKI: the controller's key is one of these. */
  pins: readonly string[];
  privateKey: KeyObject;
  /** Whose signature is taken on a release; unknown to who enrolled before there were any. */
  releaseKey?: string | undefined;
};

const schema = z.object({
  agent: z.string().regex(/^[0-9a-f]{16}$/),
  site: z.string(),
  controller: z.url({ protocol: /^wss?$/ }),
  pins: z.array(z.string().regex(/^[A-Za-z0-9_-]{43}$/)).max(2),
  privateKey: z.string(),
  releaseKey: releaseKey.optional(),
});

const fileIn = (folder: string) => join(folder, 'identity.json');

/** Throws `not.found` before enrolment, `store.corrupt` naming the file. */
export async function readIdentity(folder: string): Promise<AgentIdentity> {
  const file = fileIn(folder);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new Fault(
      'not.found',
      `${file} is not there: enrol this agent first`,
      { noun: 'identity' },
      { cause },
    );
  }
  try {
    const { privateKey, controller, ...rest } = schema.parse(JSON.parse(text));
    return { ...rest, controller: new URL(controller), privateKey: createPrivateKey(privateKey) };
  } catch (cause) {
    throw new Fault('store.corrupt', `${file} is not what enrolment wrote`, { file }, { cause });
  }
}

/** On disk, whole, when it resolves. */
export async function keepIdentity(folder: string, identity: AgentIdentity): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { privateKey, controller, ...rest } = identity;
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const text = JSON.stringify({ ...rest, controller: controller.href, privateKey: pem }, null, 2);
  const beside = `${fileIn(folder)}.${process.pid}.new`;
  // What a crash left there; and root follows no link that the service may have laid.
  await rm(beside, { force: true });
  const handle = await open(beside, 'wx', 0o600);
  try {
    // What root enrols in the folder of the service is the service's.
    const owner = process.geteuid?.() === 0 ? await stat(folder) : undefined;
    if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
    await handle.writeFile(`${text}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, fileIn(folder));
}
