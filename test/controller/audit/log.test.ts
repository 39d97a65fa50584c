import { appendFile, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { noHead } from '#controller/audit/chain.ts';
import { listAuditFiles, verify } from '#controller/audit/files.ts';
import { type AuditOptions, openAudit } from '#controller/audit/log.ts';
import type { OpenFile } from '#controller/store/files.ts';
import { Fault } from '#protocol/fault.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

const day = 86_400_000;

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-audit-'));
  try {
    await run(join(folder, 'audit'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function open1(folder: string, options: Partial<AuditOptions> = {}) {
  const told: string[] = [];
  const log = {
    warn: (_: object, message: string) => told.push(message),
    error: (_: object, message: string) => told.push(message),
  };
  return openAudit({ folder, clock: createFakeClock(), log, ...options }).then((audit) => ({ audit, told }));
}

/** `count` lines in files of at most `maxBytes`. */
async function written(folder: string, count: number, maxBytes = 1 << 20): Promise<string[]> {
  const { audit } = await open1(folder, { maxBytes });
  for (let i = 1; i <= count; i++) await audit.append({ who: `w${i % 3}`, what: `PUT /things/${i}` });
  await audit.close();
  return await listAuditFiles(folder);
}

const linesOf = async (file: string) => (await readFile(file, 'utf8')).split('\n').slice(0, -1);
const write = (file: string, lines: readonly string[]) => writeFile(file, `${lines.join('\n')}\n`);

describe('audit log', (test) => {
  test('lines fit each other, over files and over restarts', () =>
    withFolder(async (folder) => {
      await written(folder, 5, 300);
      const files = await written(folder, 5, 300);
      assert.ok(files.length > 2);
      const verdict = await verify(folder);
      assert.is(verdict.ok, true);
      assert.is(verdict.entries, 10);
      assert.is(verdict.first, 1);
      assert.is(verdict.head.sequence, 10);
    }));

  test('nobody else may read it', () =>
    withFolder(async (folder) => {
      const [file = ''] = await written(folder, 1);
      assert.is((await stat(file)).mode & 0o777, 0o600);
      assert.is((await stat(folder)).mode & 0o777, 0o700);
    }));

  test('what is appended at once is one write, in order', () =>
    withFolder(async (folder) => {
      let syncs = 0;
      const openFile: OpenFile = async (...at) => {
        const handle = await open(...at);
        const { datasync } = handle;
        handle.datasync = () => {
          syncs++;
          return datasync.call(handle);
        };
        return handle;
      };
      const { audit } = await open1(folder, { openFile });
      await Promise.all(Array.from({ length: 50 }, (_, i) => audit.append({ who: 'a', what: `t${i}` })));
      const { items } = await audit.read({ limit: 100 });
      await audit.close();
      assert.equal(
        items.map(({ what }) => what).reverse(),
        Array.from({ length: 50 }, (_, i) => `t${i}`),
      );
      assert.ok(syncs < 5, String(syncs));
    }));

  // biome-ignore format: a table
  const tampered: { name: string; change: (lines: string[]) => string[]; line: number }[] = [
    { name: 'a line is changed',           line: 3, change: (l) => l.with(2, (l[2] ?? '').replace('"w0"', '"w1"')) },
    { name: 'a line is removed',           line: 3, change: (l) => l.toSpliced(2, 1) },
    { name: 'a line is there twice',       line: 4, change: (l) => l.toSpliced(3, 0, l[2] ?? '') },
    { name: 'two lines change places',     line: 2, change: (l) => l.with(1, l[2] ?? '').with(2, l[1] ?? '') },
    { name: 'a line is anything',          line: 1, change: (l) => ['{}', ...l] },
    { name: 'the beginning is gone',       line: 1, change: (l) => l.slice(1) },
    { name: 'a hash is another',           line: 5, change: (l) => l.with(4, (l[4] ?? '').replace(/.{8}"}$/, '00000000"}')) },
  ];
  for (const { name, change, line } of tampered) {
    test(`verify names line ${line} when ${name}`, () =>
      withFolder(async (folder) => {
        const [file = ''] = await written(folder, 6);
        await write(file, change(await linesOf(file)));
        const { ok, wrong } = await verify(folder);
        assert.is(ok, false);
        assert.is(wrong?.file, file);
        assert.is(wrong?.line, line, wrong?.why);
      }));
  }

  test('a whole file that is gone from the middle is missed', () =>
    withFolder(async (folder) => {
      const files = await written(folder, 9, 300);
      await rm(files[1] ?? '');
      const { wrong } = await verify(folder);
      assert.is(wrong?.file, files[2]);
      assert.is(wrong?.line, 1);
    }));

  test('lines cut off the end are missed by who noted the head', () =>
    withFolder(async (folder) => {
      const [file = ''] = await written(folder, 6);
      const { head } = await verify(folder);
      assert.is((await verify(folder, head)).ok, true);
      await write(file, (await linesOf(file)).slice(0, -1));
      assert.is((await verify(folder)).ok, true);
      assert.is((await verify(folder, head)).ok, false);
    }));

  test('the oldest file goes, and the rest still fits', () =>
    withFolder(async (folder) => {
      const { audit } = await open1(folder, { maxBytes: 300, maxFiles: 3 });
      for (let i = 0; i < 20; i++) await audit.append({ who: 'a', what: 'b' });
      await audit.close();
      assert.is((await readdir(folder)).length, 3);
      const { ok, first, head } = await verify(folder);
      assert.is(ok, true);
      assert.ok(first > 1);
      assert.is(head.sequence, 20);
    }));

  test('a line that a crash tore is cut off, and that is said', () =>
    withFolder(async (folder) => {
      const [file = ''] = await written(folder, 2);
      await appendFile(file, '{"sequence":3,"at":"20');
      assert.is((await verify(folder)).ok, true);
      const { audit, told } = await open1(folder);
      await audit.append({ who: 'a', what: 'b' });
      const { items } = await audit.read({ limit: 10 });
      await audit.close();
      assert.match(told.join(), 'never finished');
      assert.equal(
        items.map(({ what }) => what),
        ['b', 'audit.torn', 'PUT /things/2', 'PUT /things/1'],
      );
      assert.is((await verify(folder)).ok, true);
    }));

  test('a last line that does not fit is named, now and later, and the log goes on', () =>
    withFolder(async (folder) => {
      const [file = ''] = await written(folder, 3);
      const lines = await linesOf(file);
      await write(file, lines.with(2, (lines[2] ?? '').replace('"w0"', '"w1"')));
      const { audit, told } = await open1(folder);
      await audit.append({ who: 'a', what: 'b' });
      await audit.close();
      assert.match(told.join(), 'has been changed');
      assert.is((await verify(folder)).wrong?.line, 3);
      assert.is((await linesOf(file)).length, 4);
    }));

  test('what the disk refuses is not acknowledged; the next line fits', () =>
    withFolder(async (folder) => {
      let isFull = false;
      const openFile: OpenFile = async (...at) => {
        const handle = await open(...at);
        const { datasync } = handle;
        handle.datasync = async () => {
          if (isFull) throw new Error('ENOSPC');
          await datasync.call(handle);
        };
        return handle;
      };
      const { audit } = await open1(folder, { openFile });
      await audit.append({ who: 'a', what: 'first' });
      isFull = true;
      const refused = await audit.append({ who: 'a', what: 'second' }).catch((error: unknown) => error);
      assert.ok(Fault.is(refused, 'store.failed'));
      isFull = false;
      await audit.append({ who: 'a', what: 'third' });
      const { items } = await audit.read({ limit: 10 });
      await audit.close();
      assert.equal(
        items.map(({ what }) => what),
        ['third', 'first'],
      );
      assert.is((await verify(folder)).ok, true);
    }));

  test('an empty folder and none are in order', () =>
    withFolder(async (folder) => {
      assert.is((await verify(folder)).ok, true);
      assert.equal((await verify(folder)).head, noHead);
    }));
});

describe('reading the audit log', (test) => {
  test('pages go on where the last ended, over files', () =>
    withFolder(async (folder) => {
      await written(folder, 25, 500);
      const { audit } = await open1(folder);
      const seen: number[] = [];
      let before: number | undefined;
      do {
        const { items, next } = await audit.read({ limit: 4, before });
        seen.push(...items.map(({ sequence }) => sequence));
        before = next;
      } while (before !== undefined);
      await audit.close();
      assert.equal(
        seen,
        Array.from({ length: 25 }, (_, i) => 25 - i),
      );
    }));

  test('by part of what stands in it, whatever the case', () =>
    withFolder(async (folder) => {
      const { audit } = await open1(folder);
      const change = { collection: 'devices', id: 'HD0001', after: { model: 'T46S' } };
      await audit.append({ who: 'anna', what: 'PUT /devices/{id}', changes: [change] });
      await audit.append({ who: 'ben', from: '192.0.2.7', what: 'sign-in', details: { status: 401 } });
      const found = async (q: string) =>
        (await audit.read({ limit: 10, q })).items.map(({ sequence }) => sequence);
      // biome-ignore format: a table
      const rows = {
        ANNA: [1], 'devices/': [1], hd0001: [1], '192.0.2': [2], '401': [2], sign: [2], n: [2, 1], T46S: [], status: [], '(': [],
      };
      for (const [q, is] of Object.entries(rows)) assert.equal(await found(q), is, q);
      await audit.close();
    }));

  test('by who, what and when', () =>
    withFolder(async (folder) => {
      const clock = createFakeClock(0);
      const { audit } = await open1(folder, { clock });
      for (const what of ['sign-in', 'PUT /users/{ext}', 'sign-out']) {
        await audit.append({ who: 'anna', what });
        await audit.append({ who: 'ben', what });
        clock.advance(day);
      }
      const found = async (query: object) =>
        (await audit.read({ limit: 10, ...query })).items.map(({ who, what }) => `${who} ${what}`);
      assert.equal(await found({ who: 'anna', what: 'sign' }), ['anna sign-out', 'anna sign-in']);
      assert.equal(await found({ what: 'users' }), ['ben PUT /users/{ext}', 'anna PUT /users/{ext}']);
      assert.equal(await found({ since: 2 * day }), ['ben sign-out', 'anna sign-out']);
      assert.equal(await found({ until: day }), ['ben sign-in', 'anna sign-in']);
      await audit.close();
    }));
});
