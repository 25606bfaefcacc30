import type { Table, Target } from './findings.ts'

export function renderTable({ title, head, rows }: Table): string {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)),
  )
  // words to the left, figures to the right
  const isText = head.map(
    (_, column) => column === 0 || !rows.every((row) => FIGURE.test(row[column] ?? '')),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (isText[i] ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`
  const ruler = widths.map((width, i) =>
    isText[i] ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  )
  return [`### ${title}`, '', line(head), line(ruler), ...rows.map(line), ''].join('\n')
}

const FIGURE = /^([\d–]|$)/

/** What is furthest from its target comes first. */
export function renderTargets(targets: readonly Target[]): string {
  const rows = [...targets]
    .sort((left, right) => left.score - right.score)
    .map(({ what, wanted, measured, score }) => [
      score >= 1 ? 'met' : '**missed**',
      what,
      wanted,
      measured,
      score.toFixed(2),
    ])
  return renderTable({
    title: 'Targets, worst first',
    head: ['', 'target', 'wanted', 'measured', 'measured / wanted'],
    rows,
  })
}
