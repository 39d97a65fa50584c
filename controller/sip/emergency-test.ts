/**
 * A test of a site's emergency routes, which calls nobody: the same ways out and
 * the same INVITE as in a call, but what leaves is an OPTIONS.
 *
 *     step       holds when
 *     device     there is one to test with
 *     exit       the route leads somewhere: its agent or upstream is there
 *     place      the PIDF-LO is whole, where the route wants one
 *     invite     the INVITE, written and read again, has the device's numbers and the place
 *     answer     the other side answered the OPTIONS: whatever is no 5xx
 */

import { checkPidfLo, pidfLoType } from '#controller/emergency/pidf-lo.ts';
import type { Device, Site } from '#controller/model/model.ts';
import type { EmergencyRoute } from '#controller/model/place.ts';
import type { EmergencyReport, EmergencyStep, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { createRequest, formatMessage, parseMessage, type SipMessage } from '#protocol/sip/message.ts';
import type { Transactions } from '#protocol/sip/transactions.ts';
import { readParts } from './b2bua.ts';
import type { Directory } from './directory.ts';
import { type Exit, inEmergency, siteOf, type WaysOut } from './emergency.ts';
import { hostFacing, type Peer, viaFacing } from './peer.ts';

export type EmergencyTestOptions = {
  store: Store;
  directory: Pick<Directory, 'bindingOf'>;
  transactions: Pick<Transactions<Peer>, 'request'>;
  waysOut: WaysOut;
  clock: Clock;
  random: (bytes: number) => Uint8Array;
  patienceMs?: number;
};

export type EmergencyTest = (site: Site, device?: Device) => Promise<EmergencyReport>;

export type EmergencyTests = {
  test: EmergencyTest;
  /** Routes that failed when they were last tested, while the site is as it was then. */
  problemsOf(site: Site): string[];
};

const sample =
  'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n';

export function createEmergencyTests(options: EmergencyTestOptions): EmergencyTests {
  const { store, directory, transactions, waysOut, clock, random, patienceMs = 3_000 } = options;
  const failed = new Map<string, { revision: number | undefined; routes: ReadonlySet<string> }>();
  const revisionOf = ({ id }: Site) => store.get('sites', id)?.revision;
  const token = () => Buffer.from(random(9)).toString('base64url');

  /** The one that is registered, so that a whole call could be made. */
  function deviceOf(site: Site): Device | undefined {
    const all = store.list('devices').filter((device) => device.site === site.id);
    return all.find(({ id }) => directory.bindingOf(id) !== undefined) ?? all[0];
  }

  /** Undefined: it is as it should be. */
  function wrongInInvite(
    device: Device,
    number: string,
    route: EmergencyRoute,
    exit: Exit,
  ): string | undefined {
    const flow = directory.bindingOf(device.id)?.flow;
    const peer: Peer = flow === undefined ? exit.peer : { type: 'flow', flow };
    const near = { peer, device: device.id, user: device.id };
    const phone = hostFacing(peer);
    const request = createRequest({
      method: 'INVITE',
      uri: `sip:${number}@${phone}`,
      headers: [
        ['Via', viaFacing(peer, `z9hG4bK${token()}`)],
        ['From', `<sip:${device.id}@${phone}>;tag=${token()}`],
        ['To', `<sip:${number}@${phone}>`],
        ['Call-ID', token()],
        ['CSeq', '1 INVITE'],
        ['Contact', `<sip:${device.id}@${phone}>`],
        ['Content-Type', 'application/sdp'],
      ],
      body: Buffer.from(sample),
    });
    const { location } = route;
    const built = waysOut.invite(request, near, { name: '', number, location, exit }, 0).request;
    waysOut.locate(built, near, route);
    return wrongIn(parseMessage(formatMessage(built)), inEmergency(store, device.id, siteOf(peer)), location);
  }

  function ask({ peer, uri }: Exit, device: Device): Promise<{ ok: boolean; detail: string }> {
    const host = hostFacing(peer);
    const { caller, callback } = inEmergency(store, device.id);
    const request = createRequest({
      method: 'OPTIONS',
      uri: uri.replace(/^sip:[^@]*@/, 'sip:'),
      headers: [
        ['Via', viaFacing(peer, `z9hG4bK${token()}`)],
        ['From', `<sip:${caller.user}@${host}>;tag=${token()}`],
        ['To', `<${uri.replace(/^sip:[^@]*@/, 'sip:')}>`],
        ['Call-ID', token()],
        ['CSeq', '1 OPTIONS'],
        ['Contact', `<sip:${callback}@${host}>`],
        ['Accept', `application/sdp, ${pidfLoType}`],
      ],
    });
    const began = clock.now();
    return new Promise((resolve) => {
      const stopWatch = clock.after(patienceMs, () =>
        resolve({ ok: false, detail: `no answer in ${patienceMs} ms` }),
      );
      const settle = (ok: boolean, detail: string) => {
        stopWatch();
        resolve({ ok, detail });
      };
      const on = {
        response({ start }: SipMessage) {
          if (start.type !== 'response' || start.status < 200) return;
          settle(start.status < 500, `${start.status} after ${Math.round(clock.now() - began)} ms`);
        },
        end: (why: string) => settle(false, why),
      };
      try {
        transactions.request(request, peer, on, { isExempt: true });
      } catch (error) {
        if (!Fault.is(error)) throw error;
        settle(false, error.message);
      }
    });
  }

  async function testRoute(
    device: Device,
    number: string,
    { name, route, exits }: ReturnType<WaysOut['routesOf']>[number],
  ): Promise<EmergencyStep[]> {
    const step = (what: string, ok: boolean, detail: string): EmergencyStep => ({
      route: name,
      step: what,
      ok,
      detail,
    });
    const [exit] = exits;
    if (exit === undefined) return [step('exit', false, 'leads nowhere: not configured, or not connected')];
    const steps = [step('exit', true, exit.uri)];
    const broken = checkPidfLo(waysOut.pidfLoOf(device));
    if (route.location !== 'none') steps.push(step('place', broken === undefined, broken ?? route.location));
    if (broken === undefined || route.location === 'none') {
      const wrong = wrongInInvite(device, number, route, exit);
      steps.push(step('invite', wrong === undefined, wrong ?? inEmergency(store, device.id).caller.user));
    }
    const answers = await Promise.all(exits.map((each) => ask(each, device)));
    return [...steps, ...answers.map(({ ok, detail }) => step('answer', ok, detail))];
  }

  async function test(site: Site, device = deviceOf(site)): Promise<EmergencyReport> {
    const revision = revisionOf(site);
    const [number = ''] = site.emergencyNumbers;
    if (device === undefined) {
      const step = { route: '', step: 'device', ok: false, detail: 'the site has no device' };
      return { ok: false, device: null, number, steps: [step] };
    }
    const all = await Promise.all(
      waysOut.routesOf(site, number).map((route) => testRoute(device, number, route)),
    );
    const steps = all.flat();
    const wrong = steps.filter(({ ok }) => !ok).map(({ route }) => route);
    if (wrong.length === 0) failed.delete(site.id);
    else failed.set(site.id, { revision, routes: new Set(wrong) });
    return { ok: wrong.length === 0, device: device.id, number, steps };
  }

  return {
    test,
    problemsOf(site) {
      const last = failed.get(site.id);
      if (last === undefined || last.revision !== revisionOf(site)) return [];
      return [...last.routes].map((name) => `emergency route ${name}: its last test failed`);
    },
  };
}

function wrongIn(
  invite: SipMessage,
  { caller, callback }: ReturnType<typeof inEmergency>,
  location: EmergencyRoute['location'],
): string | undefined {
  const wanted = [
    ['From', `sip:${caller.user}@`],
    ['P-Asserted-Identity', `sip:${caller.user}@`],
    ['Contact', `sip:${callback}@`],
  ] as const;
  const wrong = wanted.find(([name, text]) => invite.get(name)?.includes(text) !== true);
  if (wrong !== undefined) return `${wrong[0]} is ${invite.get(wrong[0])}`;
  const geolocation = invite.get('Geolocation') ?? '';
  if (location === 'none') return geolocation === '' ? undefined : 'a Geolocation';
  if (location === 'reference')
    return /^<https:[^>]+>$/.test(geolocation) ? undefined : 'no URL of the place';
  const parts = readParts(invite) ?? [];
  const pidf = parts.find(({ id, type }) => type === pidfLoType && geolocation === `<cid:${id}>`);
  if (pidf === undefined || parts[0]?.type !== 'application/sdp')
    return 'no multipart body with SDP and PIDF-LO';
  return checkPidfLo(Buffer.from(pidf.body).toString());
}
