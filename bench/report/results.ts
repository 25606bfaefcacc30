import { installChartMuseum } from '../peers/chartmuseum.ts'
import type { Findings } from './findings.ts'
import { describeMachine } from './machine.ts'
import { renderTable, renderTargets } from './markdown.ts'

/** All that was found out, as a document. */
export async function renderResults(
  findings: Findings,
  failures: readonly string[],
): Promise<string> {
  const refusal = await installChartMuseum()
  const museum =
    refusal === undefined
      ? []
      : [
          `ChartMuseum 0.16.5 could not be had here (${refusal}).`,
          'Figures with ¹ are those of the issue that asked for this bench, measured on an earlier machine: ratios to them are no ratios of one run.',
        ]
  return [
    '# What `npm run bench` found',
    '',
    `${await describeMachine()}.`,
    '',
    'Servers have core 0, clients core 1; figures are medians of rounds in which the peers take turns, once each gets no faster by itself. Chartgate is asked through the',
    'gateway by a user with Basic who is a member of the project, with the log and the audit log as they are by default; ChartMuseum has one',
    'shared password; nginx serves the same bytes from files and asks nobody who he is.',
    ...museum,
    '',
    ...failures.flatMap((failure) => [`**FAILED**: ${failure}`, '']),
    renderTargets(findings.targets),
    ...findings.tables.map(renderTable),
  ].join('\n')
}
