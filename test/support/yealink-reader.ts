/**
 * Reads Yealink's format as a phone might, and knows nothing of the writer: lines
 * by any line ending, `#` begins a comment, the first `=` ends the name, blanks
 * around both are nothing, quotes around a whole value too. A name said twice
 * is a mistake of the file (`static.security.user_password` is one line a user).
 */

import * as assert from 'uvu/assert';

export type ReadConfig = {
  settings: Map<string, string>;
  /** Names whose value is `%NULL%`. */
  factory: Set<string>;
};

export function readYealink(text: string): ReadConfig {
  const [header, ...lines] = text.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/u);
  assert.is(header, '#!version:1.0.0.1');
  const settings = new Map<string, string>();
  const factory = new Set<string>();
  for (const line of lines) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const at = line.indexOf('=');
    assert.ok(at > 0, `not a setting: ${line}`);
    const name = line.slice(0, at).trim();
    const value = line.slice(at + 1).trim();
    assert.match(name, /^[a-z0-9_.]+$/i);
    assert.not(settings.has(name) || factory.has(name), `said twice: ${name}`);
    if (/^%null%$/i.test(value)) factory.add(name);
    else settings.set(name, value);
  }
  return { settings, factory };
}

/** The file that a boot file includes. */
export function readBoot(text: string): string | undefined {
  const [header, ...lines] = text.split('\n');
  assert.is(header, '#!version:1.0.0.1');
  return /^include:config\s+"([^"]+)"$/.exec(lines.find((line) => line.startsWith('include:')) ?? '')?.[1];
}
