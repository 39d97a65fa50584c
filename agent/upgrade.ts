/**
 * The agent's side of an upgrade: takes a release from the controller, checks
 * whose it is, fetches it, and waits for the word to go to it. It only ever takes
 * a newer one, and none a second time that did not come up.
 *
 *     controller            agent                    parent
 *       release ──────────▶  signature, version
 *       ◀─── GET bundle ───  hash
 *       ◀── status: ready ─
 *       (no call is up)
 *       upgrade ──────────▶  ──────── upgrade ─────▶  starts it, watches it (./parent.ts)
 */

import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import type { ControlMessage } from '#protocol/tunnel/control.ts';
import { agentFile, isNewer, keyOf, readManifest } from '#protocol/tunnel/release.ts';
import { checkAgent, keepAgent, type Offer, type Refusal } from './bundles.ts';
import type { Log } from './tunnel.ts';

type Message<T extends ControlMessage['type']> = Extract<ControlMessage, { type: T }>;
type Status = Pick<Message<'status'>, 'upgrades' | 'upgrade'>;

export type Upgrades = {
  status(): Status;
  take(message: Message<'release'> | Message<'upgrade'>): void;
  /** It was called for, and did not start. */
  refused(reason: string): void;
};

export type UpgradeOptions = {
  data: string;
  version: string;
  /** Undefined: of who enrolled before there were releases; the first key told over the pinned tunnel is it. */
  releaseKey: string | undefined;
  refused: Refusal | undefined;
  fetch(path: string, bytes: number): Promise<Uint8Array>;
  onKey(key: string): void;
  /** It is here, checked, and called for. */
  onUpgrade(offer: Offer, file: string): void;
  clock: Clock;
  log: Log;
};

/** After how long a fetch that failed is tried again. */
const againMs = 60_000;

export function createUpgrades(options: UpgradeOptions, tell: () => void): Upgrades {
  const { data, version, refused, clock, log } = options;
  let key = options.releaseKey;
  /** The one that did not come up. */
  let failed = refused?.signature;
  let upgrade: Status['upgrade'] = refused && {
    version: refused.version,
    state: 'rolledBack',
    reason: refused.reason,
  };
  let ready: { offer: Offer; file: string } | undefined;
  let taking = Promise.resolve();

  function become(now: NonNullable<Status['upgrade']>): void {
    upgrade = now;
    log.info({ ...now, now: version }, 'upgrade');
    tell();
  }

  async function prepare({ manifest: text, signature }: Message<'release'>): Promise<void> {
    if (signature === failed || signature === ready?.offer.signature) return;
    const manifest = readManifest(text, signature, key ?? keyOf(signature));
    if (key === undefined) {
      key = keyOf(signature);
      options.onKey(key);
    }
    if (!isNewer(manifest.version, version)) return;
    become({ version: manifest.version, state: 'fetching' });
    const named = manifest.files.find(({ path }) => path === agentFile);
    if (named === undefined) throw new Fault('input.invalid', 'the release has no agent in it');
    const content = await options.fetch(`/bundle/${agentFile}`, named.size);
    checkAgent(content, manifest);
    const file = await keepAgent(data, manifest.version, content);
    ready = { offer: { version: manifest.version, manifest: text, signature }, file };
    become({ version: manifest.version, state: 'ready' });
  }

  function take(message: Message<'release'> | Message<'upgrade'>): void {
    if (message.type === 'upgrade') {
      if (ready?.offer.version === message.version) options.onUpgrade(ready.offer, ready.file);
      return;
    }
    taking = taking
      .then(() => prepare(message))
      .catch((error: Error) => {
        const reason = error.message.slice(0, 256);
        const state = Fault.is(error, 'unavailable') ? 'fetching' : 'refused';
        become({ version: upgrade?.version ?? version, state, reason });
        // A line that fell is no reason to stay old.
        if (state === 'fetching') clock.after(againMs, () => take(message));
      });
  }

  return {
    status: () => ({ upgrades: true, ...(upgrade && { upgrade }) }),
    take,
    refused(reason) {
      if (ready === undefined) return;
      failed = ready.offer.signature;
      become({ version: ready.offer.version, state: 'rolledBack', reason });
      ready = undefined;
    },
  };
}
