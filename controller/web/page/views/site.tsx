/** One office: its agents and how to install another, and what it is. */

import { useEffect, useState } from 'preact/hooks';
import { ask } from '#controller/web/page/api.ts';
import { hasRole, useApp, useItems, useText } from '#controller/web/page/context.ts';
import { Badge } from '#controller/web/page/parts/badge.tsx';
import { Copy } from '#controller/web/page/parts/copy.tsx';
import { Confirm } from '#controller/web/page/parts/dialog.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import { Name } from '#controller/web/page/parts/name.tsx';
import { View, Waiting } from '#controller/web/page/parts/view.tsx';
import { go } from '#controller/web/page/route.ts';
import type { Agent, Site } from '#controller/web/page/shapes.ts';
import { Since } from './cells.tsx';
import { DialCodes } from './dial-codes.tsx';
import { NotFound } from './not-found.tsx';
import { PolicyForm } from './policy-form.tsx';
import { SiteEmergency } from './site-emergency.tsx';
import { SiteForm } from './site-form.tsx';
import { useSites } from './sites.tsx';

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

/** `isHelp`: who comes wants to see where calls for help go. */
export function SiteView({ id, isHelp = false }: { id: string; isHelp?: boolean }) {
  const sites = useSites();
  const agents = useItems('agents');
  return (
    <Waiting lists={[sites, agents]}>
      {() => {
        const site = sites.items.find((each) => each.id === id);
        return site === undefined ? <NotFound /> : <Shown site={site} isHelp={isHelp} />;
      }}
    </Waiting>
  );
}

function Shown({ site, isHelp }: { site: Site; isHelp: boolean }) {
  const { me, say } = useApp();
  const text = useText();
  const [isRemoving, setRemoving] = useState(false);
  const [isLeaving, setLeaving] = useState(false);
  const { id } = site;
  const mayChange = hasRole(me, 'siteAdmin');
  useEffect(() => {
    if (isHelp) document.getElementById('emergency')?.focus();
  }, [isHelp]);
  return (
    <View
      title={id}
      actions={
        <>
          {mayChange && (
            <button type="button" onClick={() => setLeaving(true)}>
              {text.logOutSite}
            </button>
          )}
          {hasRole(me, 'admin') && (
            <button type="button" class="danger" onClick={() => setRemoving(true)}>
              {text.remove}
            </button>
          )}
        </>
      }
    >
      <Problems sentences={site.problems} />
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
      {mayChange && <SiteEmergency site={site} />}
      {mayChange && (
        <div class="columns">
          <DialCodes site={site} />
          <section class="card" aria-labelledby="policy">
            <h2 id="policy">{text.policy}</h2>
            <PolicyForm
              policy={site.policy ?? {}}
              label={text.policy}
              prefix="policy."
              action={(policy) => ask('PATCH', `/sites/${id}`, { policy })}
            />
          </section>
        </div>
      )}
      {isLeaving && (
        <Confirm
          title={text.logOutSiteTitle(id)}
          verb={text.logOut}
          onClose={() => setLeaving(false)}
          action={async () => {
            const { ended } = await ask<{ ended: number }>('POST', `/sites/${id}/logout`);
            say(text.loggedOut(ended));
          }}
        >
          <p>{text.logOutSiteWarning}</p>
        </Confirm>
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

/** Why a call for help might go nowhere. */
function Problems({ sentences }: { sentences: readonly string[] }) {
  const text = useText();
  if (sentences.length === 0) return null;
  return (
    <section class="card" aria-labelledby="problems">
      <h2 id="problems">{text.problemsTitle(sentences.length)}</h2>
      <ul class="findings">
        {sentences.map((sentence) => (
          <li key={sentence} class="warn">
            {text.sentence(sentence)}
          </li>
        ))}
      </ul>
    </section>
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

function AgentFacts({ agent }: { agent: Agent }) {
  const text = useText();
  const { id, name, isUp, version, sip, latencyMs, phones = 0, cpu, memory, enrolledAt } = agent;
  const facts = [
    version && text.version(version),
    sip,
    text.phonesOfAgent(phones),
    cpu !== undefined && `CPU ${Math.round(cpu)} %`,
    memory !== undefined && `${Math.round(memory / 1_048_576)} MiB`,
  ];
  return (
    <div>
      {name !== undefined && <Name>{name}</Name>} <code>{id}</code>{' '}
      <Badge tone={isUp ? 'good' : 'bad'}>{isUp ? text.agentUp(latencyMs ?? 0) : text.agentDown}</Badge>
      <div class="hint">
        {facts.filter(Boolean).join(' · ')} · {text.enrolled} <Since at={enrolledAt} />
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
          const { installLine } = await ask<{ installLine: string }>('POST', '/enrol-tokens', { site });
          setLine(installLine);
        }}
      >
        <Send submit={submit} isMinor>
          {text.makeLine}
        </Send>
      </Form>
    </section>
  );
}
