import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { auditFolder, listAuditFiles } from '#controller/audit/files.ts';
import { openAudit } from '#controller/audit/log.ts';
import { recordSessions } from '#controller/audit/sessions.ts';
import { runNoun } from '#controller/cli/run.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

/** A data folder that no controller runs on, with a few lines. */
async function withData(run: (data: string) => Promise<void>): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'hotdesk-audit-cli-'));
  const log = { warn: () => {}, error: () => {} };
  const audit = await openAudit({ folder: auditFolder(data), clock: createFakeClock(), log });
  try {
    const tell = recordSessions(audit);
    await audit.append({ who: 'anna', what: 'POST /sites', details: { status: 201 } });
    tell({ type: 'login', device: 'HD0001', extension: '100', how: 'dial' });
    tell({ type: 'logout', device: 'HD0001', extension: '100', how: 'takeover' });
    tell({ type: 'logout', device: 'HD0001', extension: '100', how: 'admin' });
    await until('the lines', async () => (await audit.read({ limit: 9 })).items.length === 3);
    await audit.close();
    await run(data);
  } finally {
    await rm(data, { recursive: true });
  }
}

async function hotdesk(data: string, ...argv: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const io = {
    env: { HOTDESK_DATA: data },
    stdin: (async function* () {})(),
    out: (text: string) => out.push(text),
    err: (text: string) => err.push(text),
  };
  const code = await runNoun('audit', argv, io);
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('hotdesk audit without a controller', (test) => {
  test('lists what is in the folder; what a request did has no second line', () =>
    withData(async (data) => {
      const { code, out } = await hotdesk(data, 'list', '--json');
      assert.is(code, 0);
      const { items } = JSON.parse(out) as { items: { who: string; what: string }[] };
      assert.equal(
        items.map(({ who, what }) => `${who} ${what}`),
        ['system logout', 'extension 100 login', 'anna POST /sites'],
      );
      const found = await hotdesk(data, 'list', '--search', 'hd0001', '--who', 'system');
      assert.match(found.out, /^#.*\n3 .*logout.*$/);
    }));

  test('verifies, and names the line that does not fit', () =>
    withData(async (data) => {
      const good = await hotdesk(data, 'verify');
      assert.is(good.code, 0);
      const head = /head (\S+)$/.exec(good.out)?.[1] ?? '';
      assert.is((await hotdesk(data, 'verify', '--head', head)).code, 0);
      assert.is((await hotdesk(data, 'verify', '--head', head.replace(/^3/, '2'))).code, 1);

      const [file = ''] = await listAuditFiles(auditFolder(data));
      await writeFile(
        file,
        (await readFile(file, 'utf8')).replace('"who":"extension 100"', '"who":"extension 101"'),
      );
      const { code, err } = await hotdesk(data, 'verify');
      assert.is(code, 1);
      assert.match(err, `${file}, line 2: has been changed`);
    }));
});
