/**
 * A snapshot: the whole store at one moment, as lowdb reads and writes it
 * through this adapter. One document a line, so that it is written in pieces
 * between which the event loop turns, and can be read with grep:
 *
 *     {"version":1,"generation":7,"record":1203,"sequence":4711}
 *     ["sites",{"id":"berlin", …, "revision":12}]
 *     …
 *     sha256 <64 hex digits over every byte above>
 *
 * The last line stands at the end, so a file that was cut short has none.
 */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Adapter, Low } from 'lowdb';
import { Fault } from '#protocol/fault.ts';
import { type OpenFile, replaceFile, syncFolder } from './files.ts';

const version = 1;
const documentsAPiece = 250;
const trailerBytes = 'sha256 '.length + 64 + 1;

/** `record` and `sequence`: the last ones of the journal that are in here. */
export type Snapshot = {
  generation: number;
  record: number;
  sequence: number;
  documents: readonly SnapshotLine[];
};
export type SnapshotLine = readonly [collection: string, document: { readonly revision: number }];

const nothing: Snapshot = { generation: 0, record: 0, sequence: 0, documents: [] };

/** Throws `store.corrupt` naming the file, or `version.mismatch` when a newer version of hotdesk wrote it. */
export async function readSnapshot(file: string): Promise<Snapshot> {
  const low = new Low<Snapshot>(snapshotAdapter(file), nothing);
  await low.read();
  return low.data;
}

/** Durable when it resolves. */
export async function writeSnapshot(file: string, snapshot: Snapshot, openFile?: OpenFile): Promise<void> {
  const low = new Low<Snapshot>(snapshotAdapter(file, openFile), nothing);
  low.data = snapshot;
  await low.write();
}

function snapshotAdapter(file: string, openFile?: OpenFile): Adapter<Snapshot> {
  return {
    async read() {
      const bytes = await readFile(file);
      const body = bytes.subarray(0, Math.max(0, bytes.length - trailerBytes));
      if (bytes.length === 0) throw damaged(file, 'is empty');
      if (!bytes.subarray(body.length).equals(trailerOf(createHash('sha256').update(body)))) {
        throw damaged(file, 'is cut short or changed: its checksum is wrong');
      }
      return parseBody(file, body.toString());
    },
    async write(snapshot) {
      const handle = await replaceFile(
        file,
        async (handle) => {
          const hash = createHash('sha256');
          for (const piece of piecesOf(snapshot)) {
            hash.update(piece);
            await handle.appendFile(piece);
          }
          await handle.appendFile(trailerOf(hash));
        },
        openFile,
      );
      await handle.close();
      await syncFolder(dirname(file));
    },
  };
}

function* piecesOf({ generation, record, sequence, documents }: Snapshot): Generator<string> {
  yield `${JSON.stringify({ version, generation, record, sequence })}\n`;
  for (let i = 0; i < documents.length; i += documentsAPiece) {
    yield documents
      .slice(i, i + documentsAPiece)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join('');
  }
}

/** The checksum has been found right, so whatever is odd here was written so. */
function parseBody(file: string, body: string): Snapshot {
  try {
    const lines = body.split('\n').slice(0, -1);
    const head = JSON.parse(lines[0] ?? '') as Omit<Snapshot, 'documents'> & { version: number };
    if (head.version !== version) {
      const message = `${file} is of version ${head.version}, this hotdesk reads version ${version}`;
      throw new Fault('version.mismatch', message, { file });
    }
    const { generation, record, sequence } = head;
    const documents = lines.slice(1).map((line) => JSON.parse(line) as SnapshotLine);
    return { generation, record, sequence, documents };
  } catch (cause) {
    if (Fault.is(cause)) throw cause;
    throw new Fault('store.corrupt', `${file} is no snapshot of a store`, { file }, { cause });
  }
}

const trailerOf = (hash: ReturnType<typeof createHash>) => Buffer.from(`sha256 ${hash.digest('hex')}\n`);

const damaged = (file: string, what: string) => new Fault('store.corrupt', `${file} ${what}`, { file });
