/**
 * The vendors' services as their documentation has them, on this machine. Each
 * checks what proves the sender by its own reckoning, and not by our code.
 */

import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Asked = { method: string; path: string; headers: IncomingMessage['headers']; body: string };
export type Said = { status?: number; headers?: Record<string, string>; body?: unknown };
export type Vendor = {
  url: string;
  asked: Asked[];
  /** What is answered before the service itself looks at it. */
  instead: Said[];
  close(): Promise<void>;
};

export const account = { name: 'key-1', secret: 'canary-5f2e' };

export async function openVendor(answer: (asked: Asked) => Said): Promise<Vendor> {
  const asked: Asked[] = [];
  const instead: Said[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      asked.push(one);
      const { status = 200, headers = {}, body = '' } = instead.shift() ?? answer(one);
      if (status === 0) return; // says nothing at all
      response.writeHead(status, headers);
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    instead,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

// --- Yealink RPS ------------------------------------------------------------------

/** `others`: phones that belong to somebody else. */
export function yealinkRpsServer(others: readonly string[] = []) {
  const devices = new Map<string, { id: string; mac: string; uniqueServerUrl: string }>();
  const servers: { id: string; serverName: string; url: string }[] = [];
  const nonces = new Set<unknown>();

  function isSigned({ method, path, headers, body }: Asked): boolean {
    const nonce = String(headers['x-ca-nonce']);
    if (nonces.has(nonce)) return false;
    nonces.add(nonce);
    const md5 = createHash('md5').update(body).digest('base64');
    if (body !== '' && headers['content-md5'] !== md5) return false;
    const lines = [
      method,
      ...(body === '' ? [] : [`Content-MD5:${md5}`]),
      `X-Ca-Key:${account.name}`,
      `X-Ca-Nonce:${nonce}`,
      `X-Ca-Timestamp:${headers['x-ca-timestamp']}`,
      path.slice(1),
    ];
    const right = createHmac('sha256', account.secret).update(lines.join('\n')).digest('base64');
    return headers['x-ca-signature'] === right && headers['x-ca-key'] === account.name;
  }

  const good = (data: unknown): Said => ({ body: { ret: 1, data, error: null } });
  const bad = (msg: string): Said => ({
    body: { ret: -1, data: null, error: { msg: null, fieldErrors: [{ field: 'macs', msg }] } },
  });

  function answer(asked: Asked): Said {
    if (!isSigned(asked)) return { status: 401, body: { ret: -1, error: { msg: 'signature.invalid' } } };
    const body = asked.body === '' ? {} : (JSON.parse(asked.body) as Record<string, unknown>);
    const [mac = ''] = (body.macs as string[] | undefined) ?? [];
    switch (asked.path) {
      case '/api/open/v1/device/serverList':
        return good(servers);
      case '/api/open/v1/server/list':
        return good({ total: servers.length, data: servers });
      case '/api/open/v1/server/add': {
        const server = { id: 's1', serverName: String(body.serverName), url: String(body.url) };
        servers.push(server);
        return good(server);
      }
      case '/api/open/v1/device/add':
        if (body.serverId !== 's1') return bad('server.not.found');
        if (devices.has(mac) || others.includes(mac)) return bad('device.mac.existed');
        devices.set(mac, { id: `d${mac}`, mac, uniqueServerUrl: String(body.uniqueServerUrl) });
        return good([]);
      case '/api/open/v1/device/list':
        return good({ data: [...devices.values()].filter((each) => each.mac === body.key) });
      case '/api/open/v1/device/edit': {
        const found = [...devices.values()].find(({ id }) => id === body.id);
        if (found === undefined) return bad('device.not.found');
        found.uniqueServerUrl = String(body.uniqueServerUrl);
        return good({});
      }
      case '/api/open/v1/device/delete':
        return devices.delete(mac) ? good({}) : bad('device.not.found');
      default:
        return { status: 404 };
    }
  }
  return { answer, urlOf: (mac: string) => devices.get(mac)?.uniqueServerUrl };
}

// --- Yealink YMCS -----------------------------------------------------------------

export function yealinkYmcsServer(others: readonly string[] = []) {
  const devices = new Map<string, string>();
  const tokens = new Set<string>();
  const basic = `Basic ${Buffer.from(`${account.name}:${account.secret}`).toString('base64')}`;

  function answer({ method, path, headers, body: text }: Asked): Said {
    const isStamped = /^\d{13}$/.test(String(headers.timestamp)) || /^\d+$/.test(String(headers.timestamp));
    if (method !== 'POST' || !isStamped || !/^[0-9a-f]{32}$/.test(String(headers.nonce)))
      return { status: 400, body: { code: 900400, message: 'bad request' } };
    if (path === '/v2/token') {
      if (headers.authorization !== basic)
        return { status: 401, body: { code: 900401, message: 'bad client' } };
      const token = `t${tokens.size + 1}`;
      tokens.add(token);
      return { body: { access_token: token, token_type: 'bearer', expires_in: 3_600 } };
    }
    if (!tokens.has(String(headers.authorization).replace('Bearer ', '')))
      return { status: 401, body: { code: 900401, message: 'bad token' } };
    const body = JSON.parse(text) as Record<string, unknown>;
    switch (path) {
      case '/v2/rps/listDevices': {
        const { mac = '' } = (body.filter ?? {}) as { mac?: string };
        const url = devices.get(mac);
        return {
          body: { skip: 0, limit: 10, data: url === undefined ? [] : [{ mac, uniqueServerUrl: url }] },
        };
      }
      case '/v2/rps/addDevicesByMac': {
        const [{ mac, uniqueServerUrl }] = body as unknown as [{ mac: string; uniqueServerUrl: string }];
        if (devices.has(mac) || others.includes(mac)) {
          const errors = [{ mac, errorInfo: 'Resource already exists' }];
          return { body: { total: 1, successCount: 0, failureCount: 1, errors } };
        }
        devices.set(mac, uniqueServerUrl);
        return { body: { total: 1, successCount: 1, failureCount: 0, errors: [] } };
      }
      case '/v2/rps/delDevices': {
        const [mac = ''] = body.deviceIds as string[];
        const isGone = body.deviceIdType === 'mac' && devices.delete(mac);
        return {
          body: { total: 1, successCount: Number(isGone), failureCount: Number(!isGone), errors: [] },
        };
      }
      default:
        return { status: 404 };
    }
  }
  return { answer, urlOf: (mac: string) => devices.get(mac), forgetTokens: () => tokens.clear() };
}

// --- Snom SRAPS, Gigaset GRAPE ------------------------------------------------------

/** `setting` is on the second page of the settings. */
export function directoryServer(setting: string, others: readonly string[] = []) {
  const endpoints = new Map<string, string>();
  const nonces = new Set<string>();
  let base = '';

  function isSigned({ method, path, headers, body }: Asked): boolean {
    const header = String(headers.authorization);
    const field = (name: string) => new RegExp(`[ ,]${name}="([^"]*)"`).exec(header)?.[1] ?? '';
    const [ts, nonce] = [field('ts'), field('nonce')];
    if (!header.startsWith('Hawk ') || field('id') !== account.name || nonces.has(nonce)) return false;
    nonces.add(nonce);
    const type = (headers['content-type'] ?? '').split(';')[0] ?? '';
    const hash = createHash('sha256').update(`hawk.1.payload\n${type}\n${body}\n`).digest('base64');
    const [host = '', port = ''] = String(headers.host).split(':');
    const text = ['hawk.1.header', ts, nonce, method, path, host, port, hash, '', ''].join('\n');
    const mac = createHmac('sha256', account.secret).update(text).digest('base64');
    return field('hash') === hash && field('mac') === mac;
  }

  function answer(asked: Asked): Said {
    base = `http://${asked.headers.host}/api/v1/`;
    if (!isSigned(asked)) return { status: 401, body: { message: 'Bad mac' } };
    const path = asked.path.replace('/api/v1/', '');
    if (path === `tokens/${account.name}`) return { body: { links: { company: `${base}companies/7/` } } };
    if (path === 'companies/7/') return { body: { links: { endpoints: `${base}companies/7/endpoints/` } } };
    if (path.startsWith('settings/')) return settings(path);
    const mac = /^companies\/7\/endpoints\/([0-9a-f]{12})$/.exec(path)?.[1];
    return mac === undefined ? { status: 404, body: { message: 'no such resource' } } : endpoint(mac, asked);
  }

  function settings(path: string): Said {
    if (path.includes('page=2')) return { body: [{ uuid: 'u-url', param_name: setting }] };
    const next = `<${base}settings/?page_size=1000&page=2>; rel="next", <${base}settings/>; rel="first"`;
    return { headers: { link: next }, body: [{ uuid: 'u-x', param_name: 'language' }] };
  }

  function endpoint(mac: string, { method, body }: Asked): Said {
    if (others.includes(mac)) return { status: 403, body: { message: 'owned by another company' } };
    if (method === 'PUT') {
      const { settings_manager: set, ...rest } = JSON.parse(body) as Record<string, unknown>;
      const { 'u-url': url } = set as { 'u-url': { value: string; attrs: { perm: string } } };
      if (rest.mac !== mac || rest.autoprovisioning_enabled !== true || url.attrs.perm !== 'RW')
        return { status: 400 };
      endpoints.set(mac, url.value);
      return { body: {} };
    }
    if (!endpoints.has(mac)) return { status: 404, body: { message: 'no such endpoint' } };
    if (method === 'GET') return { body: { settings_manager: { 'u-url': { value: endpoints.get(mac) } } } };
    endpoints.delete(mac);
    return { status: 204 };
  }
  return { answer, urlOf: (mac: string) => endpoints.get(mac) };
}

// --- Fanvil FDPS ------------------------------------------------------------------------

export function fanvilFdpsServer(others: readonly string[] = []) {
  const groups = new Map<string, string>();
  const phones = new Map<string, string>();
  const md5 = (text: string) => createHash('md5').update(text).digest('hex');
  const basic = `Basic ${Buffer.from(`${account.name}:${md5(md5(account.secret))}`).toString('base64')}`;

  const reply = (isDone: boolean, said: string): Said => ({
    headers: { 'content-type': 'text/xml' },
    body:
      '<?xml version="1.0"?><methodResponse><params><param><value><array><data>' +
      `<value><boolean>${isDone ? 1 : 0}</boolean></value><value><string>${said}</string></value>` +
      '</data></array></value></param></params></methodResponse>',
  });

  function answer({ headers, body }: Asked): Said {
    if (headers.authorization !== basic) return { status: 401, body: '<html><h1>Unauthorized</h1></html>' };
    const method = /<methodName>redirect\.(\w+)<\/methodName>/.exec(body)?.[1];
    const texts = [...body.matchAll(/<string>([^<]*)<\/string>/g)].map(([, text = '']) => text);
    const [first = '', second = ''] = texts;
    switch (method) {
      case 'checkDevice':
        return phones.has(first) ? reply(true, 'Registered') : reply(false, 'Unregistered');
      case 'deleteServer':
        return groups.delete(first) ? reply(true, 'Ok') : reply(false, 'Error:server_not_exist');
      case 'addMaterialServer': {
        const set = Object.fromEntries(texts.map((text) => text.split('=')));
        if (!body.includes('<array><data>')) return reply(false, 'Error:bad_args');
        const scheme = { 4: 'http', 5: 'https' }[String(set.cfgPfProt)];
        groups.set(String(set.cfgName), `${scheme}://${set.cfgPfSrv}${set.cfgPfName}`);
        return reply(true, 'Ok');
      }
      case 'deRegisterDevice':
        return phones.delete(first) ? reply(true, 'Ok') : reply(false, 'Error:no_such_mac');
      case 'registerDevice':
        if (!groups.has(second)) return reply(false, 'Error:invalid_server');
        if (others.includes(first.toLowerCase())) return reply(false, 'Error:owned_by_other_user');
        phones.set(first, second);
        return reply(true, 'Ok');
      default:
        return reply(false, 'Error:no_such_method');
    }
  }
  return {
    answer,
    urlOf: (mac: string) => groups.get(phones.get(mac.toUpperCase()) ?? ''),
  };
}
