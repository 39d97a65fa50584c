/**
 * A config file as the headless phone of that make reads it, which knows nothing
 * of its writer: each part of it is a setting, and none is said twice.
 */

import * as assert from 'uvu/assert';
import type { Make } from '#agent/phone/make.ts';

export type ReadConfig = {
  settings: Map<string, string>;
  /** Those that are as they left the factory. */
  factory: Set<string>;
};

export function readConfig({ parse }: Pick<Make, 'parse'>, text: string): ReadConfig {
  const { settings, includes, skipped, repeated } = parse(text, 'config');
  assert.equal({ includes, skipped, repeated }, { includes: [], skipped: 0, repeated: 0 });
  const read: ReadConfig = { settings: new Map(), factory: new Set() };
  for (const [name, value] of settings) {
    if (value === undefined) read.factory.add(name);
    else read.settings.set(name, value);
  }
  return read;
}
