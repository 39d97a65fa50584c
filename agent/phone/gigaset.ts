/**
 * A Gigaset of the P series: speaks as a Snom. No trace of one was at hand: what
 * it calls itself is a guess within what is known of it.
 */

import type { Make, PhoneModel } from './make.ts';
import { snom } from './snom.ts';

const model = (name: string, keys: number): PhoneModel => ({
  name,
  firmware: '1.2.3.4',
  keys: [['fkey', keys]],
  accounts: 12,
});

export const gigaset: Make = {
  ...snom,
  models: [model('P710', 4), model('P810', 4), model('P850', 36)],
  userAgent: ({ name, firmware }) => `Gigaset ${name}/${firmware}`,
  httpUserAgent: ({ name, firmware }, mac) =>
    `Mozilla/4.0 (compatible; Gigaset ${name}-SIP ${firmware} ${mac.toUpperCase()})`,
  /** The same name, whether it was given a folder or, by the last file, an URL. */
  files: ({ mac }) => [[`${mac.toUpperCase()}.xml`]],
};
