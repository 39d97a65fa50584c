/**
 * Who asked for a device's files, as it calls itself: the last time, kept in
 * memory. A User-Agent can be anything, so an odd one refuses nobody; it is shown
 * at the device, for it may be a phone of another model, or no phone at all.
 */

import type { Device } from '#controller/model/model.ts';
import type { Clock } from '#protocol/clock.ts';
import { modelSaying } from './models.ts';

export type Asker = {
  userAgent: string;
  /** Milliseconds since 1970. */
  at: number;
  /** What is odd about it: one sentence. */
  odd?: string;
};

/** What does not fit; undefined: that is how such a phone calls itself. */
export function oddityOf(
  userAgent: string,
  { mac, model }: Pick<Device, 'mac' | 'model'>,
): string | undefined {
  if (userAgent === '') return 'it does not say what it is';
  const said = modelSaying(userAgent);
  if (said === undefined) return `no phone that we know calls itself so; it is set up as a ${model}`;
  if (said.model !== model)
    return `it calls itself a ${said.model} (${said.vendor}) and is set up as a ${model}`;
  const address = /\b(?:[0-9a-f]{2}[:-]?){5}[0-9a-f]{2}\b/i.exec(userAgent)?.[0];
  if (address === undefined || plain(address) === mac) return undefined;
  return 'it says another MAC address than its device has';
}

const plain = (address: string) => address.replace(/[:-]/g, '').toLowerCase();

/** One for each device that there is: the caller forgets what is removed. */
export function createAskers(clock: Pick<Clock, 'wall'>) {
  const byDevice = new Map<string, Asker>();
  return {
    of: (device: string): Asker | undefined => byDevice.get(device),
    forget: (device: string) => byDevice.delete(device),
    /** Answers whether it is odd. */
    note(device: Device, userAgent: string): boolean {
      const odd = oddityOf(userAgent, device);
      byDevice.set(device.id, { userAgent, at: clock.wall(), ...(odd !== undefined && { odd }) });
      return odd !== undefined;
    },
  };
}
