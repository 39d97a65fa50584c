/**
 * Kamailio from Debian as the PBX: by UDP a registrar with digest that challenges
 * every request of the controller's, by TLS the same at the port above, by TCP a
 * trunk that knows it by its address; record-routing, a far end behind it. Its
 * config is written here, into a folder of its own; it runs in the foreground.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFactory } from '#test/support/factory.ts';
import { until } from '#test/support/until.ts';

export type KamailioOptions = {
  port: number;
  /** The far end's port: what it sends is let in unasked, what it is sent comes from here. */
  far: number;
  realm: string;
  password: string;
  /** Where the controller speaks to it from, as a trunk by TLS. */
  trunk: number;
};

export type Kamailio = {
  /** By UDP and TCP; by TLS it is the next. */
  readonly port: number;
  /** PEM of who signed its certificate, which names its realm. */
  readonly ca: string;
  /** What it said of each request: `METHOD cseq from` and more. */
  readonly lines: string[];
  /** `INVITE 3` and so on, as they came from the controller and were let through; what was only sent again is one. */
  passed(): string[];
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
};

const host = '127.0.0.1';

const config = ({ port, far, realm, password, trunk }: KamailioOptions, folder: string) => `#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=1
auto_aliases=no
alias="${realm}"
listen=udp:${host}:${port}
listen=tcp:${host}:${port}
enable_tls=yes
listen=tls:${host}:${port + 1}
tcp_children=1
tcp_accept_aliases=yes
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "tls.so"
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "private_key", "${folder}/key.pem")
modparam("tls", "certificate", "${folder}/cert.pem")
modparam("usrloc", "db_mode", 0)
modparam("xlog", "force_color", 0)

request_route {
  if ($rm == "OPTIONS") { sl_send_reply("200", "OK"); exit; }
  if ($rm == "CANCEL") { if (t_check_trans()) t_relay(); exit; }
  xlog("L_ALERT", "HEARD $rm $cs port=$sp auth=$au ruri=$ru pai=$hdr(P-Asserted-Identity)\\n");
  if ($rm == "ACK") {
    # Ends here for an ACK to an answer of our own, as a challenge.
    t_check_trans();
    xlog("L_ALERT", "PASSED $rm $cs port=$sp\\n");
    if (has_totag() && loose_route()) t_relay();
    exit;
  }
  if ($rm == "SUBSCRIBE") {
    if (!pv_www_authenticate("${realm}", "${password}", "0")) { www_challenge("${realm}", "1"); exit; }
    append_to_reply("Expires: 600\\r\\n");
    append_to_reply("Contact: <sip:${host}:${port}>\\r\\n");
    xlog("L_ALERT", "PASSED $rm $cs port=$sp\\n");
    sl_send_reply("200", "OK");
    exit;
  }
  if ($rm == "REGISTER") {
    if (!pv_www_authenticate("${realm}", "${password}", "0")) { www_challenge("${realm}", "1"); exit; }
    xlog("L_ALERT", "PASSED $rm $cs port=$sp user=$au expires=$hdr(Expires) proto=$proto\\n");
    save("location");
    exit;
  }
  # Over TCP it is a trunk that knows the controller by its address.
  if ($proto != "tcp" && $sp != ${far}) {
    if (!pv_proxy_authenticate("${realm}", "${password}", "0")) {
      t_newtran();
      proxy_challenge("${realm}", "1");
      exit;
    }
    consume_credentials();
  }
  xlog("L_ALERT", "PASSED $rm $cs port=$sp user=$au\\n");
  if (has_totag()) {
    if (!loose_route()) { sl_send_reply("404", "Not here"); exit; }
    if (is_method("INVITE")) record_route();
    t_relay();
    exit;
  }
  record_route();
  if ($sp == ${far} && $rU =~ "^[+]") {
    # Over the connection that the controller made, or not at all.
    $du = "sip:${host}:${trunk};transport=tls";
  } else if ($sp == ${far}) {
    if (!lookup("location")) { sl_send_reply("480", "Not registered"); exit; }
  } else {
    $du = "sip:${host}:${far}";
  }
  t_relay();
}
`;

export async function openKamailio(options: KamailioOptions): Promise<Kamailio> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-kamailio-'));
  const file = join(folder, 'kamailio.cfg');
  const lines: string[] = [];
  let child: ChildProcess | undefined;
  let said = '';
  await writeFile(file, config(options, folder));
  const { ca, makePhone } = await openFactory('Authority of PBXs');
  const { key, cert } = await makePhone(`CN=${options.realm}`);
  await writeFile(join(folder, 'key.pem'), key, { mode: 0o600 });
  await writeFile(join(folder, 'cert.pem'), cert);
  await mkdir(join(folder, 'run'));

  async function start(): Promise<void> {
    const args = ['-f', file, '-DD', '-E', '-m', '32', '-M', '8', '-w', folder, '-Y', join(folder, 'run')];
    const started = spawn('kamailio', [...args, '-P', join(folder, 'run', 'pid')], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    started.stderr?.on('data', (chunk) => {
      said += chunk;
      const whole = said.split('\n');
      said = whole.pop() ?? '';
      for (const line of whole) {
        const found = /(?:HEARD|PASSED) .*/.exec(line)?.[0];
        lines.push(found ?? line);
      }
    });
    await until('kamailio listens', () => isListening(options.port), 10_000);
  }

  async function stop(): Promise<void> {
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    child = undefined;
  }

  await start();
  return {
    port: options.port,
    ca,
    lines,
    passed: () =>
      lines
        .filter((line) => line.startsWith('PASSED') && !line.includes(`port=${options.far}`))
        .map((line) => line.split(' ').slice(1, 3).join(' '))
        .filter((request, at, all) => request !== all[at - 1]),
    start,
    stop,
    async close() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Whether something there answers OPTIONS. */
async function isListening(port: number): Promise<boolean> {
  const socket = createSocket('udp4').bind(0, host);
  await once(socket, 'listening');
  const heard = once(socket, 'message', { signal: AbortSignal.timeout(1_000) });
  const own = socket.address().port;
  socket.send(
    [
      `OPTIONS sip:${host}:${port} SIP/2.0`,
      `Via: SIP/2.0/UDP ${host}:${own};branch=z9hG4bKup`,
      `From: <sip:up@${host}>;tag=up`,
      `To: <sip:${host}>`,
      `Call-ID: up${own}`,
      'CSeq: 1 OPTIONS',
      'Max-Forwards: 70',
      'Content-Length: 0',
      '\r\n',
    ].join('\r\n'),
    port,
    host,
  );
  try {
    await heard;
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
