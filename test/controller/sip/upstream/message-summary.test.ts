import * as assert from 'uvu/assert';
import { formatSummary, parseSummary } from '#controller/sip/upstream/message-summary.ts';
import { describe } from '#test/support/describe.ts';

const account = 'sip:100@192.0.2.1';
const rewritten = (text: string) => {
  const summary = parseSummary(Buffer.from(text));
  return summary && formatSummary(summary, account).toString().replaceAll('\r\n', '|');
};

// biome-ignore format: a table
const rows: [name: string, body: string, out: string | undefined][] = [
  ['plain', 'Messages-Waiting: yes\r\nMessage-Account: sip:u@pbx\r\nVoice-Message: 2/8 (0/2)\r\n', `Messages-Waiting: yes|Message-Account: ${account}|Voice-Message: 2/8 (0/2)|`],
  ['bare line ends, any case', 'messages-waiting:YES\nvoice-message:1/0\n', `Messages-Waiting: yes|Message-Account: ${account}|Voice-Message: 1/0|`],
  ['nothing waits', 'Messages-Waiting: no\r\n', `Messages-Waiting: no|Message-Account: ${account}|`],
  ['fax too, and headers of messages that are not ours to tell', 'Messages-Waiting: yes\r\nFax-Message: 1/1\r\n\r\nFrom: eve\r\n', `Messages-Waiting: yes|Message-Account: ${account}|Fax-Message: 1/1|`],
  ['counts that are none', 'Messages-Waiting: yes\r\nVoice-Message: 1/x\r\nVoice-Message: -1/2\r\n', `Messages-Waiting: yes|Message-Account: ${account}|`],
  ['it does not say', 'Voice-Message: 1/0\r\n', undefined],
  ['neither yes nor no', 'Messages-Waiting: maybe\r\n', undefined],
  ['empty', '', undefined],
];

describe('controller/sip/upstream: message summary', (test) => {
  for (const [name, body, out] of rows) test(name, () => assert.is(rewritten(body), out));

  test('a line of spaces costs no more than one of letters', () => {
    // Where the time grew with the square of the length, one of them took seconds.
    const body = `Messages-Waiting: a${' '.repeat(59_000)}x\r\nMessages-Waiting: yes\r\n`;
    const begun = performance.now();
    for (let times = 0; times < 20; times++) assert.ok(rewritten(body));
    assert.ok(performance.now() - begun < 10_000);
  });
});
