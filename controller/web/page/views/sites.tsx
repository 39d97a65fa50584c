/** The offices: what is true of each in a line. */

import { toHash } from '#controller/web/page/address.ts';
import { hasRole, useApp, useItems, useText } from '#controller/web/page/context.ts';
import { Badge } from '#controller/web/page/parts/badge.tsx';
import { Table } from '#controller/web/page/parts/table.tsx';
import { View, Waiting } from '#controller/web/page/parts/view.tsx';

export function Sites() {
  const { me } = useApp();
  const text = useText();
  const sites = useItems('sites');
  const devices = useItems('devices');
  const agents = useItems('agents');
  const upOf = (site: string) => agents.items.filter((agent) => agent.site === site && agent.isUp).length;
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
                cell: ({ id }) => (
                  <Badge tone={upOf(id) > 0 ? 'good' : 'bad'}>
                    {upOf(id) > 0 ? text.agentsUp(upOf(id)) : text.agentDown}
                  </Badge>
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
