import { number, type Point } from './findings.ts'

const PANEL = { width: 320, height: 220, left: 62, right: 16, top: 34, bottom: 34 }
const COLUMNS = 3
const COLOURS: Record<string, string> = {
  Chartgate: '#0b6e4f',
  ChartMuseum: '#c8553d',
  'ChartMuseum ¹': '#c8553d',
  nginx: '#4361a8',
}

/** Cost against size, a panel a kind of cost. Both axes are logarithmic: what follows the size is a straight line upwards. */
export function renderPlot(points: readonly Point[]): string {
  const panels = [...Map.groupBy(points, ({ panel }) => panel)]
  const rows = Math.ceil(panels.length / COLUMNS)
  const width = COLUMNS * PANEL.width
  const height = rows * PANEL.height + 30
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...panels.map(([title, own], place) => {
      const x = (place % COLUMNS) * PANEL.width
      const y = Math.floor(place / COLUMNS) * PANEL.height
      return `<g transform="translate(${x} ${y})">${renderPanel(title, own)}</g>`
    }),
    renderLegend([...new Set(points.map(({ series }) => series))], height - 12),
    '</svg>',
    '',
  ].join('\n')
}

function renderPanel(title: string, points: readonly Point[]): string {
  const x = createScale(
    points.map(({ versions }) => versions),
    PANEL.left,
    PANEL.width - PANEL.right,
  )
  const y = createScale(
    points.map(({ value }) => value),
    PANEL.height - PANEL.bottom,
    PANEL.top,
  )
  const bottom = PANEL.height - PANEL.bottom
  const right = PANEL.width - PANEL.right
  return [
    `<text x="${PANEL.left}" y="20" font-weight="bold">${title}</text>`,
    ...x.ticks.map(
      (value) =>
        `<text x="${x.at(value)}" y="${bottom + 16}" text-anchor="middle">${number(value)}</text>`,
    ),
    ...y.ticks.map((value) =>
      [
        `<line x1="${PANEL.left}" x2="${right}" y1="${y.at(value)}" y2="${y.at(value)}" stroke="#ddd"/>`,
        `<text x="${PANEL.left - 6}" y="${y.at(value) + 4}" text-anchor="end">${number(value)}</text>`,
      ].join(''),
    ),
    ...[...Map.groupBy(points, ({ series }) => series)].map(([series, own]) => {
      const sorted = [...own].sort((left, right) => left.versions - right.versions)
      const spots = sorted.map(({ versions, value }) => [x.at(versions), y.at(value)] as const)
      const line = spots.map((spot) => spot.join(',')).join(' ')
      const colour = COLOURS[series]
      return [
        `<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...spots.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`),
      ].join('')
    }),
  ].join('\n')
}

function renderLegend(series: readonly string[], y: number): string {
  return series
    .map((name, place) => {
      const x = PANEL.left + place * 120
      const colour = COLOURS[name]
      return `<circle cx="${x}" cy="${y - 4}" r="4" fill="${colour}"/><text x="${x + 10}" y="${y}">${name}</text>`
    })
    .join('')
}

/** From the power of ten below the values to the one above, with a tick at each. */
function createScale(values: readonly number[], from: number, to: number) {
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.max(Math.ceil(Math.log10(Math.max(...values))), low + 1)
  const ticks = Array.from({ length: high - low + 1 }, (_, step) => 10 ** (low + step))
  const at = (value: number) =>
    Math.round(from + ((Math.log10(value) - low) / (high - low)) * (to - from))
  return { ticks, at }
}
