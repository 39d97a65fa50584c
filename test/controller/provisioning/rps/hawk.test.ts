/** Hawk's own examples (github.com/mozilla/hawk, README and API). */

import * as assert from 'uvu/assert';
import { hawkMac, payloadHash } from '#controller/provisioning/rps/hawk.ts';
import { describe } from '#test/support/describe.ts';

const key = 'werxhqb98rpaxn39848xrunpaw3489ruxnpa98w4rxn';
const url = 'http://example.com:8000/resource/1?b=1&a=2';
const at = { url, ts: 1_353_832_234, nonce: 'j4h3g2' };

describe('Hawk', (test) => {
  test('a GET without a payload hash', () => {
    assert.is(
      hawkMac(key, { ...at, method: 'GET' }, '', 'some-app-ext-data'),
      '6R4rV5iE+NPoym+WwjeHzjAGXUtLNIxmo1vpMofpLAE=',
    );
  });

  test('a POST with one, whatever follows the content type', () => {
    const body = 'Thank you for flying Hawk';
    const hash = 'Yi9LfIIFRtBEPt74PVmbTF/xVAwPn7ub15ePICfgnuY=';
    assert.is(payloadHash('text/plain', body), hash);
    assert.is(payloadHash('Text/Plain; charset=utf-8', body), hash);
    assert.is(
      hawkMac(key, { ...at, method: 'post' }, hash, 'some-app-ext-data'),
      'aSe1DERmZuRl3pI36/9BdZmnErTw3sNzOOAUlfeKjVw=',
    );
  });
});
