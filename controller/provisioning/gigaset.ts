/** Gigaset's P series: Snom's settings under another file name. */

import { snom } from './snom.ts';
import type { Vendor } from './vendor.ts';

export const gigaset: Vendor = {
  ...snom,
  trustsCa: false, // nothing says that these do
  // By an URL of its own; what it asks for in a folder is not documented, and its twin's names are.
  fileOf: (name, { mac }) =>
    new RegExp(`^(?:(?:gigaset|snom)[0-9a-z_-]{3,16}-)?${mac}\\.(?:xml|htm)$`).test(name)
      ? { type: 'config' }
      : undefined,
  absent: /^(?:gigaset|snom)[0-9a-z_-]*\.(?:htm|xml)$/,
};
