/** Where a phone stands: another site, another room. Its site's place holds for what is left empty. */

import { useState } from 'preact/hooks';
import { ask } from '#controller/web/page/api.ts';
import { changedFields } from '#controller/web/page/changed-fields.ts';
import { useApp, useItems, useText } from '#controller/web/page/context.ts';
import { SelectField, TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import type { Device, Place } from '#controller/web/page/shapes.ts';

const fields = ['callerId', 'floor', 'room'] as const;

export function DeviceForm({ device }: { device: Device }) {
  const { say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const { items: sites } = useItems('sites');
  const [site, setSite] = useState(device.site);
  const [place, setPlace] = useState<Place>(device.place ?? {});
  return (
    <section class="card" aria-labelledby="place">
      <h2 id="place">{text.place}</h2>
      <Form
        submit={submit}
        label={text.place}
        fields={['site', ...fields.map((field) => `place.${field}`)]}
        action={() =>
          ask('PATCH', `/devices/${device.id}`, { site, place: changedFields(device.place ?? {}, place) })
        }
        onDone={() => say(text.saved)}
      >
        <div class="pair">
          <SelectField
            label={text.site}
            value={site}
            onValue={setSite}
            options={sites.map(({ id }) => [id, id] as const)}
            wrong={submit.wrong('site')}
          />
          {fields.map((field) => (
            <TextField
              key={field}
              label={text.placeFields[field]}
              value={place[field] ?? ''}
              onValue={(value) => setPlace({ ...place, [field]: value })}
              maxLength={64}
              wrong={submit.wrong(`place.${field}`)}
            />
          ))}
        </div>
        <Send submit={submit} isMinor>
          {text.save}
        </Send>
      </Form>
    </section>
  );
}
