/**
 * A time zone as a phone wants it: the offset in winter, and when summer time
 * begins and ends by month, week and weekday. The rule is read off the time zone
 * data that Node carries, so no list of names has to be kept.
 *
 * The year is fixed: a config must be the same bytes each time it is asked for.
 */

export type SummerTime = {
  start: Change;
  end: Change;
  savedMinutes: number;
};

/** `week` 5 is the last of the month; `weekday` 1 is Monday; `hour` is on the clock that is being changed. */
export type Change = { month: number; week: number; weekday: number; hour: number };

export type ZoneRule = { offsetMinutes: number; summer?: SummerTime };

const year = 2026;
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** Reading a rule takes some milliseconds; only zones that exist are kept, so this stays small. */
const rules = new Map<string, ZoneRule>();

/** Undefined when Node does not know the zone. */
export function zoneRule(timeZone: string): ZoneRule | undefined {
  const rule = rules.get(timeZone) ?? readRule(timeZone);
  if (rule !== undefined) rules.set(timeZone, rule);
  return rule;
}

function readRule(timeZone: string): ZoneRule | undefined {
  const offsetAt = offsets(timeZone);
  if (offsetAt === undefined) return undefined;
  const [first, second, more] = transitions(year, offsetAt);
  const standard = Math.min(offsetAt(Date.UTC(year, 0, 1)), offsetAt(Date.UTC(year, 6, 1)));
  // No change, or one that is not summer time (a zone moved for good, Ramadan): the offset alone.
  if (first === undefined || second === undefined || more !== undefined) return { offsetMinutes: standard };

  const [start, end] = offsetAt(first) > standard ? [first, second] : [second, first];
  const saved = offsetAt(start) - standard;
  return {
    offsetMinutes: standard,
    summer: {
      start: changeAt(start, standard, offsetAt),
      end: changeAt(end, standard + saved, offsetAt),
      savedMinutes: saved,
    },
  };
}

function offsets(timeZone: string): ((at: number) => number) | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  } catch {
    return undefined; // RangeError: no such zone
  }
  return (at) => {
    const text = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours, minutes = '0'] = /GMT([+-])(\d{2}):(\d{2})/.exec(text) ?? [];
    return hours === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  };
}

/** Each first moment of another offset in the year, to the minute. */
function transitions(inYear: number, offsetAt: (at: number) => number): number[] {
  const found: number[] = [];
  for (let day = Date.UTC(inYear, 0, 1); day < Date.UTC(inYear + 1, 0, 1); day += dayMs) {
    let [low, high] = [day, day + dayMs];
    if (offsetAt(low) === offsetAt(high)) continue;
    while (high - low > minuteMs) {
      const middle = Math.floor((low + high) / 2 / minuteMs) * minuteMs;
      if (offsetAt(middle) === offsetAt(low)) low = middle;
      else high = middle;
    }
    found.push(high);
  }
  return found;
}

function changeAt(at: number, offsetBefore: number, offsetAt: (at: number) => number): Change {
  const local = new Date(at + offsetBefore * minuteMs);
  const date = local.getUTCDate();
  return {
    month: local.getUTCMonth() + 1,
    week: isLastWeek(local, offsetAt) ? 5 : Math.ceil(date / 7),
    weekday: local.getUTCDay() === 0 ? 7 : local.getUTCDay(),
    hour: local.getUTCHours(),
  };
}

/** The fourth Sunday may be the last one too: other years tell which of both is meant. */
function isLastWeek(local: Date, offsetAt: (at: number) => number): boolean {
  return [year, year + 1, year + 2, year + 3, year + 4, year + 5].every((other) =>
    transitions(other, offsetAt).some((at) => {
      const sameMonth = new Date(at + offsetAt(at - 1) * minuteMs);
      const days = new Date(Date.UTC(other, local.getUTCMonth() + 1, 0)).getUTCDate();
      return sameMonth.getUTCMonth() === local.getUTCMonth() && sameMonth.getUTCDate() > days - 7;
    }),
  );
}

/** POSIX.1 8.3, whose offsets count westwards: `STD-1DST-2,M3.5.0/02:00:00,M10.5.0/03:00:00`. */
export function posixZone(timeZone: string): string {
  const { offsetMinutes = 0, summer } = zoneRule(timeZone) ?? {};
  const standard = `STD${westwards(offsetMinutes)}`;
  if (summer === undefined) return standard;
  const { savedMinutes, start, end } = summer;
  return `${standard}DST${westwards(offsetMinutes + savedMinutes)},${at(start)},${at(end)}`;
}

function westwards(minutes: number): string {
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes > 0 ? '-' : ''}${hours}${rest > 0 ? `:${rest}` : ''}`;
}

const at = ({ month, week, weekday, hour }: Change) =>
  `M${month}.${week}.${weekday % 7}/${String(hour).padStart(2, '0')}:00:00`;
