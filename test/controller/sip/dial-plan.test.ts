import * as assert from 'uvu/assert';
import { decide, type Verdict } from '#controller/sip/dial-plan.ts';
import { describe } from '#test/support/describe.ts';

const users = ['100', '101', '102', '0042', '900'];
const sessions: Record<string, string[]> = {
  '100': ['HD0001'],
  '101': ['HD0002', 'HD0003'],
  '900': ['HD0001', 'HD0009'],
};

const plan = {
  site: {
    emergencyNumbers: ['112', '110'],
    dialCodes: { login: '*77*', logout: '*77*5*', pickup: '*8' },
    idleMayCall: ['102', '900', '555'],
    media: 'direct',
  },
  isUser: (extension: string) => users.includes(extension),
  devicesOf: (extension: string) => sessions[extension] ?? [],
};

/** A verdict in a word: what is rung or logged in as, or the status. */
function short(verdict: Verdict): string {
  switch (verdict.type) {
    case 'emergency':
      return `help ${verdict.number}`;
    case 'line':
      return verdict.request.type === 'logout' ? 'logout' : `login ${verdict.request.extension ?? '?'}`;
    case 'ring':
      return verdict.devices.join(' ');
    case 'to':
      return `to ${verdict.upstream}`;
    case 'refuse':
      return String(verdict.status);
  }
}

/** Who sits at HD0001: nobody, then 100. */
// biome-ignore format: a table
const dialled: { name: string; number: string; idle: string; user: string }[] = [
  { name: 'emergency',                     number: '112',             idle: 'help 112',      user: 'help 112' },
  { name: 'the other emergency number',    number: '110',             idle: 'help 110',      user: 'help 110' },
  { name: 'emergency and more',            number: '1120900123456',   idle: '403',           user: '404' },
  { name: 'emergency and one more',        number: '1121',            idle: '403',           user: '404' },
  { name: 'emergency with an outside 0',   number: '0112',            idle: '403',           user: '404' },
  { name: 'emergency with a plus',         number: '+112',            idle: '403',           user: '404' },
  { name: 'emergency with a parameter',    number: '112;x',           idle: '403',           user: '404' },
  { name: 'emergency with a space',        number: '112 ',            idle: '403',           user: '404' },
  { name: 'emergency with a hash',         number: '112#',            idle: '403',           user: '404' },
  { name: 'emergency hidden by a code',    number: '#31#112',         idle: '403',           user: '404' },
  { name: 'emergency of another country',  number: '911',             idle: '403',           user: '404' },
  { name: 'login',                         number: '*77*100*',        idle: 'login 100',     user: 'login 100' },
  { name: 'login of nobody',               number: '*77*999*',        idle: 'login 999',     user: 'login 999' },
  { name: 'login with leading zeros',      number: '*77*0042*',       idle: 'login 0042',    user: 'login 0042' },
  { name: 'login, bare',                   number: '*77*',            idle: 'login ?',       user: 'login ?' },
  { name: 'logout',                        number: '*77*5*',          idle: 'logout',        user: 'logout' },
  { name: 'login without its last star',   number: '*77*100',         idle: '403',           user: '404' },
  { name: 'login of an empty extension',   number: '*77**',           idle: '403',           user: '404' },
  { name: 'login and logout at once',      number: '*77*100*5*',      idle: '403',           user: '404' },
  { name: 'login with letters',            number: '*77*1a*',         idle: '403',           user: '404' },
  { name: 'login with 16 digits',          number: `*77*${'1'.repeat(16)}*`, idle: '403',    user: '404' },
  { name: 'login without its first star',  number: '77*100*',         idle: '403',           user: '404' },
  { name: 'a code half dialled',           number: '*77',             idle: '403',           user: '404' },
  { name: 'call forwarding',               number: '*72*0900',        idle: '403',           user: '404' },
  { name: 'a code not yet served',         number: '*8',              idle: '403',           user: '404' },
  { name: 'a colleague at two desks',      number: '101',             idle: '403',           user: 'HD0002 HD0003' },
  { name: 'a colleague nowhere',           number: '0042',            idle: '403',           user: '480' },
  { name: 'reception, nowhere',            number: '102',             idle: '480',           user: '480' },
  { name: 'reception, here and there',     number: '900',             idle: 'HD0009',        user: 'HD0009' },
  { name: 'a number idle may call, nobody', number: '555',            idle: '404',           user: '404' },
  { name: 'the number of this desk',       number: '100',             idle: '403',           user: '480' },
  { name: 'an unknown extension',          number: '999',             idle: '403',           user: '404' },
  { name: 'a national number',             number: '030123456',       idle: '403',           user: '404' },
  { name: 'an international number',       number: '0044201234567',   idle: '403',           user: '404' },
  { name: 'the same with a plus',          number: '+44201234567',    idle: '403',           user: '404' },
  { name: 'a premium number',              number: '0900123456',      idle: '403',           user: '404' },
  { name: 'a device by its name',          number: 'HD0002',          idle: '403',           user: '404' },
  { name: 'its own name',                  number: 'HD0001',          idle: '403',           user: '404' },
  { name: '300 digits',                    number: '1'.repeat(300),   idle: '403',           user: '404' },
  { name: 'nothing',                       number: '',                idle: '403',           user: '404' },
  { name: 'a zero byte',                   number: '112\0',           idle: '403',           user: '404' },
  { name: 'a word of JavaScript',          number: '__proto__',       idle: '403',           user: '404' },
];

describe('dial plan', (test) => {
  for (const { name, number, idle, user } of dialled) {
    test(`${name}, idle`, () => {
      assert.is(short(decide(number, { device: 'HD0001', extension: undefined }, plan)), idle);
    });
    test(`${name}, logged in`, () => {
      assert.is(short(decide(number, { device: 'HD0001', extension: '100' }, plan)), user);
    });
  }

  test('a site without codes has no login', () => {
    const bare = { ...plan, site: { ...plan.site, dialCodes: {} } };
    assert.is(short(decide('*77*100*', { device: 'HD0001', extension: undefined }, bare)), '403');
  });
});
