/** Whose programs are told of what happens, and whether they took it. */

import { useState } from 'preact/hooks';
import { ask, askAll } from '#controller/web/page/api.ts';
import { type Asked, toLoaded, useAsked } from '#controller/web/page/asked.ts';
import { useApp, useItems, useText } from '#controller/web/page/context.ts';
import { Badge } from '#controller/web/page/parts/badge.tsx';
import { Copy } from '#controller/web/page/parts/copy.tsx';
import { Confirm } from '#controller/web/page/parts/dialog.tsx';
import { CheckField, SelectField, TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import { Name } from '#controller/web/page/parts/name.tsx';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import { Waiting } from '#controller/web/page/parts/view.tsx';
import type { Webhook, WebhookEvent } from '#controller/web/page/shapes.ts';
import { Since } from './cells.tsx';

export function Webhooks() {
  const text = useText();
  const webhooks = useAsked(() => askAll<Webhook>('/webhooks'), []);
  return (
    <div class="columns">
      <section class="card" aria-labelledby="webhooks">
        <h2 id="webhooks">{text.webhooks}</h2>
        <p class="hint">{text.webhooksHint}</p>
        <Waiting lists={[toLoaded(webhooks)]}>{() => <List webhooks={webhooks} />}</Waiting>
      </section>
      <NewWebhook onMade={webhooks.again} />
    </div>
  );
}

function List({ webhooks }: { webhooks: Asked<Webhook[]> }) {
  const text = useText();
  const [removed, setRemoved] = useState<Webhook>();
  const { value = [], again } = webhooks;
  return (
    <>
      {value.length === 0 && <p>{text.noWebhooks}</p>}
      <ul class="rows">
        {value.map((webhook) => (
          <One key={webhook.id} webhook={webhook} onChanged={again} onRemove={() => setRemoved(webhook)} />
        ))}
      </ul>
      {removed !== undefined && (
        <Confirm
          title={text.removeTitle(removed.url)}
          verb={text.remove}
          onClose={() => setRemoved(undefined)}
          action={async () => {
            await ask('DELETE', `/webhooks/${removed.id}`);
            again();
          }}
        >
          <p>{text.removeWebhookWarning}</p>
        </Confirm>
      )}
    </>
  );
}

type Attempt = { ok: boolean; detail: string };

function One({
  webhook: { id, url, events, sites, enabled, last },
  onChanged,
  onRemove,
}: {
  webhook: Webhook;
  onChanged(): void;
  onRemove(): void;
}) {
  const text = useText();
  const submit = useSubmit();
  const [tested, setTested] = useState<Attempt>();
  const attempt = tested ?? last;
  const named = (verb: string) => `${verb} ${url}`;
  return (
    <li>
      <div>
        <Name>{url}</Name> {!enabled && <Badge tone="quiet">{text.isOff}</Badge>}
        <div class="hint">
          {events.map((event) => text.webhookEvents[event]).join(', ')} · {sites?.join(', ') ?? text.allSites}
        </div>
        <div role="status">
          {attempt !== undefined && (
            <>
              <Badge tone={attempt.ok ? 'good' : 'bad'}>
                {attempt.ok ? text.wasTaken : text.wasNotTaken}
              </Badge>{' '}
              <span class="hint" lang="en">
                <Name>{attempt.detail}</Name>{' '}
                {tested === undefined && last !== undefined && <Since at={last.at} />}
              </span>
            </>
          )}
        </div>
        <ProblemLine problem={submit.problem} />
      </div>
      <div class="actions">
        <button
          type="button"
          aria-label={named(text.sendTest)}
          disabled={submit.isBusy}
          onClick={() =>
            void submit.run(async () => setTested(await ask<Attempt>('POST', `/webhooks/${id}/test`)))
          }
        >
          {text.sendTest}
        </button>
        <button
          type="button"
          aria-label={named(enabled ? text.switchOff : text.switchOn)}
          disabled={submit.isBusy}
          onClick={() =>
            void submit
              .run(() => ask('PATCH', `/webhooks/${id}`, { enabled: !enabled }))
              .then((isDone) => isDone && onChanged())
          }
        >
          {enabled ? text.switchOff : text.switchOn}
        </button>
        <button type="button" aria-label={named(text.remove)} onClick={onRemove}>
          {text.remove}
        </button>
      </div>
    </li>
  );
}

function NewWebhook({ onMade }: { onMade(): void }) {
  const { say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const { items: sites } = useItems('sites');
  const names = Object.keys(text.webhookEvents) as WebhookEvent[];
  const [url, setUrl] = useState('');
  const [site, setSite] = useState('');
  const [events, setEvents] = useState<ReadonlySet<WebhookEvent>>(new Set(names));
  const [secret, setSecret] = useState<string>();
  const body = {
    url,
    events: names.filter((name) => events.has(name)),
    ...(site !== '' && { sites: [site] }),
  };
  return (
    <section class="card" aria-labelledby="new">
      <h2 id="new">{text.addWebhook}</h2>
      {secret !== undefined && (
        <div role="status">
          <p>{text.webhookSecretOnce}</p>
          <Copy label={text.webhookSecret}>{secret}</Copy>
        </div>
      )}
      <Form
        submit={submit}
        label={text.addWebhook}
        fields={['url', 'sites']}
        action={async () => setSecret((await ask<{ secret: string }>('POST', '/webhooks', body)).secret)}
        onDone={() => {
          say(text.added(url));
          setUrl('');
          onMade();
        }}
      >
        <TextField
          label={text.address}
          hint={text.webhookUrlHint}
          value={url}
          onValue={setUrl}
          placeholder="https://"
          maxLength={512}
          wrong={submit.wrong('url')}
        />
        <fieldset>
          <legend>{text.tellOf}</legend>
          {names.map((name) => (
            <CheckField
              key={name}
              label={text.webhookEvents[name]}
              isOn={events.has(name)}
              onValue={(isOn) => {
                const next = new Set(events);
                if (isOn) next.add(name);
                else next.delete(name);
                setEvents(next);
              }}
            />
          ))}
        </fieldset>
        <SelectField
          label={text.site}
          value={site}
          onValue={setSite}
          options={[['', text.allSites], ...sites.map(({ id }) => [id, id] as const)]}
          wrong={submit.wrong('sites')}
        />
        <Send submit={submit}>{text.addWebhook}</Send>
      </Form>
    </section>
  );
}
