/**
 * Whether a data folder is new. What is gone is not the same as what never was,
 * and beginning anew would silently lose it: the certificate is made when the
 * first store is open, so where it is, there was a store; and where the store
 * knows agents, there was a certificate.
 */

import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from '#controller/model/ports.ts';
import { Fault } from '#protocol/fault.ts';

/** Throws `store.corrupt` naming the store's folder where a store is missing. */
export async function isFirstStart(data: string): Promise<boolean> {
  const folder = join(data, 'store');
  if (existsSync(folder) && (await readdir(folder)).length > 0) return false;
  const witness = join(data, 'tls.key');
  if (!existsSync(witness)) return true;
  throw new Fault(
    'store.corrupt',
    `${folder} is missing or empty, and ${witness} shows that it was not always so: bring it back from a backup, or begin anew in another folder`,
    { file: folder },
  );
}

/** Throws `store.corrupt` naming the key that agents know us by, where it is missing. */
export function checkTlsKey(data: string, store: Pick<Store, 'list'>): void {
  const file = join(data, 'tls.key');
  const agents = store.list('agents').filter(({ revokedAt }) => revokedAt === undefined).length;
  if (agents === 0 || existsSync(file)) return;
  const known = agents === 1 ? '1 agent knows' : `${agents} agents know`;
  throw new Fault(
    'store.corrupt',
    `${file} is missing, and ${known} this controller by it: bring it back from a backup, or move tls-next.key there`,
    { file },
  );
}
