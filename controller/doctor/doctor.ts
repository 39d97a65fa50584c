/**
 * `hotdesk doctor`: what may be wrong at the controller, with a sentence of advice each.
 * It changes nothing.
 *
 *     disk  modes  store  master key  certificates  clock  prompts      of the data folder
 *     emergency                                                        of each site
 *     api  agents  webhooks                                            asked of one that runs
 */

import { join } from 'node:path';
import { type Client, createClient } from '#controller/cli/client.ts';
import { listAll } from '#controller/cli/lists.ts';
import type { Row } from '#controller/cli/table.ts';
import { loadVoices } from '#controller/ivr/prompts.ts';
import type { Site } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import { openStore } from '#controller/store/store.ts';
import { type Check, type Found, fail, look, ok, skipped, warn } from '#protocol/check.ts';
import { Fault } from '#protocol/fault.ts';
import {
  checkCertificates,
  checkClock,
  checkDisk,
  checkMasterKey,
  checkModes,
  checkStore,
  type Disk,
  realDisk,
} from './files.ts';

export type DoctorOptions = {
  data: string;
  /** Of `--api-cert`. */
  certificates?: readonly string[];
  now(): number;
  disk?: Disk;
};

export async function examine({
  data,
  certificates = [],
  now,
  disk = realDisk,
}: DoctorOptions): Promise<Check[]> {
  const checks: Check[] = [];
  const add = async (name: string, check: () => Found | Promise<Found>) => {
    checks.push(await look(name, check, adviceOf));
  };
  await add('disk', () => checkDisk(data, disk));
  await add('modes', () => checkModes(data));
  await add('store', () => checkStore(data));
  await add('master key', () => checkMasterKey(data));
  await add('certificates', () => checkCertificates(data, certificates, now()));
  await add('clock', () => checkClock(data, now()));
  await add('prompts', () => ok(`${Object.keys(loadVoices()).join(' and ')} are whole`));

  const client = createClient({ type: 'socket', data });
  try {
    let runs = false;
    await add('api', async () => {
      try {
        await client.ask('GET', '/sites?limit=1');
        runs = true;
        return ok('the controller runs and answers');
      } catch (error) {
        if (!Fault.is(error, 'unavailable')) throw error;
        return warn(
          `no controller answers in ${data}`,
          'start it, if it should run: hotdesk serve; what it knows was not looked at',
        );
      }
    });
    await add('emergency', () => (runs ? emergencyNow(client) : emergencyKept(data)));
    await add('agents', () => (runs ? agentsUp(client) : skipped('the controller does not run')));
    await add('webhooks', () => (runs ? webhooksGo(client) : skipped('the controller does not run')));
  } finally {
    await client.close();
  }
  return checks;
}

const emergencyAdvice =
  'give the site a gateway or a route: hotdesk site set ID --gateway HOST:PORT, and try it: hotdesk emergency test ID';

/** As one that runs sees it: whether each way out is there now. */
async function emergencyNow(client: Client): Promise<Found> {
  const sites = await listAll(client, '/sites');
  const problems = sites.flatMap(({ id, problems }) =>
    (problems as string[]).map((problem) => `${id}: ${problem}`),
  );
  return judgeRoutes(sites.length, problems);
}

/** From the store alone: whether there is a way out at all. */
async function emergencyKept(data: string): Promise<Found> {
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const store = await openStore({ folder: join(data, 'store'), log, readOnly: true });
  try {
    const sites = store.list('sites');
    return judgeRoutes(
      sites.length,
      sites.flatMap((site) => problemsKept(store, site)),
    );
  } finally {
    await store.close();
  }
}

function problemsKept(store: Store, { id, emergencyGateway, emergencyRoutes }: Site): string[] {
  const routes = emergencyRoutes ?? [{ type: 'gateway' as const }];
  return routes.flatMap((route) => {
    if (route.type === 'gateway')
      return emergencyGateway ? [] : [`${id}: emergency route gateway: the site has none`];
    return store.get('upstreams', route.upstream)
      ? []
      : [`${id}: emergency route ${route.upstream}: there is none`];
  });
}

function judgeRoutes(sites: number, problems: readonly string[]): Found {
  const [first] = problems.toSorted(
    (a, b) => Number(b.includes('emergency route')) - Number(a.includes('emergency route')),
  );
  if (first === undefined) return ok(`each of ${sites} sites has a way out`);
  const more = problems.length > 1 ? ` and ${problems.length - 1} more` : '';
  return first.includes('emergency route')
    ? fail(`${first}${more}`, emergencyAdvice)
    : warn(
        `${first}${more}`,
        'complete the place: hotdesk device set ID --room …, hotdesk site set ID --address …',
      );
}

async function agentsUp(client: Client): Promise<Found> {
  const agents = (await listAll(client, '/agents')).filter(({ revokedAt }) => revokedAt === undefined);
  const down = agents.filter(({ isUp }) => isUp !== true);
  if (down.length === 0) return ok(`${agents.length} of ${agents.length} are up`);
  const names = down.slice(0, 5).map(({ id, name, site }) => `${name ?? id} of ${site}`);
  return fail(
    `down: ${names.join(', ')}${down.length > 5 ? ` and ${down.length - 5} more` : ''}`,
    'there: hotdesk-agent doctor; one that is no more: hotdesk agent revoke ID',
  );
}

async function webhooksGo(client: Client): Promise<Found> {
  const enabled = (await listAll(client, '/webhooks')).filter((each) => each.enabled === true);
  const failing = enabled.filter(({ last }) => (last as Row | undefined)?.ok === false);
  const [first] = failing;
  if (first === undefined) return ok(`${enabled.length} in use, none failed last`);
  return warn(
    `${first.id} failed last: ${String((first.last as Row).detail)}`,
    'look at its receiver, then: hotdesk webhook test ID',
  );
}

function adviceOf(error: unknown): string {
  if (Fault.is(error, 'store.corrupt'))
    return 'bring the file back from a backup: hotdesk restore FILE --data NEW';
  if (Fault.is(error, 'input.invalid')) return 'install this version again: a file of it is not as it was';
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'is it the right --data? It is made by the first hotdesk serve';
  return code === 'EACCES' ? 'run it as the user that the controller runs as' : 'see its log';
}
