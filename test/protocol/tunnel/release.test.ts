import { generateKeyPairSync } from 'node:crypto';
import * as assert from 'uvu/assert';
import { Fault, type FaultCode } from '#protocol/fault.ts';
import {
  formatManifest,
  isNewer,
  keyOf,
  type Manifest,
  readManifest,
  signManifest,
} from '#protocol/tunnel/release.ts';
import { describe } from '#test/support/describe.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519').privateKey;
const manifest: Manifest = {
  name: 'hotdesk-agent',
  version: '1.2.3',
  files: [
    { path: 'agent.mjs', sha256: 'a'.repeat(64), size: 9 },
    { path: 'install.sh', sha256: 'b'.repeat(64), size: 8 },
  ],
};
const text = formatManifest(manifest);
const signature = signManifest(text, privateKey);
const key = keyOf(signature);

describe('release manifest', (test) => {
  test('is read as it was written, one file a line', () => {
    assert.equal(readManifest(text, signature, key), manifest);
    assert.is(text.split('\n').filter((line) => /"path": .*"sha256": .*"size": /.test(line)).length, 2);
  });

  const garbage = '{"name": "hotdesk-agent"}';
  const [, signed = ''] = signature.split(' ');
  // biome-ignore format: a table
  const refused: { name: string; text: string; signature: string; code: FaultCode }[] = [
    { name: 'of another key',               text,                                 signature: signManifest(text, other), code: 'auth.refused' },
    { name: 'with a byte more',             text: `${text} `,                     signature,                            code: 'auth.refused' },
    { name: 'of another version',           text: text.replace('1.2.3', '1.2.4'), signature,                            code: 'auth.refused' },
    { name: 'without a signature',          text,                                 signature: key,                       code: 'auth.refused' },
    { name: 'signed by another in its name', text, signature: `${key} ${signManifest(text, other).split(' ')[1]}`,      code: 'auth.refused' },
    { name: 'with the key alone changed',   text, signature: `${keyOf(signManifest(text, other))} ${signed}`,           code: 'auth.refused' },
    { name: 'that is none',                 text: garbage, signature: signManifest(garbage, privateKey),                code: 'input.invalid' },
    { name: 'that is no JSON',              text: 'x', signature: signManifest('x', privateKey),                        code: 'input.invalid' },
  ];
  for (const row of refused) {
    test(`is refused ${row.name}`, () => {
      assert.throws(
        () => readManifest(row.text, row.signature, key),
        (error: unknown) => Fault.is(error, row.code),
      );
    });
  }

  // biome-ignore format: a table
  const versions: [string, string, boolean][] = [
    ['0.1.1', '0.1.0', true], ['0.1.0', '0.1.0', false], ['0.1.0', '0.1.1', false], ['0.10.0', '0.9.9', true],
    ['1.0.0', '0.99.99', true], ['1.0.0', '1.0.0-rc.1', true], ['1.0.0-rc.1', '1.0.0', false], ['1.0.1-rc.1', '1.0.0', true],
  ];
  for (const [version, than, expected] of versions) {
    test(`${version} is ${expected ? '' : 'not '}newer than ${than}`, () =>
      assert.is(isNewer(version, than), expected));
  }
});
