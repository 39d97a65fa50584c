/** sipp from Debian as the phones of an office: digest, the login call by RFC 4733 digits, calls between two. */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { until } from '#test/support/until.ts';
import { openSippPhone, runSipp, type SippPhone } from './sipp.ts';
import { device, openWorld, type World } from './world.ts';

// play_dtmf writes to a raw socket.
const why = !hasProgram('sipp')
  ? 'sipp is not installed'
  : process.getuid?.() !== 0
    ? 'sipp sends RTP as root only'
    : '';

describe('sipp as a phone', (test) => {
  let world: World;
  let first: SippPhone;
  let second: SippPhone;

  const it = why === '' ? test : (name: string) => test.skip(name, why);

  const scenario = async (
    phone: SippPhone,
    index: number,
    name: string,
    words: Record<string, string> = {},
  ) => {
    const run = await runSipp(world, phone, await world.account(index), name, words);
    return run.ended;
  };
  const holds = ({ code, said }: { code: number; said: string }) => assert.is(code, 0, said);
  const sessions = async () => {
    const { json } = await world.call('GET', '/sessions');
    return (json.items as { device: string; extension: string }[])
      .map((s) => `${s.device} ${s.extension}`)
      .sort();
  };
  /** A call to a dial code, then the check-sync that follows it. */
  const dial = async (phone: SippPhone, index: number, number: string, digits: string) => {
    holds(await scenario(phone, index, 'call', { number, digits, after: 'then-digits' }));
    holds(await scenario(phone, index, 'notified'));
  };
  const login = (phone: SippPhone, index: number, user: number) => {
    const { extension, pin } = world.users[user] ?? { extension: '', pin: '' };
    return dial(phone, index, `*77*${extension}*`, `${pin}#`);
  };

  it('a world opens', async () => {
    world = await openWorld();
    first = await openSippPhone();
    second = await openSippPhone();
  }, 30_000);

  it('registers with digest as its device', async () => {
    holds(await scenario(first, 0, 'register', { expect: '200' }));
    holds(await scenario(second, 1, 'register', { expect: '200' }));
  }, 20_000);

  it('is refused an AOR that is not its own', async () => {
    holds(await scenario(first, 0, 'register', { aor: '100', expect: '403' }));
  }, 20_000);

  it('logs in by *77*100* and the PIN in RFC 4733 events', async () => {
    await login(first, 0, 0);
    assert.equal(await sessions(), [`${device(world, 0).device} 100`]);
  }, 45_000);

  it('finds the user in its config, and registers as the user', async () => {
    const account = await world.account(0);
    assert.is(account.user, '100');
    assert.is(account.authUser, device(world, 0).device);
    assert.is(account.key1, '*77*5*');
    holds(await scenario(first, 0, 'register', { expect: '200' }));
    await until('the change-over is active', async () => {
      const { json } = await world.call('GET', `/devices/${device(world, 0).device}`);
      return (json.changeOver as { state: string }).state === 'active';
    });
  }, 20_000);

  it('asks who tells it to fetch its config, and is answered with its own credential', async () => {
    const { authUser: name, secret } = await world.account(1);
    const { extension, pin } = world.users[1] ?? { extension: '', pin: '' };
    const call = { number: `*77*${extension}*`, digits: `${pin}#`, after: 'then-digits' };
    holds(await scenario(second, 1, 'call', call));
    holds(await scenario(second, 1, 'notified-challenged', { name, secret }));
  }, 45_000);

  it('calls from one phone to another', async () => {
    holds(await scenario(second, 1, 'register', { expect: '200' }));
    const answering = await runSipp(world, second, await world.account(1), 'answer');
    holds(await scenario(first, 0, 'call', { number: '101', after: 'then-hang-up' }));
    holds(await answering.ended);
  }, 60_000);

  it('logs out by *77*5*, and the user is refused at once', async () => {
    const before = await world.account(0);
    await dial(first, 0, '*77*5*', '#');
    assert.equal(await sessions(), [`${device(world, 1).device} 101`]);
    const run = await runSipp(world, first, before, 'register', { aor: '100', expect: '403' });
    holds(await run.ended);
  }, 45_000);

  it('the world closes', async () => {
    await world.close();
  }, 20_000);
});
