/** What an admin should know of a device as a phone: sentences. */

import type { Device } from '#controller/model/model.ts';
import { staysOn } from './at-logout.ts';
import { makersOf } from './makes.ts';
import { modelOf } from './models.ts';

type Phone = Pick<Device, 'mac' | 'vendor' | 'model'>;

export const phoneProblems = (phone: Phone): string[] => [...strangeMac(phone), ...keptThings(phone)];

function strangeMac({ mac, vendor, model }: Phone): string[] {
  const makers: readonly string[] = makersOf(mac);
  if (makers.length === 0 || makers.includes(vendor)) return [];
  return [`its MAC address belongs to ${makers.join(' or ')}, and it is set up as a ${model} (${vendor})`];
}

/** What the next user of the desk can see or is hit by; contacts are what people put there themselves. */
function keptThings(phone: Phone): string[] {
  const model = modelOf(phone);
  const kept =
    model === undefined ? [] : staysOn(model, ['callLogs', 'missedCalls', 'redial', 'forwarding', 'dnd']);
  if (kept.length === 0) return [];
  return [`a ${phone.model} keeps of its last user what was set at the phone: ${kept.join(', ')}`];
}
