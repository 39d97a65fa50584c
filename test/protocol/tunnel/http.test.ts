import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import { emptyBody, type Frame } from '#protocol/tunnel/frame.ts';
import {
  commonWindow,
  encodeHead,
  HttpAnswers,
  HttpRequests,
  maxStreams,
  type RequestHead,
  streamWindow,
  type WholeAnswer,
} from '#protocol/tunnel/http.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

const head: RequestHead = {
  method: 'GET',
  path: '/p/x',
  headers: {},
  remote: { address: '192.0.2.1', port: 4_000 },
};

describe('HTTP in the tunnel', (test) => {
  test('carries a request and its answer', async () => {
    const { requests } = createWorld(async ({ path }) => ok(`for ${path}`));
    const { status, body } = await requests.request(head);
    assert.equal([status, await readAll(body)], [200, 'for /p/x']);
    assert.is(requests.size, 0);
  });

  test('answers HEAD without a body', async () => {
    const { requests } = createWorld(async () => ok('long'));
    const { headers, body } = await requests.request({ ...head, method: 'HEAD' });
    assert.equal([headers, await readAll(body)], [{ etag: '"1"' }, '']);
  });

  test('keeps a slow reader within its window, and the others go on', async () => {
    const { requests, sent } = createWorld(async ({ path }) =>
      ok(path === '/slow' ? 'x'.repeat(200_000) : 'short'),
    );
    const slow = await requests.request({ ...head, path: '/slow' });
    await until('its window is full', () => bodyBytes(sent, 1) === streamWindow);
    assert.is(await readAll((await requests.request(head)).body), 'short');
    assert.is(bodyBytes(sent, 1), streamWindow);
    assert.is((await readAll(slow.body)).length, 200_000);
  });

  test('keeps all answers together within the common window', async () => {
    const { requests, sent } = createWorld(async () => ok('x'.repeat(200_000)), { withoutCredit: true });
    await Promise.all(Array.from({ length: 10 }, () => requests.request(head)));
    const all = sent
      .filter(({ type }) => type === 'http.body')
      .reduce((sum, { body }) => sum + body.length, 0);
    assert.is(all, commonWindow);
  });

  test('stops when the reader gives up', async () => {
    const { requests, sent } = createWorld(async () => ok('x'.repeat(200_000)));
    const { body } = await requests.request(head);
    for await (const _ of body) break;
    assert.is(sent.at(-1)?.type, 'http.reset');
    assert.is(requests.size, 0);
  });

  test('fails what was under way when the socket is gone', async () => {
    const { requests } = createWorld(async () => ok('x'.repeat(200_000)));
    const { body } = await requests.request(head);
    requests.restart();
    assert.is(await codeOf(readAll(body)), 'unavailable');
  });

  test('gives up at a signal', async () => {
    const { requests, sent } = createWorld(() => new Promise(() => {}));
    const patience = new AbortController();
    const asked = codeOf(requests.request(head, patience.signal));
    patience.abort();
    assert.is(await asked, 'unavailable');
    assert.is(sent.at(-1)?.type, 'http.reset');
  });

  test('asks for no more than it may at once', async () => {
    const { requests } = createWorld(() => new Promise(() => {}));
    const asked = Array.from({ length: maxStreams + 1 }, () => codeOf(requests.request(head)));
    assert.is(await asked.at(-1), 'limit.reached');
    requests.restart();
    await Promise.all(asked);
  });

  test('asks nothing that would break the contract, whatever a phone sends', async () => {
    const { requests, sent } = createWorld(async () => ok(''));
    const bad = [
      { path: 'http://x/' },
      { path: `/${'x'.repeat(3_000)}` },
      { headers: { 'user-agent': 'x'.repeat(3_000) } },
    ];
    for (const each of bad) assert.is(await codeOf(requests.request({ ...head, ...each })), 'input.invalid');
    assert.equal(sent, []);
  });

  test('answers with a reset rather than with what would break the contract', async () => {
    const { requests } = createWorld(async () => ({ ...ok(''), headers: { 'Bad Name': 'x' } }));
    assert.is(await codeOf(requests.request(head)), 'unavailable');
  });
});

describe('HTTP in the tunnel, answering side', (test) => {
  const request: Frame = { type: 'http.request', channel: 1, number: 0, body: encodeHead(head) };
  const window: Frame = { type: 'http.window', channel: 1, number: 1, body: emptyBody };
  const create = () => {
    const sent: Frame[] = [];
    const answers = new HttpAnswers({
      send: (type, channel, number = 0, body = emptyBody) => sent.push({ type, channel, number, body }) > 0,
      answer: () => new Promise(() => {}),
    });
    return { answers, sent };
  };

  // biome-ignore format: a table
  const rows: { name: string; frames: Frame[] }[] = [
    { name: 'two requests on a channel',     frames: [request, request] },
    { name: 'a head that is no JSON',        frames: [{ ...request, body: Buffer.from('{') }] },
    { name: 'a head without a path',         frames: [{ ...request, body: Buffer.from('{"method":"GET"}') }] },
    { name: 'another method',                frames: [{ ...request, body: Buffer.from(JSON.stringify({ ...head, method: 'POST' })) }] },
    { name: 'credit for what was not sent',  frames: [request, window] },
    { name: 'common credit for nothing',     frames: [{ ...window, channel: 0 }] },
    { name: 'an answer',                     frames: [{ ...request, type: 'http.answer' }] },
  ];
  for (const { name, frames } of rows) {
    test(`takes ${name} for a broken contract`, () => {
      const { answers } = create();
      assert.throws(
        () => {
          for (const frame of frames) answers.take(frame);
        },
        (error: unknown) => Fault.is(error, 'frame.malformed'),
      );
    });
  }

  test('refuses more than it may have at once', () => {
    const { answers, sent } = create();
    for (let channel = 1; channel <= maxStreams + 1; channel++) answers.take({ ...request, channel });
    assert.equal(
      sent.map(({ type, channel }) => [type, channel]),
      [['http.reset', maxStreams + 1]],
    );
    assert.is(answers.refused, 1);
  });

  test('does not mind credit and reset for what is over', () => {
    const { answers } = create();
    answers.take(window);
    answers.take({ ...window, type: 'http.reset' });
  });
});

describe('HTTP in the tunnel, asking side', (test) => {
  const answer: Frame = {
    type: 'http.answer',
    channel: 1,
    number: 0,
    body: encodeHead({ status: 200, headers: {} }),
  };
  const part: Frame = { ...answer, type: 'http.body', body: new Uint8Array(10_000) };
  // biome-ignore format: a table
  const rows: { name: string; frames: Frame[] }[] = [
    { name: 'two answers',               frames: [answer, answer] },
    { name: 'a body before the answer',  frames: [part] },
    { name: 'an end before the answer',  frames: [{ ...part, type: 'http.end' }] },
    { name: 'a body beyond the window',  frames: [answer, ...Array.from({ length: 7 }, () => part)] },
    { name: 'a status that is none',     frames: [{ ...answer, body: Buffer.from('{"status":99,"headers":{}}') }] },
    { name: 'a request',                 frames: [{ ...answer, type: 'http.request' }] },
  ];
  for (const { name, frames } of rows) {
    test(`takes ${name} for a broken contract`, () => {
      const requests = new HttpRequests({ send: () => true });
      requests.request(head).catch(() => {}); // the fault is looked for below
      assert.throws(
        () => {
          for (const frame of frames) requests.take(frame);
        },
        (error: unknown) => Fault.is(error, 'frame.malformed'),
      );
    });
  }

  test('does not mind frames of what it gave up', () => new HttpRequests({ send: () => true }).take(part));
});

/** Both sides, with what they send in a list; each frame arrives in the next turn. */
function createWorld(answer: (asked: RequestHead) => Promise<WholeAnswer>, { withoutCredit = false } = {}) {
  const sent: Frame[] = [];
  const requests: HttpRequests = new HttpRequests({
    send: (type, channel, number = 0, body = emptyBody) => {
      if (withoutCredit && type === 'http.window') return true;
      sent.push({ type, channel, number, body });
      queueMicrotask(() => answers.take({ type, channel, number, body }));
      return true;
    },
  });
  const answers: HttpAnswers = new HttpAnswers({
    send: (type, channel, number = 0, body = emptyBody) => {
      sent.push({ type, channel, number, body });
      queueMicrotask(() => requests.take({ type, channel, number, body }));
      return true;
    },
    answer,
  });
  return { requests, sent };
}

const ok = (body: string): WholeAnswer => ({
  status: 200,
  headers: { etag: '"1"' },
  body: Buffer.from(body),
});

const bodyBytes = (sent: readonly Frame[], of: number) =>
  sent.reduce(
    (sum, { type, channel, body }) => sum + (type === 'http.body' && channel === of ? body.length : 0),
    0,
  );

async function readAll(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no fault',
    (error: unknown) => (Fault.is(error) ? error.code : String(error)),
  );
