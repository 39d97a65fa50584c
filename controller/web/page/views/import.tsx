/**
 * Many phones or users at once, from a spreadsheet: first what would become of
 * each row, by its line and column, then all of them.
 */

import { useState } from 'preact/hooks';
import { ask } from '#controller/web/page/api.ts';
import { useApp, useText } from '#controller/web/page/context.ts';
import { hasPins, partsOf } from '#controller/web/page/csv-parts.ts';
import { Badge, type Tone } from '#controller/web/page/parts/badge.tsx';
import { FileButton } from '#controller/web/page/parts/file-button.tsx';
import { useSubmit } from '#controller/web/page/parts/form.tsx';
import { Name } from '#controller/web/page/parts/name.tsx';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import { Said } from '#controller/web/page/parts/said.tsx';
import { Table } from '#controller/web/page/parts/table.tsx';
import { View } from '#controller/web/page/parts/view.tsx';
import { go } from '#controller/web/page/route.ts';
import { saveFile } from '#controller/web/page/save-file.ts';

export type ImportNoun = 'devices' | 'users';

type Row = {
  line: number;
  column?: string;
  action: 'create' | 'change' | 'same' | 'refused';
  detail: string;
};
type Report = { items: Row[]; created: number; changed: number; refused: number; saved: boolean };

/** So many PINs are hashed while one waits for an answer. */
const rowsAtOnce = 25;

const examples: Record<ImportNoun, string> = {
  devices: 'mac,model,site\r\n001565aabb01,T46S,berlin\r\n',
  users: 'extension,name,hotdesk,second-device,pin\r\n100,Anna Berger,on,default,482915\r\n',
};

const tones: Record<Row['action'], Tone> = { create: 'good', change: 'busy', same: 'quiet', refused: 'bad' };

/** `done` of `all` parts; what was made and changed so far. */
type Progress = { done: number; all: number; created: number; changed: number };

export function Import({ noun }: { noun: ImportNoun }) {
  const { live, say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const [file, setFile] = useState<File>();
  const [report, setReport] = useState<Report>();
  const [progress, setProgress] = useState<Progress>();

  const look = (chosen: File) => {
    setFile(chosen);
    setReport(undefined);
    setProgress(undefined);
    void submit.run(async () => setReport(await post(noun, chosen, true)));
  };
  const save = async (chosen: File) => {
    const whole = await chosen.text();
    const parts = hasPins(whole) ? partsOf(whole, rowsAtOnce) : [whole];
    let now = { done: 0, all: parts.length, created: 0, changed: 0 };
    for (const part of parts) {
      setProgress(now);
      const answer = await post(noun, new Blob([part]), false);
      if (!answer.saved) return setReport(answer);
      const created = now.created + answer.created;
      now = { ...now, done: now.done + 1, created, changed: now.changed + answer.changed };
    }
    await live.load(noun);
    say(text.imported(now.created, now.changed));
    go(noun);
  };

  return (
    <View title={text.importTitle[noun]}>
      <section class="card" aria-labelledby="file">
        <h2 id="file">{text.file}</h2>
        <p>{text.importHint}</p>
        <dl hidden={report !== undefined}>
          {text.importColumns[noun].split('\n').map((line) => {
            const [column = '', what] = line.split('|');
            return [
              <dt key={column}>
                <code>{column}</code>
              </dt>,
              <dd key={`${column} is`}>{what}</dd>,
            ];
          })}
        </dl>
        <div class="actions">
          <FileButton
            accept=".csv,text/csv"
            isPrimary={report === undefined}
            isBusy={submit.isBusy}
            onFile={look}
          >
            {report === undefined ? text.chooseFile : text.chooseAnother}
          </FileButton>
          <button type="button" onClick={() => saveFile(`${noun}.csv`, 'text/csv', examples[noun])}>
            {text.saveExample}
          </button>
        </div>
      </section>
      <ProblemLine problem={submit.problem} />
      {submit.isBusy && <Working progress={progress} />}
      {submit.problem !== undefined && progress !== undefined && progress.done > 0 && (
        <p>{text.importPartly}</p>
      )}
      {file !== undefined && report !== undefined && !submit.isBusy && (
        <Found
          name={file.name}
          report={report}
          isPartly={progress !== undefined && progress.done > 0}
          onSave={() => void submit.run(() => save(file))}
        />
      )}
    </View>
  );
}

const post = (noun: ImportNoun, table: Blob, isDry: boolean) =>
  ask<Report>('POST', `/import?noun=${noun}&dry-run=${isDry}`, new Blob([table], { type: 'text/csv' }));

function Working({ progress }: { progress: Progress | undefined }) {
  const text = useText();
  return (
    <p role="status">
      {progress === undefined ? text.looking : text.importing}{' '}
      <progress
        aria-label={progress === undefined ? text.looking : text.importing}
        {...(progress !== undefined && progress.all > 1 && { value: progress.done, max: progress.all })}
      />
    </p>
  );
}

function Found({
  name,
  report: { items, created, changed, refused },
  isPartly,
  onSave,
}: {
  name: string;
  report: Report;
  /** Parts before this one are saved. */
  isPartly: boolean;
  onSave(): void;
}) {
  const text = useText();
  const rows = items.toSorted((a, b) => Number(b.action === 'refused') - Number(a.action === 'refused'));
  return (
    <section aria-labelledby="found">
      <h2 id="found">
        <Name>{name}</Name>
      </h2>
      <p role="status">
        {refused > 0 ? (
          <Badge tone="bad">{text.rowsRefused(refused, items.length)}</Badge>
        ) : (
          <Badge tone="good">{text.rowsGood(created, changed, items.length)}</Badge>
        )}
      </p>
      {isPartly && <p>{text.importPartly}</p>}
      {refused > 0 && <p>{text.mendFile}</p>}
      {refused === 0 && created + changed > 0 && (
        <p>
          <button type="button" class="primary" onClick={onSave}>
            {text.importRows(created + changed)}
          </button>
        </p>
      )}
      <Table
        caption={text.file}
        rows={rows}
        idOf={({ line }) => String(line)}
        empty={<p>{text.noRows}</p>}
        columns={[
          { id: 'line', title: text.line, sort: ({ line }) => line, cell: ({ line }) => line },
          {
            id: 'action',
            title: text.what,
            sort: ({ action }) => action,
            cell: ({ action }) => <Badge tone={tones[action]}>{text.rowActions[action]}</Badge>,
          },
          {
            id: 'column',
            title: text.column,
            sort: ({ column = '' }) => column,
            cell: ({ column }) => (column === undefined ? '–' : <code>{column}</code>),
          },
          {
            id: 'detail',
            title: text.detail,
            cell: ({ detail }) => <Said>{detail}</Said>,
          },
        ]}
      />
    </section>
  );
}
