/** The doctor on the data folder, whether the controller runs or not: disk, modes, store, keys, certificates, clock. */

import { X509Certificate } from 'node:crypto';
import { constants } from 'node:fs';
import { access, lstat, readdir, readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { openMasterKey } from '#controller/master-key.ts';
import { recover } from '#controller/store/recovery.ts';
import { type Found, fail, ok, warn } from '#protocol/check.ts';
import { Fault } from '#protocol/fault.ts';

/** What the doctor asks of a disk: where a test puts its broken one. */
export type Disk = {
  freeBytes(folder: string): Promise<number>;
  /** Rejects when nothing may be written. */
  write(folder: string): Promise<void>;
};

export const realDisk: Disk = {
  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
  write: (folder) => access(folder, constants.W_OK),
};

const mib = 1_048_576;
/** A snapshot and two journals of a large house; and less than one write. */
const room = { warnBytes: 512 * mib, failBytes: 16 * mib };

export async function checkDisk(data: string, disk: Disk): Promise<Found> {
  try {
    await disk.write(data);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw error;
    const why = code === 'EROFS' ? 'the disk is read-only' : `this user may not write there (${code})`;
    return fail(
      `${data}: ${why}`,
      'logins and changes are refused, calls go on: look at the kernel’s log (dmesg), mend the disk, mount it again',
    );
  }
  const free = await disk.freeBytes(data);
  const says = `${Math.floor(free / mib)} MiB are free in ${data}`;
  const advice = 'make room: a full disk refuses logins and changes, calls go on';
  if (free < room.failBytes) return fail(`the disk is full: ${says}`, advice);
  return free < room.warnBytes ? warn(says, advice) : ok(says);
}

export async function checkModes(data: string): Promise<Found> {
  const found = await readdir(data, { recursive: true, withFileTypes: true });
  const owner = (await stat(data)).uid;
  for (const { parentPath, name } of found) {
    const path = join(parentPath, name);
    const { uid } = await lstat(path).catch(() => ({ uid: owner })); // gone meanwhile: a snapshot's turn
    if (uid !== owner)
      return fail(`${path} is not its folder’s owner’s`, `chown -R --reference=${data} ${data}`);
  }
  // Sealed or meant to be read: what others may see of these is nothing secret.
  const kept = found.filter(
    (each) => each.isFile() && !/^hotdesk\.json$|\.(?:crt|mjs|map|gz)$/.test(each.name),
  );
  const paths = [data, ...kept.map(({ parentPath, name }) => join(parentPath, name))];
  const open: string[] = [];
  for (const path of paths) {
    const { mode } = await stat(path).catch(() => ({ mode: 0 })); // gone meanwhile: a snapshot's turn
    if ((mode & 0o077) !== 0) open.push(path);
  }
  if (open.length === 0) return ok(`the folder and ${kept.length} files are its owner’s alone`);
  const more = open.length > 1 ? ` and ${open.length - 1} more` : '';
  return fail(`others may read ${open[0]}${more}`, `chmod -R go= ${data}`);
}

export async function checkStore(data: string): Promise<Found> {
  const folder = join(data, 'store');
  const found = await recover(folder).catch(async (error: unknown) => {
    if (!Fault.is(error)) throw error;
    // Perhaps a generation of a controller that runs was followed by the next while we read.
    return await recover(folder);
  });
  const says = `snapshot ${found.snapshot} and its journals are whole, up to record ${found.record}`;
  if (found.damaged.length === 0) return ok(says);
  return warn(
    `${says}; damaged: ${found.damaged.map(({ facts }) => facts.file).join(', ')}`,
    'nothing is lost; look after the disk, and make a backup: hotdesk backup FILE',
  );
}

export async function checkMasterKey(data: string): Promise<Found> {
  await openMasterKey(data, false);
  return ok('master.key is there; is there a copy apart from the backups?');
}

const day = 86_400_000;
const soonDays = 21;

/** `more`: certificates that were given by `--api-cert`. */
export async function checkCertificates(data: string, more: readonly string[], now: number): Promise<Found> {
  const names = await readdir(data, { recursive: true });
  const files = [...names.filter((name) => name.endsWith('.crt')).map((name) => join(data, name)), ...more];
  const ends: { file: string; at: number }[] = [];
  for (const file of files) {
    const { validTo } = new X509Certificate(await readFile(file));
    ends.push({ file, at: Date.parse(validTo) });
  }
  const [first] = ends.sort((a, b) => a.at - b.at);
  if (first === undefined) return warn('there is none yet', 'they are made at the first start');
  const says = `${first.file} ${first.at < now ? 'expired' : 'is good until'} ${new Date(first.at).toISOString().slice(0, 10)}`;
  const advice = more.includes(first.file)
    ? 'put the new one into its place and send the controller SIGHUP'
    : 'restart the controller: it makes a new api.crt by itself';
  if (first.at < now) return fail(says, advice);
  return first.at < now + soonDays * day ? warn(says, advice) : ok(`${ends.length} certificates; ${says}`);
}

export async function checkClock(data: string, now: number): Promise<Found> {
  const folder = join(data, 'store');
  let newest = 0;
  for (const name of await readdir(folder)) {
    newest = Math.max(newest, (await stat(join(folder, name)).catch(() => ({ mtimeMs: 0 }))).mtimeMs);
  }
  const says = `it is ${new Date(now).toISOString()} here`;
  if (newest > now + 60_000) {
    return fail(
      `${says}, and the store was written at ${new Date(newest).toISOString()}`,
      'the clock went back: set it (timedatectl set-ntp true); locks, tokens and second factors go by it',
    );
  }
  return ok(`${says}, after the store was last written`);
}
