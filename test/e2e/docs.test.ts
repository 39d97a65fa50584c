/**
 * Every command of the README and of docs/ is run, in the order of the text: each
 * page in a world of its own with a real controller and a real agent. What is
 * not run here stands in a table, with the reason.
 */

import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { pino } from 'pino';
import * as assert from 'uvu/assert';
import { configSchema, loadConfig as loadAgentConfig, toFlag } from '#agent/config.ts';
import { createClient } from '#controller/cli/client.ts';
import { nouns } from '#controller/cli/nouns.ts';
import { runNoun } from '#controller/cli/run.ts';
import { loadConfig, serveFlags } from '#controller/config.ts';
import { openController } from '#controller/controller.ts';
import { createSiteCas } from '#controller/tunnel/site-ca.ts';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import { systemClock } from '#protocol/clock.ts';
import { describe } from '#test/support/describe.ts';
import { anchorsOf, type Command, commandsOf, filesNamedIn, linksOf, pages, root } from './doc-pages.ts';
import { type Answer, type Asked, runInShell } from './doc-shell.ts';
import { hotdesk, hotdeskAgent } from './programs.ts';
import { inWorld, type World } from './world.ts';

/** Not run here: `line` is how the command begins. */
// biome-ignore format: a table
const elsewhere: readonly { page: string; line: string; why: string }[] = [
  { page: 'README.md', line: 'npm ci && npm start', why: 'sets up; what it starts is test/e2e/demo.test.ts' },
  { page: 'README.md', line: 'npm ci && npm test', why: 'is running' },
  { page: 'README.md', line: 'npx hotdesk demo', why: 'test/e2e/demo.test.ts' },
  { page: 'README.md', line: 'hotdesk demo', why: 'test/e2e/demo.test.ts' },
  { page: 'CONTRIBUTING.md', line: 'npm ', why: 'this is one of them, the others check or measure' },
  { page: 'docs/first-ten-minutes.md', line: 'npm ci', why: 'was run, else dist/ were not there' },
  { page: 'docs/first-ten-minutes.md', line: 'npx hotdesk-agent wait', why: 'wants an agent that runs: test/e2e/install.test.ts' },
  { page: 'docs/first-ten-minutes.md', line: 'npx hotdesk-agent phone', why: 'stays until it is stopped: test/e2e/makes.test.ts' },
  { page: 'docs/install.md', line: 'npm ci && npm run build', why: 'was run, else dist/ were not there' },
  { page: 'docs/install.md', line: 'dist/install.sh controller', why: 'wants root: test/e2e/install.test.ts' },
  { page: 'docs/install.md', line: 'npm pack', why: 'fetches 40 MB from a registry' },
  { page: 'docs/install.md', line: 'hotdesk bundle add-node', why: 'wants what npm pack fetched: test/controller/release' },
  { page: 'docs/install.md', line: 'hotdesk-agent wait', why: 'wants an agent that runs: test/e2e/install.test.ts' },
  { page: 'docs/phones.md', line: 'npx hotdesk redirection register', why: 'calls a vendor: test/e2e/redirection.test.ts' },
  { page: 'docs/phones.md', line: 'npx hotdesk redirection test', why: 'calls a vendor: test/e2e/redirection.test.ts' },
  { page: 'docs/phones.md', line: 'npx hotdesk-agent phone', why: 'stays until it is stopped: test/e2e/makes.test.ts' },
  { page: 'docs/phones.md', line: 'npx hotdesk unknown-phone adopt', why: 'wants a phone that asked: test/e2e/zero-touch.test.ts' },
  { page: 'docs/troubleshooting.md', line: 'hotdesk-agent doctor', why: 'looks at ports of this machine: test/e2e/doctor.test.ts' },
  { page: 'docs/troubleshooting.md', line: 'hotdesk doctor', why: 'ends as this machine’s disk and agents are: test/controller/doctor' },
  { page: 'docs/troubleshooting.md', line: 'echo 482915 | hotdesk-agent doctor', why: 'the same' },
];

/** These begin with nothing but a controller. */
const fromNothing: readonly string[] = ['docs/install.md', 'docs/first-ten-minutes.md'];

/** What the others have before they begin, besides site berlin, users 100 and 101, HD0001, HD0002 and an agent. */
const before: Readonly<Record<string, string>> = {
  'docs/emergency.md':
    'hotdesk upstream create telco --mode trunk --address 192.0.2.9:5060 --domain sip.example --authentication none',
  'docs/security.md': 'hotdesk account add NAME --role admin < secret-of-100',
  'docs/operating.md': 'hotdesk session login HD0001 100',
};

/** What ID and the like stand for in running text. */
const shapes: Readonly<Record<string, string>> = {
  ID: 'berlin',
  MAC: '00:15:65:00:00:77',
  MODEL: 'T46S',
  FILE: 'ca.pem',
};

const files: Readonly<Record<string, string>> = {
  'users.csv': 'extension,name\n300,Clara\n',
  'secret-of-100': 'correct horse battery\n',
  'secret-of-the-trunk': 'staple\n',
  'secret-of-the-key': 'battery\n',
};

const programs = ['npx', 'node', 'hotdesk', 'hotdesk-agent'];

describe('docs', (test) => {
  for (const page of pages) {
    const commands = commandsOf(page).filter((command) => !isElsewhere(command));
    if (commands.length > 0) test(`every command of ${page}`, () => follow(page, commands), 120_000);
  }

  test('what is run elsewhere is still on its page', () => {
    const stale = elsewhere.filter(
      ({ page, line }) => !commandsOf(page).some((each) => each.line.startsWith(line)),
    );
    assert.equal(stale, []);
  });

  test('the network page has every port of both programs', () => {
    const page = readFileSync(join(root, 'docs/network.md'), 'utf8');
    const config = loadAgentConfig();
    const defaults = { ...config, sipTlsPort: config.sipPort + 1, httpsPort: config.httpPort + 1 };
    const rows = [
      ...serveFlags.map(({ name, fallback = '' }) => ({ name, value: fallback.replace('-', ' to ') })),
      ...Object.entries(defaults).map(([name, value]) => ({ name: toFlag(name), value: rangeOf(value) })),
    ].filter(({ name }) => /ports?$/.test(name));
    const lost = rows.filter(({ name, value }) => !page.includes(`--${name}`) || !page.includes(value));
    assert.equal(lost, []);
    assert.equal(rows.length, 8);
  });

  test('the operating page has every setting of both programs, as --help tells them', () => {
    const page = readFileSync(join(root, 'docs/operating.md'), 'utf8');
    const rows = [
      ...serveFlags.map(({ name, fallback = '', about }) => ({ name, value: fallback, about })),
      ...Object.entries(configSchema.shape).map(([name, field]) => ({
        name: toFlag(name),
        value: rangeOf(field.parse(undefined) ?? '').replace(' to ', '-'),
        about: field.description ?? '',
      })),
    ];
    const lost = rows
      .map(({ name, value, about }) => `| \`--${name}\` | ${value === '' ? '' : `\`${value}\` `}| ${about} |`)
      .filter((row) => !page.includes(row));
    assert.equal(lost, []);
  });

  test('links, and files that are named, are there', () => {
    const lost = pages.flatMap((page) => [
      ...linksOf(page).filter(({ target }) => !leads(page, target)),
      ...filesNamedIn(page).filter(({ target }) => !existsSync(join(root, target))),
    ]);
    assert.equal(lost, []);
  });
});

function rangeOf(value: unknown): string {
  const range = value as { first?: number; last?: number };
  return range?.first === undefined ? String(value) : `${range.first} to ${range.last}`;
}

function isElsewhere({ page, line }: Command): boolean {
  return elsewhere.some((each) => each.page === page && line.startsWith(each.line));
}

function leads(page: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? page : normalize(join(dirname(page), file));
  if (!existsSync(join(root, path))) return false;
  return anchor === undefined || anchorsOf(path).includes(anchor);
}

type Here = Pick<World, 'folder' | 'ask'> & { tunnel: string; gateway: HostPort };

/** Runs the page's commands, and fails with all that did not end with 0. */
async function follow(page: string, commands: readonly Command[]): Promise<void> {
  const story = async (here: Here) => {
    const folder = join(here.folder, 'reader');
    await mkdir(folder);
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const cas = createSiteCas({ folder, clock: systemClock });
    await writeFile(join(folder, 'ca.pem'), await cas.certificateOf('berlin'));
    const data = join(here.folder, 'controller');
    await mkdir(join(folder, 'kept'));
    await copyFile(join(data, 'master.key'), join(folder, 'kept', 'master.key'));
    const lines = [
      before[page] ?? '',
      ...commands.map(({ line, isShape }) => (isShape ? `${filled(line)} < secret-of-100` : line)),
    ];
    const wrong: string[] = [];
    let token = '';
    const home = process.cwd();
    process.chdir(folder);
    try {
      const complaints = await runInShell(
        lines.map((line) => `${asHere(line, here)}\n`).join(''),
        { programs, folder, data },
        async (asked) => {
          const pasted = asked.args.includes('enrol') && asked.stdin === '' ? { stdin: token } : {};
          const answer = await run({ ...asked, ...pasted, args: await withAgent(asked.args, here) });
          if (answer.code !== 0) wrong.push(`${asked.args.join(' ')}: ${answer.code} ${answer.err}`);
          token = /\bhd1\.[\w.-]+/.exec(answer.out)?.[0] ?? token;
          return answer;
        },
      );
      assert.equal([...wrong, ...complaints.split('\n').filter(Boolean)], []);
    } finally {
      process.chdir(home);
    }
  };
  if (fromNothing.includes(page)) return await withController(story);
  await inWorld(
    (world) => story({ ...world, tunnel: world.controller.tunnel, gateway: world.gateway.phone.sip }),
    { desks: 2 },
  );
}

async function withController(story: (here: Here) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-docs-'));
  const data = join(folder, 'controller');
  const any = { address: '127.0.0.1', port: 0 };
  const log = pino({ level: 'silent' });
  const controller = await openController({ data, listen: any, apiListen: any, log });
  const client = createClient({ type: 'socket', data });
  try {
    const ask: Here['ask'] = (...asked) => client.ask(...asked);
    await story({ folder, ask, tunnel: controller.tunnel, gateway: { address: '127.0.0.1', port: 9 } });
  } finally {
    await client.close();
    await controller.close();
    await rm(folder, { recursive: true });
  }
}

const filled = (line: string) =>
  line.replace(/\b[A-Z]+\b/g, (word) => (Object.hasOwn(shapes, word) ? (shapes[word] ?? '') : word));

/** Addresses and folders of the pages are somebody else's. */
function asHere(line: string, { gateway, tunnel, folder }: Here): string {
  return line
    .replaceAll('192.0.2.9:5060', formatHostPort(gateway))
    .replaceAll(/wss:\/\/(?:controller\.example|127\.0\.0\.1):8443/g, tunnel)
    .replaceAll('/var/lib/hotdesk-agent', join(folder, 'agent'))
    .replaceAll('/var/lib/hotdesk', join(folder, 'controller'))
    .replaceAll('192.0.2.5', '127.0.0.1');
}

/** AGENT is the first there is; nobody can know its name before. */
async function withAgent(args: readonly string[], { ask }: Here): Promise<string[]> {
  if (!args.includes('AGENT')) return [...args];
  const { items } = (await ask('GET', '/agents')) as { items: { id: string }[] };
  return args.map((arg) => (arg === 'AGENT' ? (items[0]?.id ?? arg) : arg));
}

async function run({ program, args, data, stdin }: Asked): Promise<Answer> {
  const [name = '', ...rest] = program === 'npx' || program === 'node' ? args : [program, ...args];
  if (/^hotdesk-agent(?:\.mjs)?$/.test(name)) {
    const more = rest[0] === 'run' ? ['--check-config'] : [];
    return await runProgram(hotdeskAgent, [...rest, ...more], data, stdin);
  }
  if (name !== 'hotdesk') return { code: 127, out: '', err: `${program} ${name} is none of ours` };
  const [noun = '', ...words] = rest;
  const env = { HOTDESK_DATA: data };
  if (noun === 'serve') return serve(words, env);
  if (!Object.hasOwn(nouns, noun) || words.includes('--help'))
    return await runProgram(hotdesk, rest, data, stdin);
  let [out, err] = ['', ''];
  const code = await runNoun(noun, words, {
    env,
    stdin: (async function* () {
      yield stdin;
    })(),
    out: (text) => {
      out += `${text}\n`;
    },
    err: (text) => {
      err += `${text}\n`;
    },
  });
  return { code, out, err };
}

/** Its flags are read, no more: the page's controller is the one that runs already. */
function serve(argv: readonly string[], env: Record<string, string>): Answer {
  try {
    loadConfig({ argv, env });
    return { code: 0, out: '', err: '' };
  } catch (error) {
    return { code: 2, out: '', err: String(error) };
  }
}

function runProgram(file: string, args: readonly string[], data: string, stdin: string): Promise<Answer> {
  return new Promise((resolve) => {
    const env = { HOTDESK_DATA: data };
    const child = execFile(process.execPath, [file, ...args], { env }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err });
    });
    child.stdin?.on('error', () => {}).end(stdin);
  });
}
