/**
 * Snom's SRAPS and Gigaset's GRAPE are one product: a REST API by links, each
 * request signed with Hawk, its payload too.
 *
 *     GET tokens/‹key id›         → {links: {company}}
 *     GET ‹company›               → {links: {endpoints}}
 *     GET settings/?page_size=…   → [{uuid, param_name}], more by Link: <…>; rel="next"
 *     PUT, GET, DELETE ‹endpoints›‹mac›
 *
 * A phone's URL is one of its settings there, by the setting's uuid. Sources
 * differ on whether SRAPS takes it as `provisioning_url` instead.
 */

import { Fault } from '#protocol/fault.ts';
import { hawkHeader } from './hawk.ts';
import {
  type Answer,
  type Context,
  isGood,
  json,
  listAt,
  type Method,
  parseJson,
  type Request,
  refused,
  type Service,
  saidIn,
  textAt,
} from './service.ts';

const maxPages = 20;

/** `setting`: the name of the setting that is the phone's URL. */
export function openDirectory({ account, send, wall, nonce }: Context, setting: string): Service {
  const base = account.url.replace(/\/*$/, '/');
  let found: { endpoints: string; uuid: string } | undefined;

  function sign(method: Method, url: string, content: object | undefined): Request {
    const body = content === undefined ? undefined : JSON.stringify(content);
    const contentType = body === undefined ? undefined : 'application/json';
    const ts = Math.floor(wall() / 1_000);
    const signed = { method, url, contentType, body, ts, nonce: nonce() };
    return {
      method,
      url,
      headers: {
        Accept: 'application/json',
        ...(contentType !== undefined && { 'Content-Type': contentType }),
        Authorization: hawkHeader(account.name, account.secret, signed),
      },
      ...(body !== undefined && { body }),
    };
  }

  /** Links are followed within the service alone: a request signed for it is of no use elsewhere, but its secrets are. */
  const ask = (method: Method, url: string, content?: object): Promise<Answer> => {
    if (new URL(url, base).origin !== new URL(base).origin) {
      throw new Fault('forbidden', 'the service links to another host');
    }
    return send(() => sign(method, new URL(url, base).href, content));
  };

  async function get(url: string): Promise<Answer> {
    const answer = await ask('GET', url);
    if (isGood(answer)) return answer;
    throw refused(saidIn(answer));
  }

  async function link(url: string, name: string): Promise<string> {
    const to = textAt(parseJson(await get(url)), 'links', name);
    if (to === undefined) throw new Fault('unavailable', `the service names no ${name}`);
    return to;
  }

  const findEndpoints = async () =>
    (await link(await link(`tokens/${encodeURIComponent(account.name)}`, 'company'), 'endpoints')).replace(
      /\/*$/,
      '/',
    );

  async function findSetting(): Promise<string> {
    let url: string | undefined = 'settings/?page_size=1000';
    for (let page = 0; url !== undefined && page < maxPages; page++) {
      const answer: Answer = await get(url);
      const row = listAt(parseJson(answer)).find((each) => textAt(each, 'param_name') === setting);
      const uuid = textAt(row, 'uuid');
      if (uuid !== undefined) return uuid;
      url = nextOf(answer.headers.link);
    }
    throw refused(`it has no setting ${setting}`);
  }

  const find = async () => {
    found ??= { endpoints: await findEndpoints(), uuid: await findSetting() };
    return found;
  };

  return {
    check: async () => void (await findEndpoints()),

    async register(mac, url) {
      const { endpoints, uuid } = await find();
      const answer = await ask('PUT', endpoints + mac, {
        mac,
        autoprovisioning_enabled: true,
        settings_manager: { [uuid]: { value: url, attrs: { perm: 'RW' } } },
      });
      if (!isGood(answer)) throw refused(saidIn(answer));
    },

    async lookUp(mac) {
      const { endpoints, uuid } = await find();
      const answer = await ask('GET', endpoints + mac);
      if (answer.status === 404) return { isRegistered: false };
      if (!isGood(answer)) throw refused(saidIn(answer));
      return { isRegistered: true, url: textAt(parseJson(answer), 'settings_manager', uuid, 'value') };
    },

    async remove(mac) {
      const { endpoints } = await find();
      const answer = await ask('DELETE', endpoints + mac);
      if (!isGood(answer) && answer.status !== 404) throw refused(saidIn(answer));
    },
  };
}

/** RFC 8288 */
function nextOf(header: string | undefined): string | undefined {
  const link = header?.split(',').find((each) => /;\s*rel="?next"?/i.test(each));
  return link === undefined ? undefined : /<([^>]*)>/.exec(link)?.[1];
}

export function rehearseDirectory(setting: string) {
  return ({ method, url }: Request): Answer => {
    const { origin, pathname } = new URL(url);
    if (method !== 'GET') return json({});
    if (pathname.includes('/tokens/')) return json({ links: { company: `${origin}/‹company›/` } });
    if (pathname.includes('/settings/')) return json([{ uuid: '‹uuid›', param_name: setting }]);
    return json({ links: { endpoints: `${origin}/‹company›/endpoints/` } });
  };
}
