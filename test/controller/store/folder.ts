/** A folder for one test's store, the documents to put into it, and a disk that fails when told. */

import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Change } from '#controller/model/ports.ts';
import type { OpenFile } from '#controller/store/files.ts';
import { openStore, type StoreOptions } from '#controller/store/store.ts';

type Line = { level: 'info' | 'warn' | 'error'; facts: Record<string, unknown>; message: string };

/** A log that remembers. */
export function createLines() {
  const lines: Line[] = [];
  const at = (level: Line['level']) => (facts: object, message: string) => {
    lines.push({ level, facts: facts as Line['facts'], message });
  };
  return { lines, log: { info: at('info'), warn: at('warn'), error: at('error') } };
}

export async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'hotdesk-store-'));
  try {
    await body(join(parent, 'store'));
  } finally {
    await rm(parent, { recursive: true });
  }
}

export async function openQuietly(folder: string, options: Partial<StoreOptions> = {}) {
  return await openStore({ folder, log: createLines().log, ...options });
}

export const putUser = (extension: string, name: string, expect?: number | 'absent'): Change => ({
  type: 'put',
  collection: 'users',
  value: { extension, name, hotdesk: true, keys: [] },
  ...(expect === undefined ? {} : { expect }),
});

export const deleteUser = (id: string, expect?: number): Change => ({
  type: 'delete',
  collection: 'users',
  id,
  ...(expect === undefined ? {} : { expect }),
});

type Call = 'write' | 'datasync' | 'sync' | 'truncate' | 'appendFile';

/** `fail.write = 'ENOSPC'` makes every such call on a file opened since fail. A failing write leaves half of it. */
export function createBrokenDisk() {
  const fail: Partial<Record<Call, string>> = {};
  const refuse = (call: Call) => {
    const code = fail[call];
    if (code !== undefined) throw Object.assign(new Error(`${code}: ${call}`), { code });
  };
  const openFile: OpenFile = async (file, flags, mode) => {
    const handle = await open(file, flags, mode);
    return new Proxy(handle, {
      get(target, name) {
        const method = Reflect.get(target, name, target) as unknown;
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          if (name === 'write' && fail.write !== undefined) {
            const [bytes, offset, length, position] = args as [Uint8Array, number, number, number];
            await target.write(bytes, offset, length >> 1, position);
          }
          refuse(name as Call);
          return await (method as (...args: unknown[]) => unknown).apply(target, args);
        };
      },
    });
  };
  return { fail, openFile };
}
