/** What the run counted so far; ./describe.ts adds to it, test/run.ts prints it. */

export type Failure = { file: number; name: string; error: unknown };

export const tally = {
  passed: 0,
  failures: [] as Failure[],
  skipped: [] as string[],
  /** Index, in uvu's order, of each file that defined a test. */
  files: new Set<number>(),
  /** The test that runs now. */
  running: undefined as Omit<Failure, 'error'> | undefined,
};
