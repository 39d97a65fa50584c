/** Whom a call from an upstream is for, and whom it is from. */

import * as assert from 'uvu/assert';
import { calledThere, callerThere } from '#controller/sip/upstream/incoming.ts';
import { createRequest, type HeaderList } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';

const from = ['From', '"Far" <sip:030777@pbx.invalid>;tag=f'] as const;

const invite = (uri: string, headers: HeaderList = [from]) =>
  createRequest({ method: 'INVITE', uri, headers });

// biome-ignore format: a table
const callers: { name: string; headers: HeaderList; is: [user: string, display: string] }[] = [
  { name: 'From, where nothing is asserted',  headers: [],                                                            is: ['030777', 'Far'] },
  { name: 'what is asserted',                 headers: [['P-Asserted-Identity', '"Customer" <sip:030778@x>']],        is: ['030778', 'Customer'] },
  { name: 'a tel: of two',                    headers: [['P-Asserted-Identity', '<sip:name@x>'], ['P-Asserted-Identity', '<tel:+49-30-779;ext=1>']], is: ['+4930779', '+4930779'] },
  { name: 'From, where a name is asserted',   headers: [['P-Asserted-Identity', '<sip:name@x>']],                     is: ['030777', 'Far'] },
  { name: 'nobody, by Privacy: id',           headers: [['P-Asserted-Identity', '<sip:1@x>'], ['Privacy', 'id']],     is: ['anonymous', 'Anonymous'] },
  { name: 'nobody, among other wishes',       headers: [['Privacy', 'header; ID;critical']],                          is: ['anonymous', 'Anonymous'] },
  { name: 'nobody, by Privacy: user',         headers: [['Privacy', 'user']],                                         is: ['anonymous', 'Anonymous'] },
  { name: 'who he is, by Privacy: none',      headers: [['Privacy', 'none']],                                         is: ['030777', 'Far'] },
  { name: 'nobody, where From is no number',  headers: [['From', '<sip:x@anonymous.invalid>;tag=f']],                 is: ['anonymous', 'anonymous'] },
  { name: 'a name without what steers',       headers: [['From', '"A\x07\u202eB" <sip:1@x>;tag=f']],                  is: ['1', 'AB'] },
];

// biome-ignore format: a table
const called: { uri: string; prefix: string; is: string | undefined }[] = [
  { uri: 'sip:100@x',             prefix: '',        is: '100' },
  { uri: 'sips:100@x;user=phone', prefix: '',        is: '100' },
  { uri: 'sip:+4930555100@x',     prefix: '+4930555', is: '100' },
  { uri: 'tel:+49-30-555-100',    prefix: '+4930555', is: '100' },
  { uri: 'sip:%2b4930555100@x',   prefix: '+4930555', is: '100' },
  { uri: 'sip:100@x',             prefix: '+4930555', is: undefined },
  { uri: 'sip:name@x',            prefix: '',        is: undefined },
  { uri: 'urn:service:sos',       prefix: '',        is: undefined },
  { uri: 'sip:x',                 prefix: '',        is: undefined },
];

describe('controller/sip/upstream: a call from there', (test) => {
  for (const { name, headers, is } of callers) {
    test(`is from ${name}`, () => {
      const own = headers.some(([each]) => each === 'From') ? headers : [from, ...headers];
      const bytes = own.map(([each, value]) => [each, Buffer.from(value).toString('latin1')] as const);
      const { user, display } = callerThere(invite('sip:100@x', bytes));
      assert.equal([user, display], is);
    });
  }

  for (const { uri, prefix, is } of called) {
    test(`to ${uri}, where ours begin with "${prefix}", is for ${is ?? 'nobody'}`, () =>
      assert.is(calledThere(invite(uri), { calledPrefix: prefix }), is));
  }
});
