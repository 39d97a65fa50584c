/** Yealink files as a phone reads them: what a line does, and that files are deltas. */

import * as assert from 'uvu/assert';
import { applySettings, isSameAccount, lineKeysOf } from '#agent/phone/make.ts';
import { findModel } from '#agent/phone/makes.ts';
import { yealink } from '#agent/phone/yealink.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';

const { accountOf, onCheckSync } = yealink;
const { model } = findModel('T46S');
const parse = (text: string) => yealink.parse(text, 'config');
const version = '#!version:1.0.0.1\n';

/** One line after the version → what it sets, includes and skips. */
// biome-ignore format: a table
const lines: [string, { settings?: [string, string | undefined][]; includes?: string[]; skipped?: number }][] = [
  ['account.1.label = 101 Anna',          { settings: [['account.1.label', '101 Anna']] }],
  ['  account.1.label=101 Anna  \r',      { settings: [['account.1.label', '101 Anna']] }],
  ['account.1.label = a = b # c',         { settings: [['account.1.label', 'a = b # c']] }],
  ['account.1.label = %NULL%',            { settings: [['account.1.label', undefined]] }],
  ['account.1.label =',                   {}],
  ['a.b = 1\na.b = 2',                    { settings: [['a.b', '2']] }],
  ['# account.1.label = x',               {}],
  ['',                                    {}],
  ['include:config "common.cfg"',         { includes: ['common.cfg'] }],
  ['include:config <http://a/b.cfg>',     { includes: ['http://a/b.cfg'] }],
  ['include:config a.cfg',                { includes: ['a.cfg'] }],
  ['no setting at all',                   { skipped: 1 }],
  ['spaced key = 1',                      { skipped: 1 }],
];

const refused = ['', '\n#!version:1.0.0.1', '#!version:1.0.0.2\n', '<html></html>', 'account.1.enable = 1'];

describe('yealink file', (test) => {
  for (const [line, { settings = [], includes = [], skipped = 0 }] of lines) {
    test(JSON.stringify(line), () => {
      const file = parse(version + line);
      assert.equal([...file.settings], settings);
      assert.equal(file.includes, includes);
      assert.is(file.skipped, skipped);
    });
  }

  for (const text of refused) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parse(text),
        (error: unknown) => Fault.is(error, 'input.invalid'),
      );
    });
  }

  test('takes a byte order mark and CRLF', () => {
    assert.equal([...parse('\uFEFF#!version:1.0.0.1\r\na = 1\r\n').settings], [['a', '1']]);
  });

  test('overwrite_mode is no setting', () => {
    const file = parse(`${version}overwrite_mode = 1`);
    assert.ok(file.isOverwriting);
    assert.is(file.settings.size, 0);
  });

  test('has bounds', () => {
    const many = Array.from({ length: 10_001 }, (_, index) => `k${index} = 1`).join('\n');
    assert.throws(
      () => parse(version + many),
      (error: unknown) => Fault.is(error, 'limit.reached'),
    );
  });
});

describe('phone memory', (test) => {
  const account = `${version}account.1.enable = 1\naccount.1.user_name = 100\naccount.1.sip_server.1.address = 192.0.2.1`;

  test('keeps what a file does not mention', () => {
    const memory = new Map<string, string>();
    applySettings(
      memory,
      parse(`${version}linekey.1.type = 16\nlinekey.1.value = 102\nlinekey.2.value = 103`),
    );
    applySettings(
      memory,
      parse(`${version}linekey.1.type = 13\nlinekey.1.value =\nlinekey.2.value = %NULL%`),
    );
    assert.equal(
      [...memory],
      [
        ['linekey.1.type', '13'],
        ['linekey.1.value', '102'],
      ],
    );
  });

  test('an account has the factory’s values where the file is silent', () => {
    const memory = new Map<string, string>();
    applySettings(memory, parse(account));
    assert.equal(accountOf(memory), {
      userName: '100',
      authName: '100',
      password: '',
      label: '100',
      displayName: '',
      server: { host: '192.0.2.1', port: 5060, transport: 'udp' },
      expiresSeconds: 3600,
    });
  });

  test('an account that is off, nameless or homeless is none', () => {
    for (const line of [
      'account.1.enable = 0',
      'account.1.user_name = %NULL%',
      'account.1.sip_server.1.address = %NULL%',
    ]) {
      const memory = new Map<string, string>();
      applySettings(memory, parse(`${account}\n${line}`));
      assert.is(accountOf(memory), undefined, line);
    }
  });

  test('any part of an account makes it another', () => {
    const memory = new Map<string, string>();
    applySettings(memory, parse(account));
    const before = accountOf(memory);
    assert.ok(isSameAccount(before, accountOf(memory)));
    applySettings(memory, parse(`${version}account.1.password = other`));
    assert.not.ok(isSameAccount(before, accountOf(memory)));
  });

  test('line keys show accounts until something is put on them', () => {
    const memory = new Map<string, string>();
    applySettings(
      memory,
      parse(`${version}linekey.1.type = 13\nlinekey.1.value = *77*5*\nlinekey.1.label = Logout\nlinekey.3.type = 16
linekey.4.type = 0\nlinekey.4.value = 104\nlinekey.5.type = 99\nlinekey.6.type = 13`),
    );
    assert.equal(lineKeysOf(yealink, { ...model, keys: [['linekey', 5]], accounts: 2 }, memory), [
      { position: 1, type: 'speeddial', value: '*77*5*', label: 'Logout' },
      { position: 2, type: 'line', value: '', label: '' },
      { position: 3, type: 'blf', value: '', label: '' },
      { position: 5, type: 'type 99', value: '', label: '' },
    ]);
  });
});

/** sip.notify_reboot_enable, Event of the NOTIFY → what the phone does. */
// biome-ignore format: a table
const checkSyncs: [string | undefined, string, ReturnType<typeof onCheckSync>][] = [
  [undefined, 'check-sync',                'reboot'],
  ['1',       'check-sync;reboot=false',   'reboot'],
  ['0',       'check-sync;reboot=false',   'update'],
  ['0',       'check-sync',                'update'],
  ['0',       'check-sync; reboot = true', 'reboot'],
  ['2',       'check-sync;reboot=true',    'ignore'],
];

describe('check-sync', (test) => {
  for (const [mode, event, does] of checkSyncs) {
    test(`${event} with notify_reboot_enable ${mode}`, () => {
      const memory = new Map(mode === undefined ? [] : [['sip.notify_reboot_enable', mode]]);
      assert.is(onCheckSync(memory, event), does);
    });
  }
});
