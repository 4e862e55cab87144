// I know what a goal says, and whether a figure meets it.
//
//   '<= 8192'                 the median itself
//   '>= 1.4 x libfcgi floor'  beside somebody's of the same row
//   'errors <= 0'             a figure that stands beside it, where it was worst
const GOAL = /^(?:(\w+) )?(>=|<=) ([\d.]+)(?: x (.+))?$/;

export function parseGoal(text) {
  const match = GOAL.exec(text);
  if (!match) throw new Error(`"${text}" is no goal`);
  const [, field, relation, number, who] = match;
  return { text, field, relation, number: Number(number), who };
}

// row: a report's; medianOf(who): of the same what, undefined where it is absent
// -> { text, value, met }, met undefined where nothing can be said
export function judge(text, row, medianOf) {
  const goal = parseGoal(text);
  const value = valueFor(goal, row, medianOf);
  if (value === undefined) return { text, met: undefined };
  return { text, value, met: goal.relation === '>=' ? value >= goal.number : value <= goal.number };
}

function valueFor(goal, row, medianOf) {
  if (goal.field) {
    const seen = row.extra[goal.field];
    if (!seen?.length) return undefined;
    return goal.relation === '>=' ? Math.min(...seen) : Math.max(...seen);
  }
  if (!goal.who) return row.median;
  const other = medianOf(goal.who);
  return other ? row.median / other : undefined;
}
