/**
 * The first half of a device's digest answer, H(name:realm:secret): it does not
 * change from one request to the next (RFC 2617 3.2.2.2), so it is kept. What is
 * kept is derived from the master key, which is in this memory anyway.
 */

import type { Keys } from '#controller/keys.ts';
import { type Algorithm, hashSecret } from '#protocol/sip/digest.ts';

export type SecretOf = { device: string; generation: number; algorithm: Algorithm };

export type SecretsOptions = { keys: Pick<Keys, 'sipSecret'>; realm: string; maxKept?: number };

export function createSecrets({ keys, realm, maxKept = 65_536 }: SecretsOptions): (of: SecretOf) => string {
  const kept = new Map<string, string>();

  return ({ device, generation, algorithm }) => {
    const key = `${device} ${generation} ${algorithm}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const password = keys.sipSecret(device, generation);
    const secret = hashSecret({ username: device, realm, algorithm }, password);
    const [oldest] = kept.size >= maxKept ? kept.keys() : [];
    if (oldest !== undefined) kept.delete(oldest);
    kept.set(key, secret);
    return secret;
  };
}
