/** What is sent of a PBX or trunk that somebody typed. */

import * as assert from 'uvu/assert';
import { upstream } from '#controller/model/model.ts';
import { changedFields } from '#controller/web/page/changed-fields.ts';
import { upstreamBody } from '#controller/web/page/typed-upstream.ts';
import { describe } from '#test/support/describe.ts';

const typed = {
  ...{ id: 'pbx', mode: 'trunk', transport: 'tls', addresses: '192.0.2.20, 192.0.2.21:5071', domain: '' },
  ...{ local: '', authentication: 'digest', username: 'us', secret: '', numbers: '0, 200-299', denied: '' },
  ...{ calledPrefix: '+4930', probeSeconds: '10', ca: '' },
};

describe('a PBX or trunk as it was typed', (test) => {
  test('is one that the API takes, with the defaults for what was left empty', () => {
    const body = upstreamBody(typed, true, true);
    const read = upstream.parse(body);
    assert.equal(read.addresses, [
      { address: '192.0.2.20', port: 5061 },
      { address: '192.0.2.21', port: 5071 },
    ]);
    assert.equal([read.numbers, read.defaultRoute, read.probeSeconds], [['0', '200-299'], true, 10]);
    assert.ok(read.denied.includes('0900'), 'premium numbers are denied unless it was said otherwise');
    assert.is(Object.hasOwn(body, 'secret'), false);
  });

  test('takes away what was emptied, and keeps the secret', () => {
    const body = upstreamBody(typed, false, false);
    assert.equal([body.domain, body.local, body.ca, body.denied], [null, null, null, []]);
    assert.is(Object.hasOwn(body, 'id'), false);
    assert.is(Object.hasOwn(body, 'secret'), false);
    assert.is(upstreamBody({ ...typed, secret: 'x' }, false, false).secret, 'x');
  });

  test('leaves what is no number to the server', () => {
    assert.is(upstreamBody({ ...typed, probeSeconds: 'often' }, false, true).probeSeconds, 'often');
  });
});

describe('fields of a form', (test) => {
  test('are taken away when emptied, and not sent when they never were anything', () => {
    const before = { login: '*77*', park: '*68' };
    assert.equal(changedFields(before, { login: '*77*', park: '', pickup: '', next: '*3' }), {
      ...{ login: '*77*', park: null, next: '*3' },
    });
  });
});
