/** The headless phone against a real registrar and file server: power on, check-sync, refusals, loss. */

import * as assert from 'uvu/assert';
import { openPhone } from '#agent/phone/phone.ts';
import { Fault } from '#protocol/fault.ts';
import { createResponse } from '#protocol/sip/message.ts';
import { parseUri } from '#protocol/sip/uri.ts';
import { describe } from '#test/support/describe.ts';
import {
  configFor,
  type Files,
  mac,
  openFiles,
  openRegistrar,
  patient,
  type Registrar,
  type Watched,
  watch,
} from './office.ts';

type Office = { registrar: Registrar; files: Files; phone: Watched };

/** A phone that is being switched on; `prepare` comes before that. */
async function inOffice(
  use: (office: Office) => Promise<void>,
  prepare: (registrar: Registrar) => Record<string, string | number> = () => ({}),
  options: Partial<Parameters<typeof watch>[0]> = {},
): Promise<void> {
  const registrar = await openRegistrar();
  const files = await openFiles({ [`${mac}.cfg`]: configFor(registrar, prepare(registrar)) });
  const phone = await watch({ provisioning: { url: files.url, mac }, ...options });
  try {
    await use({ registrar, files, phone });
  } finally {
    await phone.phone.close();
    registrar.close();
    files.close();
  }
}

describe('phone', (quick) => {
  const test = patient(quick);

  test('power on: fetches its files and registers', () =>
    inOffice(async ({ registrar, files, phone }) => {
      const provisioned = await phone.saw('provisioned');
      assert.is(provisioned.account, 'HD0001');
      assert.is(provisioned.displayName, 'Desk 1');
      assert.ok(provisioned.etag);
      assert.equal(provisioned.keys[0], { position: 1, type: 'speeddial', value: '*77*', label: 'Login' });
      assert.equal(await phone.saw('registered'), { event: 'registered', aor: 'HD0001', expires: 300 });
      assert.is(phone.events[0]?.event, 'ready');
      assert.equal(files.fetched.at(-1), `${mac}.cfg`);

      const [first, second] = registrar.registers;
      assert.is(registrar.registers.length, 2);
      assert.is(first?.get('User-Agent'), 'Yealink SIP-T46S 66.86.0.15');
      assert.match(first?.get('From') ?? '', /^"Desk 1" <sip:HD0001@/);
      assert.match(second?.get('Authorization') ?? '', /algorithm=SHA-256/);
      assert.is(first?.callId, second?.callId);
      const contact = parseUri(registrar.contacts.get('HD0001')?.slice(1, -1) ?? '');
      assert.equal(
        [contact.user, contact.host, contact.port],
        ['HD0001', phone.phone.sip.address, phone.phone.sip.port],
      );
    }));

  test('registers again at half of the expiry, with the nonce it has', () =>
    inOffice(
      async ({ registrar, phone }) => {
        await phone.saw('registered');
        await phone.saw('registered');
        assert.is(registrar.registers.length, 3);
        assert.match(registrar.registers[2]?.get('Authorization') ?? '', /nc=00000002/);
      },
      (registrar) => {
        registrar.expires = 1;
        return {};
      },
    ));

  test('a lost REGISTER is sent again', () =>
    inOffice(
      async ({ registrar, phone }) => {
        await phone.saw('registered');
        assert.ok(registrar.datagrams >= 4);
        assert.is(registrar.registers.length, 2);
      },
      (registrar) => {
        registrar.lose = 2;
        return {};
      },
    ));

  test('a registrar that is silent is tried again', () =>
    inOffice(
      async ({ registrar, phone }) => {
        const failed = await phone.saw('registration-failed');
        assert.equal(failed, { event: 'registration-failed', aor: 'HD0001', status: 408 });
        registrar.lose = 0;
        await phone.saw('registered');
      },
      (registrar) => {
        registrar.lose = Number.POSITIVE_INFINITY;
        return {};
      },
      { timers: { t1: 20, t2: 80, t4: 100 } },
    ));

  test('a wrong password is told, and not sent for ever', () =>
    inOffice(
      async ({ registrar, phone }) => {
        assert.is((await phone.saw('registration-failed')).status, 401);
        assert.is(registrar.registers.length, 2);
      },
      () => ({ 'account.1.password': 'wrong' }),
    ));

  test('check-sync: the account changes, what the file leaves out stays', () =>
    inOffice(async ({ registrar, files, phone }) => {
      await phone.saw('registered');
      await phone.saw('provisioned');
      files.files[`${mac}.cfg`] = configFor(registrar, {
        'account.1.user_name': '100',
        'account.1.label': '100 Anna',
        'linekey.1.value': '%NULL%',
        'linekey.2.type': 16,
        'linekey.2.value': '101',
      }).replace('linekey.1.label = Login\n', '');
      assert.is(await registrar.notify('HD0001', 'check-sync;reboot=false'), 200);
      assert.equal(await phone.saw('check-sync'), { event: 'check-sync', reboot: false });
      const { account, label, keys } = await phone.saw('provisioned');
      assert.equal([account, label], ['100', '100 Anna']);
      assert.equal(keys.slice(0, 2), [
        { position: 1, type: 'speeddial', value: '', label: 'Login' },
        { position: 2, type: 'blf', value: '101', label: '' },
      ]);
      assert.is((await phone.saw('registered')).aor, '100');
      assert.equal([...registrar.contacts.keys()], ['HD0001', '100']);
      assert.match(registrar.registers.at(-1)?.get('Authorization') ?? '', /username="HD0001"/);
    }));

  test('check-sync without a change does not register', () =>
    inOffice(async ({ registrar, files, phone }) => {
      await phone.saw('registered');
      await phone.saw('provisioned');
      const before = files.fetched.length;
      assert.is(await registrar.notify('HD0001', 'check-sync'), 200);
      await phone.saw('provisioned');
      assert.is(files.fetched.length, 2 * before);
      assert.is(await registrar.notify('HD0001', 'message-summary'), 200);
      assert.is(await registrar.notify('HD0001', 'presence'), 489);
      assert.is(registrar.registers.length, 2);
    }));

  test('a check-sync that reboots registers anew', () =>
    inOffice(async ({ registrar, phone }) => {
      await phone.saw('registered');
      await registrar.notify('HD0001', 'check-sync;reboot=true');
      await phone.saw('registered');
      assert.is.not(registrar.registers.at(-1)?.callId, registrar.registers[0]?.callId);
    }));

  test('a check-sync during a call waits for its end', () =>
    inOffice(async ({ registrar, files, phone }) => {
      const headers: [string, string][] = [['Contact', `<sip:r@127.0.0.1:${registrar.local.port}>`]];
      registrar.onRequest = (transaction) => {
        const { request } = transaction;
        transaction.respond(createResponse(request, 180, { toTag: 'r', headers }));
        transaction.onCancel = () => transaction.respond(createResponse(request, 487, { toTag: 'r' }));
      };
      await phone.saw('registered');
      await phone.saw('provisioned');
      phone.phone.press(1);
      await phone.saw('progress');
      const before = files.fetched.length;
      await registrar.notify('HD0001', 'check-sync');
      await phone.saw('check-sync');
      assert.is(files.fetched.length, before);
      phone.phone.hangUp();
      const ended = await phone.saw('ended');
      assert.equal([ended.by, ended.status], ['us', 487]);
      await phone.saw('provisioned');
    }));

  test('another AOR with the own credentials: refused, and only once', () =>
    inOffice(async ({ registrar, phone }) => {
      await phone.saw('registered');
      registrar.permitted = new Set(['HD0001']);
      assert.ok(phone.phone.register('100'));
      assert.equal(await phone.saw('registration-failed'), {
        event: 'registration-failed',
        aor: '100',
        status: 403,
      });
      phone.phone.status();
      assert.equal(await phone.saw('status'), {
        event: 'status',
        account: 'HD0001',
        label: 'HD0001',
        displayName: 'Desk 1',
        registered: 'HD0001',
        calls: 0,
      });
    }));

  test('a number is dialled at the server, as it is; a refusal is told with its status', () =>
    inOffice(async ({ registrar, phone }) => {
      const dialled: string[] = [];
      registrar.onRequest = (transaction) => {
        const { request } = transaction;
        dialled.push(request.start.type === 'request' ? request.start.uri : '');
        transaction.respond(createResponse(request, 403, { toTag: 'r' }));
      };
      await phone.saw('registered');
      phone.phone.call('*77*100*');
      const ended = await phone.saw('ended');
      assert.equal([ended.by, ended.status], ['refused', 403]);
      phone.phone.press(1);
      await phone.saw('ended');
      const at = `${registrar.local.address}:${registrar.local.port}`;
      assert.equal(dialled, [`sip:*77*100*@${at}`, `sip:*77*@${at}`]);
    }));

  test('a call that is challenged, loses datagrams and has early media', () =>
    inOffice(async ({ registrar, phone }) => {
      const sdp = [
        'v=0',
        'o=- 1 1 IN IP4 127.0.0.1',
        's=-',
        'c=IN IP4 127.0.0.1',
        't=0 0',
        'm=audio 9 RTP/AVP 8',
        '',
      ];
      const body = Buffer.from(sdp.join('\r\n'));
      const headers: [string, string][] = [
        ['Contact', `<sip:r@127.0.0.1:${registrar.local.port}>`],
        ['Content-Type', 'application/sdp'],
      ];
      const credentials: string[] = [];
      registrar.onRequest = (transaction) => {
        const { request } = transaction;
        const given = request.get('Proxy-Authorization');
        if (request.method === 'INVITE' && given === undefined) {
          const challenges = ['SHA-256', 'MD5', 'MD5-sess'].map((algorithm): [string, string] => [
            'Proxy-Authenticate',
            `Digest realm="test", nonce="n", algorithm=${algorithm}, qop="auth"`,
          ]);
          transaction.respond(createResponse(request, 407, { toTag: 'c', headers: challenges }));
        } else if (request.method === 'INVITE') {
          credentials.push(given ?? '');
          transaction.respond(createResponse(request, 183, { toTag: 'r', headers, body }));
          transaction.respond(createResponse(request, 200, { toTag: 'r', headers, body }));
        } else {
          transaction.respond(createResponse(request, 200));
        }
      };
      await phone.saw('registered');
      registrar.lose = 2;
      phone.phone.call('100');
      assert.is((await phone.saw('answered')).remoteMedia, '127.0.0.1:9');
      assert.is(credentials.length, 1);
      assert.match(credentials[0] ?? '', /algorithm=MD5,.*username="HD0001"/);
      assert.not.ok(phone.phone.dtmf('1'), 'the answer has no telephone events');
      phone.phone.hangUp();
      assert.is((await phone.saw('ended')).by, 'us');
    }));

  test('what it cannot do, it says', () =>
    inOffice(async ({ phone }) => {
      assert.not.ok(phone.phone.call('100'), 'not provisioned yet');
      await phone.saw('registered');
      const { phone: it } = phone;
      const refused = [
        it.press(2),
        it.press(99),
        it.answer(),
        it.hangUp(),
        it.hold(true),
        it.dtmf('1'),
        it.dtmf('x'),
        it.call('sip:'),
      ];
      assert.equal(
        refused,
        refused.map(() => false),
      );
      assert.is(phone.events.filter(({ event }) => event === 'error').length, refused.length + 1);
    }));

  test('trusts only its server when told so', () =>
    inOffice(
      async ({ registrar, phone }) => {
        const stranger = await openRegistrar('127.0.0.2');
        try {
          await phone.saw('registered');
          stranger.contacts.set('HD0001', registrar.contacts.get('HD0001') ?? '');
          assert.is(await stranger.notify('HD0001', 'check-sync'), 403);
          assert.is(await registrar.notify('HD0001', 'check-sync'), 200);
        } finally {
          stranger.close();
        }
      },
      () => ({ 'sip.trust_ctrl': 1 }),
    ));

  test('a file server that is not there yet is asked again', async () => {
    const registrar = await openRegistrar();
    const files = await openFiles({});
    const phone = await watch({ provisioning: { url: files.url, mac } });
    try {
      assert.match((await phone.saw('error')).message, /provisioning: there is no 805ec0000001\.cfg/);
      files.files[`${mac}.cfg`] = configFor(registrar);
      await phone.saw('registered');
    } finally {
      await phone.phone.close();
      registrar.close();
      files.close();
    }
  });

  test('wants an address, a MAC and a model', async () => {
    const listen = { address: '127.0.0.1', port: 0 };
    const wrong = [
      { listen: { ...listen, address: '0.0.0.0' } },
      { listen: { ...listen, address: '::' } },
      { listen, provisioning: { url: 'http://a/', mac: '1' } },
      { listen, provisioning: { url: 'http://a/', mac, model: 'T46Z' } },
    ];
    for (const options of wrong) {
      const error = await openPhone({ ...options, onEvent: () => {} }).catch((caught: unknown) => caught);
      assert.ok(Fault.is(error, 'input.invalid'), JSON.stringify(options));
    }
  });

  test('closing twice, and while it is still fetching', async () => {
    const files = await openFiles({});
    const { phone } = await watch({ provisioning: { url: files.url, mac } });
    await Promise.all([phone.close(), phone.close()]);
    files.close();
  });
});
