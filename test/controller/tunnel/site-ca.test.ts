import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { createSiteCas } from '#controller/tunnel/site-ca.ts';
import { Fault } from '#protocol/fault.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

const day = 86_400_000;
const now = Date.parse('2026-01-01T00:00:00Z');
const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const toSpki = (key: typeof publicKey) => key.export({ type: 'spki', format: 'der' }).toString('base64');
const tlsKey = toSpki(publicKey);
const addresses = ['192.0.2.1', '2001:db8::1'];

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-ca-'));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const certificatesIn = (pem: string) =>
  (pem.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map((each) => new X509Certificate(each));

describe('site CA', (test) => {
  test('signs an agent for its addresses, and only as a TLS server', () =>
    inFolder(async (folder) => {
      const cas = createSiteCas({ folder, clock: createFakeClock(now) });
      const chain = certificatesIn(await cas.sign({ site: 'berlin', tlsKey, addresses }));
      const [agent, ca] = chain as [X509Certificate, X509Certificate];
      assert.is(chain.length, 2);
      assert.is(ca.toString().trim(), (await cas.certificateOf('berlin')).trim());
      assert.ok(agent.verify(ca.publicKey) && agent.checkIssued(ca));
      assert.ok(ca.verify(ca.publicKey));
      for (const address of addresses) assert.is(agent.checkIP(address), address);
      assert.is(agent.checkIP('192.0.2.2'), undefined);
      assert.equal([agent.ca, ca.ca], [false, true]);
      assert.equal(agent.keyUsage, ['1.3.6.1.5.5.7.3.1']);
      assert.is(Date.parse(agent.validTo), now + 90 * day);
      assert.ok(Date.parse(ca.validTo) < Date.parse('2038-01-01'), 'within 32-bit time');
    }));

  test('of each site another, kept as it is, and readable by us alone', () =>
    inFolder(async (folder) => {
      const clock = createFakeClock(now);
      const cas = createSiteCas({ folder, clock });
      const [berlin, again, paris] = await Promise.all(
        ['berlin', 'berlin', 'paris'].map((site) => cas.certificateOf(site)),
      );
      assert.is(berlin, again);
      assert.is.not(berlin, paris);
      assert.is(await createSiteCas({ folder, clock }).certificateOf('berlin'), berlin);
      for (const file of ['berlin.key', 'berlin.crt']) {
        assert.is((await stat(join(folder, 'site-ca', file))).mode & 0o777, 0o600);
      }
      assert.is((await stat(join(folder, 'site-ca'))).mode & 0o777, 0o700);
    }));

  test('in its last year it is made anew, for the same key', () =>
    inFolder(async (folder) => {
      const first = await createSiteCas({ folder, clock: createFakeClock(now) }).certificateOf('berlin');
      const later = createFakeClock(now + 9.2 * 365 * day);
      const cas = createSiteCas({ folder, clock: later });
      const second = await cas.certificateOf('berlin');
      assert.is.not(second, first);
      const [old, young] = [new X509Certificate(first), new X509Certificate(second)];
      assert.ok(young.publicKey.equals(old.publicKey), 'who trusts the old one still does');
      const [agent] = certificatesIn(await cas.sign({ site: 'berlin', tlsKey, addresses }));
      assert.ok(agent?.verify(old.publicKey));
    }));

  test('a certificate of another key, or none, is made anew; a key that is none is a fault', () =>
    inFolder(async (folder) => {
      const clock = createFakeClock(now);
      const [berlin, paris] = [join(folder, 'site-ca', 'berlin'), join(folder, 'site-ca', 'paris')];
      const cas = createSiteCas({ folder, clock });
      const before = await cas.certificateOf('berlin');
      await cas.certificateOf('paris');
      for (const wrong of [await readFile(`${paris}.crt`, 'utf8'), 'nothing']) {
        await writeFile(`${berlin}.crt`, wrong);
        const now = new X509Certificate(await createSiteCas({ folder, clock }).certificateOf('berlin'));
        assert.ok(now.publicKey.equals(new X509Certificate(before).publicKey));
      }
      await writeFile(`${berlin}.key`, 'nothing');
      const fault = await createSiteCas({ folder, clock })
        .certificateOf('berlin')
        .catch((error: unknown) => error);
      assert.ok(Fault.is(fault, 'store.corrupt'));
      assert.match(String(fault), 'berlin.key');
    }));

  // biome-ignore format: a table
  const refused: [what: string, tlsKey: string][] = [
    ['no key',        Buffer.alloc(64, 7).toString('base64')],
    ['a short one',   toSpki(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey)],
    ['not RSA',       toSpki(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)],
  ];
  for (const [what, wrong] of refused) {
    test(`does not sign ${what}`, () =>
      inFolder(async (folder) => {
        const cas = createSiteCas({ folder, clock: createFakeClock(now) });
        const fault = await cas.sign({ site: 'berlin', tlsKey: wrong, addresses }).catch((e: unknown) => e);
        assert.ok(Fault.is(fault, 'input.invalid'));
      }));
  }
});
