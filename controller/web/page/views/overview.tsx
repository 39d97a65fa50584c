/** The first view: what needs somebody, then the offices, then who sits where. */

import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import { toHash } from '#controller/web/page/address.ts';
import { hasRole, useApp, useItems, useText, useWords } from '#controller/web/page/context.ts';
import { Badge } from '#controller/web/page/parts/badge.tsx';
import { TextField } from '#controller/web/page/parts/field.tsx';
import { Name } from '#controller/web/page/parts/name.tsx';
import { Table } from '#controller/web/page/parts/table.tsx';
import { View, Waiting } from '#controller/web/page/parts/view.tsx';
import type { Agent, Device, Session, Site } from '#controller/web/page/shapes.ts';
import { type Finding, stateOf, whyOf } from '#controller/web/page/why.ts';
import { formatTime, NoAgent, Since, Who } from './cells.tsx';
import { useSites } from './sites.tsx';

export function Overview() {
  const { me } = useApp();
  const text = useText();
  const devices = useItems('devices');
  const agents = useItems('agents');
  const sites = useSites();
  const sessions = useItems('sessions');
  const users = useItems('users');
  return (
    <View title={text.overview}>
      <Waiting lists={[devices, agents, sites, sessions, users]}>
        {() => (
          <>
            {hasRole(me, 'admin') && <Beginning />}
            <Problems sites={sites.items} devices={devices.items} agents={agents.items} />
            <Offices sites={sites.items} devices={devices.items} agents={agents.items} />
            <Seats sessions={sessions.items} />
          </>
        )}
      </Waiting>
    </View>
  );
}

/** What to do first, in order, until all of it is done. */
function Beginning() {
  const text = useText();
  const { items: sites } = useItems('sites');
  const { items: agents } = useItems('agents');
  const { items: users } = useItems('users');
  const { items: devices } = useItems('devices');
  const [first] = sites;
  const steps = [
    { says: text.beginSite, isDone: first !== undefined, at: ['sites', 'new'] },
    {
      says: text.beginAgent,
      isDone: agents.some(({ revokedAt }) => revokedAt === undefined),
      at: first && ['sites', first.id],
    },
    { says: text.beginUsers, isDone: users.some(({ hasPin }) => hasPin), at: ['users', 'new'] },
    { says: text.beginPhones, isDone: devices.length > 0, at: first && ['devices', 'new'] },
  ];
  if (steps.every(({ isDone }) => isDone)) return null;
  return (
    <section class="card" aria-labelledby="begin">
      <h2 id="begin">{text.beginTitle}</h2>
      <ol class="steps">
        {steps.map(({ says, isDone, at }) => (
          <li key={says}>
            {isDone || at === undefined ? says : <a href={toHash(...at)}>{says}</a>}{' '}
            {isDone && <Badge tone="good">{text.isDone}</Badge>}
          </li>
        ))}
      </ol>
    </section>
  );
}

const shownProblems = 12;
const shownNames = 8;

type Seen = { sites: readonly Site[]; devices: readonly Device[]; agents: readonly Agent[] };

function Problems(seen: Seen) {
  const { text, language } = useWords();
  const [isWhole, setWhole] = useState(false);
  const rows = problemsOf(seen, (finding) => finding.says(text, (iso) => formatTime(iso, language)));
  return (
    <section aria-labelledby="problems" class="card">
      <h2 id="problems">{text.problemsTitle(rows.length)}</h2>
      {rows.length === 0 && (
        <p>
          <Badge tone="good">{text.allWell}</Badge>
        </p>
      )}
      {rows.length > 0 && (
        <ul class="findings">
          {rows.slice(0, isWhole ? rows.length : shownProblems).map(({ sentence, finding, where }) => (
            <li key={sentence} class={finding.severity}>
              <span>{sentence}</span>{' '}
              {where.slice(0, isWhole ? where.length : shownNames).map((words) => (
                <Fragment key={words.join('/')}>
                  <a href={toHash(...words)}>{words[1]}</a>{' '}
                </Fragment>
              ))}
              {where.length > shownNames && !isWhole && text.andMore(where.length - shownNames)}
            </li>
          ))}
        </ul>
      )}
      {rows.some(({ where }, index) => index >= shownProblems || where.length > shownNames) && !isWhole && (
        <button type="button" onClick={() => setWhole(true)}>
          {text.showAll}
        </button>
      )}
    </section>
  );
}

type ProblemRow = { sentence: string; finding: Finding; where: string[][] };

/** Each sentence once, with all it is true of. An agent that is away is told alone, not with each phone behind it. */
function problemsOf({ sites, devices, agents }: Seen, says: (finding: Finding) => string): ProblemRow[] {
  const rows = new Map<string, ProblemRow>();
  const add = (finding: Finding, where: string[]) => {
    const sentence = says(finding);
    const row = rows.get(sentence) ?? { sentence, finding, where: [] };
    row.where.push(where);
    rows.set(sentence, row);
  };
  const present = agents.filter(({ revokedAt }) => revokedAt === undefined);
  const away = new Set(present.map(({ site }) => site));
  for (const { site } of present.filter(({ isUp }) => isUp)) away.delete(site);
  for (const site of away) add({ severity: 'bad', says: (text) => text.why.agentAway }, ['sites', site]);
  for (const { id, problems } of sites.filter((site) => !away.has(site.id))) {
    // What is not known of a place is told of each phone.
    for (const sentence of problems.filter((each) => !each.startsWith('place: '))) {
      add({ severity: 'bad', says: (text) => text.sentence(sentence) }, ['sites', id, 'emergency']);
    }
  }
  for (const device of devices.filter(({ site }) => !away.has(site))) {
    const findings = whyOf({ device, agents }).filter(({ severity }) => severity !== 'quiet');
    for (const finding of findings) add(finding, ['devices', device.id]);
  }
  const isBad = ({ finding }: ProblemRow) => finding.severity === 'bad';
  return [...rows.values()].sort((a, b) => Number(isBad(b)) - Number(isBad(a)));
}

function Offices({ sites, devices, agents }: Seen) {
  const text = useText();
  return (
    <section aria-labelledby="offices">
      <h2 id="offices">{text.sites}</h2>
      {sites.length === 0 && <p>{text.noSites}</p>}
      <ul class="cards">
        {sites.map(({ id }) => {
          const own = devices.filter(({ site }) => site === id);
          const there = agents.filter((agent) => agent.site === id && agent.revokedAt === undefined);
          const up = there.filter(({ isUp }) => isUp);
          return (
            <li key={id} class="card">
              <h3>
                <a href={toHash('sites', id)}>
                  <Name>{id}</Name>
                </a>
              </h3>
              <p>
                {up.length > 0 ? (
                  <Badge tone="good">
                    {text.agentUp(Math.min(...up.map(({ latencyMs }) => latencyMs ?? 0)))}
                  </Badge>
                ) : (
                  <NoAgent isInstalled={there.length > 0} />
                )}
              </p>
              <dl>
                <dt>{text.phonesReady}</dt>
                <dd>
                  {own.filter(({ registered }) => registered !== null).length} / {own.length}
                </dd>
                <dt>{text.loggedIn}</dt>
                <dd>{own.filter((device) => stateOf(device) === 'inUse').length}</dd>
              </dl>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** For whoever has to find somebody. */
function Seats({ sessions }: { sessions: readonly Session[] }) {
  const text = useText();
  const { items: users } = useItems('users');
  const { items: devices } = useItems('devices');
  const { live } = useApp();
  const [wanted, setWanted] = useState('');
  const nameOf = new Map(users.map(({ extension, name }) => [extension, name]));
  const siteOf = new Map(devices.map(({ id, site }) => [id, site]));
  const fits = ({ device, extension }: Session) =>
    `${device} ${extension} ${nameOf.get(extension) ?? ''} ${siteOf.get(device) ?? ''}`
      .toLowerCase()
      .includes(wanted.trim().toLowerCase());
  return (
    <section aria-labelledby="seats">
      <h2 id="seats">{text.whoSitsWhere}</h2>
      {sessions.length > 5 && (
        <TextField label={text.search} type="search" value={wanted} onValue={setWanted} />
      )}
      <Table
        caption={text.whoSitsWhere}
        rows={sessions.filter(fits)}
        idOf={({ device }) => device}
        empty={<p>{live.get('sessions').items.length === 0 ? text.nobodyLoggedIn : text.nothingFound}</p>}
        columns={[
          {
            id: 'who',
            title: text.user,
            sort: ({ extension }) => nameOf.get(extension) ?? extension,
            cell: ({ extension }) => <Who extension={extension} name={nameOf.get(extension)} />,
          },
          {
            id: 'device',
            title: text.phone,
            sort: ({ device }) => device,
            cell: ({ device }) => <a href={toHash('devices', device)}>{device}</a>,
          },
          {
            id: 'site',
            title: text.site,
            sort: ({ device }) => siteOf.get(device) ?? '',
            cell: ({ device }) => siteOf.get(device) ?? '',
          },
          {
            id: 'since',
            title: text.since,
            sort: ({ since }) => since,
            cell: ({ since }) => <Since at={since} />,
          },
        ]}
      />
    </section>
  );
}
