import * as assert from 'uvu/assert';
import {
  begin,
  type Effect,
  type Event,
  reasonOf,
  type State,
  step,
} from '#controller/sessions/change-over.ts';
import { describe } from '#test/support/describe.ts';

const events: Record<string, Event> = {
  ended: { type: 'callEnded' },
  waited: { type: 'waited' },
  late: { type: 'late' },
  answered: { type: 'answer', answer: 'answered' },
  nobody: { type: 'answer', answer: 'unregistered' },
  busy: { type: 'answer', answer: 'busy' },
  silent: { type: 'answer', answer: 'no-answer' },
  fetched: { type: 'fetched' },
  old: { type: 'registered', isNew: false },
  new: { type: 'registered', isNew: true },
};

const show = ({ type }: State, effects: readonly Effect[]) =>
  [type, ...effects.map((effect) => (effect.type === 'wait' ? `${effect.ms / 1000}s` : effect.type))].join(
    ' ',
  );

/** Each row: the events one after the other, and what came of each: state, then effects. */
// biome-ignore format: a table
const stories: { name: string; inCall?: true; isEdit?: true; events: string; steps: string[] }[] = [
  { name: 'as it should go', inCall: true, events: 'ended answered fetched new',
    steps: ['pending limit 10s', 'pending ask', 'sent 4s', 'fetched 8s', 'active rest'] },
  { name: 'without a call', events: 'answered fetched new',
    steps: ['pending limit ask', 'sent 4s', 'fetched 8s', 'active rest'] },
  { name: 'nobody tells that the call ended', inCall: true, events: 'waited answered',
    steps: ['pending limit 10s', 'pending ask', 'sent 4s'] },
  { name: 'the phone got there on its own', inCall: true, events: 'fetched new',
    steps: ['pending limit 10s', 'fetched 8s', 'active rest'] },
  { name: 'registered without a fetch we saw', events: 'answered new',
    steps: ['pending limit ask', 'sent 4s', 'active rest'] },
  { name: 'backs off: 1, 2, 4, 8, 15, 15', events: 'silent waited silent waited silent waited silent waited silent waited silent',
    steps: ['pending limit ask', 'pending 1s', 'pending ask', 'pending 2s', 'pending ask', 'pending 4s', 'pending ask', 'pending 8s', 'pending ask', 'pending 15s', 'pending ask', 'pending 15s'] },
  { name: 'answers but does not fetch: asked again', events: 'answered waited answered waited answered',
    steps: ['pending limit ask', 'sent 4s', 'sent ask', 'sent 4s', 'sent ask', 'sent 4s'] },
  { name: 'fetches but does not register: asked again', events: 'answered fetched waited answered',
    steps: ['pending limit ask', 'sent 4s', 'fetched 8s', 'fetched ask', 'fetched 8s'] },
  { name: 'was busy: asked when its call ended', events: 'busy ended answered',
    steps: ['pending limit ask', 'pending 1s', 'pending ask', 'sent 4s'] },
  { name: 'a call of a phone that is not busy changes nothing', events: 'answered ended',
    steps: ['pending limit ask', 'sent 4s', 'sent'] },
  { name: 'was away: asked when it registers', events: 'nobody old answered',
    steps: ['pending limit ask', 'pending 1s', 'pending ask', 'sent 4s'] },
  { name: 'refreshes as it was: no reason to ask again', events: 'answered old old',
    steps: ['pending limit ask', 'sent 4s', 'sent', 'sent'] },
  { name: 'registers while it is being asked', events: 'old old answered',
    steps: ['pending limit ask', 'pending', 'pending', 'sent 4s'] },
  { name: 'stuck, asked every minute', events: 'silent waited late silent waited silent',
    steps: ['pending limit ask', 'pending 1s', 'pending ask', 'stuck', 'stuck 60s', 'stuck ask', 'stuck 60s'] },
  { name: 'stuck, then the phone comes back', events: 'nobody late old answered fetched new',
    steps: ['pending limit ask', 'pending 1s', 'stuck', 'stuck ask', 'stuck 60s', 'fetched 8s limit', 'active rest'] },
  { name: 'stuck in a call', events: 'busy late ended answered',
    steps: ['pending limit ask', 'pending 1s', 'stuck', 'stuck ask', 'stuck 60s'] },
  { name: 'stuck does not chase a phone that registers at each check-sync', events: 'answered late old',
    steps: ['pending limit ask', 'sent 4s', 'stuck', 'stuck'] },
  { name: 'stuck and registered on its own', events: 'silent late new',
    steps: ['pending limit ask', 'pending 1s', 'stuck', 'active rest'] },
  { name: 'fetches before its answer came', events: 'fetched answered',
    steps: ['pending limit ask', 'fetched', 'fetched 8s'] },
  { name: 'an edit: the fetch proves it', isEdit: true, events: 'answered new fetched',
    steps: ['pending limit ask', 'sent 4s limit', 'sent', 'active rest'] },
  { name: 'an edit in a call: waits for its end, however long', isEdit: true, events: 'busy late ended answered fetched',
    steps: ['pending limit ask', 'pending 1s', 'pending limit', 'pending ask', 'sent 4s limit', 'active rest'] },
  { name: 'an edit and nobody there', isEdit: true, events: 'nobody old',
    steps: ['pending limit ask', 'left rest', 'left'] },
  { name: 'an edit of a phone that is silent', isEdit: true, events: 'silent waited silent late',
    steps: ['pending limit ask', 'pending 1s', 'pending ask', 'pending 2s', 'left rest'] },
  { name: 'an edit of a phone that is silent, and back', isEdit: true, events: 'silent new answered fetched',
    steps: ['pending limit ask', 'pending 1s', 'pending ask', 'sent 4s limit', 'active rest'] },
  { name: 'an edit: told, but not fetched', isEdit: true, events: 'answered late waited answered fetched',
    steps: ['pending limit ask', 'sent 4s limit', 'stuck', 'stuck ask', 'stuck 60s', 'active rest'] },
  { name: 'an edit: told, not fetched, and then switched off', isEdit: true, events: 'answered late waited silent',
    steps: ['pending limit ask', 'sent 4s limit', 'stuck', 'stuck ask', 'left rest'] },
  { name: 'active is the end', events: 'new late waited silent fetched old ended',
    steps: ['pending limit ask', 'active rest', 'active', 'active', 'active', 'active', 'active', 'active'] },
];

// biome-ignore format: a table
const reasons: { events: string; inCall?: true; says: string | undefined }[] = [
  { events: '', inCall: true,          says: 'waits for the call to end' },
  { events: '',                        says: undefined },
  { events: 'nobody',                  says: 'the phone is not registered: is it switched on and connected?' },
  { events: 'nobody late',             says: 'the phone is not registered, and has not asked for its config for 41 s: is it on and connected?' },
  { events: 'silent',                  says: 'the phone does not answer: is it switched on and connected?' },
  { events: 'silent late',             says: 'the phone has not asked for its config for 41 s, and does not answer: is it on?' },
  { events: 'busy',                    says: 'the phone is in a call' },
  { events: 'busy late',               says: 'the phone is in a call, and has not asked for its config for 41 s' },
  { events: 'answered',                says: 'the phone was told, but has not fetched its config' },
  { events: 'answered late',           says: 'the phone was told, but has not asked for its config for 41 s: does it have the right address for it?' },
  { events: 'answered fetched',        says: 'the phone fetched its config, but has not registered with it' },
  { events: 'answered fetched late',   says: 'the phone fetched its config, but has not registered with it for 41 s: does it reach its server?' },
  { events: 'silent late new',         says: undefined },
];

function play(words: string, isInCall: boolean, isEdit = false) {
  const first = begin({ isInCall, isEdit });
  let { state } = first;
  const steps = [show(state, first.effects)];
  for (const word of words.split(' ').filter((word) => word !== '')) {
    const event = events[word];
    assert.ok(event, word);
    const next = step(state, event);
    state = next.state;
    steps.push(show(state, next.effects));
  }
  return { state, steps };
}

describe('change-over', (test) => {
  for (const { name, inCall = false, isEdit, events, steps } of stories) {
    test(name, () => assert.equal(play(events, inCall, isEdit).steps, steps));
  }

  for (const [ms, spelt] of [
    [119_499, '119 s'],
    [150_000, '3 min'],
    [8_000_000, '2 h'],
  ] as const) {
    test(`stuck for ${ms} ms reads ${spelt}`, () =>
      assert.match(reasonOf(play('silent late', false).state, ms) ?? '', `for ${spelt},`));
  }

  for (const { events, inCall = false, says } of reasons) {
    test(`after "${events}" the reason is: ${says}`, () =>
      assert.is(reasonOf(play(events, inCall).state, 41_000), says));
  }
});
