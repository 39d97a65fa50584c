/**
 * Answers the requests for config files that agents relay.
 *
 *     /p/<token>/<file>          the config, or what else the phone's make asks for (./vendors.ts)
 *     /p/<token>/site-ca.crt     what a phone that speaks TLS is to trust
 *     /<file>                    the same, once for each phone, in an adoption window (./adoption.ts)
 *
 * The token alone names the device; everything else in a request can only make
 * it refused: another site's agent, another MAC in the name or in the agent's
 * neighbour table or in its certificate, another credential, a file that its make does not have. All refusals are one and the same 404,
 * byte for byte, so that nothing can be learned by asking; the counters tell why.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Keys } from '#controller/keys.ts';
import type { Device } from '#controller/model/model.ts';
import type {
  Changed,
  ConfigBefore,
  ConfigEtag,
  RelayedAnswer,
  RelayedRequest,
  Store,
} from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import type { Adoption } from './adoption.ts';
import { type Asker, createAskers } from './askers.ts';
import { type Addresses, type Config, createConfig, passwordAt, registrarOf, tagged } from './config.ts';
import { answerEntity, type Entity } from './entity.ts';
import { modelOf } from './models.ts';
import { judgeCertificate } from './phone-certificate.ts';
import { createPhoneCredentials } from './phone-credentials.ts';
import { caFile, contentTypeOf, folderUrl } from './vendor.ts';
import { vendorOf } from './vendors.ts';

export type ProvisioningDeps = {
  store: Store;
  keys: Keys;
  log: { info(facts: object, message: string): void; debug(facts: object, message: string): void };
  /** Told of each config file that a phone has from us. */
  changeOvers: { fetched(device: string, etag: string): void };
  /** Undefined while no agent of the site was ever up. */
  addressesOf(site: string): Addresses | undefined;
  /** PEM of the site's CA. */
  certificateOf(site: string): Promise<string>;
  adoption: Pick<Adoption, 'admit' | 'served'>;
  clock: Pick<Clock, 'wall'>;
};

export type ProvisioningCounters = {
  served: number;
  notModified: number;
  unavailable: number;
  /** Files that phones ask for on their own and need not have. */
  absent: number;
  /** Phones that were asked for their credential again: theirs was for an old question. */
  challenged: number;
  /** Served all the same; see ./askers.ts. */
  oddUserAgent: number;
  /** Of phones that came by HTTPS and showed a certificate. */
  certificates: Record<'verified' | 'unverified', number>;
  refused: Record<Refusal, number>;
};

/** Why a request got its 404. */
export type Refusal =
  | 'path'
  | 'token'
  | 'window'
  | 'site'
  | 'mac'
  | 'neighbour'
  | 'certificate'
  | 'credential'
  | 'file';

export interface Provisioning {
  answer(request: RelayedRequest): Promise<RelayedAnswer>;
  readonly etagOf: ConfigEtag;
  /** The folder to type into the phone; ends in `/`. */
  urlOf(device: string): string | undefined;
  /** What the phone would be given now, for people: without what is secret in it. */
  maskedConfigOf(device: string): { contentType: string; etag: string; text: string } | undefined;
  /** What opens the phone's web page, and the menus that ask for a password, once it has had its config. */
  loginOf(device: string): { user: string; password: string } | undefined;
  /** The keys of the device's user that the phone has no room for. */
  cutKeysOf(device: string): Config['cut'];
  /** Who asked for its files last. */
  askerOf(device: string): Asker | undefined;
  readonly counters: ProvisioningCounters;
  close(): void;
}

const maxPath = 256;
const pathForm = /^\/p\/([A-Za-z0-9_-]{22})\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})$/;

export function createProvisioning({
  store,
  keys,
  log,
  changeOvers,
  addressesOf,
  certificateOf,
  adoption,
  clock,
}: ProvisioningDeps): Provisioning {
  const counters: ProvisioningCounters = {
    served: 0,
    notModified: 0,
    unavailable: 0,
    absent: 0,
    challenged: 0,
    oddUserAgent: 0,
    certificates: { verified: 0, unverified: 0 },
    refused: {
      ...{ path: 0, token: 0, window: 0, site: 0, mac: 0, neighbour: 0 },
      ...{ certificate: 0, credential: 0, file: 0 },
    },
  };
  const credentials = createPhoneCredentials({ keys, clock });
  const askers = createAskers(clock);

  /** By the token's hash, so that how long a look-up takes says nothing about tokens. */
  const byToken = new Map<string, { device: string; token: string }>();
  for (const device of store.list('devices')) index(device);
  const unwatch = store.watch((changes) => changes.forEach(follow));

  function index(device: Device): void {
    const token = keys.configToken(device.mac);
    byToken.set(hash(token), { device: device.id, token });
  }

  function follow({ collection, before, after }: Changed): void {
    if (collection !== 'devices') return;
    const [old, device] = [before as Device | undefined, after as Device | undefined];
    if (old !== undefined && old.mac !== device?.mac) byToken.delete(hash(keys.configToken(old.mac)));
    if (device !== undefined) index(device);
    if (old !== undefined && old.mac !== device?.mac) askers.forget(old.id);
  }

  function deviceOf(token: string): Device | undefined {
    const entry = byToken.get(hash(token));
    if (entry === undefined || !timingSafeEqual(Buffer.from(entry.token), Buffer.from(token)))
      return undefined;
    return store.get('devices', entry.device);
  }

  function configOf(device: Device, before: ConfigBefore = {}): Config | undefined {
    const site = before.site ?? store.get('sites', device.site);
    const addresses = addressesOf(device.site);
    if (site === undefined || addresses === undefined || modelOf(device) === undefined) return undefined;
    if (registrarOf(site, addresses) === undefined) return undefined;
    const session = store.get('sessions', device.id);
    const user = session && (before.user ?? store.get('users', session.extension));
    return createConfig({ device, session, user, site, addresses, keys });
  }

  function find(request: RelayedRequest): { device: Device; file: string } | Refusal {
    if (request.path.length > maxPath) return 'path';
    const [, token = '', file = ''] = pathForm.exec(request.path) ?? [];
    if (token === '') return adoption.admit(request);
    const device = deviceOf(token);
    if (device === undefined) return 'token';
    if (device.site !== request.site) return 'site';
    if (request.mac !== undefined && request.mac.toLowerCase() !== device.mac) return 'neighbour';
    const name = file.toLowerCase();
    return [undefined, device.mac].includes(macIn(name)) ? { device, file: name } : 'mac';
  }

  /** False: the certificate is of another phone. */
  function isShownFor({ mac, site }: Device, { certificate }: RelayedRequest): boolean {
    const cas = store.get('sites', site)?.phoneCas;
    const verdict = judgeCertificate(certificate, { mac, cas, now: clock.wall() });
    if (verdict === 'otherMac') return false;
    if (verdict !== 'none') counters.certificates[verdict]++;
    return true;
  }

  async function fileOf(device: Device, file: string): Promise<Wanted | 'file' | 'absent' | 'unavailable'> {
    const [model, vendor] = [modelOf(device), vendorOf(device.vendor)];
    if (model === undefined || vendor === undefined) return 'unavailable';
    if (file === caFile) {
      return { ...tagged(await certificateOf(device.site)), contentType: caType, isConfig: false };
    }
    const found = vendor.fileOf(file, device, model);
    if (found === undefined) return vendor.absent?.test(file) === true ? 'absent' : 'file';
    const isConfig = found.type === 'config';
    const bytes = isConfig ? configOf(device) : tagged(found.text);
    if (bytes === undefined) return 'unavailable';
    return { ...bytes, contentType: contentTypeOf(vendor, model), isConfig };
  }

  function refuse(why: Refusal, { agent, method }: RelayedRequest): RelayedAnswer {
    counters.refused[why]++;
    log.debug({ agent, why }, 'config request refused'); // never the path: it may hold a token
    return notFound(method);
  }

  function challenge(text: string): RelayedAnswer {
    counters.challenged++;
    const headers = { ...plain, 'www-authenticate': text, 'content-length': '0' };
    return { status: 401, headers, body: empty };
  }

  function serve(device: Device, file: string, wanted: Wanted, request: RelayedRequest): RelayedAnswer {
    const { etag, isConfig } = wanted;
    const isBare = !pathForm.test(request.path);
    // Without its token a phone has the file once, and so as a whole.
    const { range: _, ...others } = request.headers;
    const { hasAll, ...answer } = answerEntity(isBare ? { ...request, headers: others } : request, wanted);
    const isDelivered = hasAll && isConfig;
    // Two that asked at once were both let in.
    if (isDelivered && isBare && !adoption.served(device)) return refuse('window', request);
    if (isDelivered) changeOvers.fetched(device.id, etag);
    if (askers.note(device, request.headers['user-agent'] ?? '')) counters.oddUserAgent++;
    if (answer.status === 304) counters.notModified++;
    else {
      counters.served++;
      const facts = {
        agent: request.agent,
        device: device.id,
        file: kindOf(file),
        etag,
        status: answer.status,
      };
      log.info(facts, 'config served');
    }
    return answer;
  }

  return {
    counters,

    async answer(request) {
      const found = find(request);
      if (typeof found === 'string') return refuse(found, request);
      const { device, file } = found;
      if (!isShownFor(device, request)) return refuse('certificate', request);
      const shown = credentials.judge(request, device);
      if (shown === 'wrong') return refuse('credential', request);
      if (typeof shown === 'object') return challenge(shown.challenge);
      const wanted = await fileOf(device, file);
      if (typeof wanted === 'object') return serve(device, file, wanted, request);
      if (wanted === 'file') return refuse(wanted, request);
      if (wanted === 'absent') {
        counters.absent++;
        return { ...notFound(request.method), status: 410 }; // to the phone a 404, and to its agent no guess
      }
      counters.unavailable++;
      return { status: 503, headers: { ...plain, 'retry-after': '5' }, body: empty };
    },

    etagOf(id, before) {
      const device = before?.device ?? store.get('devices', id);
      return device && configOf(device, before)?.etag;
    },

    urlOf(id) {
      const device = store.get('devices', id);
      const addresses = device && addressesOf(device.site);
      return addresses && folderUrl(addresses.http, keys.configToken(device.mac));
    },

    maskedConfigOf(id) {
      const device = store.get('devices', id);
      const config = device && configOf(device);
      const [model, vendor] = [device && modelOf(device), device && vendorOf(device.vendor)];
      if (device === undefined || config === undefined) return undefined;
      if (model === undefined || vendor === undefined) return undefined;
      const { body, etag } = config;
      const secrets = [
        keys.sipSecret(device.id, device.generation),
        passwordAt(vendor, keys.phonePassword(device.mac)),
        keys.configToken(device.mac),
      ];
      const clear = Buffer.from(body).toString();
      const text = secrets.reduce((left, secret) => left.replaceAll(secret, '(hidden)'), clear);
      return { contentType: contentTypeOf(vendor, model), etag, text };
    },

    loginOf(id) {
      const device = store.get('devices', id);
      const vendor = device && vendorOf(device.vendor);
      if (device === undefined || vendor === undefined) return undefined;
      const { adminName = 'admin' } = vendor;
      return { user: adminName, password: passwordAt(vendor, keys.phonePassword(device.mac)) };
    },

    cutKeysOf(id) {
      const device = store.get('devices', id);
      // Where nobody sits nothing is cut, and no config need be made to know it.
      if (device === undefined || store.get('sessions', id) === undefined) return [];
      return configOf(device)?.cut ?? [];
    },

    askerOf: askers.of,

    close: unwatch,
  };
}

type Wanted = Entity & { isConfig: boolean };

const empty = new Uint8Array();
const caType = 'application/x-pem-file';
const plain = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };

function notFound(method: 'GET' | 'HEAD'): RelayedAnswer {
  const body = Buffer.from('not found\n');
  return {
    status: 404,
    headers: { ...plain, 'content-length': String(body.length) },
    body: method === 'HEAD' ? empty : body,
  };
}

const hash = (token: string) => createHash('sha256').update(token).digest('base64url');

/** The address in a file's name, where it has one: a Fanvil asks for `f00000000000`, a Poly for `000000000000`. */
const macIn = (file: string) => /(?:^|[^0-9a-z])(?!f?0{11})([0-9a-f]{12})\./.exec(file)?.[1];

const kindOf = (file: string) => file.slice(file.lastIndexOf('.') + 1);
