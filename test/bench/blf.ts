/**
 * Row `blf`: 1,000 phones with ten busy lamps each. How fast they subscribe, how
 * long one change takes to reach all who watch it, whether the loop stands still
 * meanwhile, and what a NOTIFY costs. The SIP core alone, in this process, with
 * phones that answer at once: what the tunnels add is measured elsewhere.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Change } from '#controller/model/ports.ts';
import { flowKey } from '#controller/sip/peer.ts';
import { systemClock } from '#protocol/clock.ts';
import { parseMessage } from '#protocol/sip/message.ts';
import { createWorld, flowAt, type Phone } from '#test/controller/sip/world.ts';
import { until } from '#test/support/until.ts';
import type { Row } from './row.ts';

const phones = 1_000;
const keysEach = 10;
/** On everybody's first key. */
const reception = '4000';
const changes = 5;

const idOf = (index: number) => `HD${5_000 + index}`;
const extensionOf = (index: number) => String(2_000 + index);
const hostOf = (index: number) => `10.0.${index >> 8}.${index & 0xff}`;

export async function measureBlf(say: (text: string) => void): Promise<Row[]> {
  const flows = new Map<string, Phone>();
  let notified = 0;
  const world = createWorld({
    clock: systemClock,
    maxTransactions: 50_000,
    flows: {
      isUp: () => true,
      toAddress: () => undefined,
      send(flow, bytes) {
        const isNotify = Buffer.from(bytes.buffer, bytes.byteOffset, 6).toString('latin1') === 'NOTIFY';
        const phone = flows.get(flowKey(flow));
        if (!isNotify) phone?.inbox.push(parseMessage(bytes));
        else {
          notified++;
          setImmediate(() => phone?.sendRaw(answerTo(bytes)));
        }
        return true;
      },
    },
  });
  try {
    world.store.note(office());
    const desks = [...Array(phones + 1).keys()].map((index) => {
      const id = index === phones ? 'HD9000' : idOf(index);
      const flow = { ...flowAt('north', 0), remote: { address: hostOf(index), port: 5060 } };
      const phone = world.phone(id, flow);
      flows.set(flowKey(flow), phone);
      return phone;
    });
    const [caller] = desks;
    const called = desks.at(-1);
    if (caller === undefined || called === undefined) throw new Error('no phones');
    called.register();
    caller.register();

    const since = performance.now();
    for (const [index, desk] of desks.slice(0, phones).entries()) {
      for (const extension of keysOf(index)) {
        desk.ask(
          desk.build('SUBSCRIBE', {
            uri: `sip:${extension}@${desk.host}`,
            headers: [
              ['Event', 'dialog'],
              ['Expires', '3600'],
            ],
          }),
        );
        desk.take();
      }
      // As in an office after a power cut: not all in one turn of the loop.
      if (index % 10 === 0) await new Promise((go) => setImmediate(go));
    }
    const subscribedMs = performance.now() - since;
    const all = phones * keysEach;
    await until('all are told', () => notified >= all, 60_000);
    say(
      `blf: ${all} subscriptions in ${Math.round(subscribedMs)} ms, told in ${Math.round(performance.now() - since)} ms`,
    );

    const delay = monitorEventLoopDelay({ resolution: 5 });
    const reachedMs: number[] = [];
    delay.enable();
    const cpu = process.cpuUsage();
    const from = notified;
    for (let change = 0; change < changes; change++) {
      const before = notified;
      const at = performance.now();
      called.inbox.length = 0;
      const invite = caller.call(reception);
      await until('everybody is told', () => notified - before >= phones + keysEach - 1, 30_000);
      reachedMs.push(performance.now() - at);
      // It ends again, and everybody is told of that.
      called.answer(called.take(), 486);
      caller.inbox.length = 0;
      caller.send(caller.build('OPTIONS', { callId: invite.callId }));
      await until('and told', () => notified - before >= 2 * (phones + keysEach - 1), 30_000);
      caller.inbox.length = 0;
    }
    delay.disable();
    const used = process.cpuUsage(cpu);
    const each = (used.user + used.system) / (notified - from);
    return [
      { name: 'blf: subscriptions made with digest, a second', ours: all / (subscribedMs / 1_000) },
      {
        name: `blf: one change until ${phones} phones are told, ms`,
        ours: Math.max(...reachedMs),
        goal: { most: 1_500 },
      },
      { name: 'blf: longest the loop stood still meanwhile, ms', ours: delay.max / 1e6, goal: { most: 50 } },
      { name: 'blf: CPU for a NOTIFY and its answer, phone included, µs', ours: each, goal: { most: 500 } },
    ];
  } finally {
    world.core.close();
  }
}

const keysOf = (index: number) => [
  reception,
  ...[...Array(keysEach - 1).keys()].map((nth) => extensionOf((index + nth + 1) % phones)),
];

function office(): Change[] {
  const seat = (id: string, extension: string, mac: string, watched: readonly string[]): Change[] => [
    {
      type: 'put',
      collection: 'devices',
      value: {
        id,
        mac,
        vendor: 'yealink',
        model: 'T46S',
        site: 'north',
        generation: 1,
        confirmedGeneration: 0,
      },
    },
    {
      type: 'put',
      collection: 'users',
      value: {
        extension,
        name: `User ${extension}`,
        hotdesk: true,
        keys: watched.map((value) => ({ type: 'blf' as const, value, label: '' })),
      },
    },
    { type: 'put', collection: 'sessions', value: { device: id, extension, since: 0, how: 'admin' } },
  ];
  const mac = (index: number) => index.toString(16).padStart(12, '0');
  return [
    ...seat('HD9000', reception, mac(0xfffff), []),
    ...[...Array(phones).keys()].flatMap((index) =>
      seat(idOf(index), extensionOf(index), mac(0x1000 + index), keysOf(index)),
    ),
  ];
}

/** Without a parse: the phones are not what is measured. */
function answerTo(bytes: Uint8Array): Uint8Array {
  const lines = Buffer.from(bytes).toString('latin1').split('\r\n\r\n')[0]?.split('\r\n') ?? [];
  const kept = lines.filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line));
  return Buffer.from(`SIP/2.0 200 OK\r\n${kept.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`, 'latin1');
}
