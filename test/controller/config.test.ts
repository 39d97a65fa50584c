import { resolve } from 'node:path';
import * as assert from 'uvu/assert';
import { type Config, loadConfig } from '#controller/config.ts';
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
const configs: { name: string; argv?: string; env?: Record<string, string>; gives: Partial<Config> }[] = [
  { name: 'nothing',                  gives: {} },
  { name: 'flags',                    argv: '--data /x --listen ::1 --tunnel-port 0 --api-port 1 --json-ready', gives: { data: '/x', listen: { address: '::1', port: 0 }, apiListen: { address: '127.0.0.1', port: 1 }, jsonReady: true } },
  { name: 'environment',              env: { HOTDESK_DATA: '/y', HOTDESK_TUNNEL_PORT: '9' }, gives: { data: '/y', listen: { address: '0.0.0.0', port: 9 } } },
  { name: 'a page for a network',     argv: '--api-listen 192.0.2.7 --api-name Desk.example', gives: { apiListen: { address: '192.0.2.7', port: 8480 }, apiTls: { type: 'made', names: ['desk.example', '192.0.2.7'] } } },
  { name: 'a certificate',            argv: '--api-cert /c --api-key /k', gives: { apiTls: { type: 'files', cert: '/c', key: '/k' } } },
  { name: 'flags over environment',   argv: '--data /x', env: { HOTDESK_DATA: '/y' }, gives: { data: '/x' } },
];

// biome-ignore format: a table
const refused: { name: string; argv?: string; env?: Record<string, string>; says: RegExp }[] = [
  { name: 'an unknown flag',          argv: '--datta /x',             says: /unknown flag "--datta"; did you mean "--data"/ },
  { name: 'a word',                   argv: 'now',                    says: /what is "now"/ },
  { name: 'no port',                  argv: '--api-port http',        says: /--api-port/ },
  { name: 'a port too high',          env: { HOTDESK_API_PORT: '65536' }, says: /HOTDESK_API_PORT/ },
  { name: 'a name for an address',    argv: '--listen localhost',     says: /--listen.*IP address/ },
  { name: 'an API open to the world', argv: '--api-listen 0.0.0.0',   says: /--api-listen.*name the one address/ },
  { name: 'a certificate without its key', argv: '--api-cert /c',      says: /--api-cert and --api-key/ },
  { name: 'an unknown log level',     argv: '--log-level loud',       says: /--log-level/ },
];

describe('config of serve', (test) => {
  for (const { name, argv, env = {}, gives } of configs) {
    test(name, () => assert.equal(loadConfig({ argv: words(argv), env }), { ...defaults, ...gives }));
  }
  for (const { name, argv, env = {}, says } of refused) {
    test(`${name}: refused`, () => {
      try {
        loadConfig({ argv: words(argv), env });
        assert.unreachable();
      } catch (error) {
        assert.ok(Fault.is(error, 'input.invalid'));
        assert.match(error.message, says);
      }
    });
  }
});

const words = (argv = '') => argv.split(' ').filter((word) => word !== '');
