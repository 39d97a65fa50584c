/**
 * Yealink's redirection service, JSON API v3.6. Each request is signed:
 *
 *     X-Ca-Signature = base64( HMAC-SHA256( secret,
 *         POST⏎
 *         Content-MD5:‹base64 MD5 of the body›⏎      only where there is a body
 *         X-Ca-Key:‹key›⏎
 *         X-Ca-Nonce:‹never used before›⏎
 *         X-Ca-Timestamp:‹milliseconds›⏎
 *         api/open/v1/device/add                      the path without its first slash
 *     ))
 *
 * A phone belongs to an entry in the account's list of servers, whose name is
 * unique among all of Yealink's customers; its own URL stands beside that
 * (`uniqueServerUrl`) and is the one the phone is told. An answer is `{ret, data, error}`, `ret`
 * below 0 for a refusal, whose name is in `error.msg` or `error.fieldErrors`.
 */

import { createHash, createHmac } from 'node:crypto';
import { Fault } from '#protocol/fault.ts';
import {
  type Answer,
  type Context,
  dig,
  json,
  type Kind,
  listAt,
  type Method,
  parseJson,
  type Request,
  refused,
  type Service,
  saidIn,
  textAt,
} from './service.ts';

const root = '/api/open/v1';
const pageSize = 50;

export const yealinkRps: Kind = {
  title: 'Yealink RPS',
  vendors: ['yealink'],
  url: 'https://api-dm.yealink.com:8443',
  words: ['AccessKey ID', 'AccessKey Secret'],
  uncertain: '',
  urlOf: (folder) => folder,
  open: openRps,
  rehearse({ url }) {
    if (url.endsWith('/server/list')) return json({ ret: 1, data: { data: [] } });
    if (url.endsWith('/server/add')) return json({ ret: 1, data: { id: '‹id of the server entry›' } });
    return json({ ret: 1, data: { data: [] } });
  },
};

/** Of the headers as they are sent; exported for who has to check one. */
export function signatureOf(
  secret: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): string {
  const signed = Object.keys(headers)
    .filter((name) => name.startsWith('X-Ca-') || name === 'Content-MD5')
    .sort()
    .map((name) => `${name}:${headers[name]}\n`);
  const text = `${method}\n${signed.join('')}${path.replace(/^\//, '')}`;
  return createHmac('sha256', secret).update(text).digest('base64');
}

function openRps({ account, send, wall, nonce }: Context): Service {
  const name = account.serverName ?? `hotdesk-${hashOf('sha256', account.name, 'hex').slice(0, 12)}`;
  let serverId: string | undefined;

  function sign(method: Method, path: string, content: object | undefined): Request {
    const body = content === undefined ? undefined : JSON.stringify(content);
    const headers: Record<string, string> = {
      'X-Ca-Key': account.name,
      'X-Ca-Nonce': nonce(),
      'X-Ca-Timestamp': String(wall()),
    };
    if (body !== undefined) headers['Content-MD5'] = hashOf('md5', body, 'base64');
    const signature = signatureOf(account.secret, method, path, headers);
    const type = body === undefined ? {} : { 'Content-Type': 'application/json;charset=UTF-8' };
    return {
      method,
      url: new URL(path, account.url).href,
      headers: { ...type, ...headers, 'X-Ca-Signature': signature },
      ...(body !== undefined && { body }),
    };
  }

  /** The `data` of an answer. Throws `forbidden` with the name of the refusal as `facts.said`. */
  async function call(method: Method, path: string, content?: object): Promise<unknown> {
    const answer = await send(() => sign(method, root + path, content));
    const said = refusalIn(answer);
    if (said === undefined) return dig(parseJson(answer), 'data');
    throw refused(said, { said });
  }

  async function serverOf(url: string): Promise<string> {
    const listed = await call('POST', '/server/list', { key: name, skip: 0, limit: pageSize });
    const known = listAt(listed, 'data').find((each) => dig(each, 'serverName') === name);
    const made =
      known ?? (await call('POST', '/server/add', { serverName: name, url: `${new URL(url).origin}/` }));
    const id = textAt(made, 'id');
    if (id === undefined) throw new Fault('unavailable', 'the service gave its entry for us no id');
    return id;
  }

  async function find(mac: string): Promise<unknown> {
    const listed = await call('POST', '/device/list', { key: mac, skip: 0, limit: pageSize });
    return listAt(listed, 'data').find((each) => plain(textAt(each, 'mac')) === mac);
  }

  return {
    check: async () => void (await call('GET', '/device/serverList')),

    async register(mac, url) {
      serverId ??= await serverOf(url);
      try {
        await call('POST', '/device/add', { macs: [mac], serverId, uniqueServerUrl: url });
        return;
      } catch (error) {
        if (!isSaid(error, 'device.mac.existed')) throw error;
      }
      const id = textAt(await find(mac), 'id');
      if (id === undefined) {
        throw refused('device.mac.existed: the phone belongs to another account; its owner must release it');
      }
      await call('POST', '/device/edit', { id, serverId, uniqueServerUrl: url });
    },

    async lookUp(mac) {
      const found = await find(mac);
      const url = textAt(found, 'uniqueServerUrl') ?? textAt(found, 'serverUrl');
      return { isRegistered: found !== undefined, url };
    },

    async remove(mac) {
      try {
        await call('POST', '/device/delete', { macs: [mac] });
      } catch (error) {
        if (!isSaid(error, 'device.not.found')) throw error;
      }
    },
  };
}

/** Undefined: it is done. */
function refusalIn(answer: Answer): string | undefined {
  if (answer.status >= 400 && !answer.body.trimStart().startsWith('{')) return saidIn(answer);
  const body = parseJson(answer);
  const ret = dig(body, 'ret');
  if (typeof ret === 'number' && ret >= 0 && answer.status < 300) return undefined;
  // The documentation writes `error`; an older answer had `errors`.
  const error = dig(body, 'error') ?? dig(body, 'errors');
  const fields = listAt(error, 'fieldErrors').map((each) => textAt(each, 'msg'));
  return textAt(error, 'msg') ?? fields.find((each) => each !== undefined) ?? saidIn(answer);
}

const isSaid = (error: unknown, said: string) => Fault.is(error, 'forbidden') && error.facts.said === said;

const plain = (mac: string | undefined) => mac?.replace(/[^0-9A-Fa-f]/g, '').toLowerCase();

const hashOf = (name: 'md5' | 'sha256', text: string, as: 'hex' | 'base64') =>
  createHash(name).update(text).digest(as);
