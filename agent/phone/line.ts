/**
 * One identity of the phone on the wire: a sip.js user agent with our transport.
 *
 * Made anew when the account changes. The Contact is the socket's own address,
 * as a phone writes it. sip.js logs nothing.
 */

import {
  EmitterImpl,
  type Invitation,
  type Session,
  type SessionDescriptionHandler,
  type Transport,
  TransportState,
  URI,
  UserAgent,
} from 'sip.js';
import { formatHost } from '#protocol/sip/scan.ts';
import type { Wire } from './wire.ts';

export type LineOptions = {
  wire: Wire;
  userName: string;
  displayName: string;
  /** Host of the AOR, and where numbers are dialled. */
  server: { host: string; port?: number };
  authName: string;
  password: string;
  userAgent: string;
  describe(session: Session): SessionDescriptionHandler;
  onInvite(invitation: Invitation): void;
};

export type Line = {
  readonly userAgent: UserAgent;
  /** `sip:` URIs as they are, anything else as a number at the server. Undefined: no address at all. */
  toUri(number: string): URI | undefined;
  close(): void;
};

const ringingSeconds = 180;

export async function openLine({ wire, userName, server, ...options }: LineOptions): Promise<Line> {
  const uriOf = (user: string) => new URI('sip', user, formatHost(server.host), server.port);
  const userAgent = new UserAgent({
    uri: uriOf(userName),
    displayName: options.displayName.replace(/["\\]/g, '\\$&'), // sip.js puts it between quotes as it is

    contactName: userName,
    authorizationUsername: options.authName,
    authorizationPassword: options.password,
    userAgentString: options.userAgent,
    viaHost: 'phone.invalid', // ./wire.ts writes the real one
    transportConstructor: WireTransport,
    transportOptions: { wire },
    sessionDescriptionHandlerFactory: options.describe,
    delegate: { onInvite: options.onInvite },
    sipExtensionExtraSupported: ['replaces'], // by ./calls.ts: sip.js's own throws at what it cannot read
    sendInitialProvisionalResponse: false,
    noAnswerTimeout: ringingSeconds,
    gracefulShutdown: false,
    logBuiltinEnabled: false,
  });
  const way = wire.transport === 'udp' ? {} : { transport: wire.transport };
  const contact = new URI('sip', userName, formatHost(wire.local.address), wire.local.port, way);
  Object.assign(userAgent.contact, { uri: contact, toString: () => `<${contact}>` });
  await userAgent.start();

  const user = {
    contactUri: contact.toString(),
    receive: (text: string) => userAgent.transport.onMessage?.(text),
  };
  wire.user = user;
  return {
    userAgent,
    toUri: (number) => (/^sips?:/i.test(number) ? UserAgent.makeURI(number) : uriOf(number)),
    close() {
      if (wire.user === user) wire.user = undefined;
      void userAgent.stop();
    },
  };
}

/** sip.js's idea of a connection: the wire is always there. */
class WireTransport implements Transport {
  readonly protocol = 'UDP';
  readonly stateChange = new EmitterImpl<TransportState>();
  state = TransportState.Disconnected;
  onConnect: (() => void) | undefined;
  onDisconnect: ((error?: Error) => void) | undefined;
  onMessage: ((message: string) => void) | undefined;
  readonly #wire: Wire;

  constructor(_logger: unknown, { wire }: { wire: Wire }) {
    this.#wire = wire;
  }

  async connect(): Promise<void> {
    this.state = TransportState.Connected;
    this.stateChange.emit(this.state);
    this.onConnect?.();
  }

  async disconnect(): Promise<void> {
    this.state = TransportState.Disconnected;
    this.stateChange.emit(this.state);
  }

  async dispose(): Promise<void> {
    await this.disconnect();
  }

  isConnected(): boolean {
    return this.state === TransportState.Connected;
  }

  async send(message: string): Promise<void> {
    await this.#wire.send(message);
  }
}
