/**
 * install.sh on a booted Debian 12 that has no Node of its own: both programs as
 * services, from the first line to the last file that is taken away.
 */

import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { nodeVersion } from '#controller/release/node-files.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { buildOf } from './builds.ts';
import { type Arch, type Debian, openDebian, ownArch, whyNoDebian } from './debian.ts';

const run = promisify(execFile);
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const minutes = 60_000;

/** Of the controller's machine: Node where the office's part does not look. */
const withNode = 'PATH=/opt/node/bin:$PATH';
const installed = '/usr/local/lib/hotdesk/install.sh';

/** As Node's packages name them. */
const nodeArch = { amd64: 'x64', arm64: 'arm64' } as const;

/** What was built, Node for the controller alone, and a name. Answers where Node for offices is, as npm packs it. */
async function prepare({ root, sh }: Debian, arch: Arch): Promise<string> {
  const opt = join(root, 'opt');
  await run('npm', ['pack', `node-linux-${nodeArch[arch]}@${nodeVersion}`, '--pack-destination', opt]);
  const packed = (await readdir(opt)).find((name) => name.endsWith('.tgz')) ?? '';
  await mkdir(join(opt, 'node/bin'), { recursive: true });
  await sh(`tar -xzf /opt/${packed} -C /opt/node/bin --strip-components=2 package/bin/node`);
  await cp(dist, join(opt, 'dist'), { recursive: true });
  await writeFile(join(root, 'etc/hosts'), '127.0.0.1 localhost office controller.example\n');
  await writeFile(join(root, 'etc/default/hotdesk'), 'HOTDESK_PUBLIC_HOST=controller.example\n');
  return `/opt/${packed}`;
}

const hardened = {
  NoNewPrivileges: 'yes',
  ProtectSystem: 'strict',
  ProtectHome: 'yes',
  PrivateTmp: 'yes',
  RestrictSUIDSGID: 'yes',
  LockPersonality: 'yes',
  CapabilityBoundingSet: '',
  Type: 'notify',
  WatchdogUSec: '1min',
};

describe('install.sh on a booted Debian', (test) => {
  const why = whyNoDebian();
  if (why !== '') {
    test.skip('installs both programs', why);
    return;
  }
  let debian: Debian | undefined;
  const sh = async (line: string) => {
    assert.ok(debian, 'the machine was booted');
    return await debian.sh(line);
  };
  const show = async (unit: string, property: string) =>
    (await sh(`systemctl show ${unit} --property=${property} --value`)).trim();
  const isUp = async (unit: string) => {
    assert.is(await show(unit, 'ActiveState'), 'active', unit);
    return Number(await show(unit, 'MainPID'));
  };
  const pasted = async () => (await sh('hotdesk enrol-token create --site berlin 2>&1 >/dev/null')).trim();
  const agent = async () => {
    const { items } = JSON.parse(await sh('hotdesk agent list --json')) as {
      items: { id: string; isUp: boolean; version?: string; sip?: string; http?: string }[];
    };
    return items.find((each) => each.isUp);
  };
  let [packed, line] = ['', ''];

  test(
    'the controller answers when install.sh says that it runs',
    async () => {
      debian = await openDebian();
      packed = await prepare(debian, ownArch);

      await sh(`${withNode} sh /opt/dist/install.sh controller --dry-run`);
      assert.is(await show('hotdesk', 'LoadState'), 'not-found');
      process.stdout.write(`\n${await sh(`${withNode} sh /opt/dist/install.sh controller`)}`);
      await sh('hotdesk site create berlin --emergency 112');
      assert.is((await sh('curl -fsS http://127.0.0.1:8480/readyz')).trim(), 'ready');
      assert.match(await show('hotdesk', 'StatusText'), 'agents come in at wss://0.0.0.0:8443');
      await isUp('hotdesk');
    },
    10 * minutes,
  );

  test(
    'the pasted line brings Node along and ends when the tunnel is up',
    async () => {
      await sh(`hotdesk bundle add-node ${packed}`);
      line = await pasted();
      assert.match(
        line,
        /^curl -fsSk --pinnedpubkey .* https:\/\/controller\.example:8443\/install\.sh \| sh -s -- agent /,
      );
      const said = await sh(line);
      process.stdout.write(`\n${said}`);
      assert.match(said, `fetch Node for ${nodeArch[ownArch]} from the controller`);
      assert.match(
        said,
        /\nthe tunnel is up: agent [0-9a-f]{16} of site berlin at controller\.example:8443\n/,
      );
      await isUp('hotdesk-agent');
      assert.is(await show('hotdesk-agent', 'StatusText'), 'the tunnel is up');
      assert.match(await sh('hotdesk doctor || true'), /^ok +modes /m);
    },
    3 * minutes,
  );

  test(
    'both services are shut in',
    async () => {
      for (const [unit, memory] of [
        ['hotdesk', 2 ** 31],
        ['hotdesk-agent', 2 ** 29],
      ] as const) {
        for (const [property, value] of Object.entries({
          ...hardened,
          User: unit,
          MemoryMax: String(memory),
        })) {
          assert.is(await show(unit, property), value, `${unit}: ${property}`);
        }
        const status = await sh(`cat /proc/${await isUp(unit)}/status`);
        for (const fact of [/^CapEff:\t0+$/m, /^CapBnd:\t0+$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m]) {
          assert.match(status, fact);
        }
      }
    },
    minutes,
  );

  test(
    'the second time nothing is done',
    async () => {
      const before = [await isUp('hotdesk'), await isUp('hotdesk-agent')];
      for (const again of [
        `${withNode} busybox sh /opt/dist/install.sh controller`,
        line.replace('| sh', '| busybox sh'),
        `sh ${installed} upgrade`,
      ]) {
        assert.match(await sh(again), /nothing to do: all is as it should be/, again);
      }
      assert.equal([await isUp('hotdesk'), await isUp('hotdesk-agent')], before);
    },
    minutes,
  );

  test(
    'both are reloaded',
    async () => {
      const before = [await isUp('hotdesk'), await isUp('hotdesk-agent')];
      for (const [unit, file] of [
        ['hotdesk', 'hotdesk.json'],
        ['hotdesk-agent', 'agent.json'],
      ] as const) {
        await sh(`echo '{"logLevel": "debug"}' >/var/lib/${unit}/${file} && systemctl reload ${unit}`);
        const log = await until(
          'it has read it',
          async () => {
            const said = await sh(`journalctl --quiet --output=cat --unit=${unit}`);
            return said.split('\n').find((each) => each.includes('"msg":"reloaded"'));
          },
          minutes,
        );
        assert.match(log, '"logLevel":"debug"');
      }
      assert.equal([await isUp('hotdesk'), await isUp('hotdesk-agent')], before);
    },
    2 * minutes,
  );

  test(
    'one that hangs is restarted: the controller, the agent, the agent’s parent',
    async () => {
      for (const unit of ['hotdesk', 'hotdesk-agent']) {
        await sh(`mkdir -p /run/systemd/system/${unit}.service.d`);
        await sh(`printf '[Service]\\nWatchdogSec=10\\n' >/run/systemd/system/${unit}.service.d/quick.conf`);
      }
      await sh('systemctl daemon-reload && systemctl restart hotdesk hotdesk-agent');
      for (const [unit, which] of [
        ['hotdesk', '$main'],
        ['hotdesk-agent', '$main'],
        ['hotdesk-agent', '$(cat /proc/$main/task/$main/children)'],
      ] as const) {
        const [main, restarts] = [await isUp(unit), Number(await show(unit, 'NRestarts'))];
        await sh(`main=${main}; kill -STOP ${which}`);
        await until(
          `${unit} is restarted`,
          async () =>
            Number(await show(unit, 'NRestarts')) > restarts &&
            (await show(unit, 'ActiveState')) === 'active',
          2 * minutes,
        );
        assert.is.not(await isUp(unit), main);
        assert.match(await sh(`journalctl --quiet --output=cat --unit=${unit}`), 'Watchdog timeout');
      }
      assert.match(await sh('hotdesk-agent wait'), 'the tunnel is up');
      await sh('rm -r /run/systemd/system/hotdesk*.d && systemctl daemon-reload');
    },
    8 * minutes,
  );

  test(
    'of one that does not start it is told why',
    async () => {
      for (const [unit, folder, file, again] of [
        ['hotdesk', '/var/lib/hotdesk', 'hotdesk.json', `${withNode} sh /opt/dist/install.sh controller`],
        ['hotdesk-agent', '/var/lib/hotdesk-agent', 'agent.json', `sh ${installed} upgrade`],
      ] as const) {
        await sh(`systemctl stop ${unit} && echo '{"colour": "red"}' >${folder}/${file}`);
        const said = await sh(`(${again} && echo it started) 2>&1 || true`);
        assert.not.match(said, 'it started');
        assert.match(said, /colour/);
        assert.match(
          said,
          `install.sh: installed, but it does not start; above is the end of journalctl -u ${unit}`,
        );
        await sh(`rm ${folder}/${file}; systemctl reset-failed ${unit}; systemctl start ${unit}`);
      }
      assert.match(await sh('hotdesk-agent wait'), 'the tunnel is up');
    },
    2 * minutes,
  );

  test(
    'a port under 1024 gets its capability, and no more than that',
    async () => {
      await sh(`echo '{"sipPort": 506}' >/var/lib/hotdesk-agent/agent.json`);
      await sh(`echo 'HOTDESK_AGENT_HTTP_PORT="80"' >/etc/default/hotdesk-agent`);
      await sh(`echo '{"tunnelPort": "8443", "apiPort": 480}' >/var/lib/hotdesk/hotdesk.json`);
      await sh(`${withNode} sh /opt/dist/install.sh controller`);
      assert.is((await sh('curl -fsS http://127.0.0.1:480/readyz')).trim(), 'ready');
      await sh(`sh ${installed} upgrade`);
      assert.is(await show('hotdesk-agent', 'CapabilityBoundingSet'), 'cap_net_bind_service');
      assert.match(
        await sh(`cat /proc/${await isUp('hotdesk-agent')}/status`),
        /^CapEff:\t0000000000000400$/m,
      );
      assert.is((await sh('curl -s -o /dev/null -w "%{http_code}" http://127.0.0.1:80/')).trim(), '404');
      assert.match((await agent())?.sip ?? '', /:506$/);
      const report = JSON.parse(await sh('hotdesk-agent doctor --json')) as {
        checks: { name: string; result: string; says: string }[];
      };
      assert.equal(
        report.checks.filter(({ result }) => result !== 'ok').map(({ says }) => says),
        [],
      );
    },
    3 * minutes,
  );

  test(
    'a new version of the controller is offered to the agent, and taken',
    async () => {
      assert.ok(debian);
      const parent = await isUp('hotdesk-agent');
      await buildOf(join(debian.root, 'opt'), '0.2.0');
      await sh(`${withNode} sh /opt/dist-0.2.0/install.sh controller`);
      await until('it has taken it', async () => (await agent())?.version === '0.2.0', 2 * minutes);
      assert.is(await isUp('hotdesk-agent'), parent);
      assert.is((await sh('curl -s -o /dev/null -w "%{http_code}" http://127.0.0.1:80/')).trim(), '404');
    },
    5 * minutes,
  );

  test(
    'both are back after the machine was restarted',
    async () => {
      assert.ok(debian);
      await debian.reboot();
      assert.match(await sh('hotdesk-agent wait'), 'the tunnel is up');
      assert.is((await agent())?.version, '0.2.0');
      await isUp('hotdesk');
    },
    3 * minutes,
  );

  test(
    'an agent that was removed is enrolled again by a new line, and by no old one',
    async () => {
      const before = await agent();
      await sh(`hotdesk agent remove ${before?.id}`);
      await until(
        'it is refused',
        async () => /auth\.refused/.test(await sh('cat /var/lib/hotdesk-agent/state.json')),
        minutes,
      );
      const refused = await sh(`${line} || true`);
      assert.match(refused, /token spent: it works once/);
      assert.match(await sh(await pasted()), /the tunnel is up/);
      assert.is.not((await agent())?.id, before?.id);
    },
    3 * minutes,
  );

  test(
    'nothing is left',
    async () => {
      assert.ok(debian);
      try {
        const found = 'find / -xdev -not -path "/opt/*" -not -path "/proc/*" -name "*hotdesk*"';
        process.stdout.write(
          `\n${await sh(`cp ${installed} /opt/install.sh && sh /opt/install.sh uninstall`)}`,
        );
        assert.equal(
          (await sh(`${found} | sort`))
            .trim()
            .split('\n')
            .filter((each) => each !== ''),
          [
            '/etc/default/hotdesk',
            '/etc/default/hotdesk-agent',
            '/var/lib/hotdesk',
            '/var/lib/hotdesk-agent',
            '/var/lib/hotdesk/hotdesk.json',
          ],
        );
        process.stdout.write(`\n${await sh('sh /opt/install.sh uninstall --purge')}`);
        assert.is(await sh(found), '');
        assert.not.match(await sh('cat /etc/passwd /etc/group /etc/shadow'), /hotdesk/);
        assert.is((await sh('systemctl list-units --all --plain --no-legend "hotdesk*"')).trim(), '');
      } finally {
        await debian.close();
      }
    },
    2 * minutes,
  );
});

describe('install.sh on a booted Debian of another processor', (test) => {
  const arch: Arch = ownArch === 'arm64' ? 'amd64' : 'arm64';
  const why = whyNoDebian(arch);
  if (why !== '') {
    test.skip(`installs both programs on ${arch}`, why);
    return;
  }

  test(
    `installs both programs on ${arch}, and they run`,
    async () => {
      const debian = await openDebian(arch);
      const { sh } = debian;
      try {
        const packed = await prepare(debian, arch);
        await sh(`${withNode} sh /opt/dist/install.sh controller`);
        await sh(`hotdesk site create berlin && hotdesk bundle add-node ${packed}`);
        const line = (await sh('hotdesk enrol-token create --site berlin 2>&1 >/dev/null')).trim();
        const said = await sh(line);
        process.stdout.write(`\n${said}`);
        assert.match(said, `fetch Node for ${nodeArch[arch]} from the controller`);
        assert.match(said, /\nthe tunnel is up: agent [0-9a-f]{16} of site berlin/);
        assert.match(await sh('systemctl is-active hotdesk hotdesk-agent'), /^active\nactive\n$/);
        assert.match(await sh(line), /nothing to do: all is as it should be/);
        await sh(`cp ${installed} /opt/install.sh && sh /opt/install.sh uninstall --purge`);
        assert.not.match(await sh('cat /etc/passwd; ls /var/lib /etc/systemd/system'), /hotdesk/);
      } finally {
        await debian.close();
      }
    },
    40 * minutes,
  );
});
