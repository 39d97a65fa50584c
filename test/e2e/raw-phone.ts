/** A SIP client that says what it is told to say, with credentials as it is told to have. */

import { randomBytes } from 'node:crypto';
import type { HostPort } from '#protocol/address.ts';
import { formatHostPort } from '#protocol/address.ts';
import { answerChallenge, parseChallenge } from '#protocol/sip/digest.ts';
import { createRequest, formatMessage, parseMessage, type SipMessage } from '#protocol/sip/message.ts';
import { openFakePhone } from '#test/agent/fake-phone.ts';

export type Claim = {
  username: string;
  password: string;
  /** The address of record; the username when left out. */
  aor?: string;
  userAgent?: string;
};

export type RawPhone = {
  /** What the registrar answers in the end, after its challenge was answered. */
  register(claim: Claim): Promise<SipMessage>;
  close(): Promise<void>;
};

export async function openRawPhone(server: HostPort): Promise<RawPhone> {
  const phone = await openFakePhone();
  const callId = token();
  let cseq = 0;

  async function ask(request: SipMessage): Promise<SipMessage> {
    phone.send(server, formatMessage(request));
    return parseMessage(Buffer.from(await phone.next(), 'latin1'));
  }

  function toRegister(aor: string, userAgent: string): SipMessage {
    const uri = `sip:${server.address}`;
    return createRequest({
      method: 'REGISTER',
      uri,
      headers: [
        ['Via', `SIP/2.0/UDP ${formatHostPort(phone.at)};rport;branch=z9hG4bK${token()}`],
        ['From', `<sip:${aor}@${server.address}>;tag=${token()}`],
        ['To', `<sip:${aor}@${server.address}>`],
        ['Call-ID', callId],
        ['CSeq', `${++cseq} REGISTER`],
        ['Contact', `<sip:${aor}@${formatHostPort(phone.at)}>`],
        ['Max-Forwards', '70'],
        ['User-Agent', userAgent],
      ],
    });
  }

  return {
    async register({ username, password, aor = username, userAgent = 'raw' }) {
      const refused = await ask(toRegister(aor, userAgent));
      const challenge = parseChallenge(refused.get('WWW-Authenticate') ?? '');
      const request = toRegister(aor, userAgent);
      const said = { method: 'REGISTER', uri: `sip:${server.address}`, username, password };
      request.set('Authorization', answerChallenge(challenge, { ...said, cnonce: token(), nc: 1 }));
      return await ask(request);
    },
    close: phone.close,
  };
}

export const statusOf = ({ start }: SipMessage) => (start.type === 'response' ? start.status : 0);

const token = () => randomBytes(6).toString('hex');
