/**
 * What a program of ours survives, and how it ends where it must not go on.
 *
 *     nobody reads its output any more, or the disk of its log is full    it goes on without
 *     an exception, or a promise that rejected, that nobody caught        one line of log, exit 1:
 *                                                                         the service manager starts it anew
 *
 * After the second kind nobody knows which of our own promises still hold, so
 * it does not go on; what was acknowledged is on disk. The line has the error's
 * kind, words and place, and nothing of what it carries: that may be a secret.
 */

type Stream = { on(event: 'error', listener: (error: Error) => void): unknown };

type Process = {
  on(event: 'uncaughtException', listener: (error: unknown, origin: string) => void): unknown;
  exit(code: number): void;
};

/** How much of an error is told. */
const maxCauses = 5;
const maxFrames = 30;
const maxChars = 500;

/** A pipe that was closed, a disk that is full: what was to be said is lost, and nothing else. */
export function outliveReaders(...streams: readonly Stream[]): void {
  for (const stream of streams) stream.on('error', () => {});
}

/** `log.fatal` has written when it returns. A promise's rejection comes here too, as Node has it. */
export function sayLastWords(process: Process, log: { fatal(facts: object, message: string): void }): void {
  process.on('uncaughtException', (error, origin) => {
    try {
      log.fatal({ origin, error: describeError(error) }, 'ended by an error that nobody caught');
    } finally {
      process.exit(1);
    }
  });
}

export type DescribedError = {
  type: string;
  code?: string;
  message: string;
  stack?: string[];
  cause?: DescribedError;
};

/** Its kind, words and place, and those of its causes; no other property of it. */
export function describeError(error: unknown, causes = maxCauses): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'something that is no Error' };
  const { code } = error as { code?: unknown };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ +at /.test(line));
  return {
    type: error.name,
    ...(typeof code === 'string' && { code }),
    // JSON.parse quotes what it could not read.
    message: error instanceof SyntaxError ? 'a text that cannot be parsed' : error.message.slice(0, maxChars),
    stack: frames.slice(0, maxFrames).map((line) => line.trim().slice(0, maxChars)),
    ...(error.cause !== undefined && causes > 0 && { cause: describeError(error.cause, causes - 1) }),
  };
}
