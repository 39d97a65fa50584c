/** Where a call for help of one office goes, who is told of it, and whether the way is open. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '#controller/web/page/api.ts';
import { hasRole, useApp, useItems, useText } from '#controller/web/page/context.ts';
import { formatHostPort, readHostPort, readWords } from '#controller/web/page/host-port.ts';
import { Badge } from '#controller/web/page/parts/badge.tsx';
import { Copy } from '#controller/web/page/parts/copy.tsx';
import { AreaField, SelectField, TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import { Said } from '#controller/web/page/parts/said.tsx';
import type { EmergencyReport, EmergencyRoute, Site } from '#controller/web/page/shapes.ts';

export function SiteEmergency({ site }: { site: Site }) {
  const text = useText();
  return (
    <section class="card" aria-labelledby="emergency">
      <h2 id="emergency" tabIndex={-1}>
        {text.emergency}
      </h2>
      <p class="hint">{text.emergencyWays}</p>
      <Ways site={site} />
      <RouteTest site={site.id} />
    </section>
  );
}

/** As it stands in a choice: `gateway`, `upstream:telco`. */
const nameOf = ({ type, upstream }: EmergencyRoute) => (type === 'gateway' ? type : `upstream:${upstream}`);

function routeOf(name: string, location: EmergencyRoute['location']): EmergencyRoute {
  if (name === 'gateway') return { type: 'gateway', location };
  return { type: 'upstream', upstream: name.slice('upstream:'.length), location };
}

/** Of the API. */
const maxRoutes = 8;

function Ways({ site }: { site: Site }) {
  const { me, say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const [gateway, setGateway] = useState(
    site.emergencyGateway === undefined ? '' : formatHostPort(site.emergencyGateway),
  );
  const [routes, setRoutes] = useState<readonly EmergencyRoute[]>(site.emergencyRoutes ?? []);
  const [contacts, setContacts] = useState((site.emergencyContacts ?? []).join('\n'));
  const [testNumber, setTestNumber] = useState(site.emergencyTestNumber ?? '');
  const body = () => {
    const urls = readWords(contacts);
    return {
      emergencyGateway: gateway.trim() === '' ? null : readHostPort(gateway),
      emergencyRoutes: routes.length === 0 ? null : routes,
      emergencyContacts: urls.length === 0 ? null : urls,
      emergencyTestNumber: testNumber === '' ? null : testNumber,
    };
  };
  return (
    <Form
      submit={submit}
      label={text.emergency}
      fields={['emergencyGateway', 'emergencyRoutes', 'emergencyContacts', 'emergencyTestNumber']}
      action={() => ask('PATCH', `/sites/${site.id}`, body())}
      onDone={() => say(text.saved)}
    >
      <div class="pair">
        <TextField
          label={text.gateway}
          hint={text.gatewayHint}
          value={gateway}
          onValue={setGateway}
          placeholder="192.0.2.9:5060"
          wrong={submit.wrong('emergencyGateway')}
        />
        <TextField
          label={text.testNumber}
          hint={text.testNumberHint}
          value={testNumber}
          onValue={setTestNumber}
          inputMode="numeric"
          maxLength={8}
          wrong={submit.wrong('emergencyTestNumber')}
        />
      </div>
      <Routes routes={routes} onRoutes={setRoutes} wrong={submit.wrong('emergencyRoutes')} />
      <AreaField
        label={text.contacts}
        hint={text.contactsHint}
        value={contacts}
        onValue={setContacts}
        placeholder="https://"
        wrong={submit.wrong('emergencyContacts')}
      />
      {hasRole(me, 'admin') && (site.emergencyContacts ?? []).length > 0 && <Signing site={site.id} />}
      <Send submit={submit}>{text.save}</Send>
    </Form>
  );
}

function Routes({
  routes,
  onRoutes,
  wrong,
}: {
  routes: readonly EmergencyRoute[];
  onRoutes(routes: readonly EmergencyRoute[]): void;
  wrong: ComponentChildren | undefined;
}) {
  const text = useText();
  const { items: upstreams } = useItems('upstreams');
  const trunks = upstreams.filter(({ mode }) => mode === 'trunk').map(({ id }) => `upstream:${id}`);
  const names = [...new Set(['gateway', ...trunks, ...routes.map(nameOf)])];
  const shown = (name: string) => (name === 'gateway' ? text.gateway : name.slice('upstream:'.length));
  const put = (index: number, route: EmergencyRoute) =>
    onRoutes(routes.map((each, at) => (at === index ? route : each)));
  return (
    <fieldset>
      <legend>{text.routes}</legend>
      <p class="hint">{routes.length === 0 ? text.noRoutes : text.routesHint}</p>
      {wrong !== undefined && (
        <p class="problem" role="alert">
          {wrong}
        </p>
      )}
      {routes.map((route, index) => (
        <div key={index} class="route">
          <SelectField
            label={text.routeNth(index + 1)}
            value={nameOf(route)}
            options={names.map((name) => [name, shown(name)] as const)}
            onValue={(name) => put(index, routeOf(name, route.location))}
          />
          <SelectField
            label={text.location}
            value={route.location}
            options={Object.entries(text.locations)}
            onValue={(location) => put(index, { ...route, location: location as EmergencyRoute['location'] })}
          />
          <button type="button" onClick={() => onRoutes(routes.filter((_, at) => at !== index))}>
            {text.remove}
            <span class="sr"> {text.routeNth(index + 1)}</span>
          </button>
        </div>
      ))}
      <button
        type="button"
        disabled={routes.length >= maxRoutes}
        onClick={() => onRoutes([...routes, { type: 'gateway', location: 'none' }])}
      >
        {text.addRoute}
      </button>
    </fieldset>
  );
}

/** Not asked for before somebody wants it: that it was shown is in the audit log. */
function Signing({ site }: { site: string }) {
  const text = useText();
  const submit = useSubmit();
  const [secret, setSecret] = useState<string>();
  const show = async () =>
    setSecret((await ask<{ secret: string }>('GET', `/sites/${site}/webhook-secret`)).secret);
  return secret === undefined ? (
    <p>
      <button type="button" disabled={submit.isBusy} onClick={() => void submit.run(show)}>
        {text.showContactSecret}
      </button>
    </p>
  ) : (
    <Copy label={text.webhookSecret}>{secret}</Copy>
  );
}

function RouteTest({ site }: { site: string }) {
  const text = useText();
  const submit = useSubmit();
  const devices = useItems('devices').items.filter((device) => device.site === site);
  const [device, setDevice] = useState('');
  const [report, setReport] = useState<EmergencyReport>();
  return (
    <Form
      submit={submit}
      label={text.routeTest}
      fields={['device']}
      action={async () => {
        const body = device === '' ? {} : { device };
        setReport(await ask<EmergencyReport>('POST', `/sites/${site}/emergency-test`, body));
      }}
    >
      <h3>{text.routeTest}</h3>
      <p class="hint">{text.routeTestHint}</p>
      <div class="actions">
        <SelectField
          label={text.testFrom}
          value={device}
          onValue={setDevice}
          options={[['', text.anyPhone], ...devices.map(({ id }) => [id, id] as const)]}
          wrong={submit.wrong('device')}
        />
        <button type="submit" class="in-line" disabled={submit.isBusy}>
          {submit.isBusy ? text.testing : text.testRoutes}
        </button>
      </div>
      <div role="status">{report !== undefined && <Report report={report} />}</div>
    </Form>
  );
}

function Report({ report: { ok, device, steps } }: { report: EmergencyReport }) {
  const text = useText();
  return (
    <>
      <p>
        <Badge tone={ok ? 'good' : 'bad'}>
          {ok ? text.testPassed(device ?? '–') : text.testFailed(device ?? '–')}
        </Badge>
      </p>
      <ul class="rows">
        {steps.map(({ route, step, ok: holds, detail }) => (
          <li key={`${route} ${step} ${detail}`}>
            <span>
              <Badge tone={holds ? 'good' : 'bad'}>
                {`${route === '' ? '' : `${route}: `}${text.testSteps[step as keyof typeof text.testSteps] ?? step}`}
              </Badge>
            </span>
            <span class="hint">
              <Said>{detail}</Said>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
