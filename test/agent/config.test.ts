import type { NetworkInterfaceInfo } from 'node:os';
import * as assert from 'uvu/assert';
import {
  type AgentConfig,
  configNames,
  listenAddresses,
  loadConfig,
  nextPort,
  toEnv,
  toFlag,
} from '#agent/config.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';

const defaults: AgentConfig = {
  sipPort: 5_060,
  httpPort: 8_080,
  rtpPorts: { first: 20_000, last: 29_999 },
  pnp: true,
  upgradeSeconds: 60,
  logLevel: 'info',
  allowPlain: false,
};

type Sources = { flags?: Record<string, string[]>; env?: Record<string, string>; file?: string };

const load = ({ flags = {}, env = {}, file }: Sources) =>
  loadConfig({ flags: new Map(Object.entries(flags)), env, file });

describe('agent config', (test) => {
  // biome-ignore format: a table
  const rows: [what: string, sources: Sources, expected: Partial<AgentConfig>][] = [
    ['nothing given',            {},                                                     {}],
    ['a flag',                   { flags: { 'sip-port': ['5070'] } },                    { sipPort: 5_070 }],
    ['a variable',               { env: { HOTDESK_AGENT_SIP_PORT: '5070' } },            { sipPort: 5_070 }],
    ['a key',                    { file: '{"sipPort": 5070}' },                          { sipPort: 5_070 }],
    ['a variable over a key',    { env: { HOTDESK_AGENT_SIP_PORT: '1' }, file: '{"sipPort": 2}' }, { sipPort: 1 }],
    ['a flag over a variable',   { flags: { 'sip-port': ['0'] }, env: { HOTDESK_AGENT_SIP_PORT: '1' } }, { sipPort: 0 }],
    ['the last of two flags',    { flags: { 'sip-port': ['1', '2'] } },                  { sipPort: 2 }],
    ['two addresses',            { flags: { listen: ['192.0.2.1', '2001:db8::1'] } },    { listen: ['192.0.2.1', '2001:db8::1'] }],
    ['addresses in a variable',  { env: { HOTDESK_AGENT_LISTEN: '192.0.2.1,192.0.2.2' } }, { listen: ['192.0.2.1', '192.0.2.2'] }],
    ['addresses in the file',    { file: '{"listen": ["192.0.2.1"]}' },                  { listen: ['192.0.2.1'] }],
    ['any RTP port',             { flags: { 'rtp-ports': ['0'] } },                      { rtpPorts: undefined }],
    ['RTP ports',                { flags: { 'rtp-ports': ['4000-4001'] } },              { rtpPorts: { first: 4_000, last: 4_001 } }],
    ['a web proxy',              { env: { HOTDESK_AGENT_PROXY: 'http://proxy.example:3128' } }, { proxy: 'http://proxy.example:3128' }],
    ['no web proxy',             { file: '{"proxy": "none"}' },                          { proxy: 'none' }],
    ['a switch',                 { flags: { 'allow-plain': ['true'] } },                 { allowPlain: true }],
    ['a switch in a variable',   { env: { HOTDESK_AGENT_ALLOW_PLAIN: 'false' } },        { allowPlain: false }],
    ['the data folder, not ours to read', { env: { HOTDESK_AGENT_DATA: '/x' } },         {}],
    ['another program’s',        { env: { HOTDESK_SERVER: 'x', PATH: 'y' } },            {}],
  ];
  for (const [what, sources, expected] of rows) {
    test(what, () => assert.equal(load(sources), { ...defaults, ...expected }));
  }

  // biome-ignore format: a table
  const refused: [what: string, sources: Sources, field: string, says: RegExp][] = [
    ['an unknown key',        { file: '{"sipport": 1}' },                    'sipport',                 /did you mean "sipPort"/],
    ['an unknown variable',   { env: { HOTDESK_AGENT_SIPPORT: '1' } },       'HOTDESK_AGENT_SIPPORT',   /did you mean "HOTDESK_AGENT_SIP_PORT"/],
    ['the folder in its file', { file: '{"data": "/x"}' },                   'data',                    /unknown key/],
    ['a file that is no JSON', { file: '{' },                                'agent.json',              /not a JSON object/],
    ['a file that is a list', { file: '[]' },                                'agent.json',              /not a JSON object/],
    ['an empty file',         { file: '' },                                  'agent.json',              /not a JSON object/],
    ['a port too high',       { flags: { 'sip-port': ['65536'] } },          '--sip-port',              /a port/],
    ['a port that is a word', { env: { HOTDESK_AGENT_HTTP_PORT: 'http' } },  'HOTDESK_AGENT_HTTP_PORT', /a port/],
    ['an empty port',         { flags: { 'sip-port': [''] } },               '--sip-port',              /a port/],
    ['half a port',           { file: '{"sipPort": 1.5}' },                  'agent.json: sipPort',     /a port/],
    ['a host name',           { flags: { listen: ['phone.example'] } },      '--listen',                /IP address/],
    ['a proxy of another kind', { flags: { proxy: ['socks5://proxy.example'] } }, '--proxy',             /http:\/\/user:password@host:port, or none/],
    ['an empty list',         { env: { HOTDESK_AGENT_LISTEN: '' } },         'HOTDESK_AGENT_LISTEN',    /IP address/],
    ['RTP ports backwards',   { flags: { 'rtp-ports': ['30000-20000'] } },   '--rtp-ports',             /the last greater/],
    ['privileged RTP ports',  { flags: { 'rtp-ports': ['1000-2000'] } },     '--rtp-ports',             /at least 1024/],
    ['one RTP port',          { flags: { 'rtp-ports': ['20000'] } },         '--rtp-ports',             /two ports/],
    ['a log level of no one', { flags: { 'log-level': ['loud'] } },          '--log-level',             /./],
    ['a switch that is maybe', { env: { HOTDESK_AGENT_ALLOW_PLAIN: '1' } },  'HOTDESK_AGENT_ALLOW_PLAIN', /true or false/],
  ];
  for (const [what, sources, field, says] of refused) {
    test(`${what} is refused by its name`, () => {
      try {
        load(sources);
        assert.unreachable();
      } catch (error) {
        assert.ok(Fault.is(error, 'input.invalid'), String(error));
        assert.is(error.facts.field, field);
        assert.match(error.message, says);
      }
    });
  }

  test('each name has one flag and one variable', () => {
    assert.is(toFlag('rtpPorts'), 'rtp-ports');
    assert.is(toEnv('rtpPorts'), 'HOTDESK_AGENT_RTP_PORTS');
    assert.is(new Set(configNames.map(toFlag)).size, configNames.length);
  });
});

describe('agent listens', (test) => {
  const face = (address: string, more: Partial<NetworkInterfaceInfo> = {}) =>
    ({ address, family: 'IPv4', internal: false, ...more }) as NetworkInterfaceInfo;
  const lo = [face('127.0.0.1', { internal: true })];

  // biome-ignore format: a table
  const rows: [what: string, listen: string[] | undefined, faces: NodeJS.Dict<NetworkInterfaceInfo[]>, expected: string[]][] = [
    ['where it is told',               ['192.0.2.1'], { lo, eth0: [face('192.0.2.9')] },                      ['192.0.2.1']],
    ['once at an address named twice', ['192.0.2.1', '192.0.2.1'], {},                                        ['192.0.2.1']],
    ['at every IPv4 address',          undefined,     { lo, eth0: [face('192.0.2.9')], eth1: [face('10.0.0.1')] }, ['192.0.2.9', '10.0.0.1']],
    ['not at link-local or IPv6',      undefined,     { eth0: [face('169.254.1.1'), face('fe80::1', { family: 'IPv6' } as Partial<NetworkInterfaceInfo>)] }, ['127.0.0.1']],
    ['at loopback when there is no network', undefined, { lo },                                               ['127.0.0.1']],
  ];
  for (const [what, listen, faces, expected] of rows) {
    test(what, () => assert.equal(listenAddresses({ listen }, faces), expected));
  }

  test('for TLS beside its port, where there is one beside it', () => {
    assert.equal([5_060, 65_534, 65_535, 0].map(nextPort), [5_061, 65_535, 0, 0]);
  });
});
