import * as assert from 'uvu/assert';
import { formatHostPort, parseHostPort } from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';

describe('host and port', (test) => {
  for (const text of ['127.0.0.1:5060', '[::1]:5061', '[2001:db8::9]:0']) {
    test(`${text} there and back`, () => assert.is(formatHostPort(parseHostPort(text)), text));
  }
  for (const text of [
    '',
    'phone:5060',
    '127.0.0.1',
    '127.0.0.1:65536',
    '1.2.3.999:1',
    '[::1:5060',
    '1.2.3.4:-1',
  ]) {
    test(`"${text}" is refused by the field's name`, () => {
      try {
        parseHostPort(text, 'gateway');
        assert.unreachable();
      } catch (error) {
        assert.ok(Fault.is(error, 'input.invalid'));
        assert.is(error.facts.field, 'gateway');
      }
    });
  }
});
