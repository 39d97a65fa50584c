/** What an admin should know of a device as a phone: sentences. */

import type { Device } from '#controller/model/model.ts';
import { makersOf } from './makes.ts';

export function phoneProblems({ mac, vendor, model }: Pick<Device, 'mac' | 'vendor' | 'model'>): string[] {
  const makers: readonly string[] = makersOf(mac);
  if (makers.length === 0 || makers.includes(vendor)) return [];
  return [`its MAC address belongs to ${makers.join(' or ')}, and it is set up as a ${model} (${vendor})`];
}
