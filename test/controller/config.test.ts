import { resolve } from 'node:path';
import * as assert from 'uvu/assert';
import { type Config, effectiveConfig, loadConfig, needRestart } from '#controller/config.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';

const defaults: Config = {
  data: resolve('./hotdesk-data'),
  listen: { address: '0.0.0.0', port: 8443 },
  apiListen: { address: '127.0.0.1', port: 8480 },
  apiTls: { type: 'none' },
  rtpPorts: { first: 10_000, last: 19_999 },
  upgradeWaitMs: 240 * 60_000,
  logLevel: 'info',
  jsonReady: false,
};

// biome-ignore format: a table
const configs: { name: string; argv?: string; env?: Record<string, string>; file?: string; gives: Partial<Config> }[] = [
  { name: 'nothing',                  gives: {} },
  { name: 'flags',                    argv: '--data /x --listen ::1 --tunnel-port 0 --api-port 1 --json-ready', gives: { data: '/x', listen: { address: '::1', port: 0 }, apiListen: { address: '127.0.0.1', port: 1 }, jsonReady: true } },
  { name: 'environment',              env: { HOTDESK_DATA: '/y', HOTDESK_TUNNEL_PORT: '9' }, gives: { data: '/y', listen: { address: '0.0.0.0', port: 9 } } },
  { name: 'a page for a network',     argv: '--api-listen 192.0.2.7 --api-name Desk.example', gives: { apiListen: { address: '192.0.2.7', port: 8480 }, apiTls: { type: 'made', names: ['desk.example', '192.0.2.7'] } } },
  { name: 'a certificate',            argv: '--api-cert /c --api-key /k', gives: { apiTls: { type: 'files', cert: '/c', key: '/k' } } },
  { name: 'a file',                   file: '{"tunnelPort": 9, "apiListen": "127.0.0.2"}', gives: { listen: { address: '0.0.0.0', port: 9 }, apiListen: { address: '127.0.0.2', port: 8480 } } },
  { name: 'environment over a file',  env: { HOTDESK_TUNNEL_PORT: '8' }, file: '{"tunnelPort": 9}', gives: { listen: { address: '0.0.0.0', port: 8 } } },
  { name: 'other programs’ variables', env: { HOTDESK_AGENT_SIP_PORT: '1', HOTDESK_TOKEN: 'x', PATH: 'y' }, gives: {} },
  { name: 'flags over environment',   argv: '--data /x', env: { HOTDESK_DATA: '/y' }, gives: { data: '/x' } },
];

// biome-ignore format: a table
const refused: { name: string; argv?: string; env?: Record<string, string>; file?: string; says: RegExp }[] = [
  { name: 'an unknown flag',          argv: '--datta /x',             says: /unknown flag "--datta"; did you mean "--data"/ },
  { name: 'an unknown variable',      env: { HOTDESK_TUNEL_PORT: '1' }, says: /unknown environment variable "HOTDESK_TUNEL_PORT"; did you mean "HOTDESK_TUNNEL_PORT"/ },
  { name: 'an unknown key',           file: '{"tunelPort": 1}',       says: /unknown key in hotdesk\.json "tunelPort"; did you mean "tunnelPort"/ },
  { name: 'the folder in its file',   file: '{"data": "/x"}',         says: /unknown key in hotdesk\.json "data"/ },
  { name: 'a file that is no JSON',   file: '{',                      says: /hotdesk\.json is not a JSON object/ },
  { name: 'a key that is a list',     file: '{"listen": []}',         says: /listen: a text or a number/ },
  { name: 'a port in a file',         file: '{"tunnelPort": 70000}',  says: /tunnelPort/ },
  { name: 'a word',                   argv: 'now',                    says: /what is "now"/ },
  { name: 'no port',                  argv: '--api-port http',        says: /--api-port/ },
  { name: 'a port too high',          env: { HOTDESK_API_PORT: '65536' }, says: /HOTDESK_API_PORT/ },
  { name: 'a name for an address',    argv: '--listen localhost',     says: /--listen.*IP address/ },
  { name: 'an API open to the world', argv: '--api-listen 0.0.0.0',   says: /--api-listen.*name the one address/ },
  { name: 'a certificate without its key', argv: '--api-cert /c',      says: /--api-cert and --api-key/ },
  { name: 'an unknown log level',     argv: '--log-level loud',       says: /--log-level/ },
];

describe('config of serve', (test) => {
  for (const { name, argv, env = {}, file, gives } of configs) {
    test(name, () => assert.equal(loadConfig({ argv: words(argv), env, file }), { ...defaults, ...gives }));
  }
  for (const { name, argv, env = {}, file, says } of refused) {
    test(`${name}: refused`, () => {
      try {
        loadConfig({ argv: words(argv), env, file });
        assert.unreachable();
      } catch (error) {
        assert.ok(Fault.is(error, 'input.invalid'));
        assert.match(error.message, says);
      }
    });
  }
});

describe('config of serve, printed and compared', (test) => {
  test('by the file’s names, which read back as the same', () => {
    const input = { argv: words('--tunnel-port 1 --upgrade-wait off'), env: {} };
    const { data, ...rest } = effectiveConfig(input);
    assert.is(data, resolve('./hotdesk-data'));
    assert.is(rest.tunnelPort, 1);
    assert.equal(loadConfig({ argv: [], env: {}, file: JSON.stringify(rest) }), loadConfig(input));
  });

  test('what wants a restart is named; the log level does not', () => {
    const before = { argv: [], env: {}, file: '{"logLevel": "info", "apiPort": 1}' };
    const now = { ...before, file: '{"logLevel": "debug", "apiPort": 2}' };
    assert.equal(needRestart(before, now), ['apiPort']);
    assert.equal(needRestart(before, before), []);
  });
});

const words = (argv = '') => argv.split(' ').filter((word) => word !== '');
