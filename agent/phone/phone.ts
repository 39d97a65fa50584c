/**
 * The headless phone: behaves on the wire as the named model would, and tells
 * in events what a person in front of it would see and hear.
 *
 *     power on ─ provision ─ register ─ calls ─┐
 *                    └──── check-sync, once idle ┘   the account changed: register anew
 *
 * As a gateway it has neither: it answers every call and says a tone into it.
 * What a person does are methods; they answer false where the phone would do
 * nothing, and the reason is an `error` event.
 */

import { randomBytes, randomInt } from 'node:crypto';
import { isIP } from 'node:net';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import { type Clock, systemClock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { createResponse, type HeaderList, type SipMessage } from '#protocol/sip/message.ts';
import type { ServerTransaction } from '#protocol/sip/transactions.ts';
import { Calls } from './calls.ts';
import { type Connection, createConnection } from './connection.ts';
import type { PhoneEvent } from './events.ts';
import { createLamps, type Lamps } from './lamps.ts';
import { type Line, type LineOptions, openLine } from './line.ts';
import {
  type Account,
  type CheckSync,
  isSameAccount,
  type LineKey,
  lineKeysOf,
  type Memory,
  toShown,
} from './make.ts';
import { readSource, type Source } from './makes.ts';
import { challengeNotify } from './notify-challenge.ts';
import { type Provisioned, provision } from './provision.ts';
import { createRegistration, type Registration } from './registration.ts';
import { type Apply, createUpdates, type UpdateKind, type Updates } from './updates.ts';
import { openWire, resolveHost, type SipTimers, type Wire } from './wire.ts';

export type PhoneOptions = {
  /** The folder its files are in, and which phone it is; see ./makes.ts. Without it the phone is a gateway. */
  provisioning?: { url: string; mac: string; model?: string };
  listen?: HostPort;
  /** What is recognised; see ./listener.ts. */
  tones?: readonly number[];
  /** Said in every call until told otherwise. */
  toneHz?: number;
  clock?: Clock;
  timers?: SipTimers;
  onEvent(event: PhoneEvent): void;
};

const gatewayCalls = 32;
const closingMs = 1_000;

/** Resolves when the phone has its address: provisioning and registering go on from there, and are told. */
export async function openPhone({
  provisioning,
  listen = { address: '127.0.0.1', port: 0 },
  clock = systemClock,
  timers,
  ...options
}: PhoneOptions): Promise<Phone> {
  // The address goes into Via, Contact and SDP: the wildcard is no address anybody can send to.
  if (isIP(listen.address) === 0 || /^[0.:]*$/.test(listen.address)) {
    throw new Fault('input.invalid', 'listen: one address of this host is needed', { field: 'listen' });
  }
  const source = provisioning === undefined ? undefined : readSource(provisioning);
  const wire = await openWire({
    listen,
    clock,
    token: newToken,
    ...(timers === undefined ? {} : { timers }),
  });
  const phone = new Phone({ ...options, clock, source, wire });
  await phone.powerOn();
  return phone;
}

type Parts = Pick<PhoneOptions, 'tones' | 'toneHz' | 'onEvent'> & {
  clock: Clock;
  source: Source | undefined;
  wire: Wire;
};

export class Phone {
  readonly #clock: Clock;
  readonly #source: Source | undefined;
  readonly #wire: Wire;
  readonly #onEvent: PhoneOptions['onEvent'];
  readonly #calls: Calls;
  readonly #updates: Updates;
  readonly #lamps: Lamps;
  #memory: Memory = new Map();
  #line: Line | undefined;
  #account: Account | undefined;
  #registration: Registration | undefined;
  #registered = '';
  #trusted: string | undefined;
  #isOpen = true;
  /** Of its challenges. */
  readonly #nonce = newToken();

  constructor({ clock, source, wire, tones, toneHz, onEvent }: Parts) {
    this.#clock = clock;
    this.#source = source;
    this.#wire = wire;
    this.#onEvent = onEvent;
    this.#updates = createUpdates({
      clock,
      isIdle: () => this.#calls.size === 0,
      fetch: (kind, signal) => this.#fetch(kind, signal),
      onFailure: (error) => this.#fail('provisioning', error),
    });
    this.#calls = new Calls({
      address: wire.local.address,
      clock,
      random: randomInt,
      maxCalls: source === undefined ? gatewayCalls : 1,
      ...(tones === undefined ? {} : { tones }),
      toneHz,
      onEvent,
      onFailure: (error) => this.#fail('call', error),
      onIdle: () => this.#updates.goOn(),
    });
    this.#lamps = createLamps({
      wire,
      clock,
      token: newToken,
      userAgent: () => this.#userAgent,
      keys: () => this.#keys,
      onLamp: (position, state) => this.#tell({ event: 'lamp', position, state }),
    });
    wire.onRequest = (transaction) => this.#onRequest(transaction);
  }

  /** By openPhone, once. */
  async powerOn(): Promise<void> {
    this.#tell({ event: 'ready', sip: formatHostPort(this.sip) });
    if (this.#source !== undefined) return this.#updates.ask('reboot');
    this.#calls.isAutoAnswering = true;
    const server = { host: this.sip.address };
    await this.#openLine({ userName: 'gateway', displayName: '', authName: '', password: '', server });
  }

  get sip(): HostPort {
    return this.#wire.local;
  }

  /** The settings as they are now. */
  get memory(): ReadonlyMap<string, string> {
    return this.#memory;
  }

  /** A number, dialled at the account's server, or a whole `sip:` URI. */
  call(number: string): boolean {
    const line = this.#line;
    if (line === undefined) return this.#refuse('there is no account to call with');
    const to = line.toUri(number);
    if (to === undefined) return this.#refuse(`"${number}" cannot be called`);
    return this.#calls.dial(line.userAgent, to, number) || this.#refuse('there is a call already');
  }

  /** A line key: dials what a speed dial or a BLF key has on it. */
  press(position: number): boolean {
    const key = this.#keys.find((each) => each.position === position);
    const isDialling =
      key !== undefined && ['speeddial', 'blf', 'park'].includes(key.type) && key.value !== '';
    return isDialling ? this.call(key.value) : this.#refuse(`key ${position} has no number on it`);
  }

  dtmf(digits: string): boolean {
    if (!/^[0-9A-D*#]+$/.test(digits)) return this.#refuse('digits are 0-9, *, #, A-D');
    return this.#calls.press(digits) || this.#refuse('no call takes digits now');
  }

  answer(): boolean {
    return this.#calls.answer() || this.#refuse('nobody calls');
  }

  autoAnswer(isOn: boolean): void {
    this.#calls.isAutoAnswering = isOn;
  }

  hangUp(): boolean {
    return this.#calls.hangUp() || this.#refuse('there is no call');
  }

  hold(isHolding: boolean): boolean {
    return this.#calls.hold(isHolding) || this.#refuse('there is no call');
  }

  /** Whoever we talk to, to a number; without one, whoever we hold, to the call we have besides. */
  transfer(number?: string): boolean {
    const to = number === undefined ? undefined : this.#line?.toUri(number);
    if (number !== undefined && to === undefined) return this.#refuse(`"${number}" cannot be called`);
    return this.#calls.transfer(to) || this.#refuse('there is no call to transfer');
  }

  /** undefined: silence. */
  tone(hz: number | undefined): void {
    this.#calls.tone(hz);
  }

  /** Tries once to register another AOR with the phone's own credentials. */
  register(aor: string): boolean {
    if (this.#account === undefined) return this.#refuse('there is no account to register with');
    this.#register(this.#account, { aor, isOnce: true });
    return true;
  }

  status(): void {
    const calls = this.#calls.size;
    this.#tell({ event: 'status', ...toShown(this.#account), registered: this.#registered, calls });
  }

  /** Hangs up, waits a moment for the answers, and lets go of everything. The registrar is not told: power off. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#updates.close();
    this.#registration?.close();
    this.#lamps.dark();
    this.#calls.hangUp();
    await this.#wire.settled(closingMs);
    this.#calls.close();
    this.#line?.close();
    this.#wire.close();
  }

  get #keys(): LineKey[] {
    if (this.#source === undefined) return [];
    return lineKeysOf(this.#source.make, this.#source.model, this.#memory);
  }

  get #userAgent(): string {
    return this.#source?.make.userAgent(this.#source.model) ?? 'hotdesk gateway';
  }

  async #fetch(kind: UpdateKind, signal: AbortSignal): Promise<Apply> {
    if (this.#source === undefined) return async () => {};
    const provisioned = await provision({ ...this.#source, memory: this.#memory, signal });
    signal.throwIfAborted();
    return () => this.#apply(kind, provisioned);
  }

  /** Account settings take effect without a reboot, and only when they changed. */
  async #apply(kind: UpdateKind, { memory, etag, trusted }: Provisioned): Promise<void> {
    this.#memory = memory;
    this.#trusted = trusted;
    const account = this.#source?.make.accountOf(memory);
    const shown = { ...toShown(account), ...(etag === undefined ? {} : { etag }), keys: this.#keys };
    this.#tell({ event: 'provisioned', ...shown });
    if (kind === 'reboot' || !isSameAccount(account, this.#account)) await this.#use(account);
    else this.#lamps.renew();
  }

  async #use(account: Account | undefined): Promise<void> {
    this.#registration?.close();
    this.#lamps.dark();
    this.#line?.close();
    this.#line = undefined;
    this.#registered = '';
    this.#account = account;
    this.#wire.use(undefined);
    if (account === undefined) return;
    this.#wire.use(await this.#connectionOf(account));
    await this.#openLine(account);
    this.#registration = this.#register(account);
  }

  /** Undefined: the account is by UDP, or its server has no address, which registering will find out too. */
  async #connectionOf({ server }: Account): Promise<Connection | undefined> {
    const { host, port, transport } = server;
    if (transport === 'udp') return undefined;
    const to = { address: await resolveHost(host).catch(() => host), port };
    return createConnection({
      transport,
      to,
      from: this.sip.address,
      trusted: this.#trusted,
      clock: this.#clock,
      onMessage: (bytes) => this.#wire.take(bytes, to),
      onLost: () => this.#registration?.lost(),
    });
  }

  async #openLine(identity: Identity): Promise<void> {
    this.#line = await openLine({
      ...identity,
      wire: this.#wire,
      userAgent: this.#userAgent,
      describe: (session) => this.#calls.mediaOf(session),
      onInvite: (invitation) => this.#calls.take(invitation),
    });
  }

  #register(account: Account, { aor = account.userName, isOnce = false } = {}): Registration {
    return createRegistration({
      wire: this.#wire,
      account,
      aor,
      isOnce,
      userAgent: this.#userAgent,
      contactParams: this.#source?.make.contactParams?.(this.#source.mac) ?? '',
      clock: this.#clock,
      token: newToken,
      onRegistered: (expires) => {
        if (!isOnce) this.#registered = aor;
        if (!isOnce) this.#lamps.light(account);
        this.#tell({ event: 'registered', aor, expires });
      },
      onFailed: (status) => {
        if (!isOnce) this.#registered = '';
        this.#tell({ event: 'registration-failed', aor, status });
      },
    });
  }

  /** What a phone answers before it looks at calls. */
  #onRequest(transaction: ServerTransaction<HostPort>): boolean {
    const { request, peer } = transaction;
    if (this.#lamps.take(transaction)) return true;
    if (request.to.params.has('tag')) return false;
    const answer = (status: number, headers: HeaderList = []) =>
      transaction.respond(createResponse(request, status, { toTag: newToken(), headers }));
    if (!this.#isTrusted(peer)) {
      answer(403);
      return true;
    }
    if (request.method !== 'NOTIFY') return false;
    const event = request.get('Event') ?? '';
    const asked = this.#source?.make.onCheckSync(this.#memory, event);
    const challenge = asked === undefined ? undefined : this.#challenge(request);
    if (challenge !== undefined) {
      answer(401, [['WWW-Authenticate', challenge]]);
      return true;
    }
    answer(asked !== undefined || /^message-summary\b/i.test(event) ? 200 : 489);
    if (asked !== undefined) this.#checkSync(asked);
    return true;
  }

  #challenge(request: SipMessage): string | undefined {
    if (this.#account === undefined || this.#source?.make.asksWho(this.#memory) !== true) return undefined;
    return challengeNotify(request, this.#account, this.#nonce);
  }

  #checkSync(asked: CheckSync): void {
    this.#tell({ event: 'check-sync', reboot: asked === 'reboot' });
    if (asked !== 'ignore') this.#updates.ask(asked);
  }

  #isTrusted({ address }: HostPort): boolean {
    const host = this.#account?.server.host ?? '';
    return !this.#source?.make.isCareful(this.#memory) || isIP(host) === 0 || host === address;
  }

  #refuse(message: string): false {
    this.#tell({ event: 'error', message });
    return false;
  }

  #fail(what: string, error: unknown): void {
    this.#tell({
      event: 'error',
      message: `${what}: ${error instanceof Error ? error.message : String(error)}`,
    });
  }

  #tell(event: PhoneEvent): void {
    this.#onEvent(event);
  }
}

type Identity = Pick<LineOptions, 'userName' | 'displayName' | 'authName' | 'password' | 'server'>;

const newToken = () => randomBytes(8).toString('hex');
