/** The offices: what is true of each in a line. */

import { useEffect } from 'preact/hooks';
import { toHash } from '#controller/web/page/address.ts';
import { hasRole, useApp, useItems, useText } from '#controller/web/page/context.ts';
import { Badge } from '#controller/web/page/parts/badge.tsx';
import { Table } from '#controller/web/page/parts/table.tsx';
import { View, Waiting } from '#controller/web/page/parts/view.tsx';
import type { Agent } from '#controller/web/page/shapes.ts';
import { NoAgent } from './cells.tsx';

/** Nobody tells of a way out that has closed: it is no document. */
const everyMs = 5_000;

export function useSites() {
  const { live } = useApp();
  const sites = useItems('sites');
  useEffect(() => {
    const timer = setInterval(() => void live.load('sites'), everyMs);
    return () => clearInterval(timer);
  }, [live]);
  return sites;
}

export function Sites() {
  const { me } = useApp();
  const text = useText();
  const sites = useItems('sites');
  const devices = useItems('devices');
  const agents = useItems('agents');
  const isPresent = (at: string) => (agent: Agent) => agent.site === at && agent.revokedAt === undefined;
  const upOf = (at: string) => agents.items.filter(isPresent(at)).filter(({ isUp }) => isUp).length;
  const ofSite = (site: string) => devices.items.filter((device) => device.site === site);
  return (
    <View
      title={text.sites}
      actions={
        hasRole(me, 'admin') && (
          <a class="button primary" href={toHash('sites', 'new')}>
            {text.addSite}
          </a>
        )
      }
    >
      <Waiting lists={[sites, devices, agents]}>
        {() => (
          <Table
            caption={text.sites}
            rows={sites.items}
            idOf={({ id }) => id}
            empty={<p>{text.noSites}</p>}
            columns={[
              {
                id: 'id',
                title: text.site,
                sort: ({ id }) => id,
                cell: ({ id }) => <a href={toHash('sites', id)}>{id}</a>,
              },
              {
                id: 'agents',
                title: text.agents,
                cell: ({ id }) =>
                  upOf(id) > 0 ? (
                    <Badge tone="good">{text.agentsUp(upOf(id))}</Badge>
                  ) : (
                    <NoAgent isInstalled={agents.items.some(isPresent(id))} />
                  ),
              },
              {
                id: 'phones',
                title: text.phonesReady,
                cell: ({ id }) =>
                  `${ofSite(id).filter(({ registered }) => registered !== null).length} / ${ofSite(id).length}`,
              },
              { id: 'zone', title: text.timeZone, cell: ({ timeZone }) => timeZone },
              {
                id: 'help',
                title: text.emergencyNumbers,
                cell: ({ emergencyNumbers }) => emergencyNumbers.join(', '),
              },
            ]}
          />
        )}
      </Waiting>
    </View>
  );
}
