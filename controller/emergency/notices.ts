/**
 * Tells a site's contacts of its emergency calls: who called from where, at once,
 * and how it went when that is known, by webhook (controller/webhooks/delivery.ts)
 * with the site's secret.
 *
 *     {"event": "emergency", "call": {"id", "at", "device", "site", "number", "place", "state", …}}
 */

import type { EmergencyCall, Site } from '#controller/model/model.ts';
import { createDelivery, type Delivery, type DeliveryOptions } from '#controller/webhooks/delivery.ts';
import type { CallList } from './call-list.ts';

export type NoticesOptions = Omit<DeliveryOptions, 'whom'> & {
  list: Pick<CallList, 'watch'>;
  contactsOf(site: string): Site['emergencyContacts'];
  secretOf(site: string): string;
};

export type Notices = Pick<Delivery, 'counters' | 'close'>;

export function createNotices({ list, contactsOf, secretOf, ...options }: NoticesOptions): Notices {
  const delivery = createDelivery({ ...options, whom: 'emergency contact' });

  function tell(call: EmergencyCall): void {
    const { site } = call;
    const body = JSON.stringify({ event: 'emergency', call });
    for (const url of contactsOf(site) ?? []) {
      delivery.deliver({ url, event: 'emergency', body, secret: () => secretOf(site), facts: { site } });
    }
  }

  const unwatch = list.watch(tell);
  return {
    counters: delivery.counters,
    close() {
      unwatch();
      delivery.close();
    },
  };
}
