/**
 * Thousands of what comes and goes: registrations, connections, logins, calls, tunnels. What
 * both programs hold afterwards is what they held after the first hundreds of them.
 */

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import * as assert from 'uvu/assert';
import { formatHostPort, type HostPort, parseHostPort } from '#protocol/address.ts';
import { answerChallenge, parseChallenge } from '#protocol/sip/digest.ts';
import { parseMessage } from '#protocol/sip/message.ts';
import { openFakePhone } from '#test/agent/fake-phone.ts';
import { type Program, type Programs, withPrograms } from '#test/e2e/programs.ts';
import { statusOf } from '#test/e2e/raw-phone.ts';
import { anna, macOf } from '#test/e2e/world.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

type Held = { heap: number; handles: number };

/** At SIGUSR2 a program collects its garbage and writes what is left to a file. */
const probe = `
import { writeFileSync, renameSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
let asked = 0;
process.on('SIGUSR2', () => {
  gc();
  const held = { asked: ++asked, heap: process.memoryUsage().heapUsed, handles: process.getActiveResourcesInfo().length };
  writeFileSync(process.env.HELD_FILE + process.pid + '.new', JSON.stringify(held));
  renameSync(process.env.HELD_FILE + process.pid + '.new', process.env.HELD_FILE + process.pid);
});
`;

const asked = new Map<number, number>();

async function heldBy({ child: { pid = 0 } }: Program): Promise<Held> {
  const serial = (asked.get(pid) ?? 0) + 1;
  asked.set(pid, serial);
  process.kill(pid, 'SIGUSR2');
  return await until('what it holds', () => {
    try {
      const held = JSON.parse(readFileSync(`${process.env.HELD_FILE}${pid}`, 'utf8')) as Held & {
        asked: number;
      };
      return held.asked === serial ? held : undefined;
    } catch {
      return undefined; // not written yet
    }
  });
}

async function times(count: number, atOnce: number, run: () => Promise<unknown>): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await run();
    }),
  );
}

const open = (socket: ReturnType<typeof connect>, said: string) =>
  new Promise<void>((resolve) => {
    socket.on('error', () => {}).once('close', () => resolve());
    socket.write(said, () => setTimeout(() => socket.destroy(), 2));
  });

describe('what comes and goes', (test) => {
  test(
    'leaves nothing behind',
    async () => {
      const options = { imports: process.env.NODE_OPTIONS, held: process.env.HELD_FILE };
      process.env.NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(probe)}`;
      process.env.HELD_FILE = `/tmp/hotdesk-held-${process.pid}-`;
      try {
        await withPrograms((programs) => story(programs), { desks: 3 });
      } finally {
        for (const [name, value] of [
          ['NODE_OPTIONS', options.imports],
          ['HELD_FILE', options.held],
        ] as const) {
          if (value === undefined) delete process.env[name];
          else process.env[name] = value;
        }
      }
    },
    60 * 60_000,
  );
});

/** A phone that begins anew each time, and answers a question before it is asked: those who are asked too often are not heard. */
async function openRegistrar(sip: HostPort, password: string) {
  const phone = await openFakePhone();
  let serial = 0;
  let challenge = '';
  const ask = async () => {
    const uri = `sip:${sip.address}`;
    const lines = [
      `REGISTER ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${formatHostPort(phone.at)};rport;branch=z9hG4bKr${++serial}`,
      `From: <sip:HD0003@${sip.address}>;tag=t${serial}`,
      `To: <sip:HD0003@${sip.address}>`,
      `Call-ID: register-${serial}`,
      'CSeq: 1 REGISTER',
      `Contact: <sip:HD0003@${formatHostPort(phone.at)}>`,
      'Max-Forwards: 70',
    ];
    if (challenge !== '') {
      const said = { method: 'REGISTER', uri, username: 'HD0003', password, cnonce: 'c', nc: serial };
      lines.push(`Authorization: ${answerChallenge(parseChallenge(challenge), said)}`);
    }
    phone.send(sip, Buffer.from(`${lines.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`));
    return parseMessage(Buffer.from(await phone.next(), 'latin1'));
  };
  return {
    async register() {
      let answer = await ask();
      if (statusOf(answer) === 401) {
        challenge = answer.get('WWW-Authenticate') ?? '';
        answer = await ask();
      }
      assert.is(statusOf(answer), 200);
    },
    close: phone.close,
  };
}

async function story(programs: Programs): Promise<void> {
  await programs.agentIsUp();
  const { ask } = programs;
  const { items } = (await ask('GET', '/agents')) as { items: { sip: string }[] };
  const sip = parseHostPort(items[0]?.sip ?? '');
  const tunnel = Number(new URL(programs.tunnel).port);
  const { provisioningUrl: url } = (await ask('GET', '/devices/HD0003')) as { provisioningUrl: string };
  const config = await fetch(`${url}${macOf('HD0003')}.cfg`, {
    headers: { 'user-agent': `Yealink SIP-T46S 66.86.0.15 ${macOf('HD0003')}` },
  });
  const password = /^account\.1\.password *= *(\S+)/m.exec(await config.text())?.[1] ?? '';
  const registrar = await openRegistrar(sip, password);
  programs.defer(registrar.close);
  const desk = await programs.desk('HD0001');

  const rounds: Record<string, { count: number; run(count: number): Promise<void> }> = {
    'REGISTER with a new Call-ID': {
      count: 10_000,
      run: (count) => times(count, 1, () => registrar.register()),
    },
    'TCP to the agent': {
      count: 3_000,
      run: (count) =>
        times(count, 8, () =>
          open(connect(sip.port, sip.address), 'OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP x;br'),
        ),
    },
    'TLS to the controller': {
      count: 1_000,
      run: (count) =>
        times(count, 4, () =>
          open(
            connectTls({ host: '127.0.0.1', port: tunnel, rejectUnauthorized: false }),
            'GET /v1/tunnel/signal HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
          ),
        ),
    },
    'the API': {
      count: 2_000,
      run: (count) => times(count, 8, () => ask('GET', '/devices')),
    },
    'login and logout': {
      count: 300,
      run: (count) =>
        times(count, 1, async () => {
          await ask('POST', '/sessions', { device: 'HD0002', extension: anna.extension });
          await ask('DELETE', '/sessions/HD0002');
        }),
    },
    calls: {
      count: 300,
      run: (count) =>
        times(count, 1, async () => {
          const [mark, far] = [desk.mark(), programs.gateway.mark()];
          desk.phone.call('112');
          await desk.saw('answered', {}, mark);
          desk.phone.hangUp();
          await programs.gateway.saw('ended', {}, far);
          await desk.saw('ended', {}, mark);
        }),
    },
  };

  const wrong: string[] = [];
  const only = process.env.LEAKS_ONLY;
  const sides = { controller: programs.controller, agent: programs.agent };
  for (const [name, { count, run }] of Object.entries(rounds)) {
    if (only !== undefined && !name.includes(only)) continue;
    for (const [side, program] of Object.entries(sides))
      await heldBy(program).then(({ handles }) => calm.set(side, handles));
    const readings: Record<string, Held[]> = { controller: [], agent: [] };
    for (const share of [0.5, 0.5, 1]) {
      await run(count * share);
      for (const [side, program] of Object.entries(sides))
        readings[side]?.push(await heldInTheEnd(side, program));
    }
    for (const [side, [first, second, third]] of Object.entries(readings)) {
      if (first === undefined || second === undefined || third === undefined) continue;
      const perOne = Math.round((third.heap - second.heap) / count);
      const text = [first, second, third]
        .map(({ heap, handles }) => `${(heap / 1e6).toFixed(2)} MB ${handles}`)
        .join(', ');
      process.stdout.write(`${name.padEnd(28)} ${side.padEnd(11)} ${text}; ${perOne} bytes each\n`);
      if (third.handles > (calm.get(side) ?? 0) + 10) wrong.push(`${name}: handles of the ${side}`);
      if (perOne > maxBytesEach) wrong.push(`${name}: ${perOne} bytes each in the ${side}`);
    }
  }
  assert.equal(wrong, []);
}

/** By the program, before a round. */
const calm = new Map<string, number>();
/** What a log of bounded length, or code that was compiled, may still add to one that came and went. */
const maxBytesEach = 6_000;
/** A transaction is remembered for 32 s (RFC 3261 17). */
const patienceMs = 60_000;

/** Once nothing lingers, or when it has had its time. */
async function heldInTheEnd(side: string, program: Program): Promise<Held> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const held = await heldBy(program);
    if (held.handles <= (calm.get(side) ?? 0) + 3 || performance.now() > end) return held;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
