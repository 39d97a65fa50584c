/**
 * Fanvil's Device Provisioning Service, by XML-RPC with HTTP Basic whose password
 * is hashed twice: `md5hex(md5hex(password))`.
 *
 * A phone belongs to a group of settings (a "server" in its methods); each gets
 * one of its own, named by its MAC, that says where its file is. A group is
 * replaced, not changed. None of this is documented in public: it is what one
 * program is known to send, and `checkDevice` what another knows the name of.
 */

import { createHash } from 'node:crypto';
import { Fault } from '#protocol/fault.ts';
import { type Context, isGood, type Kind, type Request, refused, type Service, saidIn } from './service.ts';
import { formatCall, type Reply, type RpcValue, readReply } from './xml-rpc.ts';

const protocols: Readonly<Record<string, string>> = { 'http:': '4', 'https:': '5' };

export const fanvilFdps: Kind = {
  title: 'Fanvil FDPS',
  vendors: ['fanvil'],
  url: 'https://fdps.fanvil.com/xmlrpc.php',
  words: ['user name', 'password'],
  uncertain: 'nothing of it is documented in public; it is what one other program sends',
  urlOf: (folder, mac) => `${folder}${mac}.cfg`,
  open: openFdps,
  rehearse: () => ({ status: 200, headers: {}, body: goodReply }),
};

const goodReply =
  '<methodResponse><params><param><value><array><data><value><boolean>1</boolean></value>' +
  '<value><string>Ok</string></value></data></array></value></param></params></methodResponse>';

export const passwordOf = (secret: string) => md5(md5(secret));

function openFdps({ account, send }: Context): Service {
  const basic = Buffer.from(`${account.name}:${passwordOf(account.secret)}`).toString('base64');

  function request(method: string, params: readonly RpcValue[]): Request {
    return {
      method: 'POST',
      url: account.url,
      headers: { Authorization: `Basic ${basic}`, 'Content-Type': 'text/xml' },
      body: formatCall(`redirect.${method}`, params),
    };
  }

  async function call(method: string, ...params: RpcValue[]): Promise<Reply> {
    const answer = await send(() => request(method, params));
    if (!isGood(answer)) throw refused(saidIn(answer));
    const reply = readReply(answer.body);
    if (reply === undefined) throw new Fault('unavailable', 'the service sent what is no answer to XML-RPC');
    return reply;
  }

  async function mustCall(method: string, ...params: RpcValue[]): Promise<void> {
    const { isDone, said } = await call(method, ...params);
    if (!isDone) throw refused(said);
  }

  /** Gone is gone, whoever did it. */
  async function forget(group: string): Promise<void> {
    const { isDone, said } = await call('deleteServer', group);
    if (!isDone && !said.includes('server_not_exist')) throw refused(said);
  }

  return {
    // Of all its methods the one that changes nothing; what it says of this MAC does not matter.
    check: async () => void (await call('checkDevice', '000000000000')),

    async register(mac, url) {
      const { protocol, host, pathname } = new URL(url);
      const name = mac.toUpperCase();
      await forget(name);
      await mustCall('addMaterialServer', [
        `cfgName=${name}`,
        'cfgPfMode=1',
        'cfgDhcpOpt=false',
        'cfgPnpEnable=false',
        `cfgPfSrv=${host}`,
        `cfgPfName=${pathname}`,
        `cfgPfProt=${protocols[protocol] ?? '4'}`,
      ]);
      await call('deRegisterDevice', name); // from a group it may have been in
      await mustCall('registerDevice', name, name);
    },

    lookUp: async (mac) => ({ isRegistered: (await call('checkDevice', mac.toUpperCase())).isDone }),

    async remove(mac) {
      const name = mac.toUpperCase();
      if ((await call('checkDevice', name)).isDone) await mustCall('deRegisterDevice', name);
      await forget(name);
    },
  };
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
