/** The first account of a phone that knows settings by number (P-codes): Grandstream's, and Htek's after them. */

import { type Account, type Settings, splitHost, toAccount } from './make.ts';

const transports = ['udp', 'tcp', 'tls'] as const;

/** `label`: the code of its label, which is not the same at all of them. */
export function accountOfCodes(memory: Settings, label: number): Account | undefined {
  const read = (code: number) => memory.get(`P${code}`) ?? '';
  return toAccount({
    isOn: read(271) === '1',
    userName: read(35),
    authName: read(36),
    password: read(34),
    label: read(label),
    displayName: read(3),
    ...splitHost(read(47)),
    transport: transports[Number(read(130))],
    expires: read(32),
    unitSeconds: 60,
  });
}
