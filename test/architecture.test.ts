/**
 * The map of the house, kept true. What a review would have to remember is a
 * table here: who may import whom, which package lives where, how long a file
 * may get. README's "I want to change" table tells the same in prose.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Room → the rooms it may import from, besides itself, `protocol` and (in the controller) `controller/model`. */
const mayImport: Record<string, readonly string[]> = {
  protocol: [],
  'protocol/tunnel': ['protocol'],
  'protocol/sip': ['protocol'],
  'protocol/media': ['protocol'],

  agent: ['agent/sip', 'agent/media', 'agent/http', 'agent/pnp', 'agent/phone', 'agent/doctor'], // the wiring
  'agent/sip': ['agent'],
  'agent/media': ['agent'],
  'agent/http': ['agent'],
  'agent/pnp': ['agent'],
  'agent/phone': [],
  'agent/doctor': ['agent', 'agent/media', 'agent/pnp', 'agent/phone'], // looks, and changes nothing

  'controller/model': [], //                            what things are
  'controller/store': [], //                            keeps them
  'controller/tunnel': [], //                           agents come in here
  'controller/webhooks': ['controller'], //             who else is told; what may be dialled
  'controller/emergency': ['controller', 'controller/webhooks'], //            place, PIDF-LO, who is told; no SIP
  'controller/release': ['controller/tunnel'], //         what agents are installed and upgraded from
  'controller/sip': ['controller', 'controller/emergency', 'controller/sip/upstream'], // keys
  'controller/sip/upstream': ['controller', 'controller/sip'], // PBXs and trunks, their sockets
  'controller/media': [],
  'controller/sessions': ['controller'], //             what the product decides: no sockets
  'controller/layout': [],
  'controller/provisioning': ['controller', 'controller/layout'],
  'controller/provisioning/rps': ['controller', 'controller/provisioning'], // the vendors' redirection services
  'controller/ivr': ['controller/store'], //            a company's own prompts: files, no store
  'controller/audit': ['controller/store'], //          who changed what: its own files, no store
  'controller/api': [
    ...[
      'controller',
      'controller/sessions',
      'controller/provisioning',
      'controller/emergency',
      'controller/webhooks',
    ],
    ...['controller/audit', 'controller/api/access', 'controller/web', 'controller/provisioning/rps'],
  ],
  'controller/api/access': ['controller', 'controller/api', 'controller/audit', 'controller/sessions'],
  'controller/web': [], //                              the page's files, bundled and served
  'controller/web/text': [], //                         what it says, in each language
  'controller/web/page': ['controller/web/text', 'controller/web/page/parts', 'controller/web/page/views'],
  'controller/web/page/parts': ['controller/web/text', 'controller/web/page'],
  'controller/web/page/views': ['controller/web/text', 'controller/web/page', 'controller/web/page/parts'],
  'controller/cli': ['controller/audit'], // whose files it reads when nothing runs
  'controller/cli/demo': ['controller/cli'],
  'controller/doctor': ['controller', 'controller/store', 'controller/ivr', 'controller/cli'], // looks, and changes nothing
  controller: ['*'], //                                 the wiring
};

/** Packages with one home, so that swapping one is a change in one place. */
const livesIn: Record<string, readonly string[]> = {
  ws: ['agent', 'controller/tunnel'],
  'sip.js': ['agent/phone', 'controller/ivr'],
  lowdb: ['controller/store'],
  undici: ['controller/cli', 'controller/provisioning'],
  hono: ['controller/api'],
  '@hono/node-server': ['controller/api'],
  '@peculiar/x509': ['controller/tunnel'],
  esbuild: ['controller'],
  preact: ['controller/web/page'],
};

const maxLines = 400;

type Module = { file: string; room: string; text: string; imports: string[] };

const modules: Module[] = ['protocol', 'agent', 'controller'].flatMap((top) =>
  readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => {
      const text = readFileSync(join(root, top, file), 'utf8');
      return { file: join(top, file), room: dirname(join(top, file)), text, imports: importsOf(text) };
    }),
);

describe('architecture', (test) => {
  test('imports go the allowed ways only', () => {
    const wrong = modules.flatMap(({ file, room, imports }) =>
      imports
        .filter((target) => target.startsWith('#') && !allowed(room, dirname(target.slice(1))))
        .map((target) => `${file} → ${target}`),
    );
    assert.equal(wrong, []);
  });

  test('a relative import stays in its folder', () => {
    const wrong = modules.flatMap(({ file, imports }) =>
      imports
        .filter((target) => target.startsWith('..') || /^\.\/.*\//.test(target))
        .map((target) => `${file} → ${target}`),
    );
    assert.equal(wrong, []);
  });

  test('a package is imported from its own home only', () => {
    const wrong = modules.flatMap(({ file, room, imports }) =>
      imports
        .filter((target) => !target.startsWith('#') && !target.startsWith('.') && !target.startsWith('node:'))
        .map(packageOf)
        .filter(
          (name) =>
            name in livesIn && !livesIn[name]?.some((home) => room === home || room.startsWith(`${home}/`)),
        )
        .map((name) => `${file} → ${name}`),
    );
    assert.equal(wrong, []);
  });

  test('protocol does no I/O', () => {
    const io = /^node:(net|dgram|tls|https?|fs|fs\/promises|child_process|dns|worker_threads)$/;
    const pure = ['node:net']; // isIP only, checked below
    const wrong = modules
      .filter(({ room }) => room.startsWith('protocol'))
      .flatMap(({ file, text, imports }) =>
        imports
          .filter(
            (target) =>
              io.test(target) &&
              !(
                pure.includes(target) && /import \{ isIP(v[46])?(, isIPv[46])* \} from 'node:net'/.test(text)
              ),
          )
          .map((target) => `${file} → ${target}`),
      );
    assert.equal(wrong, []);
  });

  test('every module has a place, a header and a readable length', () => {
    const wrong: string[] = [];
    for (const { file, room, text } of modules) {
      if (!(room in mayImport)) wrong.push(`${file}: its room is not on the map`);
      if (!text.replace(/^#!.*\n/, '').startsWith('/**')) wrong.push(`${file}: no header comment`);
      if (text.split('\n').length > maxLines) wrong.push(`${file}: over ${maxLines} lines`);
      if (/\/index\.ts$/.test(file)) wrong.push(`${file}: no index.ts`);
    }
    assert.equal(wrong, []);
  });

  // A registry that serves one platform makes npm write a lock file for that platform only, and `npm ci` refuses it.
  test('the lock file names the binaries of every platform', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const wrong = Object.entries(lock.packages).flatMap(([name, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter(
          (each) =>
            !(`node_modules/${each}` in lock.packages || `${name}/node_modules/${each}` in lock.packages),
        )
        .map((each) => `${name} → ${each}`),
    );
    assert.equal(wrong, []);
  });

  test('a test sits where its source does', () => {
    const own = ['e2e', 'interop', 'fault', 'bench', 'support', 'vectors', '.'];
    const rooms = new Set([...Object.keys(mayImport)]);
    const wrong = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .filter(
        (file) =>
          !own.includes(file.split('/')[0] ?? '') && dirname(file) !== '.' && !rooms.has(dirname(file)),
      );
    assert.equal(wrong, []);
  });

  test('interop tests import no product code', () => {
    const folder = join(root, 'test/interop');
    const wrong = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) =>
        importsOf(readFileSync(join(folder, file), 'utf8'))
          .filter((target) => /^#(protocol|agent|controller)\//.test(target))
          .map((target) => `${relative(root, join(folder, file))} → ${target}`),
      );
    assert.equal(wrong, []);
  });
});

function importsOf(text: string): string[] {
  return [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import ['"]([^'"]+)['"]/g,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

function packageOf(target: string): string {
  const [scope = '', name = ''] = target.split('/');
  return scope.startsWith('@') ? `${scope}/${name}` : scope;
}

function allowed(from: string, to: string): boolean {
  const ways = mayImport[from] ?? [];
  const free = to === from || to === 'protocol' || to.startsWith('protocol/') || to === 'controller/model';
  const across = from.split('/')[0] !== to.split('/')[0];
  if (from.startsWith('protocol') && !to.startsWith('protocol')) return false;
  if (from.startsWith('protocol/') && to.startsWith('protocol/')) return to === from;
  if (across) return to === 'protocol' || to.startsWith('protocol/');
  return free || ways.includes('*') || ways.includes(to);
}
