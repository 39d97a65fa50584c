/** One phone: why it is as it is, who is there, and how it gets its config. */

import { useState } from 'preact/hooks';
import { toHash } from '#controller/web/page/address.ts';
import { ask, askAll } from '#controller/web/page/api.ts';
import { useAsked } from '#controller/web/page/asked.ts';
import { hasRole, useApp, useItems, useText, useWords } from '#controller/web/page/context.ts';
import { formatMac } from '#controller/web/page/mac.ts';
import { Confirm } from '#controller/web/page/parts/dialog.tsx';
import { TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import { Name } from '#controller/web/page/parts/name.tsx';
import { View, Waiting } from '#controller/web/page/parts/view.tsx';
import { go } from '#controller/web/page/route.ts';
import type { DeskEvent, Device } from '#controller/web/page/shapes.ts';
import { type Finding, whyOf } from '#controller/web/page/why.ts';
import { AtThePhone } from './at-the-phone.tsx';
import { formatTime, Since, State, Who } from './cells.tsx';
import { DeviceEvents } from './device-events.tsx';
import { DeviceForm } from './device-form.tsx';
import { LogOut } from './log-out.tsx';

import { NotFound } from './not-found.tsx';
import { PhoneActions } from './phone-actions.tsx';

export function DeviceView({ id }: { id: string }) {
  const devices = useItems('devices');
  const users = useItems('users');
  const agents = useItems('agents');
  const sessions = useItems('sessions');
  const sites = useItems('sites');
  return (
    <Waiting lists={[devices, users, agents, sessions, sites]}>
      {() => {
        const device = devices.items.find((each) => each.id === id);
        return device === undefined ? <NotFound /> : <Shown device={device} />;
      }}
    </Waiting>
  );
}

function Shown({ device }: { device: Device }) {
  const { me } = useApp();
  const text = useText();
  const events = useAsked(() => askAll<DeskEvent>(`/devices/${device.id}/events`), [device]);
  const [asked, setAsked] = useState<'logOut' | 'remove'>();
  const isAdmin = hasRole(me, 'siteAdmin');
  const { id, extension, model, vendor, mac, site } = device;
  return (
    <View
      title={id}
      actions={
        isAdmin && (
          <>
            <button type="button" disabled={extension === null} onClick={() => setAsked('logOut')}>
              {text.logOut}
            </button>
            <button type="button" class="danger" onClick={() => setAsked('remove')}>
              {text.remove}
            </button>
          </>
        )
      }
    >
      <div class="columns">
        <div class="stack">
          <Why device={device} events={events.value ?? []} />
          <section class="card" aria-labelledby="facts">
            <h2 id="facts">{text.facts}</h2>
            <dl>
              <dt>{text.state}</dt>
              <dd>
                <State device={device} />
              </dd>
              <dt>{text.user}</dt>
              <dd>
                <Sitting device={device} />
              </dd>
              <dt>{text.model}</dt>
              <dd>
                {vendor} {model}
              </dd>
              <dt>{text.mac}</dt>
              <dd>
                <code>{formatMac(mac)}</code>
              </dd>
              <dt>{text.site}</dt>
              <dd>
                <a href={toHash('sites', site)}>{site}</a>
              </dd>
            </dl>
            {isAdmin && <PhoneActions id={id} />}
          </section>
          {isAdmin && extension === null && <LogIn device={id} />}
        </div>
        <div class="stack">
          {device.registered === null && <HowTo device={device} />}
          <DeviceEvents events={events} />
          {isAdmin && <DeviceForm device={device} />}
          {device.registered !== null && <HowTo device={device} />}
        </div>
      </div>
      {asked === 'logOut' && <LogOut devices={[id]} onClose={() => setAsked(undefined)} />}
      {asked === 'remove' && (
        <Confirm
          title={text.removeTitle(id)}
          verb={text.remove}
          onClose={() => setAsked(undefined)}
          action={async () => {
            await ask('DELETE', `/devices/${id}`);
            go('devices');
          }}
        >
          <p>{text.removePhoneWarning}</p>
        </Confirm>
      )}
    </View>
  );
}

function HowTo({ device }: { device: Device }) {
  const text = useText();
  return (
    <section class="card" aria-labelledby="at-the-phone">
      <h2 id="at-the-phone">{text.atThePhone}</h2>
      <AtThePhone device={device} />
    </section>
  );
}

function Sitting({ device: { id, extension } }: { device: Device }) {
  const { items: users } = useItems('users');
  const { items: sessions } = useItems('sessions');
  const since = sessions.find(({ device }) => device === id)?.since;
  if (extension === null) return <>–</>;
  return (
    <>
      <Who extension={extension} name={users.find((user) => user.extension === extension)?.name} />{' '}
      {since !== undefined && <Since at={since} />}
    </>
  );
}

function Why({ device, events }: { device: Device; events: readonly DeskEvent[] }) {
  const text = useText();
  const { items: agents } = useItems('agents');
  const { items: sessions } = useItems('sessions');
  const session = sessions.find((each) => each.device === device.id);
  const ended = events.find(({ type }) => type === 'logout');
  return (
    <section class="card" aria-labelledby="why">
      <h2 id="why">{text.whyTitle}</h2>
      <Findings rows={whyOf({ device, agents, session, ended })} />
    </section>
  );
}

function Findings({ rows }: { rows: readonly Finding[] }) {
  const { text, language } = useWords();
  const time = (iso: string) => formatTime(iso, language);
  return (
    <ul class="findings">
      {rows.map(({ severity, says }) => (
        <li key={says(text, time)} class={severity}>
          <Name>{says(text, time)}</Name>
        </li>
      ))}
    </ul>
  );
}

function LogIn({ device }: { device: string }) {
  const { say } = useApp();
  const text = useText();
  const { items: users } = useItems('users');
  const submit = useSubmit();
  const [extension, setExtension] = useState('');
  return (
    <section class="card" aria-labelledby="log-in">
      <h2 id="log-in">{text.logInTitle}</h2>
      <Form
        submit={submit}
        fields={['extension']}
        action={() => ask('POST', '/sessions', { device, extension })}
        onDone={() => say(text.loggedInAt(device))}
      >
        <TextField
          label={text.extension}
          value={extension}
          onValue={setExtension}
          inputMode="numeric"
          list="extensions"
          wrong={submit.wrong('extension')}
        />
        <datalist id="extensions">
          {users
            .filter(({ hotdesk }) => hotdesk)
            .map((user) => (
              <option key={user.extension} value={user.extension}>
                {user.name}
              </option>
            ))}
        </datalist>
        <Send submit={submit} isMinor>
          {text.logIn}
        </Send>
      </Form>
    </section>
  );
}
