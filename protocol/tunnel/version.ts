/** The names by which two ends of a tunnel know that they speak the same. */

/** Raised when a frame or a control message changes so that an old peer would misread it. */
export const protocolVersion = 1;

/** WebSocket subprotocol: another one is refused before a frame of ours is sent. */
export const subprotocol = 'hotdesk.v1';

export const paths = {
  signal: '/v1/tunnel/signal',
  media: '/v1/tunnel/media',
  enrol: '/v1/enrol',
  nonce: '/v1/nonce',
} as const;

/** Two sockets an agent: a burst of SIP or a firmware download never delays voice. */
export type SocketKind = 'signal' | 'media';

/** On the answer to an upgrade: the pin of the key the controller will use after its next rotation. */
export const nextPinHeader = 'hotdesk-next-pin';
