/**
 * What to type at a phone so that it fetches its config, as its own menus call
 * it (docs/phones.md tells the same in prose). The names are the phone's, in English.
 */

export type PhoneSteps = {
  /** Menus, one in the other; `isWeb`: of the phone's web page, else on its display. */
  path: readonly string[];
  isWeb: boolean;
  fields: readonly (readonly [name: string, value: string])[];
  /** Pressed at the end. */
  press: string;
};

type Url = { whole: string; origin: string; host: string; port: string; path: string; scheme: string };

/** Vendor → its steps; `path` has neither first nor last slash. */
const steps: Readonly<Record<string, (url: Url) => PhoneSteps>> = {
  yealink: ({ whole }) => ({
    path: ['Settings', 'Auto Provision'],
    isWeb: true,
    fields: [['Server URL', whole]],
    press: 'Auto Provision Now',
  }),
  snom: ({ whole }) => ({
    path: ['Setup', 'Advanced', 'Update'],
    isWeb: true,
    fields: [['Setting URL', whole]],
    press: 'Apply, Reboot',
  }),
  grandstream: ({ host, port, path, scheme }) => ({
    path: ['Maintenance', 'Upgrade and Provisioning'],
    isWeb: true,
    fields: [
      ['Config Upgrade Via', scheme],
      ['Config Server Path', `${host}:${port}/${path}`],
    ],
    press: 'Save and Apply, Provision',
  }),
  fanvil: ({ origin, path, scheme }) => ({
    path: ['System', 'Auto Provision', 'Static Provisioning Server'],
    isWeb: true,
    fields: [
      ['Server Address', origin],
      ['Configuration File Name', `${path}/$mac.cfg`],
      ['Protocol Type', scheme],
      ['Update Mode', 'Update after reboot'],
    ],
    press: 'Apply, Reboot',
  }),
  gigaset: ({ whole }) => ({
    path: ['Setup', 'Advanced', 'Update'],
    isWeb: true,
    fields: [['Setting URL', `${whole}{mac}.xml`]],
    press: 'Apply, Reboot',
  }),
  htek: ({ whole, scheme }) => ({
    path: ['Management', 'Auto Provision'],
    isWeb: true,
    fields: [
      ['Upgrade Mode', scheme],
      ['Config Server Path', whole],
    ],
    press: 'Save, Autoprovision Now',
  }),
  poly: ({ whole, scheme }) => ({
    path: ['Settings', 'Advanced', 'Administration Settings', 'Network Configuration', 'Provisioning Server'],
    isWeb: false,
    fields: [
      ['DHCP Menu → Boot Server', 'Static'],
      ['Server Type', scheme],
      ['Server Address', whole],
    ],
    press: 'Save',
  }),
  mitel: ({ host, port, path, scheme }) => ({
    path: ['Advanced Settings', 'Configuration Server'],
    isWeb: true,
    fields: [
      ['Download Protocol', scheme],
      [`${scheme} Server`, host],
      [`${scheme} Port`, port],
      [`${scheme} Path`, path],
    ],
    press: 'Save, Restart',
  }),
};

/** Undefined for a vendor we know no menus of, and for what is no URL. */
export function stepsOf(vendor: string, provisioningUrl: string): PhoneSteps | undefined {
  const found = Object.hasOwn(steps, vendor) ? steps[vendor] : undefined;
  if (found === undefined || !URL.canParse(provisioningUrl)) return undefined;
  const { protocol, hostname, port, pathname, origin } = new URL(provisioningUrl);
  const isTls = protocol === 'https:';
  return found({
    whole: provisioningUrl,
    origin,
    host: hostname,
    port: port || (isTls ? '443' : '80'),
    path: pathname.replace(/^\/|\/$/g, ''),
    scheme: isTls ? 'HTTPS' : 'HTTP',
  });
}
