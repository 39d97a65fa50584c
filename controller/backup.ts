/**
 * Backups: all that is kept, at one moment, in one file, and a new data folder
 * made of it.
 *
 *     {"hotdesk":"backup","version":1,"madeAt":"…"}\n
 *     AES-256-GCM with a key derived from the master key, over gzip of
 *     {documents: {collection: [document]}, files: {path: base64}}
 *
 * The master key is not in it: who finds the file finds nothing, and who wants
 * it back needs master.key, which is kept elsewhere. Nor is who is signed in, or
 * for whom a window is open: what has ended does not come back. Of the audit log
 * the newest files are taken, as far as they fit.
 */

import { lchown, lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import { type CollectionName, collections } from '#controller/model/model.ts';
import type { Change, Store } from '#controller/model/ports.ts';
import { openStore, type StoreLog } from '#controller/store/store.ts';
import { Fault } from '#protocol/fault.ts';
import { createKeys, type Keys } from './keys.ts';
import { openMasterKey } from './master-key.ts';

const purpose = 'backup';
const version = 1;
const masterKey = 'master.key';
/** Not of a backup: what is made anew, Node for offices (large, and npm has it), and the store, whose documents are in it. */
const without = new Set(['store', 'bundle', 'control.sock', masterKey]);
/** What a restored controller must not believe any more. */
const withoutCollections: ReadonlySet<CollectionName> = new Set([
  'signIns',
  'passwordLocks',
  'adoptionWindows',
]);
const maxFileBytes = 64 * 1024 * 1024;
const maxArchiveBytes = 512 * 1024 * 1024;
/** So many documents a commit. */
const atOnce = 1_000;

const headerForm = z.object({ hotdesk: z.literal('backup'), version: z.int(), madeAt: z.string() });
const contentForm = z.strictObject({
  documents: z.record(z.string(), z.array(z.record(z.string(), z.unknown()))),
  files: z.record(z.string(), z.string()),
});

export type BackupOptions = {
  store: Pick<Store, 'list'>;
  data: string;
  keys: Pick<Keys, 'seal'>;
  now: number;
};

export async function createBackup({ store, data, keys, now }: BackupOptions): Promise<string> {
  // In one turn: no commit comes between two collections.
  const documents = Object.fromEntries(
    (Object.keys(collections) as CollectionName[])
      .filter((name) => !withoutCollections.has(name))
      .map((name) => [name, store.list(name).map(({ revision: _, ...document }) => document)]),
  );
  // What a phone has had by the time of a restore, nobody knows: it is asked to fetch.
  documents.deliveries = store.list('deliveries').map(({ device }) => ({ device, etag: '' }));
  const files = await readFiles(data);
  const packed = await promisify(gzip)(JSON.stringify({ documents, files }));
  const header = JSON.stringify({ hotdesk: 'backup', version, madeAt: new Date(now).toISOString() });
  return `${header}\n${keys.seal(purpose, packed.toString('base64'))}\n`;
}

/** By path below `data`, base64. */
async function readFiles(data: string): Promise<Record<string, string>> {
  const found: { path: string; size: number }[] = [];
  for (const name of await readdir(data, { recursive: true })) {
    const [top = ''] = name.split(sep);
    const stat = await lstat(join(data, name));
    if (!without.has(top) && stat.isFile() && !name.endsWith('.tmp'))
      found.push({ path: name, size: stat.size });
  }
  // The audit log last and its newest first: it is what may not fit.
  const isAudit = ({ path }: { path: string }) => path.startsWith(`audit${sep}`);
  found.sort((a, b) => Number(isAudit(a)) - Number(isAudit(b)) || (a.path < b.path ? 1 : -1));
  const files: Record<string, string> = {};
  let bytes = 0;
  for (const each of found) {
    bytes += each.size;
    if (bytes > maxFileBytes && isAudit(each)) break;
    files[each.path.split(sep).join('/')] = (await readFile(join(data, each.path))).toString('base64');
  }
  return files;
}

export type RestoreOptions = {
  archive: string;
  /** Made; it may be there, with nothing in it but its master key. */
  data: string;
  /** The file of the master key; the one in `data` when absent. */
  masterKeyFile?: string | undefined;
  log: StoreLog;
};

/** Answers how many documents and files there were. Throws `input.invalid`, `conflict`; then nothing is left behind. */
export async function restoreBackup({ archive, data, masterKeyFile, log }: RestoreOptions) {
  const folder = resolve(data);
  const others = (await readdir(folder).catch(() => [])).filter((name) => name !== masterKey);
  if (others.length > 0) {
    throw new Fault('conflict', `data: ${folder} is not empty; a backup goes into an empty folder`, {
      field: 'data',
    });
  }
  const key = await readMasterKey(masterKeyFile ?? join(folder, masterKey));
  const { documents, files } = await unpack(archive, key);
  const fresh = `${folder}.restoring`;
  try {
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { recursive: true, mode: 0o700 });
    await writeFile(join(fresh, masterKey), `${Buffer.from(key).toString('hex')}\n`, { mode: 0o600 });
    for (const [path, text] of Object.entries(files)) await writeInto(fresh, path, text);
    const count = await fill(join(fresh, 'store'), documents, log);
    await giveTo(await stat(folder).catch(() => undefined), fresh);
    await rm(folder, { recursive: true, force: true });
    await rename(fresh, folder);
    return { documents: count, files: Object.keys(files).length };
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

/** Where root restores into the folder of a service, all of it is the service's. */
async function giveTo(owner: { uid: number; gid: number } | undefined, folder: string): Promise<void> {
  if (owner === undefined || process.getuid?.() !== 0) return;
  for (const name of await readdir(folder, { recursive: true })) {
    await lchown(join(folder, name), owner.uid, owner.gid);
  }
  await lchown(folder, owner.uid, owner.gid);
}

async function readMasterKey(file: string): Promise<Uint8Array> {
  if (!file.endsWith(`${sep}${masterKey}`)) {
    const text = await readFile(file, 'utf8').catch((cause: unknown) => {
      throw new Fault('input.invalid', `master-key: cannot read ${file}`, { field: 'master-key' }, { cause });
    });
    if (!/^[0-9a-f]{64}\n?$/.test(text)) throw wrong('master-key', `${file} is not 64 hex digits`);
    return Buffer.from(text.trim(), 'hex');
  }
  return await openMasterKey(dirname(file), false);
}

async function unpack(archive: string, key: Uint8Array): Promise<z.infer<typeof contentForm>> {
  const [first = '', sealed = ''] = archive.split('\n');
  const header = headerForm.safeParse(parse(first));
  if (!header.success) throw wrong('FILE', 'is no backup of hotdesk');
  if (header.data.version !== version)
    throw wrong('FILE', `is of version ${header.data.version}, not ${version}`);
  const packed = createKeys(key).unseal(purpose, sealed);
  if (packed === undefined) throw wrong('FILE', 'is damaged, or of another master key');
  const limits = { maxOutputLength: maxArchiveBytes };
  const text = await promisify<Buffer, object, Buffer>(gunzip)(Buffer.from(packed, 'base64'), limits);
  const content = contentForm.safeParse(parse(text.toString()));
  if (!content.success) throw wrong('FILE', 'is not what a backup has in it');
  return content.data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema says what is wrong
  }
}

async function writeInto(folder: string, path: string, text: string): Promise<void> {
  const file = resolve(folder, path);
  const below = relative(folder, file);
  if (below === '' || below.startsWith('..') || resolve(folder, below) !== file)
    throw wrong('FILE', `has "${path}" in it`);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, Buffer.from(text, 'base64'), { mode: 0o600 });
}

async function fill(folder: string, documents: Record<string, object[]>, log: StoreLog): Promise<number> {
  const store = await openStore({ folder, log });
  try {
    const changes = Object.entries(documents).flatMap(([collection, all]) => {
      if (!Object.hasOwn(collections, collection))
        throw wrong('FILE', `has a collection "${collection}" in it`);
      // The store checks each by its schema.
      return all.map((value) => ({ type: 'put', collection, value }) as unknown as Change);
    });
    for (let at = 0; at < changes.length; at += atOnce) await store.commit(changes.slice(at, at + atOnce));
    return changes.length;
  } finally {
    await store.close();
  }
}

const wrong = (field: string, why: string) => new Fault('input.invalid', `${field}: ${why}`, { field });
