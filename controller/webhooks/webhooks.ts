/**
 * A company's own programs, told of what happens: each webhook of the events it
 * asked for, signed with its own secret, again until it answers (./delivery.ts).
 *
 *     login, logout            who, where, by what
 *     stuck                    a phone does not show who is logged in
 *     agent-down, agent-up     for longer than half a minute; and back
 *     emergency                a call for help, and what became of it
 *
 *     {"id", "event", "at", "site", …}: `id` is the same each time it is sent again
 */

import { randomUUID } from 'node:crypto';
import type { Keys } from '#controller/keys.ts';
import type { Happening } from '#controller/model/happening.ts';
import type { EmergencyCall, Webhook, WebhookEvent } from '#controller/model/model.ts';
import type { Changed, Store } from '#controller/model/ports.ts';
import { sealedFor } from '#controller/model/sealed.ts';
import { type Attempt, createDelivery, type Delivery, type DeliveryOptions } from './delivery.ts';

export type WebhooksOptions = Omit<DeliveryOptions, 'whom'> & {
  store: Pick<Store, 'get' | 'list' | 'watch'>;
  keys: Pick<Keys, 'unseal'>;
  happenings: { watch(listener: (happening: Happening) => void): () => void };
  /** An agent that is away for less is nobody's business. */
  downMs?: number;
};

/** How the last try went. */
export type LastAttempt = Attempt & { at: number };

export type Webhooks = Pick<Delivery, 'counters' | 'close'> & {
  lastOf(id: string): LastAttempt | undefined;
  /** One message to it, now. */
  test(id: string): Promise<Attempt>;
};

type Facts = { site?: string | undefined; [name: string]: unknown };

export function createWebhooks({
  store,
  keys,
  happenings,
  downMs = 30_000,
  ...options
}: WebhooksOptions): Webhooks {
  const { clock } = options;
  const delivery = createDelivery({ ...options, whom: 'webhook' });
  const last = new Map<string, LastAttempt>();
  /** Agents that are down: told yet, or until when they have to come back. */
  const down = new Map<string, { isTold: boolean; cancel(): void }>();

  function messageTo(id: string, url: string, event: string, facts: object) {
    const body = JSON.stringify({
      id: randomUUID(),
      event,
      at: new Date(clock.wall()).toISOString(),
      ...facts,
    });
    const secret = () => keys.unseal(sealedFor.webhook(id), store.get('webhooks', id)?.secret ?? '') ?? '';
    return { url, event, body, secret, facts: { webhook: id, event } };
  }

  function note(id: string, attempt: Attempt): void {
    if (store.get('webhooks', id) !== undefined) last.set(id, { ...attempt, at: clock.wall() });
  }

  function tell(event: WebhookEvent, facts: Facts): void {
    for (const { id, url, events, sites, enabled } of store.list('webhooks')) {
      if (!enabled || !events.includes(event) || !isAbout(sites, facts.site)) continue;
      delivery.deliver(messageTo(id, url, event, facts), (attempt) => note(id, attempt));
    }
  }

  function happened(happening: Happening): void {
    const { type, ...facts } = happening;
    if (type === 'login' || type === 'logout') tell(type, { ...facts, site: siteOf(happening.device) });
    else if (type === 'changeOver') stuck(happening);
    else if (type === 'agent') link(happening);
  }

  const siteOf = (device: string) => store.get('devices', device)?.site;

  function stuck({ device, changeOver }: Extract<Happening, { type: 'changeOver' }>): void {
    if (changeOver.state === 'stuck')
      tell('stuck', { site: siteOf(device), device, reason: changeOver.reason });
  }

  function link({ agent, site, isUp }: Extract<Happening, { type: 'agent' }>): void {
    const known = down.get(agent);
    if (isUp) {
      down.delete(agent);
      known?.cancel();
      if (known?.isTold) tell('agent-up', { site, agent });
      return;
    }
    if (known !== undefined) return;
    const entry = {
      isTold: false,
      cancel: clock.after(downMs, () => {
        entry.isTold = true;
        tell('agent-down', { site, agent });
      }),
    };
    down.set(agent, entry);
  }

  function changed({ collection, id, after }: Changed): void {
    if (collection === 'webhooks' && after === undefined) last.delete(id);
    if (collection === 'agents' && after === undefined) {
      down.get(id)?.cancel();
      down.delete(id);
    }
    if (collection !== 'emergencyCalls' || after === undefined) return;
    const { revision: _, ...call } = after as EmergencyCall & { revision: number };
    tell('emergency', { site: call.site, call });
  }

  const stops = [happenings.watch(happened), store.watch((changes) => changes.forEach(changed))];
  return {
    counters: delivery.counters,
    lastOf: (id) => last.get(id),
    async test(id) {
      const url = store.get('webhooks', id)?.url ?? '';
      const attempt = await delivery.once(messageTo(id, url, 'test', {}));
      note(id, attempt);
      return attempt;
    },
    close() {
      for (const stop of stops) stop();
      for (const { cancel } of down.values()) cancel();
      delivery.close();
    },
  };
}

/** Without sites it is told of all. */
const isAbout = (sites: Webhook['sites'], site: string | undefined) =>
  sites === undefined || (site !== undefined && sites.includes(site));
