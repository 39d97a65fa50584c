/** Snom's Secure Redirection and Provisioning Service (./directory.ts). Its API key must have a role. */

import { openDirectory, rehearseDirectory } from './directory.ts';
import type { Kind } from './service.ts';

const setting = 'setting_server';

export const snomSraps: Kind = {
  title: 'Snom SRAPS',
  vendors: ['snom'],
  url: 'https://api.sraps.snom.com/api/v1/',
  words: ['access key id', 'access key secret'],
  uncertain:
    'of two sources one sets the URL as we do, as setting_server; the other as provisioning_url. ' +
    'Its web page gives each phone a provisioning profile; whether it must have one is not known',
  urlOf: (folder, mac) => `${folder}${mac}.xml`,
  open: (context) => openDirectory(context, setting),
  rehearse: rehearseDirectory(setting),
};
