/** A company's own prompts: kept as files, said by the next call, never in the way of a start. */

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { createApp } from '#controller/api/app.ts';
import { openOwnPrompts } from '#controller/ivr/own-prompts.ts';
import { loadVoices, promptsFolder } from '#controller/ivr/prompts.ts';
import { Fault } from '#protocol/fault.ts';
import { createApiWorld } from '#test/controller/api/world.ts';
import { describe } from '#test/support/describe.ts';
import { type WavParts, wavOf } from '#test/support/wav.ts';
import { openWorld } from './world.ts';

const builtIn = loadVoices();
const pin = { language: 'de', name: 'pin' } as const;
const mine = wavOf({ hertz: 440, seconds: 2 });
const other = wavOf({ hertz: 880, seconds: 1, rate: 16_000 });

function createLog() {
  const lines: string[] = [];
  const add = (_: object, message: string) => void lines.push(message);
  return { lines, debug: add, info: add, warn: add };
}

async function inFolder(run: (data: string) => Promise<void>): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'hotdesk-prompts-'));
  try {
    await run(data);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

const open = async (data: string) => {
  const prompts = await openOwnPrompts({ data, log: createLog() });
  const state = () => {
    const found = prompts.list().find(({ language, name }) => language === 'de' && name === 'pin');
    assert.ok(found);
    return found;
  };
  return { prompts, state };
};

describe('own prompts', (test) => {
  test('without any, all are those built in, each with its words', () =>
    inFolder(async (data) => {
      const { prompts } = await open(data);
      assert.equal(prompts.voices, builtIn);
      assert.ok(prompts.list().every(({ isOwn, text, seconds }) => !isOwn && text !== '' && seconds > 0.5));
      assert.equal(await prompts.read(pin), await readFile(`${promptsFolder()}de/pin.wav`));
      assert.equal(await readdir(data), []);
    }));

  test('one that is put is said, kept for the next start, and gone when it is removed', () =>
    inFolder(async (data) => {
      const { prompts, state } = await open(data);
      const { voices } = prompts;
      await prompts.put(pin, mine, state().revision);
      assert.is(voices.de.pin.PCMA.length, 2.25 * 8_000, 'with a quarter of a second of silence after it');
      assert.equal(voices.en, builtIn.en);
      assert.equal([state().isOwn, state().seconds], [true, 2.25]);
      assert.equal(await prompts.read(pin), mine);
      assert.is((await stat(join(data, 'prompts/de/pin.wav'))).mode & 0o777, 0o600);
      assert.is((await stat(join(data, 'prompts/de'))).mode & 0o777, 0o700);
      assert.equal(await readdir(join(data, 'prompts/de')), ['pin.wav']);

      const again = await open(data);
      assert.equal(again.prompts.voices, voices);
      assert.is(again.state().revision, state().revision);
      await again.prompts.remove(pin, again.state().revision);
      assert.equal(again.prompts.voices, builtIn);
      assert.is(again.state().isOwn, false);
      assert.equal(await readdir(join(data, 'prompts/de')), []);
      await again.prompts.remove(pin, again.state().revision);
    }));

  test('of two that saw the same revision, one is refused', () =>
    inFolder(async (data) => {
      const { prompts, state } = await open(data);
      const { revision } = state();
      const results = await Promise.allSettled([
        prompts.put(pin, mine, revision),
        prompts.put(pin, other, revision),
      ]);
      assert.equal(
        results.map(({ status }) => status),
        ['fulfilled', 'rejected'],
      );
      assert.equal(await prompts.read(pin), mine);
    }));

  // biome-ignore format: a table
  const refused: { name: string; parts: WavParts; says: RegExp }[] = [
    { name: 'a click',      parts: { seconds: 0.1 }, says: /de\/pin lasts 0\.1 s, not 0\.2 to 20 s/ },
    { name: 'a speech',     parts: { seconds: 21 },  says: /lasts 21\.0 s/ },
    { name: 'music',        parts: { channels: 2, rate: 44_100 }, says: /stereo, PCM of 16 bit at 44\.1 kHz/ },
  ];
  for (const { name, parts, says } of refused) {
    test(`refuses ${name}, and keeps what was`, () =>
      inFolder(async (data) => {
        const { prompts, state } = await open(data);
        await prompts.put(pin, mine, state().revision);
        let error: unknown;
        await Promise.resolve()
          .then(() => prompts.put(pin, wavOf(parts), state().revision))
          .catch((thrown: unknown) => (error = thrown));
        assert.ok(Fault.is(error, 'input.invalid'), String(error));
        assert.match(error.message, says);
        assert.equal(await prompts.read(pin), mine);
      }));
  }

  test('a damaged file is told, left, and does not keep the controller from starting', () =>
    inFolder(async (data) => {
      const first = await open(data);
      await first.prompts.put(pin, mine, 0);
      const file = join(data, 'prompts/de/pin.wav');
      await writeFile(file, mine.subarray(0, 100));
      const log = createLog();
      const { voices } = await openOwnPrompts({ data, log });
      assert.equal(voices, builtIn);
      assert.is(log.lines.length, 1);
      assert.is((await stat(file)).size, 100);
    }));

  test('the line says what was put while it runs', () =>
    inFolder(async (data) => {
      const { prompts, state } = await open(data);
      const world = openWorld({ voices: prompts.voices, language: 'de' });
      await prompts.put(pin, mine, state().revision);
      await world.answered();
      world.clock.advance(1_000);
      const { PCMA } = prompts.voices.de.pin;
      const said = world.packets.map(({ payload }) => Buffer.from(payload).toString('hex')).join('');
      assert.ok(said.includes(Buffer.from(PCMA.subarray(0, 4_000)).toString('hex')), 'half a second of it');
      await world.line.close();
    }));
});

describe('API of prompts', (test) => {
  test('lists, takes, gives and forgets them', () =>
    inFolder(async (data) => {
      const { prompts } = await open(data);
      const { ask, deps } = createApiWorld({ ownPrompts: prompts });
      const app = createApp(deps);
      const put = (body: Buffer, headers: Record<string, string> = {}) =>
        app.request('/api/v1/prompts/de/pin', {
          method: 'PUT',
          body: new Uint8Array(body),
          headers: { 'content-type': 'audio/wav', ...headers },
        });
      const before = await ask('GET', '/prompts?language=de&name=pin');
      assert.is((before.json.items as unknown[]).length, 1);
      assert.match(before.text, /"isOwn":false/);

      const made = await put(mine);
      assert.is(made.status, 200);
      const { isOwn, seconds } = (await made.json()) as Record<string, unknown>;
      assert.equal([isOwn, seconds], [true, 2.25]);
      const got = await app.request('/api/v1/prompts/de/pin');
      assert.is(got.headers.get('content-type'), 'audio/wav');
      assert.is(got.headers.get('etag'), made.headers.get('etag'));
      assert.equal(Buffer.from(await got.arrayBuffer()), mine);

      assert.is((await put(other, { 'if-match': '"7"' })).status, 412);
      assert.is((await put(other, { 'content-type': 'audio/mpeg' })).status, 400);
      const wrong = await put(wavOf({ rate: 48_000 }));
      assert.is(wrong.status, 400);
      assert.match(await wrong.text(), /48 kHz/);
      assert.is((await put(Buffer.alloc(1024 * 1024 + 1))).status, 413);
      assert.is((await ask('GET', '/prompts/fr/pin')).status, 404);
      assert.is((await ask('DELETE', '/prompts/de/nothing')).status, 404);

      assert.is((await ask('DELETE', '/prompts/de/pin')).status, 204);
      assert.is((await ask('DELETE', '/prompts/de/pin')).status, 204);
      assert.equal(prompts.voices, builtIn);
    }));
});
