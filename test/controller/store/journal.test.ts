import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { makeFolder } from '#controller/store/files.ts';
import { encodeRecord, readJournal } from '#controller/store/journal.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import { withFolder } from './folder.ts';

const header = encodeRecord({ version: 1, generation: 7, first: 40 });
const record = (number: number, id = '100') =>
  encodeRecord({ record: number, entries: [{ sequence: number, changes: [['delete', 'users', id]] }] });
const good = Buffer.concat([header, record(40), record(41)]);

const edited = (bytes: Buffer, at: number) => {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 0x10, at);
  return copy;
};

describe('journal', (test) => {
  const read = (bytes: Uint8Array) => {
    let result: Awaited<ReturnType<typeof readJournal>> | Fault | undefined;
    return withFolder(async (folder) => {
      await makeFolder(folder);
      const file = join(folder, 'journal');
      await writeFile(file, bytes);
      result = await readJournal(file).catch((error: Fault) => error);
    }).then(() => result);
  };

  test('reads what was written', async () => {
    const journal = await read(good);
    assert.ok(journal !== undefined && !Fault.is(journal));
    assert.equal(
      journal.batches.map((batch) => batch.record),
      [40, 41],
    );
    assert.equal([journal.generation, journal.first, journal.tornBytes], [7, 40, 0]);
  });

  test('a last record torn at any byte is left out, what is before it stays', async () => {
    const start = header.length + record(40).length;
    for (let end = start; end < good.length; end++) {
      const journal = await read(good.subarray(0, end));
      assert.ok(journal !== undefined && !Fault.is(journal), `cut at ${end}`);
      assert.equal([journal.batches.length, journal.end, journal.tornBytes], [1, start, end - start]);
    }
  });

  // biome-ignore format: a table
  const damaged: { name: string; bytes: Buffer; says: string }[] = [
    { name: 'an empty file',                     bytes: Buffer.alloc(0),                                             says: 'is empty' },
    { name: 'a header cut short',                bytes: good.subarray(0, header.length - 1),                         says: 'has no header' },
    { name: 'a flipped bit in the header',       bytes: edited(good, 20),                                            says: 'has no header' },
    { name: 'a flipped bit before a good record', bytes: edited(good, header.length + 20),                           says: `is damaged at byte ${header.length}` },
    { name: 'a flipped length before a good record', bytes: edited(good, header.length + 4),                         says: `is damaged at byte ${header.length}` },
    { name: 'a record that is missing',          bytes: Buffer.concat([header, record(40), record(42)]),             says: 'lacks a record' },
    { name: 'zeros before a good record',        bytes: Buffer.concat([header, Buffer.alloc(64), record(40)]),       says: 'is damaged' },
  ];
  for (const { name, bytes, says } of damaged) {
    test(`refuses ${name}, naming the file`, async () => {
      const fault = await read(bytes);
      assert.ok(Fault.is(fault, 'store.corrupt'), String(fault));
      assert.ok(fault.message.includes(says), fault.message);
      assert.ok(String(fault.facts.file).endsWith('/journal'));
    });
  }

  test('a tail of zeros is a torn record, not a good one', async () => {
    const journal = await read(Buffer.concat([good, Buffer.alloc(100)]));
    assert.ok(journal !== undefined && !Fault.is(journal));
    assert.equal([journal.batches.length, journal.tornBytes], [2, 100]);
  });

  test('text in a document cannot pass for a record', async () => {
    const text = record(99).toString('latin1');
    const journal = await read(Buffer.concat([header, record(40, text), edited(record(41, text), 30)]));
    assert.ok(journal !== undefined && !Fault.is(journal), String(journal));
    assert.is(journal.batches.length, 1);
  });

  test('a newer version is told by its name', async () => {
    const fault = await read(encodeRecord({ version: 2, generation: 1, first: 1 }));
    assert.ok(Fault.is(fault, 'version.mismatch'));
  });
});
