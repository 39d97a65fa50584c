/** `hotdesk doctor [--data DIR] [--json] [--report FILE]`. Exit: 0 all is well, 1 something may be better, 2 something is broken. */

import { writeFile } from 'node:fs/promises';
import { platform, release } from 'node:os';
import { toReport } from '#protocol/check.ts';
import { type DoctorOptions, examine } from './doctor.ts';

export type RunDoctorOptions = DoctorOptions & {
  asJson: boolean;
  /** A text to send to support: no secret is in it. */
  report?: string | undefined;
  out(text: string): void;
};

export async function runDoctor({ asJson, report, out, ...options }: RunDoctorOptions): Promise<0 | 1 | 2> {
  const { exitCode, screen, json, file } = toReport('hotdesk', await examine(options), {
    node: process.versions.node,
    system: `${platform()} ${release()}`,
    at: new Date(options.now()).toISOString(),
  });
  if (report !== undefined) await writeFile(report, file, { mode: 0o600 });
  out((asJson ? json : screen).trimEnd());
  return exitCode;
}
