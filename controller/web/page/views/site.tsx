/** One office: its agents and how to install another, and what it is. */

import { useState } from 'preact/hooks';
import { ask } from '#controller/web/page/api.ts';
import { hasRole, useApp, useItems, useText } from '#controller/web/page/context.ts';
import { Badge } from '#controller/web/page/parts/badge.tsx';
import { Copy } from '#controller/web/page/parts/copy.tsx';
import { Confirm } from '#controller/web/page/parts/dialog.tsx';
import { Form, useSubmit } from '#controller/web/page/parts/form.tsx';
import { View, Waiting } from '#controller/web/page/parts/view.tsx';
import { go } from '#controller/web/page/route.ts';
import type { Agent, Site } from '#controller/web/page/shapes.ts';
import { Since } from './cells.tsx';
import { NotFound } from './not-found.tsx';
import { SiteForm } from './site-form.tsx';

export function NewSite() {
  const { live, say } = useApp();
  const text = useText();
  return (
    <View title={text.addSite}>
      <section class="card">
        <SiteForm
          verb={text.addSite}
          action={async ({ place, ...site }) => {
            await ask('POST', '/sites', { ...site, ...(Object.keys(place).length > 0 && { place }) });
            await live.load('sites');
          }}
          onDone={(id) => {
            say(text.added(id));
            go('sites', id);
          }}
        />
      </section>
    </View>
  );
}

export function SiteView({ id }: { id: string }) {
  const sites = useItems('sites');
  const agents = useItems('agents');
  return (
    <Waiting lists={[sites, agents]}>
      {() => {
        const site = sites.items.find((each) => each.id === id);
        return site === undefined ? <NotFound /> : <Shown site={site} />;
      }}
    </Waiting>
  );
}

function Shown({ site }: { site: Site }) {
  const { me, say } = useApp();
  const text = useText();
  const [isRemoving, setRemoving] = useState(false);
  const { id } = site;
  const mayChange = hasRole(me, 'siteAdmin');
  return (
    <View
      title={id}
      actions={
        hasRole(me, 'admin') && (
          <button type="button" class="danger" onClick={() => setRemoving(true)}>
            {text.remove}
          </button>
        )
      }
    >
      <AgentList site={id} />
      {mayChange && <Install site={id} />}
      {mayChange && (
        <section class="card" aria-labelledby="site">
          <h2 id="site">{text.facts}</h2>
          <SiteForm
            site={site}
            verb={text.save}
            action={(input) => ask('PATCH', `/sites/${id}`, input)}
            onDone={() => say(text.saved)}
          />
        </section>
      )}
      {isRemoving && (
        <Confirm
          title={text.removeTitle(id)}
          verb={text.remove}
          onClose={() => setRemoving(false)}
          action={async () => {
            await ask('DELETE', `/sites/${id}`);
            go('sites');
          }}
        >
          <p>{text.removeSiteWarning}</p>
        </Confirm>
      )}
    </View>
  );
}

function AgentList({ site }: { site: string }) {
  const { me } = useApp();
  const text = useText();
  const [revoked, setRevoked] = useState<string>();
  const agents = useItems('agents').items.filter(
    (agent) => agent.site === site && agent.revokedAt === undefined,
  );
  return (
    <section class="card" aria-labelledby="agents">
      <h2 id="agents">{text.agents}</h2>
      {agents.length === 0 && <p>{text.noAgents}</p>}
      <ul class="rows">
        {agents.map((agent) => (
          <li key={agent.id}>
            <AgentFacts agent={agent} />
            {hasRole(me, 'siteAdmin') && (
              <button type="button" class="danger" onClick={() => setRevoked(agent.id)}>
                {text.revoke}
                <span class="sr"> {agent.id}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      {revoked !== undefined && (
        <Confirm
          title={text.revokeTitle(revoked)}
          verb={text.revoke}
          onClose={() => setRevoked(undefined)}
          action={() => ask('DELETE', `/agents/${revoked}`)}
        >
          <p>{text.revokeWarning}</p>
        </Confirm>
      )}
    </section>
  );
}

function AgentFacts({ agent: { id, isUp, version, sip, latencyMs, flows, enrolledAt } }: { agent: Agent }) {
  const text = useText();
  return (
    <div>
      <code>{id}</code>{' '}
      <Badge tone={isUp ? 'good' : 'bad'}>{isUp ? text.agentUp(latencyMs ?? 0) : text.agentDown}</Badge>
      <div class="hint">
        {[version && text.version(version), sip, text.flowCount(flows)].filter(Boolean).join(' · ')} ·{' '}
        {text.enrolled} <Since at={enrolledAt} />
      </div>
    </div>
  );
}

/** A token is good once, for ten minutes, and shown this once. */
function Install({ site }: { site: string }) {
  const text = useText();
  const submit = useSubmit();
  const [line, setLine] = useState<string>();
  return (
    <section class="card" aria-labelledby="install">
      <h2 id="install">{text.install}</h2>
      <p>{text.installHint}</p>
      {line !== undefined && <Copy label={text.install}>{line}</Copy>}
      <Form
        submit={submit}
        action={async () => {
          const made = await ask<{ token: string; installLine?: string }>('POST', '/enrol-tokens', { site });
          setLine(made.installLine ?? made.token);
        }}
      >
        <div class="actions">
          <button type="submit" disabled={submit.isBusy}>
            {text.makeLine}
          </button>
        </div>
      </Form>
    </section>
  );
}
