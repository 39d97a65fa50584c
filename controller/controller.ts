/**
 * The controller: every room, and who is told what by whom.
 *
 *     agents ── hub ─┬─ onSip ── sip core ─┬─ login line (the IVR) ── sessions
 *                    │                     └─ change-overs ────────── sessions
 *                    └─ onHttp ─ provisioning ── change-overs ─────── sessions
 *     admin ─── api ── store, sessions, hub
 */

import { join } from 'node:path';
import type { Logger } from 'pino';
import { createSignIn, firstSetup } from '#controller/api/access/sign-in.ts';
import { apiPath } from '#controller/api/app.ts';
import { openCertificate } from '#controller/api/certificate.ts';
import { createEventLog } from '#controller/api/event-log.ts';
import { createStreams } from '#controller/api/events.ts';
import { listenApi } from '#controller/api/listen.ts';
import { auditFolder } from '#controller/audit/files.ts';
import { openAudit } from '#controller/audit/log.ts';
import { recordSessions } from '#controller/audit/sessions.ts';
import { createLocationUrls } from '#controller/emergency/location-urls.ts';
import { createNotices } from '#controller/emergency/notices.ts';
import { createLoginLine } from '#controller/ivr/line.ts';
import { openOwnPrompts } from '#controller/ivr/own-prompts.ts';
import { createCallMedia } from '#controller/media/call-media.ts';
import { createLocalPorts, withOwnPorts } from '#controller/media/ports.ts';
import { createAdoption } from '#controller/provisioning/adoption.ts';
import type { Addresses } from '#controller/provisioning/config.ts';
import { resyncEventOf, takesSha256 } from '#controller/provisioning/models.ts';
import { createProvisioning } from '#controller/provisioning/provisioning.ts';
import { createRedirections } from '#controller/provisioning/rps/redirections.ts';
import { createSipStrangers } from '#controller/provisioning/sip-strangers.ts';
import { createUnknownPhones } from '#controller/provisioning/unknown-phones.ts';
import { createDownloads } from '#controller/release/downloads.ts';
import { createOffers } from '#controller/release/offers.ts';
import { openRelease } from '#controller/release/release.ts';
import { createDeskHistory } from '#controller/sessions/desk-history.ts';
import { createSessions } from '#controller/sessions/sessions.ts';
import { createSipCore, type SipCore } from '#controller/sip/core.ts';
import { createTrace } from '#controller/sip/trace.ts';
import { openStore } from '#controller/store/store.ts';
import { type Hub, listenHub } from '#controller/tunnel/hub.ts';
import { openPageCertificate } from '#controller/tunnel/page-certificate.ts';
import { createWebhooks } from '#controller/webhooks/webhooks.ts';
import type { HostPort } from '#protocol/address.ts';
import { formatHostPort } from '#protocol/address.ts';
import { systemClock } from '#protocol/clock.ts';
import type { PortRange } from '#protocol/media/port-pool.ts';
import { createBackup } from './backup.ts';
import type { ApiTls } from './config.ts';
import { createEmergencies } from './emergencies.ts';
import { checkTlsKey, isFirstStart } from './first-start.ts';
import { createHappenings } from './happenings.ts';
import { createKeys } from './keys.ts';
import { openMasterKey } from './master-key.ts';

export type ControllerOptions = {
  /** The data folder. */
  data: string;
  /** Where agents come in. */
  listen: HostPort;
  apiListen: HostPort;
  /** Absent: plain HTTP, on loopback. */
  apiTls?: ApiTls;
  /** For calls to upstreams; absent: any. */
  rtpPorts?: PortRange | undefined;
  /** As offices reach `listen`, with its port; absent: guessed. */
  publicHost?: string;
  /** How long calls may hold up an agent's new version; infinite: none is offered. */
  upgradeWaitMs?: number;
  /** The folder of the built programs: what agents are installed from. */
  programs?: string;
  /** Where the API's /location is reached from outside. */
  locationUrl?: string;
  log: Logger;
};

export interface Controller {
  /** What an agent is told: `wss://address:port`. */
  readonly tunnel: string;
  readonly api: string;
  /** Where the first account is made, while there is none: good once, for a day. */
  readonly setup?: string;
  /** At the files of the page's certificate, for newer ones. */
  lookAgain(): Promise<void>;
  close(): Promise<void>;
}

export async function openController({
  data,
  listen,
  apiListen,
  apiTls = { type: 'none' },
  rtpPorts,
  publicHost,
  upgradeWaitMs = 4 * 3_600_000,
  programs,
  locationUrl,
  log,
}: ControllerOptions): Promise<Controller> {
  const folder = join(data, 'store');
  const clock = systemClock;
  const keys = createKeys(await openMasterKey(data, await isFirstStart(data)));
  const store = await openStore({ folder, log });
  const happenings = createHappenings(log);
  const { tell } = happenings;
  const opened: { close(): unknown }[] = [store];

  try {
    checkTlsKey(data, store);
    const audit = await openAudit({ folder: auditFolder(data), clock, log });
    opened.push(audit);
    happenings.watch(recordSessions(audit));
    const release = programs === undefined ? undefined : await openRelease(programs, data);
    const downloads = release && createDownloads(release);
    // Nobody says how it is before the lines below have run, as for the hub's.
    const isBusy = (agent: string) => {
      const site = store.get('agents', agent)?.site ?? '';
      return media.calls().some((call) => call.endedAt === undefined && call.sites.includes(site));
    };
    const offers = release && createOffers({ release, isBusy, clock, log, maxWaitMs: upgradeWaitMs });
    const hub = await listenHub({
      listen,
      publicHost,
      folder: data,
      store,
      clock,
      log,
      // No agent can have sent a frame before the lines below have run: it has an upgrade to make first.
      onSip: (flow, bytes) => core.receive(flow, bytes),
      onHttp: (request) => provisioning.answer(request),
      onHeard: (phone) => unknownPhones.heard(phone),
      onLink(agent, site, isUp) {
        tell({ type: 'agent', agent, site, isUp });
        if (isUp) sessions.reached(site);
      },
      release: release &&
        downloads &&
        offers && { key: release.key, answer: downloads.answer, onStatus: offers.onStatus },
    });
    opened.push(hub);
    if (offers !== undefined) opened.push(offers);

    const adoption = createAdoption({ store, clock });
    const provisioning = createProvisioning({
      store,
      keys,
      log,
      changeOvers: { fetched: (device, etag) => sessions.fetched(device, etag) },
      addressesOf: rememberAddresses(hub),
      certificateOf: hub.certificateOf,
      adoption,
      clock,
    });
    opened.push(provisioning);
    const unknownPhones = createUnknownPhones({ store, urlOf: provisioning.urlOf, clock });
    const strangers = createSipStrangers({ heard: unknownPhones.heard, who: hub.who, clock });
    const redirections = createRedirections({ store, keys, urlOf: provisioning.urlOf, clock, log });
    opened.push(redirections);
    const sessions = createSessions({
      store,
      keys,
      clock,
      log,
      resync: (device) => core.resync(device),
      configEtag: provisioning.etagOf,
      isInCall: (device) => core.isInCall(device),
      tell,
    });
    opened.push(sessions, createDeskHistory({ store, happenings, clock, log }));
    const ownPrompts = await openOwnPrompts({ data, log });
    const line = createLoginLine({ sessions, store, media: hub, clock, log, voices: ownPrompts.voices });
    const mediaOf = (site: string) => store.get('sites', site)?.media ?? 'direct';
    const own = createLocalPorts({ range: rtpPorts, clock, log });
    opened.push(own);
    const onCall = ({ id, sites }: { id: string; sites: readonly string[] }) =>
      tell({ type: 'call', id, sites });
    const media = createCallMedia({ ports: withOwnPorts(hub, own), mediaOf, clock, log, onCall });
    opened.push(media);
    const locations =
      locationUrl === undefined ? undefined : createLocationUrls(locationUrl, { keys, clock });
    const trace = createTrace({ clock });
    const core: SipCore = createSipCore({
      store,
      keys,
      flows: hub,
      changeOvers: sessions,
      line,
      media,
      clock,
      log,
      takesSha256,
      resyncEventOf,
      onStranger: strangers.take,
      trace: trace.note,
      ...(locations !== undefined && { locationUrl: locations.urlOf }),
    });
    // The line before the core: calls that it ends have their BYE to send.
    opened.push(trace, core, line);
    const notices = createNotices({
      list: core.emergency.list,
      contactsOf: (site) => store.get('sites', site)?.emergencyContacts,
      secretOf: keys.webhookSecret,
      clock,
      log,
    });
    const webhooks = createWebhooks({ store, keys, happenings, clock, log });
    opened.push(notices, webhooks);
    const eventLog = createEventLog({ store, happenings, clock });
    const events = createStreams({ log: eventLog, clock });
    const files =
      apiTls.type === 'made'
        ? await openPageCertificate(data, apiTls.names)
        : apiTls.type === 'files'
          ? apiTls
          : undefined;
    const tls = files && (await openCertificate({ files, clock, log }));
    if (tls !== undefined) opened.push(tls);
    const api = await listenApi({
      ...createSignIn(store, keys, clock),
      tls,
      listen: apiListen,
      socket: join(data, 'control.sock'),
      store,
      audit,
      sessions,
      changeOvers: sessions,
      provisioning,
      unknownPhones,
      adoption,
      pins: sessions,
      hub,
      keys,
      upstreams: core.upstreams,
      redirections,
      emergency: createEmergencies({ store, keys, emergency: core.emergency, locations }),
      calls: media.calls,
      quality: media.quality,
      ownPrompts,
      phones: core,
      webhooks,
      backup: () => createBackup({ store, data, keys, now: clock.wall() }),
      events,
      trace,
      problem: () => store.problem,
      counters: () => ({
        sip: core.counters,
        tunnel: hub.counters,
        config: provisioning.counters,
        unknownPhones: { ...unknownPhones.counters, ...strangers.counters },
        redirection: redirections.counters,
        login: line.counters,
        media: media.counters,
        upstream: { ...core.upstreams.counters, ...own.counters },
        notices: notices.counters,
        webhooks: webhooks.counters,
        events: events.counters,
        ...(downloads && { release: { ...downloads.counters, ...offers?.counters } }),
      }),
      clock,
      log,
    });
    // The listeners first: they would keep the API open.
    opened.push(eventLog, api, events);

    const setup = await firstSetup(store, clock, api.url);
    let closing: Promise<void> | undefined;
    return {
      tunnel: `wss://${formatHostPort(hub.address)}`,
      api: `${api.url}${apiPath}`,
      ...(setup !== undefined && { setup }),
      lookAgain: async () => await tls?.lookAgain(),
      close: () => (closing ??= closeAll(opened)),
    };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** The last opened first: nobody is asked by somebody who is still open. */
async function closeAll(opened: readonly { close(): unknown }[]): Promise<void> {
  for (const thing of opened.toReversed()) await thing.close();
}

/**
 * Where a site's phones reach their agent: what the agent said last, also while
 * it is away, so that a config does not change when a tunnel falls. Of several
 * agents of a site the first by name writes itself into configs.
 */
function rememberAddresses(hub: Pick<Hub, 'agents'>): (site: string) => Addresses | undefined {
  const known = new Map<string, Addresses>();
  return (site) => {
    const up = hub
      .agents()
      .filter((agent) => agent.site === site && agent.isUp)
      .sort((a, b) => (a.agent < b.agent ? -1 : 1));
    for (const { sip, sipTcp, sipTls, http, https } of up) {
      if (sip === undefined || http === undefined) continue;
      known.set(site, { sip, sipTcp, sipTls, http, https });
      break;
    }
    return known.get(site);
  };
}
