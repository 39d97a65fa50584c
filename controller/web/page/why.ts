/**
 * Why a phone is as it is, in sentences: worked out from what is true of it now
 * and, where it is told, from what happened to it. The worst comes first.
 */

import type { Text } from '#controller/web/text/text.ts';
import { howText } from './how.ts';
import type { Agent, DeskEvent, Device, Session } from './shapes.ts';

export type DeviceState = 'stuck' | 'offline' | 'changing' | 'inUse' | 'free';

export function stateOf({ changeOver, registered, extension }: Device): DeviceState {
  if (changeOver.state === 'stuck') return 'stuck';
  if (registered === null) return 'offline';
  if (changeOver.state !== 'active') return 'changing';
  return extension === null ? 'free' : 'inUse';
}

export type Severity = 'bad' | 'warn' | 'quiet';

/** Shows a time as the reader of this language writes it. */
export type Time = (iso: string) => string;

export type Finding = {
  severity: Severity;
  says(text: Text, time: Time): string;
};

export type WhyInput = {
  device: Device;
  /** Of the device's site. */
  agents: readonly Agent[];
  session?: Session | undefined;
  /** The last one that ended there. */
  ended?: DeskEvent | undefined;
};

export function whyOf({ device, agents, session, ended }: WhyInput): Finding[] {
  return [
    ...reach(device, agents),
    ...change(device),
    ...device.problems.map(
      (sentence): Finding => ({ severity: 'warn', says: (text) => text.sentence(sentence) }),
    ),
    ...cut(device),
    ...occupancy(device, session),
    ...last(ended),
  ];
}

const quiet = (says: Finding['says']): Finding => ({ severity: 'quiet', says });

function reach({ registered, site, changeOver }: Device, agents: readonly Agent[]): Finding[] {
  const isAgentUp = agents.some((agent) => agent.site === site && agent.isUp);
  const noAgent: Finding = { severity: 'bad', says: (text) => text.why.noAgent(site) };
  if (registered === null) {
    return [isAgentUp ? { severity: 'bad', says: (text) => text.why.offline } : noAgent];
  }
  if (!isAgentUp) return [noAgent];
  const { address, transport, userAgent } = registered;
  const isShown = changeOver.state === 'active';
  return isShown ? [quiet((text) => text.why.registered(address, transport.toUpperCase(), userAgent))] : [];
}

function change({ changeOver: { state, reason } }: Device): Finding[] {
  if (state === 'active') return [];
  if (state === 'stuck')
    return [{ severity: 'bad', says: (text) => text.why.stuck(text.sentence(reason ?? '')) }];
  return [quiet((text) => text.why.changing[state])];
}

function cut({ cutKeys }: Device): Finding[] {
  if (cutKeys.length === 0) return [];
  const names = cutKeys.map(({ label, value }) => label || value).join(', ');
  return [{ severity: 'warn', says: (text) => text.why.cut(cutKeys.length, names) }];
}

function occupancy({ extension }: Device, session: Session | undefined): Finding[] {
  if (extension === null) return [quiet((text) => text.why.free)];
  if (session === undefined) return [];
  return [
    quiet((text, time) => text.why.inUse(session.extension, time(session.since), howText(text, session.how))),
  ];
}

function last(ended: DeskEvent | undefined): Finding[] {
  if (ended === undefined) return [];
  const { extension = '', at, how, reason } = ended;
  return [quiet((text, time) => text.why.ended(extension, time(at), howText(text, how, reason)))];
}
