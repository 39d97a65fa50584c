/**
 * `hotdesk-agent doctor`: what may be wrong, in the order in which one thing rests on
 * another, with a sentence of advice each. It changes nothing. Where an agent of this
 * folder runs, its tunnel is left alone (there is one at a time) and asked after.
 *
 *     configuration  identity                      of the data folder
 *     dns  proxy  tls  clock  packets              to the controller
 *     tunnel  line                                 with this agent's key
 *     ports  multicast  codec  neighbours          of this host
 *     login                                        on demand
 */

import { networkInterfaces } from 'node:os';
import { type AgentConfig, listenAddresses } from '#agent/config.ts';
import type { Way } from '#agent/dial.ts';
import { type AgentIdentity, readIdentity } from '#agent/identity.ts';
import { proxyFor } from '#agent/proxy.ts';
import { adviceFor, readState, runs } from '#agent/state.ts';
import { type Check, type Found, fail, look, ok, skipped } from '#protocol/check.ts';
import { Fault, type FaultCode } from '#protocol/fault.ts';
import { checkCodec, checkMulticast, checkNeighbours, checkPorts } from './host.ts';
import { checkLogin, type LoginOptions } from './login.ts';
import {
  checkClock,
  checkCredential,
  checkKey,
  checkName,
  checkPacketSize,
  checkProxy,
  judge,
  pingByConnections,
  pingTunnel,
} from './way.ts';

export type DoctorOptions = {
  folder: string;
  /** Throws `input.invalid`. */
  loadConfig(): AgentConfig;
  env: Readonly<Record<string, string | undefined>>;
  login?: Omit<LoginOptions, 'address'> | undefined;
  now(): number;
};

export async function examine({ folder, loadConfig, env, login, now }: DoctorOptions): Promise<Check[]> {
  const checks: Check[] = [];
  const add = async (name: string, check: () => Found | Promise<Found>) => {
    const found = await look(name, check, adviceOf);
    checks.push(found);
    return found.result !== 'fail';
  };

  let config: AgentConfig | undefined;
  await add('configuration', () => {
    config = loadConfig();
    return ok(`agent.json, environment and flags are understood; data in ${folder}`);
  });
  let identity: AgentIdentity | undefined;
  await add('identity', async () => {
    identity = await readIdentity(folder);
    return ok(`agent ${identity.agent} of site ${identity.site}, enrolled at ${identity.controller.host}`);
  });
  const isRunning = runs(await readState(folder));
  if (identity !== undefined && config !== undefined) await addWay(identity, config);
  if (config !== undefined) await addHost(config);
  return checks;

  async function addWay(own: AgentIdentity, { allowPlain, proxy: set }: AgentConfig): Promise<void> {
    const way: Way = { controller: own.controller, pins: own.pins, allowPlain };
    const knows = await add('proxy', () => {
      way.proxy = proxyFor(own.controller, env, set);
      return checkProxy(way);
    });
    const isNamed = knows && (await add('dns', () => checkName(way)));
    const isReached = isNamed && (await add('tls', () => checkKey(way)));
    if (!isReached) {
      await add('tunnel', () => skipped('the controller is not reached'));
      return;
    }
    await add('clock', () => checkClock(way, now));
    await add('packets', () => checkPacketSize(way));
    if (isRunning) {
      await add('tunnel', () => askRunning(folder));
      await add('line', async () =>
        judge(await pingByConnections(way), 'connections beside the tunnel that is up'),
      );
      return;
    }
    let line: Found = skipped('the tunnel is not up');
    await add('tunnel', () =>
      checkCredential(way, own, async (link) => {
        line = judge(await pingTunnel(link), 'pings through the tunnel');
      }),
    );
    await add('line', () => line);
  }

  async function addHost(known: AgentConfig): Promise<void> {
    const hosts = listenAddresses(known, networkInterfaces());
    await add('ports', () => checkPorts(known, hosts, isRunning));
    await add('multicast', () => checkMulticast(known, hosts));
    await add('codec', () => checkCodec(known, hosts));
    await add('neighbours', () => checkNeighbours());
    if (login === undefined) return;
    const [address = '127.0.0.1'] = hosts;
    await add('login', () =>
      isRunning
        ? checkLogin({ ...login, address })
        : fail('no agent runs here', 'start it: a phone comes in by it'),
    );
  }
}

async function askRunning(folder: string): Promise<Found> {
  const state = await readState(folder);
  if (state?.tunnel === 'up') return ok('the agent that runs has it up');
  const says = `the agent that runs has it down: ${state?.reason ?? 'it does not say why'}`;
  return fail(says, adviceFor(state) ?? 'its log says more');
}

const byCode: Partial<Record<FaultCode, string>> = {
  'not.found': 'enrol this agent: hotdesk-agent enrol',
  'store.corrupt': 'put the file back from a backup, or enrol again',
  'input.invalid': 'correct it',
  'pin.mismatch':
    'ask the admin whether the controller has a new key; if so enrol again, if not someone is between: nothing was sent to it',
  'auth.refused': 'ask the admin whether this agent was revoked; if so enrol again with a new token',
  'version.mismatch': 'upgrade the agent: install.sh upgrade',
  'limit.reached': 'another program has the ports: choose others with --rtp-ports',
};

function adviceOf(error: unknown): string {
  if (Fault.is(error) && error.facts.proxy !== undefined)
    return 'mend HTTPS_PROXY, or exempt the controller by NO_PROXY';
  return (
    (Fault.is(error) ? byCode[error.code] : undefined) ??
    'check that the controller runs, and that firewalls let its TCP port pass'
  );
}
