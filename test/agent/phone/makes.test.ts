/** What each make's phone asks for, says of itself, reads, and does at a check-sync. */

import * as assert from 'uvu/assert';
import { applySettings, type CheckSync, lineKeysOf } from '#agent/phone/make.ts';
import { findModel, makes } from '#agent/phone/makes.ts';
import { parseXml } from '#agent/phone/xml.ts';
import { factsOf } from '#controller/provisioning/facts.ts';
import { findModel as findOffered } from '#controller/provisioning/models.ts';
import { Fault, type FaultCode } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';

const mac = '001565aabbcc';
type Name = keyof typeof makes;
type Memory = Record<string, string>;

const memoryOf = (settings: Memory = {}) => new Map(Object.entries(settings));
const fails = (code: FaultCode) => (error: unknown) => Fault.is(error, code);

describe('a make’s files', (test) => {
  // biome-ignore format: a table
  const rows: [model: string, memory: Memory, files: string][] = [
    ['T46S',    {}, `${mac}.boot y000000000000.boot y000000000066.cfg, ${mac}.cfg`],
    ['D785',    {}, 'snomD785.htm, snomD785-001565AABBCC.htm'],
    ['D785',    { setting_server: 'http://192.0.2.1/p/t/{mac}.xml' }, '001565AABBCC.xml'],
    ['D785',    { setting_server: 'http://192.0.2.1/p/t/' }, 'snomD785.htm, snomD785-001565AABBCC.htm'],
    ['P850',    {}, '001565AABBCC.xml'],
    ['GRP2614', {}, `cfg${mac} cfg${mac}.xml cfggrp2614.xml cfg.xml`],
    ['X5U',     {}, `F0V0X5U00000.cfg, ${mac}.cfg`],
    ['X5U',     { 'ap/DownloadCommonConf': '0', 'ap/FlashFileName': 'p/t/own-$mac.cfg' }, `own-${mac}.cfg`],
    ['X3U',     {}, `F00000000000.cfg, ${mac}.cfg`],
    ['X3U',     { 'AUTOUPDATE CONFIG/Download CommonConf': '0', 'AUTOUPDATE CONFIG/Flash File Name': 'p/t/$mac.cfg' }, `${mac}.cfg`],
    ['UC926',   {}, `cfg0010.xml, cfg${mac}.xml`],
    ['VVX450',  {}, `${mac}.cfg 000000000000.cfg`],
    ['6867i',   {}, 'startup.cfg aastra.cfg, 001565AABBCC.cfg'],
  ];
  for (const [name, memory, files] of rows) {
    test(`${name} ${Object.keys(memory)}`, () => {
      const { make, model } = findModel(name);
      const asked = make.files({ mac, model, memory: memoryOf(memory) });
      assert.is(asked.map((row) => row.join(' ')).join(', '), files);
    });
  }

  // biome-ignore format: a table
  const agents: [model: string, sip: string, http: string][] = [
    ['T46S',    'Yealink SIP-T46S 66.86.0.15',          'Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:cc'],
    ['D785',    'snomD785/10.1.169.16',                 'Mozilla/4.0 (compatible; snomD785-SIP 10.1.169.16 2010.12 001565AABBCC SXM:0 UXM:0 UXMC:0)'],
    ['GRP2614', 'Grandstream GRP2614 1.0.5.67',         'Grandstream Model HW GRP2614 SW 1.0.5.67 DevId 001565aabbcc'],
    ['X5U-V2',  'Fanvil X5U-V2 2.12.16.17',             'Fanvil X5U-V2 2.12.16.17 001565aabbcc'],
    ['UC926',   'Htek UC926 2.0.4.2',                   'Htek UC926 2.0.4.2 00:15:65:aa:bb:cc'],
    ['VVX 450', 'PolycomVVX-VVX_450-UA/5.9.5.0614',     'FileTransport PolycomVVX-VVX_450-UA/5.9.5.0614 Type/Application'],
    ['6867i',   'Aastra 6867i/4.5.0.41',                'Aastra6867i MAC:00-15-65-AA-BB-CC V:4.5.0.41-SIP'],
    ['6920',    'Mitel 6920/6.4.0.140',                 'Mitel6920 MAC:00-15-65-AA-BB-CC V:6.4.0.140-SIP'],
  ];
  for (const [name, sip, http] of agents) {
    test(`${name} says of itself`, () => {
      const { make, model } = findModel(name);
      assert.equal([make.userAgent(model), make.httpUserAgent(model, mac)], [sip, http]);
    });
  }

  test('a Mitel registers with its MAC in an instance', () => {
    const urn = 'urn:uuid:00000000-0000-1000-8000-001565AABBCC';
    assert.is(makes.mitel.contactParams?.(mac), `;+sip.instance="<${urn}>"`);
  });

  test('each phone is one that the controller offers, and would know by what it says', () => {
    for (const make of Object.values(makes)) {
      for (const model of make.models) {
        const { userAgent } = factsOf(findOffered(model.name));
        assert.match(make.httpUserAgent(model, mac), new RegExp(userAgent), model.name);
      }
    }
  });
});

describe('a check-sync', (test) => {
  const allowed = { 'account.1.sip.allowSipReset': 'Yes' };
  const gentle = { 'voIpProt.SIP.specialEvent.checkSync.alwaysReboot': '0' };
  // biome-ignore format: a table
  const rows: [make: Name, memory: Memory, event: string, does: CheckSync | undefined][] = [
    ['yealink',     {},                                'resync',                  undefined],
    ['snom',        {},                                'check-sync;reboot=false', 'update'],
    ['snom',        {},                                'check-sync;reboot=true',  'reboot'],
    ['snom',        {},                                'check-sync',              'reboot'],
    ['snom',        { checksync_action: 'sync' },      'check-sync;reboot=true',  'update'],
    ['snom',        { checksync_action: 'reregister' },'check-sync;reboot=false', 'ignore'],
    ['snom',        {},                                'resync',                  undefined],
    ['gigaset',     {},                                'check-sync;reboot=false', 'update'],
    ['grandstream', {},                                'resync',                  'ignore'],
    ['grandstream', allowed,                           'resync',                  'update'],
    ['grandstream', allowed,                           'check-sync',              'reboot'],
    ['grandstream', allowed,                           'talk',                    undefined],
    ['grandstreamNumbered', { P26015: '1' },           'resync',                  'update'],
    ['grandstreamNumbered', {},                        'resync',                  'ignore'],
    ['fanvil',      {},                                'check-sync',              'reboot'],
    ['fanvil',      { 'sip/NotifyReboot': '0' },       'check-sync',              'update'],
    ['fanvil',      { 'sip/NotifyReboot': '0' },       'check-sync;reboot=true',  'reboot'],
    ['fanvilText',  {},                                'check-sync',              'reboot'],
    ['fanvilText',  { 'SIP CONFIG/Notify Reboot': '0' }, 'check-sync',            'update'],
    ['htek',        {},                                'resync',                  'update'],
    ['htek',        {},                                'check-sync;reboot=true',  'reboot'],
    ['htek',        {},                                'talk',                    undefined],
    ['poly',        {},                                'check-sync',              'reboot'],
    ['poly',        gentle,                            'check-sync',              'update'],
    ['mitel',       {},                                'check-sync',              'update'],
    ['mitel',       {},                                'check-sync;reboot=true',  'reboot'],
  ];
  for (const [make, memory, event, does] of rows) {
    test(`${event} at a ${make} with ${JSON.stringify(memory)}`, () => {
      assert.is(makes[make].onCheckSync(memoryOf(memory), event), does);
    });
  }
});

const fanvilText = (...lines: string[]) =>
  ['<<VOIP CONFIG FILE>>Version:2.0000000000'.padEnd(62), ...lines, '<<END OF FILE>>', ''].join('\r\n');

describe('a make’s reader', (test) => {
  // biome-ignore format: a table
  const rows: [make: Name, text: string, settings: Memory, more?: { skipped?: number; repeated?: number; includes?: string[] }][] = [
    ['snom', '<settings><phone-settings><a perm="R">x &amp; y</a><b idx="2">z</b></phone-settings></settings>', { a: 'x & y', 'b 2': 'z' }],
    ['snom', "<!-- c --><settings><functionKeys><fkey idx='0' label='Ben'>blf 101|**</fkey></functionKeys></settings>", { 'fkey 0': 'blf 101|**', 'fkey 0 label': 'Ben' }],
    ['snom', '<settings><phone-settings><a>1</a><a>2</a></phone-settings><dialplan/></settings>', { a: '2' }, { skipped: 1, repeated: 1 }],
    ['snom', '<setting-files><file url="more.xml"/></setting-files>', {}, { includes: ['more.xml'] }],
    ['grandstream', '<gs_provision><config version="2"><item name="a">1</item><item name="b"><part name="c">2</part></item></config></gs_provision>', { a: '1', 'b.c': '2' }],
    ['grandstream', '<gs_provision><config version="1"><P35>100</P35><x/></config><y/></gs_provision>', { P35: '100' }, { skipped: 2 }],
    ['fanvil', '<sysConf><Version>2</Version><sip><line index="1"><A>1</A></line></sip></sysConf>', { Version: '2', 'sip/line[1]/A': '1' }],
    ['fanvilText', fanvilText('<SIP CONFIG MODULE>', 'A :1', '--L 1--:', 'B C  :x:y', '', '<M MODULE>', 'A:', 'A:2'), { 'SIP CONFIG/A': '1', 'SIP CONFIG/L 1/B C': 'x:y', 'M/A': '2' }, { repeated: 1 }],
    ['fanvilText', fanvilText('A :1', '<M MODULE>', 'B', 'C :<D MODULE>', 'D :x<<', 'E :<'), {}, { skipped: 5 }],
    ['htek', '<hl_provision><config><P35 para="x">100</P35><x>1</x></config></hl_provision>', { P35: '100' }, { skipped: 1 }],
    ['poly', '<any><other reg.1.address="100" reg.1.label="&#66;en"/></any>', { 'reg.1.address': '100', 'reg.1.label': 'Ben' }],
    ['poly', '<APPLICATION CONFIG_FILES="a.cfg, b.cfg" APP_FILE_PATH=""/>', {}, { includes: ['a.cfg', 'b.cfg'] }],
    ['mitel', '# c\r\n^sip line1 user name: 100\nsip dial plan: "x+"\nlone\n', { 'sip line1 user name': '100', 'sip dial plan': 'x+' }, { skipped: 1 }],
  ];
  for (const [make, text, settings, { skipped = 0, repeated = 0, includes = [] } = {}] of rows) {
    test(`${make}: ${text.slice(0, 60)}`, () => {
      const file = makes[make].parse(text, 'file');
      assert.equal(Object.fromEntries(file.settings), settings);
      assert.equal([file.skipped, file.repeated, file.includes], [skipped, repeated, includes]);
    });
  }

  for (const make of ['snom', 'gigaset', 'grandstream', 'fanvil', 'fanvilText', 'htek'] as const) {
    test(`${make} rejects another’s file`, () => {
      for (const text of ['<html></html>', '#!version:1.0.0.1\n', ''])
        assert.throws(() => makes[make].parse(text, 'file'), fails('input.invalid'));
    });
  }

  test('a Fanvil rejects text with another frame', () => {
    const right = fanvilText('<M MODULE>', 'A :1');
    assert.is(makes.fanvilText.parse(right, 'file').settings.size, 1);
    for (const text of [
      right.replace('0 ', '0'),
      right.replace('A :1', 'A :1\nB :2'),
      right.replaceAll('\r\n', '\n'),
      right.trimEnd(),
      right.replace('<<END OF FILE>>', ''),
    ])
      assert.throws(() => makes.fanvilText.parse(text, 'file'), fails('input.invalid'));
  });

  test('a Grandstream’s own lines, and what follows a gap, are not a layout’s', () => {
    const { make, model } = findModel('GXP2130');
    const key = (name: string, mode: string) => [`pks.${name}.keyMode`, mode] as const;
    const memory = new Map([
      ...['vpk.1', 'vpk.4', 'vpk.6', 'mpk.2'].map((name) => key(name, 'SpeedDial')),
      key('vpk.5', 'None'),
    ]);
    assert.equal(
      lineKeysOf(make, model, memory).map(({ position, type }) => `${position} ${type}`),
      ['1 line', '2 line', '3 line', '4 speeddial', '14 speeddial'],
    );
  });

  test('an account needs to be on, a name and a server', () => {
    const { snom } = makes;
    const on = {
      'user_active 1': 'on',
      'user_name 1': '100',
      'user_outbound 1': '[2001:db8::1]:5061;transport=tls',
    };
    assert.equal(snom.accountOf(memoryOf(on))?.server, { host: '2001:db8::1', port: 5061, transport: 'tls' });
    assert.is(snom.accountOf(memoryOf({ ...on, 'user_active 1': 'off' })), undefined);
    assert.is(snom.accountOf(memoryOf({ ...on, 'user_name 1': '' })), undefined);
    assert.is(snom.accountOf(memoryOf({ ...on, 'user_outbound 1': '' })), undefined);
  });

  test('files are deltas', () => {
    const memory = memoryOf({ 'user_name 1': '100', 'user_name 2': '200' });
    const text = '<settings><phone-settings><user_name idx="1"></user_name></phone-settings></settings>';
    applySettings(memory, makes.snom.parse(text, 'file'));
    assert.equal(Object.fromEntries(memory), { 'user_name 1': '', 'user_name 2': '200' });
  });
});

describe('XML', (test) => {
  test('entities, sections, comments, instructions', () => {
    const text =
      '\uFEFF<?xml version="1.0"?>\n<!-- <b> --><a x=\'1 &lt; 2\'>&#x41;<![CDATA[<b>]]><c/> &quot;</a>\n';
    const { attributes, children, text: said } = parseXml(text, 'file');
    assert.equal([attributes.get('x'), children.length, said], ['1 < 2', 1, 'A<b> "']);
  });

  // biome-ignore format: a table
  const refused = [
    '', 'text', '<a>', '<a></b>', '<a/><b/>', '</a>', '<a>&nbsp;</a>', '<a>&amp</a>', '<a>&#0;</a>', '<a>&#1114112;</a>',
    '<a x="1" x="2"/>', '<a x=1/>', '<a b="<"/>', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', `${'<a>'.repeat(40)}${'</a>'.repeat(40)}`,
    `<a>${'<b/>'.repeat(20_001)}</a>`,
  ];
  for (const text of refused) {
    test(`refuses ${text.slice(0, 40)}`, () => {
      assert.throws(() => parseXml(text, 'file'), fails('input.invalid'));
    });
  }
});
