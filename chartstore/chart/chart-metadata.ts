export interface Maintainer {
  name?: string
  email?: string
  url?: string
}

export interface Dependency {
  name: string
  version?: string
  repository: string
  condition?: string
  tags?: string[]
  enabled?: boolean
  /** Strings, or maps of a child's value to the parent's: whatever JSON Chart.yaml holds. */
  'import-values'?: unknown[]
  alias?: string
}

/** What Chart.yaml says: no other keys than these, so that every helm can read an index of it (spec/helm-client.md 1.6). */
export interface ChartMetadata {
  name: string
  home?: string
  sources?: string[]
  version: string
  description?: string
  keywords?: string[]
  maintainers?: Maintainer[]
  icon?: string
  apiVersion: string
  condition?: string
  tags?: string
  appVersion?: string
  deprecated?: boolean
  annotations?: Record<string, string>
  kubeVersion?: string
  dependencies?: Dependency[]
  type?: string
}

/** Metadata that helm's rules have not seen yet. */
export type MetadataDraft = Partial<Omit<ChartMetadata, 'maintainers' | 'dependencies'>> & {
  maintainers?: (Maintainer | null)[]
  dependencies?: (Dependency | null)[]
}
