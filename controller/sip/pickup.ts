/**
 * Directed pickup: taking the call that rings at another's phone.
 *
 *     **101                    the code of the site, then who is rung
 *     INVITE with Replaces     a phone that has read the call's tags in a NOTIFY (RFC 4235 3.6)
 *
 * Who may watch him may pick up his calls, and nobody else. Two ways, by what
 * the caller's phone can do:
 *
 *     it can Replaces     the INVITE goes to it, with Replaces (RFC 3891): it answers
 *                         and gives up its own; nobody stands between the two
 *     it cannot, or it    the INVITE is refused, and the call rings at the phone that
 *     is no phone of      wanted it too, marked to be answered at once
 *     ours
 *
 * Either way the phones that rang hear that the call was completed elsewhere.
 */

import { type Flow, usualPickupCode } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import type { HeaderList, SipMessage } from '#protocol/sip/message.ts';
import type { Counters } from './counters.ts';
import type { DialogState, DialogStates } from './dialog-states.ts';
import type { Target } from './forward.ts';
import { dialledIn } from './gate.ts';
import type { DenialOf } from './presence.ts';
import { parseReplaces } from './transfer.ts';

export type PickupOptions = {
  store: Pick<Store, 'get'>;
  dialogs: Pick<DialogStates, 'ringing' | 'named'>;
  denialOf: DenialOf;
  counters: Counters;
};

export type Pickup =
  | { type: 'refuse'; status: 403 | 404 | 480 | 481; reason: string }
  /** The INVITE goes to `target`; once it is answered, `dialog.call` is to be stopped. */
  | { type: 'replace'; dialog: DialogState; target: Target }
  /** `dialog.call` is to be brought to the phone that asks. */
  | { type: 'bring'; dialog: DialogState };

/** Undefined: it is no pickup. */
export type FindPickup = (request: SipMessage, by: { device: string; flow: Flow }) => Pickup | undefined;

/** Before the phone that asked is rung: its own call must be off its hands. */
export const bringAfterMs = 200;

/** As phones of different makes read "answer at once". */
export const answerAtOnce: HeaderList = [
  ['Alert-Info', '<http://hotdesk.invalid>;info=alert-autoanswer;delay=0'],
  ['Call-Info', '<sip:hotdesk.invalid>;answer-after=0'],
];

export function createPickups({ store, dialogs, denialOf, counters }: PickupOptions): FindPickup {
  function askedFor(request: SipMessage, flow: Flow): string | undefined {
    const code = store.get('sites', flow.site)?.dialCodes.pickup ?? usualPickupCode;
    const dialled = dialledIn(request, flow) ?? '';
    const extension = dialled.startsWith(code) ? dialled.slice(code.length) : '';
    return /^[0-9]{1,15}$/.test(extension) ? extension : undefined;
  }

  function take(dialog: DialogState | undefined, device: string): Pickup {
    if (dialog === undefined) return { type: 'refuse', status: 480, reason: 'Nobody calls there' };
    const { callId, localTag, caller } = dialog;
    if (caller.side.device === device) return { type: 'refuse', status: 403, reason: 'Your own call' };
    counters.pickups++;
    if (!dialog.canReplace || caller.side.device === '' || caller.contact === '')
      return { type: 'bring', dialog };
    // RFC 3891 4: tags as the caller's phone sees them, its own first.
    const replaces = `${callId};to-tag=${caller.tag};from-tag=${localTag};early-only`;
    const headers: HeaderList = [
      ['Replaces', replaces],
      ['Require', 'replaces'],
    ];
    return { type: 'replace', dialog, target: { side: caller.side, uri: caller.contact, headers } };
  }

  return (request, { device, flow }) => {
    const named = parseReplaces(request.get('Replaces') ?? '');
    const byTags = named && dialogs.named(named.callId, named.fromTag, named.toTag);
    const extension = byTags?.user ?? askedFor(request, flow);
    if (extension === undefined) return undefined;
    const own = store.get('sessions', device)?.extension;
    const denial =
      own === undefined
        ? ({ status: 403, reason: 'Log in first' } as const)
        : denialOf({ device, extension: own, site: flow.site }, extension);
    if (denial === undefined) return take(byTags ?? dialogs.ringing(extension), device);
    counters.refusedWatch++;
    // As what is not there: that somebody rings is what he may not know.
    return byTags === undefined
      ? { type: 'refuse', ...denial }
      : { type: 'refuse', status: 481, reason: 'No such call' };
  };
}
