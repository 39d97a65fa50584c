/** The part of a pino logger that the tunnel uses. */

export type Log = Record<'debug' | 'info' | 'warn' | 'error', (facts: object, message: string) => void>;
