/** How busy this agent is, for who looks after it: told with the status, once a minute. */

import type { Clock } from '#protocol/clock.ts';

/** `cpu`: per cent of one core since the last look; `memory`: resident, in bytes. */
export type Load = { cpu: number; memory: number };

export const loadEveryMs = 60_000;

export type Usage = () => { cpuMicros: number; memory: number };

const usageOfProcess: Usage = () => {
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system, memory: process.memoryUsage.rss() };
};

export function createLoad(clock: Pick<Clock, 'now'>, usage: Usage = usageOfProcess): () => Load {
  let before = { at: clock.now(), ...usage() };
  return () => {
    const now = { at: clock.now(), ...usage() };
    const ms = Math.max(1, now.at - before.at);
    const cpu = (now.cpuMicros - before.cpuMicros) / 1_000 / ms;
    before = now;
    return { cpu: Math.round(Math.max(0, cpu) * 1_000) / 10, memory: now.memory };
  };
}
