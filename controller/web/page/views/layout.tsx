/**
 * A user's keys: put in order by dragging, by the arrow keys or by buttons,
 * and beside them the phone as it will look, as the server would lay it out.
 */

import { useState } from 'preact/hooks';
import { send } from '#controller/web/page/api.ts';
import { useAsked } from '#controller/web/page/asked.ts';
import { hasRole, useApp, useItems, useText } from '#controller/web/page/context.ts';
import {
  emptyKey,
  formatKeys,
  maxKeys,
  moved,
  readKeys,
  replaced,
  without,
} from '#controller/web/page/keys.ts';
import { FileButton } from '#controller/web/page/parts/file-button.tsx';
import { Form, useSubmit } from '#controller/web/page/parts/form.tsx';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import { View, Waiting } from '#controller/web/page/parts/view.tsx';
import { saveFile } from '#controller/web/page/save-file.ts';
import type { Key, User } from '#controller/web/page/shapes.ts';
import { KeyRow } from './key-row.tsx';
import { NotFound } from './not-found.tsx';
import { PhonePreview } from './phone-preview.tsx';

/** Keys, and the tag that a change of them is refused by when somebody else was quicker. */
export type KeptLayout = { keys: readonly Key[]; etag: string | undefined };

export async function askLayout(extension: string): Promise<KeptLayout> {
  const answer = await send('GET', `/users/${extension}/layout`);
  const { keys } = (await answer.json()) as { keys: Key[] };
  return { keys, etag: answer.headers.get('etag') ?? undefined };
}

export function LayoutView({ extension }: { extension: string }) {
  const users = useItems('users');
  return (
    <Waiting lists={[users]}>
      {() => {
        const user = users.items.find((each) => each.extension === extension);
        return user === undefined ? <NotFound /> : <LayoutEditor user={user} />;
      }}
    </Waiting>
  );
}

function LayoutEditor({ user: { extension, name } }: { user: User }) {
  const { me } = useApp();
  const text = useText();
  const { items: devices } = useItems('devices');
  const models = [...new Set(devices.map(({ model }) => model))].sort();
  const layout = useAsked(() => askLayout(extension), [extension]);
  return (
    <View title={text.keysTitle(name)}>
      <ProblemLine problem={layout.problem} />
      {layout.value !== undefined &&
        (hasRole(me, 'admin') ? (
          <Editor extension={extension} kept={layout.value} models={models} />
        ) : (
          <PhonePreview keys={layout.value.keys} models={models} />
        ))}
    </View>
  );
}

/** A key keeps its identity while it is moved: what has the focus keeps it. */
type Row = { id: number; key: Key };

let lastId = 0;
const toRow = (key: Key): Row => ({ id: ++lastId, key });

export function Editor({
  extension,
  kept,
  models,
}: {
  extension: string;
  kept: KeptLayout;
  /** To draw the keys on, the first of them at once. */
  models: readonly string[];
}) {
  const { say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const [rows, setRows] = useState<readonly Row[]>(() => kept.keys.map(toRow));
  const [etag, setEtag] = useState(kept.etag);
  const [dragged, setDragged] = useState<number>();
  const [told, setTold] = useState('');
  const keys = rows.map(({ key }) => key);

  const move = (from: number, to: number) => {
    const end = Math.max(0, Math.min(to, rows.length - 1));
    if (end === from) return;
    setRows(moved(rows, from, end));
    setTold(text.keyMoved(from + 1, end + 1));
  };
  const save = async () => {
    const answer = await send('PUT', `/users/${extension}/layout`, { keys }, etag);
    setEtag(answer.headers.get('etag') ?? undefined);
  };
  return (
    <div class="columns wide">
      <section class="card" aria-labelledby="keys">
        <h2 id="keys">{text.keys}</h2>
        <p class="hint">{text.keysHint}</p>
        <Form submit={submit} action={save} onDone={() => say(text.saved)}>
          <ol class="keys">
            {rows.map(({ id, key }, index) => (
              <KeyRow
                key={id}
                value={key}
                index={index}
                count={rows.length}
                wrong={submit.wrong(`keys.${index}`)}
                isDragged={dragged === index}
                onChange={(next) => setRows(replaced(rows, index, { id, key: next }))}
                onMove={(to) => move(index, to)}
                onRemove={() => setRows(without(rows, index))}
                onDragStart={() => setDragged(index)}
                onDragEnd={() => setDragged(undefined)}
                onDrop={() => {
                  if (dragged !== undefined) move(dragged, index);
                  setDragged(undefined);
                }}
              />
            ))}
          </ol>
          <p class="sr" role="status">
            {told}
          </p>
          <div class="actions">
            <button
              type="button"
              disabled={rows.length >= maxKeys}
              onClick={() => setRows([...rows, toRow(emptyKey)])}
            >
              {text.addKey}
            </button>
            <Files extension={extension} keys={keys} onKeys={(read) => setRows(read.map(toRow))} />
            <button type="submit" class="primary" disabled={submit.isBusy}>
              {text.save}
            </button>
          </div>
        </Form>
      </section>
      <PhonePreview keys={keys} models={models} />
    </div>
  );
}

function Files({
  extension,
  keys,
  onKeys,
}: {
  extension: string;
  keys: readonly Key[];
  onKeys(keys: Key[]): void;
}) {
  const text = useText();
  const [wrong, setWrong] = useState(false);
  const read = async (file: File) => {
    const found = file.size < 1_000_000 ? readKeys(await file.text()) : undefined;
    setWrong(found === undefined);
    if (found !== undefined) onKeys(found);
  };
  const save = () => saveFile(`keys-${extension}.json`, 'application/json', formatKeys(keys));
  return (
    <>
      <button type="button" onClick={save}>
        {text.exportKeys}
      </button>
      <FileButton accept="application/json,.json" onFile={(file) => void read(file)}>
        {text.importKeys}
      </FileButton>
      {wrong && (
        <p class="problem" role="alert">
          {text.noLayout}
        </p>
      )}
    </>
  );
}
