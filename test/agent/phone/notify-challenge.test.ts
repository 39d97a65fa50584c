import * as assert from 'uvu/assert';
import { challengeNotify } from '#agent/phone/notify-challenge.ts';
import { answerChallenge, parseChallenge } from '#protocol/sip/digest.ts';
import { createRequest } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';

const account = { authName: 'HD0001', password: 'secret' };
const uri = 'sip:100@192.0.2.77';

function notify(authorization?: string) {
  const headers = authorization === undefined ? [] : [['Authorization', authorization] as const];
  return createRequest({ method: 'NOTIFY', uri, headers });
}

function answered({ username = 'HD0001', password = 'secret', nonce = 'n1' } = {}): string {
  const challenge = parseChallenge(challengeNotify(notify(), account, nonce) ?? '');
  return answerChallenge(challenge, { method: 'NOTIFY', uri, username, password, cnonce: 'c', nc: 1 });
}

describe('a phone that asks who sends it a NOTIFY', (test) => {
  // biome-ignore format: a table
  const rows: [what: string, authorization: string | undefined, isLetIn: boolean][] = [
    ['nothing said',     undefined,                         false],
    ['its credential',   answered(),                        true],
    ['another password', answered({ password: 'other' }),   false],
    ['another user',     answered({ username: 'HD0002' }),  false],
    ['another nonce',    answered({ nonce: 'n2' }),         false],
    ['unreadable',       'Digest username="HD0001', false],
  ];
  for (const [what, authorization, isLetIn] of rows) {
    test(what, () => {
      const asked = challengeNotify(notify(authorization), account, 'n1');
      if (isLetIn) assert.is(asked, undefined);
      else assert.equal(parseChallenge(asked ?? ''), { realm: 'phone', nonce: 'n1', qop: 'auth' });
    });
  }
});
