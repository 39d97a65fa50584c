/**
 * Gigaset's redirection service by its REST API (./directory.ts). The older one
 * by XML-RPC wants a checksum that stands on each phone's label alone.
 */

import { openDirectory, rehearseDirectory } from './directory.ts';
import type { Kind } from './service.ts';

const setting = 'ProvisioningServer';

export const gigasetGrape: Kind = {
  title: 'Gigaset GRAPE',
  vendors: ['gigaset'],
  url: 'https://api.grape.gigaset.net/api/v1/',
  words: ['client id', 'client secret'],
  uncertain: 'all of it is of one source; looking up and removing are as SRAPS has them',
  urlOf: (folder, mac) => `${folder}${mac}.xml`,
  open: (context) => openDirectory(context, setting),
  rehearse: rehearseDirectory(setting),
};
