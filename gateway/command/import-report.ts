import type { HarborData } from '../harbor/harbor-database.ts'
import type { Plan } from '../harbor/plan.ts'
import type { Remark } from '../harbor/remark.ts'
import { type Counts, countSection } from '../harbor/section.ts'
import type { ChartsReport } from './import-charts.ts'
import { formatTable } from './output.ts'

export interface ImportReport {
  isDry: boolean
  harbor: Pick<HarborData, 'version' | 'authMode'>
  plan: Plan
  /** undefined: not asked for. */
  charts: ChartsReport | undefined
  remarks: readonly Remark[]
}

/** What came of an import, as JSON and for people. */
export function describeImport(report: ImportReport): [value: unknown, text: string] {
  const { isDry, harbor, plan, charts, remarks } = report
  const counts: Record<string, Counts> = {
    users: countSection(plan.users),
    groups: countSection(plan.groups),
    projects: countSection(plan.projects),
    members: countSection(plan.members),
    robots: countSection(plan.robots),
    labels: countSection(plan.labels),
    chartLabels: countSection(plan.chartLabels),
  }
  const { version, authMode } = harbor
  const value = { isDryRun: isDry, harbor: { version, authMode }, ...counts, charts, remarks }
  const rows = Object.entries({ ...counts, ...(charts === undefined ? {} : { charts }) })
  const table = formatTable(
    ['', isDry ? 'TO COME' : 'CAME', 'HERE ALREADY', 'CAME BEFORE', 'LEFT OUT'],
    rows.map(([name, { new: made, kept, known, leftOut }]) => [
      NAMES[name] ?? name,
      made,
      kept,
      known,
      leftOut,
    ]),
  )
  const parts = [
    `Harbor ${version}, ${authMode}${isDry ? ': a dry run, nothing was changed' : ''}\n`,
    table,
    describeCharts(charts),
    ...(['problem', 'conflict', 'note'] as const).map((kind) => describeRemarks(kind, remarks)),
    isDry ? 'Run it again with --apply to do this.\n' : '',
  ]
  return [value, parts.filter((part) => part !== '').join('\n')]
}

const NAMES: Readonly<Record<string, string>> = { chartLabels: 'labels on charts' }

function describeCharts(charts: ChartsReport | undefined): string {
  if (charts === undefined) {
    return 'Charts were not asked for: --storage copies them, --in-place checks them where they are.\n'
  }
  const { from, to, bytes } = charts
  return from === to
    ? `Charts stay in ${to}\n`
    : `Charts from ${from} to ${to}: ${(bytes / 1_000_000).toFixed(1)} MB\n`
}

const TITLES = { problem: 'PROBLEM', conflict: 'CONFLICT', note: 'NOTE' } as const

function describeRemarks(kind: Remark['kind'], remarks: readonly Remark[]): string {
  const rows = remarks.filter((remark) => remark.kind === kind)
  if (rows.length === 0) return ''
  return formatTable(
    [TITLES[kind], ''],
    rows.map(({ what, message }) => [what, message]),
  )
}
