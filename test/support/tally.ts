/** What the run counted so far; ./describe.ts adds to it, test/run.ts prints it. */

export const tally = {
  passed: 0,
  failed: 0,
  skipped: [] as string[],
  /** Index, in uvu's order, of each file that defined a test. */
  files: new Set<number>(),
};
