/** `hotdesk status`: how it goes, on one screen, problems first. */

import { listAll } from './lists.ts';
import type { Row } from './table.ts';
import { printable } from './table.ts';
import type { Noun } from './verb.ts';

const maxProblems = 12;

export const statusNoun: Noun = {
  about: 'how it goes, on one screen',
  usual: 'show',
  verbs: {
    show: {
      about: 'problems first',
      args: [],
      async run({ client }) {
        const [sites, agents, devices, sessions, calls, upstreams] = await Promise.all(
          ['/sites', '/agents', '/devices', '/sessions', '/calls', '/upstreams'].map((path) =>
            listAll(client, path),
          ),
        );
        const seen = { sites, agents, devices, sessions, calls, upstreams } as Record<string, Row[]>;
        const counts = countsOf(seen);
        const problems = problemsOf(seen);
        const json = { ...counts, problems };
        const shown = problems.slice(0, maxProblems).map((line) => `  ${printable(line)}`);
        if (problems.length > maxProblems) shown.push(`  and ${problems.length - maxProblems} more`);
        const heading = problems.length === 0 ? 'no problems' : 'problems';
        return { type: 'text', text: [heading, ...shown, '', ...summary(counts)].join('\n'), json };
      },
    },
  },
};

type Counts = ReturnType<typeof countsOf>;

function countsOf({
  sites = [],
  agents = [],
  devices = [],
  sessions = [],
  calls = [],
}: Record<string, Row[]>) {
  const live = agents.filter(({ revokedAt }) => revokedAt === undefined);
  return {
    sites: sites.length,
    agents: live.length,
    agentsUp: live.filter(({ isUp }) => isUp === true).length,
    devices: devices.length,
    registered: devices.filter(({ registered }) => registered !== null).length,
    sessions: sessions.length,
    calls: calls.filter(({ endedAt }) => endedAt === undefined).length,
  };
}

const summary = ({ sites, agents, agentsUp, devices, registered, sessions, calls }: Counts) => [
  `sites      ${sites}`,
  `agents     ${agentsUp} of ${agents} up`,
  `phones     ${registered} of ${devices} registered`,
  `logged in  ${sessions}`,
  `calls      ${calls}`,
];

function problemsOf({
  sites = [],
  agents = [],
  devices = [],
  upstreams = [],
}: Record<string, Row[]>): string[] {
  // Where a call for help goes; what is not known of a place is told of the site.
  const noWay = sites.flatMap(({ id, problems }) =>
    (problems as string[])
      .filter((problem) => !problem.startsWith('place: '))
      .map((problem) => `${id}: ${problem}`),
  );
  const down = agents
    .filter(({ isUp, revokedAt }) => isUp !== true && revokedAt === undefined)
    .map(({ id, name, site }) => `agent ${name ?? id} of ${site} is down`);
  const stuck = devices.flatMap(({ id, site, changeOver }) => {
    const { state, reason } = changeOver as Row;
    return state === 'stuck' ? [`${id} of ${site} does not show who is logged in: ${reason}`] : [];
  });
  const lost = devices
    .filter(({ registered, extension }) => registered === null && extension !== null)
    .map(({ id, site, extension }) => `${id} of ${site}, where ${extension} is logged in, is not registered`);
  const unreachable = upstreams.flatMap(({ id, problem, addressStates }) => {
    if (problem !== undefined) return [`upstream ${id}: ${problem}`];
    const states = (addressStates as Row[]).map(({ state }) => state);
    return states.length > 0 && states.every((state) => state === 'down')
      ? [`upstream ${id} does not answer`]
      : [];
  });
  return [...down, ...noWay, ...unreachable, ...stuck, ...lost];
}
