/**
 * What ChartMuseum 0.16.5 does on one core by the text of the issue that asked for this bench: measured on an earlier machine,
 * for where it cannot be had. By number of versions.
 */
export const PUBLISHED: Record<PublishedKind, Record<number, number>> = {
  /** Requests a second. */
  index: { 100: 6800, 1000: 3200, 10000: 185 },
  package: { 100: 16_000, 1000: 16_800, 10000: 14_800 },
  versions: { 100: 8600, 1000: 7700, 10000: 8800 },
  /** Milliseconds each. */
  upload: { 100: 22, 1000: 189, 10000: 2071 },
  /** Without a state file. */
  coldStart: { 100: 100, 1000: 600, 10000: 8200 },
  /** Megabytes after it. */
  coldStartRss: { 10000: 705 },
}

/** How they are marked, so that nobody takes them for measured ones. */
export const PUBLISHED_SERIES = 'ChartMuseum ¹'

export type PublishedKind =
  | 'index'
  | 'package'
  | 'versions'
  | 'upload'
  | 'coldStart'
  | 'coldStartRss'
