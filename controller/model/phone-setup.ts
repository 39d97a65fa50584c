/** What is kept of how phones are set up: what each had last, and who may have it without a token. */

import { z } from 'zod';

const deviceId = z.string().max(16);

/** The config that a device's phone has had, whole, and last: what it shows, as far as anybody can know. */
export const delivery = z.strictObject({ device: deviceId, etag: z.string().max(64) });

/** For some minutes the phones of a site, or one of them, may have their config by their MAC address alone. */
export const adoptionWindow = z.strictObject({
  /** `site berlin`, `device HD0001` */
  id: z.string().max(48),
  until: z.number(),
  /** Who had his in it: nobody has it twice. */
  adopted: z.array(deviceId),
});

export type Delivery = z.infer<typeof delivery>;
export type KeptWindow = z.infer<typeof adoptionWindow>;
