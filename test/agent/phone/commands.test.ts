/** Lines on stdin, and the whole command: flags in, events out, exit code. */

import { PassThrough } from 'node:stream';
import * as assert from 'uvu/assert';
import { readOptions, runPhone } from '#agent/phone/command.ts';
import { type Controls, runCommand } from '#agent/phone/commands.ts';
import type { PhoneEvent } from '#agent/phone/events.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { watch } from './office.ts';

/** A phone that only remembers what was done to it. */
function createRecorder(): { phone: Controls; done: string[] } {
  const done: string[] = [];
  const note = (name: string) => (argument?: unknown) => {
    done.push(argument === undefined ? name : `${name} ${argument}`);
    return true;
  };
  const phone: Controls = {
    call: note('call'),
    answer: note('answer'),
    autoAnswer: note('autoAnswer'),
    hangUp: note('hangUp'),
    hold: note('hold'),
    transfer: note('transfer'),
    dtmf: note('dtmf'),
    press: note('press'),
    tone: note('tone'),
    register: note('register'),
    status: note('status'),
  };
  return { phone, done };
}

// biome-ignore format: a table
const lines: [string, string[]][] = [
  ['call *77*100*',                  ['call *77*100*']],
  ['call sip:100@127.0.0.1:5060',    ['call sip:100@127.0.0.1:5060']],
  ['  answer  ',                     ['answer']],
  ['auto-answer on',                 ['autoAnswer true']],
  ['auto-answer off',                ['autoAnswer false']],
  ['hangup',                         ['hangUp']],
  ['hold on',                        ['hold true']],
  ['transfer 102',                   ['transfer 102']],
  ['transfer-to-call',               ['transfer']],
  ['dtmf 0123*#A',                   ['dtmf 0123*#A']],
  ['press 1',                        ['press 1']],
  ['tone 440',                       ['tone 440']],
  ['tone off',                       ['tone']],
  ['register 100',                   ['register 100']],
  ['status',                         ['status']],
  ['',                               []],
  ['# nothing',                      []],
];

// biome-ignore format: a table
const refused: [string, RegExp][] = [
  ['cal 100',          /did you mean "call"/],
  ['constructor',      /unknown command/],
  ['call',             /call: "" is not/],
  ['call 1 2',         /call: "1 2"/],
  ['transfer',         /transfer/],
  ['transfer-to-call 1', /transfer-to-call/],
  ['dtmf 12x',         /dtmf/],
  ['press 0',          /press/],
  ['tone loud',        /tone/],
  ['auto-answer yes',  /auto-answer/],
  ['hangup now',       /hangup/],
];

describe('phone command', (test) => {
  for (const [line, expected] of lines) {
    test(JSON.stringify(line), () => {
      const { phone, done } = createRecorder();
      assert.is(runCommand(phone, line), 'done');
      assert.equal(done, expected);
    });
  }

  for (const [line, message] of refused) {
    test(`refuses ${JSON.stringify(line)}`, () => {
      const { phone, done } = createRecorder();
      assert.throws(
        () => runCommand(phone, line),
        (error: unknown) => Fault.is(error, 'input.invalid') && message.test(error.message),
      );
      assert.equal(done, []);
    });
  }

  test('quit', () => assert.is(runCommand(createRecorder().phone, 'quit'), 'quit'));
});

// biome-ignore format: a table
const wrongFlags: [string[], RegExp][] = [
  [[],                                                  /--url and --mac/],
  [['--url', 'http://a/'],                              /--url and --mac/],
  [['--gateway', '--url', 'http://a/'],                 /leave out --url/],
  [['--gatewya'],                                       /did you mean "--gateway"/],
  [['--gateway', 'now'],                                /unknown word "now"/],
  [['--gateway', '--listen', 'here'],                   /--listen/],
  [['--gateway', '--sip-port', '70000'],                /--sip-port/],
  [['--gateway', '--tone', 'a'],                        /--tone/],
  [['--url', 'http://a/', '--mac', '0', '--tones', ''], /--tones/],
];

describe('phone flags', (test) => {
  for (const [argv, message] of wrongFlags) {
    test(argv.join(' ') || 'none', () => {
      assert.throws(
        () => readOptions(argv),
        (error: unknown) => Fault.is(error, 'input.invalid') && message.test(error.message),
      );
    });
  }

  test('all of them', () => {
    const argv = ['--url', 'http://a/p/', '--mac', '000000000001', '--model=T46U', '--listen', '127.0.0.2'];
    assert.equal(readOptions([...argv, '--sip-port', '5062', '--tones', '440,480']), {
      provisioning: { url: 'http://a/p/', mac: '000000000001', model: 'T46U' },
      listen: { address: '127.0.0.2', port: 5062 },
      tones: [440, 480],
    });
    assert.equal(readOptions(['--gateway', '--listen', '127.0.0.2:5070']), {
      listen: { address: '127.0.0.2', port: 5070 },
      toneHz: 440,
    });
  });
});

describe('hotdesk-agent phone', (test) => {
  const start = (argv: string[], signal?: AbortSignal) => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    let text = '';
    output.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    const events = () =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as PhoneEvent);
    const exit = runPhone(argv, { input, output, ...(signal === undefined ? {} : { signal }) });
    const saw = (name: string) => until(name, () => events().find(({ event }) => event === name));
    return { input, exit, events, saw };
  };

  test('a gateway that is called, and told what to do', async () => {
    const gateway = start(['--gateway', '--tone', '480']);
    const ready = await gateway.saw('ready');
    const caller = await watch({});
    caller.phone.call(`sip:112@${ready.event === 'ready' ? ready.sip : ''}`);
    assert.is((await caller.saw('tone')).hz, 480);
    gateway.input.write('nonsense\nhangup\n');
    await caller.saw('ended');
    await gateway.saw('error');
    gateway.input.write('quit\n');
    assert.is(await gateway.exit, 0);
    await caller.phone.close();
    assert.equal(
      gateway
        .events()
        .map(({ event }) => event)
        .filter((event) => event !== 'audio'), // once a second: none, on a machine that is quick
      ['ready', 'incoming', 'answered', 'error', 'ended'],
    );
  });

  test('the end of stdin is quit', async () => {
    const gateway = start(['--gateway']);
    await gateway.saw('ready');
    gateway.input.end();
    assert.is(await gateway.exit, 0);
  });

  test('so is the signal, even before it has begun', async () => {
    const [now, later] = [AbortSignal.abort(), new AbortController()];
    assert.is(await start(['--gateway'], now).exit, 0);
    const gateway = start(['--gateway'], later.signal);
    await gateway.saw('ready');
    later.abort();
    assert.is(await gateway.exit, 0);
  });

  test('--help names every command', async () => {
    const output = new PassThrough();
    assert.is(await runPhone(['--help'], { output }), 0);
    assert.match(String(output.read()), /--gateway.*auto-answer.*quit/s);
  });

  test('wrong flags are 2, an address that is not ours is 1', async () => {
    assert.is(await start(['--url']).exit, 2);
    const gateway = start(['--gateway', '--listen', '192.0.2.1']);
    assert.is(await gateway.exit, 1);
    assert.is(gateway.events()[0]?.event, 'error');
  });
});
