import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { createApiWorld } from './world.ts';

describe('/metrics', (test) => {
  test('is Prometheus text: each metric with its help and type, then its samples', async () => {
    const response = await createApiWorld().app.request('/metrics');
    assert.is(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    const lines = (await response.text()).split('\n');
    assert.is(lines.pop(), '');
    const typed = new Set(lines.flatMap((line) => /^# TYPE (\w+) (?:counter|gauge)$/.exec(line)?.[1] ?? []));
    for (const line of lines.filter((each) => !each.startsWith('#'))) {
      const [, name = ''] = /^(\w+)(?:\{\w+="[^"]*"(?:,\w+="[^"]*")*\})? -?[\d.e+-]+$/.exec(line) ?? [];
      assert.ok(typed.has(name), line);
    }
    assert.ok(lines.includes('hotdesk_calls{media="controller"} 1'));
    const phone = 'vendor="yealink",model="T46S"';
    assert.ok(lines.includes(`hotdesk_change_overs_total{${phone},outcome="stuck"} 1`));
    assert.ok(lines.includes(`hotdesk_change_over_seconds{${phone},of="median"} 1.3`));
    assert.ok(lines.includes('hotdesk_calls{media="direct"} 0'), 'a call that ended is not in progress');
    const labels = 'call="c0ffee",from="berlin",to="paris",kind="audio"';
    assert.ok(lines.includes(`hotdesk_stream_lost_packets{${labels}} 3`));
    assert.ok(lines.includes(`hotdesk_stream_jitter_seconds{${labels}} 0.012`));
  });

  test('each is in the table of docs/operating.md, and what the dashboard shows is there', async () => {
    const text = await (await createApiWorld().app.request('/metrics')).text();
    const names = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name);
    const told = readFileSync(new URL('../../../docs/operating.md', import.meta.url), 'utf8');
    for (const name of names) assert.ok(told.includes(`| \`${name}`), `${name} is not told of`);
    const board = readFileSync(new URL('../../../docs/grafana.json', import.meta.url), 'utf8');
    const shown = [...new Set([...board.matchAll(/hotdesk_\w+/g)].map(([name]) => name))];
    assert.ok(shown.length > 5);
    for (const name of shown) assert.ok(names.includes(name), `${name} is shown and not there`);
  });

  test('who only watches needs no token: it runs, and it is ready', async () => {
    const access = { type: 'token', hosts: new Set(['127.0.0.1:1']) } as const;
    const { app } = createApiWorld({ access });
    for (const path of ['/healthz', '/readyz']) assert.is((await app.request(path)).status, 200);
    const ill = createApiWorld({ access, problem: 'the store cannot be written' }).app;
    assert.is((await ill.request('/healthz')).status, 200);
    const response = await ill.request('/readyz');
    assert.equal([response.status, await response.text()], [503, 'the store cannot be written\n']);
  });

  test('needs a token over the network', async () => {
    const { app } = createApiWorld({ access: { type: 'token', hosts: new Set(['127.0.0.1:1']) } });
    assert.is((await app.request('/metrics', { headers: { host: '127.0.0.1:1' } })).status, 401);
  });
});
