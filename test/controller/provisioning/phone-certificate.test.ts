/** Certificates that phones come with: what is read in them, and what counts. */

import * as assert from 'uvu/assert';
import { judgeCertificate, macsIn, readCas } from '#controller/provisioning/phone-certificate.ts';
import { describe } from '#test/support/describe.ts';
import { openFactory } from '#test/support/factory.ts';

const mac = '001565aabb01';
const now = Date.UTC(2026, 10, 23);

// biome-ignore format: a table
const subjects: [subject: string, macs: string[]][] = [
  ['CN=001565aabb01',                       ['001565aabb01']],
  ['O=Yealink\nCN=00:15:65:AA:BB:01',       ['001565aabb01']],
  ['CN=snom-000413AABB07.example',          ['000413aabb07']],
  ['CN=00-04-13-aa-bb-07\nserialNumber=7',  ['000413aabb07']],
  ['CN=123456789012',                       []],
  ['CN=a001565aabb01',                      []],
  ['CN=Generic phone',                      []],
];

describe('certificates of phones', (test) => {
  for (const [subject, macs] of subjects) {
    test(`the MAC in ${JSON.stringify(subject)}`, () => assert.equal(macsIn(subject), macs));
  }

  test('verified by its maker’s CA, by it alone, and while it is valid', async () => {
    const [factory, other] = [await openFactory(), await openFactory('Another CA')];
    const { der } = await factory.makePhone(`CN=${mac}`);
    const judge = (cas: string | undefined, at = now) => judgeCertificate(der, { mac, cas, now: at });
    assert.is(judge(factory.ca), 'verified');
    assert.is(judge(other.ca + factory.ca), 'verified');
    assert.is(judge(other.ca), 'unverified');
    assert.is(judge(undefined), 'unverified');
    assert.is(judge(factory.ca, Date.UTC(2050, 0, 1)), 'unverified');
    assert.is(judge(factory.ca, -1), 'unverified');
  });

  test('of another phone: whoever signed it', async () => {
    const factory = await openFactory();
    const { der } = await factory.makePhone('CN=001565aabb02,O=Yealink');
    for (const cas of [factory.ca, undefined]) {
      assert.is(judgeCertificate(der, { mac, cas, now }), 'otherMac');
    }
  });

  test('one CA of the same name with another key has signed nothing', async () => {
    const { der } = await (await openFactory()).makePhone(`CN=${mac}`);
    assert.is(judgeCertificate(der, { mac, cas: (await openFactory()).ca, now }), 'unverified');
  });

  test('none, and what is none', () => {
    assert.is(judgeCertificate(undefined, { mac, cas: undefined, now }), 'none');
    assert.is(judgeCertificate('bm90aGluZw==', { mac, cas: undefined, now }), 'unverified');
  });

  test('CAs of an admin: certificates, and of CAs', async () => {
    const factory = await openFactory();
    assert.is(readCas(`# Yealink\n${factory.ca}\n\n${factory.ca}`).length, 2);
    const { cert } = await factory.makePhone(`CN=${mac}`);
    // biome-ignore format: a table
    const wrong: [pem: string, why: RegExp][] = [
      ['', /1 to 32 certificates/],
      ['Yealink CA', /1 to 32 certificates/],
      [factory.ca.repeat(33), /1 to 32 certificates/],
      [factory.ca + factory.ca.replace(/\n.*\n/, '\n'), /certificate 2 cannot be read/],
      [cert, /certificate 1 \(CN=001565aabb01\) is no CA/],
    ];
    for (const [pem, why] of wrong)
      assert.throws(
        () => readCas(pem),
        (error: Error) => why.test(error.message),
      );
  });
});
