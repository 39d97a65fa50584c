/**
 * The peer: Kamailio with one worker on one UDP port of 127.0.0.1, as a registrar
 * with digest or as a proxy that stays in the dialog. Each kind of work gets what
 * a small office's configuration has for it and nothing else; a new contact takes the
 * place of the old (save 0x04), as ours does.
 */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostPort } from '#protocol/address.ts';
import { freePort } from '#test/support/ports.ts';
import { type Program, startProgram } from './programs.ts';

export type Kamailio = Program & { readonly sip: HostPort };

const modules = ['tm', 'sl', 'rr', 'pv', 'maxfwd', 'textops', 'siputils', 'auth', 'usrloc', 'registrar'];

/** `secret` is every phone's: Kamailio spares the look-up. */
export async function startKamailio(folder: string, secret: string): Promise<Kamailio> {
  const port = await freePort('127.0.0.1');
  const file = join(folder, 'kamailio.cfg');
  await writeFile(file, configuration(port, secret));
  // -DD: stays in the foreground, and its processes are its children. -m, -M: memory in MB.
  const args = [
    '-f',
    file,
    '-DD',
    '-E',
    '-m',
    '512',
    '-M',
    '32',
    '-Y',
    folder,
    '-P',
    join(folder, 'kamailio.pid'),
  ];
  const program = startProgram('kamailio', args, { limitMs: 180_000 });
  const sip = { address: '127.0.0.1', port };
  await Promise.race([
    answers(sip),
    program.ended.then(({ said }) => {
      throw new Error(`kamailio ended at once:\n${said}`);
    }),
  ]);
  return { ...program, sip };
}

const configuration = (port: number, secret: string) => `
debug=0
log_stderror=yes
children=1
disable_tcp=yes
auto_aliases=no
listen=udp:127.0.0.1:${port}
${modules.map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("auth", "nonce_expire", 60)
modparam("auth", "qop", "auth")
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "hash_size", 12)
modparam("registrar", "max_expires", 3600)
modparam("rr", "enable_full_lr", 1)

request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  force_rport();
  if (is_method("REGISTER")) {
    if (!pv_www_authenticate("hotdesk", "${secret}", "0")) { www_challenge("hotdesk", "1"); exit; }
    if (!save("location", "0x04")) { sl_reply_error(); }
    exit;
  }
  if (has_totag()) {
    if (loose_route()) { t_relay(); exit; }
    if (is_method("ACK")) { if (t_check_trans()) { t_relay(); } exit; }
    sl_send_reply("404", "Not here");
    exit;
  }
  if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
  t_check_trans();
  if (is_method("INVITE")) {
    if (!pv_proxy_authenticate("hotdesk", "${secret}", "0")) { proxy_challenge("hotdesk", "1"); exit; }
    consume_credentials();
    record_route();
    if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
  }
  if (!t_relay()) { sl_reply_error(); }
}
`;

/** Resolves when it answers an OPTIONS. */
async function answers({ address, port }: HostPort): Promise<void> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const own = `127.0.0.1:${socket.address().port}`;
  const lines = [
    `OPTIONS sip:${address}:${port} SIP/2.0`,
    `Via: SIP/2.0/UDP ${own};branch=z9hG4bKready;rport`,
    `From: <sip:bench@${own}>;tag=1`,
    `To: <sip:${address}:${port}>`,
    'Call-ID: ready',
    'CSeq: 1 OPTIONS',
    'Max-Forwards: 70',
    'Content-Length: 0',
  ];
  const answered = once(socket, 'message', { signal: AbortSignal.timeout(10_000) });
  socket.on('error', () => {}); // nobody listens yet
  const again = setInterval(() => socket.send(`${lines.join('\r\n')}\r\n\r\n`, port, address), 50);
  try {
    await answered;
  } finally {
    clearInterval(again);
    socket.close();
  }
}
