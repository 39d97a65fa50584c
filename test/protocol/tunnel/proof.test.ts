import { generateKeyPairSync } from 'node:crypto';
import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import { formatEnrolToken, parseEnrolToken } from '#protocol/tunnel/enrol-token.ts';
import { type Binding, isRightProof, parseProof, signProof } from '#protocol/tunnel/proof.ts';
import { describe } from '#test/support/describe.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const agent = '0123456789abcdef';
const material = Buffer.alloc(32, 7);
const exporter: Binding = { type: 'exporter', material };

describe('proof', (test) => {
  test('is right for its own statement', () => {
    for (const binding of [exporter, { type: 'nonce', nonce: 'a.b_c-d' } as const]) {
      const proof = parseProof(signProof('signal', agent, binding, privateKey));
      assert.ok(proof !== undefined && isRightProof(proof, 'signal', binding, publicKey));
    }
  });

  test('is wrong for any other', () => {
    const proof = parseProof(signProof('signal', agent, exporter, privateKey));
    assert.ok(proof);
    const other = generateKeyPairSync('ed25519').publicKey;
    assert.not(isRightProof(proof, 'media', exporter, publicKey));
    assert.not(isRightProof(proof, 'signal', exporter, other));
    assert.not(isRightProof({ ...proof, agent: 'f'.repeat(16) }, 'signal', exporter, publicKey));
    assert.not(isRightProof(proof, 'signal', { type: 'exporter', material: Buffer.alloc(32) }, publicKey));
    assert.not(isRightProof(proof, 'signal', { type: 'nonce', nonce: material.toString() }, publicKey));
  });

  const right = signProof('signal', agent, exporter, privateKey);
  // biome-ignore format: a table
  const rejected: { name: string; header: string }[] = [
    { name: 'nothing',                     header: '' },
    { name: 'another scheme',              header: right.replace('Hotdesk', 'Bearer') },
    { name: 'an agent id cut short',       header: right.replace(agent, 'abc') },
    { name: 'a nonce with the exporter',   header: right.replace('exporter', 'exporter,nonce=x') },
    { name: 'no nonce without it',         header: right.replace('exporter', 'nonce') },
    { name: 'a signature cut short',       header: right.slice(0, -1) },
    { name: 'something behind it',         header: `${right} ` },
  ];
  for (const { name, header } of rejected)
    test(`is none with ${name}`, () => assert.is(parseProof(header), undefined));
});

describe('enrolment token', (test) => {
  const [secret, pin, next] = ['S', 'P', 'N'].map((letter) => letter.repeat(43)) as [string, string, string];
  // biome-ignore format: a table
  const vectors: { name: string; text: string; pins: string[] }[] = [
    { name: 'both pins',  text: `hd1.${secret}.${pin}.${next}`,  pins: [pin, next] },
    { name: 'one pin',    text: `hd1.${secret}.${pin}`,          pins: [pin] },
    { name: 'no pin',     text: `hd1.${secret}.-`,               pins: [] },
  ];
  for (const { name, text, pins } of vectors) {
    test(`has ${name}`, () => {
      assert.is(formatEnrolToken({ secret, pins }), text);
      assert.equal(parseEnrolToken(` ${text}\n`), { secret, pins });
    });
  }

  const rejected = [
    '',
    'hd1',
    `hd2.${secret}.${pin}`,
    `hd1.${secret}`,
    `hd1.${secret}.${pin}.${next}.${next}`,
    `hd1.${secret}.`,
  ];
  for (const text of rejected) {
    test(`is none: ${text.slice(0, 8)}… of ${text.length}`, () => {
      assert.throws(
        () => parseEnrolToken(text),
        (error: unknown) => Fault.is(error, 'input.invalid') && !error.message.includes(secret),
      );
    });
  }
});
