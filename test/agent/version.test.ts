import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { version } from '#agent/version.ts';
import { describe } from '#test/support/describe.ts';

describe('agent version', (test) => {
  test('is that of package.json', () => {
    const file = new URL('../../package.json', import.meta.url);
    assert.is(version, JSON.parse(readFileSync(file, 'utf8')).version);
  });
});
