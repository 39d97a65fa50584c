/**
 * Yealink's Management Cloud Service, API v2: a token for the client's id and
 * secret, good for an hour or so, then JSON with a time and a nonce on each request.
 *
 *     POST /v2/token   Basic   {"grant_type": "client_credentials"}  → {access_token, expires_in}
 *     POST /v2/rps/…   Bearer
 *
 * A phone is added by its MAC alone, which Yealink has to have allowed for the
 * account (else it wants serial numbers). No change of a phone's URL is
 * documented: it is deleted and added again.
 */

import { Fault } from '#protocol/fault.ts';
import {
  type Context,
  dig,
  isGood,
  json,
  type Kind,
  type LookUp,
  listAt,
  parseJson,
  type Request,
  refused,
  type Service,
  saidIn,
  textAt,
} from './service.ts';

/** Before its end a token is not used any more. */
const marginMs = 60_000;

export const yealinkYmcs: Kind = {
  title: 'Yealink YMCS',
  vendors: ['yealink'],
  url: 'https://eu-api.ymcs.yealink.com',
  words: ['client id', 'client secret'],
  uncertain:
    'Yealink must have allowed adding phones by MAC alone; what it then says of a refusal is of one source',
  urlOf: (folder) => folder,
  open: openYmcs,
  rehearse({ url }) {
    if (url.endsWith('/v2/token')) return json({ access_token: '‹token›', expires_in: 3_600 });
    if (url.endsWith('/listDevices')) return json({ data: [] });
    return json({ total: 1, successCount: 1, failureCount: 0, errors: [] });
  },
};

function openYmcs({ account, send, wall, nonce }: Context): Service {
  let token: { text: string; until: number } | undefined;

  function post(path: string, authorization: string, content: object): Request {
    return {
      method: 'POST',
      url: new URL(path, account.url).href,
      headers: {
        Authorization: authorization,
        'Content-Type': 'application/json',
        Accept: 'application/json',
        timestamp: String(wall()),
        nonce: nonce(),
      },
      body: JSON.stringify(content),
    };
  }

  async function signIn(): Promise<string> {
    if (token !== undefined && wall() < token.until) return token.text;
    const basic = `Basic ${Buffer.from(`${account.name}:${account.secret}`).toString('base64')}`;
    const answer = await send(() => post('/v2/token', basic, { grant_type: 'client_credentials' }));
    if (!isGood(answer)) throw refused(saidIn(answer));
    const body = parseJson(answer);
    const text = textAt(body, 'access_token');
    if (text === undefined) throw new Fault('unavailable', 'the service gave no token');
    const seconds = Number(dig(body, 'expires_in')) || 0;
    token = { text, until: wall() + seconds * 1_000 - marginMs };
    return text;
  }

  async function call(path: string, content: object): Promise<unknown> {
    const isKept = token !== undefined;
    const bearer = `Bearer ${await signIn()}`;
    const answer = await send(() => post(path, bearer, content));
    if (isGood(answer)) return answer.body === '' ? undefined : parseJson(answer);
    if (answer.status !== 401) throw refused(saidIn(answer));
    token = undefined;
    // Forgotten there before its time: once with a new one.
    if (isKept) return await call(path, content);
    throw refused(saidIn(answer));
  }

  async function lookUp(mac: string): Promise<LookUp> {
    const found = listAt(
      await call('/v2/rps/listDevices', { skip: 0, limit: 10, autoCount: false, filter: { mac } }),
      'data',
    ).find(
      (each) =>
        textAt(each, 'mac')
          ?.replace(/[^0-9A-Fa-f]/g, '')
          .toLowerCase() === mac,
    );
    const url = textAt(found, 'uniqueServerUrl') ?? textAt(found, 'serverUrl');
    return { isRegistered: found !== undefined, url };
  }

  async function remove(mac: string): Promise<void> {
    const body = await call('/v2/rps/delDevices', { deviceIdType: 'mac', deviceIds: [mac] });
    if (Number(dig(body, 'failureCount')) > 0 && (await lookUp(mac)).isRegistered) {
      throw refused(textAt(body, 'errors', 0, 'msg') ?? 'the phone was not deleted');
    }
  }

  return {
    check: async () => void (await signIn()),
    lookUp,
    remove,
    async register(mac, url) {
      const before = await lookUp(mac);
      if (before.url === url) return;
      if (before.isRegistered) await remove(mac);
      const body = await call('/v2/rps/addDevicesByMac', [{ mac, uniqueServerUrl: url }]);
      if (Number(dig(body, 'successCount')) > 0) return;
      throw refused(textAt(body, 'errors', 0, 'errorInfo') ?? 'the phone was not added');
    },
  };
}
