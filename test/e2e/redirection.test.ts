/**
 * A phone from the factory asks its vendor's server where its config is, and that
 * server has been told; and a phone that comes by HTTPS with a certificate of its own.
 */

import { once } from 'node:events';
import { request } from 'node:https';
import * as assert from 'uvu/assert';
import { account, openVendor, yealinkRpsServer } from '#test/controller/provisioning/rps/vendor.ts';
import { describe } from '#test/support/describe.ts';
import { openFactory, type PhoneIdentity } from '#test/support/factory.ts';
import { until } from '#test/support/until.ts';
import { inWorld, macOf } from './world.ts';

const deadlineMs = 30_000;

describe('redirection', (test) => {
  test(
    'a device is told to its vendor’s service, a phone asks there, and is up; its secret is in no log',
    async () => {
      await inWorld(async (world) => {
        const served = yealinkRpsServer();
        const vendor = await openVendor(served.answer);
        world.defer(() => vendor.close());
        await world.url('HD0001');
        const settings = { account: account.name, secret: account.secret, url: vendor.url, automatic: true };
        await world.ask('PATCH', '/redirection-services/yealink-rps', settings);
        const url = await until('the service to know the phone', () => served.urlOf(macOf('HD0001')));
        await world.desk('HD0001', { provisioning: { url, mac: macOf('HD0001') } });
        const { registered } = (await world.device('HD0001')) as { registered: { aor: string } };
        assert.is(registered.aor, 'HD0001');
        await until('it is shown at the device', async () => {
          const { redirections } = (await world.device('HD0001')) as { redirections: { state: string }[] };
          return redirections[0]?.state === 'done';
        });
        await world.ask('DELETE', '/devices/HD0001');
        await until('the service to have forgotten it', () => served.urlOf(macOf('HD0001')) === undefined);
        const logs = world.log.join('\n');
        assert.not.match(logs, new RegExp(account.secret));
        assert.is(logs.includes(url), false, 'the URL opens a config');
      });
    },
    deadlineMs,
  );

  test(
    'by HTTPS: a phone’s own certificate is verified, another phone’s is refused like anything else',
    async () => {
      await inWorld(async (world) => {
        const factory = await openFactory();
        await world.ask('PATCH', '/sites/berlin', { phoneCas: factory.ca, configBy: 'https' });
        const folder = await world.url('HD0001');
        const ca = await (await fetch(`${folder}site-ca.crt`, { headers: { connection: 'close' } })).text();
        const [https] = world.agent.https;
        const path = `${new URL(folder).pathname}${macOf('HD0001')}.cfg`;
        const get = async (identity?: PhoneIdentity) => {
          const shown = identity && { cert: identity.cert, key: identity.key };
          const asked = request({
            host: https?.address,
            port: https?.port,
            path,
            ca,
            agent: false,
            ...shown,
          });
          const done = once(asked, 'response');
          asked.end();
          const [response] = await done;
          let text = '';
          for await (const part of response) text += String(part);
          return { status: Number(response.statusCode), text };
        };
        const config = await get();
        assert.is(config.status, 200);
        const at = `https://127.0.0.1:${https?.port}${new URL(folder).pathname}`;
        assert.ok(config.text.includes(`static.auto_provision.server.url = ${at}\n`));
        assert.is((await get(await factory.makePhone(`CN=${macOf('HD0001')}`))).status, 200);
        const refused = await get(await factory.makePhone('CN=001565fe0001'));
        assert.equal(refused, { status: 404, text: 'not found\n' });
        assert.is(await world.counter('config.certificates.verified'), 1);
        assert.is(await world.counter('config.refused.certificate'), 1);
      });
    },
    deadlineMs,
  );
});
