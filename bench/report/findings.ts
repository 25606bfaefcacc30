/** What a measurement has found out. */
export interface Findings {
  tables: Table[]
  targets: Target[]
  points: Point[]
}

export interface Table {
  title: string
  head: string[]
  rows: string[][]
}

/** What the issue asks for, and what came of it. */
export interface Target {
  what: string
  wanted: string
  measured: string
  /** 1 is just met, more is better. */
  score: number
}

/** Of the plot: a cost at a size. */
export interface Point {
  panel: string
  series: string
  versions: number
  value: number
}

export function atLeast(what: string, measured: number, limit: number, unit: string): Target {
  return describe(what, '≥', measured, limit, unit, measured / limit)
}

export function atMost(what: string, measured: number, limit: number, unit: string): Target {
  return describe(what, '≤', measured, limit, unit, limit / measured)
}

function describe(
  what: string,
  relation: string,
  measured: number,
  limit: number,
  unit: string,
  score: number,
): Target {
  const show = (value: number) => `${number(value)}${unit === '×' ? '' : ' '}${unit}`
  return { what, wanted: `${relation} ${show(limit)}`, measured: show(measured), score }
}

/** As many digits as tell something. */
export function number(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}
