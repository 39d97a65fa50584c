/** A day as a date field names it, where its reader lives: from when on, and before when. */

export function momentsOf(day: string): { since: string; until: string } | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return undefined;
  const begin = new Date(`${day}T00:00`);
  if (Number.isNaN(begin.getTime())) return undefined;
  const end = new Date(begin);
  end.setDate(end.getDate() + 1); // 23 or 25 hours, twice a year
  return { since: begin.toISOString(), until: end.toISOString() };
}
