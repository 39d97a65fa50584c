/**
 * A certificate for the page, for who has none: made in the data folder, for the
 * names and addresses the page is reached by. A browser asks once whether to
 * trust it; one from an authority is given with `--api-cert`.
 */

import 'reflect-metadata'; // before @peculiar/x509, whose injection container asks for it
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { ExtendedKeyUsage, ExtendedKeyUsageExtension, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { makeKey, readKey, selfSign } from './certificate.ts';
import { keepFile, readOrMake } from './key-file.ts';

const day = 86_400_000;
/** What browsers take at most. */
const goodForDays = 397;
const makeAnewDays = 30;

/** Reads, or makes and keeps: `api.key`, `api.crt`. Anew when it is for other names, or nearly over. */
export async function openPageCertificate(
  folder: string,
  names: readonly string[],
): Promise<{ cert: string; key: string }> {
  const files = { cert: join(folder, 'api.crt'), key: join(folder, 'api.key') };
  const key = readKey(await readOrMake(files.key, makeKey), files.key);
  const sign = () =>
    selfSign(key, {
      name: 'CN=hotdesk page',
      notAfter: new Date(Date.now() + goodForDays * day),
      extensions: [
        new SubjectAlternativeNameExtension(
          names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
        ),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      ],
    });
  const kept = new X509Certificate(await readOrMake(files.cert, sign));
  const isForAll = names.every((name) => (isIP(name) === 0 ? kept.checkHost(name) : kept.checkIP(name)));
  const isGood = Date.parse(kept.validTo) > Date.now() + makeAnewDays * day && kept.checkPrivateKey(key);
  if (!isForAll || !isGood) await keepFile(files.cert, await sign());
  return files;
}
