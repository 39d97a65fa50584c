/** `hotdesk-agent phone` as a phone of the world: commands in, events out, a line each. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from '#test/support/until.ts';
import { device, type World } from './world.ts';

const program = fileURLToPath(new URL('../../dist/hotdesk-agent.mjs', import.meta.url));

export type Event = { event: string } & Record<string, unknown>;

export type Headless = {
  readonly events: Event[];
  tell(command: string): void;
  heard(what: string, is: (event: Event) => boolean): Promise<Event>;
  close(): Promise<void>;
};

export function openHeadless(world: World, index: number): Headless {
  const { provisioningUrl, mac } = device(world, index);
  const child = spawn(process.execPath, [program, 'phone', '--url', provisioningUrl, '--mac', mac], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const events: Event[] = [];
  createInterface(child.stdout).on('line', (line) => events.push(JSON.parse(line) as Event));
  const ended = once(child, 'exit');
  child.stdin.on('error', () => {}); // its end is seen by the process's exit
  return {
    events,
    tell: (command) => void child.stdin.write(`${command}\n`),
    heard: (what, is) =>
      until(what, () => events.find(is), 15_000).catch((error: Error) => {
        throw new Error(`${error.message}; heard: ${events.map((each) => JSON.stringify(each)).join(' ')}`);
      }),
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
