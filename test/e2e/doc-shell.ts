/**
 * A real shell for the commands of a page, in which our own programs are asked
 * of this process: a program a command would cost minutes. It knows no other
 * program, so a page that needs one says so in the test's table.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

export type Asked = { program: string; args: string[]; data: string; stdin: string };
export type Answer = { code: number; out: string; err: string };

/** Standard input (to its end first, so that the two of a pipe take turns) and output by files; "go" and the exit code by two pipes. */
const shim = `#!/bin/sh
/bin/cat > "$ASK/stdin.$$"
printf '%s\\0' "$$" "\${0##*/}" "$HOTDESK_DATA" "$@" > "$ASK/asked"
echo >&3
read -r code <&4
/bin/cat "$ASK/out"
exit "$code"
`;

export type Shell = { programs: readonly string[]; folder: string; data: string };

/** Answers what the shell itself complained of: a program that is not there, a file that is not. */
export async function runInShell(
  script: string,
  { programs, folder, data }: Shell,
  answer: (asked: Asked) => Promise<Answer>,
): Promise<string> {
  const [ask, bin] = [join(folder, '.ask'), join(folder, '.bin')];
  for (const made of [ask, bin]) await mkdir(made, { recursive: true });
  for (const program of programs) {
    await writeFile(join(bin, program), shim);
    await chmod(join(bin, program), 0o755);
  }
  const child = spawn('/bin/sh', ['-c', script], {
    cwd: folder,
    env: { PATH: bin, ASK: ask, HOTDESK_DATA: data },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, , stderr, goes, codes] = child.stdio as unknown as [null, null, Readable, Readable, Writable];
  let complaints = '';
  stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  codes.on('error', () => {});
  const closed = once(child, 'close');
  try {
    for await (const _ of createInterface({ input: goes })) {
      const [id = '', program = '', home = '', ...args] = (await readFile(join(ask, 'asked'), 'utf8'))
        .slice(0, -1)
        .split('\0');
      const stdin = await readFile(join(ask, `stdin.${id}`), 'utf8');
      const { code, out } = await answer({ program, args, data: home, stdin });
      await writeFile(join(ask, 'out'), out);
      codes.write(`${code}\n`);
    }
  } finally {
    codes.destroy();
    child.kill();
    await closed;
  }
  return complaints;
}
