/** What each vendor's tests prove the same way: hostile names read back, golden files hold. */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { displayName, type Site, type User } from '#controller/model/model.ts';
import { createConfig } from '#controller/provisioning/config.ts';
import { addresses, anna, berlin, deviceOf, keys, textOf, userOf } from './desk.ts';

const pieces = [
  '</item><item name="x">',
  '" perm="RW',
  '&amp;',
  ']]>',
  '<!--',
  "'",
  '%NULL%',
  '#!',
  '\\',
  '@1/f',
  ': ',
  '=',
];

const names = fc
  .array(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 10 }), fc.constantFrom(...pieces)), {
    maxLength: 5,
  })
  .map((parts) => parts.join(''))
  .filter((name) => {
    const read = displayName.safeParse(name);
    return read.success && read.data === name;
  });

/** 500 users whose name, and whose first key's label, are what they should not be. */
export function hostile(check: (user: User, name: string, label: string) => void): void {
  fc.assert(
    fc.property(names, names, (name, label) => {
      check(userOf(name, [{ type: 'blf', value: '101', label }]), name, label);
    }),
    { numRuns: 500, seed: 1 },
  );
}

/** After a change that is meant: GOLDEN=write npx tsx test/run.ts controller/provisioning, and look at the diff. */
export function golden(model: string, ending: string): void {
  for (const [state, user] of [
    ['idle', undefined],
    ['logged-in', anna],
  ] as const) {
    const name = `../../vectors/provisioning/${model.toLowerCase()}-${state}.${ending}`;
    const file = fileURLToPath(new URL(name, import.meta.url));
    const text = textOf(model, user);
    if (process.env.GOLDEN === 'write') writeFileSync(file, text);
    assert.is(text, readFileSync(file, 'utf8'), state);
  }
}

/** An idle phone at a site whose phones speak `transport`: UDP at port 5060, TCP at 5070, TLS at 5061. */
export function textBy(model: string, transport: Site['transport']): string {
  const all = {
    ...addresses,
    sipTcp: { ...addresses.sip, port: 5070 },
    sipTls: { ...addresses.sip, port: 5061 },
  };
  const site = { ...berlin, transport };
  return Buffer.from(createConfig({ device: deviceOf(model), site, addresses: all, keys }).body).toString();
}
