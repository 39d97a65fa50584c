/**
 * The calls of users, as who watches them sees them (RFC 4235 3.7.1), told by the
 * proxy as it forwards:
 *
 *                  caller                        each phone that is rung
 *     INVITE       initiator, trying             recipient, trying
 *     18x          initiator, proceeding, early  recipient, early
 *     2xx          initiator, confirmed          recipient, confirmed
 *     no answer    terminated                    terminated
 *     BYE          terminated                    terminated
 *
 * A user is his extension, whatever devices he sits at. Who is no user (an idle
 * device, a gateway, the IVR) has no state. Memory only, as ./calls.ts: after a
 * restart a call that was up shows as idle until the next one.
 */

import type { SipMessage } from '#protocol/sip/message.ts';
import { dialogKey, type Party, partyIn } from './calls.ts';
import type { Side } from './flow-token.ts';
import type { Target } from './forward.ts';

export type DialogState = {
  /** Unlike any other's. */
  readonly id: string;
  readonly user: string;
  readonly direction: 'initiator' | 'recipient';
  state: 'trying' | 'proceeding' | 'early' | 'confirmed' | 'terminated';
  readonly callId: string;
  localTag: string | undefined;
  remoteTag: string | undefined;
  /** The other side, as a user part. */
  remote: string;
  /** Who calls, and where he is. */
  readonly caller: Party;
  /** The caller's phone knows RFC 3891. */
  readonly canReplace: boolean;
  readonly call: CallControl;
};

/** What can be done to a call that is not answered yet. */
export type CallControl = {
  /** It rings there, too. */
  bring(target: Target): void;
  /** Nobody is rung any more, because the call was completed elsewhere. */
  stop(): void;
};

/** One call on its way through the proxy. */
export type CallStates = {
  /** A phone is rung; what comes back is called when it no longer is. */
  ring(target: Side): () => void;
  /** Any response on its way to the caller. */
  response(response: SipMessage, target: Side): void;
  /** Nobody is rung any more, and the caller has his answer. */
  end(): void;
};

export type DialogStates = {
  begin(request: SipMessage, near: Side, call: CallControl): CallStates;
  /** A dialog is over, by the key of ./calls.ts. */
  finish(dialog: string): void;
  /** Live ones; when there are none the last that ended, and nothing for who has never had one. */
  of(user: string): readonly DialogState[];
  /** A call that rings the user and can be taken over (RFC 3891): both tags are known. */
  ringing(user: string): DialogState | undefined;
  /** The same by the tags that a NOTIFY told: the rung phone's and the caller's. */
  named(callId: string, localTag: string, remoteTag: string): DialogState | undefined;
};

const isUser = ({ device, user }: Side) => device !== '' && user !== device;

export function createDialogStates({ onChange }: { onChange(user: string): void }): DialogStates {
  const live = new Map<string, Set<DialogState>>();
  const last = new Map<string, DialogState>();
  const confirmed = new Map<string, DialogState[]>();
  let serial = 0;
  // So that an id is not used again after a restart.
  const epoch = Date.now().toString(36);

  type Rest = Omit<DialogState, 'id' | 'user' | 'state'>;

  function open({ user }: Side, rest: Rest): DialogState {
    const state: DialogState = { id: `${epoch}-${++serial}`, user, state: 'trying', ...rest };
    const row = live.get(user) ?? new Set();
    live.set(user, row.add(state));
    onChange(user);
    return state;
  }

  function become(dialog: DialogState | undefined, change: Partial<DialogState>): void {
    if (dialog === undefined || dialog.state === 'terminated') return;
    const isNew = Object.entries(change).some(([name, value]) => Reflect.get(dialog, name) !== value);
    if (!isNew) return;
    Object.assign(dialog, change);
    onChange(dialog.user);
  }

  function close(dialog: DialogState | undefined): void {
    if (dialog === undefined || dialog.state === 'terminated') return;
    const row = live.get(dialog.user);
    row?.delete(dialog);
    if (row?.size === 0) live.delete(dialog.user);
    dialog.state = 'terminated';
    last.set(dialog.user, dialog);
    onChange(dialog.user);
  }

  return {
    begin(request, near, call) {
      const { callId } = request;
      const callerTag = request.from.params.get('tag');
      const supported = request.getAll('Supported').map((tag) => tag.toLowerCase());
      const shared = {
        callId,
        caller: partyIn(request, near),
        canReplace: supported.includes('replaces'),
        call,
      };
      let caller: DialogState | undefined;
      const rung = new Map<Side, DialogState>();

      function confirm(response: SipMessage, target: Side): void {
        const remoteTag = response.to.params.get('tag');
        const both = [caller, rung.get(target)].filter((each) => each !== undefined);
        become(caller, { state: 'confirmed', remoteTag, remote: target.user });
        become(rung.get(target), { state: 'confirmed', localTag: remoteTag });
        if (both.length > 0) confirmed.set(dialogKey(response), both);
      }

      function progress(response: SipMessage, target: Side): void {
        const tag = response.to.params.get('tag');
        const state = tag === undefined ? 'proceeding' : 'early';
        if (caller?.state !== 'confirmed') become(caller, { state, remoteTag: tag });
        if (tag !== undefined) become(rung.get(target), { state, localTag: tag });
      }

      return {
        ring(target) {
          if (caller === undefined && isUser(near)) {
            caller = open(near, {
              direction: 'initiator',
              localTag: callerTag,
              remoteTag: undefined,
              remote: target.user,
              ...shared,
            });
          }
          if (!isUser(target)) return () => {};
          const dialog = open(target, {
            direction: 'recipient',
            localTag: undefined,
            remoteTag: callerTag,
            remote: near.user,
            ...shared,
          });
          rung.set(target, dialog);
          return () => {
            if (dialog.state !== 'confirmed') close(dialog);
          };
        },

        response(response, target) {
          const status = response.start.type === 'response' ? response.start.status : 0;
          if (status < 200) progress(response, target);
          else if (status < 300) confirm(response, target);
        },

        end() {
          if (caller?.state !== 'confirmed') close(caller);
        },
      };
    },

    finish(dialog) {
      for (const each of confirmed.get(dialog) ?? []) close(each);
      confirmed.delete(dialog);
    },

    of(user) {
      const rows = live.get(user);
      if (rows !== undefined) return [...rows];
      const ended = last.get(user);
      return ended === undefined ? [] : [ended];
    },

    ringing: (user) => [...(live.get(user) ?? [])].find(isRinging),

    named(callId, localTag, remoteTag) {
      for (const row of live.values()) {
        for (const each of row) {
          const isIt = each.callId === callId && each.localTag === localTag && each.remoteTag === remoteTag;
          if (isIt && isRinging(each)) return each;
        }
      }
      return undefined;
    },
  };
}

const isRinging = ({ direction, state, localTag }: DialogState) =>
  direction === 'recipient' && state === 'early' && localTag !== undefined;
