/** A check of a doctor, the agent's or the controller's: what it found in a sentence, what to do about it, and how all of them read. */

export type Check = {
  name: string;
  result: 'ok' | 'warn' | 'fail';
  /** What was found. */
  says: string;
  /** What to do about it; of what is not ok. */
  advice?: string;
};

export type Found = Omit<Check, 'name'>;

export const ok = (says: string): Found => ({ result: 'ok', says });
export const warn = (says: string, advice: string): Found => ({ result: 'warn', says, advice });
export const fail = (says: string, advice: string): Found => ({ result: 'fail', says, advice });

/** What is not there to be looked at, because something before it failed. */
export const skipped = (why: string): Found => warn(`not looked at: ${why}`, 'mend that first');

/** A check that itself comes to grief says so, and the others go on. */
export async function look(
  name: string,
  check: () => Found | Promise<Found>,
  adviceOf: (error: unknown) => string,
): Promise<Check> {
  try {
    return { name, ...(await check()) };
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    return { name, ...fail(says, adviceOf(error)) };
  }
}

/** 0: all is well; 1: something may be better; 2: something is broken. */
function exitCodeOf(checks: readonly Check[]): 0 | 1 | 2 {
  if (checks.some(({ result }) => result === 'fail')) return 2;
  return checks.some(({ result }) => result === 'warn') ? 1 : 0;
}

function formatChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks
    .map(({ name, result, says, advice }) => {
      const line = `${result.padEnd(4)}  ${name.padEnd(width)}  ${says}`;
      return advice === undefined ? line : `${line}\n${' '.repeat(width + 8)}→ ${advice}`;
    })
    .join('\n');
}

const endings = ['all is well', 'it works, and could be better', 'something is broken'] as const;

/** The same for a screen, a program, and support. `about`: whose it is and of when; nothing secret. */
export function toReport(program: string, checks: readonly Check[], about: Readonly<Record<string, string>>) {
  const exitCode = exitCodeOf(checks);
  const screen = `${formatChecks(checks)}\n\n${endings[exitCode]}\n`;
  const head = Object.entries(about).map(([name, value]) => `${name.padEnd(8)} ${value}`);
  return {
    exitCode,
    screen,
    json: `${JSON.stringify({ ...about, exitCode, checks })}\n`,
    file: `${program} doctor\n\n${head.join('\n')}\n\n${screen}`,
  };
}
